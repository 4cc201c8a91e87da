package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/reports/webpage"
)

// WriteHTML writes report.html: everything that results.json says, for people.
func WriteHTML(w io.Writer, r *Results) error {
	return webpage.Write(w, &webpage.Page{
		Title:   fmt.Sprintf("%s: load %s", r.Verdict, r.Profile),
		Kind:    fmt.Sprintf("d24conform load %s · %s · %s", r.Profile, reports.Escape(r.Target.Name), r.Started.UTC().Format("2006-01-02 15:04:05 UTC")),
		Marks:   r.marks(),
		Heading: r.Says,
		Reasons: r.reasons(),
		Facts: []webpage.Fact{
			{Name: "achieved", Value: r.number("achieved"), Unit: "%"},
			{Name: "rate", Value: r.number("rate"), Unit: "/s"},
			{Name: "p50", Value: r.number("p50"), Unit: "ms"},
			{Name: "p99", Value: r.number("p99"), Unit: "ms"},
			{Name: "errors", Value: r.number("errors"), Unit: "%"},
			{Name: "lost answers", Value: r.number("lost")},
			{Name: "retries", Value: r.number("retries")},
			{Name: "duplicates", Value: r.number("duplicates")},
		},
		Sections: slices.Concat(
			[]webpage.Section{r.moneySection(), r.thresholdSection()},
			r.repeatedSections(),
			[]webpage.Section{r.latencySection()},
			r.timelineSections(),
			[]webpage.Section{r.answerSection(), r.splitSection(), r.setupSection()},
		),
		Foot: []string{fmt.Sprintf("Run %s, written by d24conform %s. Every attempt is in journal.bin beside this page, every number in results.json.", r.Run, r.Tool.Version)},
	})
}

// tone is how a verdict is shown.
func (v Verdict) tone() webpage.Tone {
	switch v {
	case Holds:
		return webpage.Good
	case Broken:
		return webpage.Bad
	case Inconclusive:
		return webpage.Doubt
	case NotTested:
	}
	return webpage.Faint
}

func (v Verdict) cell() webpage.Cell {
	return webpage.Cell{Text: strings.ReplaceAll(string(v), "_", " "), Tone: v.tone()}
}

// tone is that of what a threshold says: a run that says nothing about speed is no
// failure of the server.
func (j Judged) tone() webpage.Tone {
	if j.Kind == "valid" && j.Verdict == Broken {
		return webpage.Doubt
	}
	return j.Verdict.tone()
}

func (r *Results) marks() []webpage.Mark {
	tone := map[Overall]webpage.Tone{RunPass: webpage.Good, RunFail: webpage.Bad}[r.Verdict]
	if tone == webpage.Plain {
		tone = webpage.Doubt
	}
	marks := []webpage.Mark{{Tone: tone, Word: string(r.Verdict)}}
	if r.Partial {
		marks = append(marks, webpage.Mark{Tone: webpage.Doubt, Word: "PARTIAL"})
	}
	return marks
}

// reasons are what stands in the way of a PASS, the money first.
func (r *Results) reasons() []webpage.Said {
	var list []webpage.Said
	for _, i := range r.Invariants {
		if i.Verdict == Broken || i.Verdict == Inconclusive {
			list = append(list, webpage.Said{Tone: i.Verdict.tone(), Name: i.Name, Text: i.Says})
		}
	}
	for _, t := range r.Thresholds {
		if t.Verdict == Broken || t.Verdict == Inconclusive {
			list = append(list, webpage.Said{Tone: t.tone(), Name: t.Text, Text: "measured " + t.value() + strings.Replace(t.remark(), "  ", "; ", 1)})
			if t.Value == nil {
				list[len(list)-1].Text = t.value()
			}
		}
	}
	list = append(list, r.Comparison.reasons()...)
	if r.Partial {
		list = append(list, webpage.Said{Tone: webpage.Doubt, Text: fmt.Sprintf(
			"Not sent to the end: %s. What follows is of %s of %s requests.", r.Stopped, thousands(r.Schedule.Sent), thousands(r.Schedule.Requests))})
	}
	for _, note := range r.Notes {
		list = append(list, webpage.Said{Tone: webpage.Faint, Text: note})
	}
	return list
}

