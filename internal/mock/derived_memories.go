package mock

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// A lapse is one way in which a memory is too short.
type lapse struct {
	name, says string // says follows what is forgotten
	forgets    func(m *memory, one *remembered, now time.Time) bool
}

// How many things a short memory holds, and for how long.
func lapses() []lapse {
	list := []lapse{{"only-the-last", ", all but the last", newerThan(1)}}
	for _, n := range []int{10, 100} {
		list = append(list, lapse{fmt.Sprintf("only-the-last-%d", n), fmt.Sprintf(", all but the last %d", n), newerThan(n)})
	}
	for _, t := range []struct {
		name, says string
		after      time.Duration
	}{
		{"10-s", "10 seconds", 10 * time.Second},
		{"5-min", "5 minutes", 5 * time.Minute},
		{"1-h", "an hour", time.Hour},
		{"23-h", "23 hours", 23*time.Hour - time.Minute},
	} {
		list = append(list, lapse{"forgotten-after-" + t.name, " after " + t.says, func(_ *memory, one *remembered, now time.Time) bool {
			return now.Sub(one.since) > t.after
		}})
	}
	return append(list, lapse{"once-only", " after one retry", func(_ *memory, one *remembered, _ time.Time) bool { return one.asked > 0 }})
}

func newerThan(n int) func(*memory, *remembered, time.Time) bool {
	return func(m *memory, one *remembered, _ time.Time) bool { return m.count-one.number >= n }
}

// A memory is what a server knows of things by their names.
type memory struct {
	mu    sync.Mutex
	count int
	known map[string]*remembered
}

type remembered struct {
	number     int // from 1, the newest has the largest
	since      time.Time
	asked      int // how often it was asked for since
	generation int // how often it was forgotten
	status     int // of its answer, 0 while there is none
}

// learn enters something new, or something forgotten anew.
func (m *memory) learn(name string, now time.Time) *remembered {
	if m.known == nil {
		m.known = map[string]*remembered{}
	}
	one := m.known[name]
	if one == nil {
		one = &remembered{}
		m.known[name] = one
	} else {
		one.generation++
	}
	m.count++
	one.number, one.since, one.asked, one.status = m.count, now, 0, 0
	return one
}

// derivedFromMemories forget.
func derivedFromMemories() []Mutant {
	var list []Mutant
	for _, name := range []string{"deposit", "refund"} {
		list = append(list, forgottenKeys(operationNamed(name))...)
	}
	list = append(list, forgottenExternalIDs()...)
	list = append(list, forgottenStatuses()...)
	return append(list, forgottenRemovals()...)
}

