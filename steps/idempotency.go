package steps

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/target"
)

var (
	stepKeyed     = regexp.MustCompile(`^an? ([a-z ]+) request(?: of (\S+))? with (an idempotency key|.+ as its idempotency key)( that the server accepts)?$`)
	stepAgain     = regexp.MustCompile(`^it is sent again (?:with )?(a fresh date and signature|the same date and signature|another amount|\d+ times)(, with others in between)?$`)
	stepSentTimes = regexp.MustCompile(`^it is sent (\d+) times, with others in between$`)
	stepMisfit    = regexp.MustCompile(`^a (deposit|refund) request that (.+), with an idempotency key$`)
	stepAtOnce    = regexp.MustCompile(`^it is sent (\d+) times at once$`)
	stepTrouble   = regexp.MustCompile(`^(its connection breaks before the answer|the server does it and loses the answer|the server fails it with an error 500|the deposit is paid), and it is sent again(?: (\d+) times with others in between)?$`)
	stepOncePaid  = regexp.MustCompile(`^it is sent, and sent again (\d+) times once the deposit is paid$`)
	stepOtherKey  = regexp.MustCompile(`^another is sent whose key differs only in (its last character|its first character|character \d+|its letter case|its length|lacking its last character)$`)
	stepSameKey   = regexp.MustCompile(`^a (deposit|refund) is requested with the same key$`)
	stepKeyOnGet  = regexp.MustCompile(`^only its X-Idempotency-Key is one that was used for a (deposit|refund)$`)
	stepKeyOnTwo  = regexp.MustCompile(`^two different ones are sent with one idempotency key$`)
	stepOwnOfTwo  = regexp.MustCompile(`^the second is answered as without the key$`)
	stepKeyOnEach = regexp.MustCompile(`^the status of each is asked for with one idempotency key$`)
	stepKeyOnPaid = regexp.MustCompile(`^its status is asked for with one idempotency key before and after it is paid$`)
	stepARefund   = regexp.MustCompile(`^a refund of a completed deposit$`)
	stepKeyOnSent = regexp.MustCompile(`^its status is asked for with one idempotency key before and after it is delivered$`)

	stepByteForByte = regexp.MustCompile(`^every answer is the first one, byte for byte$`)
	stepOneObject   = regexp.MustCompile(`^all answers name one object, or say that the key is in use$`)
	stepNoSecond    = regexp.MustCompile(`^there is no second object, and how it is answered is reported as (AMB-\d\d)$`)
	stepLastIsJSON  = regexp.MustCompile(`^(the last|each) answer is JSON$`)
	stepOwnObject   = regexp.MustCompile(`^each has an object of its own$`)
	stepOtherRefund = regexp.MustCompile(`^a refund of (\S+) with another key is accepted$`)
	stepKeyScope    = regexp.MustCompile(`^it is accepted, or answered with the deposit where (AMB-\d\d) is read as (\S+)$`)
	stepOwnAnswer   = regexp.MustCompile(`^each answer is about its own deposit$`)
	stepSecondSays  = regexp.MustCompile(`^the second answer says (\S+)$`)
	stepOneKey      = regexp.MustCompile(`^whether they are one key is reported as (AMB-\d\d)$`)
)

