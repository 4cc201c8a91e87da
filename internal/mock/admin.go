package mock

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// Errors of [Admin] that callers tell apart.
var (
	ErrNotFound   = errors.New("no such transaction")
	ErrTransition = errors.New("transition not allowed")
)

// Admin is the other side of the counter: what the merchant panel of a real
// provider does by hand, and what no real provider would let anybody do. It stands
// for one environment; the clock belongs to both. All of it is safe for concurrent
// use.
type Admin struct {
	env *environment
}

// Deposit is a deposit as [Admin] lists it.
type Deposit struct {
	ID           string     `json:"id"`
	InvoiceID    string     `json:"invoice_id"`
	Status       string     `json:"status"`
	CheckoutType string     `json:"checkout_type"`
	Country      string     `json:"country"`
	Currency     string     `json:"currency"`
	Amount       d24.Amount `json:"amount"`
	Refunded     d24.Amount `json:"refunded"`
	Test         bool       `json:"test"`
	Merchant     int        `json:"merchant"` // 0 is the environment's own, added ones follow
	Created      time.Time  `json:"created"`
}

// Refund is a refund as [Admin] lists it.
type Refund struct {
	ID        string     `json:"id"`
	DepositID string     `json:"deposit_id"`
	Status    string     `json:"status"`
	Amount    d24.Amount `json:"amount"`
	Merchant  int        `json:"merchant"`
	Created   time.Time  `json:"created"`
}

// Cashout is a cashout as [Admin] lists it.
type Cashout struct {
	ID         string     `json:"id"`
	ExternalID string     `json:"external_id"`
	Status     string     `json:"status"`
	Country    string     `json:"country"`
	Currency   string     `json:"currency"`
	Amount     d24.Amount `json:"amount"`
	Merchant   int        `json:"merchant"`
	Created    time.Time  `json:"created"`
}

// ApproveDeposit completes a deposit; its amount is added to the balance unless the
// deposit is a test.
func (a *Admin) ApproveDeposit(id string) error { return a.MoveDeposit(id, d24.DepositCompleted) }

// ExpireDeposit lets the time of a pending deposit run out.
func (a *Admin) ExpireDeposit(id string) error { return a.MoveDeposit(id, d24.DepositExpired) }

// CancelDeposit cancels a deposit that has not been paid.
func (a *Admin) CancelDeposit(id string) error { return a.MoveDeposit(id, d24.DepositCancelled) }

// MoveDeposit brings a deposit into another status, if the status flow has that step. It
// returns an ErrNotFound or an ErrTransition.
func (a *Admin) MoveDeposit(id string, to d24.DepositStatus) error {
	rules, now := a.env.rules, a.env.clock.now()
	return a.move("deposit", id, string(to), func(tx *store.Tx, number int64) (string, bool) {
		d := tx.Deposit(number)
		if d == nil {
			return "", false
		}
		a.env.ageDeposit(d, now)
		from := string(d.Status)
		if !rules.depositTransition(d.Status, to) {
			return from, false
		}
		d.Status = to
		switch {
		case to == d24.DepositExpired:
			d.Expires = now
		case to == d24.DepositCompleted && rules.fillsBalance(a.env, d):
			tx.Credit(d.Merchant, d.Amount)
		}
		a.env.depositChanged(d)
		return from, true
	})
}

// DeliverCashout sends a pending cashout to the bank.
func (a *Admin) DeliverCashout(id string) error { return a.moveCashout(id, d24.CashoutDelivered) }

// CompleteCashout has the bank pay a cashout. A pending one is delivered first.
func (a *Admin) CompleteCashout(id string) error {
	return a.moveCashout(id, d24.CashoutDelivered, d24.CashoutCompleted)
}

// RejectCashout has the bank reject a cashout, which gives its amount back. A
// pending one is delivered first.
func (a *Admin) RejectCashout(id string) error {
	return a.moveCashout(id, d24.CashoutDelivered, d24.CashoutRejected)
}

// HoldCashout puts a pending cashout on hold, and UnholdCashout makes it pending again.
func (a *Admin) HoldCashout(id string) error { return a.moveCashout(id, d24.CashoutOnHold) }

