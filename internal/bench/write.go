package bench

import (
	"fmt"
	"io"
	"strings"

	"github.com/d24conform/d24conform/reports"
)

// WriteTerminal writes the tables for a person.
func WriteTerminal(w io.Writer, r *Results, path string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "signing  %s  %d rounds  %s, %s, %d threads\n", r.Tool.Version, r.Rounds, orUnknown(r.Machine.CPU), r.Machine.Go, r.Machine.Threads)
	for _, via := range []Way{InProcess, ViaAdapter} {
		rows := r.of(via)
		if len(rows) == 0 {
			continue
		}
		if via == InProcess {
			fmt.Fprintf(&b, "\nin process     body  threads       ns      MB/s  allocs  × SHA-256  95 %%\n")
		} else {
			fmt.Fprintf(&b, "\n%s\n               body  threads       ns      MB/s  protocol  × SHA-256  95 %%\n", reports.Escape(r.Adapter))
		}
		for _, row := range rows {
			fmt.Fprintf(&b, "%-12s %6s  %7d  %7.0f  %8s  %s  %9.2f  %.2f to %.2f\n",
				row.Op, size(row.Bytes), row.Threads, row.NS.Median, row.speed(), row.extra(), row.SHA256.Median, row.SHA256.Low, row.SHA256.High)
		}
	}
	if c := r.Comparison; c != nil {
		fmt.Fprintf(&b, "\nagainst %s of %s: %d of %d rows slower\n", reports.Escape(c.Baseline), reports.Escape(c.Started), c.Slower, len(c.Rows))
		for _, a := range c.Rows {
			if a.Says != "" {
				fmt.Fprintf(&b, "✗ %s: %.2f × SHA-256, and it was %.2f: %s\n", a.Row, a.Now, a.Then, a.Says)
			}
		}
	}
	b.WriteString("\n")
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", reports.Escape(note))
	}
	for _, says := range r.Says {
		fmt.Fprintf(&b, "%s\n", reports.Escape(says))
	}
	if path != "" {
		fmt.Fprintf(&b, "report: %s\n", path)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteMarkdown writes summary.md.
func WriteMarkdown(w io.Writer, r *Results) error {
	var b strings.Builder
	b.WriteString("# What signing costs\n\n")
	for _, says := range r.Says {
		fmt.Fprintf(&b, "- %s\n", reports.Escape(says))
	}
	fmt.Fprintf(&b, "- %s, %s, %s, %d threads; the medians of %d interleaved rounds and where they lie with 95 %% confidence\n",
		orUnknown(r.Machine.CPU), r.Machine.System, r.Machine.Go, r.Machine.Threads, r.Rounds)
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "- %s\n", reports.Escape(note))
	}
	b.WriteString("\n| | | body | threads | ns | MB/s | allocs or protocol | times SHA-256 | 95 % |\n|---|---|---:|---:|---:|---:|---:|---:|---|\n")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %.0f | %s | %s | %.2f | %.2f to %.2f |\n", row.Via, row.Op, size(row.Bytes), row.Threads,
			row.NS.Median, row.speed(), strings.TrimSpace(row.extra()), row.SHA256.Median, row.SHA256.Low, row.SHA256.High)
	}
	if c := r.Comparison; c != nil {
		fmt.Fprintf(&b, "\n## Against the run of %s\n\n| | then | now | change | allowed | |\n|---|---:|---:|---:|---:|---|\n", c.Started)
		for _, a := range c.Rows {
			fmt.Fprintf(&b, "| %s | %.2f | %.2f | %+.1f %% | %.1f %% | %s |\n", a.Row, a.Then, a.Now, a.Change, a.Allowed, a.Says)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Results) of(via Way) []Row {
	var rows []Row
	for _, row := range r.Rows {
		if row.Via == via {
			rows = append(rows, row)
		}
	}
	return rows
}

func (r Row) speed() string {
	if r.MBPerS == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f", r.MBPerS)
}

// extra is what else is known: allocations in process, the protocol's nanoseconds of an
// adapter.
func (r Row) extra() string {
	if r.Allocs != nil {
		return fmt.Sprintf("%6g", *r.Allocs)
	}
	return fmt.Sprintf("%8.0f", *r.Cost)
}

func orUnknown(cpu string) string {
	if cpu == "" {
		return "a CPU that does not say what it is"
	}
	return cpu
}