func idempotencySteps(w *world, sc vocabulary) {
	sc.Step(stepKeyed, w.keyed)
	sc.Step(stepAgain, w.again)
	sc.Step(stepSentTimes, func(ctx context.Context, times int) error { return w.repeat(ctx, times, true) })
	sc.Step(stepMisfit, w.misfit)
	sc.Step(stepAtOnce, func(ctx context.Context, times int) {
		w.tellAtOnce(ctx, w.server.Client(), repeated(w.story.request, times))
	})
	sc.Step(stepTrouble, w.trouble)
	sc.Step(stepOncePaid, w.oncePaid)
	sc.Step(stepOtherKey, w.otherKey)
	sc.Step(stepSameKey, w.sameKey)
	sc.Step(stepKeyOnGet, func(creation string) error {
		first, ok := w.suite.survey.first[creation]
		switch {
		case !ok && creation == "refund":
			return &noted{"not looked at: no refund was accepted before"}
		case !ok:
			return &missing{"no deposit was accepted before"}
		}
		w.only(merchant.WithHeader(d24.HeaderIdempotencyKey, first.request.IdempotencyKey))
		return nil
	})
	sc.Step(stepKeyOnTwo, w.keyOnTwo)
	sc.Step(stepOwnOfTwo, func() error { return held(judge.IsOwnAnswer(w.story.answers[0], w.story.answers[1], w.last())) })
	sc.Step(stepKeyOnEach, func(ctx context.Context) {
		key := w.suite.Orders.NewKey()
		for _, d := range []deposit{w.story.deposit, w.story.other} {
			w.statusWithKey(ctx, d, key)
		}
	})
	sc.Step(stepKeyOnPaid, func(ctx context.Context) error {
		if err := w.needs(target.ApproveDeposit); err != nil {
			return err
		}
		key := w.suite.Orders.NewKey()
		w.statusWithKey(ctx, w.story.deposit, key)
		if err := w.approve(ctx, w.story.deposit); err != nil {
			return err
		}
		w.statusWithKey(ctx, w.story.deposit, key)
		return nil
	})

	sc.Step(stepARefund, func(ctx context.Context) error {
		d, err := w.payDeposit(ctx, depositAmount)
		if err != nil {
			return err
		}
		answer, err := w.setup(ctx, merchant.CreateRefund(d.id, d.invoice, nil))
		w.story.refund = answer.ObjectID
		return err
	})
	sc.Step(stepKeyOnSent, w.keyOnRefund)
	sc.Step(stepByteForByte, w.byteForByte)
	sc.Step(stepOneKey, func(id string) error {
		f, one := judge.ReplaysOrCreates(w.first(), w.last())
		switch {
		case f.Outcome != judge.Holds:
			return held(f)
		case one:
			return w.note(id, "any-case")
		}
		return w.note(id, "case-matters")
	})
	sc.Step(stepOneObject, w.oneObject)
	sc.Step(stepLastIsJSON, func(which string) error {
		answers := w.story.answers
		if which == "the last" {
			answers = answers[len(answers)-1:]
		}
		for _, e := range answers {
			if f := judge.IsJSONError(e); f.Outcome != judge.Holds {
				return held(f)
			}
		}
		return nil
	})
	sc.Step(stepNoSecond, func(id string) error {
		f, rejected := judge.ReplaysOrRefuses(w.first(), w.last())
		return w.noteWhen(f, id, "reject", rejected)
	})
	sc.Step(stepOwnObject, func() error { return held(judge.Creates(w.first(), w.last())) })
	sc.Step(stepOtherRefund, func(ctx context.Context, amount string) error { return w.refund(ctx, amount, true) })
	sc.Step(stepKeyScope, func(id, named string) error {
		f, global := judge.ReplaysOrCreates(w.first(), w.last())
		return w.noteWhen(f, id, named, global)
	})
	sc.Step(stepOwnAnswer, func() error {
		for i, d := range []deposit{w.story.deposit, w.story.other} {
			if err := held(judge.IsAbout(w.story.answers[i], d.id)); err != nil {
				return err
			}
		}
		return nil
	})
	sc.Step(stepSecondSays, func(status string) error { return held(judge.SaysStatus(w.last(), status)) })
}