func columns(first string, others ...string) []webpage.Column {
	list := []webpage.Column{{Name: first}}
	for _, name := range others {
		list = append(list, webpage.Column{Name: name, Number: true})
	}
	return list
}

func (r *Results) moneySection() webpage.Section {
	t := &webpage.Table{Caption: "What has to be true of the money after every run", Columns: []webpage.Column{{Name: "invariant"}, {Name: "verdict"}, {Name: "what was seen"}}}
	for _, i := range r.Invariants {
		t.Rows = append(t.Rows, []webpage.Cell{{Text: i.Name}, i.Verdict.cell(), {Text: i.Says}})
	}
	return webpage.Section{Heading: "Money", Parts: []webpage.Part{{Table: t}}}
}

func (r *Results) thresholdSection() webpage.Section {
	s := webpage.Section{Heading: "Thresholds", Lead: "The profile has none."}
	if len(r.Thresholds) == 0 {
		return s
	}
	t := &webpage.Table{Caption: "Limits, and the printed numbers that they were held against", Columns: []webpage.Column{
		{Name: "limit"}, {Name: "measured", Number: true}, {Name: "verdict"}, {Name: "if broken"},
	}}
	for _, j := range r.Thresholds {
		breach := map[string]string{"valid": "INVALID", "threshold": "FAIL", "gate": "FAIL, by the gate"}[j.Kind]
		verdict := j.Verdict.cell()
		verdict.Tone = j.tone()
		t.Rows = append(t.Rows, []webpage.Cell{{Text: j.Text, Code: true}, {Text: j.value()}, verdict, {Text: breach}})
	}
	s.Lead, s.Parts = "", []webpage.Part{{Table: t}}
	return s
}

// latencySection has the numbers by class, and them by percentile.
func (r *Results) latencySection() webpage.Section {
	t := &webpage.Table{Caption: "Milliseconds by class of requests", Columns: columns("class", append([]string{"attempts", "errors %"}, latencyColumns()...)...)}
	for _, class := range r.classes() {
		prefix, name := class+".", class
		if class == "" {
			prefix, name = "", all
		}
		row := []webpage.Cell{{Text: name}, {Text: r.number(prefix + "attempts")}, {Text: r.number(prefix + "errors")}}
		for _, column := range latencyColumns() {
			row = append(row, webpage.Cell{Text: r.number(prefix + column)})
		}
		t.Rows = append(t.Rows, row)
	}
	s := webpage.Section{
		Heading: "Latency",
		Lead:    "From the moment at which a request was due, its retries included. A queue in front of the server is seen; so is a generator that was late.",
		Parts:   []webpage.Part{{Table: t}},
	}
	if r.Series == nil {
		return s
	}
	chart := &webpage.Chart{
		Title: "By percentile", About: strings.TrimSpace("How long all but the slowest share of requests took, at most. " + r.ofWhich()), Axis: webpage.Percentile, Unit: string(Milliseconds),
	}
	for _, name := range append([]string{all}, slices.DeleteFunc(slices.Sorted(maps.Keys(r.Series.Quantiles)), func(name string) bool { return name == all })...) {
		// One class is all there is.
		if len(r.Series.Quantiles) != 2 || name == all {
			chart.Lines = append(chart.Lines, r.Series.byPercentile(name, name, len(chart.Lines)))
		}
	}
	s.Parts = append(s.Parts, webpage.Part{Chart: chart})
	return s
}

