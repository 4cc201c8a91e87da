package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/provider"
)

// A Desk is the provider that a receiver asks for a status: the bundled mock, in which
// deposits, refunds and cashouts are made and moved, and whose answers can be held back.
type Desk struct {
	*mock.Mock

	orders *merchant.Orders
	client *merchant.Client // of the merchant whose receiver is judged
	other  *merchant.Client // of another one

	mu   sync.Mutex
	hold *Hold
}

const (
	// held is how long a call is held back that is let go by hand: a length that marks it.
	held = 10*time.Minute - time.Millisecond
	// slowStatus is how long a slow status endpoint takes: well above a healthy one's, and
	// below what any caller waits.
	slowStatus = 2 * time.Second
	// unknownDeposit is the id of none: ours are counted from 300,000,001 on.
	unknownDeposit = "999999999"
)

// OpenDesk starts the mock. Its delays take real time unless opts say otherwise.
func OpenDesk(opts mock.Options, orders *merchant.Orders) (*Desk, error) {
	d := &Desk{orders: orders}
	after := opts.After
	if after == nil {
		after = time.After
	}
	opts.After = func(delay time.Duration) <-chan time.Time {
		if delay == held {
			return d.holdBack()
		}
		return after(delay)
	}
	var err error
	if d.Mock, err = mock.Start(opts); err != nil {
		return nil, err
	}
	elsewhere := mock.DefaultSecondCredentials() // the same mock does not know these in its first environment
	if err = d.Admin().AddMerchant(elsewhere); err == nil {
		d.client, err = d.newClient(d.Credentials())
	}
	if err == nil {
		d.other, err = d.newClient(elsewhere)
	}
	if err != nil {
		_ = d.Mock.Close()
		return nil, fmt.Errorf("prepare the provider: %w", err)
	}
	return d, nil
}

func (d *Desk) newClient(credentials d24.Credentials) (*merchant.Client, error) {
	return merchant.New(merchant.Options{
		BaseURL: d.BaseURL(), Credentials: credentials, Roots: d.Roots(), NoProxy: true, Now: d.Admin().Now, Timeout: time.Minute,
	})
}

// Close stops the mock.
func (d *Desk) Close() error {
	d.Release()
	d.client.Close()
	d.other.Close()
	return d.Mock.Close()
}

// Secrets are the credentials by the names that stand for them.
func (d *Desk) Secrets() map[string]string {
	secrets := map[string]string{}
	addSecrets(secrets, "", d.Credentials())
	addSecrets(secrets, "SECOND_", d.other.Credentials)
	return secrets
}

// Foreign are the credentials of another merchant.
func (d *Desk) Foreign() d24.Credentials { return d.other.Credentials }

// Calls are what arrived at the provider: the receiver's status calls, and the requests
// that made what it was notified of.
func (d *Desk) Calls() []*exchange.Exchange { return d.Admin().Exchanges() }

// amounts of what is made; no rule of a receiver depends on them.
const (
	deskDeposit = d24.Amount(100_00)
	deskCashout = d24.Amount(10_00)
)

// Deposit makes a deposit in a status, and what is to be told about it.
func (d *Desk) Deposit(ctx context.Context, status string) (provider.Notification, error) {
	return d.deposit(ctx, d.client, status)
}

// ForeignDeposit is a completed deposit of another merchant.
func (d *Desk) ForeignDeposit(ctx context.Context) (provider.Notification, error) {
	return d.deposit(ctx, d.other, IsCompleted)
}

// UnknownDeposit is one that there is not.
func (d *Desk) UnknownDeposit() provider.Notification {
	return provider.Notification{Kind: d24.DepositNotification, ID: unknownDeposit}
}

func (d *Desk) deposit(ctx context.Context, client *merchant.Client, status string) (provider.Notification, error) {
	order := d.orders.Deposit(deskDeposit)
	if status == string(d24.DepositCreated) || status == string(d24.DepositInitiated) {
		order.PaymentMethod, order.Payer = "", nil // goes on in a hosted checkout
	}
	var made d24.DepositAnswer
	if err := do(ctx, client, merchant.CreateDeposit(order), &made); err != nil {
		return provider.Notification{}, err
	}
	n := provider.Notification{Kind: d24.DepositNotification, ID: string(made.DepositID), InvoiceID: order.InvoiceID}
	return n, d.Move(n, status)
}

