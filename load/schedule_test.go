package load

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRequestsAreDueWhereTheRatePutsThem(t *testing.T) {
	t.Parallel()
	hold := Stage{From: 100, To: 100, For: 2 * time.Second}
	up := Stage{From: 0, To: 100, For: 2 * time.Second}
	for _, c := range []struct {
		name   string
		stages []Stage
		burst  int
		total  uint64
		at     map[uint64]time.Duration
	}{
		{"a rate that stays", []Stage{hold}, 0, 200, map[uint64]time.Duration{0: 0, 1: 10 * time.Millisecond, 199: 1990 * time.Millisecond}},
		// the integral of 50 t is 25 t²: 25 at 1 s
		{"a rate that rises from nothing", []Stage{up}, 0, 100, map[uint64]time.Duration{0: 0, 25: time.Second, 64: 1600 * time.Millisecond}},
		{"one behind the other", []Stage{up, hold}, 0, 300, map[uint64]time.Duration{100: 2 * time.Second, 150: 2500 * time.Millisecond}},
		{"a rate that falls", []Stage{{From: 100, To: 0, For: 2 * time.Second}}, 0, 100, map[uint64]time.Duration{75: time.Second}},
		{"four at a time", []Stage{hold}, 4, 200, map[uint64]time.Duration{0: 0, 3: 0, 4: 40 * time.Millisecond, 7: 40 * time.Millisecond}},
		{"a fraction of a request", []Stage{{From: 0.5, To: 0.5, For: 3 * time.Second}}, 0, 2, map[uint64]time.Duration{1: 2 * time.Second}},
	} {
		s := NewSchedule(c.stages, c.burst)
		assert.Equal(t, c.total, s.Total(), c.name)
		for n, want := range c.at {
			assert.InDelta(t, want, s.At(n), float64(time.Microsecond), "%s, request %d", c.name, n)
		}
	}
}

func TestRateAndPeakOfASchedule(t *testing.T) {
	t.Parallel()
	s := NewSchedule([]Stage{{From: 0, To: 100, For: time.Second}, {From: 300, To: 300, For: time.Second}}, 0)
	for at, want := range map[time.Duration]float64{0: 0, 500 * time.Millisecond: 50, 1500 * time.Millisecond: 300, 2 * time.Second: 0} {
		assert.InDelta(t, want, s.Rate(at), 1e-9, "%s", at)
	}
	assert.InDelta(t, 300, s.Peak(), 0)
	for at, want := range map[time.Duration]uint64{0: 0, 1: 1, time.Second: 50, 1500 * time.Millisecond: 200, time.Minute: 350} {
		assert.Equal(t, want, s.Due(at), "%s", at)
	}
}

// No request is due before the one before it, nor outside of the schedule, whatever
// the stages are.
func TestSchedulesNeverGoBack(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 0))
	for range 20 {
		var stages []Stage
		for range 1 + random.IntN(5) {
			stages = append(stages, Stage{
				From: 1 + 5000*random.Float64(), To: 1 + 5000*random.Float64(),
				For: time.Duration(1+random.IntN(1000)) * time.Millisecond,
			})
		}
		s := NewSchedule(stages, 1+random.IntN(9))
		last := time.Duration(0)
		for n := range s.Total() {
			at := s.At(n)
			require.GreaterOrEqual(t, at, last, "request %d of %v", n, stages)
			require.LessOrEqual(t, at, s.Length(), "request %d of %v", n, stages)
			last = at
		}
	}
}

