package steps

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"sync"

	"github.com/cucumber/godog"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/provider"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// receiver is one scenario that judges a receiver.
type receiver struct {
	*scene

	target  *target.Receiver
	objects []*object // what the scenario notifies of
	history history   // of those that [receiver.notifyOneFault] makes
	quiet   []*object // made with the same history, and notified of no more
	killed  bool      // while it dealt with a delivery

	unanswered int     // deliveries
	failed     *object // of which a sentence did not hold
}

// An object is a deposit, a refund or a cashout that a scenario notifies of.
type object struct {
	about   provider.Notification
	status  string
	marked  string // what tells it from the others: its fault, status, answer or id
	sent    int    // valid notifications of it so far
	taken   bool   // the last change of its status was answered 2xx
	before  int    // its releases before what is judged
	answers []*exchange.Exchange
	log     []*exchange.Exchange
}

// A history is what happened to an object before a faulty notification of it.
type history struct {
	kind     d24.NotificationKind
	earlier  string // the status in which it was notified before; empty = none
	failed   bool   // it was notified before, and its status call was answered 500
	released bool   // it was released before
}

// The sentences of a receiver's scenarios. "it" is the only object, "each" every one.
const (
	subjects = `(?:it is|each is|they are)`
	effects  = `(?:released|booked|marked as paid)`
)

var (
	stepReleasing  = regexp.MustCompile(`^a receiver that (?:releases a completed (deposit)|books a completed (refund)|marks a completed (cashout) as paid)$`)
	stepObject     = regexp.MustCompile(`^(a|\d+) (deposit|refund|cashout)s? that (?:is|are) ([A-Z_]+)$`)
	stepAny        = regexp.MustCompile(`^any (deposit|refund|cashout)$`)
	stepStatuses   = regexp.MustCompile(`^(deposit|refund|cashout)s, one in each of these statuses$`)
	stepAnswers    = regexp.MustCompile(`^(deposit|refund|cashout)s that are ([A-Z_]+), whose status calls are answered (\d+) times with one of these each$`)
	stepIDs        = regexp.MustCompile(`^(deposit|cashout)s that are COMPLETED and have these ids$`)
	stepEndings    = regexp.MustCompile(`^cashouts that are COMPLETED, whose external ids end in one of these each$`)
	stepHistory    = regexp.MustCompile(`^(deposit|refund|cashout)s that are COMPLETED, (?:not notified before|notified when they were ([A-Z_]+)|notified when their status call (failed)|(released before))$`)
	stepUnknown    = regexp.MustCompile(`^a deposit that the provider does not know$`)
	stepForeign    = regexp.MustCompile(`^a completed deposit of another merchant$`)
	stepUnanswered = regexp.MustCompile(`^a COMPLETED deposit whose creation has not been answered yet$`)
	stepStatusSlow = regexp.MustCompile(`^asking for its status takes 2 seconds$`)
	stepFirst      = regexp.MustCompile(`^the first (deposit|refund|cashout)s of this run that were (?:released|booked|marked as paid)$`)

	stepNotified       = regexp.MustCompile(`^` + subjects + ` notified$`)
	stepNotifiedWith   = regexp.MustCompile(`^` + subjects + ` notified ((?:with|without|of|as) .+)$`)
	stepOneFault       = regexp.MustCompile(`^each is notified, with one of these faults each$`)
	stepCarries        = regexp.MustCompile(`^a valid notification of a COMPLETED (deposit|cashout) carries its (?:deposit_id|cashout_id|external_id) instead$`)
	stepCarriesOther   = regexp.MustCompile(`^its notification carries the cashout_id of a COMPLETED cashout instead$`)
	stepUntil          = regexp.MustCompile(`^` + subjects + ` notified until the answer is 2xx$`)
	stepTimes          = regexp.MustCompile(`^` + subjects + ` notified (\d+) times, one after another$`)
	stepSchedule       = regexp.MustCompile(`^` + subjects + ` notified over the whole retry schedule$`)
	stepNotifiedAtOnce = regexp.MustCompile(`^` + subjects + ` notified(?: (\d+) times)? at once$`)
	stepBecomes        = regexp.MustCompile(`^it becomes ([A-Z_]+)$`)
	stepAnotherField   = regexp.MustCompile(`^its status answer has another field$`)
	stepRefunded       = regexp.MustCompile(`^it is refunded$`)
	stepRefundTold     = regexp.MustCompile(`^it is refunded, and that is notified$`)
	stepRestarted      = regexp.MustCompile(`^the receiver is restarted$`)
	stepKilledAt       = regexp.MustCompile(`^each is notified, and the receiver killed before its answer, every time at another moment$`)
	stepKilled         = regexp.MustCompile(`^the receiver is killed while it asks for its status$`)

	stepNoEffect    = regexp.MustCompile(`^no fault has an effect, and a valid notification has$`)
	stepNotReleased = regexp.MustCompile(`^(?:it is not|none is) ` + effects + `( again)?$`)
	stepReleased    = regexp.MustCompile(`^(?:it|each) is ` + effects + `$`)
	stepExactlyOnce = regexp.MustCompile(`^(?:it|each) is ` + effects + ` exactly once$`)
	stepSurvived    = regexp.MustCompile(`^every repeat is survived$`)
	stepSays        = regexp.MustCompile(`^the report says which (?:is|are) ` + effects + `$`)
	stepSaysAnswer  = regexp.MustCompile(`^the report says how a repeat is answered$`)
	stepPaidAs      = regexp.MustCompile(`^whether it is marked as paid is reported as (AMB-32)$`)
)