// trouble is what keeps a merchant from the first answer, or comes between it and the
// retry.
func (w *world) trouble(ctx context.Context, what string, times string) error {
	client, r := w.server.Client(), w.story.request
	repeats, between := 1, times != ""
	if between {
		var err error
		if repeats, err = strconv.Atoi(times); err != nil {
			return fmt.Errorf("how often is %q: %w", times, err)
		}
	}
	switch what {
	case "its connection breaks before the answer":
		w.giveUp(ctx, client, r)
		return w.retryInFlight(ctx)
	case "the server does it and loses the answer":
		if err := w.hook(ctx, target.DropAfterCommitOnce, nil); err != nil {
			return err
		}
		lost := w.send(ctx, client, r, "lost")
		if err := held(judge.IsLost(lost)); err != nil {
			return err
		}
		return w.retryInFlight(ctx)
	case "the server fails it with an error 500":
		if err := w.hook(ctx, target.Respond500Once, nil); err != nil {
			return err
		}
		failed := w.tell(ctx, client, r)
		if err := w.repeat(ctx, repeats, between); err != nil {
			return err
		}
		return held(judge.IsServerError(failed))
	}
	if err := w.approve(ctx, deposit{id: judge.Read(w.first()).ObjectID}); err != nil {
		return err
	}
	w.tell(ctx, client, r)
	return nil
}

// oncePaid sends a refund too early, and again and again when it would succeed.
func (w *world) oncePaid(ctx context.Context, times int) error {
	if err := w.needs(target.ApproveDeposit); err != nil {
		return err
	}
	early := w.tell(ctx, w.server.Client(), w.story.request)
	if judge.Read(early).Kind == judge.Accepted {
		return &noted{"the target refunds what is not paid, which DEP-REF-01 judges"}
	}
	if err := w.approve(ctx, w.story.deposit); err != nil {
		return err
	}
	if err := w.repeat(ctx, times, true); err != nil {
		return err
	}
	return held(asControl(judge.IsRefusedAlone(early, judge.Reason{Because: "the deposit not being paid"})))
}

// repeat sends the story's request so many times, perhaps with other requests before each:
// deposits with keys of their own.
func (w *world) repeat(ctx context.Context, times int, between bool) error {
	for range times {
		for range othersBetween {
			if !between {
				break
			}
			r := merchant.CreateDeposit(w.suite.Orders.Deposit(depositAmount))
			r.IdempotencyKey = w.suite.Orders.NewKey()
			if _, err := w.setup(ctx, r); err != nil {
				return err
			}
		}
		w.tell(ctx, w.server.Client(), w.story.request)
	}
	return nil
}

// othersBetween is how many requests come between two retries that have others in between.
const othersBetween = 2

// misfit prepares a request that has a key and that the server most likely refuses.
// Whatever it answers is the result that retries get.
func (w *world) misfit(ctx context.Context, kind, fault string) error {
	orders := w.suite.Orders
	var r merchant.Request
	switch fault {
	case "has an amount that is negative":
		r = merchant.CreateDeposit(orders.Deposit(-depositAmount))
	case "uses an invoice a second time":
		d, err := w.createDeposit(ctx, depositAmount)
		if err != nil {
			return err
		}
		order := orders.Deposit(depositAmount)
		order.InvoiceID, w.story.double = d.invoice, true
		r = merchant.CreateDeposit(order)
	case "asks for more than was paid":
		d, err := w.payDeposit(ctx, depositAmount)
		if err != nil {
			return err
		}
		amount := depositAmount + 1
		r = merchant.CreateRefund(d.id, d.invoice, &amount)
	case "is about a deposit that is not there":
		amount := refundedAtOnce
		r = merchant.CreateRefund(unknownID, orders.NextID(), &amount)
	default:
		return fmt.Errorf("there is no %s request that %s", kind, fault)
	}
	r.IdempotencyKey = orders.NewKey()
	w.story.request = r
	return nil
}

// unknownID is the id of no object: nobody has made so many.
const unknownID = "999999999999"

