package load

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A server is one that answers within 10 ms up to a rate, and then queues.
type server struct {
	most    float64
	hiccups map[int]bool // steps in which the machine had other work to do
	steals  float64      // from this rate on it makes two objects under one key
	gone    float64      // from this rate on it is not there any more
	stops   int
	asked   []float64
	runs    map[string]bool
}

func (s *server) once(_ context.Context, opts Options) (*Results, error) {
	stage := opts.Profile.Stages[0]
	s.asked = append(s.asked, stage.To)
	if s.gone > 0 && stage.To >= s.gone {
		return nil, &EnvironmentError{What: "the target cannot be reached"}
	}
	r := &Results{
		Run: opts.Run, Numbers: map[string]float64{"p99": 10, "late.p99": 1, "achieved": 100, "errors": 0}, Invariants: []Invariant{{"one-object-per-key", Holds, ""}},
		money: tally{keys: 1},
	}
	if stage.To > s.most || s.hiccups[len(s.asked)] {
		r.Numbers["p99"] = 1000
	}
	if s.steals > 0 && stage.To >= s.steals {
		r.Invariants[0] = Invariant{"one-object-per-key", Broken, "1 deposit"}
	}
	if s.stops == len(s.asked) {
		r.Partial, r.Stopped = true, Interrupted
	}
	if s.runs == nil {
		s.runs = map[string]bool{}
	}
	s.runs[opts.Run] = true
	return r, nil
}

func TestTheHighestRateThatHoldsIsFoundAndConfirmed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		server   server
		most     string
		capacity float64 // 0 = none
		says     string
		asked    []float64
	}{
		{
			"a server that queues from 1000 a second on",
			server{most: 1000},
			"", 945,
			"945/s held, over 20 s; 1029/s did not: p99 < 50ms was 1000 ms",
			// A rate that does not hold is asked for twice.
			[]float64{500, 750, 1125, 1125, 919, 1017, 1017, 967, 967},
		},
		{"one that takes all that may be asked for", server{most: 1e6}, ", most: 1000", 1000, "1000/s held, the highest rate that may be tried: there may be more", nil},
		{"one pause of the machine", server{most: 1e6, hiccups: map[int]bool{1: true}}, ", most: 500", 500, "500/s held, the highest rate that may be tried: there may be more", nil},
		{"one that holds nothing", server{most: 10}, "", 0, "500/s, the lowest rate that was tried, did not hold: p99 < 50ms was 1000 ms", []float64{500, 500}},
		{"one that makes two of one", server{most: 1e6, steals: 700}, "", 0, "the search ended before a rate was confirmed: one-object-per-key: 1 deposit", []float64{500, 750}},
		{"one that goes away", server{most: 1e6, gone: 700}, "", 0, "the search ended before a rate was confirmed: the target cannot be reached", []float64{500, 750}},
		{"an interrupt", server{most: 1e6, stops: 2}, "", 0, "the search ended before a rate was confirmed: interrupted", []float64{500, 750}},
	} {
		p, err := parseProfile("p.yaml", "p", []byte("find: {from: 500, factor: 1.5, for: 5s, confirm: 20s, until: [p99 < 50ms]"+c.most+"}"))
		require.NoError(t, err)
		r, err := find(t.Context(), Options{Profile: p, Run: "x"}, c.server.once)
		require.NoError(t, err, c.name)
		if c.asked != nil {
			assert.Equal(t, c.asked, c.server.asked[:min(len(c.asked), len(c.server.asked))], c.name)
		}
		found := r.Numbers[capacity]
		if c.server.most == 1000 {
			assert.InDelta(t, 1000, found, 100, "within a tenth")
			assert.LessOrEqual(t, found, 1000.0)
			assert.Contains(t, r.Find.Says, "did not: p99 < 50ms was 1000 ms")
			assert.InDelta(t, 20, r.Find.Steps[len(r.Find.Steps)-1].Seconds, 0)
		} else {
			assert.InDelta(t, c.capacity, found, 0, c.name)
			assert.Equal(t, c.says, r.Find.Says, c.name)
		}
		assert.Equal(t, c.capacity == 0, r.Find.Capacity == nil, c.name)
		assert.Equal(t, "x", r.Run)
		if c.server.gone == 0 {
			assert.Len(t, c.server.runs, len(c.server.asked), "no two steps share ids")
		}
	}
}

// A rate that held for a moment need not hold for longer: then the next lower is tried.
func TestARateThatIsNotConfirmedIsNotFound(t *testing.T) {
	t.Parallel()
	p, err := parseProfile("p.yaml", "p", []byte("find: {from: 100, factor: 2, within: 100%, for: 1s, confirm: 2s, until: [p99 < 50ms]}"))
	require.NoError(t, err)
	s := server{most: 400, hiccups: map[int]bool{6: true}}
	r, err := find(t.Context(), Options{Profile: p, Run: "x"}, s.once)
	require.NoError(t, err)
	assert.Equal(t, []float64{100, 200, 400, 800, 800, 400, 200}, s.asked)
	assert.InDelta(t, 200, r.Numbers[capacity], 0)
	assert.Equal(t, "200/s held, over 2 s; 400/s did not: p99 < 50ms was 1000 ms", r.Find.Says)
}

func TestACapNeverLetsASearchGoBeyond(t *testing.T) {
	t.Parallel()
	p, err := parseProfile("p.yaml", "p", []byte("find: {from: 30, until: [p99 < 50ms]}"))
	require.NoError(t, err)
	s := server{most: 1e6}
	_, err = find(t.Context(), Options{Profile: p.AtMost(50), Run: "x"}, s.once)
	require.NoError(t, err)
	assert.Equal(t, []float64{30, 45, 50, 50}, s.asked)
	changed, err := p.With(Override{Rate: 20, Duration: 4 * time.Second})
	require.NoError(t, err)
	assert.Equal(t, []Stage{{20, 20, time.Second}}, changed.Stages)
	assert.InDelta(t, 20, changed.AtMost(50).Find.Most, 0)
}
