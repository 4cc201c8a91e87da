package steps_test

import (
	"bytes"
	"context"
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

// judgeServer runs the selected scenarios against a server.
func judgeServer(t testing.TB, server *target.Server, tags string) reports.Results {
	t.Helper()
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	manifest, err := steps.ReadManifest(features.Files)
	require.NoError(t, err)
	selection, err := steps.ParseTags(tags)
	require.NoError(t, err)
	require.NoError(t, server.Reach(context.Background()))
	suite := &steps.Suite{
		Server: server, Ledger: ledger, Features: features.Files, Manifest: manifest, Tags: selection,
		Level: target.Sandbox, Orders: &merchant.Orders{Run: "test"},
		Meta: reports.Meta{Started: time.Now()},
	}
	results, err := suite.Run(context.Background())
	require.NoError(t, err)
	return results
}

func embedded(t testing.TB) *target.Server {
	t.Helper()
	server, stop, err := target.Embed(mock.Options{}, &exchange.Log{})
	require.NoError(t, err)
	t.Cleanup(stop)
	return server
}

// TestTheMockKeepsEveryRule is the main job: every documented server rule, judged
// against a real HTTPS server.
func TestTheMockKeepsEveryRule(t *testing.T) {
	t.Parallel()
	results := judgeServer(t, embedded(t), "")
	if !assert.Equal(t, reports.RunPass, results.Verdict) {
		var report bytes.Buffer
		require.NoError(t, reports.WriteTerminal(&report, results, reports.Terminal{Width: 160}))
		t.Log(report.String())
	}
}
