package reports

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"testing"
	"unicode"
	"unicode/utf8"

	junit "github.com/joshdk/go-junit"

	"github.com/d24conform/d24conform/internal/rules"
)

func TestEscape(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"plain text stays", `HTTP 201 {"a":"b\n"}`, `HTTP 201 {"a":"b\n"}`},
		{"letters of all scripts stay", "José Ñuñez 李 ✓ 👍", "José Ñuñez 李 ✓ 👍"},
		{"a terminal escape", "\x1b[31m", `\u{1b}[31m`},
		{"an 8-bit terminal escape", "\u009b31m", `\u{9b}31m`},
		{"line breaks and tabs", "a\r\n\tb", `a\u{d}\u{a}\u{9}b`},
		{"delete", "\x7f", `\u{7f}`},
		{"a direction override", "\u202etxt.exe\u2066", `\u{202e}txt.exe\u{2066}`},
		{"zero width", "a\u200bb\u200dc\ufeffd\u2060", `a\u{200b}b\u{200d}c\u{feff}d\u{2060}`},
		{"line separators", "\u2028\u2029", `\u{2028}\u{2029}`},
		{"blanks that are no space", "a\u00a0b\u3000", `a\u{a0}b\u{3000}`},
		{"letters that show nothing", "\u3164\u115f\u034f\u2800\ufe0f", `\u{3164}\u{115f}\u{34f}\u{2800}\u{fe0f}`},
		{"tags outside of the first plane", "\U000e0041\U000e0100", `\u{e0041}\u{e0100}`},
		{"no characters", "\ufffe\uffff", `\u{fffe}\u{ffff}`},
		{"bytes that are not UTF-8", "a\xff\xc3(", `a\x{ff}\x{c3}(`},
		{"half of a surrogate pair", "\xed\xa0\x80", `\x{ed}\x{a0}\x{80}`},
		{"the replacement sign itself", "\ufffd", "\ufffd"},
		{"NUL", "\x00", `\u{0}`},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Escape(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzEscape checks the promises of Escape, and that every writer keeps its
// format whatever a target sent.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "plain", hostile, "]]>", "<!--", "`` ` ```", "| a |\n| b |", "\u202e\U000e0100", "\xed\xa0\x80\xf4\x90\x80\x80", `\u{1b}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := Escape(s)
		if !utf8.ValidString(e) || Escape(e) != e {
			t.Fatalf("%q is invalid or changes when escaped again", e)
		}
		for _, r := range e {
			if !unicode.IsPrint(r) || unicode.Is(unicode.Cf, r) {
				t.Fatalf("%q has %U", e, r)
			}
		}
		r := everywhere(s)

		var doc bytes.Buffer
		if err := WriteJUnit(&doc, r); err != nil {
			t.Fatal(err)
		}
		dec := xml.NewDecoder(bytes.NewReader(doc.Bytes()))
		for {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in\n%s", err, doc.Bytes())
			}
		}
		suites, err := junit.Ingest(doc.Bytes())
		if err != nil || len(suites) != 1 || suites[0].Totals.Tests != 7 {
			t.Fatalf("%v, suites %+v", err, suites)
		}

		doc.Reset()
		if err := WriteJSON(&doc, r); err != nil {
			t.Fatal(err)
		}
		var back Results
		if err := json.Unmarshal(doc.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		if got := back.Rules[0].Scenarios[0].Seen; utf8.ValidString(s) && got != s {
			t.Fatalf("results.json gives %q back for %q", got, s)
		}
		harmless(t, doc.String())

		for _, opt := range []Terminal{{}, {Width: 60}} {
			doc.Reset()
			if err := WriteTerminal(&doc, r, opt); err != nil {
				t.Fatal(err)
			}
			harmless(t, doc.String())
		}
		doc.Reset()
		if err := WriteMarkdown(&doc, r); err != nil {
			t.Fatal(err)
		}
		harmless(t, doc.String())
	})
}

// everywhere is a result with one text in each place where a target has a say.
func everywhere(s string) Results {
	var scenarios []ScenarioResult
	for i, v := range Verdicts() {
		scenarios = append(scenarios, ScenarioResult{Name: "n" + s, Line: i, Feature: s, Verdict: v, Step: s, Reason: s, Expected: s, Seen: s, Repro: s, Exchanges: []int{1}})
	}
	return Results{
		Verdict: RunFail, Role: rules.RoleServer,
		Target:   Target{Name: s, BaseURL: s},
		Rules:    []RuleResult{{ID: "X-01", Verdict: Fail, Says: s, Reason: s, Pages: []string{s}, Fix: s, Scenarios: scenarios}},
		Readings: []ReadingResult{{ID: "AMB-01", Observed: s, Question: s}},
	}
}

// harmless fails when a text for people has anything in it that cannot be seen
// but line breaks.
func harmless(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("not UTF-8: %q", s)
	}
	for _, r := range s {
		if r != '\n' && !visible(r) {
			t.Fatalf("%U in\n%s", r, s)
		}
	}
}
