package steps

import (
	"slices"

	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/reports"
)

// notFromSeeds is why a run by the seeds alone leaves a rule out.
const notFromSeeds = "not selected by --source seeds: another page demands it"

// sourceInReport is the source as results.json names it.
func sourceInReport(source rules.Source) string {
	if source == rules.Seed {
		return reports.SourceSeeds
	}
	return reports.SourceAll
}

// judges says whether the run judges a rule, by its source.
func (s *Suite) judges(rule string) bool {
	if s.Source == "" {
		return true
	}
	r, ok := s.Ledger.Rule(rule)
	return !ok || r.Source == s.Source // a tag that names no rule is an error elsewhere
}

// rulesOf returns the rules that a scenario judges in this run: none is left of a
// scenario whose rules are all of another source.
func (s *Suite) rulesOf(scenario Scenario) []string {
	return slices.DeleteFunc(scenario.Rules(), func(id string) bool { return !s.judges(id) })
}

// leftOut returns the rules that the run does not judge because of their source, each
// with the reason.
func (s *Suite) leftOut() map[string]string {
	reasons := map[string]string{}
	for _, r := range s.Ledger.Rules() {
		if !s.judges(r.ID) {
			reasons[r.ID] = notFromSeeds
		}
	}
	return reasons
}

// reason returns the reason of a refusal in the words of the features. A run by the seeds
// alone does not judge codes that other pages document.
func (w *world) reason(because string) (judge.Reason, error) {
	reason, err := reasonFor(because)
	reason.AnyCode = w.suite.Source != "" && !slices.ContainsFunc(reason.Codes, w.isCodeOfSource)
	return reason, err
}

// isCodeOfSource says whether the run's source documents a code of the scenario's products.
func (w *world) isCodeOfSource(code int) bool {
	return slices.ContainsFunc(rules.Products(), func(p rules.Product) bool {
		source, ok := w.suite.Ledger.CodeSource(p, code)
		return ok && source == w.suite.Source && w.scenario.concerns([]rules.Product{p})
	})
}