// Refund makes a refund, of a new deposit, in a status.
func (d *Desk) Refund(ctx context.Context, status string) (provider.Notification, error) {
	deposit, err := d.Deposit(ctx, IsCompleted)
	if err != nil {
		return deposit, err
	}
	n, err := d.RefundOf(ctx, deposit)
	if err != nil {
		return n, err
	}
	return n, d.Move(n, status)
}

// RefundOf refunds a deposit.
func (d *Desk) RefundOf(ctx context.Context, deposit provider.Notification) (provider.Notification, error) {
	var made d24.RefundAnswer
	if err := do(ctx, d.client, merchant.CreateRefund(deposit.ID, deposit.InvoiceID, nil), &made); err != nil {
		return provider.Notification{}, err
	}
	return provider.Notification{Kind: d24.RefundNotification, ID: string(made.RefundID), InvoiceID: deposit.InvoiceID}, nil
}

// Cashout makes a cashout in a status.
func (d *Desk) Cashout(ctx context.Context, status string) (provider.Notification, error) {
	return d.CashoutEnding(ctx, "", status)
}

// CashoutEnding makes a cashout whose external_id has an ending.
func (d *Desk) CashoutEnding(ctx context.Context, ending, status string) (provider.Notification, error) {
	order := d.orders.Cashout(deskCashout)
	order.ExternalID += ending
	var made d24.CashoutAnswer
	if err := do(ctx, d.client, d.client.CreateCashout(order), &made); err != nil {
		return provider.Notification{}, err
	}
	n := provider.Notification{Kind: d24.CashoutNotification, ID: made.CashoutID, ExternalID: order.ExternalID}
	return n, d.Move(n, status)
}

// Make makes a deposit, a refund or a cashout in a status.
func (d *Desk) Make(ctx context.Context, kind d24.NotificationKind, status string) (provider.Notification, error) {
	switch kind {
	case d24.RefundNotification:
		return d.Refund(ctx, status)
	case d24.CashoutNotification:
		return d.Cashout(ctx, status)
	case d24.DepositNotification:
	}
	return d.Deposit(ctx, status)
}

// Rename gives a deposit or a cashout another id.
func (d *Desk) Rename(n provider.Notification, id string) (provider.Notification, error) {
	rename := d.Admin().RenameDeposit
	if n.Kind == d24.CashoutNotification {
		rename = d.Admin().RenameCashout
	}
	if err := rename(n.ID, id); err != nil {
		return n, err
	}
	n.ID = id
	return n, nil
}

func do(ctx context.Context, client *merchant.Client, r merchant.Request, answer any) error {
	e := client.Do(ctx, r)
	if e.Status()/100 != 2 {
		return fmt.Errorf("the provider's own mock answers %d to %s %s", e.Status(), r.Method, r.Path)
	}
	return json.Unmarshal(e.Response.Body, answer)
}

// Statuses in the words of the features: those of the documents in capitals.
const (
	IsPending   = "PENDING" // in which everything is made
	IsCompleted = "COMPLETED"
	IsExpired   = "EXPIRED" // deposits only
	IsCancelled = "CANCELLED"
	IsDelivered = "DELIVERED" // cashouts and refunds
	IsRejected  = "REJECTED"  // cashouts and refunds
	IsOnHold    = "ON_HOLD"   // cashouts only
)

// Move brings what a notification is about into a status. Nothing has to be moved into the
// status that it is made in.
func (d *Desk) Move(n provider.Notification, status string) error {
	admin := d.Admin()
	switch n.Kind {
	case d24.DepositNotification:
		if status == IsPending || status == string(d24.DepositCreated) {
			return nil
		}
		return admin.MoveDeposit(n.ID, d24.DepositStatus(status))
	case d24.RefundNotification:
		return d.moveRefund(n.ID, status)
	case d24.CashoutNotification:
	}
	moves := map[string]func(id string) error{
		IsPending: func(string) error { return nil }, IsDelivered: admin.DeliverCashout, IsCompleted: admin.CompleteCashout,
		IsRejected: admin.RejectCashout, IsCancelled: admin.CancelCashout, IsOnHold: admin.HoldCashout,
	}
	move, ok := moves[status]
	if !ok {
		return fmt.Errorf("nothing moves a %s into %s", n.Kind, status)
	}
	return move(n.ID)
}

// moveRefund delivers a refund first that the bank is to pay or to reject.
func (d *Desk) moveRefund(id, status string) error {
	if status == IsPending {
		return nil
	}
	if status == IsCompleted || status == IsRejected {
		if err := d.Admin().MoveRefund(id, d24.RefundDelivered); err != nil && !errors.Is(err, mock.ErrTransition) {
			return err
		}
	}
	return d.Admin().MoveRefund(id, d24.RefundStatus(status))
}

