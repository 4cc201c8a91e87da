package store

import (
	"hash/maphash"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// Deposit is one deposit.
type Deposit struct {
	ID              int64
	Merchant        int
	InvoiceID       string
	Country         string
	Currency        string
	Amount          d24.Amount
	Bonus           *d24.Amount
	PaymentMethod   string
	PaymentType     string
	Checkout        d24.CheckoutType
	Status          d24.DepositStatus
	Test            bool // does not fill the balance
	Payer           *d24.Payer
	NotificationURL string
	Created         time.Time
	Expires         time.Time
	Refunded        d24.Amount // sum of its refunds that were not cancelled or rejected
}

// Refund is one refund.
type Refund struct {
	ID        int64
	Merchant  int
	DepositID int64
	InvoiceID string // its deposit's
	Amount    d24.Amount
	Status    d24.RefundStatus
	Created   time.Time

	NotificationURL string
}

// Cashout is one cashout.
type Cashout struct {
	ID              int64
	Merchant        int
	ExternalID      string
	Country         string
	Currency        string
	Amount          d24.Amount
	Status          d24.CashoutStatus
	NotificationURL string
	Created         time.Time
}

// AddDeposit gives the deposit its id and keeps it.
func (tx *Tx) AddDeposit(d *Deposit) {
	id, evicted := tx.deposits.add(d)
	d.ID = id
	if evicted != nil {
		delete(tx.invoices, reference{evicted.Merchant, evicted.InvoiceID})
	}
	tx.invoices[reference{d.Merchant, d.InvoiceID}] = id
}

// Deposit finds a deposit; nil when there is none.
func (tx *Tx) Deposit(id int64) *Deposit { return tx.deposits.get(id) }

// DepositByInvoice finds a merchant's deposit by the merchant's own id.
func (tx *Tx) DepositByInvoice(merchant int, invoiceID string) *Deposit {
	id, ok := tx.invoices[reference{merchant, invoiceID}]
	if !ok {
		return nil
	}
	return tx.deposits.get(id)
}

// Deposits visits all deposits from the oldest to the newest.
func (tx *Tx) Deposits(visit func(*Deposit)) { tx.deposits.all(visit) }

// DepositsCreated is how many there were since the start or the last Reset, those
// pushed out included.
func (tx *Tx) DepositsCreated() int { return tx.deposits.added() }

// AddRefund gives the refund its id and keeps it.
func (tx *Tx) AddRefund(r *Refund) { r.ID, _ = tx.refunds.add(r) }

// Refund finds a refund; nil when there is none.
func (tx *Tx) Refund(id int64) *Refund { return tx.refunds.get(id) }

// Refunds visits all refunds from the oldest to the newest.
func (tx *Tx) Refunds(visit func(*Refund)) { tx.refunds.all(visit) }

// RefundsCreated is how many there were since the start or the last Reset.
func (tx *Tx) RefundsCreated() int { return tx.refunds.added() }

// AddCashout gives the cashout its id, keeps it and uses up its external id.
func (tx *Tx) AddCashout(c *Cashout) {
	id, evicted := tx.cashouts.add(c)
	c.ID = id
	if evicted != nil {
		delete(tx.externals, reference{evicted.Merchant, evicted.ExternalID})
	}
	tx.externals[reference{c.Merchant, c.ExternalID}] = id
	tx.used.add(reference{c.Merchant, c.ExternalID})
}

// Cashout finds a cashout; nil when there is none.
func (tx *Tx) Cashout(id int64) *Cashout { return tx.cashouts.get(id) }

// CashoutByExternalID finds a merchant's cashout by the merchant's own id.
func (tx *Tx) CashoutByExternalID(merchant int, externalID string) *Cashout {
	id, ok := tx.externals[reference{merchant, externalID}]
	if !ok {
		return nil
	}
	return tx.cashouts.get(id)
}

// ExternalIDUsed reports whether the merchant ever made a cashout of that id.
func (tx *Tx) ExternalIDUsed(merchant int, externalID string) bool {
	return tx.used.has(reference{merchant, externalID})
}

// Cashouts visits all cashouts from the oldest to the newest.
func (tx *Tx) Cashouts(visit func(*Cashout)) { tx.cashouts.all(visit) }

// CashoutsCreated is how many there were since the start or the last Reset.
func (tx *Tx) CashoutsCreated() int { return tx.cashouts.added() }

// usedIDs is a set of references that outlive their transactions, 8 bytes each:
// two of a million collide with a probability of 1 in 37 million. When it is full
// the older half is forgotten.
type usedIDs struct {
	seed        maphash.Seed
	half        int
	young, aged map[uint64]struct{}
}

func newUsedIDs(limit int) usedIDs {
	return usedIDs{seed: maphash.MakeSeed(), half: max(limit/2, 1), young: make(map[uint64]struct{})}
}

func (u *usedIDs) add(r reference) {
	if len(u.young) >= u.half {
		u.young, u.aged = make(map[uint64]struct{}), u.young
	}
	u.young[maphash.Comparable(u.seed, r)] = struct{}{}
}

func (u *usedIDs) has(r reference) bool {
	sum := maphash.Comparable(u.seed, r)
	_, young := u.young[sum]
	_, aged := u.aged[sum]
	return young || aged
}
