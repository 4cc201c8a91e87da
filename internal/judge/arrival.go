package judge

import (
	"slices"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
)

// An Arrival bounds when a request reached the server, by the server's clock.
type Arrival func(e *exchange.Exchange) (from, to time.Time)

// SeenFromAfar is the Arrival of exchanges that were not recorded by the server: Started
// is the clock of whoever recorded them, and of a browser's recording the client's own.
// The server's is read from the Date headers of its answers; where there are none, the
// recorder's clock is all that is known.
func SeenFromAfar(exchanges []*exchange.Exchange) Arrival {
	clock, agree := EstimateClock(exchanges...)
	dated := slices.ContainsFunc(exchanges, func(e *exchange.Exchange) bool { _, ok := dateOf(e); return ok })
	return func(e *exchange.Exchange) (from, to time.Time) {
		date, ok := dateOf(e)
		switch {
		case agree:
			return e.Started.Add(clock.Offset - clock.Error), e.Ended().Add(clock.Offset + clock.Error)
		case ok: // one of the clocks was set while this was recorded: each answer for itself
			return date.Add(-e.Timing.Total), date.Add(time.Second)
		case dated: // and this request has none
			return time.Time{}, e.Ended().Add(widestZone)
		}
		return e.Started, e.Ended()
	}
}

// arrival is exact where nobody said otherwise: Started is the server's own clock.
func (c Client) arrival(e *exchange.Exchange) (from, to time.Time) {
	if c.Arrival == nil {
		return e.Started, e.Started
	}
	return c.Arrival(e)
}
