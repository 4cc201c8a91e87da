package load

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The probabilities of Mann and Whitney's tables, and of ties counted by hand.
func TestHowFarRoundsAreApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1, 2, 3, 4, 5}, []float64{6, 7, 8, 9, 10}, 2.0 / 252},
		{[]float64{6, 7, 8, 9, 10}, []float64{1, 2, 3, 4, 5}, 2.0 / 252},
		{[]float64{1, 2, 3, 4, 6}, []float64{5, 7, 8, 9, 10}, 4.0 / 252},
		{[]float64{1, 2, 3}, []float64{4, 5, 6}, 2.0 / 20},
		{[]float64{5, 5, 5, 5, 5}, []float64{5, 5, 5, 5, 5}, 1},
		{[]float64{1, 1}, []float64{1, 2}, 1}, // the 2 is as often on the one side as on the other
		{[]float64{1, 1, 1}, []float64{2, 2, 2}, 2.0 / 20},
		{[]float64{1, 4}, []float64{2, 3}, 1},
	} {
		assert.InDelta(t, c.want, apart(c.a, c.b), 1e-12, "%v %v", c.a, c.b)
	}
}

// resultsOf are rounds with these latencies.
func resultsOf(p99 ...float64) *Results {
	r := &Results{Profile: "p", Seed: 1, AsRun: "stages: [{rate: 1, for: 1s}]", Protocol: "HTTP/1.1", Verdict: RunPass}
	for _, value := range p99 {
		r.Rounds = append(r.Rounds, Round{Numbers: map[string]float64{"p99": value, "errors": 0, "achieved": 100}})
	}
	return r
}

func TestADifferenceIsToldFromNoise(t *testing.T) {
	t.Parallel()
	before := resultsOf(10, 10.2, 10.4, 10.1, 10.3)
	for _, c := range []struct {
		name string
		now  *Results
		want Change
		run  Overall
	}{
		{"the same", resultsOf(10.2, 10, 10.3, 10.1, 10.4), Same, RunPass},
		{"a third slower", resultsOf(13, 13.4, 13.1, 13.3, 13.2), Worse, RunFail},
		{"a third faster", resultsOf(7, 7.4, 7.1, 7.3, 7.2), Better, RunPass},
		{"slower by less than two hours differ", resultsOf(10.8, 10.9, 10.7, 11, 10.6), Same, RunPass},
		{"one bad round", resultsOf(10.2, 10, 50, 10.1, 10.4), Same, RunPass},
		{"a slower median of rounds that overlap", resultsOf(13, 13.4, 10.15, 13.3, 13.2), Same, RunPass},
	} {
		c.now.compare(before)
		c.now.concludeComparison()
		require.Empty(t, c.now.Comparison.Against, c.name)
		assert.Equal(t, "p99", c.now.Comparison.Metrics[0].Metric)
		assert.Equal(t, c.want, c.now.Comparison.Metrics[0].Change, c.name)
		assert.Equal(t, c.run, c.now.Verdict, c.name)
	}
	slower := resultsOf(10.2, 10, 10.3, 10.1, 10.4)
	for i := range slower.Rounds {
		slower.Rounds[i].Numbers["errors"], slower.Rounds[i].Numbers["achieved"] = 0.1, 98
	}
	slower.compare(before)
	for _, x := range slower.Comparison.Metrics {
		assert.Equal(t, x.Metric != "p99", x.Change == Worse, "%s: every round has errors, and fewer requests", x.Metric)
	}
}

// A round in which the machine's host took CPU away counts for nothing.
func TestADisturbedRoundIsNotCompared(t *testing.T) {
	t.Parallel()
	before, now := resultsOf(10, 10.2, 10.4, 10.1, 10.3), resultsOf(13, 13.4, 13.1, 13.3, 13.2, 99)
	now.Rounds[5].Stolen = 2.5
	now.compare(before)
	require.Empty(t, now.Comparison.Against)
	assert.Equal(t, []float64{13, 13.1, 13.2, 13.3, 13.4}, now.Comparison.Metrics[0].Later)
	now.Rounds[0].Stolen = 1
	now.compare(before)
	now.concludeComparison()
	assert.Equal(t, RunInconclusive, now.Verdict)
	assert.Equal(t, []string{"in 2 of the 6 rounds of this run the machine's host gave CPU to others, which leaves fewer than 5 that count: ask for more --rounds, or at a quieter time"}, now.Comparison.Against)
}

