package load_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/load"
)

// startMock starts a mock that the test's end stops. Its clock goes on by a millisecond
// whenever somebody looks at it, so that no date grows old on its way on a busy machine.
func startMock(t *testing.T, opts mock.Options) *mock.Mock {
	t.Helper()
	begun, looks := time.Now(), atomic.Int64{}
	opts.Now = func() time.Time { return begun.Add(time.Duration(looks.Add(1)) * time.Millisecond) }
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
	profile.Valid, profile.Timeout, profile.WarmUp = nil, 20*time.Second, 1
	return load.Options{
		Profile: profile, Run: "t1", Secret: [2]uint64{1, 2}, Journal: filepath.Join(t.TempDir(), "journal.bin"),
		Target: load.Target{
			Name: "mock", BaseURL: m.BaseURL(), Credentials: m.Credentials(), Roots: m.Roots(), Loopback: true, ManageURL: m.ManageURL(),
			Now: m.Admin().Now,
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
		mutant, profile string
		broken          string // one of these, whichever happens; empty = nothing
	}{
		{"", "idempotent-retries", ""},
		{"check-then-insert-race", "idempotent-retries", "one-object-per-key"},
		{"fresh-body-on-500", "idempotent-retries", "same-answer-per-key"},
		{"replay-with-fresh-time", "idempotent-retries", "same-answer-per-key"},
		{"effect-before-dedupe", "idempotent-retries", "nothing-made-unseen"},
		{"past-only", "retry-storm", ""}, // takes dates that are to come, of which there are none
		// Whether two answers show depends on who asks when.
		{"lost-answer-forgotten", "retry-storm", "nothing-made-unseen one-object-per-key same-answer-per-key"},
		{"", "cashouts", ""},
		{"negative-balance-race", "cashouts", "balance"},
		{"external-id-race", "cashouts", "one-object-per-key"},
	} {
		t.Run(c.profile+" against "+c.mutant, func(t *testing.T) {
			t.Parallel()
			if c.broken == "" {
				r := runShort(t, c.profile, c.mutant)
				assert.Equal(t, load.RunPass, r.Verdict, "%v %v", r.Invariants, r.Errors)
				assert.Contains(t, r.Says, "0 duplicates, 0 different answers in ")
				return
			}
			// A race is hit nearly every time and not every time: the last of the balance may
			// happen to be just what those at once ask for.
			const chances = 5
			var r *load.Results
			for range chances {
				r = runShort(t, c.profile, c.mutant)
				got := verdicts(r)
				if slices.ContainsFunc(strings.Fields(c.broken), func(name string) bool { return got[name] == load.Broken }) {
					assert.Equal(t, load.RunFail, r.Verdict)
					assert.Contains(t, strings.ReplaceAll(r.Says, ",", ""), fmt.Sprintf("%.0f duplicate", r.Numbers["duplicates"]))
					return
				}
			}
			assert.Fail(t, "the mutant was not noticed", "%v %v %v", r.Invariants, r.Errors, r.Faults)
		})
	}
}

// runShort runs less than a second of a profile against a mock of its own.
func runShort(t *testing.T, profile, mutant string) *load.Results {
	t.Helper()
	m := startMock(t, mock.Options{Mutant: mutant})
	opts := options(t, m, profile, load.Override{Rate: 250, Duration: 800 * time.Millisecond, Connections: 32})
	share := 0.0
	for _, fault := range opts.Profile.Faults {
		share += fault.Share
	}
	for i := range opts.Profile.Faults {
		// so that a short run has several of each; a delay is longer than a short run needs
		opts.Profile.Faults[i].Share *= min(10, 0.4/share)
		opts.Profile.Faults[i].Delay /= 10
	}
	opts.Profile.Funds /= 5 // so that they are gone before a busy machine has come far
	r, err := load.Run(t.Context(), opts)
	require.NoError(t, err)
	return r
}

// A generator that is starved on purpose says so, and what it proves about money goes
// first.
func TestAStarvedRunIsInvalidUnlessItProvesADuplicate(t *testing.T) {
	t.Parallel()
	for mutant, want := range map[string]load.Overall{"": load.RunInvalid, "external-id-after-cancel": load.RunInvalid, "replay-with-fresh-time": load.RunFail} {
		m := startMock(t, mock.Options{Mutant: mutant})
		// One connection makes no hundred thousand round trips a second anywhere.
		opts := options(t, m, "idempotent-retries", load.Override{Rate: 100_000, Duration: time.Second, Connections: 1})
		opts.Profile.Faults = nil
		valid, err := load.ParseThreshold("achieved >= 99%")
		require.NoError(t, err)
		opts.Profile.Valid = []load.Threshold{valid}
		r, err := load.Run(t.Context(), opts)
		require.NoError(t, err)
		assert.Equal(t, want, r.Verdict, "%s: %v", mutant, r.Invariants)
		assert.InDelta(t, 1, r.Numbers["connections"], 0)
	}
}

func TestAnInterruptedRunIsJudgedAsFarAsItGot(t *testing.T) {
	t.Parallel()
	m := startMock(t, mock.Options{})
	opts := options(t, m, "smoke", load.Override{Duration: time.Hour})
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
	opts.Ticks, opts.Progress = ticks, func(s load.Snapshot) {
		if s.Hits >= 10 {
			cancel()
		}
	}
	r, err := load.Run(ctx, opts)
	require.NoError(t, err)
	assert.True(t, r.Partial)
	assert.GreaterOrEqual(t, r.Schedule.Sent, uint64(10))
	assert.Equal(t, load.Holds, verdicts(r)["attempts-arrived"], "%v", r.Invariants)
}

// Only a target that finds every date too old refuses us.
func TestAFirstDateMayGrowOldOnItsWay(t *testing.T) {
	t.Parallel()
	for late, want := range map[int64]string{2: "", 1000: "it answers 400 with code 103"} {
		m := startMock(t, mock.Options{})
		opts := options(t, m, "idempotent-retries", load.Override{Rate: 50, Duration: 100 * time.Millisecond, Connections: 1})
		var dates atomic.Int64
		opts.Target.Now = func() time.Time {
			if now := m.Admin().Now(); dates.Add(1) > late {
				return now
			}
			return m.Admin().Now().Add(-time.Minute)
		}
		_, err := load.Run(t.Context(), opts)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}

func TestARunThatCannotBeginSaysWhy(t *testing.T) {
	t.Parallel()
	m := startMock(t, mock.Options{})
	for _, c := range []struct {
		name   string
		change func(*load.Options)
		want   string
	}{
		{"nobody listens", func(o *load.Options) { o.Target.BaseURL = "https://127.0.0.1:1" }, "the target cannot be reached: "},
		{"another authority", func(o *load.Options) { o.Target.Roots = x509.NewCertPool() }, "the target cannot be reached: "},
		{"keys that it does not know", func(o *load.Options) { o.Target.Credentials.Deposits.APIKey = "unknown" }, "the target refuses our keys for deposits: it answers 401 with code 100"},
		{"keys of cashouts that it does not know", func(o *load.Options) { o.Target.Credentials.Cashouts.APIKey = "unknown" }, "the target refuses our keys for cashouts: it answers 401 with code 401"},
		{"a wrong signature of cashouts", func(o *load.Options) { o.Target.Credentials.Cashouts.APISignature = "marked" }, "the target refuses our keys for cashouts: it answers 401"},
		{"a management API that is not there", func(o *load.Options) { o.Target.ManageURL = "https://127.0.0.1:1" }, "the mock cannot be prepared: management API: "},
		{"a wrong signature", func(o *load.Options) { o.Target.Credentials.Deposits.APISignature = "marked" }, "the target refuses our keys for deposits: it answers 400 with code 102"},
	} {
		opts := options(t, m, "smoke", load.Override{})
		c.change(&opts)
		_, err := load.Run(t.Context(), opts)
		var environment *load.EnvironmentError
		require.ErrorAs(t, err, &environment, c.name)
		assert.Contains(t, err.Error(), c.want, c.name)
		assert.NotContains(t, err.Error(), "marked")
	}
	opts := options(t, m, "smoke", load.Override{})
	opts.Target.ManageURL = ""
	opts.Profile.Operations = [6]int{load.Refund: 1}
	_, err := load.Run(t.Context(), opts)
	assert.ErrorContains(t, err, "the profile makes nothing but refunds")
}

func TestAServerThatIsNoMockIsJudgedByItsAnswersAlone(t *testing.T) {
	t.Parallel()
	m := startMock(t, mock.Options{})
	opts := options(t, m, "retry-storm", load.Override{Rate: 100, Duration: 500 * time.Millisecond, Connections: 8})
	opts.Target.ManageURL = ""
	r, err := load.Run(t.Context(), opts)
	require.NoError(t, err)
	assert.Equal(t, load.RunPass, r.Verdict, "%v %v", r.Invariants, r.Errors)
	got := verdicts(r)
	assert.Equal(t, load.NotTested, got["balance"])
	assert.Equal(t, load.NotTested, got["attempts-arrived"])
	assert.Equal(t, load.Holds, got["one-object-per-key"])
	assert.Contains(t, r.Notes[0], "faults were left out")
	assert.Contains(t, r.Notes[1], "refunds were left out")
	assert.NotContains(t, r.AsRun, "refund")
}

// What was proven until a mock dies stays proven, and what only it could have told is not
// known.
func TestAMockThatDiesLeavesWhatItsAnswersProve(t *testing.T) {
	t.Parallel()
	m := startMock(t, mock.Options{})
	opts := options(t, m, "smoke", load.Override{Duration: time.Hour})
	opts.Sleep = func(context.Context, time.Duration) {}
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
	opts.Ticks, opts.Progress = ticks, func(s load.Snapshot) {
		if s.Hits >= 10 {
			_ = m.Close()
			cancel()
		}
	}
	r, err := load.Run(ctx, opts)
	require.NoError(t, err)
	got := verdicts(r)
	assert.Equal(t, load.Holds, got["one-object-per-key"])
	for _, name := range []string{"nothing-made-unseen", "balance", "attempts-arrived"} {
		assert.Equal(t, load.Inconclusive, got[name], name)
	}
}
