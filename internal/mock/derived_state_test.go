package mock

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// in is a probe of another operation, in the same environment or in the other one.
func (p *probe) in(operation string, other bool) *probe {
	next := *p
	next.op = operationNamed(operation)
	if other {
		next.env = p.other
		next.admin, next.keys = &Admin{env: p.other}, p.other.original.all[0].credentials
		next.other = p.env
	}
	return &next
}

// Each object of one environment can be reached from the other in the mutant's direction
// only.
func TestObjectsAcross(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	for name, operation := range map[string]string{
		"deposits": "deposit-status", "refunds": "refund-status", "cashouts": "cashout-status",
		"refunds-of-deposits": "refund", "cashouts-held": "cashout-hold", "cashouts-cancelled": "cashout-cancel",
	} {
		for _, second := range []bool{false, true} {
			direction := "/seen-in-the-first"
			if second {
				direction = "/seen-in-the-second"
			}
			for _, m := range []Mutant{theMock(), mutants["environments/"+name+direction]} {
				for _, from := range []bool{second, !second} {
					there := newProbe(t, m, operationNamed(operation), !from)
					there.prepare("")
					got := there.in(operation, true).send(draft{})
					assert.Equal(t, m.Name != "" && from == second, got < 300, "%s%s from the second %t: %d", name, direction, from, got)
				}
			}
		}
	}
}

// Keys, external_ids, the balance and the whitelists are shared in the mutant's direction.
func TestSharedState(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	for _, second := range []bool{false, true} {
		direction := "/seen-in-the-first"
		if second {
			direction = "/seen-in-the-second"
		}
		for _, from := range []bool{second, !second} {
			for _, mutated := range []bool{false, true} {
				of := func(name string) Mutant {
					if mutated {
						return mutants["environments/"+name+direction]
					}
					return theMock()
				}
				shared := mutated && from == second
				where := fmt.Sprint(direction, from, mutated)

				p := newProbe(t, of("deposit-keys"), operationNamed("deposit"), !from)
				first := p.answer(draft{key: "k"}).Body.String()
				assert.Equal(t, shared, p.in("deposit", true).answer(draft{key: "k"}).Body.String() == first, "keys %s", where)

				p = newProbe(t, of("external-ids"), operationNamed("cashout"), !from)
				require.Equal(t, http.StatusOK, p.send(draft{fields: map[string]any{"external_id": "e"}}))
				assert.Equal(t, shared, p.in("cashout", true).send(draft{fields: map[string]any{"external_id": "e"}}) >= 400, "external ids %s", where)

				p = newProbe(t, of("balance"), operationNamed("cashout"), from)
				before := p.in("cashout", true).admin.Funds()
				require.Equal(t, http.StatusOK, p.send(draft{}))
				assert.Equal(t, shared, p.in("cashout", true).admin.Funds() < before, "balance %s", where)

				p = newProbe(t, of("deposits-whitelist"), operationNamed("banks"), !from)
				require.NoError(t, p.admin.WhitelistAdd("deposits", "127.0.0.7"))
				assert.Equal(t, shared, p.in("banks", true).send(draft{from: "127.0.0.7"}) < 300, "whitelist %s", where)
			}
		}
	}
	for _, op := range derivedOperations() {
		m, ok := mutants["environments/"+op.name+"/other-path-in-the-second"]
		if !ok {
			continue
		}
		for _, second := range []bool{false, true} {
			p := newProbe(t, m, op, second)
			if !second {
				p.prepare("")
				p.serial = 1
			} else {
				p.deposit, p.cashout = "1", "1"
			}
			assert.Equal(t, second, p.send(draft{}) == http.StatusNotFound, op.name)
		}
	}
}

