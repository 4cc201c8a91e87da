package cli

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/rules"
)

func openLatest(t *testing.T) *ruleSet {
	t.Helper()
	s, err := openRules(rules.Latest)
	require.NoError(t, err)
	return s
}

// uncoveredCells is what is said of each cell that a rule ranges over when no scenario of the
// role covers it.
func uncoveredCells(t *testing.T, rule string, role rules.Role) []string {
	t.Helper()
	s := openLatest(t)
	var list []string
	for _, c := range s.Cells(s.evidence) {
		if c.Rule == rule && c.Role == role {
			over := regexp.QuoteMeta(c.Over)
			list = append(list, rule+": (.*"+over+".*"+string(role)+"|.*"+string(role)+".*"+over+")")
		}
	}
	require.NotEmpty(t, list)
	return list
}

// TestVerifyTurnsRed damages what this program really has, in one place each.
func TestVerifyTurnsRed(t *testing.T) {
	t.Parallel()
	only := func(e *rules.Evidence, id string) int {
		return slices.IndexFunc(e.Scenarios, func(s rules.Scenario) bool { return slices.Contains(s.Rules(), id) })
	}
	for _, tt := range []struct {
		name   string
		damage func(*ruleSet)
		want   []string // each line of it matches one problem
	}{
		{"one scenario of many is removed", func(s *ruleSet) {
			i := only(&s.evidence, "DEP-DATE-03")
			s.evidence.Scenarios = slices.Delete(s.evidence.Scenarios, i, i+1)
		}, []string{"rule set 2026-11: has "}},
		{"the only scenario of a rule is removed", func(s *ruleSet) {
			i := only(&s.evidence, "DEP-DATE-02")
			s.evidence.Scenarios = slices.Delete(s.evidence.Scenarios, i, i+1)
		}, []string{"rule set 2026-11: has ", "DEP-DATE-02: has no scenario for a client"}},
		{"a tag is removed", func(s *ruleSet) {
			i := only(&s.evidence, "DEP-DATE-03")
			s.evidence.Scenarios[i].Tags = slices.DeleteFunc(slices.Clone(s.evidence.Scenarios[i].Tags), func(tag string) bool { return tag == "@DEP-DATE-03" })
		}, []string{"has no rule's tag, so it judges nothing"}},
		{"a mutant is missing", func(s *ruleSet) {
			s.evidence.Mutants = slices.DeleteFunc(s.evidence.Mutants, func(m rules.Mutant) bool { return slices.Contains(m.Rules, "CASH-BAL-01") })
		}, []string{"CASH-BAL-01: has no mutant for a server", "CASH-STAT-01: has no mutant for a server"}},
		{"a client's mutant is missing", func(s *ruleSet) {
			s.evidence.Mutants = slices.DeleteFunc(s.evidence.Mutants, func(m rules.Mutant) bool {
				return m.Role == rules.RoleClient && slices.Contains(m.Rules, "DEP-DATE-02")
			})
		}, []string{"DEP-DATE-02: has no mutant for a client"}},
		{"the receiver's scenarios of a rule are missing", func(s *ruleSet) {
			s.evidence.Scenarios = slices.DeleteFunc(s.evidence.Scenarios, func(c rules.Scenario) bool { return slices.Contains(c.Rules(), "NOTIF-10") })
		}, append(
			[]string{`rule set 2026-11: has \d+ scenarios for a receiver, and there are \d+: `, "NOTIF-10: has no scenario for a receiver: "},
			uncoveredCells(t, "NOTIF-10", rules.RoleReceiver)...,
		)},
		{"a receiver's mutant is missing", func(s *ruleSet) {
			s.evidence.Mutants = slices.DeleteFunc(s.evidence.Mutants, func(m rules.Mutant) bool { return slices.Contains(m.Rules, "NOTIF-10") })
		}, []string{"NOTIF-10: has no mutant for a receiver"}},
		{"vectors are missing", func(s *ruleSet) {
			s.evidence.Vectors = slices.DeleteFunc(s.evidence.Vectors, func(v rules.Vector) bool { return v.Kind == "xdate/window" })
		}, []string{"DEP-DATE-03: names vectors of kind xdate/window"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := openLatest(t)
			tt.damage(s)
			a, stdout, _ := testApp(nil, nil)
			err := a.verifyRules(s, false)
			var f *failure
			require.ErrorAs(t, err, &f)
			assert.Equal(t, ExitViolation, f.code)
			assert.Equal(t, "rule set 2026-11 is not complete: "+plural(len(tt.want), "problem"), f.message)
			lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
			for _, want := range tt.want {
				matches := regexp.MustCompile(want).MatchString
				assert.True(t, slices.ContainsFunc(lines, matches), "%q is not in %q", want, lines)
			}
			assert.NotContains(t, stdout.String(), "is complete")

			a, stdout, _ = testApp(nil, nil)
			require.Error(t, a.verifyRules(s, true))
			var document verification
			require.NoError(t, json.Unmarshal(stdout.Bytes(), &document), "one document")
			assert.False(t, document.Complete)
			assert.Len(t, document.Problems, len(tt.want))
		})
	}
}

