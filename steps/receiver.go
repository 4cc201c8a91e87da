package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cucumber/godog"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/provider"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// receiver is one scenario that judges a receiver of notifications.
type receiver struct {
	*scene

	target  *target.Receiver
	about   provider.Notification // what the scenario notifies of
	sent    int                   // right notifications of it so far
	taken   bool                  // the last change of its status was answered 2xx
	killed  bool                  // while it dealt with a delivery
	before  int                   // releases by notifications before the one that is judged
	answers []*exchange.Exchange
}

// The sentences of a receiver's scenarios.
var (
	stepReleasing   = regexp.MustCompile(`^a receiver that (?:releases a completed (deposit)|marks a completed (cashout) as paid)$`)
	stepObject      = regexp.MustCompile(`^a (deposit|cashout) that is ([A-Z]+)$`)
	stepUnknown     = regexp.MustCompile(`^a deposit that the provider does not know$`)
	stepForeign     = regexp.MustCompile(`^a completed deposit of another merchant$`)
	stepRefund      = regexp.MustCompile(`^a refund$`)
	stepUnanswered  = regexp.MustCompile(`^a COMPLETED deposit whose creation has not been answered yet$`)
	stepStatusFails = regexp.MustCompile(`^asking for its status fails once$`)
	stepStatusSlow  = regexp.MustCompile(`^asking for its status takes 2 seconds$`)

	stepNotified       = regexp.MustCompile(`^it is notified$`)
	stepNotifiedWith   = regexp.MustCompile(`^it is notified (` + alternatives(slices.Sorted(maps.Keys(tampers(&target.Receiver{})))) + `)$`)
	stepIDOfAnother    = regexp.MustCompile(`^it is notified with its id in the place of another's that was signed$`)
	stepNamed          = regexp.MustCompile(`^it is named in the notification of a cashout that is COMPLETED$`)
	stepUntil          = regexp.MustCompile(`^it is notified until the answer is 2xx$`)
	stepTimes          = regexp.MustCompile(`^it is notified (\d+) times, one after another$`)
	stepSchedule       = regexp.MustCompile(`^it is notified over the whole retry schedule$`)
	stepNotifiedAtOnce = regexp.MustCompile(`^it is notified (\d+) times at once$`)
	stepBecomes        = regexp.MustCompile(`^it becomes ([A-Z]+)$`)
	stepRefunded       = regexp.MustCompile(`^it is refunded$`)
	stepRestarted      = regexp.MustCompile(`^the receiver is restarted$`)
	stepKilled         = regexp.MustCompile(`^the receiver is killed while it asks for its status$`)

	stepOnlyRight   = regexp.MustCompile(`^only a notification that is right (?:releases it|marks it as paid)$`)
	stepNotReleased = regexp.MustCompile(`^it is not (?:released|marked as paid)$`)
	stepReleased    = regexp.MustCompile(`^it is (?:released|marked as paid)$`)
	stepExactlyOnce = regexp.MustCompile(`^it is (?:released|marked as paid) exactly once$`)
	stepPaidAs      = regexp.MustCompile(`^whether it is marked as paid is reported as (AMB-32)$`)
	stepEveryAnswer = regexp.MustCompile(`^every answer is 2xx$`)
)

