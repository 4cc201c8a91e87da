package steps

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/cucumber/godog"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/target"
)

var (
	stepKeyed     = regexp.MustCompile(`^an? ([a-z ]+) request(?: of (\S+))? with (an idempotency key|.+ as its idempotency key)( that the server accepts)?$`)
	stepAgain     = regexp.MustCompile(`^it is sent again (?:with )?(a fresh date and signature|the same date and signature|another amount|\d+ times)$`)
	stepAtOnce    = regexp.MustCompile(`^it is sent (\d+) times at once$`)
	stepTrouble   = regexp.MustCompile(`^(its connection breaks before the answer|the server does it and loses the answer|the server fails it with an error 500|the deposit is paid), and it is sent again$`)
	stepOncePaid  = regexp.MustCompile(`^it is sent, and sent again once the deposit is paid$`)
	stepOtherKey  = regexp.MustCompile(`^another is sent whose key differs only in (its last character|its letter case|its length)$`)
	stepSameKey   = regexp.MustCompile(`^a (deposit|refund) is requested (in the second environment )?with the same key$`)
	stepKeyOnEach = regexp.MustCompile(`^the status of each is asked for with one idempotency key$`)
	stepKeyOnPaid = regexp.MustCompile(`^its status is asked for with one idempotency key before and after it is paid$`)

	stepByteForByte = regexp.MustCompile(`^every answer is the first one, byte for byte$`)
	stepOneObject   = regexp.MustCompile(`^all answers name one object, or say that the key is in use$`)
	stepNoSecond    = regexp.MustCompile(`^there is no second object, and how it is answered is reported as (AMB-\d\d)$`)
	stepOwnObject   = regexp.MustCompile(`^each has an object of its own$`)
	stepOtherRefund = regexp.MustCompile(`^a refund of (\S+) with another key is accepted$`)
	stepKeyScope    = regexp.MustCompile(`^it is accepted, or answered with the deposit where (AMB-\d\d) is read as (\S+)$`)
	stepOwnAnswer   = regexp.MustCompile(`^each answer is about its own deposit$`)
	stepSecondSays  = regexp.MustCompile(`^the second answer says (\S+)$`)
)

func idempotencySteps(w *world, sc *godog.ScenarioContext) {
	sc.Step(stepKeyed, w.keyed)
	sc.Step(stepAgain, w.again)
	sc.Step(stepAtOnce, func(ctx context.Context, times int) {
		w.tellAtOnce(ctx, w.server.Client(), repeated(w.story.request, times))
	})
	sc.Step(stepTrouble, w.trouble)
	sc.Step(stepOncePaid, w.oncePaid)
	sc.Step(stepOtherKey, w.otherKey)
	sc.Step(stepSameKey, w.sameKey)
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

	sc.Step(stepByteForByte, func() error { return held(judge.Replays(w.first(), w.story.answers[1:]...)) })
	sc.Step(stepOneObject, w.oneObject)
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
func (w *world) trouble(ctx context.Context, what string) error {
	client, r := w.server.Client(), w.story.request
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
		w.tell(ctx, client, r)
		return held(judge.IsServerError(failed))
	}
	if err := w.approve(ctx, deposit{id: judge.Read(w.first()).ObjectID}); err != nil {
		return err
	}
	w.tell(ctx, client, r)
	return nil
}

