package steps

import (
	"context"
	"fmt"
	"regexp"

	"github.com/cucumber/godog"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/target"
)

var (
	stepCashout       = regexp.MustCompile(`^a cashout that is (pending|on hold|delivered|completed|rejected|cancelled)$`)
	stepCashoutOf     = regexp.MustCompile(`^a cashout request of (\S+)$`)
	stepExternalAgain = regexp.MustCompile(`^its external id is used again( with another amount)?$`)
	stepFirstStatus   = regexp.MustCompile(`^the status of the first cashout is (?:still|now) (.+)$`)
	stepBalance       = regexp.MustCompile(`^a balance of (\S+)$`)
	stepAskCashout    = regexp.MustCompile(`^a cashout of (\S+) is requested(?: and (put on hold|cancelled))?$`)
	stepNoCashout     = regexp.MustCompile(`^no cashout has its external id$`)
	stepFund          = regexp.MustCompile(`^a deposit of (\S+) is created and approved$`)
	stepAsked         = regexp.MustCompile(`^it is asked to (be cancelled|be held|go on)$`)
)

// ampleFunds is what a balance is set to when a scenario has done with it.
const ampleFunds = "1000000"

func cashoutSteps(w *world, sc *godog.ScenarioContext) {
	sc.Step(stepCashout, w.cashoutThatIs)
	sc.Step(stepCashoutOf, func(amount string) error {
		cents, err := parseAmount(amount)
		w.story.request = w.server.Client().CreateCashout(w.suite.Orders.Cashout(cents))
		return err
	})
	sc.Step(stepExternalAgain, func(ctx context.Context, otherAmount string) {
		order := w.suite.Orders.Cashout(cashoutAmount)
		order.ExternalID = w.story.cashout.external
		if otherAmount != "" {
			order.Amount = 2 * cashoutAmount
		}
		w.tell(ctx, w.server.Client(), w.server.Client().CreateCashout(order))
	})
	sc.Step(stepFirstStatus, func(ctx context.Context, status string) error {
		want, ok := statuses()[status]
		if !ok {
			return fmt.Errorf("there is no cashout status %q", status)
		}
		client := w.server.Client()
		e := w.send(ctx, client, client.CashoutStatus(w.story.cashout.id, w.story.cashout.external), "status")
		return held(judge.SaysStatus(e, fmt.Sprint(int(want))))
	})
	sc.Step(stepBalance, func(ctx context.Context, amount string) error {
		if err := w.needs(target.SetFunds); err != nil {
			return err
		}
		w.later(target.SetFunds, map[string]string{"amount": ampleFunds})
		return w.hook(ctx, target.SetFunds, map[string]string{"amount": amount})
	})
	sc.Step(stepAskCashout, w.askCashout)
	sc.Step(stepNoCashout, func(ctx context.Context) error {
		e, err := w.byExternalID(ctx, w.story.asked)
		if err != nil {
			return err
		}
		return held(judge.IsUnknown(e))
	})
	sc.Step(stepFund, func(ctx context.Context, amount string) error {
		cents, err := parseAmount(amount)
		if err != nil {
			return err
		}
		if !w.server.Has("deposits") {
			return &missing{"the run has no deposits credentials"}
		}
		_, err = w.payDeposit(ctx, cents)
		return err
	})
	sc.Step(stepAsked, func(ctx context.Context, what string) { w.ask(ctx, w.story.cashout, what) })
}

// statuses are the cashout statuses in the words of the features.
func statuses() map[string]d24.CashoutStatus {
	return map[string]d24.CashoutStatus{
		"pending": d24.CashoutPending, "completed": d24.CashoutCompleted, "cancelled": d24.CashoutCancelled,
		"rejected": d24.CashoutRejected, "delivered": d24.CashoutDelivered, "on hold": d24.CashoutOnHold,
	}
}

// cashoutHooks are what the bank does, by the status that it leads to.
func cashoutHooks() map[string][]target.Hook {
	return map[string][]target.Hook{
		"delivered": {target.DeliverCashout},
		"completed": {target.DeliverCashout, target.CompleteCashout},
		"rejected":  {target.DeliverCashout, target.RejectCashout},
	}
}

// cashoutThatIs makes a cashout and takes it to a status: what the bank does through
// hooks, what the merchant does through the API.
func (w *world) cashoutThatIs(ctx context.Context, status string) error {
	hooks := cashoutHooks()[status]
	for _, h := range hooks {
		if err := w.needs(h); err != nil {
			return err
		}
	}
	c, err := w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount))
	if err != nil {
		return err
	}
	w.story.cashout = c
	for _, h := range hooks {
		if err := w.hook(ctx, h, map[string]string{"cashout_id": c.id}); err != nil {
			return err
		}
	}
	switch status {
	case "on hold":
		_, err = w.setup(ctx, w.server.Client().UpdateCashout(c.id, c.external, d24.CashoutUpdateOnHold))
	case "cancelled":
		_, err = w.setup(ctx, w.server.Client().CancelCashout(c.id, c.external))
	}
	return err
}

// askCashout requests a cashout, and has it held or cancelled if it was accepted.
func (w *world) askCashout(ctx context.Context, amount, then string) error {
	cents, err := parseAmount(amount)
	if err != nil {
		return err
	}
	order := w.suite.Orders.Cashout(cents)
	w.story.asked = order.ExternalID
	client := w.server.Client()
	e := w.tell(ctx, client, client.CreateCashout(order))
	c := cashout{id: judge.Read(e).ObjectID, external: order.ExternalID}
	switch {
	case then == "" || c.id == "":
		return nil
	case then == "put on hold":
		_, err = w.setup(ctx, client.UpdateCashout(c.id, c.external, d24.CashoutUpdateOnHold))
	default:
		_, err = w.setup(ctx, client.CancelCashout(c.id, c.external))
	}
	return err
}

// byExternalID asks for the status of a cashout that nothing should have the external id
// of. Some servers want the cashout_id beside it (AMB-43) and refuse the question: where a
// refusal is not in the documents' words for an unknown id, one about a cashout that is
// there tells which it was.
func (w *world) byExternalID(ctx context.Context, external string) (*exchange.Exchange, error) {
	client := w.server.Client()
	e := w.send(ctx, client, client.CashoutStatus("", external), "status")
	if judge.Read(e).Kind != judge.Refusal || judge.RefusesCaller(e) || judge.SaysUnknown(e) {
		return e, nil
	}
	known, err := w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount))
	if err != nil {
		return nil, err
	}
	control := w.send(ctx, client, client.CashoutStatus("", known.external), "status")
	switch judge.Read(control).Kind {
	case judge.Accepted:
		return e, w.note("AMB-43", "either")
	case judge.Refusal:
		if err := w.note("AMB-43", "both"); err != nil {
			return nil, err
		}
		return nil, &missing{"the target tells the status of no cashout by its external_id alone: " + judge.Describe(control)}
	case judge.Busy, judge.Odd:
	}
	return nil, held(asControl(judge.IsAccepted(control)))
}

// ask asks for a change of status, as the merchant.
func (w *world) ask(ctx context.Context, c cashout, what string) *exchange.Exchange {
	client := w.server.Client()
	switch what {
	case "be held":
		return w.tell(ctx, client, client.UpdateCashout(c.id, c.external, d24.CashoutUpdateOnHold))
	case "go on":
		return w.tell(ctx, client, client.UpdateCashout(c.id, c.external, d24.CashoutUpdatePending))
	}
	return w.tell(ctx, client, client.CancelCashout(c.id, c.external))
}