// receiverWorld prepares a scenario that judges a receiver.
func receiverWorld(s *scene, sc vocabulary) part {
	r := &receiver{scene: s, target: s.suite.Receiver}
	r.givens(sc)
	r.whens(sc)
	sc.Step(stepNoEffect, r.noEffect)
	sc.Step(stepNotReleased, r.none)
	sc.Step(stepReleased, r.released)
	sc.Step(stepExactlyOnce, r.exactlyOnce)
	sc.Step(stepSurvived, r.survived)
	sc.Step(stepSays, r.says)
	sc.Step(stepSaysAnswer, r.saysAnswer)
	sc.Step(stepPaidAs, r.paidAs)
	return r
}

func (r *receiver) givens(sc vocabulary) {
	desk := r.target.Desk
	sc.Step(stepReleasing, r.control)
	sc.Step(stepObject, r.make)
	sc.Step(stepAny, func(ctx context.Context, kind string) error { // what is judged is no effect
		return r.makeSome(ctx, 1, d24.NotificationKind(kind), target.IsCompleted)
	})
	sc.Step(stepStatuses, r.makeStatuses)
	sc.Step(stepAnswers, r.makeAnswered)
	sc.Step(stepIDs, r.makeIDs)
	sc.Step(stepEndings, r.makeEndings)
	sc.Step(stepHistory, func(ctx context.Context, kind, earlier, failed, released string) error {
		r.history = history{d24.NotificationKind(kind), earlier, failed != "", released != ""}
		return r.tells(ctx, r.history.kind)
	})
	sc.Step(stepUnknown, func() { r.add(desk.UnknownDeposit(), "") })
	sc.Step(stepForeign, func(ctx context.Context) error {
		n, err := desk.ForeignDeposit(ctx)
		r.add(n, target.IsCompleted)
		return err
	})
	sc.Step(stepUnanswered, r.makeUnanswered)
	sc.Step(stepStatusSlow, func() error {
		r.undo = append(r.undo, r.letGo)
		return desk.SlowStatus(r.objects[0].about.Kind)
	})
	sc.Step(stepFirst, r.first)
}

