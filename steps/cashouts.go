package steps

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
)

var (
	stepCashout       = regexp.MustCompile(`^a cashout that is (?:(held, let go on|asked for|requested again) and then )?(pending|on hold|delivered|completed|rejected|cancelled|cancelled on the panel)(?: and then (asked for|requested again))?$`)
	stepTwoCashouts   = regexp.MustCompile(`^two pending cashouts$`)
	stepLongExternal  = regexp.MustCompile(`^a cashout whose external id has (\d+) characters$`)
	stepCashoutOf     = regexp.MustCompile(`^a cashout request of (\S+)$`)
	stepExternalAgain = regexp.MustCompile(`^its external id is used again (for the same cashout|with another amount|for another beneficiary|in another country|with other bank details)$`)
	stepExternalTimes = regexp.MustCompile(`^its external id is used again (\d+) times, with (other cashouts|nothing) in between$`)
	stepFirstStatus   = regexp.MustCompile(`^the status of the first cashout is (?:still|now) (.+)$`)
	stepBalance       = regexp.MustCompile(`^a balance of (\S+)$`)
	stepAskCashout    = regexp.MustCompile(`^a cashout of (\S+) is requested(?: and (.+?))?(, where the target takes one)?$`)
	stepAskText       = regexp.MustCompile(`^a cashout of (\S+) is requested, with its amount as text$`)
	stepAskHeld       = regexp.MustCompile(`^a cashout of (\S+) that is on hold is requested$`)
	stepNoCashout     = regexp.MustCompile(`^no cashout has its external id$`)
	stepBalanceLeft   = regexp.MustCompile(`^a cashout of (\S+) is accepted, and one of (\S+) refused because of the balance$`)
	stepBalanceShort  = regexp.MustCompile(`^a cashout of (\S+) is refused because of the balance$`)
	stepFaulty        = regexp.MustCompile(`^cashouts of (\S+) are requested with every fault for which they are refused$`)
	stepFund          = regexp.MustCompile(`^a deposit of (\S+) is created and approved$`)
	stepAskedAtOnce   = regexp.MustCompile(`^it is asked (\d+) times at once to be cancelled$`)
	stepAsked         = regexp.MustCompile(`^it is asked to (be cancelled|be held|go on|become [A-Z]+)$`)
	stepOneKeyCancels = regexp.MustCompile(`^each is cancelled with one idempotency key$`)
	stepBothCancelled = regexp.MustCompile(`^both of them are cancelled$`)
)

// ampleFunds is what a balance is set to when a scenario has done with it.
const ampleFunds = "1000000"

