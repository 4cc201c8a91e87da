package steps

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/cucumber/godog"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/provider"
	"github.com/d24conform/d24conform/internal/target"
)

// maxShift is how far a repeat is dated ahead: in a second of its own, as repeats that are
// minutes apart have, and well inside the 5 seconds of the window.
const maxShift = 2

// maxUnanswered is how many notifications of a scenario may end a receiver, or find none,
// before the scenario has shown enough.
const maxUnanswered = 5

// deliver notifies of an object, and once more when nobody was there to take it: a command
// that died is started again. Without tampers the notification is valid.
func (r *receiver) deliver(ctx context.Context, o *object, label string, tampers []provider.Tamper) (*exchange.Exchange, error) {
	return r.deliverAs(ctx, o, o.about, label, tampers)
}

// deliverAs notifies of something else, and enters it in the story of an object.
func (r *receiver) deliverAs(ctx context.Context, o *object, n provider.Notification, label string, tampers []provider.Tamper) (*exchange.Exchange, error) {
	n.Label, n.Scenario = label, r.scenario.Name
	if tampers == nil {
		tampers = []provider.Tamper{provider.Dated(time.Duration(min(o.sent, maxShift)) * time.Second)}
		o.sent++
	}
	for attempt := 1; ; attempt++ {
		r.suite.late.forget(target.ObjectOf(n))
		e, err := r.target.Deliver(ctx, n, tampers...)
		if err != nil {
			return nil, r.alive(err)
		}
		r.logged(e)
		o.log = append(o.log, e)
		if e.Failure == nil {
			return e, nil
		}
		if err := r.alive(r.target.Recover(ctx)); err != nil {
			return nil, err
		}
		if r.unanswered++; r.unanswered >= maxUnanswered && len(r.target.Deaths()) > 0 {
			return nil, &noted{fmt.Sprintf("%d notifications of this scenario were not answered, and the receiver has died: see %s", r.unanswered, ruleNoHarm)}
		}
		if attempt == tries || e.Failure.Kind != exchange.FailureRefused {
			return e, nil
		}
	}
}

// notify delivers a valid notification.
func (r *receiver) notify(ctx context.Context, o *object) error {
	return r.notifyAs(ctx, o, "notification")
}

func (r *receiver) notifyAs(ctx context.Context, o *object, label string) error {
	e, err := r.deliver(ctx, o, label, nil)
	if err == nil {
		o.answered(e)
	}
	return err
}

func (o *object) answered(e *exchange.Exchange) {
	o.answers, o.taken = append(o.answers, e), e.Status()/100 == 2
}

// notifyFaulty delivers a notification with one fault.
func (r *receiver) notifyFaulty(ctx context.Context, o *object, says string) error {
	fault, err := faultOf(says)
	if err != nil {
		return err
	}
	keys := provider.Keys{Own: r.target.Desk.Credentials(), Foreign: r.target.Desk.Foreign()}
	e, err := r.deliver(ctx, o, partProbe, fault.Tampers(keys))
	if err != nil {
		return err
	}
	o.marked = "notified " + says
	o.answers = append(o.answers, e)
	return nil
}

// notifyWith notifies of every object with the same fault.
func (r *receiver) notifyWith(ctx context.Context, says string) error {
	if err := r.countBefore(ctx); err != nil {
		return err
	}
	return r.each(func(o *object) error { return r.notifyFaulty(ctx, o, says) })
}

// notifyOneFault makes an object for each fault, with the history of the scenario, and two
// more that the receiver is not notified of any more.
func (r *receiver) notifyOneFault(ctx context.Context, faults *godog.Table) error {
	list := column(faults)
	for range len(list) + 2 {
		o, err := r.withHistory(ctx)
		if err != nil {
			return err
		}
		r.objects = append(r.objects, o)
	}
	if r.history.released { // all of them, or there is no control
		numbers, err := r.releases(ctx, r.objects, some)
		if err != nil {
			return err
		}
		for i, n := range numbers {
			if n == 0 {
				return r.unreleased(ctx, r.objects[i])
			}
		}
	}
	if r.history.earlier != "" {
		if err := r.countBefore(ctx); err != nil {
			return err
		}
		if err := r.each(func(o *object) error { return r.move(o, target.IsCompleted) }); err != nil { //nolint:contextcheck // moving is local, and notifies nobody
			return err
		}
	}
	if err := r.countBefore(ctx); err != nil {
		return err
	}
	r.quiet = []*object{r.objects[0], r.objects[len(list)+1]} // who asks in order asks the first one first
	r.suite.late.keep(r.quiet...)
	r.objects = r.objects[1 : len(list)+1]
	for i, says := range list {
		if err := r.notifyFaulty(ctx, r.objects[i], says); err != nil {
			return err
		}
	}
	return nil
}

