package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/sync/errgroup"

	"github.com/d24conform/d24conform/internal/d24"
)

// What the peers send is what the server verifies, and all of them the same.
func TestWhatThePeersSendIsVerified(t *testing.T) {
	said := make(lines, 2)
	ctx, stop := context.WithCancel(t.Context())
	authority := filepath.Join(t.TempDir(), "ca.pem")
	var serving errgroup.Group
	serving.Go(func() error { return serve(ctx, authority, time.Time{}, said) })
	var where ready
	require.NoError(t, json.Unmarshal(<-said, &where))
	assert.Len(t, template(), bodyBytes)

	for name, value := range map[string]string{
		d24.EnvBaseURL: where.BaseURL, d24.EnvCAFile: where.CAFile, d24.EnvDepositsAPIKey: login, d24.EnvDepositsAPISignature: secret,
		"PEER_BODY": template(),
	} {
		t.Setenv(name, value)
	}
	require.NoError(t, attack(2, 100*time.Millisecond))
	t.Setenv(d24.EnvDepositsAPISignature, "another")
	require.ErrorContains(t, attack(2, 100*time.Millisecond), "it was answered with 401")
	stop()
	var seen counts
	require.NoError(t, json.Unmarshal(<-said, &seen))
	require.NoError(t, serving.Wait())
	assert.Positive(t, seen.Verified)
	assert.Greater(t, seen.Arrived, seen.Verified)
}

// lines are read one by one as they are written.
type lines chan []byte

func (l lines) Write(line []byte) (int, error) {
	l <- bytes.Clone(line)
	return len(line), nil
}

func TestTargetsAreThoseOfVegetasProgram(t *testing.T) {
	t.Parallel()
	m := &server{ready: ready{BaseURL: "https://127.0.0.1:1"}}
	m.held = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "targets.json")
	require.NoError(t, writeTargets(path, m, 2))
	file, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	read := vegeta.NewJSONTargeter(file, nil, nil)
	var first, second vegeta.Target
	require.NoError(t, read(&first))
	require.NoError(t, read(&second))
	assert.Equal(t, "https://127.0.0.1:1/v3/deposits", first.URL)
	assert.Equal(t, []string{"2026-11-20T12:00:00Z"}, first.Header["X-Date"])
	assert.Equal(t, d24.NewKey(secret).Authorization("2026-11-20T12:00:00Z", login, first.Body), first.Header.Get("Authorization"))
	assert.NotEqual(t, first.Header["X-Idempotency-Key"], second.Header["X-Idempotency-Key"])
	require.ErrorIs(t, read(&first), vegeta.ErrNoTargets)
}

func TestWhatAToolSaysOfItself(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		tool   tool
		output string
		want   report
		fails  string
	}{
		{
			"ours",
			tool{check: checkOurs},
			`{"numbers":{"rate":9,"p99":2,"late.p99":1,"send.p99":3,"connections":16,"reconnects":1,"achieved":98.9,"attempts":45},"generator":{"max_rss_mb":35}}`,
			report{rate: 9, p99: 2, late: 1, send: 3, connections: 17, sent: 45, rss: 35, short: true},
			"",
		},
		{"k6 that kept up", tool{check: checkK6}, `{"iterations":990,"dropped":10,"p99_ms":4}`, report{p99: 4}, ""},
		{"k6 that did not", tool{check: checkK6}, `{"iterations":989,"dropped":11,"p99_ms":4}`, report{p99: 4, short: true}, ""},
		{"wrk", tool{check: checkWrk}, "Running 5s test\n{\"answers\":10,\"refused\":0,\"broken\":0}\n", report{}, ""},
		{"wrk that was refused", tool{check: checkWrk}, `{"answers":10,"refused":2,"broken":1}`, report{}, "of 10 requests 2 were refused and 1 broken"},
		{"one that says something else", tool{check: checkK6}, "panic", report{}, "read what it printed"},
	} {
		got, err := c.tool.check(t.Context(), []byte(c.output))
		if c.fails != "" {
			require.ErrorContains(t, err, c.fails, c.name)
			continue
		}
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, got, c.name)
	}
}

func TestRatiosAreTakenRoundByRound(t *testing.T) {
	t.Parallel()
	slow := []sample{{cpu: 10}, {cpu: 40}, {cpu: 30}} // the second round was on a busy machine
	fast := []sample{{cpu: 2}, {cpu: 10}, {cpu: 5}}
	mid, least, most := ratios(slow, fast, cpuOfSample)
	assert.Equal(t, []float64{5, 4, 6}, []float64{mid, least, most})
	assert.InDelta(t, 30, median(slow, cpuOfSample), 0)
}

func TestAnErrorOfOursSaysWhatDoesNotHold(t *testing.T) {
	t.Parallel()
	assert.Empty(t, unheld([]byte("panic")))
	assert.Equal(t, "; balance: 3 too few; errors == 0%", unheld([]byte(
		`{"invariants":[{"name":"balance","verdict":"broken","says":"3 too few"},{"name":"x","verdict":"holds"}],"thresholds":[{"text":"errors == 0%","verdict":"broken"}]}`,
	)))
}