func forgottenKeys(op derivedOperation) []Mutant {
	var list []Mutant
	for _, answers := range []struct {
		name, says string
		broken     func(lapse string) []string
		concern    func(status int) bool
	}{
		{"keys", "idempotency keys", op.brokenByLapse, func(int) bool { return true }},
		{"stored-4xx", "stored 4xx answers", brokenByForgotten4xx, func(status int) bool { return status >= 400 && status < 500 }},
		{"stored-500", "stored 500 answers", func(string) []string { return []string{"DEP-IDEM-05"} }, func(status int) bool { return status == http.StatusInternalServerError }},
	} {
		if op.name == "deposit" && answers.name == "stored-4xx" {
			continue
		}
		says := "forgets the " + answers.says + " of " + op.name + "s"
		for _, l := range lapses() {
			list = append(list, Mutant{
				op.name + "-" + answers.name + "/" + l.name, says + l.says, answers.broken(l.name),
				func(r *rulebook) { forgetKeys(r, op.name, answers.concern, l) },
			})
		}
		if answers.name != "keys" {
			list = append(list, Mutant{
				op.name + "-" + answers.name + "/not-stored", "stores no " + strings.TrimPrefix(answers.says, "stored ") + " of " + op.name + "s", answers.broken("not-stored"),
				func(r *rulebook) {
					forgetKeys(r, op.name, answers.concern, lapse{forgets: func(*memory, *remembered, time.Time) bool { return true }})
				},
			})
		}
	}
	for _, by := range []struct {
		name, says string
		broken     []string
		more       func(c *call) string
	}{
		{"with-the-date", "X-Date", op.brokenByDatedKey(), func(c *call) string { return c.header(d24.HeaderDate) }},
		{"with-the-body", "the body", []string{"DEP-IDEM-02"}, func(c *call) string { return digestOfBody(c.body) }},
	} {
		list = append(list, Mutant{
			op.name + "-keys/keyed/" + by.name, "knows a " + op.name + "'s idempotency key only together with " + by.says, by.broken,
			func(r *rulebook) {
				spellKeys(r, func(c *call, key string) string {
					if c.op.name != op.name {
						return key
					}
					return key + "\n" + by.more(c)
				})
				r.invoiceUsed = func(*store.Tx, *merchant, string) bool { return false } // looked for in the same way
			},
		})
	}
	for _, kept := range []int{32, 64} {
		list = append(list, Mutant{
			fmt.Sprintf("%s-keys/keyed/by-%d-characters", op.name, kept), fmt.Sprintf("keeps %d characters of a %s's idempotency key", kept, op.name),
			op.brokenByShortKey(kept), func(r *rulebook) {
				spellKeys(r, func(c *call, key string) string {
					if c.op.name != op.name {
						return key
					}
					return key[:min(kept, len(key))]
				})
			},
		})
	}
	return append(list, Mutant{
		op.name + "-keys/effect-repeated", op.does + " on every retry, and repeats the first answer", op.brokenByRepeatedEffect(),
		func(r *rulebook) {
			r.replay = func(c *call, stored answer) answer {
				if c.op.name == op.name {
					c.op.run(c)
				}
				return stored
			}
			r.invoiceUsed = func(*store.Tx, *merchant, string) bool { return false }
		},
	})
}