// SlowStatus has the next status call answered after two seconds.
func (d *Desk) SlowStatus(kind d24.NotificationKind) error {
	return d.befall(kind, mock.Fault{Kind: mock.FaultDelay, DelayMS: slowStatus.Milliseconds()})
}

// HoldStatus holds the next status calls back until [Desk.Release].
func (d *Desk) HoldStatus(kind d24.NotificationKind, calls int) (*Hold, error) {
	hold := d.newHold(calls)
	return hold, d.befall(kind, mock.Fault{Kind: mock.FaultDelay, DelayMS: held.Milliseconds(), Times: calls})
}

// HoldAnswer holds the answer to the next status call back until [Desk.Release]. It says what
// was true when the call came.
func (d *Desk) HoldAnswer(kind d24.NotificationKind) (*Hold, error) {
	hold := d.newHold(1)
	return hold, d.befall(kind, mock.Fault{Kind: mock.FaultDelayAnswer, DelayMS: held.Milliseconds()})
}

// FailLate has the next status call about one object answered 500, after [Desk.Release].
func (d *Desk) FailLate(n provider.Notification) (*Hold, error) {
	fault := statusCallsOf(n.Kind, statusAnswers(n.Kind)["500"])
	fault.Object, fault.DelayMS = n.ID, held.Milliseconds()
	hold := d.newHold(1)
	_, err := d.Admin().AddFault(fault)
	return hold, err
}

func (d *Desk) befall(kind d24.NotificationKind, fault mock.Fault) error {
	_, err := d.Admin().AddFault(statusCallsOf(kind, fault))
	return err
}

// statusCallsOf has a fault strike the status calls of a kind.
func statusCallsOf(kind d24.NotificationKind, fault mock.Fault) mock.Fault {
	fault.Method, fault.Path = http.MethodGet, map[d24.NotificationKind]string{
		d24.DepositNotification: d24.PathDeposits + "/", d24.RefundNotification: d24.PathRefunds + "/",
	}[kind]
	if kind == d24.CashoutNotification {
		fault.Method, fault.Path = http.MethodPost, d24.PathCashoutStatus
	}
	return fault
}

// Unanswered makes a completed deposit whose creation is not answered before answer is
// called.
func (d *Desk) Unanswered(ctx context.Context) (n provider.Notification, answer func() error, err error) {
	hold := d.newHold(1)
	fault := mock.Fault{Kind: mock.FaultDelayAnswer, Method: http.MethodPost, Path: d24.PathDeposits, DelayMS: held.Milliseconds()}
	if _, err := d.Admin().AddFault(fault); err != nil {
		return n, nil, err
	}
	order := d.orders.Deposit(deskDeposit)
	created := make(chan error, 1)
	go func() {
		var made d24.DepositAnswer
		created <- do(ctx, d.client, merchant.CreateDeposit(order), &made)
	}()
	answer = func() error {
		d.Release()
		return <-created
	}
	select {
	case <-hold.Arrived:
	case err := <-created:
		created <- err
		return n, answer, fmt.Errorf("the creation was not held back: %w", err)
	}
	all := d.Admin().Deposits()
	at := slices.IndexFunc(all, func(made mock.Deposit) bool { return made.InvoiceID == order.InvoiceID })
	if at < 0 {
		return n, answer, fmt.Errorf("the mock has no deposit of invoice %s", order.InvoiceID)
	}
	n = provider.Notification{Kind: d24.DepositNotification, ID: all[at].ID, InvoiceID: order.InvoiceID}
	return n, answer, d.Move(n, IsCompleted)
}

// A Hold is calls that wait for [Desk.Release].
type Hold struct {
	Arrived <-chan struct{} // one for each call

	arrived  chan struct{}
	released chan time.Time
}

func (d *Desk) newHold(calls int) *Hold {
	arrived := make(chan struct{}, calls)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hold = &Hold{Arrived: arrived, arrived: arrived, released: make(chan time.Time)}
	return d.hold
}

func (d *Desk) holdBack() <-chan time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hold == nil { // released meanwhile
		over := make(chan time.Time)
		close(over)
		return over
	}
	select {
	case d.hold.arrived <- struct{}{}:
	default: // more than were to be held
	}
	return d.hold.released
}

// Release lets go of everything that is held back, and lets nothing befall later calls.
func (d *Desk) Release() {
	d.Admin().ClearFaults()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hold != nil {
		close(d.hold.released)
		d.hold = nil
	}
}