// A rate that was not found again is no rate that did not change.
func TestANumberThatOneRunLacksIsNotCompared(t *testing.T) {
	t.Parallel()
	before, now := resultsOf(10, 10, 10, 10, 10), resultsOf(10, 10, 10, 10, 10)
	for i := range before.Rounds {
		before.Rounds[i].Numbers[capacity] = 1000
	}
	now.Rounds[0].Numbers[capacity] = 1000
	now.compare(before)
	now.concludeComparison()
	assert.Equal(t, RunInconclusive, now.Verdict)
	assert.Equal(t, []string{"capacity was found in 5 rounds of the earlier run and in 1 of this one, and both need 5"}, now.Comparison.Against)
}

// Of runs that differ by chance alone, hardly any is called worse.
func TestWeatherIsNoRegression(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	rounds := func() *Results {
		r := resultsOf(0, 0, 0, 0, 0)
		for _, round := range r.Rounds {
			for _, name := range []string{"p50", "p95", "p99"} {
				round.Numbers[name] = 10 * (1 + random.ExpFloat64()) // as skewed as latencies are
			}
		}
		return r
	}
	const runs = 2000
	wrong := 0
	for range runs {
		r := rounds()
		r.compare(rounds())
		if r.concludeComparison(); r.Verdict == RunFail {
			wrong++
		}
	}
	assert.Less(t, wrong, runs/20)
	assert.Positive(t, wrong, "the test is one that can be failed by chance")
}

func TestRunsThatCannotBeComparedAreNot(t *testing.T) {
	t.Parallel()
	five := []float64{1, 2, 3, 4, 5}
	for _, c := range []struct {
		change func(*Results)
		want   string
	}{
		{func(r *Results) { r.Profile = "q" }, "it ran profile q, and this is p"},
		{func(r *Results) { r.Seed = 2 }, "its seed was 2, and this is 1"},
		{func(r *Results) { r.AsRun = "stages: [{rate: 2, for: 1s}]" }, "it sent another plan: its profile, or a flag that changes it, was another"},
		{func(r *Results) { r.Protocol = "HTTP/2" }, "it spoke HTTP/2, and this is HTTP/1.1"},
		{func(r *Results) { r.Target.Name = "stg" }, "its target was stg, and this is "},
		{func(r *Results) { r.Generator.Threads = 64 }, "it ran on another machine: 64 threads of, and this is 0 threads of"},
		{func(r *Results) { r.Partial, r.Stopped = true, Interrupted }, "the earlier run was not sent to its end: interrupted"},
		{func(r *Results) { r.Verdict = RunInvalid }, "the earlier run is INVALID: its latencies are the generator's"},
		{func(r *Results) { r.Rounds = nil }, "the earlier run has 1 round, and to tell a difference from noise both need 5: --rounds 5"},
	} {
		before, now := resultsOf(five...), resultsOf(five...)
		c.change(before)
		now.compare(before)
		now.concludeComparison()
		assert.Equal(t, []string{c.want}, now.Comparison.Against)
		assert.Empty(t, now.Comparison.Metrics)
		assert.Equal(t, RunInconclusive, now.Verdict, c.want)
	}
	before, now := resultsOf(five...), resultsOf(five...)
	before.AsRun += "\nabout: the same\nthresholds: [p99 < 1s]\nabort_early: true\n"
	now.compare(before)
	assert.Empty(t, now.Comparison.Against, "what is expected of a run does not change what it sends")
}