// Keys are forgotten as the mutant says: the same key makes another deposit.
func TestForgottenKeys(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	for name, between := range map[string]func(p *probe){
		"only-the-last":        func(p *probe) { p.others(1) },
		"only-the-last-10":     func(p *probe) { p.others(10) },
		"only-the-last-100":    func(p *probe) { p.others(100) },
		"forgotten-after-10-s": func(p *probe) { p.later(11 * time.Second) }, "forgotten-after-5-min": func(p *probe) { p.later(6 * time.Minute) },
		"forgotten-after-1-h": func(p *probe) { p.later(2 * time.Hour) }, "forgotten-after-23-h": func(p *probe) { p.later(23 * time.Hour) },
		"once-only":           func(p *probe) { p.send(draft{key: "kept"}) },
		"keyed/with-the-date": func(p *probe) { p.later(2 * time.Second) },
		"effect-repeated":     func(*probe) {},
	} {
		for _, m := range []Mutant{theMock(), mutants["deposit-keys/"+name]} {
			require.NotNil(t, m.apply, name)
			p := newProbe(t, m, operationNamed("deposit"), false)
			p.admin.FreezeClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
			require.Less(t, p.send(draft{key: "kept"}), 300)
			if m.Name != "" && name != "effect-repeated" && name != "once-only" && !strings.HasPrefix(name, "keyed") {
				before := p.admin.DepositCount()
				require.Less(t, p.send(draft{key: "kept"}), 300)
				assert.Equal(t, before, p.admin.DepositCount(), "%s: a retry at once is a replay", name)
			}
			between(p)
			before := p.admin.DepositCount()
			require.Less(t, p.send(draft{key: "kept"}), 300)
			assert.Equal(t, m.Name != "", p.admin.DepositCount() > before, "%s: %s", name, m.Name)
		}
	}
}

// others makes deposits under other keys.
func (p *probe) others(n int) {
	for i := range n {
		require.Less(p.t, p.send(draft{key: fmt.Sprint("other-", i), fields: map[string]any{"invoice_id": nil}}), 300)
	}
}

func (p *probe) later(d time.Duration) { p.admin.FreezeClock(p.admin.Now().Add(d)) }

// A used key changes what a GET is answered.
func TestUsedKeysOnGet(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	tried := 0
	for name, m := range mutants {
		operation, how, found := strings.Cut(name, "/used-key/")
		if !found {
			continue
		}
		tried++
		for _, each := range []Mutant{theMock(), m} {
			p := newProbe(t, each, operationNamed(operation), false)
			p.prepare("")
			switch how {
			case "deposit-repeated":
				require.Less(t, p.in("deposit", false).send(draft{key: "used", fields: map[string]any{"invoice_id": nil}}), 300)
			case "refund-repeated":
				refund := p.in("refund", false)
				refund.prepareRefund()
				require.Less(t, refund.send(draft{key: "used"}), 300)
			case "first-answer-repeated":
				require.Less(t, p.send(draft{key: "used"}), 300)
				p.deposit, p.cashout = "1", "1" // not there
				p.unfounded = true
			}
			plain, keyed := p.answer(draft{}), p.answer(draft{key: "used"})
			assert.Equal(t, each.Name != "", plain.Body.String() != keyed.Body.String(), "%s: %s", name, each.Name)
		}
	}
	assert.Equal(t, 6*3, tried)
}

// prepareRefund makes a deposit to refund, unless there is one.
func (p *probe) prepareRefund() {
	if p.deposit == "" {
		p.prepare("")
	}
}

// Of stored answers only those of the kind are forgotten.
func TestForgottenAnswers(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	for name, want := range map[string][2]bool{"": {true, true}, "refund-stored-4xx/not-stored": {false, true}, "refund-stored-500/not-stored": {true, false}} {
		m := theMock()
		if name != "" {
			m = mutants[name]
		}
		p := newProbe(t, m, operationNamed("refund"), false)
		p.prepare("")
		wrong := draft{key: "a", fields: map[string]any{"amount": 1_000_000}}
		require.Equal(t, http.StatusBadRequest, p.send(wrong))
		assert.Equal(t, want[0], p.send(draft{key: "a"}) == http.StatusBadRequest, "4xx: %s", name)
		p.admin.Respond500Once()
		require.Equal(t, http.StatusInternalServerError, p.send(draft{key: "b"}))
		assert.Equal(t, want[1], p.send(draft{key: "b"}) == http.StatusInternalServerError, "500: %s", name)
	}
}

