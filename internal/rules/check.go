package rules

import (
	"errors"
	"fmt"
	"slices"
)

// checkIndex refuses an index whose closed list says nothing, or something twice.
func (l *Ledger) checkIndex() error {
	seen := make(map[string]bool)
	for _, g := range l.groups {
		if g.Name == "" || g.Title == "" || g.Last < 1 || seen[g.Name] {
			return fmt.Errorf("family %q: each family needs a name of its own, a title and the number of its last rule", g.Name)
		}
		seen[g.Name] = true
	}
	for role, n := range l.scenarios {
		if !slices.Contains(Roles(), role) || n < 1 {
			return fmt.Errorf("scenarios of role %q: needs a role and a number", role)
		}
	}
	return nil
}

// addRule checks a row of the data and adds it. Data that says something
// impossible is refused when it is loaded, not when a verdict depends on it.
func (l *Ledger) addRule(row ruleRow, pages map[string]Page) error {
	r := Rule{
		ID:          row.ID,
		Says:        row.Says,
		Source:      row.Source,
		Products:    row.Products,
		Obligation:  row.Obligation,
		Note:        row.Note,
		Ambiguities: row.Ambiguities,
		Vectors:     row.Vectors,
		bindings:    make(map[Role]Binding),
	}
	if r.ID == "" || r.Says == "" {
		return errors.New("a rule needs an id and a sentence")
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("rule %s: "+format, append([]any{r.ID}, args...)...)
	}
	if _, dup := l.ruleIndex[r.ID]; dup {
		return fail("appears twice")
	}
	for _, key := range row.Pages {
		p, ok := pages[key]
		if !ok {
			return fail("unknown page %q", key)
		}
		r.Pages = append(r.Pages, p)
	}
	if len(r.Pages) == 0 || len(r.Products) == 0 {
		return fail("needs at least one page and one product")
	}
	if err := checkSource(r.Source, r.Pages); err != nil {
		return fail("%w", err)
	}
	for _, p := range r.Products {
		if !slices.Contains(Products(), p) {
			return fail("unknown product %q", p)
		}
	}
	for _, id := range r.Ambiguities {
		if _, ok := l.ambIndex[id]; !ok {
			return fail("unknown ambiguity %q", id)
		}
	}
	if err := bind(r, row); err != nil {
		return fail("%w", err)
	}
	l.ruleIndex[r.ID] = len(l.rules)
	l.rules = append(l.rules, r)
	return nil
}

// bind fills in what the rule means for each role.
func bind(r Rule, row ruleRow) error {
	for _, role := range row.Judged {
		if err := bindRole(r, row, role, Judged, ""); err != nil {
			return err
		}
	}
	for role, reason := range row.Observed {
		if err := bindRole(r, row, role, Observed, reason); err != nil {
			return err
		}
	}
	for role, reason := range row.NotJudged {
		if err := bindRole(r, row, role, NotJudged, reason); err != nil {
			return err
		}
	}
	if len(r.bindings) == 0 {
		return errors.New("binds no role")
	}
	for role := range row.Fix {
		if _, ok := r.bindings[role]; !ok {
			return fmt.Errorf("has a fix for role %q, which it does not bind", role)
		}
	}
	for role := range row.ObligationByRole {
		if _, ok := r.bindings[role]; !ok {
			return fmt.Errorf("has an obligation for role %q, which it does not bind", role)
		}
	}
	return nil
}

// bindRole checks what a row says of one role.
func bindRole(r Rule, row ruleRow, role Role, j Judgement, reason string) error {
	b := Binding{Judgement: j, Obligation: row.Obligation, Reason: reason, Fix: row.Fix[role]}
	if by, ok := row.ObligationByRole[role]; ok {
		b.Obligation = by
	}
	switch _, dup := r.bindings[role]; {
	case !slices.Contains(Roles(), role):
		return fmt.Errorf("unknown role %q", role)
	case dup:
		return fmt.Errorf("role %s has two judgements", role)
	case j != Judged && reason == "":
		return fmt.Errorf("role %s is %s without a reason", role, j)
	case j == Judged && b.Fix == "":
		return fmt.Errorf("role %s is judged but has no fix", role)
	case b.Obligation != Must && b.Obligation != Should && b.Obligation != May:
		return fmt.Errorf("unknown obligation %q", b.Obligation)
	}
	r.bindings[role] = b
	return nil
}

// addAmbiguity checks an entry of the register and adds it.
func (l *Ledger) addAmbiguity(row ambiguityRow) error {
	a := Ambiguity{
		ID:        row.ID,
		Question:  row.Question,
		Evidence:  row.Evidence,
		Default:   row.Default,
		Others:    row.Others,
		Switch:    row.Switch,
		Concludes: row.Concludes,
	}
	if a.Switch == "" {
		a.Switch = a.ID
	}
	if a.ID == "" || a.Question == "" || a.Concludes == "" || len(a.Evidence) < 2 {
		return fmt.Errorf("ambiguity %q: needs an id, a question, both sides of the evidence and a conclusion", a.ID)
	}
	if _, dup := l.ambIndex[a.ID]; dup {
		return fmt.Errorf("ambiguity %s: appears twice", a.ID)
	}
	seen := make(map[string]bool)
	for _, o := range a.Options() {
		if o.Name == "" || o.Means == "" || seen[o.Name] {
			return fmt.Errorf("ambiguity %s: each reading needs a name of its own and a meaning", a.ID)
		}
		seen[o.Name] = true
	}
	l.ambIndex[a.ID] = len(l.ambiguities)
	l.ambiguities = append(l.ambiguities, a)
	return nil
}

// checkSwitches makes sure that two questions with one switch have the same
// readings by name: a choice for one must make sense for the other.
func (l *Ledger) checkSwitches() error {
	names := func(a Ambiguity) []string {
		var out []string
		for _, o := range a.Options() {
			out = append(out, o.Name)
		}
		return out
	}
	for _, a := range l.ambiguities {
		s, ok := l.Ambiguity(a.Switch)
		if !ok || s.Switch != s.ID {
			return fmt.Errorf("ambiguity %s: switched by %q, which is no switch", a.ID, a.Switch)
		}
		if !slices.Equal(names(a), names(s)) {
			return fmt.Errorf("ambiguity %s: its readings differ from those of its switch %s", a.ID, s.ID)
		}
	}
	return nil
}
