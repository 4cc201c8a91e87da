package target

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
)

func (t *Traffic) add(more Traffic) {
	t.Operations = append(t.Operations, more.Operations...)
	t.Replies = append(t.Replies, more.Replies...)
	t.Asked = append(t.Asked, more.Asked...)
	for _, made := range more.Made {
		t.count(made)
	}
}

// everything is the work with a product in all situations that the run is about: what a
// client does wrong only in its retries, or only in large bodies, shows to every sentence.
// Those in which ids jump come last, and before them the one in which it is killed.
func (d *Driven) everything(ctx context.Context, does Activity, usual func(context.Context) (Traffic, error)) (Traffic, error) {
	t, err := usual(ctx)
	if err != nil {
		return t, err
	}
	order := func(s Situation) int {
		switch {
		case s.Does == WorksOn: // a client that is stale by then still met the trouble
			return 1
		case s.Trouble == Killed:
			return 2
		case s.Trouble.ids() > 0:
			return 3
		}
		return 0
	}
	agenda := slices.DeleteFunc(slices.Clone(d.agenda), func(s Situation) bool {
		return s.Certificate != "" || operationOf(s.Does) == "" && s.Does != WorksOn || slices.Contains(cashoutActivities(), s.Does) != (does == WorksWithCashouts)
	})
	slices.SortStableFunc(agenda, func(a, b Situation) int { return order(a) - order(b) })
	for _, s := range agenda {
		more, err := d.Exercise(ctx, s)
		if err != nil && !isUnexercised(err) {
			return t, err
		}
		t.addNew(more)
	}
	return t, nil
}

// addNew adds what is not there yet: two situations may come to the same requests.
func (t *Traffic) addNew(more Traffic) {
	known := slices.Concat(t.Operations...)
	if len(more.Operations) > 0 && len(more.Operations[0]) > 0 && slices.Contains(known, more.Operations[0][0]) {
		if len(more.Operations) == 2 { // one that is still at work begins with what it sent first
			more.Operations = more.Operations[1:]
		} else {
			return
		}
	}
	t.add(more)
}

func cashoutActivities() []Activity {
	return []Activity{CreatesCashout, AsksCashout, HoldsCashout, CancelsCashout}
}

// operationOf is what the adapter is asked for; empty where that is not one operation.
func operationOf(does Activity) Op {
	return map[Activity]Op{
		CreatesDeposit: OpCreateDeposit, AsksDeposit: OpDepositStatus, CreatesRefund: OpCreateRefund, AsksRefund: OpRefundStatus,
		LooksUp: OpPaymentMethods, LooksUpRates: OpExchangeRate, LooksUpBanks: OpBanks,
		CreatesCashout: OpCreateCashout, AsksCashout: OpCashoutStatus, HoldsCashout: OpUpdateCashout, CancelsCashout: OpCancelCashout,
	}[does]
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
	id := ""
	for n := range 2 { // they differ: the same once more could be one that is tried again
		done, err := d.carryOut(ctx, &t, OpCreateRefund, bodyOf(refund(made, Situation{Text: fmt.Sprint("d24conform refund ", n+1)})))
		if err != nil {
			return t, err
		}
		id = cmp.Or(createdIn(done), id)
	}
	if id == "" {
		if id, err = d.refunded(ctx); err != nil {
			return t, err
		}
	}
	for _, each := range []struct {
		op     Op
		fields map[string]any
	}{
		{OpRefundStatus, idOf("refund_id", id)},
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

// killed has the client make an order twice without an answer, kills it, starts another, and
// has that one make the same order.
func (d *Driven) killed(ctx context.Context, s Situation) (Traffic, error) {
	var t Traffic
	op := operationOf(s.Does)
	switch {
	case !d.Adapter.Offers(op):
		return t, &UnexercisedError{fmt.Sprintf("the adapter does not list the operation %s", op)}
	case d.Restart == nil:
		return t, &UnexercisedError{"the client cannot be started again"}
	}
	fields, err := d.fieldsFor(ctx, s)
	if err != nil {
		return t, err
	}
	admin := d.Mock.Admin()
	const always = 1000
	if _, err := admin.AddFault(mock.Fault{Kind: mock.FaultDropBefore, Times: always}); err != nil {
		return t, err
	}
	for range 2 {
		if _, err := d.carryOut(ctx, &t, op, fields); err != nil {
			admin.ClearFaults()
			return t, err
		}
		if len(slices.Concat(t.Operations...)) == 0 { // it makes no order of the kind, now or later
			admin.ClearFaults()
			return Traffic{}, &UnexercisedError{fmt.Sprintf("the client sent nothing when it was asked for %s", op)}
		}
	}
	admin.ClearFaults()
	d.Adapter, err = d.Restart(ctx)
	if err != nil {
		return t, err
	}
	d.first = time.Time{} // this one is young
	t.Starts = []int{len(t.Operations)}
	d.meeting = " after it was killed and started again"
	_, err = d.carryOut(ctx, &t, op, fields)
	d.meeting = ""
	t.Made = nil // one order, asked for three times
	return t, err
}
