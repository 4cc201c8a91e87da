package load

import (
	"cmp"
	"slices"
	"time"
)

// A Snapshot is how a run stands while it goes on.
type Snapshot struct {
	Elapsed, Left time.Duration
	Asked, Sent   float64       // requests a second: now, and since the last snapshot
	P50, P95, P99 time.Duration // since the last snapshot, from the scheduled time
	Late          time.Duration // p99 since the beginning
	Hits, Errors  uint64
	Lost          uint64       // answers, timeouts included
	Classes       []ErrorCount // of the errors, the most frequent first
	Replays       uint64
	Duplicates    uint64 // keys with two objects
	Different     uint64 // keys with two different answers
	Broken        uint64 // both
}

// watch takes a snapshot at each tick until the attack is over.
func (e *engine) watch(over <-chan struct{}) {
	lastHits, lastAt, last := uint64(0), e.pacer.now(), histogram{}
	for {
		select {
		case <-over:
			return
		case <-e.Ticks:
		}
		if err := e.journal.failed(); err != nil {
			e.abort(err) // what is sent from here on proves nothing
		}
		stats, now := e.merged(), e.pacer.now()
		if e.Profile.AbortEarly {
			e.abortWhenSettled(stats)
		}
		if e.Progress == nil {
			continue
		}
		var all class
		for op := range stats.classes {
			all.due.merge(&stats.classes[op].due)
			all.errors += stats.classes[op].errors
		}
		s := Snapshot{
			Hits: stats.hits, Errors: all.errors, Lost: stats.lost + stats.timeouts, Classes: stats.errorCounts(),
			Replays: e.live.replays.Load(), Duplicates: e.live.duplicates.Load(), Different: e.live.different.Load(),
		}
		s.Broken = s.Duplicates + s.Different
		slices.SortStableFunc(s.Classes, func(a, b ErrorCount) int { return cmp.Compare(b.Count, a.Count) })
		if began := e.pacer.start(); !began.IsZero() {
			s.Elapsed = now.Sub(began)
			s.Left = max(e.schedule.Length()-s.Elapsed, 0)
			s.Asked = e.schedule.Rate(s.Elapsed)
		}
		if span := now.Sub(lastAt).Seconds(); span > 0 {
			s.Sent = float64(stats.hits-lastHits) / span
		}
		if since := all.due.minus(&last); since.h != nil {
			s.P50, s.P95, s.P99 = time.Duration(since.h.ValueAtQuantile(50)), time.Duration(since.h.ValueAtQuantile(95)), time.Duration(since.h.ValueAtQuantile(99))
		}
		if stats.late.h != nil {
			s.Late = time.Duration(stats.late.h.ValueAtQuantile(99))
		}
		lastHits, lastAt, last = stats.hits, now, all.due
		e.Progress(s)
	}
}