// UnholdCashout makes a cashout that is on hold pending again.
func (a *Admin) UnholdCashout(id string) error { return a.moveCashout(id, d24.CashoutPending) }

// CancelCashout cancels a cashout on the panel, which gives its amount back.
func (a *Admin) CancelCashout(id string) error { return a.moveCashout(id, d24.CashoutCancelled) }

// moveCashout goes the way to the last status, entering it where the cashout is.
func (a *Admin) moveCashout(id string, way ...d24.CashoutStatus) error {
	rules := a.env.rules
	to := way[len(way)-1]
	return a.move("cashout", id, to.String(), func(tx *store.Tx, number int64) (string, bool) {
		cashout := tx.Cashout(number)
		if cashout == nil {
			return "", false
		}
		from := cashout.Status
		if rules.cashoutTransition(from, to) {
			way = way[len(way)-1:]
		}
		for _, next := range way {
			if !rules.cashoutTransition(cashout.Status, next) {
				return from.String(), false
			}
			a.env.setCashout(tx, cashout, next)
		}
		return from.String(), true
	})
}

// MoveRefund brings a refund into another status, if the status flow has that step.
func (a *Admin) MoveRefund(id string, to d24.RefundStatus) error {
	rules := a.env.rules
	return a.move("refund", id, string(to), func(tx *store.Tx, number int64) (string, bool) {
		r := tx.Refund(number)
		if r == nil {
			return "", false
		}
		from := string(r.Status)
		if !rules.refundTransition(r.Status, to) {
			return from, false
		}
		r.Status = to
		if to == d24.RefundCancelled || to == d24.RefundRejected {
			if d := tx.Deposit(r.DepositID); d != nil {
				d.Refunded -= r.Amount
			}
		}
		a.env.refundChanged(r)
		return from, true
	})
}

// SettleRefund has the bank complete or reject a refund. A pending one is delivered first.
func (a *Admin) SettleRefund(id string, to d24.RefundStatus) error {
	if err := a.MoveRefund(id, d24.RefundDelivered); err != nil && !errors.Is(err, ErrTransition) {
		return err
	}
	return a.MoveRefund(id, to)
}

// RenameDeposit gives a deposit another id, which may be any number of up to 18 digits that
// no deposit has. Receivers have to tell ids apart that some languages do not.
func (a *Admin) RenameDeposit(id, to string) error {
	return a.rename("deposit", id, to, (*store.Tx).RenameDeposit)
}

// RenameCashout does the same for a cashout.
func (a *Admin) RenameCashout(id, to string) error {
	return a.rename("cashout", id, to, (*store.Tx).RenameCashout)
}

func (a *Admin) rename(kind, id, to string, rename func(tx *store.Tx, id, to int64) bool) error {
	from, _ := parseID(id)
	number, ok := parseID(to)
	if !ok || number == 0 {
		return fmt.Errorf("rename %s %q: %q is not an id of up to 18 digits", kind, id, to)
	}
	a.env.state.Update(func(tx *store.Tx) { ok = rename(tx, from, number) })
	if !ok {
		return fmt.Errorf("rename %s %q to %s: %w, or there is one of that id already", kind, id, to, ErrNotFound)
	}
	return nil
}

// move runs a change of one transaction and puts what went wrong into words. The
// change returns where the transaction stood, nothing when there is none.
func (a *Admin) move(kind, id, to string, change func(tx *store.Tx, number int64) (from string, moved bool)) error {
	number, _ := parseID(id)
	var from string
	var moved bool
	a.env.state.Update(func(tx *store.Tx) { from, moved = change(tx, number) })
	switch {
	case moved:
		return nil
	case from == "":
		return fmt.Errorf("%s %q: %w", kind, id, ErrNotFound)
	}
	return fmt.Errorf("%s %s: %w: from %s to %s", kind, id, ErrTransition, from, to)
}

// SetFunds makes the balance of the environment's own merchant exactly this.
func (a *Admin) SetFunds(amount d24.Amount) error {
	if amount < 0 {
		return errors.New("set funds: a balance is never negative")
	}
	a.env.state.Update(func(tx *store.Tx) { tx.SetBalance(0, amount) })
	return nil
}