func TestThePacerKeepsTheScheduleWhateverTheGeneratorDoes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	p := &pacer{Schedule: NewSchedule([]Stage{{From: 100, To: 100, For: time.Second}}, 0), now: func() time.Time { return now }, nap: func(time.Duration) bool { return false }, asked: make(chan uint64, 100)}
	for _, c := range []struct {
		name    string
		elapsed time.Duration
		hits    uint64
		wait    time.Duration
		stop    bool
	}{
		{"the first is due at once", 2 * time.Millisecond, 0, 0, false},
		{"the next in time", 2 * time.Millisecond, 1, 8 * time.Millisecond, false},
		{"one that is late is not made later", 35 * time.Millisecond, 2, 0, false},
		{"after the last there is none", 995 * time.Millisecond, 100, 0, true},
		{"the end may be caught up with", time.Second + grace, 99, 0, false},
		{"but not for ever", time.Second + grace + 1, 99, 0, true},
	} {
		p.next.Store(c.hits)
		wait, stop := p.Pace(c.elapsed, 0)
		assert.Equal(t, c.stop, stop, c.name)
		assert.InDelta(t, c.wait, wait, float64(time.Microsecond), c.name)
	}
	assert.Equal(t, now.Add(-2*time.Millisecond), p.start(), "it counts from where vegeta began")
}

func TestThePacerSleepsThroughShortWaitsItself(t *testing.T) {
	t.Parallel()
	var naps []time.Duration
	p := &pacer{Schedule: NewSchedule([]Stage{{From: 1000, To: 1000, For: time.Second}}, 0), now: time.Now, asked: make(chan uint64, 100), nap: func(d time.Duration) bool {
		naps = append(naps, d)
		return true
	}}
	for _, c := range []struct {
		elapsed time.Duration
		hits    uint64
		wait    time.Duration
	}{
		{0, 0, 0},
		{0, 1, 0},                      // a nap of 1 ms
		{500 * time.Microsecond, 2, 0}, // one of 1.5 ms
		{3 * time.Millisecond, 2, 0},   // late: no nap
		{3 * time.Millisecond, 10, 7 * time.Millisecond}, // long enough for a timer
		{98 * time.Millisecond, 100, 0},                  // 2 ms is just short
		{time.Second + 2*grace, 1000, 0},                 // over: no nap
	} {
		p.next.Store(c.hits)
		wait, _ := p.Pace(c.elapsed, 0)
		assert.InDelta(t, c.wait, wait, float64(time.Microsecond), "%v", c)
	}
	want := []time.Duration{time.Millisecond, 1500 * time.Microsecond, 2 * time.Millisecond}
	require.Len(t, naps, len(want))
	for i, nap := range naps {
		assert.InDelta(t, want[i], nap, float64(time.Microsecond))
	}
}

// Every request of the schedule is done once, whoever wakes up for it.
func TestAWorkerTakesWhatIsDueAndNothingElse(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	now := began
	p := &pacer{
		Schedule: NewSchedule([]Stage{{From: 1000, To: 1000, For: time.Second}}, 0), now: func() time.Time { return now },
		nap: func(time.Duration) bool { return false }, asked: make(chan uint64, 3),
	}
	wait, _ := p.Pace(0, 0)
	assert.Zero(t, wait)
	assert.Equal(t, uint64(0), <-p.asked)
	_, ok := p.take()
	assert.False(t, ok, "the next is due in a millisecond")

	wait, _ = p.Pace(0, 0)
	assert.Equal(t, time.Millisecond, wait)
	now = began.Add(2500 * time.Microsecond)
	n, ok := p.take()
	assert.True(t, ok)
	assert.Equal(t, uint64(2), n, "the one that vegeta waits for is nobody else's")
	_, ok = p.take()
	assert.False(t, ok)
	assert.Equal(t, uint64(1), <-p.asked)

	now = began.Add(time.Second + grace)
	for n = range uint64(997) {
		got, ok := p.take()
		require.True(t, ok)
		require.Equal(t, n+3, got, "what is late may be caught up with")
	}
	_, ok = p.take()
	assert.False(t, ok, "after the last there is none")
	p.next.Store(500)
	now = now.Add(1)
	_, ok = p.take()
	assert.False(t, ok, "but not for ever")
	_, stop := p.Pace(now.Sub(began), 0)
	assert.True(t, stop)
}
