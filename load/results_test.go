package load

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheVerdictIsTheWorstOfWhatWasJudged(t *testing.T) {
	t.Parallel()
	parse := func(text string) []Threshold {
		threshold, err := ParseThreshold(text)
		require.NoError(t, err)
		return []Threshold{threshold}
	}
	broken := []Invariant{{"balance", Broken, ""}}
	for _, c := range []struct {
		name                    string
		invariants              []Invariant
		valid, thresholds, gate []Threshold
		want                    Overall
	}{
		{"all holds", []Invariant{{"balance", Holds, ""}, {"x", NotTested, ""}}, parse("achieved >= 99%"), parse("p99 < 5ms"), nil, RunPass},
		{"too slow", nil, parse("achieved >= 99%"), parse("p99 < 4ms"), nil, RunFail},
		{"too slow for the gate", nil, nil, nil, parse("p99 < 4ms"), RunFail},
		{"a generator that was too slow", nil, parse("achieved >= 99.6%"), nil, nil, RunInvalid},
		{"proven duplicates of a slow generator", broken, parse("achieved >= 99.6%"), nil, nil, RunFail},
		{"a class that was never asked for", nil, nil, parse("refund.p99 < 1s"), nil, RunInconclusive},
		{"what is not known", []Invariant{{"balance", Inconclusive, ""}}, nil, nil, nil, RunInconclusive},
	} {
		r := &Results{Invariants: c.invariants, Numbers: map[string]float64{"achieved": 99.5, "p99": 4}}
		r.conclude(c.valid, c.thresholds, c.gate)
		assert.Equal(t, c.want, r.Verdict, c.name)
	}
}