// timelineSections show how the run went on.
func (r *Results) timelineSections() []webpage.Section {
	s := r.Series
	if s == nil || len(s.Asked) == 0 {
		return nil
	}
	step := fmt.Sprintf("A point is %s s.", trim(s.StepMS/1000))
	chart := func(title, about, unit string, lines ...webpage.Line) webpage.Part {
		for i := range lines {
			lines[i].Style = i
		}
		return webpage.Part{Chart: &webpage.Chart{Title: title, About: about + " " + step, Axis: webpage.Seconds, Unit: unit, Lines: lines}}
	}
	asked, sent := s.overTime("asked for", known(s.Asked)), s.overTime("sent", known(s.Sent))
	asked.Step, sent.Step = true, true
	return []webpage.Section{{
		Heading: "Over time",
		Lead:    r.ofWhich(),
		Parts: []webpage.Part{
			chart("Latency", "Percentiles of the requests that were due in the same moment.", string(Milliseconds),
				s.overTime("p50", s.P50), s.overTime("p95", s.P95), s.overTime("p99", s.P99)),
			chart("Requests a second", "Where sent falls below asked for, the generator was late.", string(PerSecond), sent, asked),
			chart("Lateness", "From when a request was due to the beginning of its sending.", string(Milliseconds), s.overTime("late p99", s.Late)),
		},
	}}
}

// answerSection has every attempt by what came of it, and what went wrong.
func (r *Results) answerSection() webpage.Section {
	s := webpage.Section{
		Heading: "Answers and faults",
		Lead:    strings.TrimSpace(r.ofWhich() + " Every attempt by its status, or by how it ended without one, over the time at which it began. What counts as an error is what the profile does not ask for."),
	}
	if r.Series != nil {
		var strips []webpage.Strip
		for _, o := range r.Series.Outcomes {
			strips = append(strips, r.Series.strip(o.Name, webpage.Plain, o.Counts))
		}
		tone := webpage.Good
		if slices.Max(append(r.Series.Errors, 0)) > 0 {
			tone = webpage.Bad
		}
		s.Parts = append(s.Parts, webpage.Part{Strips: append(strips, r.Series.strip("errors", tone, r.Series.Errors))})
	}
	if len(r.Errors) > 0 {
		t := &webpage.Table{Caption: "Errors by class: the request, and what came", Columns: columns("class", "attempts")}
		for _, e := range r.Errors {
			t.Rows = append(t.Rows, []webpage.Cell{{Text: reports.Escape(e.Class)}, {Text: thousands(e.Count)}})
		}
		s.Parts = append(s.Parts, webpage.Part{Table: t})
	}
	if len(r.Faults) > 0 {
		t := &webpage.Table{Caption: "Faults that the profile asked for, and that struck", Columns: columns("fault", "requests")}
		for _, kind := range slices.Sorted(maps.Keys(r.Faults)) {
			t.Rows = append(t.Rows, []webpage.Cell{{Text: kind}, {Text: thousands(r.Faults[kind])}})
		}
		s.Parts = append(s.Parts, webpage.Part{Table: t})
	}
	return s
}

// splitSection says where the time went.
func (r *Results) splitSection() webpage.Section {
	rest, whole := 0.0, r.Numbers["late.mean"]+r.Numbers["send.mean"]
	if _, ok := r.Numbers["first.mean"]; ok {
		rest = round(max(r.Numbers["send.mean"]-r.Numbers["sign.mean"]-r.Numbers["first.mean"], 0), Milliseconds)
	}
	t := &webpage.Table{Caption: "Milliseconds of one attempt", Columns: []webpage.Column{
		{Name: "part"}, {Name: "p50", Number: true}, {Name: "p99", Number: true}, {Name: "max", Number: true}, {Name: "mean", Number: true}, {Name: "share of the mean"},
	}}
	for _, part := range []struct{ name, prefix string }{{"lateness", "late."}, {"date and signature", "sign."}, {"server, to the first byte", "first."}, {"rest: sending, reading", ""}} {
		row := []webpage.Cell{{Text: part.name}}
		mean := rest
		if part.prefix == "" {
			row = append(row, webpage.Cell{Text: "-"}, webpage.Cell{Text: "-"}, webpage.Cell{Text: "-"}, webpage.Cell{Text: trim(rest)})
		} else {
			mean = r.Numbers[part.prefix+"mean"]
			for _, column := range []string{"p50", "p99", "max", "mean"} {
				row = append(row, webpage.Cell{Text: r.number(part.prefix + column)})
			}
		}
		share := mean / max(whole, 1e-9)
		t.Rows = append(t.Rows, append(row, webpage.Cell{Text: fmt.Sprintf("%.0f %%", 100*share), Bar: min(share, 1)}))
	}
	return webpage.Section{
		Heading: "Where the time goes",
		Lead:    "Lateness is that of the first attempt of each request. Percentiles of parts do not add up, their means do; the wait before a retry is in none of them.",
		Parts:   []webpage.Part{{Table: t}},
	}
}

