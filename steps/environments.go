package steps

import (
	"context"
	"fmt"
	"regexp"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
)

// The environments in the words of the features.
const (
	environmentFirst  = "first"
	environmentSecond = "second"
)

var (
	stepPlace          = regexp.MustCompile(`^calls to the (first|second) environment(, with a slash at the end of each path)?$`)
	stepEnvironment    = regexp.MustCompile(`^the (first|second) environment$`)
	stepOtherAccepts   = regexp.MustCompile(`^an? (.+) request that the other environment of the (first|second) accepts$`)
	stepSecondAsWell   = regexp.MustCompile(`^it is made in the second environment as well$`)
	stepOtherKeyed     = regexp.MustCompile(`^a deposit is requested in the other environment with the same key$`)
	stepOtherKeyRefund = regexp.MustCompile(`^a refund of (\S+) is requested in the other environment with the same key$`)
	stepOtherInvoice   = regexp.MustCompile(`^a deposit is requested in the other environment with its invoice$`)
	stepOtherExternal  = regexp.MustCompile(`^a cashout is requested in the other environment with its external id$`)
	stepOtherCashout   = regexp.MustCompile(`^a cashout of (\S+) is requested in the other environment$`)
	stepNotTheAnswer   = regexp.MustCompile(`^it is not the answer of the first environment$`)
	stepInEach         = regexp.MustCompile(`^a (paid deposit|deposit|refund|delivered cashout|cashout) of its own, and one in the other environment$`)
	stepOtherAsked     = regexp.MustCompile(`^the other environment is asked for the (paid deposit|deposit|refund|delivered cashout|cashout)$`)
	stepNotKnown       = regexp.MustCompile(`^it does not know it$`)
	stepOtherRefunds   = regexp.MustCompile(`^a refund of it is requested in the other environment$`)
	stepHomeLeft       = regexp.MustCompile(`^(\S+) of the deposit can still be refunded at home$`)
	stepHomeBalance    = regexp.MustCompile(`^at home a cashout of (\S+) is accepted, and one of (\S+) refused because of the balance$`)
	stepOtherFund      = regexp.MustCompile(`^a deposit of (\S+) is created and approved in the other environment$`)
	stepHomeShort      = regexp.MustCompile(`^at home a cashout of (\S+) is refused because of the balance$`)
	stepOtherChanges   = regexp.MustCompile(`^the other environment is asked to (cancel it|hold it|let it go on)$`)
	stepHomeStatus     = regexp.MustCompile(`^the status of the cashout at home is (.+)$`)
)

func environmentSteps(w *world, sc vocabulary) {
	sc.Step(stepPlace, w.inPlace)
	sc.Step(stepEnvironment, w.inEnvironment)
	sc.Step(stepOtherAccepts, func(ctx context.Context, kind, one string) error {
		if err := w.inEnvironment(one); err != nil {
			return err
		}
		w.enterOther()
		w.sweep.only = new(w.server != w.suite.Server)
		return w.accepted(ctx, kind)
	})
	sc.Step(stepSecondAsWell, w.secondAsWell)
	sc.Step(stepOtherKeyed, w.otherKeyed)
	sc.Step(stepOtherKeyRefund, func(ctx context.Context, amount string) error {
		w.enterOther()
		d, err := w.payDeposit(ctx, depositAmount)
		if err != nil {
			return err
		}
		w.story.deposit = d
		cents, err := parseAmount(amount)
		r := merchant.CreateRefund(d.id, d.invoice, &cents)
		r.IdempotencyKey = w.story.request.IdempotencyKey
		w.tell(ctx, w.server.Client(), r)
		return err
	})
	sc.Step(stepOtherInvoice, func(ctx context.Context) {
		w.enterOther()
		order := w.suite.Orders.Deposit(depositAmount)
		order.InvoiceID = w.story.deposit.invoice
		w.tell(ctx, w.server.Client(), merchant.CreateDeposit(order))
	})
	sc.Step(stepOtherExternal, func(ctx context.Context) {
		w.enterOther()
		order := w.suite.Orders.Cashout(cashoutAmount)
		order.ExternalID = w.story.cashout.external
		w.tell(ctx, w.server.Client(), w.server.Client().CreateCashout(order))
	})
	sc.Step(stepOtherCashout, func(ctx context.Context, amount string) error {
		w.enterOther()
		return w.askCashout(ctx, amount, "")
	})
	sc.Step(stepNotTheAnswer, func() error { return held(judge.Differs(w.first(), w.last())) })
	sc.Step(stepInEach, w.inEach)
	sc.Step(stepOtherAsked, w.otherAsked)
	sc.Step(stepNotKnown, func() error { return held(judge.DoesNotKnow(w.last(), w.story.deposit.invoice)) })
	sc.Step(stepOtherRefunds, func(ctx context.Context) error {
		w.enterOther()
		return w.refund(ctx, "60", false)
	})
	sc.Step(stepHomeLeft, func(ctx context.Context, amount string) error {
		w.enterOther()
		return w.refundable(ctx, amount)
	})
	sc.Step(stepHomeBalance, func(ctx context.Context, amount, beyond string) error {
		w.enterOther()
		return w.balanceIs(ctx, amount, beyond)
	})
	sc.Step(stepOtherFund, func(ctx context.Context, amount string) error {
		if !w.server.Has(rules.Deposits) {
			return &noted{"not looked at: the run has no deposits credentials"}
		}
		cents, err := parseAmount(amount)
		if err != nil {
			return err
		}
		w.enterOther()
		_, err = w.payDeposit(ctx, cents)
		return err
	})
	sc.Step(stepHomeShort, func(ctx context.Context, amount string) error {
		w.enterOther()
		return w.beyondBalance(ctx, amount)
	})
	sc.Step(stepOtherChanges, func(ctx context.Context, change string) {
		w.enterOther()
		w.askFor(ctx, w.story.cashout, map[string]string{"cancel it": "be cancelled", "hold it": "be held", "let it go on": "go on"}[change])
	})
	sc.Step(stepHomeStatus, func(ctx context.Context, status string) error {
		w.enterOther()
		return w.firstStatus(ctx, status)
	})
}

