package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/repro"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
)

// world is one scenario that judges a server.
type world struct {
	*scene

	server *target.Server // the environment that the scenario talks to

	twin   twin
	sweep  sweep
	slash  bool // every path ends in one
	story  story
	notice notice
	acts   []repro.Act // what was sent and done, for who has to do it again
}

// serverWorld prepares a scenario that judges a server.
func serverWorld(s *scene, sc vocabulary) part {
	w := &world{scene: s, server: s.suite.Server}
	for _, vocabulary := range []func(*world, vocabulary){
		twinSteps, sweepSteps, storySteps, idempotencySteps, formSteps, depositSteps, cashoutSteps, whitelistSteps, environmentSteps, notificationSteps, textSteps, keptSteps, historySteps,
	} {
		vocabulary(w, sc)
	}
	return w
}

func (w *world) ready() error {
	if w.suite.Level == target.Observe && !w.scenario.Has(tagObserve) {
		return &missing{"it creates transactions, which level observe does not: run with --level sandbox"}
	}
	return nil
}

func (w *world) afterwards(ctx context.Context, err error) error {
	err = w.unlessAway(w.stillAdmitted(ctx, err))
	w.remember(err)
	return err
}

// stillAdmitted looks, when a sentence did not hold, whether the target still accepts
// a request that is right. One that has begun to refuse us breaks no rule by that.
func (w *world) stillAdmitted(ctx context.Context, err error) error {
	var finding *judged
	if !errors.As(err, &finding) || finding.finding.Outcome != judge.Broken || w.suite.Level == target.Observe {
		return err
	}
	server := w.server
	if w.isOfPaths() { // the second environment may lack this very path
		server = w.suite.Server
	}
	requests := map[rules.Product]merchant.Request{
		rules.Deposits: merchant.CreateDeposit(w.suite.Orders.Deposit(depositAmount)),
		rules.Cashouts: server.Client().CreateCashout(w.suite.Orders.Cashout(cashoutAmount)),
	}
	for product, r := range requests {
		if !w.scenario.Has("@"+string(product)) || !w.server.Has(product) {
			continue
		}
		e := w.send(ctx, server.Client(), r, "afterwards")
		w.keep(e)
		if judge.Read(e).Kind != judge.Accepted {
			f := finding.finding
			f.Outcome = judge.Unclear
			f.Seen += "; but a request that is right is not accepted any more either: " + judge.Describe(e)
			f.Exchanges = append(f.Exchanges, e)
			return held(f)
		}
	}
	return err
}

// isOfPaths says whether the scenario judges that both environments have the same paths.
func (w *world) isOfPaths() bool { return w.scenario.Has("@ENV-04") }

// unlessAway says nothing about a scenario that met an operation which the survey found
// lacking in the second environment: one fault is judged once, by ENV-04. Any other 404 there
// is judged as it is.
func (w *world) unlessAway(err error) error {
	var found *judged
	second := w.suite.Server.Second
	if second == nil || !errors.As(err, &found) || w.isOfPaths() && found.finding.Outcome == judge.Broken {
		return err
	}
	for _, e := range found.finding.Exchanges {
		if e != nil && e.Status() == http.StatusNotFound && strings.HasPrefix(e.Request.URL, second.BaseURL+"/") && w.suite.survey.lacking[shapeOf(e)] {
			return &noted{"not looked at: the second environment does not have every path, which ENV-04 judges"}
		}
	}
	return err
}

// send sends a request as part of this scenario. A target that asks to be left alone
// for a while (429) is obeyed.
func (w *world) send(ctx context.Context, client *merchant.Client, r merchant.Request, label string, tampers ...merchant.Tamper) *exchange.Exchange {
	r.Scenario, r.Label = w.scenario.Name, label
	if w.slash {
		r.Path = withSlash(r.Path)
	}
	var draft *merchant.Draft
	r.Drafted = func(d *merchant.Draft) { draft = d }
	do := func() *exchange.Exchange {
		e := client.Do(ctx, r, tampers...)
		if r.Packed {
			e = judge.Unpacked([]*exchange.Exchange{e})[0]
		}
		w.logged(e)
		return e
	}
	e := do()
	for attempt := 1; attempt <= maxWaits && e.Status() == http.StatusTooManyRequests; attempt++ {
		if w.suite.sleep(ctx, target.RetryAfter(e)) != nil {
			break
		}
		e = do()
	}
	w.sent(client, e, draft)
	return e
}

// maxWaits is how often a 429 is waited out.
const maxWaits = 3

// hook makes the environment that the scenario talks to do something; the scenario is not
// tested on a target that cannot be made to.
func (w *world) hook(ctx context.Context, h target.Hook, arguments map[string]string) error {
	if err := w.needs(h); err != nil {
		return err
	}
	if err := w.server.Hooks.Call(ctx, h, arguments); err != nil {
		return held(judge.Finding{Outcome: judge.Unclear, Expected: "hook " + string(h) + " works", Seen: err.Error()})
	}
	w.hooked(h, arguments, false)
	return nil
}

// needs says that the scenario cannot go on without a hook, before it sends anything. What
// only a hook of the second environment could show is no reason to call a rule untested.
func (w *world) needs(h target.Hook) error {
	switch {
	case w.server.Hooks.Offers(h):
		return nil
	case w.server != w.suite.Server:
		return &noted{fmt.Sprintf("not looked at: the second environment has no hook %s", h)}
	}
	return &missing{fmt.Sprintf("the target does not offer %s: it has no hook %s", h.Capability(), h)}
}

// later registers what sets the environment back at the end of the scenario.
func (w *world) later(h target.Hook, arguments map[string]string) {
	w.hooked(h, arguments, true)
	hooks := w.server.Hooks
	w.undo = append(w.undo, func(ctx context.Context) error { return hooks.Call(ctx, h, arguments) })
}

// setup is a request that a scenario needs to have succeeded before its story begins.
func (w *world) setup(ctx context.Context, r merchant.Request) (judge.Answer, error) {
	e := w.send(ctx, w.server.Client(), r, "setup")
	for attempt := 1; attempt < tries && judge.Read(e).Kind == judge.Busy && ctx.Err() == nil; attempt++ {
		e = w.send(ctx, w.server.Client(), r, "setup")
	}
	answer := judge.Read(e)
	if answer.Kind != judge.Accepted {
		return answer, held(judge.Finding{
			Outcome: judge.Unclear, Expected: "the scenario's own preparation is accepted", Seen: judge.Describe(e),
			Exchanges: []*exchange.Exchange{e},
		})
	}
	w.keep(e)
	return answer, nil
}
