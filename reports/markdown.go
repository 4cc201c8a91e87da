package reports

import (
	"fmt"
	"io"
	"strings"
)

// WriteMarkdown writes summary.md, in GitHub's dialect: the verdict, what is
// violated and how to mend it, what was not tested and why, and every rule in
// a folded table. It is made to be posted as a comment or a job summary.
func WriteMarkdown(w io.Writer, r Results) error {
	var m markdown
	m.head(r)
	m.violations(r)
	m.reasons(r)
	m.readings(r)
	m.table(r)
	if _, err := io.WriteString(w, m.buf.String()); err != nil {
		return fmt.Errorf("write results as Markdown: %w", err)
	}
	return nil
}

type markdown struct{ buf strings.Builder }

func (m *markdown) printf(format string, args ...any) { fmt.Fprintf(&m.buf, format, args...) }

func (m *markdown) head(r Results) {
	m.printf("# %s: %s %s\n\n", mdText(string(r.Verdict)), mdText(string(r.Role)), mdText(r.Target.Name))
	if r.Interrupted {
		m.printf("**The run was interrupted: what follows is a part of it.**\n\n")
	}
	m.printf("%s\n\n", mdText(tally(r)))
	m.printf("- target %s\n", mdCode(r.Target.BaseURL))
	if r.Target.ClockOffsetMS != nil {
		m.printf("- %s\n", mdText(clock(r.Target)))
	}
	if r.Target.WindowPast != nil && r.Target.WindowFuture != nil {
		m.printf("- %s\n", mdText(window(r.Target)))
	}
	if scope := scope(r); scope != "" {
		m.printf("- %s\n", mdText(scope))
	}
	m.printf("- rules %s, d24conform %s (%s)\n", mdCode(r.Tool.Rules), mdText(r.Tool.Version), mdCode(r.Tool.Revision))
	m.printf("- started %s, took %.2f s\n", r.Started.Format("2006-01-02 15:04:05 UTC"), float64(r.DurationMS)/1000)
}

// violations shows each rule that is violated, and each should that is not
// kept, with what helps to mend it.
func (m *markdown) violations(r Results) {
	for _, group := range []struct {
		title   string
		verdict Verdict
	}{{"Violated", Fail}, {"Not kept, but not a must", Warn}, {"Inconclusive", Inconclusive}, {"Waived", Waived}} {
		title := "\n## " + group.title + "\n"
		for _, rule := range r.Rules {
			if rule.Verdict != group.verdict {
				continue
			}
			m.buf.WriteString(title)
			title = ""
			m.printf("\n### %s\n\n%s\n\n", mdText(rule.ID), mdText(rule.Says))
			if len(rule.Pages) > 0 {
				m.printf("Page: %s\n\n", mdText(strings.Join(rule.Pages, "; ")))
			}
			shown := 0
			for _, s := range rule.Scenarios {
				if s.Verdict != group.verdict {
					continue
				}
				if shown++; shown <= maxShown {
					m.scenario(s)
				}
			}
			if shown > maxShown {
				m.printf("- and %s, see results.json\n", plural(shown-maxShown, "more scenario"))
			}
			if rule.Fix != "" {
				m.printf("\nFix: %s\n", mdText(rule.Fix))
			}
		}
	}
}

func (m *markdown) scenario(s ScenarioResult) {
	m.printf("- **%s** (%s)\n", mdText(s.Name), mdCode(place(s)))
	item := func(label, text string) {
		if text != "" {
			m.printf("  - %s: %s\n", label, text)
		}
	}
	item("step", mdText(s.Step))
	item("expected", mdCode(s.Expected))
	item("seen", mdCode(shorten(s.Seen)))
	item("reason", mdCode(s.Reason))
	if len(s.Calls) == 0 {
		item("exchanges", inFile(s.Exchanges))
	}
	for i, c := range s.Calls {
		if i == maxCalls {
			item("and", fmt.Sprintf("%d more, see results.json", len(s.Calls)-i))
			break
		}
		item("exchange", mdCode(c.line()))
	}
	if s.Signature != nil && s.Repro != "" {
		for _, row := range s.Signature.Near.rows() {
			item(row[0], mdCode(row[1]))
		}
	}
	if len(s.Smallest) > 0 {
		m.printf("  - smallest request:\n\n%s\n", mdBlock(s.Smallest, "    "))
	}
	item("reproduce", mdCode(s.Repro))
}

func (m *markdown) reasons(r Results) {
	for _, group := range []struct {
		title string
		rows  []reasonRow
	}{{"Not tested", byReason(r.Rules, NotTested)}, {"Observed, not judged", observed(r.Rules)}} {
		if len(group.rows) == 0 {
			continue
		}
		m.printf("\n## %s\n\n| why | rules |\n|---|---|\n", group.title)
		for _, row := range group.rows {
			m.printf("| %s | %s |\n", mdText(row.reason), mdText(strings.Join(row.ids, ", ")))
		}
	}
}

func (m *markdown) readings(r Results) {
	if len(r.Readings) == 0 {
		return
	}
	m.printf("\n## How this target reads what the documents leave open\n\n| | reading | question |\n|---|---|---|\n")
	for _, rd := range r.Readings {
		m.printf("| %s | %s | %s |\n", mdText(rd.ID), mdCell(rd.Observed), mdText(rd.Question))
	}
}

func (m *markdown) table(r Results) {
	m.printf("\n<details>\n<summary>All %s</summary>\n\n| rule | verdict | scenarios | sentence |\n|---|---|---|---|\n", plural(len(r.Rules), "rule"))
	for _, rule := range r.Rules {
		m.printf("| %s | %s | %d | %s |\n", mdText(rule.ID), mdText(words(rule.Verdict)), len(rule.Scenarios), mdText(rule.Says))
	}
	m.printf("\n</details>\n")
}

// mdText makes a text safe as running text and in a table cell: nothing in it
// is taken for Markdown or HTML, mentions nobody and links nowhere.
func mdText(s string) string {
	s = Escape(s)
	// A comment between the characters keeps GitHub from making a mention, an
	// issue reference or a link of them.
	broken := strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;",
		`\`, `\\`, "|", `\|`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "~", `\~`, "!", `\!`,
		"@", "@<!-- -->", "#", "#<!-- -->", "://", ":<!-- -->//", "www.", "www<!-- -->.",
	)
	return broken.Replace(s)
}

// mdCode makes a code span of a text that a target may have sent: inside of
// one nothing is interpreted. Its fence is longer than any run of backticks in
// the text.
func mdCode(s string) string {
	if s == "" {
		return ""
	}
	s = Escape(s)
	fence, pad := fenceFor(s, 1), ""
	if strings.Contains(s, "`") || strings.TrimSpace(s) != s {
		pad = " "
	}
	return fence + pad + s + pad + fence
}

// mdBlock makes a block of code of several lines, each after an indent.
func mdBlock(lines []string, indent string) string {
	var b strings.Builder
	fence := fenceFor(strings.Join(lines, "\n"), 3)
	for _, line := range append(append([]string{fence}, lines...), fence) {
		b.WriteString(strings.TrimRight(indent+Escape(line), " ") + "\n")
	}
	return b.String()
}

// fenceFor is a run of at least so many backticks, longer than any in the text.
func fenceFor(s string, least int) string {
	longest, run := 0, 0
	for _, c := range s {
		if c == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return strings.Repeat("`", max(longest+1, least))
}

// mdCell is mdCode for a table cell, where a pipe ends the cell even inside of
// a code span unless it is escaped.
func mdCell(s string) string { return strings.ReplaceAll(mdCode(s), "|", `\|`) }
