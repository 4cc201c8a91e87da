package bench

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Stopwatch carries an operation out so many times on each of its threads, and says how
// long the slowest of them took.
type Stopwatch func(times int) time.Duration

// Together times operations that as many goroutines carry out at once. They wait for each
// other at the start without sleeping: waking up a thread takes as long as a hundred
// signatures.
func Together(ops ...func()) Stopwatch {
	return func(times int) time.Duration {
		var (
			ready atomic.Int64
			all   sync.WaitGroup
			took  = make([]time.Duration, len(ops))
		)
		for i, op := range ops {
			all.Go(func() {
				ready.Add(1)
				for ready.Load() < int64(len(ops)) { //nolint:revive // yielding could put both on one thread
				}
				start := time.Now()
				for range times {
					op()
				}
				took[i] = time.Since(start)
			})
		}
		all.Wait()
		return slices.Max(took)
	}
}

// Lasting is how many times a stopwatch takes about that long.
func (s Stopwatch) Lasting(d time.Duration) int {
	times := 1
	for s(times) < d {
		times *= 2
	}
	return times
}
