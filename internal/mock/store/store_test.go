package store_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func limits() store.Limits {
	return store.Limits{Records: 3, Bytes: 1 << 20, Lifetime: time.Hour, Transactions: 3, ExternalIDs: 4}
}

func newState(l store.Limits) *store.State {
	return store.New(l, store.Bases{Deposits: 100, Refunds: 200, Cashouts: 300}, 1)
}

func always(store.Answer) bool { return true }

// settle does the work of a key, which must be free.
func settle(t *testing.T, s *store.State, scope, body string, at time.Time) {
	t.Helper()
	claim := s.Claim(scope, "", at)
	require.Equal(t, store.Mine, claim.Standing, scope)
	s.Settle(claim.Ticket, store.Answer{Status: 200, Body: []byte(body)}, at)
}

func TestClaimStandings(t *testing.T) {
	s := newState(limits())
	mine := s.Claim("k", "print", now)
	require.Equal(t, store.Mine, mine.Standing)
	busy := s.Claim("k", "other", now)
	require.Equal(t, store.Busy, busy.Standing)
	answer := s.Commit(mine.Ticket, now, always, func(*store.Tx) store.Answer { return store.Answer{Status: 201, Body: []byte("x")} })
	<-busy.Done
	stored := s.Claim("k", "other", now)
	assert.Equal(t, store.Claim{Standing: store.Stored, Answer: answer, Fingerprint: "print"}, stored)

	s.Settle(mine.Ticket, store.Answer{Status: 500}, now)
	s.Abandon(mine.Ticket)
	assert.Equal(t, answer, s.Claim("k", "", now).Answer, "a ticket ends once")
}

// Work without a key has its effect and leaves no record; nor does work whose ticket
// has ended.
func TestCommitWithoutATicket(t *testing.T) {
	s := newState(limits())
	effect := func(status int) func(*store.Tx) store.Answer {
		return func(tx *store.Tx) store.Answer {
			tx.AddRefund(&store.Refund{})
			return store.Answer{Status: status}
		}
	}
	assert.Equal(t, store.Answer{Status: 201}, s.Commit(nil, now, always, effect(201)))
	claim := s.Claim("k", "", now)
	s.Settle(claim.Ticket, store.Answer{Status: 500}, now)
	assert.Equal(t, store.Answer{Status: 202}, s.Commit(claim.Ticket, now, always, effect(202)))
	assert.Equal(t, 500, s.Claim("k", "", now).Answer.Status)
	count, _ := s.Records()
	assert.Equal(t, 1, count)
	s.Update(func(tx *store.Tx) { assert.Equal(t, 2, tx.RefundsCreated()) })
}

// Everything that a record holds counts, and counts no more when it has gone.
func TestBytesOfRecords(t *testing.T) {
	s := newState(limits())
	claim := s.Claim("four", "fingerprint", now)
	s.Settle(claim.Ticket, store.Answer{Status: 201, Body: make([]byte, 100)}, now)
	_, first := s.Records()
	settle(t, s, "five!", "", now)
	_, both := s.Records()
	overhead := both - first
	assert.Positive(t, overhead)
	assert.Equal(t, overhead+int64(len("fingerprint")+100), first)
	for i := range 3 {
		settle(t, s, fmt.Sprint(i), "", now)
	}
	_, bytes := s.Records()
	assert.Equal(t, 3*overhead, bytes)

	l := limits()
	l.Bytes = 2 * overhead
	s = newState(l)
	settle(t, s, "a", "", now)
	settle(t, s, "b", "", now)
	count, _ := s.Records()
	assert.Equal(t, 2, count, "the limit itself is within it")
}

func TestAbandonedAndUnkeptKeysAreFree(t *testing.T) {
	s := newState(limits())
	first := s.Claim("k", "", now)
	waiting := s.Claim("k", "", now)
	s.Abandon(first.Ticket)
	<-waiting.Done
	second := s.Claim("k", "", now)
	require.Equal(t, store.Mine, second.Standing)
	never := func(store.Answer) bool { return false }
	s.Commit(second.Ticket, now, never, func(*store.Tx) store.Answer { return store.Answer{Status: 500} })
	assert.Equal(t, store.Mine, s.Claim("k", "", now).Standing)
}

