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
	"github.com/d24conform/d24conform/internal/mock"
)

// What is tried depends on the answers alone, so the number of calls does too.
func TestTheEdgeIsBisected(t *testing.T) {
	t.Parallel()
	for window, want := range map[int]int{
		0: 5, 1: 5, 2: 4, 3: 3, 4: 2, 5: 2, 6: 4, 7: 4, 8: 8, 29: 9, 30: 11, 899: 16, 900: 6, 1000: 6,
	} {
		t.Run(fmt.Sprint(window), func(t *testing.T) {
			t.Parallel()
			taken, refused, calls := 0, 0, 0
			for next := between(taken, refused); next != taken; next = between(taken, refused) {
				if calls++; next <= window {
					taken = next
				} else {
					refused = next
				}
			}
			assert.Equal(t, min(window, 900), taken)
			if window < 900 {
				assert.Equal(t, window+1, refused)
			}
			assert.Equal(t, want, calls)
		})
	}
}

// measured is what is found out about a server's window, and how sure it has to be: by
// whole seconds, the error of the clock, and however long this machine took.
func measured(t *testing.T, s *Server) (w Window, width time.Duration) {
	t.Helper()
	require.NoError(t, s.Reach(t.Context()))
	begun := time.Now()
	w, ok, err := s.MeasureWindow(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	return w, time.Second + 2*s.Clock().Error + 2*time.Since(begun)
}

// holds wants the true end of a window between what was measured.
func holds(t *testing.T, e Edge, truth, width time.Duration) {
	t.Helper()
	assert.False(t, e.Open)
	assert.LessOrEqual(t, e.Least, truth)
	assert.GreaterOrEqual(t, e.Most, truth)
	assert.LessOrEqual(t, e.Most-e.Least, width)
}

func TestTheMeasuringEnds(t *testing.T) {
	t.Parallel()
	d := &dater{past: 100 * time.Second, future: 800 * time.Second}
	s := newServer(t, serve(t, depositKeys, d.ServeHTTP))
	require.NoError(t, s.Reach(t.Context()))
	before := d.asked.Load()
	w, ok, err := s.MeasureWindow(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	assert.LessOrEqual(t, d.asked.Load()-before, int64(2*windowCalls))
	holds(t, w.Past, d.past, time.Minute)
	holds(t, w.Future, d.future, 5*time.Minute)
}

func TestTheWindowIsMeasured(t *testing.T) {
	t.Parallel()
	const past, future = 5 * time.Second, 5 * time.Second
	for _, row := range []struct {
		mutant       string
		past, future time.Duration
		open         bool // into the future
	}{
		{"", past, future, false},
		{"window-7s", 7 * time.Second, 7 * time.Second, false},
		{"past-only", past, 0, true},
	} {
		t.Run(row.mutant, func(t *testing.T) {
			t.Parallel()
			s := embed(t, mock.Options{Mutant: row.mutant})
			w, width := measured(t, s)
			holds(t, w.Past, row.past, width)
			if row.open {
				assert.True(t, w.Future.Open)
				assert.Greater(t, w.Future.Least, searchRange-2*time.Second-s.Clock().Error)
				return
			}
			holds(t, w.Future, row.future, width)
		})
	}
}

// A clock that is wrong is no window that is wrong.
func TestTheWindowOfAClockThatIsWrong(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]*dater{
		"with a Date": {offset: 180 * time.Second, date: func(w http.ResponseWriter, now time.Time) {
			w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		}},
		"without": {offset: -77*time.Second - 700*time.Millisecond},
		"with a window of its own": {offset: 61 * time.Second, past: 12 * time.Second, future: 3 * time.Second, date: func(w http.ResponseWriter, now time.Time) {
			w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, serve(t, depositKeys, d.ServeHTTP))
			w, width := measured(t, s)
			past, future := d.past, d.future
			if past == 0 {
				past, future = d24.Window, d24.Window
			}
			holds(t, w.Past, past, width)
			holds(t, w.Future, future, width)
		})
	}
}

// What is not about the date ends the measuring, and is nobody's fault.
func TestTheWindowIsNotMeasured(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"429": `{"code":203,"description":"Too many"}`,
		"401": `{"code":100,"description":"Invalid credentials"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d dater
			var closed atomic.Bool
			s := newServer(t, serve(t, depositKeys, func(w http.ResponseWriter, r *http.Request) {
				if !closed.Load() {
					d.ServeHTTP(w, r)
					return
				}
				status := 0
				fmt.Sscan(name, &status)
				say(w, status, answer)
			}))
			require.NoError(t, s.Reach(t.Context()))
			closed.Store(true)
			_, ok, err := s.MeasureWindow(t.Context())
			require.NoError(t, err)
			assert.False(t, ok)
		})
	}
	cashouts := newServer(t, Config{BaseURL: "https://127.0.0.1", Credentials: d24.Credentials{Cashouts: keys.Cashouts}})
	_, ok, err := cashouts.MeasureWindow(t.Context())
	require.NoError(t, err)
	assert.False(t, ok, "cashouts carry no date")
	assert.Zero(t, cashouts.Log.Len())
}