func (r *receiver) withHistory(ctx context.Context) (*object, error) {
	status := target.IsCompleted
	if r.history.earlier != "" {
		status = r.history.earlier
	}
	o, err := r.create(ctx, r.history.kind, status)
	if err == nil && r.history.failed {
		err = r.target.Desk.AnswerStatus(o.about, status, "500", 1)
	}
	if err == nil && (r.history.earlier != "" || r.history.failed || r.history.released) {
		err = r.notify(ctx, o)
	}
	return o, err
}

// carries has the valid notification of another that is COMPLETED carry an id of ours. Of a
// cashout that is the cashout_id, which control does not cover.
func (r *receiver) carries(ctx context.Context, _ string) error {
	o := r.objects[0]
	quiet, err := r.create(ctx, o.about.Kind, o.status)
	if err != nil {
		return err
	}
	r.quiet = []*object{quiet}
	r.suite.late.keep(r.quiet...)
	other, err := r.create(ctx, o.about.Kind, target.IsCompleted)
	if err != nil {
		return err
	}
	_, err = r.deliverAs(ctx, o, other.about, partProbe, []provider.Tamper{provider.WithID(o.about.ID)})
	return err
}

// carriesOther has the notification of ours, whose control fits, carry the cashout_id of
// another that is COMPLETED.
func (r *receiver) carriesOther(ctx context.Context) error {
	o := r.objects[0]
	other, err := r.create(ctx, o.about.Kind, target.IsCompleted)
	if err != nil {
		return err
	}
	_, err = r.deliverAs(ctx, o, o.about, partProbe, []provider.Tamper{provider.WithID(other.about.ID)})
	return err
}

// --- again and again --------------------------------------------------------------------

// notifyUntilTaken notifies as the provider does: until the answer is 2xx, or the schedule
// is over.
func (r *receiver) notifyUntilTaken(ctx context.Context) error {
	return r.overSchedule(ctx, r.objects, func(o *object) bool { return o.taken })
}

// notifyOverSchedule notifies as often as there are deliveries in the schedule, whatever
// is answered: the provider need not have seen the answer.
func (r *receiver) notifyOverSchedule(ctx context.Context) error {
	return r.overSchedule(ctx, r.objects, func(*object) bool { return false })
}

// overSchedule notifies of every object that has not had enough, and waits, and so on.
func (r *receiver) overSchedule(ctx context.Context, objects []*object, enough func(*object) bool) error {
	for i, gap := range append([]time.Duration{0}, r.target.Schedule()...) {
		var open []*object
		for _, o := range objects {
			if !enough(o) {
				open = append(open, o)
			}
		}
		if len(open) == 0 {
			return nil
		}
		if err := r.pass(ctx, gap); err != nil {
			return err
		}
		label := "notification"
		if i > 0 || r.killed { // a receiver's answer may have asked for it, and not the scenario
			label += target.AnotherAttempt + strconv.Itoa(i+1)
		}
		for _, o := range open {
			if err := r.notifyAs(ctx, o, label); err != nil {
				return err
			}
		}
	}
	return nil
}

// pass has time pass. Where the clock of all sides is ours it is moved, which only a
// scenario that runs alone may do.
func (r *receiver) pass(ctx context.Context, d time.Duration) error {
	if r.target.Pass != nil && r.scenario.Has(tagAlone) {
		r.target.Pass(d)
	}
	return r.suite.sleep(ctx, d)
}

// notifyTimes notifies of all objects in their order, and so on: A, B, A, B.
func (r *receiver) notifyTimes(ctx context.Context, times int) error {
	for range times {
		if err := r.each(func(o *object) error { return r.notify(ctx, o) }); err != nil {
			return err
		}
	}
	return nil
}

// notifyAtOnce delivers several at once, and has the first two meet at the status endpoint
// if the receiver asks twice.
func (r *receiver) notifyAtOnce(ctx context.Context, each string) error {
	times, err := strconv.Atoi(each)
	if err != nil {
		times = 1
	}
	total := times * len(r.objects)
	hold, err := r.target.Desk.HoldStatus(r.objects[0].about.Kind, meeting)
	if err != nil {
		return err
	}
	r.undo = append(r.undo, r.letGo)
	type end struct {
		object   *object
		exchange *exchange.Exchange
		err      error
	}
	ended := make(chan end, total)
	for range times {
		for _, o := range r.objects {
			n := o.about
			n.Label, n.Scenario = "duplicate", r.scenario.Name
			r.suite.late.forget(target.ObjectOf(n))
			go func() {
				e, err := r.target.Deliver(ctx, n)
				ended <- end{o, e, err}
			}()
		}
	}
	var (
		patience <-chan time.Time
		ends     []end
	)
	for arrived := 0; arrived < meeting; {
		select {
		case <-hold.Arrived:
			arrived++
			patience = time.After(r.target.Meeting)
		case each := <-ended:
			ends = append(ends, each)
		case <-patience:
			arrived = meeting
			continue
		}
		if arrived+len(ends) == total { // who is not held has answered, and asks later if at all
			patience = time.After(r.patience())
		}
	}
	r.target.Desk.Release()
	for len(ends) < total {
		ends = append(ends, <-ended)
	}
	answered := true
	for _, each := range ends {
		if each.err != nil {
			return r.alive(each.err)
		}
		answered = answered && each.exchange.Failure == nil
		r.logged(each.exchange)
		each.object.answers = append(each.object.answers, each.exchange)
		each.object.taken = each.object.taken || each.exchange.Status()/100 == 2
		each.object.log = append(each.object.log, each.exchange)
		each.object.sent++
	}
	if answered {
		return nil
	}
	return r.alive(r.target.Recover(ctx))
}

