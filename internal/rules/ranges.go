package rules

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Ranges says over what the rules of a set range, so that it can be checked that nothing
// of it is left out: each request that a sentence covers, with each kind of fault.
type Ranges struct {
	// Sets are named lists of requests. An outline's examples may say "every NAME".
	Sets map[string][]string `json:"sets"`
	// Kinds are named lists of faults. A scenario may try "every NAME".
	Kinds map[string][]string `json:"kinds"`
	Rows  []Range             `json:"ranges"`
}

// A Range is what one or more rules range over for one role: all of Requests times all of
// Over.
type Range struct {
	Rules []string `json:"rules"`
	Role  Role     `json:"role"`
	// Requests are requests or names of sets.
	Requests []string `json:"requests"`
	// Over are kinds of faults, or words that a scenario must say.
	Over   []string    `json:"over"`
	Exempt []Exemption `json:"exempt,omitempty"`
}

// An Exemption leaves cells of a range out, for a reason. An empty list means all.
type Exemption struct {
	Requests []string `json:"requests,omitempty"`
	Over     []string `json:"over,omitempty"`
	Why      string   `json:"why"`
}

// A Cell is one request with one kind of fault under one rule.
type Cell struct {
	Rule    string `json:"rule"`
	Role    Role   `json:"role"`
	Request string `json:"request"`
	Over    string `json:"over"`
	Faults  int    `json:"faults"` // how many faults the kind has; 1 for words
	// Exempt is why the cell is left out; empty when it is not.
	Exempt string `json:"exempt,omitempty"`
	// Scenarios are those that cover it, as file:line "name".
	Scenarios []string `json:"scenarios"`
}

// Empty says whether nothing covers a cell that has to be covered.
func (c Cell) Empty() bool { return c.Exempt == "" && len(c.Scenarios) == 0 }

// Ranges returns what the rules of the set range over.
func (l *Ledger) Ranges() Ranges { return l.ranges }

// Cells returns every cell of the set's ranges with the scenarios of the evidence that
// cover it: those that judge the rule, name the request and name the kind.
func (l *Ledger) Cells(e Evidence) []Cell {
	var cells []Cell
	for _, r := range l.ranges.Rows {
		for _, id := range r.Rules {
			for _, request := range l.ranges.requests(r) {
				for _, over := range r.Over {
					c := Cell{Rule: id, Role: r.Role, Request: request, Over: over, Faults: max(1, len(l.ranges.Kinds[over]))}
					c.Exempt = r.exempt(request, over)
					for _, s := range e.Scenarios {
						if slices.Contains(s.Roles(), r.Role) && s.Has("@"+id) && s.says(request) && s.says(over) {
							c.Scenarios = append(c.Scenarios, s.Place()+" "+s.Name)
						}
					}
					cells = append(cells, c)
				}
			}
		}
	}
	return cells
}

// requests are those of a range, with its sets written out.
func (r Ranges) requests(of Range) []string {
	var list []string
	for _, name := range of.Requests {
		if set, ok := r.Sets[name]; ok {
			list = append(list, set...)
		} else {
			list = append(list, name)
		}
	}
	return list
}

func (r Range) exempt(request, over string) string {
	for _, x := range r.Exempt {
		if (len(x.Requests) == 0 || slices.Contains(x.Requests, request)) && (len(x.Over) == 0 || slices.Contains(x.Over, over)) {
			return x.Why
		}
	}
	return ""
}

// says whether the scenario's text has these words, as whole words, or in the plural.
func (s Scenario) says(words string) bool {
	for from := 0; ; {
		at := strings.Index(s.Text[from:], words)
		if at < 0 {
			return false
		}
		at += from
		end := at + len(words)
		if strings.HasPrefix(s.Text[end:], "s") {
			end++
		}
		if !isLetter(s.Text, at-1) && !isLetter(s.Text, end) {
			return true
		}
		from = at + 1
	}
}

func isLetter(text string, at int) bool {
	if at < 0 || at >= len(text) {
		return false
	}
	c := text[at]
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// readRanges reads the set's ranges and checks that they name rules and kinds that there
// are.
func (l *Ledger) readRanges(fsys fs.FS, version, file string) error {
	if file == "" {
		return nil
	}
	name := path.Join(version, file)
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("load rules: %w", err)
	}
	dec := strict(raw)
	if err := dec.Decode(&l.ranges); err != nil {
		return positioned(name, raw, 0, dec, err)
	}
	for i, r := range l.ranges.Rows {
		for _, id := range r.Rules {
			rule, ok := l.Rule(id)
			switch {
			case !ok:
				return fmt.Errorf("load rules: %s: range %d is about %s, which is no rule", name, i+1, id)
			case rule.Judgement(r.Role) == "" || rule.Judgement(r.Role) == NotJudged:
				return fmt.Errorf("load rules: %s: range %d is about %s, which is not judged for a %s", name, i+1, id, r.Role)
			}
		}
		if len(r.Requests) == 0 || len(r.Over) == 0 {
			return fmt.Errorf("load rules: %s: range %d (%s) ranges over nothing", name, i+1, strings.Join(r.Rules, " "))
		}
		for _, x := range r.Exempt {
			if x.Why == "" {
				return fmt.Errorf("load rules: %s: range %d (%s) has an exemption without a reason", name, i+1, strings.Join(r.Rules, " "))
			}
		}
	}
	return nil
}