// inPlace has the scenario talk to an environment, with or without slashes. What no rule
// about the environments is judged by is left out where the target does not take it.
func (w *world) inPlace(one, slash string) error {
	if slash != "" {
		for _, kind := range changingKinds() {
			if w.scenario.Has("@"+string(productOf(kind))) && !w.suite.survey.slash[kind] {
				return &noted{"the target does not take every path with a slash at its end"}
			}
		}
		w.slash = true
	}
	if one == environmentFirst {
		return nil
	}
	if w.suite.Server.Second == nil {
		return &noted{"not looked at: the target names no second_environment"}
	}
	w.enterEnvironment(true)
	return nil
}

// inEnvironment makes an environment the one that the scenario begins in.
func (w *world) inEnvironment(one string) error {
	if w.suite.Server.Second == nil {
		return &missing{"the target names no second_environment"}
	}
	w.enterEnvironment(one == environmentSecond)
	return nil
}

// enterOther goes to the environment that the scenario does not talk to.
func (w *world) enterOther() { w.enterEnvironment(w.server == w.suite.Server) }

// secondAsWell makes the same kind of request in the second environment, about an
// object of its own.
func (w *world) secondAsWell(ctx context.Context) error {
	if err := w.inEnvironment(environmentSecond); err != nil {
		return err
	}
	source, err := w.source(ctx, w.twin.kind)
	if err != nil {
		return err
	}
	r, err := source()
	if err == nil {
		w.tell(ctx, w.server.Client(), r)
	}
	return err
}

// otherKeyed requests a deposit of the other environment under the story's key.
func (w *world) otherKeyed(ctx context.Context) {
	w.enterOther()
	r := merchant.CreateDeposit(w.suite.Orders.Deposit(depositAmount))
	r.IdempotencyKey = w.story.request.IdempotencyKey
	w.tell(ctx, w.server.Client(), r)
}

// inEach makes an object in both environments, and stays in the one that the scenario
// began in.
func (w *world) inEach(ctx context.Context, what string) error {
	for _, home := range []bool{true, false} {
		if !home {
			w.enterOther()
		}
		d, c, id := deposit{}, cashout{}, ""
		var err error
		switch what {
		case "deposit":
			d, err = w.createDeposit(ctx, depositAmount)
		case "paid deposit":
			d, err = w.payDeposit(ctx, depositAmount)
		case "refund":
			if d, err = w.payDeposit(ctx, depositAmount); err == nil {
				var answer judge.Answer
				answer, err = w.setup(ctx, merchant.CreateRefund(d.id, d.invoice, nil))
				id = answer.ObjectID
			}
		default:
			if c, err = w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount)); err == nil && what == "delivered cashout" {
				err = w.hook(ctx, target.DeliverCashout, map[string]string{"cashout_id": c.id})
			}
		}
		if err != nil {
			return err
		}
		if home {
			w.story.deposit, w.story.cashout, w.story.refund = d, c, id
		}
	}
	w.enterOther()
	return nil
}

// otherAsked asks the other environment for the object of the one that the scenario began
// in.
func (w *world) otherAsked(ctx context.Context, what string) error {
	w.enterOther()
	switch what {
	case "deposit", "paid deposit":
		w.tell(ctx, w.server.Client(), merchant.DepositStatus(w.story.deposit.id))
	case "refund":
		w.tell(ctx, w.server.Client(), merchant.RefundStatus(w.story.refund))
	default:
		e, err := w.byExternalID(ctx, w.story.cashout.external)
		if err != nil {
			return err
		}
		w.story.answers = append(w.story.answers, e)
	}
	return nil
}

// firstStatus judges the status of the story's cashout.
func (w *world) firstStatus(ctx context.Context, status string) error {
	want, ok := statuses()[status]
	if !ok {
		return fmt.Errorf("there is no cashout status %q", status)
	}
	return w.isStatus(ctx, w.story.cashout, want)
}

// isStatus judges the status of a cashout.
func (w *world) isStatus(ctx context.Context, c cashout, want d24.CashoutStatus) error {
	client := w.server.Client()
	e := w.send(ctx, client, client.CashoutStatus(c.id, c.external), "status")
	return held(judge.SaysStatus(e, fmt.Sprint(int(want))))
}
