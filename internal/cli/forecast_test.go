package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/steps"
)

func TestAnExpectationSaysHowLongARunTakes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		rate        float64
		latency     time.Duration
		concurrency int
		want        string
	}{
		{"nothing is known", 0, 0, 2, "at depth quick it will send about 600 requests\nit will create nothing"},
		{"a limit", 5, 0, 2, "at depth quick it will send about 600 requests, which takes about 2 minutes at no more than 5 a second\nit will create nothing"},
		{"a slow target", 0, 300 * time.Millisecond, 2, "at depth quick it will send about 600 requests, which takes about 90 seconds\nit will create nothing"},
		{"one at a time", 0, 300 * time.Millisecond, 1, "at depth quick it will send about 600 requests, which takes about 3 minutes\nit will create nothing"},
		{"a target slower than its limit", 5, time.Second, 2, "at depth quick it will send about 600 requests, which takes about 5 minutes at no more than 5 a second\nit will create nothing"},
		{"a fast one", 0, 100 * time.Microsecond, 2, "at depth quick it will send about 600 requests, which takes about 1 second\nit will create nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := expectation{depth: steps.Quick, requests: 600, rate: tt.rate, creates: "it will create nothing"}
			e.took = e.lasts(tt.latency, tt.concurrency)
			assert.Equal(t, tt.want, e.String())
		})
	}
}
