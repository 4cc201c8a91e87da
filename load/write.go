package load

import (
	"bufio"
	"bytes"
	"cmp"
	_ "embed" // the schema
	"encoding/json"
	"fmt"
	"io"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/d24conform/d24conform/reports"
)

//go:embed results.schema.json
var schema []byte

// ResultsSchema returns the JSON Schema of results.json (draft 2020-12).
func ResultsSchema() []byte { return bytes.Clone(schema) }

// WriteJSON writes results.json: for people to read, with the points of all charts in one
// line in the place of thousands.
func WriteJSON(w io.Writer, r *Results) error {
	head := *r
	head.Series = nil
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(&head); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	if r.Series != nil {
		b.Truncate(b.Len() - len("\n}\n"))
		points, err := json.Marshal(r.Series)
		if err != nil {
			return fmt.Errorf("write the results: %w", err)
		}
		fmt.Fprintf(&b, ",\n  \"series\": %s\n}\n", points)
	}
	_, err := b.WriteTo(w)
	return err
}

// WriteJUnit writes the invariants and the thresholds as test cases, in the form of the
// other runs.
func WriteJUnit(w io.Writer, r *Results) error {
	out := reports.Results{
		Role: "load", Target: reports.Target{Name: r.Profile + " " + r.Target.Name, BaseURL: r.Target.BaseURL},
		Started: r.Started, DurationMS: r.DurationMS, Interrupted: r.Partial,
	}
	add := func(id, says, reason string, verdict reports.Verdict) {
		out.Rules = append(out.Rules, reports.RuleResult{ID: id, Obligation: "must", Says: says, Reason: reason, Verdict: verdict})
	}
	for _, i := range r.Invariants {
		add("LOAD-INVARIANT-"+strings.ReplaceAll(i.Name, "-", "_"), i.Name, i.Says, junitVerdict(i.Verdict))
	}
	for _, t := range r.Thresholds {
		verdict := junitVerdict(t.Verdict)
		if t.Kind == "valid" && verdict == reports.Fail {
			verdict = reports.Inconclusive
		}
		add("LOAD-THRESHOLD-"+t.Kind, t.Text, t.value()+t.remark(), verdict)
	}
	if c := r.Comparison; c != nil {
		for _, why := range c.Against {
			add("LOAD-COMPARISON", "comparable with "+c.With, why, reports.Inconclusive)
		}
		for _, x := range c.Metrics {
			add("LOAD-COMPARISON-"+x.Metric, x.Metric+" against "+c.With, string(x.Change)+": "+x.evidence(), junitVerdict(x.verdict()))
		}
	}
	return reports.WriteJUnit(w, out)
}

func junitVerdict(v Verdict) reports.Verdict {
	switch v {
	case Holds:
		return reports.Pass
	case Broken:
		return reports.Fail
	case Inconclusive:
		return reports.Inconclusive
	case NotTested:
	}
	return reports.NotTested
}

// WriteMarkdown writes summary.md.
func WriteMarkdown(w io.Writer, r *Results) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: load %s\n\n", r.Verdict, r.Profile)
	if r.Partial {
		fmt.Fprintf(&b, "**Not sent to the end: %s. What follows is a part of the run.**\n\n", r.Stopped)
	}
	fmt.Fprintf(&b, "%s.\n\n", r.Says)
	fmt.Fprintf(&b, "- target %s, `%s`\n- %s requests in %s s, at most %s/s, over %d connections of %s, seed %d\n",
		reports.Escape(r.Target.Name), reports.Escape(r.Target.BaseURL), thousands(r.Schedule.Requests), trim(r.Schedule.Seconds),
		trim(r.Schedule.PeakRate), r.Connections, r.Protocol, r.Seed)
	fmt.Fprintf(&b, "- sent %s %% of what was due, %s/s; late p99 %s ms\n", r.number("achieved"), r.number("rate"), r.number("late.p99"))
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	b.WriteString("\n## Money\n\n| | invariant | |\n|---|---|---|\n")
	for _, i := range r.Invariants {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", i.Verdict, i.Name, i.Says)
	}
	if len(r.Thresholds) > 0 {
		b.WriteString("\n## Thresholds\n\n| | threshold | value |\n|---|---|---|\n")
		for _, t := range r.Thresholds {
			fmt.Fprintf(&b, "| %s | `%s` | %s%s |\n", t.Verdict, t.Text, t.value(), t.remark())
		}
	}
	if r.Find != nil {
		b.WriteString("\n## Capacity\n\n")
		for _, step := range r.Find.Steps {
			fmt.Fprintf(&b, "- %s\n", step)
		}
	}
	if c := r.Comparison; c != nil {
		fmt.Fprintf(&b, "\n## Compared with %s\n\n", c.With)
		for _, why := range c.Against {
			fmt.Fprintf(&b, "- not comparable: %s\n", why)
		}
		for _, x := range c.Metrics {
			fmt.Fprintf(&b, "- %s: %s → %s, %s (%s)\n", x.Metric, x.Unit.of(x.Before), x.Unit.of(x.Now), x.Change, x.evidence())
		}
	}
	fmt.Fprintf(&b, "\n## Latency in ms, from when a request was due\n\n| | attempts | errors | %s |\n|---|---:|---:|%s\n",
		strings.Join(latencyColumns(), " | "), strings.Repeat("---:|", len(latencyColumns())))
	for _, class := range r.classes() {
		prefix, name := class+".", class
		if class == "" {
			prefix, name = "", "all"
		}
		fmt.Fprintf(&b, "| %s | %s | %s %% |", name, r.number(prefix+"attempts"), r.number(prefix+"errors"))
		for _, column := range latencyColumns() {
			fmt.Fprintf(&b, " %s |", r.number(prefix+column))
		}
		b.WriteString("\n")
	}
	for _, e := range r.Errors {
		fmt.Fprintf(&b, "\nError: %d of %s\n", e.Count, e.Class)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteVegeta writes the attempts of a journal in vegeta's own encoding, for vegeta
// report to read. Their latency counts from when they were due.
func WriteVegeta(w io.Writer, journal, baseURL string) error {
	buffered := bufio.NewWriter(w) // vegeta's encoder writes each result by itself
	encode := vegeta.NewEncoder(buffered)
	var failed error
	_, err := readJournalFile(journal, func(h header, r *record) {
		if failed != nil || r.marks&markResolve != 0 {
			return
		}
		result := vegeta.Result{
			Attack: h.Profile, Seq: uint64(r.seq), Code: r.status, Timestamp: h.Began.Add(r.scheduled), Latency: r.late + r.took,
			BytesIn: uint64(r.bytesIn), Method: r.op.String(), URL: baseURL,
		}
		if r.marks&markError != 0 || r.outcome != answered {
			result.Error = r.outcome.String()
			if r.outcome == answered {
				result.Error = "unexpected"
			}
		}
		failed = encode(&result)
	})
	return cmp.Or(err, failed, buffered.Flush())
}
