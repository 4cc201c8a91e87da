package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	junit "github.com/joshdk/go-junit"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func render(t *testing.T, write func(io.Writer, Results) error, r Results) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := write(&buf, r); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestGoldenReports(t *testing.T) {
	t.Parallel()
	term := func(opt Terminal) func(io.Writer, Results) error {
		return func(w io.Writer, r Results) error { return WriteTerminal(w, r, opt) }
	}
	for _, tt := range []struct {
		file    string
		write   func(io.Writer, Results) error
		results Results
	}{
		{"failing.json", WriteJSON, failing(t)},
		{"failing.xml", WriteJUnit, failing(t)},
		{"failing.md", WriteMarkdown, failing(t)},
		{"failing.txt", term(Terminal{Path: "reports/out/20261121T235959Z-server-k3x9"}), failing(t)},
		{"failing-narrow-color.txt", term(Terminal{Color: true, Width: 60}), failing(t)},
		{"passing.json", WriteJSON, passing(t)},
		{"passing.txt", term(Terminal{Path: "reports/out/20261121T235959Z-server-k3x9"}), passing(t)},
		{"passing.md", WriteMarkdown, passing(t)},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			golden(t, tt.file, render(t, tt.write, tt.results))
		})
	}
}

// compiled returns the schema; closed makes it refuse keys that it does not
// name, which the published one allows to later versions.
func compiled(t *testing.T, closed bool) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	if closed {
		closeObjects(doc)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("results.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("results.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		if v["type"] == "object" {
			v["additionalProperties"] = false
		}
		for _, child := range v {
			closeObjects(child)
		}
	case []any:
		for _, child := range v {
			closeObjects(child)
		}
	}
}

func TestResultsKeepTheirSchema(t *testing.T) {
	t.Parallel()
	closed := compiled(t, true)
	for name, r := range map[string]Results{"failing": failing(t), "passing": passing(t), "hostile": hostileResults(t)} {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(render(t, WriteJSON, r)))
		if err != nil {
			t.Fatal(err)
		}
		if err := closed.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// hostileResults is failing with a scenario whose every text is hostile.
func hostileResults(t *testing.T) Results {
	t.Helper()
	r := failing(t)
	bad := everywhere(hostile)
	bad.Rules[0].Obligation = "must"
	bad.Rules[0].Scenarios[0].Exchanges = nil // written as [], never as null
	r.Rules = append(r.Rules, bad.Rules...)
	r.Readings = append(r.Readings, bad.Readings...)
	r.Interrupted = true
	return r
}

func TestSchemaRefusesWhatIsNoResult(t *testing.T) {
	t.Parallel()
	open := compiled(t, false)
	whole := string(render(t, WriteJSON, failing(t)))
	for _, tt := range []struct {
		name, from, to string
		valid          bool
	}{
		{"as it is", `"FAIL"`, `"FAIL"`, true},
		{"a key of a later version", `"started":`, `"later": 1, "started":`, true},
		{"an unknown run verdict", `"FAIL"`, `"GREEN"`, false},
		{"an unknown rule verdict", `"verdict": "not_tested"`, `"verdict": "skipped"`, false},
		{"not tested without a reason", `"reason": "no scenario ran for this rule"`, `"reason": ""`, false},
		{"a rule id in lower case", `"DEP-DATE-03"`, `"dep-date-03"`, false},
		{"a missing key", `"counts":`, `"count":`, false},
		{"another schema", `results/v1`, `results/v2`, false},
		{"a date that is none", `2026-11-21T23:59:59Z`, `yesterday`, false},
		{"null for no exchanges", `"exchanges": []`, `"exchanges": null`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(whole, tt.from, tt.to, 1)
			if tt.from != tt.to && changed == whole {
				t.Fatalf("%s is not in the document", tt.from)
			}
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(changed))
			if err != nil {
				t.Fatal(err)
			}
			if err := open.Validate(v); (err == nil) != tt.valid {
				t.Errorf("valid is %v, want %v: %v", err == nil, tt.valid, err)
			}
		})
	}
}

