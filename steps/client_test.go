package steps_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/peers/client"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// TestTheReferenceClientKeepsEveryRule judges a correct client: it must not be blamed.
// Selftest judges those with a defect.
func TestTheReferenceClientKeepsEveryRule(t *testing.T) {
	t.Parallel()
	clock := target.NewPastime(time.Now())
	program, err := client.New(client.Options{Now: clock.Now, Sleep: clock.Sleep})
	require.NoError(t, err)
	driven, stop, err := target.EmbedClient(t.Context(), program.Serve, clock, mock.Options{}, &merchant.Orders{Run: "test"}, &exchange.Log{})
	require.NoError(t, err)

	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	manifest, err := steps.ReadManifest(features.Files)
	require.NoError(t, err)
	suite := &steps.Suite{
		Client: driven, Ledger: ledger, Features: features.Files, Manifest: manifest, Meta: reports.Meta{Started: time.Now()},
	}
	results, err := suite.Run(t.Context())
	require.NoError(t, err)
	require.NoError(t, stop())
	assert.Equal(t, reports.RunPass, results.Verdict, "%s", terminal(t, results))
}

func terminal(t *testing.T, results reports.Results) string {
	t.Helper()
	var report bytes.Buffer
	require.NoError(t, reports.WriteTerminal(&report, results, reports.Terminal{Width: 160}))
	return report.String()
}