// Who was taken off a whitelist is let in as long as the mutant says.
func TestForgottenRemovals(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	for name, want := range map[string][]bool{ // at once, after 11 s, after 2 h
		"": {false, false, false}, "removed-10-s-late": {true, false, false}, "removed-1-h-late": {true, true, false},
		"back-after-10-s": {false, true, true}, "back-after-1-h": {false, false, true}, "never-removed": {true, true, true},
	} {
		m := theMock()
		if name != "" {
			m = mutants["deposits-whitelist/"+name]
		}
		p := newProbe(t, m, operationNamed("banks"), false)
		p.admin.FreezeClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
		require.NoError(t, p.admin.WhitelistAdd("deposits", "127.0.0.7"))
		require.Less(t, p.send(draft{from: "127.0.0.7"}), 300)
		require.NoError(t, p.admin.WhitelistRemove("deposits", "127.0.0.7"))
		var got []bool
		for _, wait := range []time.Duration{0, 11 * time.Second, 2 * time.Hour} {
			p.later(wait)
			got = append(got, p.send(draft{from: "127.0.0.7"}) < 300)
		}
		assert.Equal(t, want, got, name)
	}
}

// Each status from which a cashout must not be moved, and in which a deposit must not be
// refunded, is taken for another: done, refused and done, or said to be done.
func TestStatusesTakenForAnother(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	for how, want := range map[string]struct{ accepted, done bool }{
		"": {}, "done": {true, true}, "refused-and-done": {false, true}, "said-to-be-done": {true, false},
	} {
		of := func(name string) Mutant {
			if how == "" {
				return theMock()
			}
			return mutants[name+"/"+how]
		}
		for _, status := range []d24.CashoutStatus{d24.CashoutDelivered, d24.CashoutCompleted, d24.CashoutRejected, d24.CashoutCancelled} {
			for name, move := range map[string]struct{ operation, to string }{
				"cashout-cancel": {"cashout-cancel", ""}, "cashout-hold": {"cashout-hold", "ON_HOLD"}, "cashout-release": {"cashout-hold", "PENDING"},
			} {
				p := newProbe(t, of(name+"/of-"+slug(status.String())), operationNamed(move.operation), false)
				p.prepare("")
				p.set(func(tx *store.Tx) { tx.Cashouts(func(c *store.Cashout) { c.Status = status }) })
				got := p.send(draft{fields: map[string]any{"status": move.to}})
				var after d24.CashoutStatus
				p.set(func(tx *store.Tx) { tx.Cashouts(func(c *store.Cashout) { after = c.Status }) })
				assert.Equal(t, want.accepted, got < 300, "%s of %s, %s: %d", name, status, how, got)
				if name != "cashout-cancel" || status != d24.CashoutCancelled {
					assert.Equal(t, want.done, after != status, "%s of %s, %s", name, status, how)
				}
			}
		}
		for _, status := range []d24.DepositStatus{d24.DepositCreated, d24.DepositPending, d24.DepositEarlyReleased, d24.DepositExpired, d24.DepositCancelled} {
			if how == "refused-and-done" && (status == d24.DepositExpired || status == d24.DepositCancelled) {
				continue // nobody could notice
			}
			p := newProbe(t, of("refund/of-"+slug(string(status))), operationNamed("refund"), false)
			p.prepare("")
			p.set(func(tx *store.Tx) { tx.Deposits(func(d *store.Deposit) { d.Status = status }) })
			got := p.send(draft{key: "r"})
			assert.Equal(t, want.accepted, got < 300, "refund of %s, %s: %d", status, how, got)
			assert.Equal(t, want.done, p.admin.RefundCount() > 0, "refund of %s, %s", status, how)
		}
	}
}

func (p *probe) set(change func(tx *store.Tx)) { p.env.state.Update(change) }

// Sums of refunds go wrong as the mutant says: the last of these refunds is too much for
// the mock.
func TestWrongSumsOfRefunds(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	for name, amounts := range map[string][]any{
		"refund-sum/last-refund-left-out": {60, 60}, "refund-sum/first-refund-only": {10, 80, 80}, "refund-sum/each-alone": {100, 100},
		"refund-sum/cents-ignored": {99.50, 0.99}, "refund-sum/first-refund-not-compared": {101}, "refund-sum/absent-amount-refunds-all": {60, nil},
		"refunds/forgotten-after-1-more": {60, 60},
	} {
		for _, m := range []Mutant{theMock(), mutants[name]} {
			require.NotNil(t, m.apply, name)
			p := newProbe(t, m, operationNamed("refund"), false)
			p.prepare("")
			var last int
			for i, amount := range amounts {
				if i > 0 && name == "refunds/forgotten-after-1-more" {
					p.set(func(tx *store.Tx) { tx.AddRefund(&store.Refund{}) })
				}
				last = p.send(draft{key: fmt.Sprint("r", i), fields: map[string]any{"amount": amount}})
			}
			var refunded d24.Amount
			p.set(func(tx *store.Tx) { tx.Refunds(func(r *store.Refund) { refunded += r.Amount }) })
			assert.Equal(t, m.Name != "", refunded > 100_00, "%s: %s", name, m.Name)
			if amounts[len(amounts)-1] != nil {
				assert.Equal(t, m.Name != "", last < 300, "%s: %s", name, m.Name)
			}
		}
	}
	p := newProbe(t, mutants["refund-sum/refused-refund-counted"], operationNamed("refund"), false)
	p.prepare("")
	require.GreaterOrEqual(t, p.send(draft{key: "a", fields: map[string]any{"amount": 101}}), 400)
	assert.GreaterOrEqual(t, p.send(draft{key: "b"}), 400)
}

