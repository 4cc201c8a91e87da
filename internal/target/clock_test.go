package target

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/mock"
)

func TestTheClockIsReadFromDate(t *testing.T) {
	t.Parallel()
	for _, offset := range []time.Duration{0, 180 * time.Second, -180 * time.Second, time.Hour, -time.Hour} {
		t.Run(offset.String(), func(t *testing.T) {
			t.Parallel()
			s := embed(t, mock.Options{Now: func() time.Time { return time.Now().Add(offset) }})
			require.NoError(t, s.Reach(t.Context()))
			clock := s.Clock()
			assert.LessOrEqual(t, (clock.Offset - offset).Abs(), clock.Error, "%s ± %s", clock.Offset, clock.Error)
			assert.Equal(t, "its Date header", s.ClockSource())
			_, err := s.Admit(t.Context(), orders())
			assert.NoError(t, err, "what is dated by the estimate is in time")
		})
	}
}

func TestTheClockIsReadAgain(t *testing.T) {
	t.Parallel()
	s := embed(t, mock.Options{})
	require.NoError(t, s.Reach(t.Context()))
	require.NoError(t, s.Hooks.Call(t.Context(), SetClockOffset, map[string]string{"ms": "-180000"}))
	require.NoError(t, s.Reach(t.Context()))
	assert.LessOrEqual(t, (s.Clock().Offset + 180*time.Second).Abs(), s.Clock().Error)
}

// A dater is a server whose clock is wrong by an offset and which looks at nothing but
// X-Date.
type dater struct {
	offset       time.Duration
	past, future time.Duration // how far a date may be; 0 = 5 s
	date         func(w http.ResponseWriter, now time.Time)
	asked        atomic.Int64
}

func (d *dater) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.asked.Add(1)
	now := time.Now().Add(d.offset)
	w.Header()["Date"] = nil
	if d.date != nil {
		d.date(w, now)
	}
	date, err := d24.ParseDate(r.Header.Get(d24.HeaderDate))
	past, future := d.past, d.future
	if past == 0 {
		past = d24.Window
	}
	if future == 0 {
		future = d24.Window
	}
	if age := now.Sub(date); err != nil || age > past || age < -future {
		say(w, 400, `{"code":103,"description":"Date out of range"}`)
		return
	}
	create(w, r)
}

func TestTheClockIsSearched(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		dater *dater
	}{
		{"no Date, and a clock that is right", &dater{}},
		{"no Date, and ten minutes fast", &dater{offset: 600 * time.Second}},
		{"no Date, and ten minutes slow", &dater{offset: -600 * time.Second}},
		{"no Date, and fast by what is no multiple of a step", &dater{offset: 93*time.Second + 400*time.Millisecond}},
		{"no Date, and slow by what is no multiple of a step", &dater{offset: -77*time.Second - 700*time.Millisecond}},
		{"no Date, and a window of 7 s", &dater{offset: 61 * time.Second, past: 7 * time.Second, future: 7 * time.Second}},
		{"no Date, and any date of the past will do", &dater{offset: 20 * time.Second, past: 1000 * time.Hour}},
		{"a Date that is not its own", &dater{offset: 60 * time.Second, date: func(w http.ResponseWriter, now time.Time) {
			w.Header().Set("Date", now.Add(-30*time.Second).UTC().Format(http.TimeFormat))
		}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, serve(t, depositKeys, row.dater.ServeHTTP))
			require.NoError(t, s.Reach(t.Context()))
			clock := s.Clock()
			assert.LessOrEqual(t, (clock.Offset - row.dater.offset).Abs(), clock.Error, "%s ± %s", clock.Offset, clock.Error)
			assert.Equal(t, "a search for the X-Date that it takes", s.ClockSource())
		})
	}
}

