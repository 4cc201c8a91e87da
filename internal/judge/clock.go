package judge

import (
	"math"
	"net/http"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// What every reading of the 5-second window has in common: a server that rounds its
// own clock, or counts exactly 5 s as too much, still takes 4 s and still blocks 6 s
// (reading AMB-14).
const (
	SurelyFresh = 4 * time.Second
	SurelyStale = 6 * time.Second
)

// A Clock is what is known of a server's clock: its time minus ours, and how far off
// that may be.
type Clock struct {
	Offset time.Duration
	Error  time.Duration
}

// EstimateClock reads a server's clock from the Date headers of some exchanges. Each
// was written between the request and the answer and cut to a second, so it bounds
// the offset from both sides; the bounds are intersected. It reports false when no
// answer had a readable Date, or when they contradict one another.
func EstimateClock(exchanges ...*exchange.Exchange) (Clock, bool) {
	low, high, found := time.Duration(math.MinInt64), time.Duration(math.MaxInt64), false
	for _, e := range exchanges {
		date, ok := dateOf(e)
		if !ok {
			continue
		}
		low = max(low, date.Sub(e.Ended()))
		high = min(high, date.Add(time.Second).Sub(e.Started))
		found = true
	}
	if !found || low > high {
		return Clock{}, false
	}
	return Clock{Offset: (low + high) / 2, Error: (high - low + 1) / 2}, true
}

// dateOf is when the server says that it wrote an answer. What a cache kept for a
// while (RFC 9111, Age) has the date of another time.
func dateOf(e *exchange.Exchange) (time.Time, bool) {
	if e.Response == nil {
		return time.Time{}, false
	}
	if age := e.Response.Header.Get("Age"); age != "" && age != "0" {
		return time.Time{}, false
	}
	date, err := http.ParseTime(e.Response.Header.Get("Date"))
	return date, err == nil
}

// Age bounds how old the request's X-Date was when the server read it: some time
// between the request and the answer. Negative ages are dates in the future. It
// reports false without a date that can be read.
func (c Clock) Age(e *exchange.Exchange) (least, most time.Duration, ok bool) {
	date, err := d24.ParseDate(e.Request.Header.Get(d24.HeaderDate))
	if err != nil {
		return 0, 0, false
	}
	least = e.Started.Add(c.Offset - c.Error).Sub(date)
	most = e.Ended().Add(c.Offset + c.Error).Sub(date)
	return least, most, true
}

// Freshness is what a request's date deserves.
type Freshness int

// Freshness of a date.
const (
	Fresh    Freshness = iota // every reading takes it
	Stale                     // every reading blocks it
	Boundary                  // readings differ, or the clock is not known well enough
)

// Freshness says what the date of a request deserves.
func (c Clock) Freshness(e *exchange.Exchange) Freshness {
	least, most, ok := c.Age(e)
	switch {
	case !ok:
		return Boundary
	case least >= -SurelyFresh && most <= SurelyFresh:
		return Fresh
	case least >= SurelyStale || most <= -SurelyStale:
		return Stale
	}
	return Boundary
}

// IsFresh judges a request whose date is near the server's clock: it must be
// accepted, its control with it.
func (c Clock) IsFresh(control, probe, again *exchange.Exchange) Finding {
	over := []*exchange.Exchange{control, probe, again}
	const expected = "accepted: its date is at most 4 s from the server's clock"
	if f := controlsHold(control, again, over); f.Outcome != Holds {
		return f
	}
	switch kind := Read(probe).Kind; {
	case kind == Accepted:
		return holds(over...)
	case kind == Busy:
		return unclear(expected, Describe(probe), over...)
	case c.Freshness(probe) != Fresh:
		return unclear(expected, Describe(probe)+", after a journey too slow to tell", over...)
	}
	return broken(expected, Describe(probe), over...)
}

// IsStale judges a request whose date is out of the window: it must be refused for
// it, and its controls accepted.
func (c Clock) IsStale(control, probe, again *exchange.Exchange, reason Reason) Finding {
	if Read(probe).Kind == Accepted && c.Freshness(probe) != Stale {
		return unclear("a date more than 6 s from the server's clock on arrival",
			"a journey too slow to tell", control, probe, again)
	}
	return IsRefused(control, probe, again, reason)
}
