package mock

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/rules"
)

var update = flag.Bool("update", false, "write the table of mutants into the README")

// Every mutant has a name that can be typed, says what is wrong, and breaks rules that
// a server is judged by; together they break them all.
func TestMutantsBreakEveryJudgedRule(t *testing.T) {
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	broken, names := map[string]bool{}, map[string]bool{}
	for _, m := range Mutants() {
		assert.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)*$`, m.Name)
		assert.False(t, names[m.Name], "%s is there twice", m.Name)
		names[m.Name] = true
		assert.Regexp(t, `^[a-z].*[^.]$`, m.Says, m.Name)
		assert.Len(t, slices.Compact(slices.Sorted(slices.Values(m.Breaks))), len(m.Breaks), "%s breaks a rule twice", m.Name)
		for _, id := range m.Breaks {
			rule, ok := ledger.Rule(id)
			require.True(t, ok, "%s breaks %s, which is no rule", m.Name, id)
			assert.Equal(t, rules.Judged, rule.Judgement(rules.RoleServer), "%s breaks %s", m.Name, id)
			broken[id] = true
		}
	}
	for _, rule := range ledger.For(rules.RoleServer, rules.Products()) {
		if rule.Judgement(rules.RoleServer) == rules.Judged {
			assert.True(t, broken[rule.ID], "no mutant breaks %s: %s", rule.ID, rule.Says)
		}
	}
}

// One that changed nothing would be a defect that nobody could notice.
func TestEveryMutantChangesTheRulebook(t *testing.T) {
	for _, m := range Mutants() {
		require.NoError(t, applyMutant(newRulebook(), m.Name))
	}
	assert.True(t, sameRules(newRulebook(), newRulebook()))
	assert.EqualError(t, applyMutant(newRulebook(), "no-such"), `there is no mutant "no-such"`)
}

func TestAnUnknownMutantDoesNotStart(t *testing.T) {
	_, err := Start(Options{Mutant: "no-such"})
	assert.EqualError(t, err, `start mock: there is no mutant "no-such"`)
}

func TestTheREADMEListsTheMutants(t *testing.T) {
	const file = "README.md"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var table strings.Builder
	table.WriteString("\n| mutant | a server that … | breaks |\n|---|---|---|\n")
	for _, m := range Mutants() {
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", m.Name, m.Says, cmp.Or(strings.Join(m.Breaks, " "), "–"))
	}
	between := regexp.MustCompile(`(?s)(<!-- mutants:[^\n]*-->).*(<!-- /mutants -->)`)
	require.True(t, between.Match(text))
	want := between.ReplaceAll(text, []byte("${1}"+table.String()+"${2}"))
	if *update {
		require.NoError(t, os.WriteFile(file, want, 0o600))
		return
	}
	assert.Equal(t, string(want), string(text), "run go test ./internal/mock -run TestTheREADMEListsTheMutants -update")
}