func cashoutSteps(w *world, sc vocabulary) {
	sc.Step(stepCashout, w.cashoutThatIs)
	sc.Step(stepAskedAtOnce, func(ctx context.Context, times int) {
		client := w.server.Client()
		w.tellAtOnce(ctx, client, repeated(client.CancelCashout(w.story.cashout.id, w.story.cashout.external), times))
	})
	sc.Step(stepTwoCashouts, func(ctx context.Context) (err error) {
		if !w.server.Has(rules.Cashouts) {
			return &noted{"not looked at: the run has no cashouts credentials"}
		}
		if w.story.cashout, err = w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount)); err != nil {
			return err
		}
		w.story.otherCashout, err = w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount))
		return err
	})
	sc.Step(stepLongExternal, func(ctx context.Context, length int) error {
		order := w.suite.Orders.Cashout(cashoutAmount)
		order.ExternalID += strings.Repeat("x", max(length-len(order.ExternalID), 0))
		answer, err := w.setup(ctx, w.server.Client().CreateCashout(order))
		if answer.Kind == judge.Refusal {
			return &noted{fmt.Sprintf("the target takes no external id of %d characters: %s", length, err)}
		}
		w.story.cashout = cashout{id: answer.ObjectID, external: order.ExternalID}
		return err
	})
	sc.Step(stepCashoutOf, func(amount string) error {
		cents, err := parseAmount(amount)
		w.story.request = w.server.Client().CreateCashout(w.suite.Orders.Cashout(cents))
		return err
	})
	sc.Step(stepExternalAgain, w.externalAgain)
	sc.Step(stepExternalTimes, w.externalTimes)
	sc.Step(stepFirstStatus, w.firstStatus)
	sc.Step(stepBalance, func(ctx context.Context, amount string) error {
		if err := w.needs(target.SetFunds); err != nil {
			return err
		}
		w.later(target.SetFunds, map[string]string{"amount": ampleFunds})
		return w.hook(ctx, target.SetFunds, map[string]string{"amount": amount})
	})
	sc.Step(stepAskCashout, func(ctx context.Context, amount, then, where string) error {
		if err := w.askCashout(ctx, amount, then); err != nil || where == "" {
			return err
		}
		if e := w.last(); judge.Read(e).Kind == judge.Refusal && !judge.RefusesCaller(e) && judge.Read(e).Code != int(d24.CashoutInsufficientFunds) {
			return &noted{"the target takes no cashout of " + amount + ": " + judge.Describe(e)}
		}
		return nil
	})
	sc.Step(stepAskText, func(ctx context.Context, amount string) error {
		cents, err := parseAmount(amount)
		r := w.server.Client().CreateCashout(w.suite.Orders.Cashout(cents))
		r.Body = merchant.SetField(r.Body, "amount", amount)
		w.tell(ctx, w.server.Client(), r)
		return err
	})
	sc.Step(stepAskHeld, func(ctx context.Context, amount string) error {
		return w.askCashout(ctx, amount, "put on hold at its creation")
	})
	sc.Step(stepNoCashout, func(ctx context.Context) error {
		e, err := w.byExternalID(ctx, w.story.asked)
		if err != nil {
			return err
		}
		return held(judge.IsUnknown(e))
	})
	sc.Step(stepBalanceLeft, w.balanceIs)
	sc.Step(stepBalanceShort, func(ctx context.Context, amount string) error { return w.beyondBalance(ctx, amount) })
	sc.Step(stepFaulty, w.faultyCashouts)
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
	sc.Step(stepAsked, func(ctx context.Context, what string) { w.askFor(ctx, w.story.cashout, what) })
	sc.Step(stepOneKeyCancels, func(ctx context.Context) {
		key := w.suite.Orders.NewKey()
		for _, c := range []cashout{w.story.cashout, w.story.otherCashout} {
			r := w.server.Client().CancelCashout(c.id, c.external)
			r.IdempotencyKey = key
			w.tell(ctx, w.server.Client(), r)
		}
	})
	sc.Step(stepBothCancelled, func(ctx context.Context) error {
		for _, c := range []cashout{w.story.cashout, w.story.otherCashout} {
			if err := w.isStatus(ctx, c, d24.CashoutCancelled); err != nil {
				return err
			}
		}
		return nil
	})
}

// externalAgain requests a cashout with the external id of the story's.
func (w *world) externalAgain(ctx context.Context, how string) {
	order := w.suite.Orders.Cashout(cashoutAmount)
	order.ExternalID = w.story.cashout.external
	switch how {
	case "with another amount":
		order.Amount = 2 * cashoutAmount
	case "for another beneficiary":
		order.BeneficiaryName, order.BeneficiaryLastname, order.DocumentID = "Ana", "Souza", "11144477735"
	case "in another country":
		order.Country, order.Currency = "MX", "MXN"
	case "with other bank details":
		order.BankCode, order.BankAccount = "237", "87654321"
	}
	w.tell(ctx, w.server.Client(), w.server.Client().CreateCashout(order))
}

// externalTimes uses the external id of the story's cashout, or of the one that was asked
// for, again and again.
func (w *world) externalTimes(ctx context.Context, times int, between string) error {
	if w.story.cashout.external == "" {
		w.story.cashout.external = w.story.asked
		w.story.answers = nil
	}
	for range times {
		if between != "nothing" {
			if _, err := w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount)); err != nil {
				return err
			}
		}
		w.externalAgain(ctx, "for the same cashout")
	}
	return nil
}

