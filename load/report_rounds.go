package load

import (
	"fmt"
	"strings"

	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/reports/webpage"
)

// repeatedSections are what a run has that was more than one schedule.
func (r *Results) repeatedSections() []webpage.Section {
	var list []webpage.Section
	if r.Comparison != nil {
		list = append(list, r.Comparison.section())
	}
	if r.Find != nil {
		list = append(list, r.Find.section())
	}
	if len(r.Rounds) > 0 {
		list = append(list, r.roundSection())
	}
	return list
}

// ofWhich says of what run figures are that are of one alone; nothing where there is
// but one.
func (r *Results) ofWhich() string {
	if r.Find != nil || len(r.Rounds) > 0 {
		return "Of the last run alone."
	}
	return ""
}

func (c *Comparison) section() webpage.Section {
	t := &webpage.Table{Caption: "Medians of the rounds, and how often chance alone sets them apart like this", Columns: []webpage.Column{
		{Name: "number"}, {Name: "before", Number: true}, {Name: "now", Number: true}, {Name: "verdict"}, {Name: "read from"},
	}}
	for _, x := range c.Metrics {
		t.Rows = append(t.Rows, []webpage.Cell{
			{Text: x.Metric, Code: true},
			{Text: x.Unit.of(x.Before)},
			{Text: x.Unit.of(x.Now)},
			{Text: string(x.Change), Tone: x.verdict().tone()},
			{Text: x.evidence()},
		})
	}
	s := webpage.Section{Heading: "Compared with an earlier run", Lead: "With " + reports.Escape(c.With) + "."}
	if len(c.Against) > 0 {
		s.Lead += " The two cannot be compared: " + reports.Escape(strings.Join(c.Against, "; ")) + "."
	}
	if len(t.Rows) > 0 {
		s.Parts = []webpage.Part{{Table: t}}
	}
	return s
}

// reasons are what of it stands in the way of a PASS.
func (c *Comparison) reasons() []webpage.Said {
	if c == nil {
		return nil
	}
	var list []webpage.Said
	for _, why := range c.Against {
		list = append(list, webpage.Said{Tone: webpage.Doubt, Name: "not comparable", Text: reports.Escape(why)})
	}
	for _, x := range c.Metrics {
		if x.Change == Worse {
			list = append(list, webpage.Said{Tone: webpage.Bad, Name: x.Metric + " is worse", Text: x.Unit.of(x.Before) + " before, " + x.Unit.of(x.Now) + " now; " + x.evidence()})
		}
	}
	return list
}

func (f *Found) section() webpage.Section {
	t := &webpage.Table{Caption: "Runs on the way to the rate", Columns: []webpage.Column{
		{Name: "step"},
		{Name: "asked for", Number: true},
		{Name: "over", Number: true},
		{Name: "p99", Number: true},
		{Name: "sent", Number: true},
		{Name: "generator", Number: true},
		{Name: "verdict"},
		{Name: "why"},
	}}
	for _, step := range f.Steps {
		verdict := webpage.Cell{Text: "held", Tone: webpage.Good}
		if !step.Held {
			verdict = webpage.Cell{Text: "did not hold", Tone: webpage.Bad}
		}
		t.Rows = append(t.Rows, []webpage.Cell{
			{Text: step.Kind},
			{Text: trim(step.Rate) + "/s"},
			{Text: trim(step.Seconds) + " s"},
			{Text: trim(step.Numbers["p99"]) + " ms"},
			{Text: trim(step.Numbers["achieved"]) + " %"},
			{Text: trim(step.Cores) + " cores"},
			verdict,
			{Text: reports.Escape(step.Why)},
		})
	}
	return webpage.Section{Heading: "Capacity", Lead: reports.Escape(f.Says) + ".", Parts: []webpage.Part{{Table: t}}}
}

func (r *Results) roundSection() webpage.Section {
	t := &webpage.Table{Caption: "Each round by itself", Columns: columns("round")}
	shown := []string{"p50", "p95", "p99", "max", "rate", "achieved", "late.p99", "errors", "duplicates", "different", capacity}
	shown = withValues(r, shown)
	for _, name := range shown {
		unit, _ := unitOf(name)
		t.Columns = append(t.Columns, webpage.Column{Name: strings.TrimSpace(name + " " + string(unit)), Number: true})
	}
	for i, round := range r.Rounds {
		row := []webpage.Cell{{Text: fmt.Sprint(i + 1)}}
		for _, name := range shown {
			row = append(row, webpage.Cell{Text: (&Results{Numbers: round.Numbers}).number(name)})
		}
		t.Rows = append(t.Rows, row)
	}
	return webpage.Section{
		Heading: "Rounds",
		Lead:    "Above, and wherever else a number stands, it is the median of what was measured and the worst of what was counted.",
		Parts:   []webpage.Part{{Table: t}},
	}
}

// withValues are those names of which a round has a number.
func withValues(r *Results, names []string) []string {
	var list []string
	for _, name := range names {
		if len(valuesOf(r.Rounds, name)) > 0 {
			list = append(list, name)
		}
	}
	return list
}