func TestTheSearchIsGoodEnoughToJudgeBy(t *testing.T) {
	t.Parallel()
	s := newServer(t, serve(t, depositKeys, (&dater{offset: 93 * time.Second}).ServeHTTP))
	require.NoError(t, s.Reach(t.Context()))
	_, err := s.Admit(t.Context(), orders())
	require.NoError(t, err)
	journeys := time.Duration(0)
	for _, e := range s.Log.All() {
		journeys = max(journeys, e.Timing.Total)
	}
	assert.LessOrEqual(t, s.Clock().Error, time.Second+journeys, "a second for the steps, and the longest journey")
}

func TestTheSearchEnds(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		dater *dater
		want  string
	}{
		{"no Date, and an hour fast", &dater{offset: time.Hour}, " sends no Date header that tells its time, and takes no other within 15 minutes of this machine's clock"},
		{"no Date, and 16 minutes slow", &dater{offset: -16 * time.Minute}, " sends no Date header that tells its time, and takes no other within 15 minutes of this machine's clock"},
		{
			"a Date that is not its own, and an hour slow",
			&dater{offset: -time.Hour, date: func(w http.ResponseWriter, now time.Time) {
				w.Header().Set("Date", now.Add(time.Hour).UTC().Format(http.TimeFormat))
			}},
			" refuses an X-Date of the time in its own Date header, and takes no other within 15 minutes of this machine's clock",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cfg := serve(t, depositKeys, row.dater.ServeHTTP)
			e := environment(t, newServer(t, cfg).Reach(t.Context()))
			assert.Equal(t, cfg.BaseURL+row.want, e.Text)
			assert.Equal(t, "set this machine's clock right, and check the credentials", e.Hint)
			assert.LessOrEqual(t, row.dater.asked.Load(), int64(250), "15 minutes in steps of 8 s, both ways")
		})
	}
}

func TestTheSearchDoesNotBeginWithWrongKeys(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	cfg := serve(t, depositKeys, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header()["Date"] = nil
		say(w, 401, `{"code":100,"description":"Invalid credentials"}`)
	})
	e := environment(t, newServer(t, cfg).Reach(t.Context()))
	assert.Equal(t, cfg.BaseURL+" sends no usable Date header, and refuses a request that is signed right: 401 code 100 (Invalid credentials)", e.Text)
	assert.LessOrEqual(t, asked.Load(), int64(clockRoundTrips+1))
}

// The search is about dates: a server that asks for patience is not passed over.
func TestTheSearchWaitsWhereItIsAskedTo(t *testing.T) {
	t.Parallel()
	d := &dater{offset: 24 * time.Second}
	s := newServer(t, serve(t, depositKeys, func(w http.ResponseWriter, r *http.Request) {
		if d.asked.Load()%3 == 2 {
			d.asked.Add(1)
			w.Header()["Date"] = nil
			say(w, 429, `{"code":203,"description":"Too many"}`)
			return
		}
		d.ServeHTTP(w, r)
	}))
	require.NoError(t, s.Reach(t.Context()))
	assert.LessOrEqual(t, (s.Clock().Offset - d.offset).Abs(), s.Clock().Error)
}

func TestANotFoundPageIsNoRefusalOfTheDate(t *testing.T) {
	t.Parallel()
	s := newServer(t, serve(t, depositKeys, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		if date, err := d24.ParseDate(r.Header.Get(d24.HeaderDate)); err != nil || time.Since(date).Abs() > d24.Window {
			say(w, 400, `{"code":103,"description":"Date out of range"}`)
			return
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `null`)
	}))
	require.NoError(t, s.Reach(t.Context()))
	assert.LessOrEqual(t, s.Clock().Offset.Abs(), s.Clock().Error)
}

func TestCashoutsNeedNoClock(t *testing.T) {
	t.Parallel()
	s := newServer(t, serve(t, d24.Credentials{Cashouts: keys.Cashouts}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = nil
		say(w, 412, `{"code":509,"message":"Cashout not found"}`)
	}))
	require.NoError(t, s.Reach(t.Context()))
	assert.Equal(t, judge.Clock{}, s.Clock())
	assert.Equal(t, "nowhere: it sends no Date header, and cashouts carry no date", s.ClockSource())
}
