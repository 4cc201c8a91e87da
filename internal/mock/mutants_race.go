package mock

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// quiet is how long a meeting waits for one more to come. Requests that are sent at
// once arrive within a few milliseconds of each other; whoever is alone is held up no
// longer than this.
const quiet = 15 * time.Millisecond

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
	for seen := -1; !m.ended(about, here, &seen); {
		c.env.wait(quiet)
	}
	close(here.over)
}

// ended says whether nobody has come since it was asked last, and then closes the door.
func (m *meetings) ended(about string, here *meeting, seen *int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if here.came > *seen {
		*seen = here.came
		return false
	}
	delete(m.open, about)
	return true
}

// A serial makes scopes that no key has: who works outside of its key's record still
// needs one to end.
type serial struct{ n atomic.Int64 }

func (s *serial) next(scope string) string {
	return scope + "\nbeside " + strconv.FormatInt(s.n.Add(1), 10)
}