func (r *Results) setupSection() webpage.Section {
	g := r.Generator
	overrides := strings.Join(r.Overrides, " ")
	if overrides == "" {
		overrides = "none: the profile as it is"
	}
	t := &webpage.Table{Caption: "What ran where", Columns: []webpage.Column{{Name: "what"}, {Name: "it was"}}}
	for _, row := range [][2]string{
		{"target", reports.Escape(r.Target.Name) + ", " + reports.Escape(r.Target.BaseURL)},
		{"schedule", fmt.Sprintf("%s requests in %s s, at most %s/s", thousands(r.Schedule.Requests), trim(r.Schedule.Seconds), trim(r.Schedule.PeakRate))},
		{"connections", fmt.Sprintf("%s of %s, %s opened again", r.number("connections"), r.Protocol, r.number("reconnects"))},
		{"seed", fmt.Sprint(r.Seed)},
		{"command line", overrides},
		{"machine", reports.Escape(g.machine())},
		{"generator", fmt.Sprintf("%s s of CPU, %s s for 1,000 attempts; %s MB of memory at most", trim(g.CPUSeconds), trim(g.CPUPerThousand), trim(g.MaxRSSMB))},
		{"versions", strings.Join(strings.Fields(fmt.Sprintf("d24conform %s %s", r.Tool.Version, r.Tool.Revision)), " ") + ", " + g.Go},
	} {
		t.Rows = append(t.Rows, []webpage.Cell{{Text: row[0]}, {Text: row[1]}})
	}
	s := webpage.Section{Heading: "Setup", Parts: []webpage.Part{{Table: t}}}
	if r.AsRun != "" {
		s.Parts = append(s.Parts, webpage.Part{Text: "# " + r.Profile + ", as it ran; a file of this can be run again\n" + escapeLines(r.AsRun)})
	}
	return s
}

// overTime is a line of points that are one step apart.
func (s *Series) overTime(name string, points []*float64) webpage.Line {
	l := webpage.Line{Name: name, Y: points}
	for i := range points {
		l.X = append(l.X, round(float64(i)*s.StepMS/1000, Milliseconds))
	}
	return l
}

// byPercentile is the line of a class over 1 / (1 - p), which is the axis of such charts.
func (s *Series) byPercentile(class, name string, style int) webpage.Line {
	l := webpage.Line{Name: name, Y: known(s.Quantiles[class]), Style: style}
	for i := range l.Y {
		l.X = append(l.X, round(100/(100-s.Percentiles[i]), Milliseconds))
	}
	return l
}

// known are numbers of which none is missing.
func known(numbers []float64) []*float64 {
	points := make([]*float64, len(numbers))
	for i := range numbers {
		points[i] = &numbers[i]
	}
	return points
}

// strip is a row of counts over time.
func (s *Series) strip(name string, tone webpage.Tone, counts []int) webpage.Strip {
	sum, most := 0, 0
	for _, n := range counts {
		sum, most = sum+n, max(most, n)
	}
	strip := webpage.Strip{Name: name, Tone: tone, Counts: counts, Total: thousands(sum)}
	if most > 0 {
		strip.Peak = "peak " + trim(round(float64(most)*1000/s.StepMS, PerSecond)) + "/s"
	}
	return strip
}
