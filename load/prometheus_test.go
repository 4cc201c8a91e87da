package load_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/load"
)

// scrape is what Prometheus would read.
func scrape(t *testing.T, m *load.Metrics) string {
	t.Helper()
	handler, err := m.Handler()
	require.NoError(t, err)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	body, err := io.ReadAll(w.Result().Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, w.Code, string(body))
	return string(body)
}

func TestMetricsAreTheRunsOwnCounters(t *testing.T) {
	t.Parallel()
	m := startMock(t, mock.Options{Mutant: "check-then-insert-race"})
	opts := options(t, m, "idempotent-retries", load.Override{Rate: 200, Duration: time.Hour, Connections: 8})
	opts.Metrics = &load.Metrics{}
	assert.Empty(t, scrape(t, opts.Metrics), "nothing runs")
	ctx, cancel := context.WithCancel(t.Context())
	ticks := make(chan time.Time)
	go func() {
		for {
			select {
			case ticks <- time.Time{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	var text string
	opts.Ticks, opts.Progress = ticks, func(s load.Snapshot) {
		if s.Hits >= 100 && s.Broken > 0 && text == "" {
			text = scrape(t, opts.Metrics)
			cancel()
		}
	}
	r, err := load.Run(ctx, opts)
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^d24conform_load_requests_total [1-9][0-9]{2}`, text)
	assert.Regexp(t, `(?m)^d24conform_load_attempts_total\{operation="create"\} [1-9]`, text)
	assert.Regexp(t, `(?m)^d24conform_load_latency_seconds_bucket\{operation="refund",le="30"\} [1-9]`, text)
	assert.Regexp(t, `(?m)^d24conform_load_latency_seconds_count\{operation="create"\} [1-9]`, text)
	assert.Regexp(t, `(?m)^d24conform_load_late_seconds_sum [0-9.e-]+$`, text)
	assert.Regexp(t, `(?m)^d24conform_load_duplicates_total [1-9]|^d24conform_load_different_answers_total [1-9]`, text)
	assert.Contains(t, text, "d24conform_load_asked_rate 200\n")
	assert.Contains(t, text, "d24conform_load_scheduled_requests 720000\n")
	for _, label := range regexp.MustCompile(`\{[^}]*\}`).FindAllString(text, -1) {
		assert.Regexp(t, `^\{(operation="(create|refund|stale|cashout)",?)?(le="[^"]+")?\}$`, label, "no other label")
	}
	for _, secret := range []string{opts.Target.Credentials.Deposits.APISignature, opts.Target.Credentials.Deposits.APIKey} {
		assert.NotContains(t, text, secret)
	}
	assert.True(t, r.Partial)
	assert.Empty(t, scrape(t, opts.Metrics), "the run is over")
}