// byteForByte judges that every answer of the story is the first one. Where the target can
// tell how many deposits there are, there is one for the invoice, or none.
func (w *world) byteForByte(ctx context.Context) error {
	if err := held(judge.Replays(w.first(), w.story.answers[1:]...)); err != nil {
		return err
	}
	invoice := judge.InvoiceOf(w.first())
	if invoice == "" || w.story.double || !w.server.Hooks.Offers(target.CountDeposits) {
		return nil
	}
	n, err := w.server.Hooks.Counts(ctx, invoice)
	switch {
	case err != nil:
		return held(judge.Finding{Outcome: judge.Unclear, Expected: "hook " + string(target.CountDeposits) + " works", Seen: err.Error()})
	case n > 1:
		return held(judge.Finding{
			Outcome: judge.Broken, Expected: "one deposit of invoice " + invoice, Seen: fmt.Sprintf("%d deposits", n), Exchanges: w.story.answers,
		})
	}
	return nil
}

// keyOnTwo sends two requests of the twin's kind that have different answers: the second
// without a key, the first with one, and the second with the same.
func (w *world) keyOnTwo(ctx context.Context) error {
	one, err := w.twin.source()
	if err != nil {
		return err
	}
	other, err := w.differentLookup(ctx)
	if err != nil {
		return err
	}
	key := w.suite.Orders.NewKey()
	w.tell(ctx, w.server.Client(), other)
	one.IdempotencyKey, other.IdempotencyKey = key, key
	w.tell(ctx, w.server.Client(), one)
	w.tell(ctx, w.server.Client(), other)
	return nil
}

// keyOnRefund asks for the status of the story's refund under one key, before and after the
// refund goes to the bank.
func (w *world) keyOnRefund(ctx context.Context) error {
	if !w.server.Hooks.Offers(target.DeliverRefund) {
		return &noted{"not looked at: the target has no hook " + string(target.DeliverRefund)}
	}
	r := merchant.RefundStatus(w.story.refund)
	r.IdempotencyKey = w.suite.Orders.NewKey()
	w.tell(ctx, w.server.Client(), r)
	if err := w.hook(ctx, target.DeliverRefund, map[string]string{"refund_id": w.story.refund}); err != nil {
		return err
	}
	w.tell(ctx, w.server.Client(), r)
	return nil
}

// differentLookup is a request of the twin's kind about something else.
func (w *world) differentLookup(ctx context.Context) (merchant.Request, error) {
	switch w.twin.kind {
	case "deposit status":
		d, err := w.createDeposit(ctx, 2*depositAmount)
		return merchant.DepositStatus(d.id), err
	case "refund status":
		d, err := w.payDeposit(ctx, depositAmount)
		if err != nil {
			return merchant.Request{}, err
		}
		amount := refundedAtOnce
		answer, err := w.setup(ctx, merchant.CreateRefund(d.id, d.invoice, &amount))
		return merchant.RefundStatus(answer.ObjectID), err
	}
	r := lookup(w.twin.kind, w.suite.survey.readOnly)
	r.Path = strings.NewReplacer("country="+merchant.Country, "country=MX", "amount=100", "amount=250").Replace(r.Path)
	return r, nil
}

// statusWithKey asks for a deposit's status with a key that has no business there.
func (w *world) statusWithKey(ctx context.Context, d deposit, key string) {
	r := merchant.DepositStatus(d.id)
	r.IdempotencyKey = key
	w.tell(ctx, w.server.Client(), r)
}

// asControl makes a request that a story depends on unclear where it is not as it
// should be: what follows could prove nothing.
func asControl(f judge.Finding) judge.Finding {
	if f.Outcome == judge.Broken {
		f.Outcome = judge.Unclear
	}
	return f
}