// balanceIs proves how much is left: so much, and not a cent more.
func (w *world) balanceIs(ctx context.Context, amount, beyond string) error {
	if err := w.askCashout(ctx, amount, ""); err != nil {
		return err
	}
	if err := held(judge.IsAccepted(w.last())); err != nil {
		return err
	}
	return w.beyondBalance(ctx, beyond)
}

func (w *world) beyondBalance(ctx context.Context, amount string) error {
	if err := w.askCashout(ctx, amount, ""); err != nil {
		return err
	}
	return w.was(w.last(), "refused", "the balance")
}

// faultyCashouts requests cashouts that are refused for one fault each, of every kind that
// a cashout can have.
func (w *world) faultyCashouts(ctx context.Context, amount string) error {
	cents, err := parseAmount(amount)
	if err != nil {
		return err
	}
	used, err := w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount))
	if err != nil {
		return err
	}
	client := w.server.Client()
	if _, err := w.setup(ctx, client.CancelCashout(used.id, used.external)); err != nil {
		return err
	}
	if err := w.hook(ctx, target.SetFunds, map[string]string{"amount": "100"}); err != nil {
		return err
	}
	st := &stage{request: client.CreateCashout(w.suite.Orders.Cashout(cents))}
	kinds := faultKinds()
	for _, kind := range cashoutFaults() {
		for _, f := range kinds[kind] {
			put, ok := f.put(w, st)
			if !ok || strings.HasPrefix(f.name, d24.HeaderContentType) {
				continue
			}
			from := cmp.Or(put.client, client)
			w.tell(ctx, from, from.CreateCashout(w.suite.Orders.Cashout(cents)), put.tampers...)
		}
	}
	return nil
}

// cashoutFaults are the kinds for which every server refuses a cashout.
func cashoutFaults() []string {
	return []string{
		"missing Payload-Signature", "digit changed", "secret that nobody has", "change after signing", "upper case in the signature",
		"login that is not ours", "pass that is not ours", "missing login or pass", "from an address that is not whitelisted",
	}
}

// statuses are the cashout statuses in the words of the features.
func statuses() map[string]d24.CashoutStatus {
	return map[string]d24.CashoutStatus{
		"pending": d24.CashoutPending, "completed": d24.CashoutCompleted, "cancelled": d24.CashoutCancelled,
		"rejected": d24.CashoutRejected, "delivered": d24.CashoutDelivered, "on hold": d24.CashoutOnHold,
		"cancelled on the panel": d24.CashoutCancelled,
	}
}

// cashoutHooks are what the bank does, by the status that it leads to.
func cashoutHooks() map[string][]target.Hook {
	return map[string][]target.Hook{
		"delivered": {target.DeliverCashout},
		"completed": {target.DeliverCashout, target.CompleteCashout},
		"rejected":  {target.DeliverCashout, target.RejectCashout},

		"cancelled on the panel": {target.CancelCashout},
	}
}

// cashoutThatIs makes a cashout and takes it to a status: what the bank does through
// hooks, what the merchant does through the API. before and after are what happens to it
// in its first and in its last status, and must not show.
func (w *world) cashoutThatIs(ctx context.Context, before, status, after string) error {
	hooks := cashoutHooks()[status]
	for _, h := range hooks {
		if h == target.CancelCashout && !w.server.Hooks.Offers(h) { // the merchant's own cancel is looked at too
			return &noted{"not looked at: the target has no hook " + string(h)}
		}
		if err := w.needs(h); err != nil {
			return err
		}
	}
	c, err := w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount))
	if err != nil {
		return err
	}
	w.story.cashout = c
	if err := w.passes(ctx, c, before); err != nil {
		return err
	}
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
	if err != nil {
		return err
	}
	return w.passes(ctx, c, after)
}

