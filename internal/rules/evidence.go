package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Evidence is what the project has to show for its rules. It comes from outside,
// as plain data, so that completeness can be tested without running anything.
type Evidence struct {
	Scenarios []Scenario
	Vectors   []Vector
	Mutants   []Mutant // nil: there is no list to check against
	Peers     []Peer   // nil: the same
}

// Scenario is one scenario of the feature files; an outline is as many as it has
// examples.
type Scenario struct {
	Name        string
	File        string // from the root of the repository
	Line        int
	Tags        []string // with their @
	Ambiguities []string // ids that its text names
	Text        string   // its name, its sentences and what stands in their tables, a line each
}

// tagObserved marks a scenario that reports what it sees and blames nobody.
const tagObserved = "@observed"

// ruleTag is what the id of a rule looks like as a tag. It is laxer than an id, so
// that @DEP-DATE-3 is a rule that does not exist and not a word of its own.
var ruleTag = regexp.MustCompile(`^@[A-Za-z]+(-[A-Za-z]+)*-?\d+$`)

// Rules are the ids that the scenario's tags name.
func (s Scenario) Rules() []string {
	var ids []string
	for _, tag := range s.Tags {
		if ruleTag.MatchString(tag) {
			ids = append(ids, tag[1:])
		}
	}
	return ids
}

// Place is where the scenario stands, as file:line.
func (s Scenario) Place() string { return fmt.Sprintf("%s:%d", s.File, s.Line) }

// Has says whether the scenario carries the tag.
func (s Scenario) Has(tag string) bool { return slices.Contains(s.Tags, tag) }

// Observed says whether the scenario only reports what it sees.
func (s Scenario) Observed() bool { return s.Has(tagObserved) }

// Roles are the roles that the scenario is tagged with.
func (s Scenario) Roles() []Role {
	return slices.DeleteFunc(Roles(), func(role Role) bool { return !s.Has("@" + string(role)) })
}

// Vector is one golden vector.
type Vector struct {
	ID   string // such as xdate/window-five-seconds
	Kind string // topic and kind, such as xdate/window
}

// Mutant is a program with one defect, made to find out whether the scenarios
// notice it.
type Mutant struct {
	Name  string
	Role  Role     // what it plays
	Rules []string // those that it breaks, and no others
}

// Peer is a program that keeps rules, against which the scenarios are run: without
// one a scenario that blames everybody would pass for a strict one.
type Peer struct {
	Name  string
	Role  Role
	Rules []string // those that it is known to keep
}

// Cover is what there is to show for one rule.
type Cover struct {
	Scenarios []Scenario
	Vectors   []Vector
	Mutants   []Mutant
	Peers     []Peer
}

// Of picks what concerns a rule, in the order of the evidence.
func (e Evidence) Of(r Rule) Cover {
	names := func(ids []string) bool { return slices.Contains(ids, r.ID) }
	var c Cover
	for _, s := range e.Scenarios {
		if s.Has("@" + r.ID) {
			c.Scenarios = append(c.Scenarios, s)
		}
	}
	for _, v := range e.Vectors {
		if slices.Contains(r.Vectors, v.Kind) {
			c.Vectors = append(c.Vectors, v)
		}
	}
	for _, m := range e.Mutants {
		if names(m.Rules) {
			c.Mutants = append(c.Mutants, m)
		}
	}
	for _, p := range e.Peers {
		if names(p.Rules) {
			c.Peers = append(c.Peers, p)
		}
	}
	return c
}

// Naming returns the scenarios whose text names an ambiguity.
func (e Evidence) Naming(ambiguity string) []Scenario {
	var out []Scenario
	for _, s := range e.Scenarios {
		if slices.Contains(s.Ambiguities, ambiguity) {
			out = append(out, s)
		}
	}
	return out
}

// By returns the scenarios that a role has.
func (c Cover) By(role Role) []Scenario {
	var out []Scenario
	for _, s := range c.Scenarios {
		if slices.Contains(s.Roles(), role) {
			out = append(out, s)
		}
	}
	return out
}

// A Hole is something that a rule needs for a role and does not have.
type Hole struct {
	Role  Role   `json:"role"`
	Lacks string `json:"lacks"` // one of the Lacks constants
}

// What a rule can lack.
const (
	LacksScenario = "scenario"
	LacksMutant   = "mutant"
	LacksPeer     = "conforming peer"
)

// Holes lists what a rule lacks, for every role that it is judged or observed for.
// A rule that is observed needs a scenario that looks; a rule that is judged needs
// one that may blame, a mutant that it blames, and a peer that it does not. Mutants
// and peers are asked for where there is a list of them.
func (e Evidence) Holes(r Rule) []Hole {
	var out []Hole
	cover := e.Of(r)
	for _, role := range r.Roles() {
		judgement := r.Judgement(role)
		if judgement == NotJudged {
			continue
		}
		looks := func(s Scenario) bool { return judgement == Observed || !s.Observed() }
		if !slices.ContainsFunc(cover.By(role), looks) {
			out = append(out, Hole{role, LacksScenario})
		}
		if judgement == Observed {
			continue
		}
		if e.Mutants != nil && !slices.ContainsFunc(cover.Mutants, func(m Mutant) bool { return m.Role == role }) {
			out = append(out, Hole{role, LacksMutant})
		}
		if e.Peers != nil && !slices.ContainsFunc(cover.Peers, func(p Peer) bool { return p.Role == role }) {
			out = append(out, Hole{role, LacksPeer})
		}
	}
	return out
}

// Touching returns the rules that an ambiguity touches, in ledger order.
func (l *Ledger) Touching(ambiguity string) []Rule {
	var out []Rule
	for _, r := range l.rules {
		if slices.Contains(r.Ambiguities, ambiguity) {
			out = append(out, r)
		}
	}
	return out
}

// IDs lists every rule and every entry of the register: what somebody can ask for.
func (l *Ledger) IDs() []string {
	out := make([]string, 0, len(l.rules)+len(l.ambiguities))
	for _, r := range l.rules {
		out = append(out, r.ID)
	}
	for _, a := range l.ambiguities {
		out = append(out, a.ID)
	}
	return out
}

// Normal writes an id as the ledger does: dep-date-03 is DEP-DATE-03.
func Normal(id string) string { return strings.ToUpper(strings.TrimSpace(id)) }
