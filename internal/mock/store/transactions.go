package store

import (
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
	Test            bool   // does not fill the balance
	UserID          string // the payer's id with the merchant, or for want of one the document
	Payer           string // JSON of a d24.Payer, none when empty: one text in the place of up to twelve for the garbage collector
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
		delete(tx.invoices, tx.hash(evicted.Merchant, evicted.InvoiceID))
	}
	tx.invoices[tx.hash(d.Merchant, d.InvoiceID)] = id
}

// Deposit finds a deposit; nil when there is none.
func (tx *Tx) Deposit(id int64) *Deposit {
	if d := tx.deposits.get(tx.original(deposits, id)); d != nil && d.ID == id {
		return d
	}
	return nil
}

// RenameDeposit gives a deposit an id that no deposit has, and says whether it did.
func (tx *Tx) RenameDeposit(id, to int64) bool {
	d := tx.Deposit(id)
	if d == nil || !tx.rename(deposits, id, to) {
		return false
	}
	d.ID = to
	return true
}

// DepositByInvoice finds a merchant's deposit by the merchant's own id.
func (tx *Tx) DepositByInvoice(merchant int, invoiceID string) *Deposit {
	d := tx.deposits.get(tx.invoices[tx.hash(merchant, invoiceID)])
	if d == nil || d.Merchant != merchant || d.InvoiceID != invoiceID {
		return nil
	}
	return d
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
		delete(tx.externals, tx.hash(evicted.Merchant, evicted.ExternalID))
	}
	hash := tx.hash(c.Merchant, c.ExternalID)
	tx.externals[hash] = id
	tx.used.add(hash)
}

// Cashout finds a cashout; nil when there is none.
func (tx *Tx) Cashout(id int64) *Cashout {
	if c := tx.cashouts.get(tx.original(cashouts, id)); c != nil && c.ID == id {
		return c
	}
	return nil
}

// RenameCashout gives a cashout an id that no cashout has, and says whether it did.
func (tx *Tx) RenameCashout(id, to int64) bool {
	c := tx.Cashout(id)
	if c == nil || !tx.rename(cashouts, id, to) {
		return false
	}
	c.ID = to
	return true
}

// CashoutByExternalID finds a merchant's cashout by the merchant's own id.
func (tx *Tx) CashoutByExternalID(merchant int, externalID string) *Cashout {
	c := tx.cashouts.get(tx.externals[tx.hash(merchant, externalID)])
	if c == nil || c.Merchant != merchant || c.ExternalID != externalID {
		return nil
	}
	return c
}

// ExternalIDUsed reports whether the merchant ever made a cashout of that id.
func (tx *Tx) ExternalIDUsed(merchant int, externalID string) bool {
	return tx.used.has(tx.hash(merchant, externalID))
}

// Cashouts visits all cashouts from the oldest to the newest.
func (tx *Tx) Cashouts(visit func(*Cashout)) { tx.cashouts.all(visit) }

// CashoutsCreated is how many there were since the start or the last Reset.
func (tx *Tx) CashoutsCreated() int { return tx.cashouts.added() }

// usedIDs is a set of hashes of references that outlive their transactions, 8 bytes each:
// two of a million collide with a probability of 1 in 37 million. When it is full
// the older half is forgotten.
type usedIDs struct {
	half        int
	young, aged map[uint64]struct{}
}

func newUsedIDs(limit int) usedIDs {
	return usedIDs{half: max(limit/2, 1), young: make(map[uint64]struct{})}
}

func (u *usedIDs) add(hash uint64) {
	if len(u.young) >= u.half {
		u.young, u.aged = make(map[uint64]struct{}), u.young
	}
	u.young[hash] = struct{}{}
}

func (u *usedIDs) has(hash uint64) bool {
	_, young := u.young[hash]
	_, aged := u.aged[hash]
	return young || aged
}