func (r *receiver) whens(sc vocabulary) {
	desk := r.target.Desk
	sc.Step(stepNotifiedAtOnce, r.notifyAtOnce)
	sc.Step(stepUntil, r.notifyUntilTaken)
	sc.Step(stepSchedule, r.notifyOverSchedule)
	sc.Step(stepTimes, r.notifyTimes)
	sc.Step(stepOneFault, r.notifyOneFault)
	sc.Step(stepTroubled, r.notifyInTrouble)
	sc.Step(stepOvertaken, r.overtaken)
	sc.Step(stepNotifiedWith, r.notifyWith)
	sc.Step(stepNotified, func(ctx context.Context) error { return r.each(func(o *object) error { return r.notify(ctx, o) }) })
	sc.Step(stepCarries, r.carries)
	sc.Step(stepCarriesOther, r.carriesOther)
	sc.Step(stepBecomes, func(status string) error {
		return r.each(func(o *object) error { return r.move(o, status) })
	})
	sc.Step(stepAnotherField, func() error { return r.each(func(o *object) error { return desk.AnswerMore(o.about) }) })
	sc.Step(stepRefunded, func(ctx context.Context) error {
		return r.each(func(o *object) error {
			_, err := desk.RefundOf(ctx, o.about)
			return err
		})
	})
	sc.Step(stepRefundTold, func(ctx context.Context) error {
		return r.each(func(o *object) error {
			refund, err := desk.RefundOf(ctx, o.about)
			if err != nil {
				return err
			}
			if err := desk.Move(refund, target.IsCompleted); err != nil { //nolint:contextcheck // moving is local, and notifies nobody
				return err
			}
			_, err = r.deliverAs(ctx, o, refund, "notification", nil)
			return err
		})
	})
	sc.Step(stepRestarted, r.restart)
	sc.Step(stepKilled, r.kill)
	sc.Step(stepKilledAt, r.killAtMoments)
}