// receiverWorld prepares a scenario that judges a receiver.
func receiverWorld(s *scene, sc *godog.ScenarioContext) part {
	r := &receiver{scene: s, target: s.suite.Receiver}
	desk := r.target.Desk
	sc.Step(stepReleasing, r.control)
	sc.Step(stepObject, r.object)
	sc.Step(stepUnknown, func() { r.about = desk.UnknownDeposit() })
	sc.Step(stepForeign, func(ctx context.Context) (err error) {
		r.about, err = desk.ForeignDeposit(ctx)
		return err
	})
	sc.Step(stepRefund, r.refund)
	sc.Step(stepUnanswered, r.unanswered)
	sc.Step(stepStatusFails, func() error {
		r.undo = append(r.undo, r.letGo)
		return desk.FailStatus(r.about.Kind)
	})
	sc.Step(stepStatusSlow, func() error {
		r.undo = append(r.undo, r.letGo)
		return desk.SlowStatus(r.about.Kind)
	})

	sc.Step(stepNotified, r.notify)
	sc.Step(stepNotifiedWith, r.notifyWith)
	sc.Step(stepIDOfAnother, r.notifyInThePlaceOf)
	sc.Step(stepNamed, r.notifyInThePlaceOf)
	sc.Step(stepUntil, r.notifyUntilTaken)
	sc.Step(stepTimes, r.notifyTimes)
	sc.Step(stepSchedule, r.notifyOverSchedule)
	sc.Step(stepNotifiedAtOnce, r.notifyAtOnce)
	sc.Step(stepBecomes, func(status string) error {
		r.taken = false // a change of the status is a notification of its own
		return desk.Move(r.about, status)
	})
	sc.Step(stepRefunded, func(ctx context.Context) error {
		_, err := desk.Refund(ctx, r.about)
		return err
	})
	sc.Step(stepRestarted, r.restart)
	sc.Step(stepKilled, r.kill)

	sc.Step(stepOnlyRight, r.onlyRight)
	sc.Step(stepNotReleased, func(ctx context.Context) error { return r.none(ctx) })
	sc.Step(stepReleased, r.released)
	sc.Step(stepExactlyOnce, r.exactlyOnce)
	sc.Step(stepPaidAs, r.paidAs)
	sc.Step(stepEveryAnswer, r.everyAnswer)
	return r
}

func (r *receiver) ready() error { return nil }

// afterwards enters deaths of the receiver's command: whatever was judged, a notification
// must not end it (NOTIF-11).
func (r *receiver) afterwards(ctx context.Context, err error) error {
	if revived := r.alive(r.target.Revive(ctx)); err == nil {
		err = revived
	}
	s := r.suite
	s.mu.Lock()
	defer s.mu.Unlock()
	all := r.target.Deaths()
	if s.deaths < len(all) {
		s.failures.keep(r.scenario, &episode{receiver: r, died: true, step: r.step, finding: judge.Finding{
			Outcome: judge.Broken, Expected: livesOn, Seen: all[s.deaths].Error(), Exchanges: r.log,
		}})
	} else {
		r.remember(err)
	}
	for ; s.deaths < len(all); s.deaths++ {
		s.broken = appendError(s.broken, s.builder.Add(reports.Scenario{
			Name: r.scenario.Name, Feature: r.scenario.Feature, Line: r.scenario.Line, Rules: []string{ruleNoHarm}, Verdict: reports.Fail,
			Step: r.step, Expected: livesOn, Seen: all[s.deaths].Error(), Exchanges: numbers(r.log),
		}))
	}
	return err
}

// livesOn is what a notification must leave behind.
const livesOn = "a receiver that goes on running"

// ruleNoHarm is broken by a receiver that dies of a notification.
const ruleNoHarm = "NOTIF-11"

func appendError(list []error, err error) []error {
	if err != nil {
		list = append(list, err)
	}
	return list
}

// alive turns the error of a receiver that cannot be started again into a finding.
func (r *receiver) alive(err error) error {
	if environment, ok := errors.AsType[*target.EnvironmentError](err); ok {
		return held(judge.Finding{Outcome: judge.Unclear, Expected: "a receiver that can be started again", Seen: environment.Text})
	}
	return err
}

// letGo ends what befalls the status calls.
func (r *receiver) letGo(context.Context) error {
	r.target.Desk.Release()
	return nil
}

// control has the receiver release what it has to.
func (r *receiver) control(ctx context.Context, deposit, _ string) error {
	if r.target.Observer == nil {
		return errUnobserved()
	}
	kind := "cashout"
	if deposit != "" {
		kind = deposit
	}
	if err := r.object(ctx, kind, target.IsCompleted); err != nil {
		return err
	}
	e, err := r.deliver(ctx, partControl, nil)
	if err != nil {
		return err
	}
	return r.believable(ctx, e)
}

