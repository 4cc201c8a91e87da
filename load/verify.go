package load

import (
	"cmp"
	"slices"
)

// Findings are what a journal proves.
type Findings struct {
	Attempts  int // sent, those after the run included
	Answered  int // of these
	Unsent    int // attempts that never left
	Retries   int // attempts that showed a key again
	Keys      [spaces]int
	Made      [spaces]int // distinct objects that answers named, or said to exist
	Replays   int         // answers that repeated the key's first
	Different int         // answers that did not
	// Duplicates are objects beyond the first of their key.
	Duplicates [spaces]int
	// Shared are objects that were named under two keys.
	Shared [spaces]int
	// StaleAccepted are creations with a date a minute old that were accepted.
	StaleAccepted int
	StaleSent     int
	// Ambiguous are keys of which an attempt was lost, Unresolved those that no answer
	// ever settled.
	Ambiguous  int
	Unresolved []pending
	Errors     int // attempts that ended as the profile does not expect
	OtherBody  int // attempts that showed a key with another body: a defect of ours
}

// A pending is a key whose outcome nobody knows.
type pending struct {
	space space
	key   uint32
}

// A fate is what became of one key. Keys are numbered without gaps, so that a slice
// holds them: 40 bytes each, 40 MB for a million keys.
type fate struct {
	shown

	body     uint64
	attempts uint32
	lost     bool
}

// A shown is what the answers of one key have said so far.
type shown struct {
	object, answer uint64 // the first of each
	marks          uint8
}

// take holds an answer against the key's first: a replay repeats it, and no key has
// two different answers or another object.
func (k *shown) take(r *record) (replay, different, other bool) {
	if r.marks&markResult != 0 {
		switch {
		case k.marks&markResult == 0:
			k.answer = r.answer
		case k.answer == r.answer:
			replay = true
		default:
			different = true
		}
	}
	if r.marks&markAccepted != 0 && r.object != 0 {
		switch {
		case k.object == 0:
			k.object = r.object
		case k.object != r.object:
			other = true
		}
	}
	k.marks |= r.marks
	return replay, different, other
}

// An owner says under which key an object was named.
type owner struct {
	object uint64
	key    uint32
	space  space
}

// verify reads a journal twice as fast as a disk gives it, and keeps one fate a key.
func verify(path string) (*Findings, error) {
	f := &Findings{}
	var fates [spaces][]fate
	var extra []owner // objects beyond a key's first: few, or there is little to hope for
	_, err := readJournalFile(path, func(_ header, r *record) { extra = f.take(r, &fates, extra) })
	if err != nil {
		return nil, err
	}
	f.count(&fates, extra)
	return f, nil
}

// take enters one record.
func (f *Findings) take(r *record, fates *[spaces][]fate, extra []owner) []owner {
	if r.outcome == unsent {
		f.Unsent++
		f.Errors++
		return extra
	}
	f.Attempts++
	if r.outcome == answered {
		f.Answered++
	}
	if r.marks&markError != 0 {
		f.Errors++
	}
	s := r.op.space()
	if s == noSpace {
		return extra
	}
	if s == stales {
		f.StaleSent++
		if r.outcome == answered && r.status < 300 {
			f.StaleAccepted++
		}
	}
	for uint32(len(fates[s])) <= r.key { //nolint:gosec // fewer than 2³²
		fates[s] = append(fates[s], fate{})
	}
	k := &fates[s][r.key]
	if k.attempts > 0 {
		if r.marks&markResolve == 0 {
			f.Retries++
		}
		if k.body != r.body && r.marks&markResolve == 0 {
			f.OtherBody++
		}
	} else {
		k.body = r.body
	}
	k.attempts++
	k.lost = k.lost || r.outcome.ambiguous()
	replay, different, other := k.take(r)
	switch {
	case replay:
		f.Replays++
	case different:
		f.Different++
	}
	if other {
		extra = append(extra, owner{r.object, r.key, s})
	}
	return extra
}

// count sums up the fates.
func (f *Findings) count(fates *[spaces][]fate, extra []owner) {
	extra = distinct(extra)
	owners := slices.Clone(extra)
	for _, o := range extra {
		f.Duplicates[o.space]++
		f.Made[o.space]++
	}
	for s := range spaces {
		for key := range fates[s] {
			k := &fates[s][key]
			if k.attempts == 0 {
				continue
			}
			f.Keys[s]++
			if k.object != 0 {
				owners = append(owners, owner{k.object, uint32(key), s})
			}
			if k.marks&(markAccepted|markExists) != 0 {
				f.Made[s]++
			}
			// Of a stale one a second answer says nothing about the first; whether it made
			// something is seen in the server's own count.
			if k.lost && s != stales {
				f.Ambiguous++
				if k.marks&(markAccepted|markExists|markResult|markSettled) == 0 {
					f.Unresolved = append(f.Unresolved, pending{s, uint32(key)})
				}
			}
		}
	}
	owners = distinct(owners)
	for i := 1; i < len(owners); i++ {
		// A deposit and a refund may have one number; two deposits of two keys may not.
		// Stale deposits are deposits.
		a, b := owners[i-1], owners[i]
		if a.object == b.object && a.made() == b.made() && (a.key != b.key || a.space != b.space) {
			f.Shared[b.space]++
		}
	}
}

// made is the kind of object: stale deposits are deposits.
func (o owner) made() space {
	if o.space == stales {
		return deposits
	}
	return o.space
}

// distinct sorts owners by what they own and leaves each once.
func distinct(owners []owner) []owner {
	slices.SortFunc(owners, func(a, b owner) int {
		return cmp.Or(cmp.Compare(a.made(), b.made()), cmp.Compare(a.object, b.object), cmp.Compare(a.space, b.space), cmp.Compare(a.key, b.key))
	})
	return slices.Compact(owners)
}

// total is the sum over all spaces.
func total(counts [spaces]int) (n int) {
	for _, each := range counts {
		n += each
	}
	return n
}
