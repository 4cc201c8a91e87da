package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/inbox"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/repro"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// An explanation is what is known of a scenario that did not end well, to show it again.
type explanation interface {
	// hardness is how hard it is to show: the easiest of a rule's is chosen, and of several
	// the first.
	hardness() int
	// annotate adds to a result what it rests on.
	annotate(scenario *reports.ScenarioResult)
	// script shows it again. It may add to the result, since of each rule only one is shown.
	script(ctx context.Context, of repro.Fault, scenario *reports.ScenarioResult) string
}

// How hard a failure is to show again.
const (
	easy       = iota
	punctual   // a date near the edge of the window
	racing     // requests at once
	chasing    // a request after one whose connection broke
	impossible // no script can bring it about
)

// failures are those of a run, by where their scenarios stand and by their names: the rows
// of a named set stand in one line.
type failures struct {
	mu      sync.Mutex
	byPlace map[string]explanation
	scripts map[string]string
}

// keep keeps a scenario that ended with a sentence that did not hold, or that stayed
// unclear.
func (f *failures) keep(scenario Scenario, e explanation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byPlace == nil {
		f.byPlace = map[string]explanation{}
	}
	f.byPlace[placeOf(scenario.Feature, scenario.Line)+" "+scenario.Name] = e
}

// fault is what a script says that it is about.
func (s *scene) fault(of repro.Fault, step string, f judge.Finding) repro.Fault {
	of.Scenario, of.Place = s.scenario.Name, placeOf(s.scenario.Feature, s.scenario.Line)
	of.Step, of.Expected, of.Seen = step, f.Expected, f.Seen
	return of
}

// A failure is a scenario of a server.
type failure struct {
	world   *world
	step    string
	finding judge.Finding
	acts    []repro.Act // what was done until then
	smaller []repro.Act // the trio once more, without what it does not need
}

func (w *world) remember(err error) {
	found, ok := errors.AsType[*judged](err)
	if !ok {
		return
	}
	finding := found.finding
	if over := finding.Exchanges; len(over) == 1 && over[0].Label == partProbe {
		finding.Exchanges = w.trioOf(over[0])
	}
	w.suite.failures.keep(w.scenario, &failure{world: w, step: w.step, finding: finding, acts: w.acts})
}

// trioOf is a probe between its controls.
func (w *world) trioOf(probe *exchange.Exchange) []*exchange.Exchange {
	var over []*exchange.Exchange
	for _, act := range w.acts {
		switch c := act.Call; {
		case c == nil || c.Part != partControl && c.Exchange != probe:
		case c.Exchange == probe:
			over = append(over[max(len(over)-1, 0):], probe)
		case len(over) > 0 && over[len(over)-1] == probe:
			return append(over, c.Exchange)
		default:
			over = append(over, c.Exchange)
		}
	}
	return []*exchange.Exchange{probe}
}

func placeOf(feature string, line int) string { return fmt.Sprintf("%s:%d", feature, line) }

// Scripts are the reproductions of a run, by their paths beside results.json.
func (s *Suite) Scripts() map[string]string { return s.failures.scripts }

// explain adds to the results what helps with a failure: the answers that it rests on,
// what was signed, the smallest request that shows it, and a script.
func (s *Suite) explain(ctx context.Context, results *reports.Results) {
	s.failures.scripts = map[string]string{}
	for i := range results.Rules {
		rule := &results.Rules[i]
		var chosen explanation
		var of *reports.ScenarioResult
		for k := range rule.Scenarios {
			scenario := &rule.Scenarios[k]
			f := s.failures.byPlace[placeOf(scenario.Feature, scenario.Line)+" "+scenario.Name]
			if f == nil {
				continue
			}
			switch scenario.Verdict {
			case reports.Fail, reports.Warn:
				f.annotate(scenario)
				if chosen == nil || f.hardness() < chosen.hardness() {
					chosen, of = f, scenario
				}
			case reports.Inconclusive:
				f.annotate(scenario)
			case reports.Pass, reports.NotTested, reports.Waived, reports.Observed:
			}
		}
		if chosen == nil {
			continue
		}
		of.Repro = "repro/" + rule.ID + ".sh"
		s.failures.scripts[of.Repro] = chosen.script(ctx, repro.Fault{Rule: rule.ID, Says: rule.Says, Fix: rule.Fix}, of)
	}
}

