package selftest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/peers/receiver"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

func judgeReceiver(t *testing.T, mutant string) (reports.Results, string) {
	t.Helper()
	results, err := JudgeReceiver(t.Context(), mutant, steps.Selection{})
	require.NoError(t, err)
	var report bytes.Buffer
	require.NoError(t, reports.WriteTerminal(&report, results, reports.Terminal{Width: 160}))
	return results, report.String()
}

// TestTheReferenceReceiverKeepsEveryRule judges a correct receiver: it must not be blamed.
func TestTheReferenceReceiverKeepsEveryRule(t *testing.T) {
	t.Parallel()
	results, report := judgeReceiver(t, "")
	assert.Equal(t, reports.RunPass, results.Verdict, "%s", report)
}

// TestEachDefectOfAReceiverIsBlamedOnItsRules judges the reference receiver with one
// defect at a time, which all other rules survive.
func TestEachDefectOfAReceiverIsBlamedOnItsRules(t *testing.T) {
	t.Parallel()
	for i, m := range receiver.Mutants() {
		if underRace && i%8 != 0 {
			continue // all of them race in the same places
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			results, report := judgeReceiver(t, m.Name)
			var broken []string
			for _, rule := range results.Rules {
				switch rule.Verdict {
				case reports.Fail:
					broken = append(broken, rule.ID)
				case reports.Pass:
				default:
					assert.Fail(t, "neither kept nor broken", "%s is %s: %s", rule.ID, rule.Verdict, rule.Reason)
				}
			}
			slices.Sort(broken)
			assert.Equal(t, slices.Sorted(slices.Values(m.Breaks)), broken, "a receiver that %s:\n%s", m.Says, report)
		})
	}
}