func TestJSONGivesTheExactTextBack(t *testing.T) {
	t.Parallel()
	r := failing(t)
	doc := render(t, WriteJSON, r)
	var back Results
	if err := json.Unmarshal(doc, &back); err != nil {
		t.Fatal(err)
	}
	// Bytes that are not UTF-8 cannot stand in JSON: they are shown instead.
	want := r.Map(showInvalid)
	if diff := cmp.Diff(want, back); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	if !strings.HasSuffix(back.Readings[1].Observed, "\u202egnp\u200b]]>"+`\x{ff}`+"\x00") {
		t.Errorf("hostile text came back as %q", back.Readings[1].Observed)
	}
	harmless(t, string(doc))
}

func TestJUnitAsADashboardReadsIt(t *testing.T) {
	t.Parallel()
	r := failing(t)
	suites, err := junit.Ingest(render(t, WriteJUnit, r))
	if err != nil {
		t.Fatal(err)
	}
	total := make(map[junit.Status]int)
	cases := make(map[string]junit.Test)
	for _, s := range suites {
		for _, c := range s.Tests {
			total[c.Status]++
			if !strings.HasPrefix(c.Classname, s.Name+"-") {
				t.Errorf("case %s is in suite %s", c.Classname, s.Name)
			}
			key := c.Classname + " / " + c.Name
			if _, dup := cases[key]; dup {
				t.Errorf("two cases %s", key)
			}
			cases[key] = c
		}
	}
	want := make(map[junit.Status]int)
	for _, rule := range r.Rules {
		verdicts := []Verdict{rule.Verdict}
		if len(rule.Scenarios) > 0 {
			verdicts = nil
			for _, s := range rule.Scenarios {
				verdicts = append(verdicts, s.Verdict)
			}
		}
		for _, v := range verdicts {
			switch v {
			case Pass:
				want[junit.StatusPassed]++
			case Fail:
				want[junit.StatusFailed]++
			case Inconclusive:
				want[junit.StatusError]++
			case NotTested, Warn, Waived, Observed:
				want[junit.StatusSkipped]++
			}
		}
	}
	if diff := cmp.Diff(want, total); diff != "" {
		t.Errorf("cases by status (-want +read):\n%s", diff)
	}
	failed := cases["DEP-DATE-03 / 6 seconds into the past"]
	for _, s := range []string{"more than 5 seconds", "code 103", "HTTP 201", "17, 18, 19", "date.feature", "Deposits, technical"} {
		if !strings.Contains(failed.Message+failed.Error.Error()+fmt.Sprint(failed.Properties), s) {
			t.Errorf("the failure lacks %q: %v %v", s, failed.Error, failed.Properties)
		}
	}
	if _, ok := cases["DEP-IDEM-07 / a row of an outline (line 62)"]; !ok {
		t.Error("rows of one outline cannot be told apart")
	}
	if c := cases["DEP-IDEM-05 / a stored 500 is replayed"]; c.Status != junit.StatusSkipped || !strings.Contains(c.Message, "respond_500_once") {
		t.Errorf("not tested: %s %q", c.Status, c.Message)
	}
}

func TestUnknownVerdictIsNeverGreen(t *testing.T) {
	t.Parallel()
	r := Results{Rules: []RuleResult{{ID: "X-01", Verdict: "later"}}}
	suites, err := junit.Ingest(render(t, WriteJUnit, r))
	if err != nil || suites[0].Totals.Error != 1 {
		t.Errorf("%v, %+v", err, suites)
	}
}

func TestMarkdownCannotBeBrokenOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, text, cell string }{
		{"a pipe", "a|b", `a\|b`, "`a\\|b`"},
		{"HTML", "<img src=x>", "&lt;img src=x&gt;", "`<img src=x>`"},
		{"backticks", "a`b``c", "a\\`b\\`\\`c", "``` a`b``c ```"},
		{"a mention and an issue", "@anna #12", "@<!-- -->anna #<!-- -->12", "`@anna #12`"},
		{"a link", "[x](https://e)", `\[x\](https:<!-- -->//e)`, "`[x](https://e)`"},
		{"an entity", "&lt;", "&amp;lt;", "`&lt;`"},
		{"a new line", "a\n# b", `a\\u{a}#<!-- --> b`, "`a\\u{a}# b`"},
		{"only blanks", " ", " ", "`   `"},
		{"nothing", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := mdText(tt.in); got != tt.text {
				t.Errorf("text %q, want %q", got, tt.text)
			}
			if got := mdCell(tt.in); got != tt.cell {
				t.Errorf("cell %q, want %q", got, tt.cell)
			}
		})
	}
}

func TestLongReportsAreCut(t *testing.T) {
	t.Parallel()
	r := failing(t)
	rule := RuleResult{ID: "X-01", Verdict: Fail, Says: "it holds"}
	for i := range 20 {
		rule.Scenarios = append(rule.Scenarios, ScenarioResult{Name: fmt.Sprintf("row %d.", i), Verdict: Fail, Seen: strings.Repeat("é", 1000)})
	}
	r.Rules = []RuleResult{rule}
	for name, write := range map[string]func(io.Writer, Results) error{
		"terminal": func(w io.Writer, r Results) error { return WriteTerminal(w, r, Terminal{}) },
		"Markdown": WriteMarkdown,
	} {
		// Blanks do not matter: a terminal report is wrapped.
		doc := strings.Join(strings.Fields(string(render(t, write, r))), " ")
		for _, want := range []string{"row 2.", "17 more scenarios, see results.json", "… (800 bytes more"} {
			if !strings.Contains(doc, want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
		if strings.Contains(doc, "row 3.") || strings.Contains(doc, strings.Repeat("é", 601)) {
			t.Errorf("%s is not cut", name)
		}
	}
	if doc := string(render(t, WriteJSON, r)); !strings.Contains(doc, "row 19.") || !strings.Contains(doc, strings.Repeat("é", 1000)) {
		t.Error("results.json is cut")
	}
}

func TestTerminalReport(t *testing.T) {
	t.Parallel()
	r := failing(t)
	plain := string(render(t, func(w io.Writer, r Results) error { return WriteTerminal(w, r, Terminal{}) }, r))
	if strings.Contains(plain, "\x1b") {
		t.Error("an escape without colour")
	}
	for _, rule := range r.Rules {
		if !strings.Contains(plain, rule.ID) {
			t.Errorf("%s is not listed", rule.ID)
		}
	}
	for line := range strings.SplitSeq(plain, "\n") {
		if n := utf8.RuneCountInString(line); n > defaultWidth && strings.Contains(strings.TrimSpace(line[min(len(line), labelIndent+labelWidth):]), " ") && !strings.Contains(line, "scenarios in") {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	// A coloured report says the same, in colour.
	colored := string(render(t, func(w io.Writer, r Results) error { return WriteTerminal(w, r, Terminal{Color: true}) }, r))
	for code := range strings.SplitSeq(colored, "\x1b[") {
		if end := strings.IndexByte(code, 'm'); end > 0 && end < 6 && strings.Trim(code[:end], "0123456789;") == "" {
			colored = strings.ReplaceAll(colored, "\x1b["+code[:end+1], "")
		}
	}
	if diff := cmp.Diff(plain, colored); diff != "" {
		t.Errorf("(-plain +colour removed):\n%s", diff)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWritersReportWhereTheyFail(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(io.Writer, Results) error{
		"JSON": WriteJSON, "JUnit": WriteJUnit, "Markdown": WriteMarkdown,
		"report": func(w io.Writer, r Results) error { return WriteTerminal(w, r, Terminal{}) },
	} {
		err := write(full{}, passing(t))
		if err == nil || !strings.Contains(err.Error(), "disk full") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
