package rules

import "slices"

// Latest is the newest rule set, taken when a run names none.
const Latest = "2026-11"

// Ledger is one loaded rule set. It does not change after Load and may be
// used by many goroutines.
type Ledger struct {
	Version string // such as 2026-11
	Frozen  string // the day since which the set does not change

	groups      []Group
	register    int          // ambiguities that the closed list has
	scenarios   map[Role]int // how many scenarios are frozen with the set
	pages       []Page
	codes       []Code
	rules       []Rule
	ruleIndex   map[string]int
	ambiguities []Ambiguity
	ambIndex    map[string]int
	ranges      Ranges
}

// Rule returns the rule with an id.
func (l *Ledger) Rule(id string) (Rule, bool) {
	i, ok := l.ruleIndex[id]
	if !ok {
		return Rule{}, false
	}
	return l.rules[i], true
}

// Rules returns every rule in ledger order, those that cannot be judged
// included.
func (l *Ledger) Rules() []Rule { return slices.Clone(l.rules) }

// Pages returns the pages that the rules come from.
func (l *Ledger) Pages() []Page { return slices.Clone(l.pages) }

// Groups returns the closed list of rules by family, in ledger order.
func (l *Ledger) Groups() []Group { return slices.Clone(l.groups) }

// Scenarios returns how many scenarios are frozen with the set for a role, and
// whether the set has scenarios for it at all.
func (l *Ledger) Scenarios(role Role) (int, bool) {
	n, ok := l.scenarios[role]
	return n, ok
}

// For returns, in ledger order, the rules that bind the role, concern at
// least one of the products, and can be judged or observed there.
func (l *Ledger) For(role Role, products []Product) []Rule {
	var out []Rule
	for _, r := range l.rules {
		if j := r.Judgement(role); j != Judged && j != Observed {
			continue
		}
		if slices.ContainsFunc(r.Products, func(p Product) bool { return slices.Contains(products, p) }) {
			out = append(out, r)
		}
	}
	return out
}

// Ambiguities returns the register, AMB-01 first.
func (l *Ledger) Ambiguities() []Ambiguity { return slices.Clone(l.ambiguities) }

// Ambiguity returns the entry of the register with an id.
func (l *Ledger) Ambiguity(id string) (Ambiguity, bool) {
	i, ok := l.ambIndex[id]
	if !ok {
		return Ambiguity{}, false
	}
	return l.ambiguities[i], true
}
