package target

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
)

// Driven is a client that does what it is told, by way of an adapter, against a mock in
// this process. Situations come one after the other: they change the mock for everybody.
type Driven struct {
	Adapter *Adapter
	Mock    *mock.Mock
	Orders  *merchant.Orders
	Log     *exchange.Log // what the mock saw of the client goes here
	// Now and Sleep are the clock that the client lives by; nil = real time.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error

	provider *Server
	own      *merchant.Client // makes on the mock what operations need; it lives by the mock's clock
	known    map[Activity]Traffic
	meeting  string    // what is unusual about the server at the moment, for the log
	first    time.Time // when the client was first asked for something that is dated
	earliest judge.Operation
}

// NewDriven prepares to drive a client.
func NewDriven(d Driven) (*Driven, error) {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Sleep == nil {
		d.Sleep = Sleep
	}
	provider, err := NewServer(FromMock(d.Mock, nil))
	if err != nil {
		return nil, err
	}
	d.provider, d.known = provider, map[Activity]Traffic{}
	d.own, err = provider.ClientFrom(func(o *merchant.Options) { o.Now = d.Mock.Admin().Now })
	return &d, err
}

// Secrets are the credentials that the client was given, by their names.
func (d *Driven) Secrets() map[string]string { return d.provider.Secrets() }

// Close lets go of what was opened beside the adapter and the mock.
func (d *Driven) Close() {
	d.own.Close()
	d.provider.Close()
}

// Exercise brings a situation about.
func (d *Driven) Exercise(ctx context.Context, s Situation) (Traffic, error) {
	if s.Certificate != "" {
		return d.mistrusted(ctx, s)
	}
	if traffic, ok := d.known[s.Does]; ok && s == (Situation{Does: s.Does}) {
		return traffic, nil
	}
	var t Traffic
	var err error
	switch s.Does {
	case WorksWithDeposits:
		t, err = d.workWithDeposits(ctx)
	case WorksWithCashouts:
		t, err = d.workWithCashouts(ctx)
	case Works:
		t, err = d.both(ctx)
	case WorksOn:
		t, err = d.workOn(ctx)
	case SignsDeposits:
		t, err = d.sign(ctx, OpSignDeposit)
	case SignsCashouts:
		t, err = d.sign(ctx, OpSignCashout)
	case VerifiesDeposits, VerifiesCashouts:
		t, err = d.verify(ctx, s.Does)
	default:
		return d.once(ctx, s)
	}
	if err != nil {
		return t, err
	}
	if len(t.Operations) == 0 && len(t.Beliefs) == 0 {
		return t, &UnexercisedError{"the client offers nothing of the kind: its adapter lists " + d.offers()}
	}
	d.known[s.Does] = t
	return t, nil
}

func (d *Driven) offers() string {
	if len(d.Adapter.Ops) == 0 {
		return "no operations"
	}
	names := make([]string, len(d.Adapter.Ops))
	for i, op := range d.Adapter.Ops {
		names[i] = clip(string(op))
	}
	return strings.Join(names, ", ")
}

// both is the work with both products.
func (d *Driven) both(ctx context.Context) (Traffic, error) {
	var all Traffic
	for _, does := range []Activity{WorksWithDeposits, WorksWithCashouts} {
		t, err := d.Exercise(ctx, Situation{Does: does})
		if err != nil && !isUnexercised(err) {
			return all, err
		}
		all.add(t)
	}
	return all, nil
}

func (t *Traffic) add(more Traffic) {
	t.Operations = append(t.Operations, more.Operations...)
	t.Replies = append(t.Replies, more.Replies...)
	t.Asked = append(t.Asked, more.Asked...)
}