// annotate adds the answers that the finding rests on, and what was signed.
func (f *failure) annotate(scenario *reports.ScenarioResult) {
	scenario.Calls = f.calls()
	if scenario.Verdict != reports.Inconclusive {
		scenario.Signature = f.world.suite.signature(f)
	}
}

// script is one that does again what the scenario did, with the smallest request that
// shows it.
func (f *failure) script(ctx context.Context, of repro.Fault, scenario *reports.ScenarioResult) string {
	s := f.world.suite
	s.reduce(ctx, f)
	scenario.Smallest = f.smallest()
	return s.plan(f, of).Script()
}

func (f *failure) hardness() int {
	hard := easy
	for _, act := range f.acts {
		switch {
		case act.Hook != nil && target.Hook(act.Hook.Name) == target.FreezeClock:
			hard = max(hard, impossible)
		case act.Call == nil:
		case act.Call.Abandoned:
			hard = max(hard, chasing)
		case act.Call.AtOnce != 0:
			hard = max(hard, racing)
		case act.Call.Moved != nil && act.Call.Moved.Abs() < 2*d24.Window:
			hard = max(hard, punctual)
		}
	}
	if len(f.world.checks(f.step, f.finding, f.finding.Exchanges)) == 0 {
		hard = impossible
	}
	return hard
}

// calls are the answers that the finding rests on, in the order in which they were sent.
func (f *failure) calls() []reports.Call {
	var calls []reports.Call
	for _, e := range f.finding.Exchanges {
		if e != nil {
			answer := judge.Describe(e)
			if e.Label == inbox.Label { // it is the other side that asked
				answer = judge.DescribeNotification(e)
			}
			calls = append(calls, reports.Call{Exchange: e.Number, Part: e.Label, Answer: answer})
		}
	}
	return calls
}

// probe is the call that the failure is about: a twin's probe, else the last one.
func (f *failure) probe() *repro.Call {
	over := f.finding.Exchanges
	if len(over) == 0 {
		return nil
	}
	about := over[len(over)-1]
	if len(over) == trioLength && over[1].Label == partProbe {
		about = over[1]
	}
	for _, act := range f.acts {
		if act.Call != nil && act.Call.Exchange == about {
			return act.Call
		}
	}
	return nil
}

// signature is what was signed and what the request adds up to, where the fault is in the
// signature, or the target says that it is.
func (s *Suite) signature(f *failure) *reports.Signature {
	redact := exchange.NewRedactor(s.Server.Secrets())
	if over := f.finding.Exchanges; len(over) > 0 && over[0].Label == inbox.Label {
		signed, right := f.world.notifier().Sides(f.world.notice.about, over[0])
		if signed == nil { // another key, or another way: nobody knows which text
			return nil
		}
		return reports.NewSignature(over[0].Number, redact.String(string(signed)), redact.String(string(right)))
	}
	call := f.probe()
	if call == nil {
		return nil
	}
	d := call.Draft
	var value string
	sent := merchant.Signing{Body: d.Body}
	credentials := f.world.server.Credentials
	switch d.Auth {
	case merchant.SignedDeposit:
		sent.Secret, sent.Date, sent.Login = credentials.Deposits.APISignature, d.Header.Get(d24.HeaderDate), d.Header.Get(d24.HeaderLogin)
		value = strings.TrimPrefix(d.Header.Get(d24.HeaderAuthorization), d24.Scheme)
	case merchant.SignedCashout:
		sent.Secret = credentials.Cashouts.APISignature
		value = d.Header.Get(d24.HeaderPayloadSignature)
	case merchant.Unsigned, merchant.ReadOnlyBearer, merchant.ReadOnlyBasic, merchant.KeyBasic:
		return nil
	}
	right := d24.NewKey(sent.Secret).Deposit(sent.Date, sent.Login, sent.Body)
	code := judge.Read(call.Exchange).Code
	if value == right && code != int(d24.CodeInvalidSignature) && code != int(d24.CashoutInvalidControl) {
		return nil
	}
	return reports.NewSignature(call.Exchange.Number,
		redact.String(string(d.Sign.StringToSign())), redact.String(string(sent.StringToSign())))
}