// meeting is how many status calls have to be under way together for a look and an entry
// that are not one to come apart.
const meeting = 2

// settle is how long a receiver may take for what it does after its answer.
func (r *receiver) settle() time.Duration {
	if r.target.Observer == nil {
		return target.DefaultSettle
	}
	return r.target.Observer.Settle()
}

// patience is how long to wait for what a receiver ought not to do, as [target.Observer.Patience].
func (r *receiver) patience() time.Duration {
	if r.target.Observer == nil {
		return target.DefaultSettle
	}
	return r.target.Observer.Patience()
}

func (r *receiver) restart(ctx context.Context) error {
	if !r.target.CanRestart() {
		return &missing{"a receiver is restarted only where the run has started it: give its command after --"}
	}
	return r.alive(r.target.Restart(ctx))
}

// kill notifies, and kills the receiver when it asks for the status.
func (r *receiver) kill(ctx context.Context) error {
	if !r.target.CanRestart() {
		return r.restart(ctx)
	}
	o := r.objects[0]
	hold, err := r.target.Desk.HoldStatus(o.about.Kind, 1)
	if err != nil {
		return err
	}
	r.undo = append(r.undo, r.letGo)
	r.killed = true
	delivery := r.deliverMeanwhile(ctx, o)
	if err := r.asks(ctx, hold, delivery, r.settle()); err != nil {
		return err
	}
	restarted := r.restart(ctx)
	r.target.Desk.Release()
	if err := r.enter(o, <-delivery); err != nil {
		return err
	}
	return restarted
}

// asks waits until the receiver asks for the status, or has answered and does not ask for so
// long.
func (r *receiver) asks(ctx context.Context, hold *target.Hold, delivery chan delivered, patience time.Duration) error {
	var over <-chan time.Time
	ended := delivery
	for {
		select {
		case <-hold.Arrived:
			return nil
		case end := <-ended: // it asks later, or not at all
			delivery <- end
			ended, over = nil, time.After(patience)
		case <-over:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// delivered is how a notification ended that was sent meanwhile.
type delivered struct {
	exchange *exchange.Exchange
	err      error
}

// enter enters the end of a notification into the story of its object.
func (r *receiver) enter(o *object, end delivered) error {
	if end.err != nil {
		return r.alive(end.err)
	}
	r.logged(end.exchange)
	o.log, o.taken = append(o.log, end.exchange), o.taken || end.exchange.Status()/100 == 2
	return nil
}

// deliverMeanwhile notifies of an object while something else happens. The channel tells how
// the delivery has ended.
func (r *receiver) deliverMeanwhile(ctx context.Context, o *object) chan delivered {
	n := o.about
	n.Label, n.Scenario = "notification", r.scenario.Name
	ended := make(chan delivered, 1)
	r.suite.late.forget(target.ObjectOf(n))
	go func() {
		e, err := r.target.Deliver(ctx, n)
		ended <- delivered{e, err}
	}()
	return ended
}

// killAtMoments notifies of each object, and kills the receiver at moments that divide the
// time of an answer evenly: what it did by then has to be enough, or to be done again.
func (r *receiver) killAtMoments(ctx context.Context) error {
	if !r.target.CanRestart() {
		return r.restart(ctx)
	}
	other, err := r.create(ctx, r.objects[0].about.Kind, target.IsCompleted)
	if err != nil {
		return err
	}
	usual, err := r.deliver(ctx, other, partControl, nil)
	if err != nil {
		return err
	}
	r.killed = true
	for i, o := range r.objects {
		delivery := r.deliverMeanwhile(ctx, o)
		slept := r.suite.sleep(ctx, usual.Timing.Total*time.Duration(i+1)/time.Duration(len(r.objects)+1))
		restarted := r.restart(ctx)
		if err := r.enter(o, <-delivery); err != nil {
			return err
		}
		if err := cmp.Or(slept, restarted); err != nil {
			return err
		}
	}
	return nil
}

// faultOf finds a fault by its words.
func faultOf(says string) (provider.Fault, error) {
	for _, fault := range receiverFaults() {
		if fault.Says == says {
			return fault, nil
		}
	}
	return provider.Fault{}, fmt.Errorf("no fault is called %q: steps/receiver_faults.go has them all", says)
}
