package selftest

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/d24conform/d24conform/reports"
)

// SchemaV1 is the value of Report.Schema.
const SchemaV1 = "d24conform/selftest/v1"

// A Report is the matrix of mutants and rules.
type Report struct {
	Schema     string   `json:"schema"`
	Conforming Control  `json:"conforming"`
	Counts     Counts   `json:"counts"`
	Mutants    []Result `json:"mutants"`
	DurationMS int64    `json:"duration_ms"`
}

// Control is the run against the mock without a mutant.
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
}

func newReport(conforming outcome, results []Result, took time.Duration) Report {
	r := Report{
		Schema: SchemaV1, Mutants: results, DurationMS: took.Milliseconds(),
		Conforming: Control{Calls: conforming.calls},
	}
	for _, s := range conforming.scenarios {
		if s.verdict != reports.NotTested {
			r.Conforming.Scenarios++
		}
	}
	for _, each := range results {
		switch each.Verdict {
		case Exactly:
			r.Counts.Exactly++
		case Extras:
			r.Counts.Extras++
		case Survived:
			r.Counts.Survived++
		case Invalid:
			r.Counts.Invalid++
		}
	}
	return r
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
	case Invalid:
	}
	return "!"
}

// Write writes the matrix for a person. Behind each mutant stand the rules that had to
// fail, and how many scenarios noticed; under it the sentence in which the first of them
// did, or what is wrong.
func (r Report) Write(w io.Writer) error {
	width := 0
	for _, m := range r.Mutants {
		width = max(width, len(m.Mutant))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "MUTANTS   ✓ killed exactly   + with extras   - survived   ! INVALID\n")
	for _, m := range r.Mutants {
		fmt.Fprintf(&b, "  %s %-*s  %s\n", symbol(m.Verdict), width, m.Mutant, strings.Join(m.Breaks, " "))
		indent := strings.Repeat(" ", len("  ✓ ")-len("✓")+1+width+2)
		if m.Verdict != Exactly {
			fmt.Fprintf(&b, "%s%s: %s\n", indent, m.Verdict, reports.Escape(m.Reason))
		}
		if len(m.Kills) > 0 {
			first := m.Kills[0]
			others := ""
			if n := len(m.Kills) - 1; n > 0 {
				others = fmt.Sprintf(", and %d more", n)
			}
			fmt.Fprintf(&b, "%s%s: %s%s\n", indent, first.Scenario, first.Step, others)
		}
	}
	noun := "mutants"
	if len(r.Mutants) == 1 {
		noun = "mutant"
	}
	fmt.Fprintf(&b, "\n%d %s: %d killed exactly, %d with extras, %d survived, %d INVALID   %d scenarios and %d calls each in %.1fs\n",
		len(r.Mutants), noun, r.Counts.Exactly, r.Counts.Extras, r.Counts.Survived, r.Counts.Invalid,
		r.Conforming.Scenarios, r.Conforming.Calls, float64(r.DurationMS)/1000)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the matrix: %w", err)
	}
	return nil
}
