package store

import (
	"hash/maphash"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// Limits bound the memory of a State. All must be positive.
type Limits struct {
	Records      int           // idempotency records
	Bytes        int64         // bytes in idempotency records, keys and bookkeeping included
	Lifetime     time.Duration // how long an idempotency record is kept
	Transactions int           // of each kind: deposits, refunds, cashouts
	ExternalIDs  int           // external ids that are remembered as used
}

// Bases are the first ids of an environment. Those of two environments lie far
// apart, so that an id of one is never by chance an id of the other.
type Bases struct {
	Deposits, Refunds, Cashouts int64
}

// State is the memory of one environment. It is safe for concurrent use.
type State struct {
	limits Limits
	seed   uint64
	mu     sync.Mutex
	keys   *keyring
	tx     Tx
}

// New makes an empty State. What is decided by chance follows from the seed.
func New(limits Limits, bases Bases, seed uint64) *State {
	s := &State{limits: limits, seed: seed}
	s.keys = newKeyring(limits)
	s.tx = newTx(limits, bases, seed)
	return s
}

// Reset forgets everything. Ids go on where they were: a receiver that has
// released deposit 300000001 once must not meet another one of that name.
func (s *State) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(s.bases())
}

// CountFrom forgets everything, too, and goes on with these ids. It returns those with
// which it would have gone on.
func (s *State) CountFrom(bases Bases) (before Bases) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before = s.bases()
	s.forget(bases)
	return before
}

// bases are the next ids.
func (s *State) bases() Bases {
	return Bases{Deposits: s.tx.deposits.next, Refunds: s.tx.refunds.next, Cashouts: s.tx.cashouts.next}
}

func (s *State) forget(bases Bases) {
	s.keys = newKeyring(s.limits)
	s.tx = newTx(s.limits, bases, s.seed)
}

// Update runs fn under the lock. fn must not keep the Tx nor anything that it got
// from it, and must not block.
func (s *State) Update(fn func(*Tx)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn(&s.tx)
}

// Tx is a State while its lock is held.
type Tx struct {
	deposits  ring[Deposit]
	refunds   ring[Refund]
	cashouts  ring[Cashout]
	seed      maphash.Seed
	invoices  map[uint64]int64 // by the hash of a reference, to deposits
	externals map[uint64]int64 // likewise, to cashouts that are still here
	used      usedIDs          // external ids for ever
	balances  map[int]d24.Amount
	random    *rand.Rand
	renamed   map[renamed]int64 // the id that a transaction was made with, by the one that it was given
}

// A reference is a merchant's own id of a transaction.
type reference struct {
	merchant int
	id       string
}

// hash is what a reference is found by: a map of numbers is one that the garbage
// collector does not look into.
func (tx *Tx) hash(merchant int, id string) uint64 {
	return maphash.Comparable(tx.seed, reference{merchant, id})
}

func newTx(limits Limits, bases Bases, seed uint64) Tx {
	return Tx{
		deposits:  newRing[Deposit](limits.Transactions, bases.Deposits),
		refunds:   newRing[Refund](limits.Transactions, bases.Refunds),
		cashouts:  newRing[Cashout](limits.Transactions, bases.Cashouts),
		seed:      maphash.MakeSeed(),
		invoices:  make(map[uint64]int64),
		externals: make(map[uint64]int64),
		used:      newUsedIDs(limits.ExternalIDs),
		balances:  make(map[int]d24.Amount),
		random:    rand.New(rand.NewPCG(seed, seed)),
		renamed:   make(map[renamed]int64),
	}
}

// Balance is what the merchant can draw on.
func (tx *Tx) Balance(merchant int) d24.Amount { return tx.balances[merchant] }

// SetBalance makes the merchant's balance exactly this.
func (tx *Tx) SetBalance(merchant int, amount d24.Amount) { tx.balances[merchant] = amount }

// Random is the next number of the seeded source.
func (tx *Tx) Random() uint64 { return tx.random.Uint64() }

// Credit adds to the merchant's balance. At the largest number it stays there: a
// balance that wraps around would be a negative one.
func (tx *Tx) Credit(merchant int, amount d24.Amount) {
	balance := tx.balances[merchant]
	if amount > math.MaxInt64-balance {
		balance = math.MaxInt64 - amount
	}
	tx.balances[merchant] = balance + amount
}