// each does something with every object, in their order.
func (r *receiver) each(do func(*object) error) error {
	for _, o := range r.objects {
		if err := do(o); err != nil {
			return err
		}
	}
	return nil
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
		s.failures.keep(r.scenario, &episode{receiver: r, step: r.step, finding: judge.Finding{
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

// --- what a scenario is about -----------------------------------------------------------

// add enters an object.
func (r *receiver) add(n provider.Notification, status string) *object {
	o := &object{about: n, status: status}
	r.objects = append(r.objects, o)
	return o
}

// create makes an object.
func (r *receiver) create(ctx context.Context, kind d24.NotificationKind, status string) (*object, error) {
	n, err := r.target.Make(ctx, kind, status)
	if err := prepared(err); err != nil {
		return nil, err
	}
	return &object{about: n, status: status}, nil
}

// prepared turns the error of an order that the receiver could not be told of into what is
// missing.
func prepared(err error) error {
	if unprepared, ok := errors.AsType[*target.PrepareError](err); ok {
		return &missing{unprepared.Text}
	}
	return err
}

func (r *receiver) make(ctx context.Context, count, kind, status string) error {
	if d24.NotificationKind(kind) == d24.RefundNotification {
		if err := r.tells(ctx, d24.RefundNotification); err != nil {
			return err
		}
	}
	times, err := strconv.Atoi(count)
	if err != nil {
		times = 1 // "a"
	}
	return r.makeSome(ctx, times, d24.NotificationKind(kind), status)
}

func (r *receiver) makeSome(ctx context.Context, times int, kind d24.NotificationKind, status string) error {
	for range times {
		o, err := r.create(ctx, kind, status)
		if err != nil {
			return err
		}
		r.objects = append(r.objects, o)
	}
	return nil
}

func (r *receiver) makeStatuses(ctx context.Context, kind string, statuses *godog.Table) error {
	if err := r.tells(ctx, d24.NotificationKind(kind)); err != nil {
		return err
	}
	for _, status := range column(statuses) {
		o, err := r.create(ctx, d24.NotificationKind(kind), status)
		if err != nil {
			return err
		}
		o.marked = "which is " + status
		r.objects = append(r.objects, o)
	}
	return nil
}

// makeAnswered makes objects whose status calls go wrong, each in its own way.
func (r *receiver) makeAnswered(ctx context.Context, kind, status string, times int, ways *godog.Table) error {
	if err := r.tells(ctx, d24.NotificationKind(kind)); err != nil {
		return err
	}
	for _, way := range column(ways) {
		o, err := r.create(ctx, d24.NotificationKind(kind), status)
		if err != nil {
			return err
		}
		if err := r.target.Desk.AnswerStatus(o.about, status, way, times); err != nil {
			return err
		}
		o.marked = "which is " + status + ", and its status call is answered: " + way
		r.objects = append(r.objects, o)
	}
	return nil
}

func (r *receiver) makeIDs(ctx context.Context, kind string, ids *godog.Table) error {
	for _, id := range column(ids) {
		n, err := r.target.Desk.Make(ctx, d24.NotificationKind(kind), target.IsCompleted)
		if err != nil {
			return err
		}
		if n, err = r.target.Desk.Rename(n, id); err != nil {
			return &missing{"the mock cannot give this id twice in one run: " + err.Error()}
		}
		if err := prepared(r.target.Tell(ctx, n)); err != nil {
			return err
		}
		o := r.add(n, target.IsCompleted)
		o.marked = "whose id is " + id
	}
	return nil
}

// makeEndings makes cashouts with characters in their external ids that a program may take
// for something else.
func (r *receiver) makeEndings(ctx context.Context, endings *godog.Table) error {
	for _, ending := range column(endings) {
		n, err := r.target.Desk.CashoutEnding(ctx, ending, target.IsCompleted)
		if err == nil {
			err = prepared(r.target.Tell(ctx, n))
		}
		if err != nil {
			return err
		}
		r.add(n, target.IsCompleted).marked = "external_id with " + ending
	}
	return nil
}

// column is a table's only column.
func column(table *godog.Table) []string {
	list := make([]string, len(table.Rows))
	for i, row := range table.Rows {
		list[i] = row.Cells[0].Value
	}
	return list
}

func (r *receiver) makeUnanswered(ctx context.Context) error {
	n, answer, err := r.target.Desk.Unanswered(ctx)
	if answer != nil {
		r.undo = append(r.undo, func(context.Context) error { return answer() })
	}
	if err == nil {
		err = prepared(r.target.Tell(ctx, n))
	}
	r.add(n, target.IsCompleted)
	return err
}

// move changes an object's status, which is a notification of its own.
func (r *receiver) move(o *object, status string) error {
	o.status, o.taken = status, false
	return r.target.Desk.Move(o.about, status)
}

// firstReleases are what a run released first. They are notified again when the run ends, with all
// other traffic in between.
type firstReleases struct {
	mu    sync.Mutex
	first map[d24.NotificationKind][]provider.Notification
}

// maxFirst is how many of a kind are notified again: as a sample the first will do.
const maxFirst = 5

// released enters an object that was released.
func (c *firstReleases) released(n provider.Notification) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first == nil {
		c.first = map[d24.NotificationKind][]provider.Notification{}
	}
	for _, known := range c.first[n.Kind] {
		if known.ID == n.ID {
			return
		}
	}
	if len(c.first[n.Kind]) < maxFirst {
		c.first[n.Kind] = append(c.first[n.Kind], n)
	}
}

// first takes what the run released first, or what is released now where nothing was.
func (r *receiver) first(ctx context.Context, kind string) error {
	of := d24.NotificationKind(kind)
	if err := r.tells(ctx, of); err != nil {
		return err
	}
	c := &r.suite.first
	c.mu.Lock()
	list := append([]provider.Notification(nil), c.first[of]...)
	c.mu.Unlock()
	for _, n := range list {
		o := r.add(n, target.IsCompleted)
		o.sent = 1
	}
	if len(list) == 0 {
		o, err := r.create(ctx, of, target.IsCompleted)
		if err != nil {
			return err
		}
		r.objects = append(r.objects, o)
		if err := r.notify(ctx, o); err != nil {
			return err
		}
		if err := r.believable(ctx, o); err != nil {
			return err
		}
	}
	return r.countBefore(ctx)
}
