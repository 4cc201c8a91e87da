package steps

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/target"
)

var (
	stepFieldIs     = regexp.MustCompile(`^only its (description|comments) (?:is|are) "(.+)"$`)
	stepCanBeTold   = regexp.MustCompile(`^a server that can be told to (fail|approve)$`)
	stepAccepting   = regexp.MustCompile(`^it is made with Accept: (.+)$`)
	stepNotThere    = regexp.MustCompile(`^the status of a (deposit|refund) that is not there is asked for$`)
	stepRefusalWas  = regexp.MustCompile(`^its refusal was JSON$`)
	stepEachRefusal = regexp.MustCompile(`^each refusal is JSON$`)
	stepTextInAll   = regexp.MustCompile(`^a deposit for a payer who has "(.+)" in every field of text(, escaped)?(, where the target takes that)?$`)
	stepStatusAsked = regexp.MustCompile(`^its status is asked for$`)
	stepTextAsSent  = regexp.MustCompile(`^every field of text that it tells is as it was sent$`)
	stepKeyShown    = regexp.MustCompile(`^how it shows the key is reported as (AMB-03)$`)
	stepFirstOfRun  = regexp.MustCompile(`^the first (.+) of the run$`)
	stepPadded      = regexp.MustCompile(`^only its body has (\d+) bytes of white space more$`)
	stepVerifiable  = regexp.MustCompile(`^it is not refused because of its (signature|control string)$`)
	stepEndOfRun    = regexp.MustCompile(`^it is (?:(\d+ (?:minutes?|hours?)) after )?the end of the run$`)
	stepClockMoved  = regexp.MustCompile(`^the server's clock has moved on by (\d+ (?:minutes?|hours?))(, and it is sent again)?$`)
)

func textSteps(w *world, sc vocabulary) {
	sc.Step(stepFieldIs, func(field, text string) {
		w.only(merchant.WithBody(func(b []byte) []byte { return merchant.SetField(b, field, text) }))
	})
	sc.Step(stepPadded, func(by int) {
		w.only(merchant.WithBody(func(b []byte) []byte { return merchant.Padded(b, by) }))
	})
	sc.Step(stepVerifiable, func(ctx context.Context, what string) error {
		reason, err := w.reason("its " + what)
		if err != nil {
			return err
		}
		return w.run(ctx, func(control, probe, again *exchange.Exchange) judge.Finding {
			return judge.IsVerified(control, probe, again, reason)
		})
	})
	sc.Step(stepNotThere, func(ctx context.Context, object string) {
		r := merchant.DepositStatus(unknownID)
		if object == "refund" {
			r = merchant.RefundStatus(unknownID)
		}
		w.tell(ctx, w.server.Client(), r)
	})
	sc.Step(stepRefusalWas, func() error { return held(judge.IsJSON(w.last())) })
	sc.Step(stepEachRefusal, w.eachRefusal)
	sc.Step(stepCanBeTold, func(what string) error {
		h := map[string]target.Hook{"fail": target.Respond500Once, "approve": target.ApproveDeposit}[what]
		if !w.server.Hooks.Offers(h) {
			return &noted{"not looked at: the target has no hook " + string(h)}
		}
		return nil
	})
	sc.Step(stepAccepting, func(ctx context.Context, types string) error {
		r, err := w.twin.source()
		if err == nil {
			w.tell(ctx, w.server.Client(), r, merchant.WithHeader("Accept", types))
		}
		return err
	})
	sc.Step(stepTextInAll, w.textInAll)
	sc.Step(stepStatusAsked, func(ctx context.Context) {
		w.tell(ctx, w.server.Client(), merchant.DepositStatus(w.story.deposit.id))
	})
	sc.Step(stepTextAsSent, func() error {
		f, compared := judge.TellsAsSent(w.first(), w.last())
		if f.Outcome == judge.Holds && compared == 0 {
			return &noted{"the status tells no text of the payer"}
		}
		return held(f)
	})
	sc.Step(stepKeyShown, func(id string) error {
		if w.suite.survey.readOnly == merchant.ReadOnlyBearer {
			return nil // whether it takes signatures as well is another scenario's
		}
		return w.note(id, readingOfKey(w.suite.survey.readOnly))
	})
}

// textInAll makes a deposit whose payer has a name in every field of text.
func (w *world) textInAll(ctx context.Context, name, escaped, perhaps string) error {
	order := w.suite.Orders.Deposit(depositAmount)
	order.Payer.FirstName, order.Payer.LastName = name, name
	order.Payer.Address.Street, order.Payer.Address.City = name, name
	r := merchant.CreateDeposit(order)
	if escaped != "" {
		r.Body = merchant.EscapeUnicode(r.Body)
	}
	e := w.tell(ctx, w.server.Client(), r)
	w.story.deposit = deposit{id: judge.Read(e).ObjectID, invoice: order.InvoiceID}
	if perhaps != "" && judge.Read(e).Kind == judge.Refusal {
		return &noted{"the target does not take such a name: " + judge.Describe(e)}
	}
	return held(judge.IsAccepted(e))
}

// readingOfKey is how the read-only endpoints are called, as the register names it.
func readingOfKey(auth merchant.Auth) string {
	if auth == merchant.SignedDeposit {
		return "d24-headers"
	}
	return "basic"
}

// eachRefusal sends every fault of the kind once, and judges the form of the refusals.
func (w *world) eachRefusal(ctx context.Context) error {
	st, err := w.newStage(ctx, w.twin.kind)
	if err != nil {
		return w.unlessIncomplete(w.twin.kind, err)
	}
	for _, f := range w.sweep.faults {
		put, ok := f.put(w, st)
		if !ok {
			continue
		}
		e := w.sendRow(ctx, st, row{fault: f, put: put})
		if judge.Read(e).Kind == judge.Accepted {
			continue // other rules are about that
		}
		if finding := judge.IsJSON(e); finding.Outcome != judge.Holds {
			finding.Seen = f.name + ": " + finding.Seen
			return held(finding)
		}
	}
	return nil
}

// keptSteps are about what a server remembers over a run.
func keptSteps(w *world, sc vocabulary) {
	sc.Step(stepFirstOfRun, func(what string) error {
		first, ok := w.suite.survey.first[strings.TrimSuffix(what, " request")]
		switch {
		case !ok && what == hostedDeposit+" request":
			return &noted{"the target takes no incomplete deposits"}
		case !ok && !strings.HasSuffix(what, " request"): // the status cannot be brought about
			return &noted{"not looked at: there was no " + what}
		case !ok && what == "refused refund request" && w.server.Hooks.Offers(target.ApproveDeposit):
			return &noted{"not looked at: the target refused no refund of a deposit that was not paid yet"}
		case !ok:
			return &missing{fmt.Sprintf("there was no %s that the target answered", what)}
		}
		if first.answer != nil {
			w.story.request, w.story.answers = first.request, []*exchange.Exchange{first.answer}
		}
		w.story.deposit, w.story.cashout = first.deposit, first.cashout
		return nil
	})
	sc.Step(stepClockMoved, w.clockMoved)
	sc.Step(stepEndOfRun, func(ctx context.Context, after string) error {
		if after == "" {
			return nil
		}
		return w.clockMoved(ctx, after, "")
	})
}
