package steps

import (
	"context"
	"fmt"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
)

// A stage is what requests of one kind are about in one environment, while they are sent
// with faults. All of them could have one effect, told apart by their ids: so a single
// question at the end sees whether any of them had it.
type stage struct {
	control *exchange.Exchange // the request without a fault, accepted before
	stored  merchant.Request   // that request, with the key under which its result is stored
	request merchant.Request   // what is sent with faults
	each    source             // the same, an operation of its own each time
	deposit deposit            // that refunds are of
	other   cashout            // an object of ours that no request of the stage is about
	// finish sends the request without a fault. It must be accepted, as if none had been
	// sent before.
	finish func(ctx context.Context) (*exchange.Exchange, judge.Finding)
}

// partQuestion labels the request that asks whether others had an effect.
const partQuestion = "question"

// newStage prepares a stage for requests of a kind in the environment that the scenario
// talks to. A control that is refused makes the scenario inconclusive.
func (w *world) newStage(ctx context.Context, kind string) (*stage, error) {
	s := &stage{}
	var err error
	switch kind {
	case "deposit", hostedDeposit:
		err = w.stageDeposit(ctx, s, kind == hostedDeposit)
	case "refund":
		err = w.stageRefund(ctx, s)
	case "cashout":
		err = w.stageCashout(ctx, s)
	case "cashout hold", "cashout release", "cashout cancel":
		err = w.stageChange(ctx, s, kind)
	default:
		err = w.stageQuestion(ctx, s, kind)
	}
	return s, err
}

// always is a source of one request, for those that may be repeated.
func always(r merchant.Request) source {
	return func() (merchant.Request, error) { return r, nil }
}

// begin sends the stage's control under a key of its own.
func (w *world) begin(ctx context.Context, s *stage, r merchant.Request) error {
	r.IdempotencyKey = w.suite.Orders.NewKey()
	s.stored = r
	w.twin.control = nil
	err := w.control(ctx, always(r))
	s.control = w.twin.control
	return err
}

// question sends the request that ends a stage.
func (w *world) question(ctx context.Context, r merchant.Request) (*exchange.Exchange, judge.Finding) {
	if w.replays() {
		r.IdempotencyKey = w.suite.Orders.NewKey() // some servers want one
	}
	var e *exchange.Exchange
	for range tries {
		e = w.send(ctx, w.server.Client(), r, partQuestion)
		w.keep(e)
		if judge.Read(e).Kind != judge.Busy {
			break
		}
	}
	return e, judge.IsAccepted(e)
}

func (w *world) stageDeposit(ctx context.Context, s *stage, hosted bool) error {
	order := func() merchant.Request {
		d := w.suite.Orders.Deposit(depositAmount)
		if hosted {
			d.Payer, d.PaymentMethod = nil, ""
		}
		return merchant.CreateDeposit(d)
	}
	s.request = order()
	s.each = func() (merchant.Request, error) { return order(), nil }
	s.finish = func(ctx context.Context) (*exchange.Exchange, judge.Finding) { return w.question(ctx, s.request) }
	return w.begin(ctx, s, order())
}

// refundedAtOnce is what each refund of a stage asks for.
const refundedAtOnce d24.Amount = 1_00

// stageRefund: what is left of the deposit in the end is all but the first refund.
func (w *world) stageRefund(ctx context.Context, s *stage) error {
	d, err := w.payDeposit(ctx, depositAmount)
	if err != nil {
		return err
	}
	s.deposit = d
	amount, rest := refundedAtOnce, depositAmount-refundedAtOnce
	s.request = merchant.CreateRefund(d.id, d.invoice, &amount)
	s.each = always(s.request)
	s.finish = func(ctx context.Context) (*exchange.Exchange, judge.Finding) {
		return w.question(ctx, merchant.CreateRefund(d.id, d.invoice, &rest))
	}
	return w.begin(ctx, s, s.request)
}

func (w *world) stageCashout(ctx context.Context, s *stage) error {
	order := func() merchant.Request { return w.server.Client().CreateCashout(w.suite.Orders.Cashout(cashoutAmount)) }
	s.request = order()
	s.each = func() (merchant.Request, error) { return order(), nil }
	s.finish = func(ctx context.Context) (*exchange.Exchange, judge.Finding) { return w.question(ctx, s.request) }
	return w.begin(ctx, s, order())
}

// stageChange is about a cashout whose status the requests would change: it has still the
// one that it had, and so has another one that a changed request may name.
func (w *world) stageChange(ctx context.Context, s *stage, kind string) error {
	c, err := w.changeable(ctx, kind)
	if err != nil {
		return err
	}
	if s.other, err = w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount)); err != nil {
		return err
	}
	s.request = w.change(kind, c)
	s.each = func() (merchant.Request, error) {
		own, err := w.changeable(ctx, kind)
		return w.change(kind, own), err
	}
	before := d24.CashoutPending
	if kind == "cashout release" {
		before = d24.CashoutOnHold
	}
	s.finish = func(ctx context.Context) (*exchange.Exchange, judge.Finding) {
		for _, is := range []struct {
			cashout

			status d24.CashoutStatus
		}{{c, before}, {s.other, d24.CashoutPending}} {
			e, _ := w.question(ctx, w.server.Client().CashoutStatus(is.id, is.external))
			if f := judge.SaysStatus(e, fmt.Sprint(int(is.status))); f.Outcome != judge.Holds {
				return e, f
			}
		}
		return w.question(ctx, s.request)
	}
	first, err := w.changeable(ctx, kind)
	if err != nil {
		return err
	}
	return w.begin(ctx, s, w.change(kind, first))
}

// changeable makes a cashout that a kind of request can change.
func (w *world) changeable(ctx context.Context, kind string) (cashout, error) {
	c, err := w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount))
	if err == nil && kind == "cashout release" {
		_, err = w.setup(ctx, w.server.Client().UpdateCashout(c.id, c.external, d24.CashoutUpdateOnHold))
	}
	return c, err
}

// change is the request of a kind about a cashout.
func (w *world) change(kind string, c cashout) merchant.Request {
	client := w.server.Client()
	switch kind {
	case "cashout hold":
		return client.UpdateCashout(c.id, c.external, d24.CashoutUpdateOnHold)
	case "cashout release":
		return client.UpdateCashout(c.id, c.external, d24.CashoutUpdatePending)
	}
	return client.CancelCashout(c.id, c.external)
}

// stageQuestion is about requests that have no effect.
func (w *world) stageQuestion(ctx context.Context, s *stage, kind string) error {
	source, err := w.source(ctx, kind)
	if err != nil {
		return err
	}
	if s.request, err = source(); err != nil {
		return err
	}
	if kind == "cashout status" {
		if s.other, err = w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount)); err != nil {
			return err
		}
	}
	s.each = always(s.request)
	s.finish = func(ctx context.Context) (*exchange.Exchange, judge.Finding) { return w.question(ctx, s.request) }
	return w.begin(ctx, s, s.request)
}

// withSlash is a path with a slash at its end.
func withSlash(path string) string {
	path, query, found := strings.Cut(path, "?")
	if found {
		query = "?" + query
	}
	return path + "/" + query
}
