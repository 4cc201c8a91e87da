package steps_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/inbox"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// judgeServer runs the selected scenarios against a server, at full depth.
func judgeServer(t testing.TB, server *target.Server, tags string) reports.Results {
	t.Helper()
	return judgeServerAt(t, server, tags, steps.Full)
}

func judgeServerAt(t testing.TB, server *target.Server, tags string, depth steps.Depth) reports.Results {
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
		Level: target.Sandbox, Depth: depth, Orders: &merchant.Orders{Run: "test"},
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
// against a real HTTPS server. No request of ours makes that server fail: what it
// answers 5xx is a 500 that a scenario asked for, or else a probe is malformed, or the
// mock is.
func TestTheMockKeepsEveryRule(t *testing.T) {
	t.Parallel()
	m, err := mock.Start(mock.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, m.Close()) })
	server, err := target.NewServer(target.FromMock(m, nil))
	require.NoError(t, err)
	t.Cleanup(server.Close)
	results := judgeServer(t, server, "")
	if !assert.Equal(t, reports.RunPass, results.Verdict) {
		var report bytes.Buffer
		require.NoError(t, reports.WriteTerminal(&report, results, reports.Terminal{Width: 160}))
		t.Log(report.String())
	}

	asked, failed := serverErrors(server.Log.All(), slices.Concat(m.Admin().InjectedFaults(), m.SecondAdmin().InjectedFaults()))
	assert.Positive(t, asked, "a run has scenarios that ask for a 500")
	assert.Empty(t, failed, "answers 5xx that no injected fault explains")
	assertNoneIsMute(t, results)
}

// assertNoneIsMute wants that each observation says what was seen, or is among the readings.
func assertNoneIsMute(t *testing.T, results reports.Results) {
	t.Helper()
	manifest, err := steps.ReadManifest(features.Files)
	require.NoError(t, err)
	says := map[string]string{}
	for _, scenario := range manifest.Scenarios {
		says[scenario.Feature+scenario.Name] = strings.Join(scenario.Steps, "\n")
	}
	looked := 0
	for _, rule := range results.Rules {
		for _, s := range rule.Scenarios {
			if s.Verdict != reports.Observed || strings.Contains(says[s.Feature+s.Name], "AMB-") {
				continue
			}
			looked++
			assert.NotEmpty(t, s.Reason+s.Seen, "%s:%d %s", s.Feature, s.Line, s.Name)
		}
	}
	assert.Positive(t, looked)
}

// serverErrors counts the answers 5xx that an injected fault explains, their replays
// included, and lists all others. Every request that is to be failed has a key.
func serverErrors(exchanges []*exchange.Exchange, injected []mock.InjectedFault) (explained int, others []string) {
	for _, e := range exchanges {
		if e.Status() < http.StatusInternalServerError || e.Label == inbox.Label { // we answer notifications ourselves
			continue
		}
		key := e.Request.Header.Get(d24.HeaderIdempotencyKey)
		if key != "" && slices.ContainsFunc(injected, func(f mock.InjectedFault) bool { return f.Kind == mock.FaultRespond500 && f.Key == key }) {
			explained++
			continue
		}
		others = append(others, fmt.Sprintf("%d to %s %s: %s", e.Status(), e.Request.Method, e.Request.URL, e.Response.Body))
	}
	return explained, others
}
