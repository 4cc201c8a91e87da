package reports

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/d24conform/d24conform/internal/rules"
)

// Terminal says how to write for a terminal. The zero value is fit for a file.
type Terminal struct {
	Color bool   // the caller knows whether it is wanted
	Width int    // columns; 0 is 100
	Path  string // directory of the report, named in the last line; may be empty
}

// minWidth keeps the layout from falling apart in a very narrow window; such
// a window wraps lines by itself.
const (
	defaultWidth = 100
	minWidth     = 40
)

// WriteTerminal writes the report that a person reads: what is violated and
// how to mend it first, then every rule, what was not tested and why, how the
// target reads what the documents leave open, and the verdict last, where the
// eye is when a command ends.
func WriteTerminal(w io.Writer, r Results, opt Terminal) error {
	t := terminal{color: opt.Color, width: max(cmp.Or(opt.Width, defaultWidth), minWidth)}
	r = r.Map(Escape)
	t.head(r)
	t.details(r)
	t.rules(r)
	t.reasons(r)
	t.readings(r)
	t.verdict(r, Escape(opt.Path))
	if _, err := io.WriteString(w, t.buf.String()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

type terminal struct {
	buf   strings.Builder
	color bool
	width int
}

// The few ANSI styles in use.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (t *terminal) style(s string, codes ...string) string {
	if !t.color || s == "" || len(codes) == 0 {
		return s
	}
	return "\x1b[" + strings.Join(codes, ";") + "m" + s + "\x1b[0m"
}

func (t *terminal) printf(format string, args ...any) { fmt.Fprintf(&t.buf, format, args...) }

func (t *terminal) head(r Results) {
	where := r.Target.BaseURL
	if r.Target.Name != "" && r.Target.Name != where {
		where = strings.TrimSpace(r.Target.Name + "  " + where)
	}
	t.printf("%s  %s\n", t.style(string(r.Role), bold), where)
	if r.Target.ClockOffsetMS != nil {
		t.printf("%s\n", t.style(clock(r.Target), dim))
	}
	if r.Target.WindowPast != nil && r.Target.WindowFuture != nil {
		t.printf("%s\n", t.style(window(r.Target), dim))
	}
	if scope := scope(r); scope != "" {
		t.printf("%s\n", t.style(scope, dim))
	}
	if r.Interrupted {
		t.printf("%s\n", t.style("interrupted: what follows is a part of the run", yellow))
	}
}

// details shows every rule that a person has to do something about.
func (t *terminal) details(r Results) {
	for _, g := range []struct {
		verdict Verdict
		title   string
		color   string
	}{
		{Fail, "VIOLATED", red},
		{Inconclusive, "INCONCLUSIVE", yellow},
		{Warn, "NOT KEPT, BUT NO MUST", yellow},
		{Waived, "WAIVED", cyan},
	} {
		title := g.title
		for _, rule := range r.Rules {
			if rule.Verdict != g.verdict {
				continue
			}
			if title != "" {
				t.printf("\n%s\n", t.style(title, bold, g.color))
				title = ""
			}
			t.rule(rule, g.color)
		}
	}
}

// maxShown is how many scenarios of one rule are shown in full. A target that
// accepts everything violates some rules in twenty scenarios, and the first
// few of them say it all.
const maxShown = 3

// rule shows one rule with those of its scenarios that made its verdict.
func (t *terminal) rule(rule RuleResult, color string) {
	t.printf("\n  %s  ", t.style(rule.ID, bold, color))
	t.wrapped(rule.Says, 2, utf8.RuneCountInString(rule.ID)+4)
	t.field("page", strings.Join(rule.Pages, "; "))
	var rest []string
	shown, more := 0, 0
	for _, s := range rule.Scenarios {
		if s.Verdict != rule.Verdict {
			if s.Verdict != Pass && s.Verdict != Observed {
				rest = append(rest, words(s.Verdict)+": "+s.Name)
			}
			continue
		}
		if shown == maxShown {
			more++
			continue
		}
		shown++
		t.printf("\n")
		t.field("scenario", s.Name)
		t.field("at", place(s))
		t.field("step", s.Step)
		t.field("expected", s.Expected)
		t.field("seen", t.style(shorten(s.Seen), bold))
		t.field("reason", s.Reason)
		t.calls(s)
		if s.Signature != nil && s.Repro != "" {
			for _, row := range s.Signature.Near.rows() {
				t.field(row[0], row[1])
			}
		}
		t.lines("smallest", s.Smallest)
		t.field("reproduce", s.Repro)
	}
	if len(rule.Scenarios) == 0 {
		t.field("reason", rule.Reason)
	}
	if more > 0 {
		t.printf("\n")
		t.field("and", plural(more, "more scenario")+", see results.json")
	}
	if shown > 0 && (len(rest) > 0 || rule.Fix != "") {
		t.printf("\n")
	}
	t.field("besides", strings.Join(rest, "; "))
	t.field("fix", rule.Fix)
}

// calls shows the answers that a verdict rests on, a line each; without them, their
// numbers.
func (t *terminal) calls(s ScenarioResult) {
	if len(s.Calls) == 0 {
		t.field("exchanges", inFile(s.Exchanges))
		return
	}
	lines := make([]string, 0, maxCalls+1)
	for i, c := range s.Calls {
		if i == maxCalls {
			lines = append(lines, fmt.Sprintf("and %d more, see results.json", len(s.Calls)-i))
			break
		}
		lines = append(lines, c.line())
	}
	t.lines("exchanges", lines)
}

// lines shows several lines under one label.
func (t *terminal) lines(label string, lines []string) {
	for _, line := range lines {
		t.field(label, shorten(line))
		label = " "
	}
}

const (
	labelIndent = 4
	labelWidth  = 11 // the longest label and two spaces
)

// field shows one labelled text, if there is one.
func (t *terminal) field(label, text string) {
	if text == "" {
		return
	}
	t.printf("%*s%s", labelIndent, "", t.style(fmt.Sprintf("%-*s", labelWidth, label), dim))
	t.wrapped(text, labelIndent+labelWidth, labelIndent+labelWidth)
}

// wrapped writes a text over as many lines as it needs. The first line starts
// at column start, the others are indented. A word that is longer than a line
// stays whole, so that it can be copied.
func (t *terminal) wrapped(text string, indent, start int) {
	column := start
	for i, word := range strings.Split(text, " ") {
		n := visibleWidth(word)
		switch {
		case i == 0:
		case column+1+n > t.width && column > indent:
			t.printf("\n%*s", indent, "")
			column = indent
		default:
			t.buf.WriteByte(' ')
			column++
		}
		t.buf.WriteString(word)
		column += n
	}
	t.buf.WriteByte('\n')
}

// visibleWidth counts characters without the styles of this file. Wide ones
// count as one: a line that is a little too long does no harm.
func visibleWidth(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if s[i] == '\x1b' {
			if end := strings.IndexByte(s[i:], 'm'); end >= 0 {
				i += end + 1
				continue
			}
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
		n++
	}
	return n
}

// mark is the sign of a verdict in the list of rules.
func (t *terminal) mark(v Verdict) string {
	switch v {
	case Pass:
		return t.style("✓", green)
	case Fail:
		return t.style("✗", red)
	case Warn:
		return t.style("!", yellow)
	case Inconclusive:
		return t.style("?", yellow)
	case NotTested:
		return t.style("-", yellow)
	case Waived:
		return t.style("w", cyan)
	case Observed:
		return t.style("o", dim)
	default:
		return "?"
	}
}

// rules lists every rule with its verdict: a family a line, in columns.
func (t *terminal) rules(r Results) {
	if len(r.Rules) == 0 {
		return
	}
	widest := 0
	used := make(map[Verdict]bool)
	for _, rule := range r.Rules {
		widest = max(widest, utf8.RuneCountInString(rule.ID))
		used[rule.Verdict] = true
	}
	cell := widest + 4              // a mark, a space, and two between columns
	columns := max(t.width/cell, 1) // the two blanks before the first are those after the last
	var legend []string
	for _, v := range []Verdict{Pass, Fail, Warn, Inconclusive, NotTested, Waived, Observed} {
		if used[v] {
			legend = append(legend, t.mark(v)+" "+words(v))
		}
	}
	t.printf("\n%s   %s\n", t.style("RULES", bold), strings.Join(legend, "  "))
	for rest := r.Rules; len(rest) > 0; {
		n := 1
		for n < len(rest) && rules.Family(rest[n].ID) == rules.Family(rest[0].ID) {
			n++
		}
		family := rest[:n]
		rest = rest[n:]
		for line := range slices.Chunk(family, columns) {
			t.buf.WriteByte(' ')
			for i, rule := range line {
				id := rule.ID
				if rule.Verdict == Fail {
					id = t.style(id, bold, red)
				}
				t.printf(" %s %s", t.mark(rule.Verdict), id)
				if i < len(line)-1 {
					t.printf("%*s", widest-utf8.RuneCountInString(rule.ID)+1, "")
				}
			}
			t.buf.WriteByte('\n')
		}
	}
}

// reasons says why rules were not tested, and what is only observed.
func (t *terminal) reasons(r Results) {
	for _, g := range []struct {
		title string
		rows  []reasonRow
	}{{"NOT TESTED", byReason(r.Rules, NotTested)}, {"OBSERVED, NOT JUDGED", observed(r.Rules)}} {
		if len(g.rows) == 0 {
			continue
		}
		t.printf("\n%s\n", t.style(g.title, bold))
		for _, row := range g.rows {
			t.printf("  ")
			t.wrapped(cmp.Or(row.reason, "no reason was given"), 2, 2)
			t.printf("    ")
			t.wrapped(t.style(strings.Join(row.ids, " "), dim), 4, 4)
		}
	}
}

func (t *terminal) readings(r Results) {
	if len(r.Readings) == 0 {
		return
	}
	t.printf("\n%s\n", t.style("READINGS", bold))
	for _, rd := range r.Readings {
		t.printf("  ")
		t.wrapped(fmt.Sprintf("this target reads %s as: %s", rd.ID, t.style(rd.Observed, bold)), 4, 2)
		if rd.Question != "" {
			t.printf("    ")
			t.wrapped(t.style(rd.Question, dim), 4, 4)
		}
	}
}

func (t *terminal) verdict(r Results, path string) {
	color := yellow
	switch r.Verdict {
	case RunPass:
		color = green
	case RunFail:
		color = red
	case RunPartial, RunInconclusive:
	}
	t.printf("\n%s  %s   %s in %.2fs\n", t.style(string(r.Verdict), bold, color), tally(r),
		plural(r.Scenarios(), "scenario"), float64(r.DurationMS)/1000)
	if path != "" {
		t.printf("report: %s\n", path)
	}
}
