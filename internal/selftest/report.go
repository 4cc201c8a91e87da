package selftest

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/reports"
)

// SchemaV1 is the value of Report.Schema.
const SchemaV1 = "d24conform/selftest/v1"

// A Report is the matrix of mutants and rules.
type Report struct {
	Schema     string   `json:"schema"`
	Roles      []Tally  `json:"roles"`
	Counts     Counts   `json:"counts"` // of all roles
	Mutants    []Result `json:"mutants"`
	DurationMS int64    `json:"duration_ms"`

	Sample *SampleOf `json:"sample,omitempty"` // when not every mutant was run
}

// SampleOf says how a sample was drawn: what repeats it, and from how many mutants.
type SampleOf struct {
	Seed uint64 `json:"seed"`
	Of   int    `json:"of"`
}

// A Tally is what came of one role's mutants.
type Tally struct {
	Role       rules.Role `json:"role"`
	Conforming Control    `json:"conforming"`
	Counts     Counts     `json:"counts"`
}

// Control is the run against the peer without a mutant.
type Control struct {
	Scenarios int `json:"scenarios"`
	Calls     int `json:"calls"`
}

// Counts counts mutants.
type Counts struct {
	Exactly  int `json:"killed_exactly"`
	Extras   int `json:"killed_with_extras"`
	Survived int `json:"survived"`
	Invalid  int `json:"invalid"`
	Reported int `json:"reported_only"`
}

// and counts one more.
func (c Counts) and(v Verdict) Counts {
	switch v {
	case Exactly:
		c.Exactly++
	case Extras:
		c.Extras++
	case Survived:
		c.Survived++
	case Invalid:
		c.Invalid++
	case Reported:
		c.Reported++
	}
	return c
}

// String is the counts in words.
func (c Counts) String() string {
	all := c.Exactly + c.Extras + c.Survived + c.Invalid + c.Reported
	noun := "mutants"
	if all == 1 {
		noun = "mutant"
	}
	text := fmt.Sprintf("%d %s: %d killed exactly, %d with extras, %d survived, %d INVALID", all, noun, c.Exactly, c.Extras, c.Survived, c.Invalid)
	if c.Reported > 0 {
		text += fmt.Sprintf(", %d reported only", c.Reported)
	}
	return text
}

// newReport counts what came of the roles that have a mutant among the results.
func newReport(asked []role, conforming []outcome, results []Result, took time.Duration) Report {
	report := Report{Schema: SchemaV1, Roles: []Tally{}, Mutants: results, DurationMS: took.Milliseconds()}
	for i, ro := range asked {
		tally := Tally{Role: ro.name, Conforming: Control{Calls: conforming[i].calls}}
		for _, s := range conforming[i].scenarios {
			if s.verdict != reports.NotTested {
				tally.Conforming.Scenarios++
			}
		}
		for _, each := range results {
			if each.Role == ro.name {
				tally.Counts, report.Counts = tally.Counts.and(each.Verdict), report.Counts.and(each.Verdict)
			}
		}
		if tally.Counts != (Counts{}) {
			report.Roles = append(report.Roles, tally)
		}
	}
	return report
}

// symbols stand before a mutant in the matrix.
func symbol(v Verdict) string {
	switch v {
	case Exactly:
		return "✓"
	case Extras:
		return "+"
	case Survived:
		return "-"
	case Reported:
		return "o"
	case Invalid:
	}
	return "!"
}

// Write writes the matrix for a person, role by role. Behind each mutant stand the rules
// that had to fail, and how many scenarios noticed; under it the sentence in which the
// first of them did, or what is wrong; and of a client the rules that it gave no
// occasion to judge.
func (r Report) Write(w io.Writer) error {
	width := 0
	for _, m := range r.Mutants {
		width = max(width, len(m.Mutant))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "MUTANTS   ✓ killed exactly   + with extras   - survived   ! INVALID   o reported only, breaks no rule\n")
	for _, tally := range r.Roles {
		fmt.Fprintf(&b, "%s\n", tally.Role)
		for _, m := range r.Mutants {
			if m.Role == tally.Role {
				m.write(&b, width)
			}
		}
	}
	b.WriteString("\n")
	for _, tally := range r.Roles {
		fmt.Fprintf(&b, "%s: %s   %d scenarios and %d calls each\n", tally.Role, tally.Counts, tally.Conforming.Scenarios, tally.Conforming.Calls)
	}
	fmt.Fprintf(&b, "%s in %.1fs\n", r.Counts, float64(r.DurationMS)/1000)
	if r.Sample != nil {
		fmt.Fprintf(&b, "a sample of %d among %d mutants: --seed %d repeats it, --all runs every mutant\n", len(r.Mutants), r.Sample.Of, r.Sample.Seed)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the matrix: %w", err)
	}
	return nil
}

// write writes a mutant's lines, its name as wide as all are.
func (r Result) write(b *strings.Builder, width int) {
	fmt.Fprintln(b, strings.TrimRight(fmt.Sprintf("  %s %-*s  %s", symbol(r.Verdict), width, r.Mutant, strings.Join(r.Breaks, " ")), " "))
	indent := strings.Repeat(" ", len("  x ")+width+2)
	if r.Reason != "" {
		fmt.Fprintf(b, "%s%s: %s\n", indent, r.Verdict, reports.Escape(r.Reason))
	}
	if len(r.Kills) > 0 {
		first := r.Kills[0]
		others := ""
		if n := len(r.Kills) - 1; n > 0 {
			others = fmt.Sprintf(", and %d more", n)
		}
		fmt.Fprintf(b, "%s%s: %s%s\n", indent, first.Scenario, first.Step, others)
	}
	if n := len(r.NotTested); n > 0 {
		const named = 4 // a client that never gets through leaves dozens, and a line is a line
		text := strings.Join(r.NotTested[:min(n, named)], " ")
		if n > named {
			text += fmt.Sprintf(" and %d more", n-named)
		}
		fmt.Fprintf(b, "%snot tested by it: %s\n", indent, text)
	}
}
