package store

import (
	"hash/maphash"
	"time"
)

// An Answer is what idempotency promises to repeat: a status and a body, byte for
// byte.
type Answer struct {
	Status int
	Body   []byte
}

// A Standing is how the caller of [State.Claim] stands to a key.
type Standing int

// Standings.
const (
	Mine   Standing = iota // nobody was here before: do the work, then settle the ticket
	Busy                   // somebody is at it: wait for Done, then claim again
	Stored                 // it has been done: here is the answer
)

// A Claim is the outcome of [State.Claim].
type Claim struct {
	Standing    Standing
	Ticket      *Ticket         // when Mine
	Done        <-chan struct{} // when Busy; closed when the work is over, whatever came of it
	Answer      Answer          // when Stored
	Fingerprint string          // when Stored: of the request that was answered
}

// A Ticket is the right to do the work of one key, and the duty to end it with
// Commit, Settle or Abandon.
type Ticket struct {
	record *record
	home   *keyring // the generation it was claimed in; a Reset makes a new one
	ended  bool
}

// recordOverhead is what a record costs beyond its fingerprint and body: the struct, its
// place in the map and the rounding of two allocations.
const recordOverhead = 200

// A record is one key's first answer, or the promise of one.
type record struct {
	scope       uint64 // a hash
	fingerprint string
	answer      Answer
	stored      time.Time
	settled     bool
	done        chan struct{} // made by the first who waits
	next        *record       // the one that was settled next
}

func (r *record) size() int64 {
	return recordOverhead + int64(len(r.fingerprint)+len(r.answer.Body))
}

// A keyring holds the records by a hash of their scope, since these and the own ids as texts
// were a twelfth of all memory: two of 50,000 collide with a probability of 1 in 15 billion.
// The settled ones it holds in the order in which they were settled. Work in progress is in the map only: it can never be
// pushed out, since a second claim would then do the work twice. There is no more
// of it than there are requests under way.
type keyring struct {
	limits         Limits
	seed           maphash.Seed
	records        map[uint64]*record
	oldest, newest *record
	count          int
	bytes          int64
}

func newKeyring(limits Limits) *keyring {
	return &keyring{limits: limits, seed: maphash.MakeSeed(), records: make(map[uint64]*record)}
}

// Claim asks for the work of a key. The fingerprint is kept with the answer for
// the caller to compare; the store does not read it.
func (s *State) Claim(scope, fingerprint string, now time.Time) Claim {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := maphash.String(s.keys.seed, scope)
	if r := s.keys.records[hash]; r != nil {
		switch {
		case !r.settled:
			if r.done == nil {
				r.done = make(chan struct{})
			}
			return Claim{Standing: Busy, Done: r.done}
		case now.Sub(r.stored) <= s.limits.Lifetime:
			return Claim{Standing: Stored, Answer: r.answer, Fingerprint: r.fingerprint}
		}
	}
	r := &record{scope: hash, fingerprint: fingerprint}
	s.keys.records[hash] = r
	return Claim{Standing: Mine, Ticket: &Ticket{record: r, home: s.keys}}
}

// Commit has an effect and files its answer under the ticket in one critical
// section. keep says whether that answer is one to be stored; when it is not, the
// key is free again. A nil ticket is work without a key.
func (s *State) Commit(t *Ticket, now time.Time, keep func(Answer) bool, effect func(*Tx) Answer) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := effect(&s.tx)
	if t != nil && !t.ended {
		s.end(t, answer, keep(answer), now)
	}
	return answer
}

// Settle files an answer that came about without an effect. It does nothing to a
// ticket that has ended.
func (s *State) Settle(t *Ticket, answer Answer, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !t.ended {
		s.end(t, answer, true, now)
	}
}

// Abandon frees the key without an answer: the next claim gets the work. It does
// nothing to a ticket that has ended.
func (s *State) Abandon(t *Ticket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !t.ended {
		s.end(t, Answer{}, false, time.Time{})
	}
}

// Records is how many answers are stored, and how many bytes they take.
func (s *State) Records() (count int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys.count, s.keys.bytes
}

func (s *State) end(t *Ticket, answer Answer, keep bool, now time.Time) {
	t.ended = true
	r := t.record
	if keep && t.home == s.keys {
		r.answer, r.stored, r.settled = answer, now, true
		s.keys.push(r)
		s.keys.evict(now)
	} else if t.home.records[r.scope] == r {
		delete(t.home.records, r.scope)
	}
	if r.done != nil {
		close(r.done)
		r.done = nil
	}
}

func (k *keyring) push(r *record) {
	if k.newest == nil {
		k.oldest = r
	} else {
		k.newest.next = r
	}
	k.newest = r
	k.count++
	k.bytes += r.size()
}

// evict drops the oldest records until the bounds hold.
func (k *keyring) evict(now time.Time) {
	for r := k.oldest; r != nil; r = k.oldest {
		if k.count <= k.limits.Records && k.bytes <= k.limits.Bytes && now.Sub(r.stored) <= k.limits.Lifetime {
			return
		}
		if k.oldest = r.next; k.oldest == nil {
			k.newest = nil
		}
		r.next = nil
		k.count--
		k.bytes -= r.size()
		// A record that outlived its lifetime may have a successor in the map.
		if k.records[r.scope] == r {
			delete(k.records, r.scope)
		}
	}
}
