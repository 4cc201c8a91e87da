package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cucumber/godog"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// scene is what a scenario has, whatever it judges: its place among the others, its
// exchanges, what it has to undo, and its verdict.
type scene struct {
	suite    *Suite
	scenario Scenario
	begun    time.Time
	skipped  bool
	locked   bool
	undo     []func(context.Context) error
	step     string // the sentence being carried out

	mu  sync.Mutex
	log []*exchange.Exchange // everything this scenario saw
}

// part is what a role adds to a scene, beside its sentences.
type part interface {
	// ready says why the scenario cannot be carried out on this target.
	ready() error
	// afterwards looks once more at the target when the scenario has ended with err, and
	// returns what it ended with in the end.
	afterwards(ctx context.Context, err error) error
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

// play registers the scenario with godog, and its sentences when it is known which they are.
func (s *scene) play(sc *godog.ScenarioContext, world func(*scene, vocabulary) part) {
	var p part
	sc.Before(func(ctx context.Context, pickle *godog.Scenario) (context.Context, error) {
		scenario, ok := s.suite.Manifest.find(pickle.Uri, pickle.Name)
		if !ok {
			return ctx, fmt.Errorf("scenario %q of %s is not in the manifest", pickle.Name, pickle.Uri)
		}
		s.scenario = scenario
		p = world(s, s.suite.vocabularyOf(sc, scenario, world))
		if !s.suite.selects(scenario) || !s.suite.plays(scenario) {
			s.skipped = true
			return ctx, godog.ErrSkip
		}
		return ctx, s.begin(ctx, p)
	})
	sc.StepContext().Before(func(ctx context.Context, step *godog.Step) (context.Context, error) {
		s.step = step.Text
		return ctx, nil
	})
	sc.After(func(ctx context.Context, _ *godog.Scenario, err error) (context.Context, error) {
		if !s.skipped {
			s.end(ctx, p, err)
		}
		return ctx, nil
	})
}

// begin takes the scenario's place among the others.
func (s *scene) begin(ctx context.Context, p part) error {
	if s.scenario.Has(tagAlone) {
		s.suite.alone.Lock()
	} else {
		s.suite.alone.RLock()
	}
	s.locked = true
	s.begun = time.Now()
	if err := ctx.Err(); err != nil {
		return &missing{"the run was interrupted before this scenario"}
	}
	return p.ready()
}

// end undoes what the scenario changed on the target, records its verdict and makes
// room for the others.
func (s *scene) end(ctx context.Context, p part, err error) {
	if s.locked {
		defer s.release()
	}
	// Undone even when the run was interrupted: a hook changes the target for all.
	after := context.WithoutCancel(ctx)
	for _, undo := range slices.Backward(s.undo) {
		if undoErr := undo(after); undoErr != nil && err == nil {
			err = &missing{"the target could not be set back: " + undoErr.Error()}
		}
	}
	err = p.afterwards(after, err)
	result := reports.Scenario{
		Name: s.scenario.Name, Feature: s.scenario.Feature, Line: s.scenario.Line, Rules: s.suite.rulesOf(s.scenario),
		Verdict: reports.Pass, Exchanges: numbers(s.log), Duration: time.Since(s.begun),
	}
	harness := s.verdict(&result, err, ctx.Err() != nil)
	s.suite.record(s.scenario, result, harness)
}

func (s *scene) release() {
	if s.scenario.Has(tagAlone) {
		s.suite.alone.Unlock()
	} else {
		s.suite.alone.RUnlock()
	}
	s.locked = false
}

// verdict fills in what the scenario's end means; it returns the harness's own errors.
func (s *scene) verdict(result *reports.Scenario, err error, interrupted bool) error {
	var (
		finding *judged
		lacking *missing
		nothing *noted
	)
	switch {
	case err == nil:
		if s.scenario.Has(tagObserved) {
			result.Verdict = reports.Observed
			if !strings.Contains(s.step, "AMB-") { // which is among the readings
				result.Reason = s.scenario.Name + ": " + s.step
			}
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
		result.Step, result.Expected, result.Seen = s.step, f.Expected, f.Seen
		if len(f.Exchanges) > 0 {
			result.Exchanges = numbers(f.Exchanges)
		}
		switch {
		case f.Outcome == judge.Unseen && !s.scenario.Has(tagObserved):
			result.Verdict, result.Step, result.Expected, result.Seen = reports.NotTested, "", "", ""
			result.Reason = "missing: " + f.Expected
		case s.scenario.Has(tagObserved):
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

// logged keeps an exchange that the scenario saw.
func (s *scene) logged(e *exchange.Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, e)
}

// note reports how the target reads an ambiguity.
func (s *scene) note(id, reading string) error {
	return s.suite.builder.Reading(id, reading)
}

func (s *Suite) sleep(ctx context.Context, d time.Duration) error {
	if s.Sleep != nil {
		return s.Sleep(ctx, d)
	}
	return target.Sleep(ctx, d)
}