// Funds is the balance of the environment's own merchant.
func (a *Admin) Funds() (amount d24.Amount) {
	a.env.state.Update(func(tx *store.Tx) { amount = tx.Balance(0) })
	return amount
}

// Respond500Once has the next authenticated POST to deposits or refunds answered
// 500 without effect; the answer is stored under its key. A replay is not next: it
// gets what was stored for it.
func (a *Admin) Respond500Once() { a.creationFault(FaultRespond500) }

// DropAfterCommitOnce has the next authenticated POST to deposits or refunds carried
// out and stored, and its connection closed before any byte of the answer.
func (a *Admin) DropAfterCommitOnce() { a.creationFault(FaultDropAfterCommit) }

func (a *Admin) creationFault(kind FaultKind) {
	_, _ = a.env.faults.add(Fault{Kind: kind, creations: true}) // fails only beyond a thousand scripts
}

// AddFault scripts a fault and returns it with its id.
func (a *Admin) AddFault(fault Fault) (Fault, error) { return a.env.faults.add(fault) }

// PendingFaults are the scripts that have not been used up.
func (a *Admin) PendingFaults() []Fault { return a.env.faults.pending() }

// ClearFaults disarms them.
func (a *Admin) ClearFaults() { a.env.faults.clear() }

// InjectedFaults is the ledger of every fault that struck, oldest first.
func (a *Admin) InjectedFaults() []InjectedFault { return a.env.faults.injected() }

// Notifications are the newest notifications, oldest first, with every attempt to
// deliver them.
func (a *Admin) Notifications() []Notification {
	list, _ := a.env.outbox.notifications()
	return list
}

// AwaitNotifications waits until the notifications are as enough wants them.
func (a *Admin) AwaitNotifications(ctx context.Context, enough func([]Notification) bool) error {
	for {
		list, changed := a.env.outbox.notifications()
		if enough(list) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for notifications: %w", ctx.Err())
		}
	}
}

// ResendNotification sends a notification once more, whatever came of it, as a new one
// with repeats of its own.
func (a *Admin) ResendNotification(id int) (Notification, error) { return a.env.outbox.resend(id) }

// HastenNotification lets the oldest notification of a receiver, by its URL, that waits
// for its next attempt wait no longer, once none is being sent there. It returns what the
// notification would have waited, and 0 when none is going to be sent there any more. The
// attempt is dated as if the time had passed.
func (a *Admin) HastenNotification(ctx context.Context, url string) (time.Duration, error) {
	gap, err := a.env.outbox.hasten(ctx, url)
	if err != nil {
		return 0, fmt.Errorf("hasten a notification: %w", err)
	}
	return gap, nil
}

// SetClockOffset sets the mock's clock minus true time.
func (a *Admin) SetClockOffset(d time.Duration) {
	a.env.clock.set(func(s *clockSetting) { s.offset = d })
}

// FreezeClock stops the mock's clock at t.
func (a *Admin) FreezeClock(t time.Time) {
	// without its monotonic reading, which would count in differences and not move
	a.env.clock.set(func(s *clockSetting) { s.frozen, s.at = true, t.Round(0) })
}

// UnfreezeClock lets the clock run again, with the offset it had.
func (a *Admin) UnfreezeClock() {
	a.env.clock.set(func(s *clockSetting) { s.frozen = false })
}

// Now is the mock's time.
func (a *Admin) Now() time.Time { return a.env.clock.now() }

// WhitelistAdd lets an address or a CIDR range call a product, deposits or cashouts.
func (a *Admin) WhitelistAdd(product, ip string) error { return a.env.whitelist.add(product, ip) }

// WhitelistRemove takes such an entry off the list.
func (a *Admin) WhitelistRemove(product, ip string) error { return a.env.whitelist.remove(product, ip) }

// Reset brings the environment back to how it started, and the clock to true time.
// Ids go on where they were.
func (a *Admin) Reset() {
	a.env.clock.set(func(s *clockSetting) { *s = clockSetting{} })
	a.env.reset()
}

// AddMerchant makes another merchant known, with the starting funds.
func (a *Admin) AddMerchant(c d24.Credentials) error { return a.env.addMerchant(c) }