// passes has something happen to a cashout that leaves it in its status.
func (w *world) passes(ctx context.Context, c cashout, what string) error {
	switch what {
	case "held, let go on":
		if err := w.alter(ctx, c, "put on hold"); err != nil {
			return err
		}
		return w.alter(ctx, c, "let go on")
	case "asked for":
		_, err := w.setup(ctx, w.server.Client().CashoutStatus(c.id, c.external))
		return err
	case "requested again":
		order := w.suite.Orders.Cashout(cashoutAmount)
		order.ExternalID = c.external
		again := w.send(ctx, w.server.Client(), w.server.Client().CreateCashout(order), "in between")
		if judge.Read(again).Kind == judge.Accepted {
			return &noted{"its external id was taken again, which CASH-EXT-01 judges"}
		}
	}
	return nil
}

// askCashout requests a cashout, and has it changed if it was accepted: "put on hold and
// cancelled", one change after the other. What the server makes of a change is its affair.
func (w *world) askCashout(ctx context.Context, amount, then string) error {
	cents, err := parseAmount(amount)
	if err != nil {
		return err
	}
	changes := regexp.MustCompile(`, | and `).Split(then, -1)
	for _, change := range changes {
		for _, h := range cashoutHooks()[change] {
			if err := w.needs(h); err != nil {
				return err
			}
		}
	}
	order := w.suite.Orders.Cashout(cents)
	order.OnHold = then == "put on hold at its creation"
	w.story.asked = order.ExternalID
	client := w.server.Client()
	e := w.tell(ctx, client, client.CreateCashout(order))
	c := cashout{id: judge.Read(e).ObjectID, external: order.ExternalID}
	if c.id == "" {
		return nil
	}
	for _, change := range changes {
		if err := w.alter(ctx, c, change); err != nil {
			return err
		}
	}
	return nil
}

// alter has one thing happen to a cashout.
func (w *world) alter(ctx context.Context, c cashout, change string) error {
	client := w.server.Client()
	times := 1
	switch change {
	case "", "left alone", "put on hold at its creation":
		return nil
	case "put on hold":
		_, err := w.setup(ctx, client.UpdateCashout(c.id, c.external, d24.CashoutUpdateOnHold))
		return err
	case "let go on":
		_, err := w.setup(ctx, client.UpdateCashout(c.id, c.external, d24.CashoutUpdatePending))
		return err
	case "asked to be held", "asked to go on":
		w.send(ctx, client, w.change(map[string]string{"asked to be held": "cashout hold", "asked to go on": "cashout release"}[change], c), "change")
		return nil
	case "cancelled 10 times at once":
		var wait sync.WaitGroup
		for range 10 {
			wait.Go(func() { w.send(ctx, client, client.CancelCashout(c.id, c.external), "at once") })
		}
		wait.Wait()
		return nil
	case "cancelled twice":
		times = 2
		fallthrough
	case "cancelled":
		for range times {
			w.send(ctx, client, client.CancelCashout(c.id, c.external), "change")
		}
		return nil
	}
	hooks, ok := cashoutHooks()[change]
	if !ok {
		return fmt.Errorf("there is no change %q of a cashout", change)
	}
	for _, h := range hooks {
		if err := w.hook(ctx, h, map[string]string{"cashout_id": c.id}); err != nil {
			return err
		}
	}
	return nil
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

// askFor asks for a change of status, as the merchant.
func (w *world) askFor(ctx context.Context, c cashout, what string) {
	client := w.server.Client()
	r := client.CancelCashout(c.id, c.external)
	if word, ok := strings.CutPrefix(what, "become "); ok {
		r = client.UpdateCashout(c.id, c.external, word)
	}
	switch what {
	case "be held":
		r = client.UpdateCashout(c.id, c.external, d24.CashoutUpdateOnHold)
	case "go on":
		r = client.UpdateCashout(c.id, c.external, d24.CashoutUpdatePending)
	}
	w.tell(ctx, client, r)
}
