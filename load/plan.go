package load

import (
	"math"
	"math/rand/v2"

	"github.com/d24conform/d24conform/internal/d24"
)

// A space is a set of keys that belong together: an idempotency key counts for one
// path, and an external id is the key of a cashout.
type space uint8

// Spaces of keys.
const (
	deposits space = iota
	refunds
	cashouts
	stales // deposits that must not come into being
	spaces
)

// noSpace is that of requests that create nothing.
const noSpace = spaces

// String names what is made in the space.
func (s space) String() string {
	return [spaces + 1]string{"deposits", "refunds", "cashouts", "stale deposits", "none"}[s]
}

func (o Op) space() space {
	switch o {
	case Create, Retry:
		return deposits
	case Refund:
		return refunds
	case Cashout:
		return cashouts
	case Stale:
		return stales
	case Status, operations:
	}
	return noSpace
}

// A task is what one request of the schedule is to do.
type task struct {
	seq uint64
	op  Op
	key uint32 // in the space of op; of a status, the key of the deposit that it asks about
}

// A plan says what each request of the schedule does. It is a pure function of the
// profile and its seed, so that a run can be repeated, and so that it needs no memory.
type plan struct {
	cycle  []Op                 // operations in a fixed order, over and over
	before [][operations]uint64 // how often each one stands before a place of the cycle
	each   [operations]uint64   // in the whole cycle
	keys   Keys
	bodies []int
	seed   uint64
}

func newPlan(p *Profile) *plan {
	pl := &plan{keys: p.Keys, bodies: p.BodyBytes, seed: p.Seed}
	divisor := 0
	for _, weight := range p.Operations {
		divisor = gcd(divisor, weight)
	}
	for op, weight := range p.Operations {
		for range weight / divisor {
			pl.cycle = append(pl.cycle, Op(op))
		}
	}
	random := rand.New(rand.NewPCG(p.Seed, 0))
	random.Shuffle(len(pl.cycle), func(i, j int) { pl.cycle[i], pl.cycle[j] = pl.cycle[j], pl.cycle[i] })
	// The first request creates, so that there is something to ask about and to retry.
	for i, op := range pl.cycle {
		if op == Create {
			pl.cycle[0], pl.cycle[i] = pl.cycle[i], pl.cycle[0]
			break
		}
	}
	for _, op := range pl.cycle {
		pl.before = append(pl.before, pl.each)
		pl.each[op]++
	}
	return pl
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// earlier is how far back a retry or a status reaches, in creations.
const earlier = 1000

// task is the n-th request.
func (p *plan) task(n uint64) task {
	round, place := n/uint64(len(p.cycle)), n%uint64(len(p.cycle))
	op := p.cycle[place]
	// the how manieth of its kind, counted from 0
	ordinal := func(op Op) uint64 { return round*p.each[op] + p.before[place][op] }
	t := task{seq: n, op: op}
	switch op {
	case Retry, Status:
		created := ordinal(Create)
		t.key = p.key(created - 1 - p.random(n)%min(created, earlier))
	case Stale:
		t.key = uint32(ordinal(op)) //nolint:gosec // the schedule has fewer than 2³²
	default:
		t.key = p.key(ordinal(op))
	}
	return t
}

// count is how many of so many requests are of one kind.
func (p *plan) count(op Op, requests uint64) uint64 {
	round, place := requests/uint64(len(p.cycle)), requests%uint64(len(p.cycle))
	return round*p.each[op] + p.before[place][op]
}

// cost is a share of what all cashouts of a run of that many requests cost, in whole
// cashouts.
func (p *plan) cost(requests uint64, share float64) d24.Amount {
	return cashoutAmount * d24.Amount(math.Round(share*float64(p.count(Cashout, requests))/float64(p.keys.Attempts)))
}

// key is the key that the n-th creation shows.
func (p *plan) key(n uint64) uint32 {
	attempts, window := uint64(p.keys.Attempts), uint64(p.keys.Window) //nolint:gosec // positive
	block, place := n/(attempts*window), n%(attempts*window)
	inside := place % window
	if p.keys.Order == Concurrent || p.keys.Order == Both && block%2 == 0 {
		inside = place / attempts
	}
	key := block*window + inside
	if p.keys.Count > 0 {
		key %= uint64(p.keys.Count)
	}
	return uint32(key) //nolint:gosec // the schedule has fewer than 2³²
}

// size is how long the bodies of a key are.
func (p *plan) size(key uint32) int {
	return p.bodies[p.random(uint64(key)<<1|1)%uint64(len(p.bodies))]
}

// random is a number that follows from the seed (SplitMix64).
func (p *plan) random(n uint64) uint64 { return mix(p.seed + n) }

func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
