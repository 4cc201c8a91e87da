package steps

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/target"
)

var (
	stepDeposit     = regexp.MustCompile(`^a deposit of (\S+) that is (not paid yet|not opened yet|released early|expired|completed|cancelled)(, where the target takes one so large)?$`)
	stepTwoDeposits = regexp.MustCompile(`^two deposits(?: of (\S+) that are completed)?$`)
	stepRefundTurns = regexp.MustCompile(`^refunds of (\S+) are requested of one and the other, and again$`)
	stepRefundSum   = regexp.MustCompile(`^those that were accepted sum to no more than (\S+), as their statuses tell$`)
	stepRefundIs    = regexp.MustCompile(`^a refund of (\S+) of it that is (delivered|completed|rejected)$`)
	stepRefundAll   = regexp.MustCompile(`^a refund of all of it is requested$`)
	stepPaid        = regexp.MustCompile(`^the deposit is paid$`)
	stepRefunds     = regexp.MustCompile(`^(?:a refund|refunds) of ([-\d., al]+) (?:is|are) requested$`)
	stepManyAtOnce  = regexp.MustCompile(`^(\d+) (refunds|cashouts) of (\S+) are requested at once$`)
	stepRefundable  = regexp.MustCompile(`^(\S+) of the deposit can still be refunded$`)
	stepStatusIs    = regexp.MustCompile(`^its status is (COMPLETED|CANCELLED)$`)
	stepClock       = regexp.MustCompile(`^the server's clock stands still (\S+) seconds from its X-Date, which is in the (past|future)$`)
	stepTurn        = regexp.MustCompile(`^it is sent across the turn of (a minute|an hour|a day), with a date in the (past|future)$`)
	stepOwnReading  = regexp.MustCompile(`^it is (accepted|refused), as our own mock reads (AMB-\d\d)$`)
)

func depositSteps(w *world, sc vocabulary) {
	sc.Step(stepDeposit, func(ctx context.Context, amount, status, large string) error {
		err := w.depositThatIs(ctx, amount, status)
		if found, ok := errors.AsType[*judged](err); ok && large != "" {
			return &noted{"the target takes no deposit of " + amount + ": " + found.finding.Seen}
		}
		return err
	})
	sc.Step(stepTwoDeposits, func(ctx context.Context, amount string) (err error) {
		prepare := w.createDeposit
		if amount != "" {
			prepare = w.payDeposit
		}
		if w.story.deposit, err = prepare(ctx, depositAmount); err != nil {
			return err
		}
		w.story.other, err = prepare(ctx, depositAmount)
		return err
	})
	sc.Step(stepRefundTurns, func(ctx context.Context, amount string) error {
		cents, err := parseAmount(amount)
		for range 2 {
			for _, d := range []deposit{w.story.deposit, w.story.other} {
				w.tell(ctx, w.server.Client(), merchant.CreateRefund(d.id, d.invoice, &cents))
			}
		}
		return err
	})
	sc.Step(stepRefundSum, w.refundSum)
	sc.Step(stepRefundIs, w.refundThatIs)
	sc.Step(stepRefundAll, func(ctx context.Context) error { return w.refund(ctx, "all", false) })
	sc.Step(stepPaid, func(ctx context.Context) error { return w.approve(ctx, w.story.deposit) })
	sc.Step(stepRefunds, func(ctx context.Context, amounts string) error {
		for amount := range strings.SplitSeq(amounts, ",") {
			if err := w.refund(ctx, amount, false); err != nil {
				return err
			}
		}
		return nil
	})
	sc.Step(stepManyAtOnce, w.manyAtOnce)
	sc.Step(stepRefundable, w.refundable)
	sc.Step(stepStatusIs, func(ctx context.Context, status string) error {
		return held(judge.SaysStatus(w.tell(ctx, w.server.Client(), merchant.DepositStatus(w.story.deposit.id)), status))
	})
	sc.Step(stepClock, w.clockStandsStill)
	sc.Step(stepTurn, w.acrossTurn)
	sc.Step(stepOwnReading, w.ownReading)
}

