package load_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/load"
)

// startMock starts a mock that the test's end stops.
func startMock(t *testing.T, opts mock.Options) *mock.Mock {
	t.Helper()
	m, err := mock.Start(opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// options are a run of a profile against a mock in this process. Its schedule is short,
// and whether it is kept says nothing about the code: the machine may be busy.
func options(t *testing.T, m *mock.Mock, name string, o load.Override) load.Options {
	t.Helper()
	profile, err := load.Open(name)
	require.NoError(t, err)
	profile, err = profile.With(o)
	require.NoError(t, err)
	profile.Valid, profile.Timeout = nil, 20*time.Second
	return load.Options{
		Profile: profile, Run: "t1", Secret: [2]uint64{1, 2}, Journal: filepath.Join(t.TempDir(), "journal.bin"),
		Target: load.Target{
			Name: "mock", BaseURL: m.BaseURL(), Credentials: m.Credentials(), Roots: m.Roots(), Loopback: true, ManageURL: m.ManageURL(),
		},
	}
}

// verdicts are the invariants by name.
func verdicts(r *load.Results) map[string]load.Verdict {
	named := map[string]load.Verdict{}
	for _, i := range r.Invariants {
		named[i.Name] = i.Verdict
	}
	return named
}

func TestASmokeRunHoldsEveryInvariant(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		m := startMock(t, mock.Options{})
		opts := options(t, m, "smoke", load.Override{Duration: time.Second})
		opts.HTTP2 = http2
		r, err := load.Run(t.Context(), opts)
		require.NoError(t, err)
		assert.Equal(t, load.RunPass, r.Verdict, "%+v", r)
		assert.Empty(t, r.Errors)
		for _, i := range r.Invariants {
			assert.Equal(t, load.Holds, i.Verdict, "%s: %s", i.Name, i.Says)
		}
	}
}

// Each of these mutants breaks under load alone, or among faults: one request after the
// other it behaves.
func TestMutantsThatBreakUnderLoadAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mutant, profile, broken string
		funds                   d24.Amount
	}{
		{"", "idempotent-retries", "", 0},
		{"check-then-insert-race", "idempotent-retries", "one-object-per-key", 0},
		{"fresh-body-on-500", "idempotent-retries", "same-answer-per-key", 0},
		{"replay-with-fresh-time", "idempotent-retries", "same-answer-per-key", 0},
		{"effect-before-dedupe", "idempotent-retries", "nothing-made-unseen", 0},
		{"past-only", "retry-storm", "", 0}, // takes dates that are to come, of which there are none
		{"lost-answer-forgotten", "retry-storm", "one-object-per-key", 0},
		{"", "cashouts", "", 0},
		{"negative-balance-race", "cashouts", "balance", 30_00},
		{"external-id-race", "cashouts", "one-object-per-key", 0},
	} {
		t.Run(c.profile+" against "+c.mutant, func(t *testing.T) {
			t.Parallel()
			m := startMock(t, mock.Options{Mutant: c.mutant})
			opts := options(t, m, c.profile, load.Override{Rate: 250, Duration: time.Second, Connections: 16})
			if c.funds > 0 {
				opts.Profile.Funds = c.funds
			}
			for i := range opts.Profile.Faults {
				// so that a second has some of each; a delay is longer than a short run needs
				opts.Profile.Faults[i].Share *= 4
				opts.Profile.Faults[i].Delay /= 10
			}
			r, err := load.Run(t.Context(), opts)
			require.NoError(t, err)
			got := verdicts(r)
			if c.broken == "" {
				assert.Equal(t, load.RunPass, r.Verdict, "%v %v", r.Invariants, r.Errors)
				assert.Contains(t, r.Says, "0 duplicates, 0 different answers in ")
				return
			}
			assert.Equal(t, load.RunFail, r.Verdict)
			assert.Equal(t, load.Broken, got[c.broken], "%v %v %v", r.Invariants, r.Errors, r.Faults)
		})
	}
}