// plan is what a failed scenario did, as far as showing it again needs it.
func (s *Suite) plan(f *failure, of repro.Fault) *repro.Plan {
	w := f.world
	acts, trio := f.needed()
	plan := &repro.Plan{
		Fault: w.fault(of, f.step, f.finding),
		First: environment(s.Server), Run: s.Orders.Run,
		ClockOffset: w.server.Clock().Offset, ClockError: w.server.Clock().Error,
		Acts: acts, Checks: w.checks(f.step, f.finding, trio),
	}
	if commands, ok := s.Server.Hooks.(target.CommandHooks); ok {
		plan.Commands = commands.Commands
	}
	if second := s.Server.Second; second != nil {
		plan.Second = new(environment(second))
		if commands, ok := second.Hooks.(target.CommandHooks); ok {
			plan.SecondCommands = commands.Commands
		}
	}
	switch over := f.finding.Exchanges; {
	case len(over) > 0 && over[0].Label == inbox.Label:
		plan.Impossible = "the server sends it by itself, and no script receives it; what came stands in exchanges.jsonl, " + repro.Place(numbers(over))
	case w.scenario.Has(tagLast):
		plan.Impossible = "it is about what the run made at its beginning, and a script is too short for that; what was sent stands in exchanges.jsonl, " +
			repro.Place(numbers(over))
	case len(plan.Checks) == 0:
		plan.Impossible = "what is wrong here cannot be seen through curl: " + f.step
	}
	return plan
}

func environment(s *target.Server) repro.Environment {
	return repro.Environment{BaseURL: s.BaseURL, PlainHTTPURL: s.PlainHTTPURL, Credentials: s.Credentials}
}

// needed are the acts without what only looked, was tried again, or was made for
// requests that are not among them.
func (f *failure) needed() (acts []repro.Act, trio []*exchange.Exchange) {
	trio = f.finding.Exchanges
	all := slices.Clone(f.acts)
	isTwin := len(trio) == trioLength && trio[1].Label == partProbe
	if f.smaller != nil {
		all = slices.Concat(all, f.smaller)
		trio = nil
		for _, act := range f.smaller {
			if act.Call != nil && act.Call.Part != partSetup {
				trio = append(trio, act.Call.Exchange)
			}
		}
	}
	var lastRetry *repro.Call
	for _, act := range all {
		if act.Call != nil && act.Call.Part == partRetry {
			lastRetry = act.Call
		}
	}
	all = slices.DeleteFunc(all, func(act repro.Act) bool {
		c := act.Call
		switch {
		case c == nil:
			return false
		case c.Exchange.Label == partAfter, c.Part == partSmaller, c.Part == partRetry && c != lastRetry:
			return true
		case c.Part == partSetup:
			return judge.Read(c.Exchange).Kind != judge.Accepted
		}
		return isTwin && (c.Part == partControl || c.Part == partProbe) && !slices.Contains(trio, c.Exchange)
	})
	return withoutUnused(all), trio
}

// withoutUnused leaves out objects that were made and that nothing asks for.
func withoutUnused(acts []repro.Act) []repro.Act {
	var kept []repro.Act
	for i, act := range acts {
		if act.Call == nil || act.Call.Part != partSetup {
			kept = append(kept, act)
			continue
		}
		id := judge.Read(act.Call.Exchange).ObjectID
		if id == "" || slices.ContainsFunc(acts[i+1:], func(later repro.Act) bool { return later.RefersTo(act.Call, id) }) {
			kept = append(kept, act)
		}
	}
	return kept
}