// Balances go wrong as the mutant says.
func TestWrongBalances(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	const funds, amount = d24.Amount(100_00), d24.Amount(10_50)
	create := func(p *probe, fields map[string]any) {
		made := p.in("cashout", false)
		made.serial = p.serial + 100
		p.serial++
		all := map[string]any{"amount": 10.50, "external_id": fmt.Sprint("b-", p.serial)}
		maps.Copy(all, fields)
		if a := made.answer(draft{fields: all}); a.Code < 300 {
			p.cashout = field(p.t, a, "cashout_id")
		}
	}
	moved := func(operation, status string) func(p *probe) {
		return func(p *probe) {
			create(p, nil)
			change := p.in(operation, false)
			change.send(draft{fields: map[string]any{"external_id": fmt.Sprint("b-", p.serial), "status": status}})
		}
	}
	for name, test := range map[string]struct {
		do        func(p *probe)
		want, got d24.Amount // of the mock, and of the mutant
	}{
		"refused-for-funds-taken": {func(p *probe) { create(p, map[string]any{"amount": 500}) }, funds, 0},
		"refused-external-id-taken": {func(p *probe) {
			create(p, map[string]any{"external_id": "x"})
			create(p, map[string]any{"external_id": "x"})
		}, funds - amount, funds - 2*amount},
		"cancel-gives-twice":  {moved("cashout-cancel", ""), funds, funds + amount},
		"hold-takes-again":    {moved("cashout-hold", "ON_HOLD"), funds - amount, funds - 2*amount},
		"cashout-free":        {func(p *probe) { create(p, nil) }, funds - amount, funds},
		"cents-free":          {func(p *probe) { create(p, nil) }, funds - amount, funds - 10_00},
		"on-hold-free":        {func(p *probe) { create(p, map[string]any{"on_hold": true}) }, funds - amount, funds},
		"reject-gives-twice":  {func(p *probe) { create(p, nil); require.NoError(p.t, p.admin.RejectCashout(p.cashout)) }, funds, funds + amount},
		"deliver-gives-back":  {func(p *probe) { create(p, nil); require.NoError(p.t, p.admin.DeliverCashout(p.cashout)) }, funds - amount, funds},
		"complete-gives-back": {func(p *probe) { create(p, nil); require.NoError(p.t, p.admin.CompleteCashout(p.cashout)) }, funds - amount, funds},
		"refused-cancel-gives-back": {func(p *probe) {
			create(p, nil)
			require.NoError(p.t, p.admin.DeliverCashout(p.cashout))
			p.in("cashout-cancel", false).send(draft{fields: map[string]any{"external_id": fmt.Sprint("b-", p.serial)}})
		}, funds - amount, funds},
		"refused-hold-gives-back": {func(p *probe) {
			create(p, nil)
			require.NoError(p.t, p.admin.DeliverCashout(p.cashout))
			p.in("cashout-hold", false).send(draft{fields: map[string]any{"external_id": fmt.Sprint("b-", p.serial)}})
		}, funds - amount, funds},
	} {
		for _, m := range []Mutant{theMock(), mutants["balance/"+name]} {
			require.NotNil(t, m.apply, name)
			p := newProbe(t, m, operationNamed("cashout"), false)
			require.NoError(t, p.admin.SetFunds(funds))
			test.do(p)
			want := test.want
			if m.Name != "" {
				want = test.got
			}
			assert.Equal(t, want, p.admin.Funds(), "%s: %s", name, m.Name)
		}
	}
}
