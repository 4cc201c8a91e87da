package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one way in which rule set and evidence do not fit together.
type Problem struct {
	Subject string `json:"subject"` // a rule, a scenario's file:line, a mutant, the set
	Text    string `json:"problem"`
}

// String returns the problem on one line.
func (p Problem) String() string { return p.Subject + ": " + p.Text }

// Verification is the outcome of [Ledger.Verify].
type Verification struct {
	Problems   []Problem
	NotChecked []string // what could not be looked at, and why
}

// Verify finds out whether the evidence is complete: every rule of the closed list
// is there; every rule that is judged or observed has what it needs; every tag,
// mutant and vector names something; and no scenario got lost. Only roles for which
// the set has scenarios are held to it.
//
// The other sets of the program are needed when the set is not the newest: what is
// tagged with rules that only they have is none of its business.
func (l *Ledger) Verify(e Evidence, others ...*Ledger) Verification {
	v := verifier{ledger: l, evidence: e, others: others}
	v.closedList()
	for _, s := range e.Scenarios {
		v.scenario(s)
	}
	v.count()
	v.mutants()
	v.peers()
	v.vectors()
	v.holes()
	v.cells()
	return v.out
}

type verifier struct {
	ledger   *Ledger
	evidence Evidence
	others   []*Ledger
	out      Verification
}

func (v *verifier) problemf(subject, format string, args ...any) {
	v.out.Problems = append(v.out.Problems, Problem{subject, fmt.Sprintf(format, args...)})
}

func (v *verifier) notCheckedf(format string, args ...any) {
	v.out.NotChecked = append(v.out.NotChecked, fmt.Sprintf(format, args...))
}

// set is the rule set as a subject.
func (v *verifier) set() string { return "rule set " + v.ledger.Version }

// closedList compares the rules with the list that was closed when the documents
// were read: a rule that is lost is a rule that nobody judges any more.
func (v *verifier) closedList() {
	documented := make(map[string]bool)
	for _, g := range v.ledger.groups {
		for _, id := range g.IDs() {
			documented[id] = true
			if _, ok := v.ledger.Rule(id); !ok {
				v.problemf(id, "is in the closed list and missing from the ledger")
			}
		}
	}
	for _, r := range v.ledger.rules {
		if !documented[r.ID] {
			v.problemf(r.ID, "is in the ledger and not in the closed list")
		}
	}
	closed := Group{Name: "AMB", Last: v.ledger.register}.IDs()
	for _, id := range closed {
		if _, ok := v.ledger.Ambiguity(id); !ok {
			v.problemf(id, "is in the closed list and missing from the register")
		}
	}
	for _, a := range v.ledger.ambiguities {
		if !slices.Contains(closed, a.ID) {
			v.problemf(a.ID, "is in the register and not in the closed list")
		}
	}
}

// later says whether a rule is unknown here because it belongs to another set.
func (v *verifier) later(id string) bool {
	_, here := v.ledger.Rule(id)
	return !here && slices.ContainsFunc(v.others, func(l *Ledger) bool {
		_, there := l.Rule(id)
		return there
	})
}

// concerns says whether a scenario belongs to this set.
func (v *verifier) concerns(s Scenario) bool {
	ids := s.Rules()
	return len(ids) == 0 || !slices.ContainsFunc(ids, v.later) || slices.ContainsFunc(ids, func(id string) bool {
		_, here := v.ledger.Rule(id)
		return here
	})
}

// scenario checks what a scenario's tags and text name.
func (v *verifier) scenario(s Scenario) {
	if !v.concerns(s) {
		return
	}
	roles := s.Roles()
	if len(roles) == 0 {
		v.problemf(s.Place(), "has no role's tag, such as @%s", RoleServer)
	}
	if len(s.Rules()) == 0 {
		v.problemf(s.Place(), "has no rule's tag, so it judges nothing")
	}
	var touched []string
	for _, id := range s.Rules() {
		rule, ok := v.ledger.Rule(id)
		switch {
		case ok:
			touched = append(touched, rule.Ambiguities...)
			v.product(s, rule)
			for _, role := range roles {
				v.tag(s, rule, role)
			}
		case !v.later(id):
			v.problemf(s.Place(), "is tagged @%s, which is no rule", id)
		}
	}
	for _, id := range s.Ambiguities {
		if _, ok := v.ledger.Ambiguity(id); !ok {
			v.problemf(s.Place(), "names %s, which is not in the register", id)
		} else if !slices.Contains(touched, id) {
			v.problemf(s.Place(), "names %s, which touches none of its rules", id)
		}
	}
}

// tag checks one rule's tag for one role.
func (v *verifier) tag(s Scenario, rule Rule, role Role) {
	b, ok := rule.Binding(role)
	switch {
	case !ok:
		v.problemf(s.Place(), "is tagged @%s, which does not bind a %s", rule.ID, role)
		return
	case b.Judgement == NotJudged:
		v.problemf(s.Place(), "is tagged @%s, which is not judged for a %s", rule.ID, role)
		return
	case b.Judgement == Observed && !s.Observed():
		v.problemf(s.Place(), "could blame a %s for %s, which is observed: it needs %s", role, rule.ID, tagObserved)
	}
	var has []Obligation
	for _, o := range []Obligation{Must, Should, May} {
		if s.Has("@" + string(o)) {
			has = append(has, o)
		}
	}
	if !slices.Equal(has, []Obligation{b.Obligation}) {
		v.problemf(s.Place(), "is tagged %s, and %s is a %s", cmp.Or(obligationTags(has), "with no obligation"), rule.ID, b.Obligation)
	}
}

