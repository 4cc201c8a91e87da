package mock

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// How long a meeting waits for one more to come. Requests that are sent at once over
// open connections arrive within a few milliseconds of each other; whoever is alone is
// held up no longer than that. A request that needs a new connection is late by a TLS
// handshake, and fifty of them on a busy machine by fifty: as long as somebody who has
// just connected has said nothing yet, the meeting goes on, for a bounded time: six
// handshakes have taken a second under the race detector, and a client's patience often
// ends at five.
const (
	quiet   = 20 * time.Millisecond
	recent  = 3 * time.Second
	longest = 4 * time.Second
)

// A meetings is the gap between looking and acting in which races happen, made wide
// enough to be hit every time: requests about one thing that come close together leave
// it together. One that comes alone passes through it, a little late.
type meetings struct {
	mu   sync.Mutex
	open map[string]*meeting
}

type meeting struct {
	came int // after the first
	over chan struct{}
}

// join waits until nobody has come for a while.
func (m *meetings) join(c *call, about string) {
	c.env.meeting.Add(1)
	defer c.env.meeting.Add(-1)
	m.mu.Lock()
	if here := m.open[about]; here != nil {
		here.came++
		m.mu.Unlock()
		<-here.over
		return
	}
	here := &meeting{over: make(chan struct{})}
	if m.open == nil {
		m.open = make(map[string]*meeting)
	}
	m.open[about] = here
	m.mu.Unlock()
	defer close(here.over)
	for round, seen := 0, 0; ; round++ {
		c.env.wait(quiet, nil)
		expecting := c.env.unused.youngerThan(recent) && round < int(longest/quiet)
		if seen = m.ended(about, here, seen, expecting); seen == nobody {
			return
		}
	}
}

// nobody is how many have come when nobody has.
const nobody = -1

// ended closes the door when nobody has come since it was asked last, and nobody is
// expected. Else it returns how many have come.
func (m *meetings) ended(about string, here *meeting, seen int, expecting bool) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if here.came > seen || expecting {
		return here.came
	}
	delete(m.open, about)
	return nobody
}

// A serial makes scopes that no key has: who works outside of its key's record still
// needs one to end.
type serial struct{ n atomic.Int64 }

func (s *serial) next(scope string) string {
	return scope + "\nbeside " + strconv.FormatInt(s.n.Add(1), 10)
}
