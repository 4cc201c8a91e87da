package steps

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/rules"
)

func TestExpandWritesOutNamedSets(t *testing.T) {
	sets := map[string][]string{"size": {"small", "large"}, "colour": {"red", "blue"}}
	text, origin, err := expand("Scenario Outline: x\n  Examples: every size\n    | size | colour | taste |\n    | every size | every colour | sweet |\n    | huge | green | sour |\n\n  Given a | every size |", sets)
	require.NoError(t, err)
	assert.Equal(t, "Scenario Outline: x\n  Examples: every size\n    | size | colour | taste |\n"+
		"| small | red | sweet |\n| small | blue | sweet |\n| large | red | sweet |\n| large | blue | sweet |\n"+
		"    | huge | green | sour |\n\n  Given a | every size |", text)
	assert.Equal(t, []written{{1, false}, {2, false}, {3, false}, {4, false}, {4, true}, {4, true}, {4, false}, {5, false}, {6, false}, {7, false}}, origin,
		"each line comes from the line that it was written in, and the pairs are those in which no value is new")

	_, _, err = expand("Examples:\n| size |\n| every taste |", sets)
	assert.EqualError(t, err, `line 3: there is no set "taste": ranges.json has none`)
}

// What the rule set says that its kinds of faults are is what is sent.
func TestKindsOfFaultsAreThoseOfTheRuleSet(t *testing.T) {
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	sent := map[string][]string{}
	for kind, faults := range faultKinds() {
		for _, f := range faults {
			assert.NotContains(t, sent[kind], f.name, kind)
			sent[kind] = append(sent[kind], f.name)
		}
	}
	assert.Equal(t, ledger.Ranges().Kinds, sent)
}