func TestRecordBounds(t *testing.T) {
	t.Run("by count", func(t *testing.T) {
		s := newState(limits())
		for i := range 5 {
			settle(t, s, fmt.Sprint(i), "", now)
		}
		count, _ := s.Records()
		assert.Equal(t, 3, count)
		assert.Equal(t, store.Mine, s.Claim("1", "", now).Standing)
		assert.Equal(t, store.Stored, s.Claim("2", "", now).Standing)
	})
	t.Run("by bytes", func(t *testing.T) {
		l := limits()
		l.Bytes = 5000
		s := newState(l)
		settle(t, s, "a", string(make([]byte, 3000)), now)
		settle(t, s, "b", string(make([]byte, 3000)), now)
		count, bytes := s.Records()
		assert.Equal(t, 1, count)
		assert.LessOrEqual(t, bytes, l.Bytes)
		assert.Equal(t, store.Mine, s.Claim("a", "", now).Standing)
	})
	t.Run("by lifetime", func(t *testing.T) {
		s := newState(limits())
		settle(t, s, "a", "", now)
		assert.Equal(t, store.Stored, s.Claim("a", "", now.Add(time.Hour)).Standing)
		settle(t, s, "kept", "", now.Add(time.Hour))
		count, _ := s.Records()
		assert.Equal(t, 2, count, "nothing is pushed out within its lifetime")
		settle(t, s, "a", "second", now.Add(time.Hour+1))
		settle(t, s, "b", "", now.Add(time.Hour+2))
		assert.Equal(t, "second", string(s.Claim("a", "", now.Add(time.Hour+2)).Answer.Body),
			"pushing the first record out leaves its successor alone")
		count, _ = s.Records()
		assert.Equal(t, 3, count)
	})
	t.Run("work under way is never pushed out", func(t *testing.T) {
		s := newState(limits())
		mine := s.Claim("work", "", now)
		for i := range 10 {
			settle(t, s, fmt.Sprint(i), "", now)
		}
		assert.Equal(t, store.Busy, s.Claim("work", "", now).Standing)
		s.Settle(mine.Ticket, store.Answer{Status: 201}, now)
		assert.Equal(t, store.Stored, s.Claim("work", "", now).Standing)
	})
}

func TestResetDuringWork(t *testing.T) {
	s := newState(limits())
	mine := s.Claim("k", "", now)
	s.Reset()
	fresh := s.Claim("k", "", now)
	require.Equal(t, store.Mine, fresh.Standing)
	s.Settle(mine.Ticket, store.Answer{Status: 500}, now)
	count, bytes := s.Records()
	assert.Equal(t, []int64{0, 0}, []int64{int64(count), bytes})
	assert.Equal(t, store.Busy, s.Claim("k", "", now).Standing, "work from before the reset leaves the new work alone")
}

// Whoever waits is woken, and exactly one effect comes of any number of claims.
func TestOneEffectForManyClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newState(limits())
		effects := 0
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				for {
					claim := s.Claim("k", "", now)
					switch claim.Standing {
					case store.Stored:
						assert.Equal(t, 201, claim.Answer.Status)
						return
					case store.Busy:
						<-claim.Done
					case store.Mine:
						time.Sleep(time.Second) // of the bubble's time: everyone else is waiting now
						s.Commit(claim.Ticket, now, always, func(*store.Tx) store.Answer {
							effects++
							return store.Answer{Status: 201}
						})
						return
					}
				}
			})
		}
		group.Wait()
		assert.Equal(t, 1, effects)
	})
}

func TestTransactionsAreBounded(t *testing.T) {
	s := newState(limits())
	s.Update(func(tx *store.Tx) {
		for i := range 5 {
			tx.AddDeposit(&store.Deposit{InvoiceID: fmt.Sprint(i)})
			tx.AddCashout(&store.Cashout{ExternalID: fmt.Sprint(i)})
			tx.AddRefund(&store.Refund{})
		}
		assert.Nil(t, tx.Deposit(101))
		assert.Nil(t, tx.Deposit(105))
		assert.Nil(t, tx.Deposit(99))
		assert.Equal(t, int64(102), tx.Deposit(102).ID)
		assert.Nil(t, tx.DepositByInvoice(0, "1"), "its invoice went with it")
		assert.Equal(t, int64(104), tx.DepositByInvoice(0, "4").ID)
		assert.Nil(t, tx.DepositByInvoice(1, "4"), "another merchant's")
		assert.Equal(t, []int{5, 5, 5}, []int{tx.DepositsCreated(), tx.RefundsCreated(), tx.CashoutsCreated()})

		assert.Nil(t, tx.CashoutByExternalID(0, "1"))
		assert.Equal(t, int64(304), tx.CashoutByExternalID(0, "4").ID)
		assert.True(t, tx.ExternalIDUsed(0, "2"), "an external id outlives its cashout")
		assert.False(t, tx.ExternalIDUsed(0, "0"), "until its half of the set is dropped")
		assert.False(t, tx.ExternalIDUsed(1, "2"))
		var ids []int64
		tx.Refunds(func(r *store.Refund) { ids = append(ids, r.ID) })
		assert.Equal(t, []int64{202, 203, 204}, ids)
	})
	s.Reset()
	s.Update(func(tx *store.Tx) {
		tx.AddDeposit(&store.Deposit{})
		assert.NotNil(t, tx.Deposit(105), "ids go on after a reset")
		assert.Nil(t, tx.Deposit(104))
	})
}

func TestBalanceNeverWrapsAround(t *testing.T) {
	newState(limits()).Update(func(tx *store.Tx) {
		const most = d24.Amount(1<<63 - 1)
		tx.SetBalance(0, most-5)
		tx.Credit(0, 10)
		assert.Equal(t, most, tx.Balance(0))
		tx.Credit(1, 10)
		tx.Credit(1, 7)
		assert.Equal(t, d24.Amount(17), tx.Balance(1))
	})
}

// Two runs with one seed make the same choices.
func TestChanceFollowsFromTheSeed(t *testing.T) {
	draw := func(seed uint64) (n uint64) {
		store.New(limits(), store.Bases{}, seed).Update(func(tx *store.Tx) { n = tx.Random() })
		return n
	}
	first, again, other := draw(7), draw(7), draw(8)
	assert.Equal(t, first, again)
	assert.NotEqual(t, first, other)
}