// workWithDeposits has the client do everything with deposits that it can, creating
// more than once: what is wrong with keys shows in the second.
func (d *Driven) workWithDeposits(ctx context.Context) (Traffic, error) {
	var t Traffic
	var made deposit
	for range 3 {
		order := d.Orders.Deposit(depositSize)
		done, err := d.carryOut(ctx, &t, OpCreateDeposit, bodyOf(order))
		if err != nil {
			return t, err
		}
		made = deposit{id: cmp.Or(createdIn(done), made.id), invoice: order.InvoiceID}
	}
	made, err := d.paid(ctx, made)
	if err != nil {
		return t, err
	}
	if _, err := d.carryOut(ctx, &t, OpDepositStatus, idOf("deposit_id", made.id)); err != nil {
		return t, err
	}
	refund := ""
	for range 2 {
		done, err := d.carryOut(ctx, &t, OpCreateRefund, refundOf(made))
		if err != nil {
			return t, err
		}
		refund = cmp.Or(createdIn(done), refund)
	}
	if refund == "" {
		e := d.own.Do(ctx, merchant.CreateRefund(made.id, made.invoice, new(refundSize)))
		refund = judge.Read(e).ObjectID
	}
	for _, each := range []struct {
		op     Op
		fields map[string]any
	}{
		{OpRefundStatus, idOf("refund_id", refund)},
		{OpPaymentMethods, map[string]any{"country": merchant.Country}},
		{OpExchangeRate, map[string]any{"country": merchant.Country, "amount": 100}},
		{OpBanks, map[string]any{"country": merchant.Country}},
	} {
		if _, err := d.carryOut(ctx, &t, each.op, each.fields); err != nil {
			return t, err
		}
	}
	return t, nil
}

// workWithCashouts has the client do everything with cashouts that it can.
func (d *Driven) workWithCashouts(ctx context.Context) (Traffic, error) {
	var t Traffic
	var made cashout
	for range 2 {
		order := d.Orders.Cashout(cashoutSize)
		done, err := d.carryOut(ctx, &t, OpCreateCashout, bodyOf(order))
		if err != nil {
			return t, err
		}
		made = cashout{id: cmp.Or(createdIn(done), made.id), external: order.ExternalID}
	}
	made, err := d.held(ctx, made)
	if err != nil {
		return t, err
	}
	reference := d24.CashoutReference{CashoutID: d24.ID(made.id), ExternalID: made.external}
	onHold, pending := reference, reference
	onHold.Status, pending.Status = d24.CashoutUpdateOnHold, d24.CashoutUpdatePending
	for _, each := range []struct {
		op   Op
		body d24.CashoutReference
	}{
		{OpCashoutStatus, reference},
		{OpUpdateCashout, onHold},
		{OpUpdateCashout, pending},
		{OpCancelCashout, reference},
	} {
		if _, err := d.carryOut(ctx, &t, each.op, bodyOf(each.body)); err != nil {
			return t, err
		}
	}
	return t, nil
}

// longEnough is more than an X-Date may be old: after it, a date that was taken only
// once is a date that is refused.
const longEnough = 6 * time.Second

// workOn has a client that has been running for a while do one thing more.
func (d *Driven) workOn(ctx context.Context) (Traffic, error) {
	var t Traffic
	activities := []Activity{CreatesDeposit, AsksDeposit, CreatesRefund}
	does := activities[max(0, slices.IndexFunc(activities, func(a Activity) bool { return d.Adapter.Offers(operationOf(a)) }))]
	if d.first.IsZero() {
		before, err := d.once(ctx, Situation{Does: does})
		if err != nil {
			return t, err
		}
		t.add(before)
	} else {
		t.Operations = append(t.Operations, d.earliest)
	}
	if err := d.Sleep(ctx, longEnough-d.Now().Sub(d.first)); err != nil {
		return t, err
	}
	after, err := d.once(ctx, Situation{Does: does})
	t.add(after)
	return t, err
}

// operationOf is what the adapter is asked for.
func operationOf(does Activity) Op {
	return map[Activity]Op{
		CreatesDeposit: OpCreateDeposit, AsksDeposit: OpDepositStatus, CreatesRefund: OpCreateRefund, LooksUp: OpPaymentMethods,
		CreatesCashout: OpCreateCashout, AsksCashout: OpCashoutStatus,
	}[does]
}

