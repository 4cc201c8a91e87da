package steps_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/steps"
)

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
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "\n", "one sentence")
		})
	}
}