// oncePaid sends a refund too early, and again when it would succeed.
func (w *world) oncePaid(ctx context.Context) error {
	if err := w.needs(target.ApproveDeposit); err != nil {
		return err
	}
	early := w.tell(ctx, w.server.Client(), w.story.request)
	if err := w.approve(ctx, w.story.deposit); err != nil {
		return err
	}
	w.tell(ctx, w.server.Client(), w.story.request)
	return held(asControl(judge.IsRefusedAlone(early, judge.Reason{Because: "the deposit not being paid"})))
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

// keyed prepares a request with an idempotency key, and sends it as the first of the
// story, and as a twin's control, if the sentence says that it is accepted.
func (w *world) keyed(ctx context.Context, kind, amount, key, accepted string) error {
	source, err := w.keyedSource(ctx, kind, amount)
	if err != nil {
		return err
	}
	spell, err := keySpelling(key)
	if err != nil {
		return err
	}
	w.twin.source = func() (merchant.Request, error) {
		r, err := source()
		r.IdempotencyKey = spell(w.suite.Orders.NewKey())
		w.story.request = r
		return r, err
	}
	if accepted == "" {
		_, err := w.twin.source()
		return err
	}
	if err := w.unlessIncomplete(kind, w.control(ctx, w.twin.source)); err != nil {
		return err
	}
	w.story.answers = append(w.story.answers, w.twin.control)
	return nil
}

// keySpelling makes one of the kinds of keys that merchants use of a version 4 UUID.
func keySpelling(kind string) (func(uuid string) string, error) {
	switch strings.TrimSuffix(kind, " as its idempotency key") {
	case "an idempotency key", "a version 4 UUID":
		return func(uuid string) string { return uuid }, nil
	case "32 hex digits":
		return func(uuid string) string { return strings.ReplaceAll(uuid, "-", "") }, nil
	case "22 letters of base64":
		return func(uuid string) string {
			return strings.NewReplacer("-", "", "0", "Q", "1", "z", "2", "_").Replace(uuid)[:22]
		}, nil
	}
	return nil, fmt.Errorf("there is no kind %q of an idempotency key", kind)
}

func (w *world) keyedSource(ctx context.Context, kind, amount string) (source, error) {
	if amount == "" {
		return w.source(ctx, kind)
	}
	cents, err := parseAmount(amount)
	if err != nil || kind != "refund" || w.story.deposit.id == "" {
		return nil, fmt.Errorf("only a refund of a deposit has an amount here: %w", err)
	}
	r := merchant.CreateRefund(w.story.deposit.id, w.story.deposit.invoice, &cents)
	return func() (merchant.Request, error) { return r, nil }, nil
}

// again sends the story's request again, a number of times or with one thing changed.
// A fresh date is a second later even within the same second.
func (w *world) again(ctx context.Context, how string) error {
	r, tamper, times := w.story.request, merchant.Tamper{}, 1
	switch how {
	case "a fresh date and signature":
		tamper = merchant.Dated(func(now time.Time) string { return d24.FormatDate(now.Add(time.Second)) })
	case "the same date and signature":
		date := w.first().Request.Header.Get(d24.HeaderDate)
		tamper = merchant.Dated(func(time.Time) string { return date })
	case "another amount":
		r.Body = merchant.SetField(r.Body, "amount", d24.Amount(77_00))
	default:
		if _, err := fmt.Sscanf(how, "%d times", &times); err != nil {
			return fmt.Errorf("how often is %q: %w", how, err)
		}
	}
	for range times {
		w.tell(ctx, w.server.Client(), r, tamper)
	}
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
		if judge.Read(e).Code != int(d24.CodeIdempotencyKeyUsed) {
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
			return held(judge.Finding{
				Outcome: judge.Unclear, Expected: "the result of the first request", Seen: judge.Describe(e),
				Exchanges: []*exchange.Exchange{e},
			})
		}
	}
}

// otherKey sends another operation under a key that looks much like the first.
func (w *world) otherKey(ctx context.Context, difference string) error {
	first := w.story.request
	r, err := w.twin.source()
	if err != nil {
		return err
	}
	switch key := first.IdempotencyKey; difference {
	case "its last character":
		r.IdempotencyKey = merchant.FlipDigit(key, len(key)-1)
	case "its letter case":
		r.IdempotencyKey = strings.ToUpper(key)
	case "its length":
		r.IdempotencyKey = key + "0"
	}
	w.tell(ctx, w.server.Client(), r)
	return nil
}

// sameKey asks for something else under the key of the story's request.
func (w *world) sameKey(ctx context.Context, kind, elsewhere string) error {
	if elsewhere != "" {
		if err := w.enterSecond(); err != nil {
			return err
		}
	}
	source, err := w.source(ctx, kind)
	if err != nil {
		return err
	}
	r, err := source()
	r.IdempotencyKey = w.story.request.IdempotencyKey
	if err == nil {
		w.tell(ctx, w.server.Client(), r)
	}
	return err
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