func obligationTags(has []Obligation) string {
	tags := make([]string, len(has))
	for i, o := range has {
		tags[i] = "@" + string(o)
	}
	return strings.Join(tags, " ")
}

// product checks that the scenario is about something that the rule is about. A
// scenario without a product's tag is about both.
func (v *verifier) product(s Scenario, rule Rule) {
	about := slices.DeleteFunc(Products(), func(p Product) bool { return !s.Has("@" + string(p)) })
	if len(about) > 0 && !slices.ContainsFunc(about, func(p Product) bool { return slices.Contains(rule.Products, p) }) {
		v.problemf(s.Place(), "is tagged @%s and @%s, which is a rule of %s", about[0], rule.ID, rule.Products[0])
	}
}

// count compares the number of scenarios with the one that is frozen with the set.
func (v *verifier) count() {
	for _, role := range Roles() {
		n := 0
		for _, s := range v.evidence.Scenarios {
			if v.concerns(s) && slices.Contains(s.Roles(), role) {
				n++
			}
		}
		frozen, ok := v.ledger.Scenarios(role)
		switch {
		case !ok && n == 0:
			if len(v.ledger.For(role, Products())) > 0 {
				v.notCheckedf("rules of a %s: the set has no scenarios for this role", role)
			}
		case n != frozen:
			v.problemf(v.set(), "has %d scenarios for a %s, and there are %d: if that is meant, write the number into ruleset.json", frozen, role, n)
		}
	}
}

// mutants checks that each mutant breaks rules that can be seen to break.
func (v *verifier) mutants() {
	if v.evidence.Mutants == nil {
		v.notCheckedf("mutants: this version lists none")
		return
	}
	type named struct {
		role Role
		name string
	}
	seen := make(map[named]bool)
	for _, m := range v.evidence.Mutants {
		subject := "mutant " + m.Name
		if seen[named{m.Role, m.Name}] {
			v.problemf(subject, "is there twice")
		}
		seen[named{m.Role, m.Name}] = true
		v.program(subject, "breaks", m.Role, m.Rules)
	}
}

// peers checks that each conforming peer keeps rules that are judged.
func (v *verifier) peers() {
	if v.evidence.Peers == nil {
		v.notCheckedf("conforming peers: this version lists none")
		return
	}
	for _, p := range v.evidence.Peers {
		v.program("peer "+p.Name, "keeps", p.Role, p.Rules)
	}
}

// program checks the rules that a mutant or a peer names.
func (v *verifier) program(subject, verb string, role Role, ids []string) {
	if len(ids) == 0 {
		v.problemf(subject, "%s no rule", verb)
	}
	for _, id := range ids {
		rule, ok := v.ledger.Rule(id)
		switch {
		case !ok && !v.later(id):
			v.problemf(subject, "%s %s, which is no rule", verb, id)
		case ok && rule.Judgement(role) != Judged:
			v.problemf(subject, "%s %s, which is not judged for a %s", verb, id, cmp.Or(role, "program without a role"))
		}
	}
}

// vectors checks that rules name kinds that exist, and that no kind bears on nothing.
func (v *verifier) vectors() {
	if v.evidence.Vectors == nil {
		v.notCheckedf("vectors: none were given")
		return
	}
	var kinds, named []string
	for _, vector := range v.evidence.Vectors {
		if !slices.Contains(kinds, vector.Kind) {
			kinds = append(kinds, vector.Kind)
		}
	}
	for _, r := range v.ledger.rules {
		for _, kind := range r.Vectors {
			named = append(named, kind)
			if !slices.Contains(kinds, kind) {
				v.problemf(r.ID, "names vectors of kind %s, of which there are none", kind)
			}
		}
	}
	for _, kind := range kinds {
		if !slices.Contains(named, kind) {
			v.problemf("vectors", "those of kind %s bear on no rule", kind)
		}
	}
}

// holes reports what rules lack, for the roles that the set has scenarios for.
func (v *verifier) holes() {
	for _, r := range v.ledger.rules {
		for _, h := range v.evidence.Holes(r) {
			if _, ok := v.ledger.Scenarios(h.Role); ok {
				v.problemf(r.ID, "has no %s for a %s: %s", h.Lacks, h.Role, r.Says)
			}
		}
	}
}

// cells reports what a rule ranges over and no scenario covers, for the roles that the set
// has scenarios for.
func (v *verifier) cells() {
	for _, c := range v.ledger.Cells(v.evidence) {
		if _, ok := v.ledger.Scenarios(c.Role); ok && c.Empty() {
			v.problemf(c.Rule, "ranges over a %s request with %s, which no scenario of a %s covers", c.Request, c.Over, c.Role)
		}
	}
}
