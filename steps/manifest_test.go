package steps_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/steps"
)

// TestEveryJudgedRuleHasAScenario keeps ledger and features together: no rule without a
// scenario, no scenario without a rule, and no tag that names nothing.
func TestEveryJudgedRuleHasAScenario(t *testing.T) {
	t.Parallel()
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	manifest, err := steps.ReadManifest(features.Files)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(manifest.Scenarios), 150)

	judgedBy := map[string]int{}
	for _, s := range manifest.Scenarios {
		require.NotEmpty(t, s.Rules(), "%s:%d judges no rule", s.Feature, s.Line)
		assert.True(t, s.Has("@server"), "%s:%d has no role", s.Feature, s.Line)
		assert.True(t, s.Has("@deposits") || s.Has("@cashouts"), "%s:%d has no product", s.Feature, s.Line)
		for _, id := range s.Rules() {
			rule, ok := ledger.Rule(id)
			require.True(t, ok, "%s:%d judges %s, which is no rule", s.Feature, s.Line, id)
			assert.True(t, s.Has("@"+string(rule.ObligationFor(rules.RoleServer))), "%s:%d says another obligation than %s", s.Feature, s.Line, id)
			if !s.Has("@observed") || rule.Judgement(rules.RoleServer) == rules.Observed {
				judgedBy[id]++
			}
		}
	}
	for _, rule := range ledger.For(rules.RoleServer, rules.Products()) {
		assert.Positive(t, judgedBy[rule.ID], "no scenario judges %s: %s", rule.ID, rule.Says)
	}
}

func TestTwoScenariosOfAFileMayNotHaveOneName(t *testing.T) {
	t.Parallel()
	_, err := steps.ReadManifest(fstest.MapFS{"a.feature": {Data: []byte(`Feature: a
  Scenario: one
    Given nothing
  Scenario: one
    Given nothing
`)}})
	assert.EqualError(t, err, `read features: a.feature:4: another scenario is called "one", in line 2`)
}

func TestAFeatureThatIsNotGherkinIsNamed(t *testing.T) {
	t.Parallel()
	_, err := steps.ReadManifest(fstest.MapFS{"a.feature": {Data: []byte("not Gherkin\n")}})
	assert.ErrorContains(t, err, "read features: a.feature: ")
}

func TestTagExpressionsAreCucumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want string // part of the error; empty: none
	}{
		{"", ""},
		{"@deposits", ""},
		{"@a and not (@b or @c)", ""},
		{"not @alone", ""},
		{"((@a))", ""},
		{"~@a", `"~@a" is neither a tag`},
		{"@a && @b", `"&&" is neither a tag`},
		{"@a,@b", `"@a,@b" is neither a tag`},
		{"deposits", `"deposits" is neither a tag`},
		{"@a @b", `tag expression "@a @b": `},
		{"@a and", "something is missing at its end"},
		{"and", "tag expression"},
		{"(@a", "tag expression"},
		{"@a)", "tag expression"},
		{"not", "tag expression"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			_, err := steps.ParseTags(tt.text)
			if tt.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "\n", "one sentence")
		})
	}
}
