package steps_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// explained judges a mutant by one rule.
func explained(t *testing.T, ctx context.Context, mutant, tags string, change func(*steps.Suite)) (reports.Results, *steps.Suite) { //nolint:revive // t comes first in a test
	t.Helper()
	server, stop, err := target.Embed(mock.Options{Mutant: mutant}, &exchange.Log{})
	require.NoError(t, err)
	t.Cleanup(stop)
	require.NoError(t, server.Reach(ctx))
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	manifest, err := steps.ReadManifest(features.Files)
	require.NoError(t, err)
	selection, err := steps.ParseTags(tags)
	require.NoError(t, err)
	suite := &steps.Suite{
		Server: server, Ledger: ledger, Features: features.Files, Manifest: manifest, Tags: selection,
		Level: target.Sandbox, Orders: &merchant.Orders{Run: "test"}, Meta: reports.Meta{Started: time.Now()}, Smaller: 24,
	}
	if change != nil {
		change(suite)
	}
	results, err := suite.Run(ctx)
	require.NoError(t, err)
	return results, suite
}

// smallerOnes counts what was sent to make a request smaller.
func smallerOnes(s *steps.Suite) (n int) {
	for _, e := range s.Server.Log.All() {
		if e.Label == "smaller" {
			n++
		}
	}
	return n
}

func TestAFailureShowsItsTrioItsSignatureAndItsSmallestRequest(t *testing.T) {
	t.Parallel()
	results, suite := explained(t, t.Context(), "signature-reserialised", "@DEP-SIG-04", nil)
	rule, _ := results.Rule("DEP-SIG-04")
	require.Equal(t, reports.Fail, rule.Verdict)
	failed := slices.DeleteFunc(slices.Clone(rule.Scenarios), func(s reports.ScenarioResult) bool { return s.Verdict != reports.Fail })
	require.Greater(t, len(failed), 1)

	scenario := failed[0]
	require.Equal(t, "a deposit request that is changed after signing", scenario.Name)
	assert.Equal(t, "repro/DEP-SIG-04.sh", scenario.Repro)
	assert.Contains(t, suite.Scripts()[scenario.Repro], "refused 2 102 INVALID_SIGNATURE")
	require.Len(t, scenario.Calls, 3)
	for i, part := range []string{"control", "probe", "control"} {
		assert.Equal(t, part, scenario.Calls[i].Part)
		assert.Equal(t, scenario.Exchanges[i], scenario.Calls[i].Exchange)
		assert.Contains(t, scenario.Calls[i].Answer, "201 with deposit_id")
	}
	require.NotNil(t, scenario.Signature)
	assert.Contains(t, scenario.Signature.Signed, `Z{{D24_DEPOSITS_API_KEY}}{"`)
	assert.Contains(t, scenario.Signature.Sent, `Z{{D24_DEPOSITS_API_KEY}} {"`)
	assert.Contains(t, scenario.Signature.SentHex, "5a{{D24_DEPOSITS_API_KEY}}207b22")

	smallest := strings.Join(scenario.Smallest, "\n")
	assert.Contains(t, smallest, "POST /v3/deposits\n")
	for _, spared := range []string{"User-Agent", "description", "back_url", "success_url", "error_url", "notification_url"} {
		assert.NotContains(t, smallest, spared)
	}
	for _, demanded := range []string{"Content-Type", "invoice_id", "currency", "payment_method", "payer"} {
		assert.Contains(t, smallest, demanded, "a server that keeps the rules would refuse the control without it")
	}
	// One header and five fields, of control, probe and control, one control that was refused
	// without what it lacked, and nothing for the other scenarios of the rule.
	assert.Equal(t, 18, smallerOnes(suite))
	for _, other := range failed[1:] {
		assert.Empty(t, other.Repro)
		assert.Empty(t, other.Smallest)
		assert.NotEmpty(t, other.Calls)
	}
}

func TestSmallerIsNotLookedForWhereRequestsCount(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*steps.Suite){
		"it was not asked for":       func(s *steps.Suite) { s.Smaller = 0 },
		"the target's rate is low":   func(s *steps.Suite) { s.Server.MaxRPS = 1000 },
		"nothing is to be created":   func(s *steps.Suite) { s.Level = target.Observe },
		"a few trios are all it may": func(s *steps.Suite) { s.Smaller = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results, suite := explained(t, t.Context(), "any-read-only-key", "@DEP-AUTH-03", change)
			rule, _ := results.Rule("DEP-AUTH-03")
			require.Equal(t, reports.Fail, rule.Verdict)
			assert.NotEmpty(t, suite.Scripts()["repro/DEP-AUTH-03.sh"], "there is a script all the same")
			assert.LessOrEqual(t, smallerOnes(suite), 3*2)
			if suite.Smaller != 2 {
				assert.Zero(t, smallerOnes(suite))
			}
		})
	}
}

func TestAnInterruptedRunIsExplainedWithoutAnotherRequest(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	results, suite := explained(t, ctx, "unknown-login", "@DEP-AUTH-06", func(s *steps.Suite) {
		s.Concurrency = 1
		s.Progress = func(steps.Scenario, reports.Verdict) { cancel() }
	})
	rule, _ := results.Rule("DEP-AUTH-06")
	require.True(t, results.Interrupted)
	require.Equal(t, reports.Fail, rule.Verdict, "the first of its scenarios had ended")
	assert.Zero(t, smallerOnes(suite))
	assert.NotEmpty(t, suite.Scripts()["repro/DEP-AUTH-06.sh"])
}

func TestARunWithoutFailuresHasNoScripts(t *testing.T) {
	t.Parallel()
	results, suite := explained(t, t.Context(), "", "@DEP-SIG-04", nil)
	assert.Equal(t, reports.RunPartial, results.Verdict)
	assert.Empty(t, suite.Scripts())
	assert.Zero(t, smallerOnes(suite))
}
