package selftest

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/inbox"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// A runner runs the suite against peers of its own.
type runner struct {
	ledger   *rules.Ledger
	manifest *steps.Manifest
	tags     steps.Selection
}

// suite is the suite without what it judges.
func (r runner) suite() *steps.Suite {
	return &steps.Suite{
		Ledger: r.ledger, Features: features.Files, Manifest: r.manifest, Tags: r.tags, Meta: reports.Meta{Started: time.Now()},
	}
}

// outcome is one run of the suite, as far as it is looked at here.
type outcome struct {
	rules     map[string]reports.Verdict
	scenarios map[place]scenario
	readings  map[string]string // what was observed of each ambiguity
	calls     int
	found     string // what the suite found out before its scenarios, where it depends on it
	crashed   string // a defect that nobody meant, and whose
	err       error  // why there is nothing else
}

// place is where a scenario stands. Several may stand on one line: rows that an outline
// generates.
type place struct {
	feature string
	line    int
	name    string
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
	calls     int  // that the suite made
	trios     int  // how often control, probe and control were sent
	uncertain bool // a control or a preparation was not accepted
}

// newOutcome sorts what a run found by scenario.
func newOutcome(results reports.Results, exchanges []*exchange.Exchange) outcome {
	o := outcome{rules: map[string]reports.Verdict{}, scenarios: map[place]scenario{}, readings: map[string]string{}}
	for _, reading := range results.Readings {
		o.readings[reading.ID] = reading.Observed
	}
	for _, e := range exchanges {
		if isCall(e) {
			o.calls++
		}
	}
	for _, rule := range results.Rules {
		o.rules[rule.ID] = rule.Verdict
		for _, found := range rule.Scenarios {
			at := place{found.Feature, found.Line, found.Name}
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

// isCall says whether the suite asked for an exchange. What a client sends once more on its
// own account it did not ask for: that is the client's affair, and what some mutants get
// wrong. Nor did it ask for what a server notifies of.
func isCall(e *exchange.Exchange) bool {
	return !strings.Contains(e.Label, target.AnotherAttempt) && e.Label != inbox.Label
}

// count looks at the exchanges that a scenario names, which are numbered from 1.
func (s *scenario) count(numbers []int, exchanges []*exchange.Exchange) {
	for _, n := range numbers {
		if n < 1 || n > len(exchanges) {
			continue
		}
		e := exchanges[n-1]
		if isCall(e) {
			s.calls++
		}
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
		return errors.New(o.crashed)
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

// concerns says whether the run looked at what a mutant gets wrong. Of one that breaks no
// rule only the whole suite is sure to, or who names the mutant.
func (o outcome) concerns(m Mutant, sure bool) bool {
	return sure && len(m.Breaks) == 0 || len(o.looksAt(m.Breaks)) > 0
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
	return slices.DeleteFunc(append([]string{}, ids...), func(id string) bool { return !judged[id] })
}

// places are the scenarios in the order of the feature files.
func (o outcome) places() []place {
	list := make([]place, 0, len(o.scenarios))
	for at := range o.scenarios {
		list = append(list, at)
	}
	slices.SortFunc(list, func(a, b place) int {
		return cmp.Or(strings.Compare(a.feature, b.feature), a.line-b.line, strings.Compare(a.name, b.name))
	})
	return list
}
