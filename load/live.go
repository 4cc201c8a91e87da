package load

import (
	"sync"
	"sync/atomic"
)

// liveKeys are the newest keys of each kind that are looked at while a run goes on: six
// times the longest window, in 2 MB. The journal, afterwards, forgets none.
const liveKeys = 64 << 10

// A live is what can be known of the money before the run is over, at the price of one
// comparison for each answer. What it has seen, the journal will show.
type live struct {
	tables [spaces]table

	replays    atomic.Uint64
	different  atomic.Uint64 // keys with two different answers
	duplicates atomic.Uint64 // keys with two objects
	stale      atomic.Uint64 // creations with a date a minute old that were accepted
}

// A table has a place for each of the newest keys. Keys are numbered in the order in
// which they are first shown, so that the newest have the places of the oldest.
type table struct {
	mu    [64]sync.Mutex // each for every 64th place: so connections hardly ever meet
	slots []slot
}

// A slot is the key that was here last. What is wrong with it counts once, so that no sum
// is above what the journal will say.
type slot struct {
	shown

	key        uint32
	used       bool
	twoObjects bool
	twoAnswers bool
}

// newLive makes room for what a run of that many requests asks for.
func newLive(p *Profile, requests uint64) *live {
	l := &live{}
	for op, weight := range p.Operations {
		if s := Op(op).space(); weight > 0 && s != noSpace {
			l.tables[s].slots = make([]slot, min(max(requests, 1), liveKeys))
		}
	}
	return l
}

// take enters one attempt.
func (l *live) take(r *record) {
	s := r.op.space()
	if s == noSpace {
		return
	}
	if s == stales {
		if r.marks&markAccepted != 0 {
			l.stale.Add(1)
		}
		return
	}
	t := &l.tables[s]
	place := int(r.key) % len(t.slots)
	k, lock := &t.slots[place], &t.mu[place%len(t.mu)]
	lock.Lock()
	defer lock.Unlock()
	if k.key != r.key || !k.used {
		*k = slot{key: r.key, used: true}
	}
	replay, different, other := k.take(r)
	if replay {
		l.replays.Add(1)
	}
	if different && !k.twoAnswers {
		k.twoAnswers = true
		l.different.Add(1)
	}
	if other && !k.twoObjects {
		k.twoObjects = true
		l.duplicates.Add(1)
	}
}