func TestAnEarlierRunIsReadFromItsFileOrItsFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "results.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"schema":"d24conform/load/v1","profile":"p","later":1}`), 0o600))
	for _, path := range []string{dir, file} {
		r, err := OpenResults(path)
		require.NoError(t, err)
		assert.Equal(t, "p", r.Profile)
	}
	require.NoError(t, os.WriteFile(file, []byte(`{"schema":"d24conform/results/v1"}`), 0o600))
	_, err := OpenResults(dir)
	require.ErrorContains(t, err, "results.json is not of the form d24conform/load/v1")
	require.NoError(t, os.WriteFile(file, []byte(`{`), 0o600))
	_, err = OpenResults(dir)
	require.ErrorContains(t, err, "the earlier run cannot be read")
	_, err = OpenResults(filepath.Join(dir, "none"))
	require.ErrorContains(t, err, "the earlier run cannot be read")
}

func TestADisturbedRoundIsTakenAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ disturbed, want int }{{0, 3}, {1, 4}, {9, 6}} {
		done := 0
		var told []string
		_, err := repeat(t.Context(), Options{Run: "x", Rounds: 3, Tell: func(line string) { told = append(told, line) }},
			func(context.Context, Options) (*Results, error) {
				r := resultsOf()
				if done++; done <= c.disturbed {
					r.Generator.Stolen = 2.5
				}
				return r, nil
			})
		require.NoError(t, err)
		assert.Equal(t, c.want, done)
		assert.Equal(t, c.disturbed > 0, strings.HasSuffix(told[0], "again, since this machine's host took 2.5% of its CPU"), told[0])
	}
}

func TestRoundsAreTheMedianOfWhatWasMeasuredAndTheWorstOfWhatWasCounted(t *testing.T) {
	t.Parallel()
	all := []*Results{
		{
			Run: "a", DurationMS: 5, Numbers: map[string]float64{"p99": 1, "errors": 0, "create.errors": 3, "lost": 7, "achieved": 99},
			Invariants: []Invariant{{"balance", Holds, "fine"}, {"x", NotTested, ""}}, money: tally{1, 0, 5, 2},
		},
		{
			Run: "b", DurationMS: 5, Numbers: map[string]float64{"p99": 3, "errors": 1, "create.errors": 0, "lost": 1, "achieved": 90, "refund.p99": 2},
			Invariants: []Invariant{{"balance", Broken, "below zero"}, {"x", Holds, "y"}}, money: tally{0, 1, 5, 2},
		},
		{
			Run: "c", DurationMS: 5, Numbers: map[string]float64{"p99": 2, "errors": 0, "create.errors": 0, "lost": 2, "achieved": 100},
			Invariants: []Invariant{{"balance", Holds, "fine"}, {"x", NotTested, ""}},
		},
	}
	n := 0
	r, err := repeat(t.Context(), Options{Run: "x", Rounds: 3}, func(_ context.Context, o Options) (*Results, error) {
		n++
		assert.Equal(t, []string{"xr1", "xr2", "xr3"}[n-1], o.Run)
		return all[n-1], nil
	})
	require.NoError(t, err)
	assert.Equal(t, 2, n, "a round that breaks an invariant is the last")
	assert.Len(t, r.Rounds, 2)
	r = combined("x", all)
	assert.Equal(t, map[string]float64{"p99": 2, "errors": 1, "create.errors": 3, "lost": 7, "achieved": 99, "refund.p99": 2}, r.Numbers)
	assert.Equal(t, []Invariant{{"balance", Broken, "round 2: below zero"}, {"x", Holds, "round 2: y"}}, r.Invariants)
	assert.Equal(t, "1 duplicate, 1 different answer in 10 retries of 4 keys", r.Says)
	assert.EqualValues(t, 15, r.DurationMS)
}

func TestATargetThatGoesAwayBetweenRoundsLeavesTheRoundsBefore(t *testing.T) {
	t.Parallel()
	n := 0
	r, err := repeat(t.Context(), Options{Run: "x", Rounds: 3}, func(context.Context, Options) (*Results, error) {
		if n++; n == 2 {
			return nil, &EnvironmentError{What: "the target cannot be reached"}
		}
		return &Results{Numbers: map[string]float64{}}, nil
	})
	require.NoError(t, err)
	r.conclude(nil, nil, nil)
	assert.Equal(t, RunInconclusive, r.Verdict)
	assert.True(t, r.Partial)
	assert.Equal(t, "the target cannot be reached", r.Stopped)
}
