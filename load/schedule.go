package load

import (
	"math"
	"sort"
	"sync/atomic"
	"time"
)

// A Stage is a part of a run in which the rate stays or changes evenly.
type Stage struct {
	From, To float64 // requests a second at its beginning and at its end
	For      time.Duration
}

// A Schedule says when each request is due. It is a pure function of the profile: a
// slow generator does not move it, it is late.
type Schedule struct {
	pieces []piece
	total  uint64
	length time.Duration
	burst  uint64
}

// A piece is a stage with what came before it.
type piece struct {
	Stage
	begin time.Duration
	first float64 // how many requests are due before it begins
}

// NewSchedule lays stages one behind the other. With burst, so many requests are due
// at one moment, and none until the next burst: on average the rate is the same.
func NewSchedule(stages []Stage, burst int) *Schedule {
	s := &Schedule{burst: uint64(max(burst, 1))}
	due := 0.0
	for _, stage := range stages {
		s.pieces = append(s.pieces, piece{Stage: stage, begin: s.length, first: due})
		due += (stage.From + stage.To) / 2 * stage.For.Seconds()
		s.length += stage.For
	}
	// 0.1 for 10 s is one request, whatever the sum of ten times 0.1 is.
	s.total = uint64(math.Ceil(due - 1e-6))
	return s
}

// Total is how many requests are due in all.
func (s *Schedule) Total() uint64 { return s.total }

// Length is how long it takes from the first moment to the last.
func (s *Schedule) Length() time.Duration { return s.length }

// At is when the n-th request is due, counted from 0.
func (s *Schedule) At(n uint64) time.Duration {
	due := float64(n - n%s.burst)
	i := sort.Search(len(s.pieces), func(i int) bool { return s.pieces[i].first > due }) - 1
	return s.pieces[max(i, 0)].at(due)
}

// Due is how many requests are due before a moment.
func (s *Schedule) Due(elapsed time.Duration) uint64 {
	n := sort.Search(int(s.total), func(n int) bool { return s.At(uint64(n)) >= elapsed }) //nolint:gosec // fewer than 2³²
	return uint64(n)                                                                       //nolint:gosec // not negative
}

// due is how many requests the stages ask for before a moment, parts of one included.
func (s *Schedule) due(elapsed time.Duration) float64 {
	due := 0.0
	for _, p := range s.pieces {
		if t := min(elapsed-p.begin, p.For).Seconds(); t > 0 {
			due = p.first + p.From*t + (p.To-p.From)/(2*p.For.Seconds())*t*t
		}
	}
	return due
}

// at solves from·t + (to-from)/(2·d)·t² = due - first for t.
func (p piece) at(due float64) time.Duration {
	n, slope := due-p.first, (p.To-p.From)/p.For.Seconds()
	var t float64
	switch {
	case n <= 0:
	case math.Abs(slope) < 1e-9:
		t = n / p.From
	default:
		// The form of the solution that does not subtract two nearly equal numbers.
		t = 2 * n / (p.From + math.Sqrt(math.Max(0, p.From*p.From+2*slope*n)))
	}
	return p.begin + min(time.Duration(t*float64(time.Second)), p.For)
}

// Rate is how many requests a second are asked for at a moment.
func (s *Schedule) Rate(elapsed time.Duration) float64 {
	i := sort.Search(len(s.pieces), func(i int) bool { return s.pieces[i].begin > elapsed }) - 1
	if i < 0 || elapsed >= s.length {
		return 0
	}
	p := s.pieces[i]
	return p.From + (p.To-p.From)*float64(elapsed-p.begin)/float64(p.For)
}

// Peak is the highest rate of all.
func (s *Schedule) Peak() float64 {
	peak := 0.0
	for _, p := range s.pieces {
		peak = max(peak, p.From, p.To)
	}
	return peak
}

// grace is how long after its end a schedule may still be caught up with: a pause of
// the garbage collector or of the machine just before the end is no reason to leave
// requests out. What is not sent by then is missing from what was achieved.
const grace = 250 * time.Millisecond

// soon is a wait that the pacer sleeps through itself, where the system has a sleep that
// is exact. Go rounds what a timer waits up to a millisecond, in which ten requests are
// due at 10,000 a second; of a longer wait a millisecond is no part.
const soon = 2 * time.Millisecond

// A pacer is a Schedule as vegeta asks for it.
type pacer struct {
	*Schedule

	now   func() time.Time
	nap   func(time.Duration) bool // sleeps exactly so long; false where that cannot be done
	began atomic.Pointer[time.Time]
	next  atomic.Uint64 // request that nobody has yet
	asked chan uint64   // requests that vegeta wakes a worker for; room for one of each, and one more
}

// Pace says how long to wait for the next request. Which one that is, the worker that
// vegeta wakes finds in asked: vegeta's own count leaves out what workers took by themselves.
func (p *pacer) Pace(elapsed time.Duration, _ uint64) (wait time.Duration, stop bool) {
	n := p.next.Add(1) - 1
	if n == 0 {
		// vegeta keeps its beginning to itself, and everything is measured from it.
		began := p.now().Add(-elapsed)
		p.began.Store(&began)
	}
	if p.over(n, elapsed) {
		return 0, true
	}
	p.asked <- n
	wait = max(p.At(n)-elapsed, 0)
	if wait > 0 && wait <= soon && p.nap(wait) {
		return 0, false
	}
	return wait, false
}

// take is a request that is due already, for a worker that has done its own: going back to
// vegeta for each of them costs a fifth of all CPU when there is more to do than can be done.
func (p *pacer) take() (n uint64, ok bool) {
	for {
		n, elapsed := p.next.Load(), p.now().Sub(p.start())
		if p.over(n, elapsed) || p.At(n) > elapsed {
			return 0, false
		}
		if p.next.CompareAndSwap(n, n+1) {
			return n, true
		}
	}
}

func (p *pacer) over(n uint64, elapsed time.Duration) bool {
	return n >= p.total || elapsed > p.length+grace
}

// start is the moment from which the schedule counts; zero before the first request.
func (p *pacer) start() time.Time {
	if began := p.began.Load(); began != nil {
		return *began
	}
	return time.Time{}
}