// depositThatIs makes a deposit and takes it to a status.
func (w *world) depositThatIs(ctx context.Context, amount, status string) error {
	cents, err := parseAmount(amount)
	if err != nil {
		return err
	}
	hooks := map[string]target.Hook{"completed": target.ApproveDeposit, "cancelled": target.CancelDeposit, "expired": target.ExpireDeposit}
	h, moved := hooks[status]
	if moved && !w.server.Hooks.Offers(h) && h == target.ExpireDeposit {
		return &noted{"not looked at: the target has no hook " + string(h)}
	}
	if moved {
		if err := w.needs(h); err != nil {
			return err
		}
	}
	order := w.suite.Orders.Deposit(cents)
	switch status {
	case "not opened yet":
		order.Payer, order.PaymentMethod = nil, ""
	case "released early":
		order.EarlyRelease = true
	}
	answer, err := w.setup(ctx, merchant.CreateDeposit(order))
	w.story.deposit = deposit{id: answer.ObjectID, invoice: order.InvoiceID, amount: cents}
	switch {
	case err != nil && !moved && status != "not paid yet":
		return &noted{fmt.Sprintf("the target takes no deposit that is %s", status)}
	case err != nil || !moved:
		return err
	}
	return w.hook(ctx, h, map[string]string{"deposit_id": w.story.deposit.id})
}

// refundThatIs refunds a part of the story's deposit, and takes the refund to a status.
func (w *world) refundThatIs(ctx context.Context, amount, status string) error {
	hooks := map[string][]target.Hook{
		"delivered": {target.DeliverRefund}, "completed": {target.DeliverRefund, target.CompleteRefund}, "rejected": {target.RejectRefund},
	}[status]
	for _, h := range hooks {
		if !w.server.Hooks.Offers(h) {
			return &noted{"not looked at: the target has no hook " + string(h)}
		}
	}
	cents, err := parseAmount(amount)
	if err != nil {
		return err
	}
	answer, err := w.setup(ctx, merchant.CreateRefund(w.story.deposit.id, w.story.deposit.invoice, &cents))
	if err != nil {
		return err
	}
	for _, h := range hooks {
		if err := w.hook(ctx, h, map[string]string{"refund_id": answer.ObjectID}); err != nil {
			return err
		}
	}
	return nil
}

// manyAtOnce asks for refunds of one deposit, or for cashouts, in parallel.
func (w *world) manyAtOnce(ctx context.Context, times int, what, amount string) error {
	cents, err := parseAmount(amount)
	requests := make([]merchant.Request, times)
	for i := range requests {
		if what == "refunds" {
			requests[i] = merchant.CreateRefund(w.story.deposit.id, w.story.deposit.invoice, &cents)
		} else {
			requests[i] = w.server.Client().CreateCashout(w.suite.Orders.Cashout(cents))
		}
	}
	if err == nil {
		w.tellAtOnce(ctx, w.server.Client(), requests)
	}
	return err
}

// refund asks for money back; asserted says that it must be given.
func (w *world) refund(ctx context.Context, amount string, asserted bool) error {
	var cents *d24.Amount // none asks for all that is left
	if strings.TrimSpace(amount) != "all" {
		parsed, err := parseAmount(amount)
		if err != nil {
			return err
		}
		cents = &parsed
	}
	r := merchant.CreateRefund(w.story.deposit.id, w.story.deposit.invoice, cents)
	if asserted {
		r.IdempotencyKey = w.suite.Orders.NewKey()
	}
	e := w.tell(ctx, w.server.Client(), r)
	if asserted {
		return held(judge.IsAccepted(e))
	}
	return nil
}

// refundable proves how much of the deposit is left: so much, and not a cent more. It
// is how one sees from outside that a request took its effect exactly once.
func (w *world) refundable(ctx context.Context, amount string) error {
	if err := w.refund(ctx, amount, true); err != nil {
		return err
	}
	if err := w.refund(ctx, "0.01", false); err != nil {
		return err
	}
	return w.was(w.last(), "refused", "") // nothing is left: the documents have no code for that
}

// clockStandsStill stops the server's clock at an exact distance from the date that the
// probe will carry. Only our own mock can be stopped.
func (w *world) clockStandsStill(ctx context.Context, seconds, direction string) error {
	if !w.server.Hooks.Offers(target.FreezeClock) {
		return &noted{"the exact boundary is a reading, and can be seen only on a server whose clock can be stopped"}
	}
	distance, err := time.ParseDuration(seconds + "s")
	if err != nil {
		return fmt.Errorf("in the feature file: %w", err)
	}
	date := w.server.Now().Truncate(time.Second)
	at := date.Add(distance)
	if direction == "future" {
		at = date.Add(-distance)
	}
	w.only(merchant.Dated(func(time.Time) string { return d24.FormatDate(date) }))
	w.later(target.FreezeClock, map[string]string{"at": ""})
	return w.hook(ctx, target.FreezeClock, map[string]string{"at": at.Format(time.RFC3339Nano)})
}