// someScenarios stands for the number of scenarios for a server, which grows.
const someScenarios = "some"

// uncounted are a rule's cells with someScenarios instead of the first, where that is a number
// of scenarios that are not only observed.
func uncounted(cells []string) []string {
	cells = slices.Clone(cells)
	if n, err := strconv.Atoi(cells[0]); err == nil && n > 0 {
		cells[0] = someScenarios
	}
	return cells
}

func TestMatrixWithMutants(t *testing.T) {
	t.Parallel()
	s := openLatest(t)
	s.evidence.Mutants = []rules.Mutant{{Name: "window-7s", Role: rules.RoleServer, Rules: []string{"DEP-DATE-03"}}}
	cells := make(map[string][]string)
	for _, row := range s.matrix() {
		cells[row.ID] = row.cells()
	}
	assert.Equal(t, []string{someScenarios, "2", signUnbound, "28", signHole}, uncounted(cells["DEP-DATE-03"]), "the client's mutant is a hole")
	assert.Equal(t, []string{someScenarios, signUnbound, signUnbound, signUnbound, signHole}, uncounted(cells["DEP-SEC-02"]))
	assert.Equal(t, []string{signNotJudged, signUnbound, signUnbound, signUnbound, signUnbound}, cells["ENV-07"])

	for _, format := range []matrixFormat{matrixTerminal, matrixMarkdown} {
		a, stdout, _ := testApp(nil, nil)
		require.NoError(t, a.printMatrix(s, format))
		assert.Contains(t, stdout.String(), "rules without a mutant for a server", format)
		assert.NotContains(t, stdout.String(), "this version lists none", format)
	}
	a, stdout, _ := testApp(nil, nil)
	require.NoError(t, a.printMatrix(s, matrixMarkdown))
	assert.Contains(t, stdout.String(), "| window-7s | deposits/date.feature, ")
	a, stdout, _ = testApp(nil, nil)
	require.NoError(t, a.showRules(s, []string{"DEP-DATE-03"}, false))
	assert.Contains(t, stdout.String(), "mutants       window-7s\n")
}

func TestScenarioText(t *testing.T) {
	t.Parallel()
	lines := strings.Split(`Feature: f
  Rule: r about AMB-01

    Scenario: a
      Then it is read as AMB-02

    @observed
    Scenario Outline: b of AMB-03
      Then it is read as <reading>

      Examples:
        | reading |
        | AMB-04  |
        | AMB-05  |

  Rule: another about AMB-06`, "\n")
	for _, tt := range []struct {
		line int
		want []string
	}{
		{4, []string{"AMB-02"}},
		{13, []string{"AMB-03", "AMB-04"}},
		{14, []string{"AMB-03", "AMB-05"}},
	} {
		assert.Equal(t, tt.want, namedIn(scenarioText(lines, tt.line)), "line %d", tt.line)
	}
}

func TestSheetWraps(t *testing.T) {
	t.Parallel()
	s := &sheet{width: 30, color: true}
	s.field("label", "some words that need more than one line", styleDim)
	s.field("none", "")
	s.label("copied")
	s.line(0, "https://example.com/a-word-that-is-longer-than-the-line")
	assert.Equal(t, "  \x1b[2mlabel         \x1b[0m\x1b[2msome words\x1b[0m\n"+
		"                \x1b[2mthat need more\x1b[0m\n"+
		"                \x1b[2mthan one line\x1b[0m\n"+
		"  \x1b[2mcopied        \x1b[0mhttps://example.com/a-word-that-is-longer-than-the-line\n", s.text.String())
}

// TestEveryRuleAndAmbiguityCanBeShown: no line of the terminal form is wider than it
// has to be, and none is empty where there is something to say.
func TestEveryRuleAndAmbiguityCanBeShown(t *testing.T) {
	t.Parallel()
	s := openLatest(t)
	a, stdout, _ := testApp(nil, nil)
	require.NoError(t, a.showRules(s, s.IDs(), false))
	text := stdout.String()
	for _, id := range s.IDs() {
		assert.Contains(t, "\n"+text, "\n"+id, id)
	}
	for line := range strings.Lines(text) {
		if len([]rune(line)) > plainWidth+1 {
			assert.Regexp(t, `https://|\.feature:\d+|mock --reading`, line)
		}
		assert.Equal(t, strings.TrimRight(line, " \n")+"\n", line, "blanks at the end")
	}
}
