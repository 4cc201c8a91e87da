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

// A history is what happens between a request and the one that is judged: one event, or
// two in either order. What holds at once must hold after each of them.
var (
	stepAfter       = regexp.MustCompile(`^it is sent again after (it|its|another) (.+)$`)
	stepTwoRefunds  = regexp.MustCompile(`^refunds of 40 and 20 of it, of which (.+)$`)
	stepMixedRefund = regexp.MustCompile(`^a refund of 60 of it is requested with the invoice of a deposit of 100 that is completed$`)
	stepNotIts      = regexp.MustCompile(`^it was refused, or was of the completed deposit$`)
	stepMixedCancel = regexp.MustCompile(`^it is asked to be cancelled, by (its cashout id with the external id|its external id with the cashout id) of a pending one$`)
	stepPairAtOnce  = regexp.MustCompile(`^it is asked to (be held|go on) and to be cancelled at once$`)
	stepAsTold      = regexp.MustCompile(`^it is cancelled where the cancel was accepted$`)
	stepOldPath     = regexp.MustCompile(`^a connection that was opened more than 5 seconds ago$`)
	stepOverIt      = regexp.MustCompile(`^a deposit( that is dated when it was opened)? is requested over it$`)
	stepFailsAtOnce = regexp.MustCompile(`^the server fails it with an error 500, when it is sent (\d+) times at once$`)
	stepOneAnswer   = regexp.MustCompile(`^all have one answer, or say that the key is in use$`)
)

const eventsInTurn = " and then "

func historySteps(w *world, sc vocabulary) {
	sc.Step(stepAfter, func(ctx context.Context, subject, rest string) error {
		for event := range strings.SplitSeq(subject+" "+rest, eventsInTurn) {
			if err := w.befalls(ctx, event); err != nil {
				return err
			}
		}
		w.tell(ctx, w.server.Client(), w.story.request)
		return nil
	})
	sc.Step(stepTwoRefunds, w.twoRefunds)
	sc.Step(stepMixedRefund, w.mixedRefund)
	sc.Step(stepNotIts, w.notIts)
	sc.Step(stepMixedCancel, w.mixedCancel)
	sc.Step(stepPairAtOnce, w.pairAtOnce)
	sc.Step(stepAsTold, func(ctx context.Context) error {
		if judge.Read(w.last()).Kind != judge.Accepted {
			return &noted{"the cancel was not accepted: " + judge.Describe(w.last())}
		}
		return w.isStatus(ctx, w.story.cashout, d24.CashoutCancelled)
	})
	sc.Step(stepOldPath, w.openLongAgo)
	sc.Step(stepOverIt, func(ctx context.Context, old string) {
		var tampers []merchant.Tamper
		if old != "" {
			date := d24.FormatDate(w.story.opened)
			tampers = append(tampers, merchant.Dated(func(time.Time) string { return date }))
		}
		w.tell(ctx, w.story.path, merchant.CreateDeposit(w.suite.Orders.Deposit(depositAmount)), tampers...)
	})
	sc.Step(stepFailsAtOnce, func(ctx context.Context, times int) error {
		if err := w.hook(ctx, target.Respond500Once, nil); err != nil {
			return err
		}
		w.tellAtOnce(ctx, w.server.Client(), repeated(w.story.request, times))
		return nil
	})
	sc.Step(stepOneAnswer, func(ctx context.Context) error {
		settled := w.tell(ctx, w.server.Client(), w.story.request)
		f, _ := judge.ReplaysOrRejects(settled, w.story.answers[:len(w.story.answers)-1]...)
		return held(f)
	})
}

// optional makes a hook that the target lacks a reason to look at less, and no gap.
func (w *world) optional(ctx context.Context, h target.Hook, arguments map[string]string) error {
	err := w.hook(ctx, h, arguments)
	if _, lacks := errors.AsType[*missing](err); lacks {
		return &noted{"not looked at: the target has no hook " + string(h)}
	}
	return err
}

// befalls has one thing happen to the object that the story's first request made, or to
// its key.
func (w *world) befalls(ctx context.Context, event string) error {
	client, id := w.server.Client(), judge.Read(w.first()).ObjectID
	status := merchant.DepositStatus(id)
	named := map[string]string{"deposit_id": id}
	if w.twin.kind == "refund" {
		status, named = merchant.RefundStatus(id), map[string]string{"refund_id": id}
	}
	hooks := map[string][]target.Hook{
		"it is paid": {target.ApproveDeposit}, "it is cancelled": {target.CancelDeposit}, "it expires": {target.ExpireDeposit},
		"it is delivered": {target.DeliverRefund}, "it is completed": {target.DeliverRefund, target.CompleteRefund}, "it is rejected": {target.RejectRefund},
	}
	switch event {
	case "its status is asked for":
		_, err := w.setup(ctx, status)
		return err
	case "its key is used on GET":
		status.IdempotencyKey = w.story.request.IdempotencyKey
		w.send(ctx, client, status, "in between")
		return nil
	case "it is repeated":
		w.tell(ctx, client, w.story.request)
		return nil
	case "it is forged":
		w.send(ctx, client, w.story.request, "in between",
			merchant.WithSignature(func(digest string, _ merchant.Signing) string { return merchant.FlipDigit(digest, 0) }))
		return nil
	case "another is sent":
		first := w.story.request
		another, err := w.twin.source()
		if err == nil {
			_, err = w.setup(ctx, another)
		}
		w.story.request = first
		return err
	}
	moves, ok := hooks[event]
	if !ok {
		return fmt.Errorf("there is no event %q before a retry", event)
	}
	for _, h := range moves {
		if err := w.optional(ctx, h, named); err != nil {
			return err
		}
	}
	return nil
}

