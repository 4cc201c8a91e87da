package load

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/d24conform/d24conform/reports"
)

// latencyColumns are the quantiles that people read.
func latencyColumns() []string { return []string{"p50", "p90", "p95", "p99", "p99.9", "max"} }

// WriteTerminal writes the summary that a person reads at the end. Every number in it
// is one of r.Numbers.
func WriteTerminal(w io.Writer, r *Results, path string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "load  %s  %s  %s\n", r.Profile, r.Target.Name, r.Target.BaseURL)
	fmt.Fprintf(&b, "%s requests in %s s, at most %s/s, over %d connections of %s, seed %d\n",
		thousands(r.Schedule.Requests), trim(r.Schedule.Seconds), trim(r.Schedule.PeakRate), r.Connections, r.Protocol, r.Seed)
	if r.Partial {
		fmt.Fprintf(&b, "NOT SENT TO THE END: %s; what follows is a part of the run\n", r.Stopped)
	}
	b.WriteString("\n")
	r.table(&b)
	fmt.Fprintf(&b, "\nsent %s%% of what was due, %s/s; late p99 %s ms, signing p99 %s ms; %d connections, %d opened again\n",
		r.number("achieved"), r.number("rate"), r.number("late.p99"), r.number("sign.p99"),
		int(r.Numbers["connections"]), int(r.Numbers["reconnects"]))
	fmt.Fprintf(&b, "lost answers %s, timeouts %s, replays %s; generator %s s of CPU, %s MB at most\n",
		r.number("lost"), r.number("timeouts"), r.number("replays"), trim(r.Generator.CPUSeconds), trim(r.Generator.MaxRSSMB))
	for _, e := range r.Errors {
		fmt.Fprintf(&b, "error  %s  %s\n", thousands(e.Count), e.Class)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "note   %s\n", note)
	}
	r.steps(&b)
	r.compared(&b)
	b.WriteString("\nMONEY\n")
	tab := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, i := range r.Invariants {
		fmt.Fprintf(tab, "  %s %s\t%s\n", sign(i.Verdict), i.Name, i.Says)
	}
	_ = tab.Flush() // into memory
	if len(r.Thresholds) > 0 {
		b.WriteString("\nTHRESHOLDS\n")
		for _, t := range r.Thresholds {
			fmt.Fprintf(tab, "  %s %s\t%s%s\n", sign(t.Verdict), t.Text, t.value(), t.remark())
		}
		_ = tab.Flush()
	}
	fmt.Fprintf(&b, "\n%s  %s\n", r.Verdict, r.Says)
	if path != "" {
		fmt.Fprintf(&b, "report: %s\n", path)
	}
	_, err := io.WriteString(w, escapeLines(b.String()))
	return err
}

// steps is how a rate was found, and the rounds of a run.
func (r *Results) steps(b *strings.Builder) {
	if r.Find != nil {
		b.WriteString("\nCAPACITY\n")
		for _, step := range r.Find.Steps {
			fmt.Fprintf(b, "  %s\n", step)
		}
	}
	if len(r.Rounds) > 0 {
		fmt.Fprintf(b, "\nROUNDS: of %d, the median of what was measured and the worst of what was counted\n", len(r.Rounds))
		for _, name := range roundColumns() {
			if values := valuesOf(r.Rounds, name); len(values) > 0 {
				unit, _ := unitOf(name)
				fmt.Fprintf(b, "  %s  %s to %s\n", name, unit.of(values[0]), unit.of(values[len(values)-1]))
			}
		}
	}
}

// roundColumns are the numbers by which a person sees how far rounds differ.
func roundColumns() []string { return []string{"p50", "p99", "achieved", capacity} }

// compared is what became of an earlier run's numbers.
func (r *Results) compared(b *strings.Builder) {
	c := r.Comparison
	if c == nil {
		return
	}
	fmt.Fprintf(b, "\nCOMPARED WITH %s\n", c.With)
	for _, why := range c.Against {
		fmt.Fprintf(b, "  ? not comparable: %s\n", why)
	}
	tab := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, x := range c.Metrics {
		fmt.Fprintf(tab, "  %s %s\t%s\t%s\t%s\n", sign(x.verdict()), x.Metric, x.Unit.of(x.Before)+" → "+x.Unit.of(x.Now), x.Change, x.evidence())
	}
	_ = tab.Flush() // into memory
}

func (x Compared) verdict() Verdict {
	if x.Change == Worse {
		return Broken
	}
	return Holds
}

// evidence is what a change is read from.
func (x Compared) evidence() string {
	ends := func(values []float64) string { return x.Unit.of(values[0]) + "…" + x.Unit.of(values[len(values)-1]) }
	return fmt.Sprintf("rounds %s, now %s, p = %.4f", ends(x.Earlier), ends(x.Later), x.P)
}

// escapeLines makes what a target may have had a say in harmless to a terminal.
func escapeLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = reports.Escape(line)
	}
	return strings.Join(lines, "\n")
}

// table is the latencies by class, in milliseconds from when a request was due.
func (r *Results) table(b *strings.Builder) {
	tab := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tab, "ms from due\tattempts\terrors\t%s\t\n", strings.Join(latencyColumns(), "\t"))
	for _, class := range r.classes() {
		prefix, name := class+".", class
		if class == "" {
			prefix, name = "", "all"
		}
		fmt.Fprintf(tab, "%s\t%s\t%s%%\t", name, r.number(prefix+"attempts"), r.number(prefix+"errors"))
		for _, column := range latencyColumns() {
			fmt.Fprintf(tab, "%s\t", r.number(prefix+column))
		}
		fmt.Fprintln(tab)
	}
	_ = tab.Flush() // into memory
}

// classes are those that were asked for; the empty one is all of them together.
func (r *Results) classes() []string {
	var names []string
	for _, name := range opNames() {
		if _, ok := r.Numbers[name+".attempts"]; ok {
			names = append(names, name)
		}
	}
	return append(names, "")
}

// number is a number as it is printed everywhere; a dash where there is none.
func (r *Results) number(name string) string {
	value, ok := r.Numbers[name]
	if !ok {
		return "-"
	}
	if unit, _ := unitOf(name); unit == Count {
		return thousands(int(value))
	}
	return trim(value)
}

// trim writes a rounded number without zeros at its end.
func trim(value float64) string {
	text := fmt.Sprintf("%.3f", value)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func (j Judged) value() string {
	if j.Value == nil && j.Unit == PerSecond {
		return "no rate was found"
	}
	if j.Value == nil {
		return "no such request was made"
	}
	return j.Unit.of(*j.Value)
}

// of is a rounded number with its unit.
func (u Unit) of(value float64) string {
	if u == Milliseconds {
		return trim(value) + " ms"
	}
	return trim(value) + string(u)
}

// remark says what a breach means where it is not that the run fails.
func (j Judged) remark() string {
	if j.Kind == "valid" && j.Verdict == Broken {
		return "  the generator could not keep its schedule: these latencies are its own"
	}
	return ""
}

func sign(v Verdict) string {
	switch v {
	case Holds:
		return "✓"
	case Broken:
		return "✗"
	case Inconclusive:
		return "?"
	case NotTested:
	}
	return "-"
}