// believable wants that what was notified rightly has been released.
func (r *receiver) believable(ctx context.Context, e *exchange.Exchange) error {
	n, err := r.releases(ctx, func(n int) bool { return n > 0 })
	if err != nil || n > 0 {
		return err
	}
	return held(judge.Finding{
		Outcome: judge.Unclear, Expected: "a notification that is right, and has its effect",
		Seen: "no effect; it was answered by " + judge.Describe(e), Exchanges: r.log,
	})
}

func (r *receiver) object(ctx context.Context, kind, status string) (err error) {
	if d24.NotificationKind(kind) == d24.CashoutNotification {
		r.about, err = r.target.Desk.Cashout(ctx, status)
	} else {
		r.about, err = r.target.Desk.Deposit(ctx, status)
	}
	return err
}

func (r *receiver) refund(ctx context.Context) error {
	deposit, err := r.target.Desk.Deposit(ctx, target.IsCompleted)
	if err == nil {
		r.about, err = r.target.Desk.Refund(ctx, deposit)
	}
	return err
}

func (r *receiver) unanswered(ctx context.Context) error {
	n, answer, err := r.target.Desk.Unanswered(ctx)
	if answer != nil {
		r.undo = append(r.undo, func(context.Context) error { return answer() })
	}
	r.about = n
	return err
}

// spaced is JSON with more white space, which means the same.
func spaced(body []byte) []byte { return bytes.ReplaceAll(body, []byte(":"), []byte(" : ")) }

// tampers are what can be wrong, or unusual, with a notification, in the words of the
// features.
func tampers(r *target.Receiver) map[string]func() provider.Tamper {
	lastDigit := func() provider.Tamper {
		return provider.WithSignature(func(digest string) string { return merchant.FlipDigit(digest, len(digest)-1) })
	}
	says := func(status string) func() provider.Tamper {
		return func() provider.Tamper {
			return provider.WithBody(func(body []byte) []byte { return merchant.SetField(body, "status", status) })
		}
	}
	return map[string]func() provider.Tamper{
		"without a signature":                          provider.WithoutSignature,
		"without Payload-Signature":                    provider.WithoutPayloadSignature,
		"with the last digit of its signature changed": lastDigit,
		"with the last digit of its control changed":   lastDigit,
		"with its signature in upper case":             provider.InOtherCase,
		"with its control in lower case":               provider.InOtherCase,
		"with a signature made with the other product's key": func() provider.Tamper {
			return provider.SignedWith(r.Desk.Credentials().Cashouts.APISignature)
		},
		"with a control made with the other product's key": func() provider.Tamper {
			return provider.SignedWith(r.Desk.Credentials().Deposits.APISignature)
		},
		"with a signature made with another merchant's key": func() provider.Tamper {
			return provider.SignedWith(r.Desk.Foreign().Deposits.APISignature)
		},
		"with a date a day old":                      func() provider.Tamper { return provider.Dated(-24 * time.Hour) },
		"with a date an hour ahead":                  func() provider.Tamper { return provider.Dated(time.Hour) },
		"with its date changed after it was signed":  func() provider.Tamper { return provider.DateAfterSigning(2 * time.Second) },
		"with white space added after it was signed": func() provider.Tamper { return provider.BodyAfterSigning(spaced) },
		"with white space signed that is not sent":   func() provider.Tamper { return provider.SigningOther(spaced) },
		"with white space that is signed":            func() provider.Tamper { return provider.WithBody(spaced) },
		"with another merchant's X-Login":            func() provider.Tamper { return provider.WithLogin(r.Desk.Foreign().Deposits.APIKey) },
		"with another external_id":                   func() provider.Tamper { return provider.WithExternalID("another") },
		"with a body that says COMPLETED":            says(target.IsCompleted),
		"with a body that says PENDING":              says(target.IsPending),
	}
}

