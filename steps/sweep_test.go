package steps_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// judgeMutant runs scenarios against the mock with one defect.
func judgeMutant(t *testing.T, mutant, tags string, depth steps.Depth) reports.Results {
	t.Helper()
	server, stop, err := target.Embed(mock.Options{Mutant: mutant}, &exchange.Log{})
	require.NoError(t, err)
	t.Cleanup(stop)
	return judgeServerAt(t, server, tags, depth)
}

// failures are what the scenarios of a rule that did not hold have seen.
func failures(t *testing.T, results reports.Results, id string) []string {
	t.Helper()
	rule, ok := results.Rule(id)
	require.True(t, ok)
	var seen []string
	for _, s := range rule.Scenarios {
		if s.Verdict == reports.Fail {
			seen = append(seen, s.Seen)
		}
	}
	return seen
}

// A fault that strikes in one state only is found in that state, and told with it. What a
// refused request did all the same is found by the question at the end.
func TestASweepFindsAFaultInTheStateThatItNeeds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mutant, rule, seen string
	}{
		{"deposit/signature/left-out", "DEP-SIG-03", "its first digit changed"},
		{"deposit/signature/when-the-key-is-known", "DEP-SIG-03", "with the first key of the run"},
		{"deposit/signature/with-a-body-in-chunks", "DEP-SIG-03", "with a body in chunks"},
		{"cashout/signature/with-a-large-body", "CASH-SIG-02", "with a body of 5 KiB"},
		{"deposit/signature/stored-all-the-same", "DEP-SIG-03", "another order with its key then gets the deposit that was refused"},
		{"refund-status/signature/in-the-second-environment", "DEP-SIG-03", "in the second environment"},
		{"cashout/signature/with-a-trailing-slash", "CASH-SIG-02", "with a slash at the end of its path"},
		{"deposit/signature/after-the-effect", "DEP-SIG-03", "the request without the fault is then answered 409"},
		{"refund/signature/after-the-effect", "DEP-SIG-03", "the request without the fault is then answered 400 code 802"},
		{"cashout-cancel/signature/after-the-effect", "CASH-SIG-02", "the request without the fault is then answered 200 with status 2"},
	} {
		t.Run(tt.mutant, func(t *testing.T) {
			t.Parallel()
			results := judgeMutant(t, tt.mutant, "@"+tt.rule, steps.Full)
			seen := failures(t, results, tt.rule)
			require.NotEmpty(t, seen)
			assert.Contains(t, strings.Join(seen, "\n"), tt.seen)
		})
	}
}

// At quick depth every fault is sent once, over all requests together: fewer requests, and
// still every kind.
func TestQuickDepthSendsEveryFaultOnce(t *testing.T) {
	t.Parallel()
	full, quick := map[string]int{}, map[string]int{}
	for _, run := range []struct {
		depth steps.Depth
		sent  map[string]int
	}{{steps.Full, full}, {steps.Quick, quick}} {
		server := embedded(t)
		results := judgeServerAt(t, server, "@DEP-SIG-02 and not @observed", run.depth)
		assert.NotEqual(t, reports.RunFail, results.Verdict)
		for _, e := range server.Log.All() {
			run.sent[e.Label]++
		}
	}
	assert.Less(t, quick["probe"]*4, full["probe"])
	assert.GreaterOrEqual(t, quick["probe"], 25, "14 digests and 11 texts")
}