// once has the client do one thing, in whatever trouble.
func (d *Driven) once(ctx context.Context, s Situation) (Traffic, error) {
	var t Traffic
	op := operationOf(s.Does)
	if op == "" {
		return t, fmt.Errorf("nobody knows what it is for a client that it %q", s.Does)
	}
	if !d.Adapter.Offers(op) {
		return t, &UnexercisedError{fmt.Sprintf("the adapter does not list the operation %s", op)}
	}
	if s.Trouble == LargeIDs {
		d.Mock.Admin().RaiseIDs()
	}
	fields, err := d.fieldsFor(ctx, s)
	if err != nil {
		return t, err
	}
	admin := d.Mock.Admin()
	for _, fault := range s.Trouble.faults() {
		if _, err := admin.AddFault(fault); err != nil {
			return t, err
		}
	}
	defer admin.ClearFaults()
	done, err := d.carryOut(ctx, &t, op, fields)
	switch {
	case err != nil:
		return t, err
	case len(t.Operations) == 0:
		return t, &UnexercisedError{fmt.Sprintf("the client says that it does not support %s", op)}
	case len(done) == 0:
		return t, &UnexercisedError{fmt.Sprintf("the client sent nothing when it was asked for %s%s", op, t.Replies[0].because())}
	case len(admin.PendingFaults()) > 0:
		return t, &UnexercisedError{"the trouble did not come about, since the request was not accepted: " + judge.Describe(done[0])}
	}
	return t, nil
}

// because is what the client says for itself.
func (r Reply) because() string {
	if r.GaveUp == "" {
		return ""
	}
	return ": it says " + clip(r.GaveUp)
}

// mistrusted has the client connect to a server that shows a bad certificate.
func (d *Driven) mistrusted(ctx context.Context, s Situation) (t Traffic, err error) {
	op := operationOf(s.Does)
	if !d.Adapter.Offers(op) {
		return t, &UnexercisedError{fmt.Sprintf("the adapter does not list the operation %s", op)}
	}
	fields, err := d.fieldsFor(ctx, s)
	if err != nil {
		return t, err
	}
	shown := map[Certificate]mock.Certificate{
		UnknownAuthority: mock.UnknownAuthority, WrongName: mock.WrongName, Expired: mock.ExpiredCertificate,
	}
	if err := d.Mock.Present(shown[s.Certificate]); err != nil {
		return t, err
	}
	before := d.Mock.Handshakes()
	d.meeting = " to a server whose certificate " + string(s.Certificate)
	_, err = d.carryOut(ctx, &t, op, fields)
	d.meeting = ""
	t.Handshakes = d.Mock.Handshakes() - before
	if back := d.Mock.Present(mock.GoodCertificate); err == nil {
		err = back
	}
	t.Operations = slices.DeleteFunc(t.Operations, func(o judge.Operation) bool { return len(o) == 0 })
	return t, err
}

// Sizes of what is moved: small, and enough for two refunds of each deposit.
const (
	depositSize d24.Amount = 100_00
	refundSize  d24.Amount = 10_00
	cashoutSize d24.Amount = 10_00
)

// deposit and cashout are objects on the mock.
type (
	deposit struct{ id, invoice string }
	cashout struct{ id, external string }
)

// fieldsFor makes what one operation is about, and the objects that it needs.
func (d *Driven) fieldsFor(ctx context.Context, s Situation) (map[string]any, error) {
	switch s.Does {
	case CreatesDeposit:
		order := d.Orders.Deposit(depositSize)
		if s.Name != "" {
			order.Payer.FirstName = s.Name
		}
		return bodyOf(order), nil
	case AsksDeposit:
		made, err := d.paid(ctx, deposit{})
		return idOf("deposit_id", made.id), err
	case CreatesRefund:
		made, err := d.paid(ctx, deposit{})
		return refundOf(made), err
	case LooksUp:
		return map[string]any{"country": merchant.Country}, nil
	case CreatesCashout:
		order := d.Orders.Cashout(cashoutSize)
		if s.Name != "" {
			order.BeneficiaryName = s.Name
		}
		return bodyOf(order), nil
	case AsksCashout:
		made, err := d.held(ctx, cashout{})
		return bodyOf(d24.CashoutReference{CashoutID: d24.ID(made.id), ExternalID: made.external}), err
	case WorksWithDeposits, WorksWithCashouts, Works, WorksOn, SignsDeposits, SignsCashouts, VerifiesDeposits, VerifiesCashouts:
	}
	return nil, fmt.Errorf("nothing in particular is asked for of a client that %s", s.Does)
}