// releases asks the observer, of a receiver that runs.
func (r *receiver) releases(ctx context.Context, enough func(int) bool) (int, error) {
	if r.target.Observer == nil {
		return 0, errUnobserved()
	}
	if err := r.alive(r.target.Revive(ctx)); err != nil {
		return 0, err
	}
	n, err := r.target.Observer.Await(ctx, r.about.Kind, r.about.ID, enough)
	if err != nil {
		return 0, held(judge.Finding{Outcome: judge.Unclear, Expected: "an observer that tells a number", Seen: err.Error(), Exchanges: r.log})
	}
	return n, nil
}

func errUnobserved() error {
	return &missing{"what the receiver releases is not seen: give --observer, a URL or a command that tells"}
}

// none wants that nothing was released by the notification that is judged.
func (r *receiver) none(ctx context.Context) error {
	n, err := r.releases(ctx, func(n int) bool { return n > r.before })
	if err != nil || n <= r.before {
		return err
	}
	return r.brokenBy("no "+r.effect(), n)
}

// onlyRight wants that nothing was released, and that the same is released when it is
// notified rightly: then it was the one fault that kept it.
func (r *receiver) onlyRight(ctx context.Context) error {
	if err := r.none(ctx); err != nil {
		return err
	}
	e, err := r.deliver(ctx, partControl, nil)
	if err != nil {
		return err
	}
	return r.believable(ctx, e)
}

func (r *receiver) released(ctx context.Context) error {
	n, err := r.releases(ctx, func(n int) bool { return n > 0 })
	if err != nil || n > 0 {
		return err
	}
	return r.brokenBy("a "+r.effect(), n)
}

// paidAs notes whether a form that has nothing but control was taken, by the names that the
// register has for it.
func (r *receiver) paidAs(ctx context.Context, ambiguity string) error {
	n, err := r.releases(ctx, func(n int) bool { return n > 0 })
	switch {
	case err != nil:
		return err
	case n > 0:
		return r.note(ambiguity, "control-only")
	}
	return r.note(ambiguity, "control-and-signature")
}

// exactlyOnce judges what came beyond the first; that there is a first is the control.
func (r *receiver) exactlyOnce(ctx context.Context) error {
	n, err := r.releases(ctx, func(n int) bool { return n > 1 })
	switch {
	case err != nil || n == 1:
		return err
	case n == 0:
		return r.believable(ctx, r.answers[0])
	}
	return r.brokenBy("one "+r.effect(), n)
}

func (r *receiver) effect() string {
	if r.about.Kind == d24.CashoutNotification {
		return "mark as paid of cashout " + r.about.ID
	}
	return "release of deposit " + r.about.ID
}

func (r *receiver) brokenBy(expected string, releases int) error {
	seen := strconv.Itoa(releases)
	if releases == 0 {
		seen = "none"
	}
	var answers []string
	for _, e := range r.log {
		if text := judge.Describe(e); !slices.Contains(answers, text) {
			answers = append(answers, text)
		}
	}
	return held(judge.Finding{
		Outcome: judge.Broken, Expected: expected, Seen: fmt.Sprintf("%s; answers: %s", seen, strings.Join(answers, ", ")), Exchanges: r.log,
	})
}

// everyAnswer judges the answers after the first, which is the control.
func (r *receiver) everyAnswer() error {
	for i, e := range r.answers {
		if e.Status()/100 == 2 {
			continue
		}
		finding := judge.Finding{Outcome: judge.Broken, Expected: "a repeat that is answered 2xx, as the first was", Seen: judge.Describe(e), Exchanges: r.answers}
		if i == 0 {
			finding.Outcome, finding.Expected = judge.Unclear, "a first notification that is answered 2xx"
		} else if e.Failure != nil && e.Failure.Kind == exchange.FailureTimeout {
			finding.Outcome = judge.Unclear
		}
		return held(finding)
	}
	return nil
}
