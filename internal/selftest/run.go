package selftest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// A runner runs the suite against mocks of its own.
type runner struct {
	ledger   *rules.Ledger
	manifest *steps.Manifest
	tags     steps.Selection
}

// outcome is one run of the suite, as far as it is looked at here.
type outcome struct {
	rules     map[string]reports.Verdict
	scenarios map[place]scenario
	calls     int
	crashed   string // what the mock logged as a defect that nobody meant
	err       error  // why there is nothing else
}

// place is where a scenario stands.
type place struct {
	feature string
	line    int
}

// scenario is one scenario's end.
type scenario struct {
	name      string
	rules     []string
	verdict   reports.Verdict
	step      string // the sentence that did not hold
	expected  string
	seen      string
	reason    string
	calls     int
	trios     int  // how often control, probe and control were sent
	uncertain bool // a control or a preparation was not accepted
}

// run judges the mock with one mutant, or with none.
func (r runner) run(ctx context.Context, mutant string) outcome {
	var crash lastError
	log := &exchange.Log{}
	server, stop, err := target.Embed(mock.Options{Mutant: mutant, Logger: slog.New(&crash)}, log) //nolint:contextcheck // closing a mock has a time of its own
	if err != nil {
		return outcome{err: fmt.Errorf("it did not start: %w", err)}
	}
	defer stop()
	if err := server.Reach(ctx); err != nil {
		return outcome{err: fmt.Errorf("it cannot be reached: %w", err)}
	}
	suite := &steps.Suite{
		Server: server, Ledger: r.ledger, Features: features.Files, Manifest: r.manifest, Tags: r.tags,
		Level: target.Sandbox, Orders: &merchant.Orders{Run: "selftest"}, Meta: reports.Meta{Started: time.Now()},
	}
	results, err := suite.Run(ctx)
	if err != nil {
		return outcome{err: fmt.Errorf("the suite failed: %w", err)}
	}
	o := newOutcome(results, log.All())
	o.crashed = crash.text()
	return o
}

// newOutcome sorts what a run found by scenario.
func newOutcome(results reports.Results, exchanges []*exchange.Exchange) outcome {
	o := outcome{rules: map[string]reports.Verdict{}, scenarios: map[place]scenario{}, calls: len(exchanges)}
	for _, rule := range results.Rules {
		o.rules[rule.ID] = rule.Verdict
		for _, found := range rule.Scenarios {
			at := place{found.Feature, found.Line}
			s, known := o.scenarios[at]
			if !known || s.verdict == reports.Observed { // under an observed rule nothing fails
				s = scenario{
					name: found.Name, rules: s.rules, verdict: found.Verdict, step: found.Step,
					expected: found.Expected, seen: found.Seen, reason: found.Reason,
				}
				s.count(found.Exchanges, exchanges)
			}
			s.rules = append(s.rules, rule.ID)
			o.scenarios[at] = s
		}
	}
	return o
}

// count looks at the exchanges that a scenario names, which are numbered from 1.
func (s *scenario) count(numbers []int, exchanges []*exchange.Exchange) {
	for _, n := range numbers {
		if n < 1 || n > len(exchanges) {
			continue
		}
		e := exchanges[n-1]
		s.calls++
		switch e.Label {
		case "probe":
			s.trios++
		case "control", "setup":
			s.uncertain = s.uncertain || e.Status() < http.StatusOK || e.Status() >= http.StatusMultipleChoices
		}
	}
}

// isClean says why a run is none that others can be held against.
func (o outcome) isClean() error {
	switch {
	case o.err != nil:
		return o.err
	case o.crashed != "":
		return fmt.Errorf("the mock logged %s", o.crashed)
	}
	for _, at := range o.places() {
		switch s := o.scenarios[at]; s.verdict {
		case reports.Pass, reports.Observed, reports.Waived:
		case reports.NotTested:
			if strings.HasPrefix(s.reason, "not selected by --tags") {
				continue
			}
			return fmt.Errorf("%s:%d %q is %s: %s", at.feature, at.line, s.name, s.verdict, s.reason)
		case reports.Fail, reports.Warn, reports.Inconclusive:
			return fmt.Errorf("%s:%d %q is %s: expected %s; seen %s", at.feature, at.line, s.name, s.verdict, s.expected, s.seen)
		}
	}
	if len(o.scenarios) == 0 {
		return errors.New("no scenario was run")
	}
	return nil
}

// looksAt are those of the rules that the run judged.
func (o outcome) looksAt(ids []string) []string {
	judged := map[string]bool{}
	for _, s := range o.scenarios {
		if s.verdict == reports.NotTested {
			continue
		}
		for _, id := range s.rules {
			judged[id] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !judged[id] })
}

// places are the scenarios in the order of the feature files.
func (o outcome) places() []place {
	list := make([]place, 0, len(o.scenarios))
	for at := range o.scenarios {
		list = append(list, at)
	}
	slices.SortFunc(list, func(a, b place) int {
		if a.feature != b.feature {
			return strings.Compare(a.feature, b.feature)
		}
		return a.line - b.line
	})
	return list
}

// lastError keeps what the mock logs as an error: only defects that nobody meant are.
type lastError struct {
	mu   sync.Mutex
	line string
}

func (l *lastError) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelError
}
func (l *lastError) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l *lastError) WithGroup(string) slog.Handler      { return l }

func (l *lastError) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "panic" {
			l.line += ": " + a.Value.String()
		}
		return true
	})
	return nil
}

func (l *lastError) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.line
}