// paid is the deposit, or one of ours where the client made none, approved.
func (d *Driven) paid(ctx context.Context, made deposit) (deposit, error) {
	if made.id == "" {
		order := d.Orders.Deposit(depositSize)
		e := d.own.Do(ctx, merchant.CreateDeposit(order))
		made = deposit{id: judge.Read(e).ObjectID, invoice: order.InvoiceID}
		if made.id == "" {
			return made, fmt.Errorf("prepare a deposit: %s", judge.Describe(e))
		}
	}
	if err := d.Mock.Admin().ApproveDeposit(made.id); err != nil { //nolint:contextcheck // a notification outlives what causes it
		return made, fmt.Errorf("prepare a deposit: %w", err)
	}
	return made, nil
}

// held is the cashout, or one of ours where the client made none.
func (d *Driven) held(ctx context.Context, made cashout) (cashout, error) {
	if made.id != "" {
		return made, nil
	}
	order := d.Orders.Cashout(cashoutSize)
	e := d.own.Do(ctx, d.own.CreateCashout(order))
	if made = (cashout{id: judge.Read(e).ObjectID, external: order.ExternalID}); made.id == "" {
		return made, fmt.Errorf("prepare a cashout: %s", judge.Describe(e))
	}
	return made, nil
}

// bodyOf is a request's body as the client gets it: without credentials, which it adds
// itself.
func bodyOf(request any) map[string]any {
	text, _ := json.Marshal(request) //nolint:errchkjson // our own types can be encoded
	var body map[string]json.RawMessage
	_ = json.Unmarshal(text, &body)
	delete(body, "login")
	delete(body, "pass")
	return map[string]any{"body": body}
}

// idOf is an id as a number, which is what the documents' ids are.
func idOf(field, id string) map[string]any { return map[string]any{field: json.Number(id)} }

func refundOf(made deposit) map[string]any {
	return bodyOf(d24.RefundRequest{
		DepositID: d24.ID(made.id), InvoiceID: made.invoice, Amount: new(refundSize),
		BankAccount: &d24.BankAccount{Beneficiary: "Maria Silva", BankCode: "001", Branch: "0001", AccountNumber: "12345678", AccountType: "C"},
		Comments:    "d24conform refund",
	})
}

// createdIn is the id of what an operation made, as the server told it; empty when it
// made nothing.
func createdIn(o judge.Operation) string {
	for _, e := range slices.Backward(o) {
		if id := judge.Read(e).ObjectID; id != "" {
			return id
		}
	}
	return ""
}

// AnotherAttempt stands before the number in the label of what nobody asked for once more:
// a client's retry of one operation, a delivery that a receiver's answer made necessary.
const AnotherAttempt = ", attempt "

// carryOut has the client do one thing, and adds what arrived meanwhile to the traffic
// and to the log.
func (d *Driven) carryOut(ctx context.Context, t *Traffic, op Op, fields map[string]any) (judge.Operation, error) {
	if !d.Adapter.Offers(op) {
		return nil, nil
	}
	admin := d.Mock.Admin()
	before := admin.Arrived()
	reply, err := d.Adapter.Do(ctx, op, fields)
	if err != nil {
		return nil, err
	}
	if err := admin.Settle(ctx); err != nil {
		return nil, err
	}
	o := judge.Operation(admin.ExchangesAfter(before))
	slices.SortStableFunc(o, func(a, b *exchange.Exchange) int { return a.Started.Compare(b.Started) })
	for i, e := range o {
		e.Label = string(op) + d.meeting
		if i > 0 {
			e.Label += AnotherAttempt + strconv.Itoa(i+1)
		}
		d.Log.Add(e)
	}
	if reply.Unsupported && len(o) == 0 {
		return nil, nil
	}
	if d.first.IsZero() && len(o) > 0 && slices.Contains([]Op{OpCreateDeposit, OpDepositStatus, OpCreateRefund, OpRefundStatus}, op) {
		d.first, d.earliest = d.Now(), o
	}
	t.Operations, t.Replies = append(t.Operations, o), append(t.Replies, reply)
	t.Asked = append(t.Asked, Asked{lineOf(op, fields), o})
	return o, nil
}

// lineOf is an operation as the adapter reads it, but for its id.
func lineOf(op Op, fields map[string]any) string {
	line := map[string]any{"op": op}
	maps.Copy(line, fields)
	text, _ := json.Marshal(line) //nolint:errchkjson // our own types can be encoded
	return string(text)
}
