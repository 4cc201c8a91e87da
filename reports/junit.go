package reports

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/d24conform/d24conform/internal/rules"
)

// WriteJUnit writes the results for CI dashboards. A test suite is a family of
// rules, a test case is one scenario of one rule, and its class name is the
// rule id: dashboards group by class, so each rule has a line of its own with
// a history. A case fails only where the rule is violated; an inconclusive one
// is an error; everything that was not judged (not tested, observed) and every
// warning and waiver is skipped with its reason, never green.
func WriteJUnit(w io.Writer, r Results) error {
	r = r.Map(Escape)
	doc := junitDoc{
		Name: fmt.Sprintf("d24conform %s %s", r.Role, r.Target.Name),
		Time: seconds(float64(r.DurationMS)),
	}
	var suite *junitSuite
	var total float64
	for _, rule := range r.Rules {
		if family := rules.Family(rule.ID); suite == nil || suite.Name != family {
			doc.Suites = append(doc.Suites, &junitSuite{Name: family, Timestamp: r.Started.Format("2006-01-02T15:04:05")})
			suite, total = doc.Suites[len(doc.Suites)-1], 0
		}
		for _, c := range junitCases(rule) {
			suite.Cases = append(suite.Cases, c)
			suite.count(c)
			total += c.ms
		}
		suite.Time = seconds(total)
	}
	for _, s := range doc.Suites {
		doc.Tests += s.Tests
		doc.Failures += s.Failures
		doc.Errors += s.Errors
		doc.Skipped += s.Skipped
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write results as JUnit: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("write results as JUnit: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write results as JUnit: %w", err)
	}
	return nil
}

type junitDoc struct {
	XMLName  xml.Name      `xml:"testsuites"`
	Name     string        `xml:"name,attr"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Errors   int           `xml:"errors,attr"`
	Skipped  int           `xml:"skipped,attr"`
	Time     string        `xml:"time,attr"`
	Suites   []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	File    string       `xml:"file,attr,omitempty"`
	Line    int          `xml:"line,attr,omitempty"`
	Time    string       `xml:"time,attr"`
	Failure *junitDetail `xml:"failure"`
	Error   *junitDetail `xml:"error"`
	Skipped *junitDetail `xml:"skipped"`

	ms float64
}

type junitDetail struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Body    string `xml:",cdata"`
}

func (s *junitSuite) count(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

// junitCases returns the cases of a rule: one for each scenario, or one for
// the rule itself when it has none, so that it does not vanish from the list.
func junitCases(rule RuleResult) []junitCase {
	if len(rule.Scenarios) == 0 {
		c := junitCase{Class: rule.ID, Name: rule.Says, Time: seconds(0)}
		if c.Name == "" {
			c.Name = rule.ID
		}
		c.settle(rule.Verdict, rule, rule.Reason, "")
		return []junitCase{c}
	}
	names := make(map[string]int)
	for _, s := range rule.Scenarios {
		names[s.Name]++
	}
	out := make([]junitCase, 0, len(rule.Scenarios))
	for _, s := range rule.Scenarios {
		c := junitCase{Class: rule.ID, Name: s.Name, File: s.Feature, Line: s.Line, Time: seconds(s.DurationMS), ms: s.DurationMS}
		if names[s.Name] > 1 {
			// Rows of an outline; a dashboard would merge cases of one name.
			c.Name = fmt.Sprintf("%s (line %d)", s.Name, s.Line)
		}
		c.settle(s.Verdict, rule, s.Reason, junitBody(rule, s))
		out = append(out, c)
	}
	return out
}

// settle puts a verdict into the words that JUnit has.
func (c *junitCase) settle(v Verdict, rule RuleResult, reason, body string) {
	says := rule.ID + ": " + rule.Says
	switch v {
	case Pass:
	case Fail:
		c.Failure = &junitDetail{Type: rule.ID, Message: says, Body: cmp.Or(body, reason)}
	case Inconclusive:
		c.Error = &junitDetail{Type: "inconclusive", Message: join("inconclusive", reason), Body: body}
	case NotTested:
		c.Skipped = &junitDetail{Message: join("not tested", strings.TrimPrefix(reason, "not tested: "))}
	case Warn:
		c.Skipped = &junitDetail{Message: join("warning, "+string(rule.Obligation)+" not kept", reason), Body: body}
	case Waived:
		c.Skipped = &junitDetail{Message: join("waived", reason), Body: body}
	case Observed:
		c.Skipped = &junitDetail{Message: join("observed, not judged", reason), Body: body}
	default:
		// A verdict that this version does not know must not look green.
		c.Error = &junitDetail{Type: "unknown", Message: "unknown verdict " + string(v), Body: body}
	}
}

func join(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

// junitBody is the text that a dashboard shows when a case is opened.
func junitBody(rule RuleResult, s ScenarioResult) string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-10s %s\n", label, text)
		}
	}
	line("page", strings.Join(rule.Pages, "; "))
	line("step", s.Step)
	line("expected", s.Expected)
	line("seen", s.Seen)
	line("reason", s.Reason)
	line("exchanges", inFile(s.Exchanges))
	for _, c := range s.Calls {
		line("", c.line())
	}
	if s.Signature != nil {
		for _, row := range s.Signature.Near.rows() {
			line(row[0], row[1])
		}
	}
	for i, text := range s.Smallest {
		line([]string{"smallest", ""}[min(i, 1)], text)
	}
	line("fix", rule.Fix)
	line("reproduce", s.Repro)
	return b.String()
}

// inFile says where exchanges stand: exchanges.jsonl, lines 17, 18, 19. Their numbers are
// those of its lines.
func inFile(ns []int) string {
	list := strings.Trim(strings.ReplaceAll(fmt.Sprint(ns), " ", ", "), "[]")
	switch len(ns) {
	case 0:
		return ""
	case 1:
		return "exchanges.jsonl, line " + list
	}
	return "exchanges.jsonl, lines " + list
}

// seconds is the time format of JUnit.
func seconds(ms float64) string { return fmt.Sprintf("%.3f", ms/1000) }