// twoRefunds refunds two parts of the story's deposit, and has things happen to them
// that leave what remains as it is.
func (w *world) twoRefunds(ctx context.Context, history string) error {
	d := w.story.deposit
	refunds := map[string]merchant.Request{}
	ids := map[string]string{}
	for i, amount := range []d24.Amount{40_00, 20_00} {
		r := merchant.CreateRefund(d.id, d.invoice, &amount)
		r.IdempotencyKey = w.suite.Orders.NewKey()
		answer, err := w.setup(ctx, r)
		if err != nil {
			return err
		}
		name := [...]string{"the first", "the second"}[i]
		refunds[name], ids[name] = r, answer.ObjectID
	}
	for event := range strings.SplitSeq(history, eventsInTurn) {
		name, what, _ := strings.Cut(event, " is ")
		var err error
		switch {
		case what == "completed":
			for _, h := range []target.Hook{target.DeliverRefund, target.CompleteRefund} {
				if err == nil {
					err = w.optional(ctx, h, map[string]string{"refund_id": ids[name]})
				}
			}
		case what == "sent again":
			_, err = w.setup(ctx, refunds[name])
		case event == "the deposit is asked for":
			_, err = w.setup(ctx, merchant.DepositStatus(d.id))
		case what == "asked for":
			_, err = w.setup(ctx, merchant.RefundStatus(ids[name]))
		case event == "a third is refused":
			beyond := depositAmount
			third := w.send(ctx, w.server.Client(), merchant.CreateRefund(d.id, d.invoice, &beyond), "in between")
			if judge.Read(third).Kind == judge.Accepted {
				return &noted{"more than was left was refunded at once, which other scenarios judge"}
			}
		default:
			err = fmt.Errorf("there is no event %q of refunds", event)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mixedRefund asks for a refund by the id of the story's deposit and the invoice of
// another, which could be refunded.
func (w *world) mixedRefund(ctx context.Context) (err error) {
	if w.story.other, err = w.payDeposit(ctx, depositAmount); err != nil {
		return err
	}
	amount := d24.Amount(60_00)
	w.tell(ctx, w.server.Client(), merchant.CreateRefund(w.story.deposit.id, w.story.other.invoice, &amount))
	return nil
}

// notIts judges by the effect whose money an accepted refund took: where all of the
// completed deposit can still be refunded, it was the other's.
func (w *world) notIts(ctx context.Context) error {
	mixed := w.last()
	if judge.Read(mixed).Kind != judge.Accepted {
		return w.was(mixed, "refused", "")
	}
	whole := depositAmount
	w.tell(ctx, w.server.Client(), merchant.CreateRefund(w.story.other.id, w.story.other.invoice, &whole))
	f := judge.IsRefusedAlone(w.last(), judge.Reason{Because: "the completed deposit having paid for the refund"})
	if f.Outcome != judge.Holds {
		f.Exchanges = []*exchange.Exchange{mixed, w.last()}
	}
	return held(f)
}

// mixedCancel asks for a cancel by the ids of two cashouts: the story's and a pending one.
func (w *world) mixedCancel(ctx context.Context, how string) error {
	pending, err := w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount))
	if err != nil {
		return err
	}
	id, external := w.story.cashout.id, pending.external
	if strings.HasPrefix(how, "its external id") {
		id, external = pending.id, w.story.cashout.external
	}
	w.tell(ctx, w.server.Client(), w.server.Client().CancelCashout(id, external))
	return nil
}

// pairAtOnce asks for two changes of the story's cashout in parallel. The cancel is the
// last answer of the story.
func (w *world) pairAtOnce(ctx context.Context, other string) error {
	client, c := w.server.Client(), w.story.cashout
	change := d24.CashoutUpdateOnHold
	if other == "go on" {
		change = d24.CashoutUpdatePending
	}
	w.tellAtOnce(ctx, client, []merchant.Request{client.UpdateCashout(c.id, c.external, change), client.CancelCashout(c.id, c.external)})
	return nil
}

// openLongAgo opens a connection of its own, and has time pass: by the server's clock where
// that can be moved. A server may close it meanwhile; then another is opened.
func (w *world) openLongAgo(ctx context.Context) error {
	client, err := w.server.Client().From(func(*merchant.Options) {})
	if err != nil {
		return err
	}
	w.undo = append(w.undo, func(context.Context) error {
		client.Close()
		return nil
	})
	w.story.path, w.story.opened = client, w.server.Now()
	first := w.send(ctx, client, merchant.CreateDeposit(w.suite.Orders.Deposit(depositAmount)), "setup")
	if err := held(asControl(judge.IsAccepted(first))); err != nil {
		return err
	}
	if w.server.Hooks.Offers(target.SetClockOffset) {
		return w.moveClock(ctx, time.Minute)
	}
	return w.suite.sleep(ctx, longOpen)
}

// longOpen is more than a date may be old.
const longOpen = 7 * time.Second
