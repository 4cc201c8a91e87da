package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// world is one scenario's state.
type world struct {
	suite    *Suite
	scenario Scenario
	server   *target.Server // the environment that the scenario talks to
	begun    time.Time
	skipped  bool
	locked   bool
	undo     []func(context.Context) error
	step     string // the sentence being carried out

	mu  sync.Mutex
	log []*exchange.Exchange // everything this scenario sent

	twin  twin
	story story
}

// The ways in which a scenario ends other than by passing. Any other error is the
// harness's own.
type (
	judged struct { // a sentence that did not hold
		finding judge.Finding
	}
	missing struct { // something that the target does not offer
		reason string
	}
	noted struct { // the scenario has nothing to say about this target, by design
		reason string
	}
)

func (e *judged) Error() string {
	return fmt.Sprintf("expected: %s; seen: %s", e.finding.Expected, e.finding.Seen)
}
func (e *missing) Error() string { return e.reason }
func (e *noted) Error() string   { return e.reason }

// held turns a finding into the error of a step: none when it holds.
func held(f judge.Finding) error {
	if f.Outcome == judge.Holds {
		return nil
	}
	return &judged{f}
}

// begin takes the scenario's place among the others.
func (w *world) begin(ctx context.Context) error {
	if w.scenario.Has(tagAlone) {
		w.suite.alone.Lock()
	} else {
		w.suite.alone.RLock()
	}
	w.locked = true
	w.begun = time.Now()
	if err := ctx.Err(); err != nil {
		return &missing{"the run was interrupted before this scenario"}
	}
	if w.suite.Level == target.Observe && !w.scenario.Has(tagObserve) {
		return &missing{"it creates transactions, which level observe does not: run with --level sandbox"}
	}
	return nil
}

// end undoes what the scenario changed on the target, records its verdict and makes
// room for the others.
func (w *world) end(ctx context.Context, err error) {
	if w.locked {
		defer w.release()
	}
	// Undone even when the run was interrupted: a hook changes the target for all.
	after := context.WithoutCancel(ctx)
	for _, undo := range slices.Backward(w.undo) {
		if undoErr := undo(after); undoErr != nil && err == nil {
			err = &missing{"the target could not be set back: " + undoErr.Error()}
		}
	}
	err = w.stillAdmitted(after, err)
	result := reports.Scenario{
		Name: w.scenario.Name, Feature: w.scenario.Feature, Line: w.scenario.Line, Rules: w.scenario.Rules(),
		Verdict: reports.Pass, Exchanges: numbers(w.log), Duration: time.Since(w.begun),
	}
	harness := w.verdict(&result, err, ctx.Err() != nil)
	w.suite.record(w.scenario, result, harness)
}

// stillAdmitted looks, when a sentence did not hold, whether the target still accepts
// a request that is right. One that has begun to refuse us breaks no rule by that.
func (w *world) stillAdmitted(ctx context.Context, err error) error {
	var finding *judged
	if !errors.As(err, &finding) || finding.finding.Outcome != judge.Broken || w.suite.Level == target.Observe {
		return err
	}
	requests := map[rules.Product]merchant.Request{
		rules.Deposits: merchant.CreateDeposit(w.suite.Orders.Deposit(depositAmount)),
		rules.Cashouts: w.server.Client().CreateCashout(w.suite.Orders.Cashout(cashoutAmount)),
	}
	for product, r := range requests {
		if !w.scenario.Has("@"+string(product)) || !w.server.Has(product) {
			continue
		}
		e := w.send(ctx, w.server.Client(), r, "afterwards")
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

func (w *world) release() {
	if w.scenario.Has(tagAlone) {
		w.suite.alone.Unlock()
	} else {
		w.suite.alone.RUnlock()
	}
	w.locked = false
}

// verdict fills in what the scenario's end means; it returns the harness's own errors.
func (w *world) verdict(result *reports.Scenario, err error, interrupted bool) error {
	var (
		finding *judged
		lacking *missing
		nothing *noted
	)
	switch {
	case err == nil:
		if w.scenario.Has(tagObserved) {
			result.Verdict = reports.Observed
		}
		return nil
	case interrupted:
		result.Verdict, result.Reason = reports.NotTested, "the run was interrupted during this scenario"
	case errors.As(err, &nothing):
		result.Verdict, result.Reason = reports.Observed, nothing.reason
	case errors.As(err, &lacking):
		result.Verdict, result.Reason = reports.NotTested, lacking.reason
	case errors.As(err, &finding):
		f := finding.finding
		result.Step, result.Expected, result.Seen = w.step, f.Expected, f.Seen
		if len(f.Exchanges) > 0 {
			result.Exchanges = numbers(f.Exchanges)
		}
		switch {
		case w.scenario.Has(tagObserved):
			result.Verdict = reports.Observed
		case f.Outcome == judge.Unclear:
			result.Verdict = reports.Inconclusive
			result.Reason = fmt.Sprintf("expected %s; seen %s", f.Expected, f.Seen)
		default:
			result.Verdict = reports.Fail
		}
	default:
		return err
	}
	return nil
}

// send sends a request as part of this scenario. A target that asks to be left alone
// for a while (429) is obeyed.
func (w *world) send(ctx context.Context, client *merchant.Client, r merchant.Request, label string, tampers ...merchant.Tamper) *exchange.Exchange {
	r.Scenario, r.Label = w.scenario.Name, label
	e := client.Do(ctx, r, tampers...)
	w.logged(e)
	for attempt := 1; attempt <= maxWaits && e.Status() == http.StatusTooManyRequests; attempt++ {
		if w.suite.sleep(ctx, target.RetryAfter(e)) != nil {
			break
		}
		e = client.Do(ctx, r, tampers...)
		w.logged(e)
	}
	return e
}

// maxWaits is how often a 429 is waited out.
const maxWaits = 3

func (s *Suite) sleep(ctx context.Context, d time.Duration) error {
	if s.Sleep != nil {
		return s.Sleep(ctx, d)
	}
	return target.Sleep(ctx, d)
}

// hook makes the target do something; the scenario is not tested on a target that
// cannot be made to. Hooks are those of the first environment.
func (w *world) hook(ctx context.Context, h target.Hook, arguments map[string]string) error {
	if err := w.needs(h); err != nil {
		return err
	}
	if err := w.suite.Server.Hooks.Call(ctx, h, arguments); err != nil {
		return held(judge.Finding{Outcome: judge.Unclear, Expected: "hook " + string(h) + " works", Seen: err.Error()})
	}
	return nil
}

// needs says that the scenario cannot go on without a hook, before it sends anything.
func (w *world) needs(h target.Hook) error {
	if w.suite.Server.Hooks.Offers(h) {
		return nil
	}
	return &missing{fmt.Sprintf("the target does not offer %s: it has no hook %s", h.Capability(), h)}
}

// later registers what sets the target back at the end of the scenario.
func (w *world) later(h target.Hook, arguments map[string]string) {
	w.undo = append(w.undo, func(ctx context.Context) error { return w.suite.Server.Hooks.Call(ctx, h, arguments) })
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

// note reports how the target reads an ambiguity.
func (w *world) note(id, reading string) error {
	return w.suite.builder.Reading(id, reading)
}