// again sends the story's request again, a number of times or with one thing changed.
// A fresh date is a second later even within the same second.
func (w *world) again(ctx context.Context, how, between string) error {
	r, tamper := w.story.request, merchant.Tamper{}
	switch how {
	case "a fresh date and signature":
		tamper = merchant.Dated(func(now time.Time) string { return d24.FormatDate(now.Add(time.Second)) })
	case "the same date and signature":
		date := w.first().Request.Header.Get(d24.HeaderDate)
		tamper = merchant.Dated(func(time.Time) string { return date })
	case "another amount":
		r.Body = merchant.SetField(r.Body, "amount", d24.Amount(55_00))
	default:
		times := 0
		if _, err := fmt.Sscanf(how, "%d times", &times); err != nil {
			return fmt.Errorf("how often is %q: %w", how, err)
		}
		return w.repeat(ctx, times, between != "")
	}
	w.tell(ctx, w.server.Client(), r, tamper)
	return nil
}

// How long, and how often, we wait when a server says that the first request with this
// key is not done yet (reading AMB-08): some take seconds to create a deposit.
const (
	inFlightWait  = 200 * time.Millisecond
	inFlightTries = 50
)

// retryInFlight sends the request again after the first was given up, and waits where
// the server is still at it.
func (w *world) retryInFlight(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		e := w.send(ctx, w.server.Client(), w.story.request, "retry")
		if !judge.IsInFlight(e) {
			w.story.answers = append(w.story.answers, e)
			f := judge.IsAccepted(e) // or everything that follows would compare refusals
			if judge.RefusesCaller(e) {
				f = asControl(f)
			}
			if attempt > 1 {
				return w.noteWhen(f, "AMB-08", "reject", true)
			}
			return held(f)
		}
		if attempt == inFlightTries || w.suite.sleep(ctx, inFlightWait) != nil {
			return w.stillInFlight(ctx, e)
		}
	}
}

// stillInFlight judges a request that is said to be under way long after it was given up. It
// is, on a server that takes as long for others.
func (w *world) stillInFlight(ctx context.Context, retry *exchange.Exchange) error {
	f := judge.Finding{
		Outcome: judge.Unclear, Expected: "the result of the first request", Seen: judge.Describe(retry), Exchanges: []*exchange.Exchange{retry},
	}
	const waited = inFlightTries * inFlightWait
	r := merchant.CreateDeposit(w.suite.Orders.Deposit(depositAmount))
	r.IdempotencyKey = w.suite.Orders.NewKey()
	other := w.send(ctx, w.server.Client(), r, "control")
	if judge.Read(other).Kind == judge.Accepted && other.Timing.Total < waited/10 {
		f.Outcome = judge.Broken
		f.Seen += fmt.Sprintf(", %s after it was given up, while a request with another key took %s", waited, other.Timing.Total.Round(time.Millisecond))
		f.Exchanges = []*exchange.Exchange{other, retry}
	}
	return held(f)
}

// enoughToMeet is how many requests at once most likely met at the server. That none of
// so many was refused speaks for waiting (reading AMB-08) and does not prove it: on a busy
// machine any number of them may have come one after the other.
const enoughToMeet = 10

// oneObject sends the request once more, when all the others are answered, and holds
// every answer against that one.
func (w *world) oneObject(ctx context.Context) error {
	settled := w.tell(ctx, w.server.Client(), w.story.request)
	if err := held(judge.IsAccepted(settled)); err != nil {
		return err
	}
	others := w.story.answers[:len(w.story.answers)-1]
	f, rejected := judge.ReplaysOrRejects(settled, others...)
	switch {
	case f.Outcome != judge.Holds:
		return held(f)
	case rejected:
		return w.note("AMB-08", "reject")
	case len(others) >= enoughToMeet:
		return w.suite.builder.Presume("AMB-08", "wait")
	}
	return nil
}

// noteWhen reports a reading once a finding holds: the named one, or the default.
func (w *world) noteWhen(f judge.Finding, id, named string, is bool) error {
	register, ok := w.suite.Ledger.Ambiguity(id)
	switch {
	case !ok:
		return fmt.Errorf("there is no %s in the register", id)
	case f.Outcome != judge.Holds:
		return held(f)
	case is:
		return w.note(id, named)
	}
	return w.note(id, register.Default.Name)
}