// ownReading judges the answer on the boundary by the reading that the mock declares.
func (w *world) ownReading(ctx context.Context, how, id string) error {
	r, err := w.twin.source()
	if err != nil {
		return err
	}
	e := w.send(ctx, w.server.Client(), r, "probe", w.twin.tampers...)
	if how == "accepted" && w.server.Readings.Is(id, "strict") {
		how = "refused"
	}
	return w.was(e, how, "its date")
}

// clockMoved moves the server's clock on, and sends the story's request once more, dated by
// it, if the sentence says so. The clock is set back at the end of the scenario.
func (w *world) clockMoved(ctx context.Context, by, again string) error {
	var number int
	var unit string
	if _, err := fmt.Sscanf(by, "%d %s", &number, &unit); err != nil {
		return fmt.Errorf("in the feature file: %w", err)
	}
	distance := time.Duration(number) * time.Minute
	if strings.HasPrefix(unit, "hour") {
		distance = time.Duration(number) * time.Hour
	}
	if err := w.needs(target.SetClockOffset); err != nil {
		return &noted{"not looked at: " + err.Error()}
	}
	if err := w.moveClock(ctx, distance); err != nil {
		return err
	}
	if again != "" {
		w.tell(ctx, w.server.Client(), w.story.request)
	}
	return nil
}

// moveClock moves the clock of the first environment on. It is set back at the end of the
// scenario.
func (w *world) moveClock(ctx context.Context, distance time.Duration) error {
	offset := func(d time.Duration) map[string]string {
		return map[string]string{"ms": fmt.Sprint((w.server.Clock().Offset + d).Milliseconds())}
	}
	w.later(target.SetClockOffset, offset(0))
	if err := w.hook(ctx, target.SetClockOffset, offset(distance)); err != nil {
		return err
	}
	w.undo = append(w.undo, func(context.Context) error {
		w.server.MoveClock(-distance)
		return nil
	})
	w.server.MoveClock(distance)
	w.sweep.only = new(false) // the other environment's clock is another matter
	return nil
}

// fromTurn is how far the server's clock and the date are from the turn between them: what
// is two and a half seconds apart is in time, however slow the journey.
const fromTurn = 1250 * time.Millisecond

// acrossTurn sends the twin's request just after a turn with a date just before it, or the
// other way round.
func (w *world) acrossTurn(ctx context.Context, unit, direction string) error {
	if err := w.needs(target.SetClockOffset); err != nil {
		return &noted{"not looked at: " + err.Error()}
	}
	length := map[string]time.Duration{"a minute": time.Minute, "an hour": time.Hour, "a day": 24 * time.Hour}[unit]
	now := w.server.Now()
	turn := now.UTC().Truncate(length).Add(length)
	at, date := turn.Add(fromTurn), turn.Add(-time.Second)
	if direction == "future" {
		at, date = turn.Add(-fromTurn), turn.Add(time.Second)
	}
	if at.Before(now) { // the turn is too near
		at, date = at.Add(length), date.Add(length)
	}
	r, err := w.twin.source()
	if err != nil {
		return err
	}
	if err := w.moveClock(ctx, at.Sub(now)); err != nil {
		return err
	}
	w.tell(ctx, w.server.Client(), r, merchant.Dated(func(time.Time) string { return d24.FormatDate(date) }))
	return nil
}

// refundSum adds up the amounts that the statuses of the accepted refunds tell.
func (w *world) refundSum(ctx context.Context, most string) error {
	limit, err := parseAmount(most)
	if err != nil {
		return err
	}
	var statuses []*exchange.Exchange
	for _, e := range w.story.answers {
		if id := judge.Read(e).ObjectID; id != "" {
			statuses = append(statuses, w.send(ctx, w.server.Client(), merchant.RefundStatus(id), "status"))
		}
	}
	return held(judge.SumsTo(limit, statuses...))
}