// forgetKeys has an operation's keys forgotten once they have an answer. The invoice is no
// safety net: it is forgotten in the same way.
func forgetKeys(r *rulebook, operationName string, concern func(status int) bool, l lapse) {
	m := &memory{}
	named := func(c *call, scope string) string { return c.env.name + "\n" + scope }
	claim, admit, scopes := r.claim, r.admit, r.keyScope
	r.claim = func(c *call, scope, fingerprint string) store.Claim {
		if c.op.name != operationName {
			return claim(c, scope, fingerprint)
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		one := m.known[named(c, scope)]
		if one == nil || one.status != 0 && concern(one.status) && l.forgets(m, one, c.now) {
			one = m.learn(named(c, scope), c.now)
		}
		if one.generation > 0 {
			scope = fmt.Sprint(scope, "\nagain ", one.generation)
		}
		got := claim(c, scope, fingerprint)
		if got.Standing == store.Stored {
			one.asked++
		}
		return got
	}
	r.admit = func(c *call, identify func(*call) *answer) answer {
		a := admit(c, identify)
		if c.op.name != operationName || c.ticket == nil || c.abandoned {
			return a
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		if one := m.known[named(c, scopes(c, c.header(d24.HeaderIdempotencyKey)))]; one != nil {
			one.status = a.Status
		}
		return a
	}
	r.invoiceUsed = func(*store.Tx, *merchant, string) bool { return false }
}

func forgottenExternalIDs() []Mutant {
	broken := []string{"CASH-EXT-01"}
	var list []Mutant
	for _, l := range lapses() {
		list = append(list, Mutant{
			"external-ids/" + l.name, "forgets the external_ids" + l.says, broken,
			func(r *rulebook) { forgetExternalIDs(r, l) },
		})
	}
	for _, by := range []struct {
		name, says string
		same       func(c *call, first *store.Cashout) bool
	}{
		{"with-the-amount", "the amount", func(c *call, first *store.Cashout) bool { return first.Amount == c.cashout.Amount }},
		{"with-the-currency", "the currency", func(c *call, first *store.Cashout) bool { return first.Currency == c.cashout.Currency }},
		{"with-the-country", "the country", func(c *call, first *store.Cashout) bool { return first.Country == c.cashout.Country }},
	} {
		list = append(list, Mutant{
			"external-ids/keyed/" + by.name, "knows an external_id only together with " + by.says, broken,
			func(r *rulebook) { oddExternalIDs(r, by.same) },
		})
	}
	for _, status := range []d24.CashoutStatus{d24.CashoutOnHold, d24.CashoutDelivered, d24.CashoutCompleted, d24.CashoutRejected} {
		list = append(list, Mutant{
			"external-ids/of/" + slug(status.String()), "takes the external_id of a cashout that is " + status.String() + " again", broken,
			func(r *rulebook) {
				oddExternalIDs(r, func(_ *call, first *store.Cashout) bool { return first.Status != status })
			},
		})
	}
	return list
}

func slug(text string) string {
	return strings.ToLower(strings.NewReplacer("_", "-", " ", "-").Replace(text))
}

func forgetExternalIDs(r *rulebook, l lapse) {
	m := &memory{}
	used := r.externalIDUsed
	r.externalIDUsed = func(c *call, tx *store.Tx, id string) bool {
		name := c.env.name + "\n" + id
		m.mu.Lock()
		defer m.mu.Unlock()
		one := m.known[name]
		if one != nil && used(c, tx, id) && !l.forgets(m, one, c.now) {
			one.asked++
			return true
		}
		m.learn(name, c.now)
		return false
	}
}

// oddExternalIDs has an external_id taken again where same says that it is another.
func oddExternalIDs(r *rulebook, same func(c *call, first *store.Cashout) bool) {
	used := r.externalIDUsed
	r.externalIDUsed = func(c *call, tx *store.Tx, id string) bool {
		first := tx.CashoutByExternalID(c.caller.number, id)
		return used(c, tx, id) && (first == nil || same(c, first))
	}
}

// age is how a server comes to forget what is old: by time, or by what came after it.
type age struct {
	name, says string
	old        func(since, now time.Time, newer func(n int64) bool) bool
}

func ages() []age {
	list := []age{}
	for _, n := range []int64{1, 10, 100} {
		list = append(list, age{
			fmt.Sprintf("after-%d-more", n), fmt.Sprintf("after %d more", n),
			func(_, _ time.Time, newer func(n int64) bool) bool { return newer(n) },
		})
	}
	for _, t := range []struct {
		name, says string
		after      time.Duration
	}{{"10-s", "10 seconds", 10 * time.Second}, {"5-min", "5 minutes", 5 * time.Minute}, {"1-h", "an hour", time.Hour}} {
		list = append(list, age{"after-" + t.name, "after " + t.says, func(since, now time.Time, _ func(int64) bool) bool { return now.Sub(since) > t.after }})
	}
	return list
}

func forgottenStatuses() []Mutant {
	var list []Mutant
	for _, a := range ages() {
		forgotten := func(c *call) bool {
			cashout := c.about.cashout
			return a.old(cashout.Created, c.now, func(n int64) bool { return c.about.tx.Cashout(cashout.ID+n) != nil })
		}
		list = append(list,
			Mutant{
				"cashout-statuses/cancel-forgotten-" + a.name, "cancels a cashout whatever its status " + a.says,
				[]string{"CASH-STAT-01", "CASH-STAT-02"},
				func(r *rulebook) { excuse(r, "cashout-cancel", "transition", forgotten) },
			},
			Mutant{
				"cashout-statuses/hold-forgotten-" + a.name, "holds and releases a cashout whatever its status " + a.says,
				[]string{"CASH-STAT-02"},
				func(r *rulebook) { excuse(r, "cashout-hold", "transition", forgotten) },
			},
			Mutant{
				"deposit-statuses/forgotten-" + a.name, "refunds a deposit whatever its status " + a.says,
				[]string{"DEP-REF-01"},
				func(r *rulebook) {
					excuse(r, "refund", "completed", func(c *call) bool {
						d := c.about.deposit
						return a.old(d.Created, c.now, func(n int64) bool { return c.about.tx.Deposit(d.ID+n) != nil })
					})
				},
			},
			Mutant{
				"refunds/forgotten-" + a.name, "forgets what a deposit's last refund took " + a.says,
				[]string{"DEP-REF-02"},
				func(r *rulebook) {
					excuse(r, "refund", "amount", func(c *call) bool {
						last := lastRefund(c)
						return last != nil && c.about.amount > 0 && c.about.amount <= c.about.deposit.Amount-c.about.deposit.Refunded+last.Amount &&
							a.old(last.Created, c.now, func(n int64) bool { return c.about.tx.Refund(last.ID+n) != nil })
					})
				},
			})
	}
	return list
}

// lastRefund is the newest refund of the deposit that is refunded.
func lastRefund(c *call) (last *store.Refund) {
	c.about.tx.Refunds(func(r *store.Refund) {
		if r.DepositID == c.about.deposit.ID {
			last = r
		}
	})
	return last
}

// forgottenRemovals let in whose address was taken off a whitelist.
func forgottenRemovals() []Mutant {
	var list []Mutant
	for _, op := range []string{"deposit", "cashout"} {
		of := operationNamed(op)
		p, broken := of.product, of.brokenBy("address")
		for _, t := range []struct {
			name, says string
			after      time.Duration
		}{{"10-s", "10 seconds", 10 * time.Second}, {"5-min", "5 minutes", 5 * time.Minute}, {"1-h", "an hour", time.Hour}} {
			list = append(list, Mutant{
				p.String() + "-whitelist/removed-" + t.name + "-late", "lets in for " + t.says + " who was taken off the whitelist of " + p.String(), broken,
				func(r *rulebook) {
					rememberAddresses(r, p, func(h removal, now time.Time) bool { return now.Sub(h.accepted) <= t.after })
				},
			}, Mutant{
				p.String() + "-whitelist/back-after-" + t.name, "lets in again after " + t.says + " who was taken off the whitelist of " + p.String(), broken[:2], // the end of a run shows it
				func(r *rulebook) {
					rememberAddresses(r, p, func(h removal, now time.Time) bool { return now.Sub(h.refused) > t.after })
				},
			})
		}
		list = append(list, Mutant{
			p.String() + "-whitelist/never-removed", "lets in whoever was on the whitelist of " + p.String() + " once", broken,
			func(r *rulebook) { rememberAddresses(r, p, func(removal, time.Time) bool { return true }) },
		})
	}
	return list
}

// A removal is what is known of an address that was accepted and is on the list no more.
type removal struct {
	accepted time.Time // last
	refused  time.Time // first, after that
}

// rememberAddresses lets in an address that was listed when it called before, as still says.
func rememberAddresses(r *rulebook, p product, still func(h removal, now time.Time) bool) {
	type caller struct {
		environment string
		address     netip.Addr
	}
	var mu sync.Mutex
	known := map[caller]removal{}
	ask := r.whitelisted
	r.whitelisted = func(c *call, address netip.Addr) bool {
		listed := ask(c, address)
		if c.op.product != p {
			return listed
		}
		mu.Lock()
		defer mu.Unlock()
		who := caller{c.env.name, address}
		h, before := known[who]
		switch {
		case listed:
			known[who] = removal{accepted: c.now}
			return true
		case !before:
			return false
		case h.refused.IsZero():
			h.refused = c.now
			known[who] = h
		}
		return still(h, c.now)
	}
}