// Merchants are the credentials that the environment knows, its own first.
func (a *Admin) Merchants() []d24.Credentials {
	all := a.env.directory.Load().all
	list := make([]d24.Credentials, len(all))
	for i, m := range all {
		list[i] = m.credentials
	}
	return list
}

// Exchanges are the newest requests that arrived, with their answers, oldest first.
// Started is the mock's clock, since that is what an X-Date was held against.
func (a *Admin) Exchanges() []*exchange.Exchange { return a.env.exchanges.list() }

// ExchangesAfter are those of [Admin.Exchanges] whose number is larger.
func (a *Admin) ExchangesAfter(number int) []*exchange.Exchange { return a.env.exchanges.after(number) }

// Arrived is how many requests arrived whole since the start or the last Reset: the
// number of the newest exchange.
func (a *Admin) Arrived() int { return a.env.exchanges.last() }

// Settle waits until every request that has arrived is over, so that it is among the
// exchanges.
func (a *Admin) Settle(ctx context.Context) error { return a.env.underWay.wait(ctx) }

// IDsFrom has the ids of deposits, refunds and cashouts go on from a number (AMB-29), until
// back is called. Both forget all transactions and keys, as [Admin.Reset] does.
func (a *Admin) IDsFrom(id int64) (back func()) {
	before := a.env.countFrom(store.Bases{Deposits: id, Refunds: id, Cashouts: id})
	return func() { a.env.countFrom(before) }
}

// Deposits lists the deposits that are kept, oldest first.
func (a *Admin) Deposits() []Deposit {
	list := []Deposit{}
	now := a.env.clock.now()
	a.env.state.Update(func(tx *store.Tx) {
		tx.Deposits(func(d *store.Deposit) {
			a.env.ageDeposit(d, now)
			list = append(list, Deposit{
				ID: idText(d.ID), InvoiceID: d.InvoiceID, Status: string(d.Status), CheckoutType: string(d.Checkout),
				Country: d.Country, Currency: d.Currency, Amount: d.Amount, Refunded: d.Refunded,
				Test: d.Test, Merchant: d.Merchant, Created: d.Created,
			})
		})
	})
	return list
}

// DepositCount is how many deposits were created since the start or the last Reset.
func (a *Admin) DepositCount() (n int) {
	a.env.state.Update(func(tx *store.Tx) { n = tx.DepositsCreated() })
	return n
}

// CountDeposits returns how many of the deposits that are kept have the invoice_id, of
// whichever merchant.
func (a *Admin) CountDeposits(invoiceID string) (n int) {
	a.env.state.Update(func(tx *store.Tx) {
		tx.Deposits(func(d *store.Deposit) {
			if d.InvoiceID == invoiceID {
				n++
			}
		})
	})
	return n
}

// Refunds lists the refunds that are kept, oldest first.
func (a *Admin) Refunds() []Refund {
	list := []Refund{}
	a.env.state.Update(func(tx *store.Tx) {
		tx.Refunds(func(r *store.Refund) {
			list = append(list, Refund{
				ID: idText(r.ID), DepositID: idText(r.DepositID), Status: string(r.Status), Amount: r.Amount,
				Merchant: r.Merchant, Created: r.Created,
			})
		})
	})
	return list
}

// RefundCount is how many refunds were created since the start or the last Reset.
func (a *Admin) RefundCount() (n int) {
	a.env.state.Update(func(tx *store.Tx) { n = tx.RefundsCreated() })
	return n
}

// Cashouts lists the cashouts that are kept, oldest first.
func (a *Admin) Cashouts() []Cashout {
	list := []Cashout{}
	a.env.state.Update(func(tx *store.Tx) {
		tx.Cashouts(func(c *store.Cashout) {
			list = append(list, Cashout{
				ID: idText(c.ID), ExternalID: c.ExternalID, Status: c.Status.String(),
				Country: c.Country, Currency: c.Currency, Amount: c.Amount, Merchant: c.Merchant, Created: c.Created,
			})
		})
	})
	return list
}

// CashoutCount is how many cashouts were created since the start or the last Reset.
func (a *Admin) CashoutCount() (n int) {
	a.env.state.Update(func(tx *store.Tx) { n = tx.CashoutsCreated() })
	return n
}

func idText(id int64) string { return strconv.FormatInt(id, 10) }
