package steps

import (
	"context"
	"strconv"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/provider"
	"github.com/d24conform/d24conform/internal/target"
)

// maxShift is how far a repeat is dated ahead: in a second of its own, as repeats that are
// minutes apart have, and well inside the 5 seconds of the window.
const maxShift = 2

// deliver delivers what the scenario is about, and once more when nobody was there to
// take it: a command that died is started again.
func (r *receiver) deliver(ctx context.Context, label string, tamper *provider.Tamper) (*exchange.Exchange, error) {
	return r.deliverOf(ctx, r.about, label, tamper)
}

func (r *receiver) deliverOf(ctx context.Context, n provider.Notification, label string, tamper *provider.Tamper) (*exchange.Exchange, error) {
	n.Label, n.Scenario = label, r.scenario.Name
	var list []provider.Tamper
	if tamper != nil {
		list = append(list, *tamper)
	} else {
		list = append(list, provider.Dated(time.Duration(min(r.sent, maxShift))*time.Second))
		r.sent++
	}
	for attempt := 1; ; attempt++ {
		e, err := r.target.Deliver(ctx, n, list...)
		if err != nil {
			return nil, r.alive(err)
		}
		r.logged(e)
		if e.Failure == nil {
			return e, nil
		}
		if err := r.alive(r.target.Recover(ctx)); err != nil {
			return nil, err
		}
		if attempt == tries || e.Failure.Kind != exchange.FailureRefused {
			return e, nil
		}
	}
}

// notify delivers a notification that is right.
func (r *receiver) notify(ctx context.Context) error { return r.notifyAs(ctx, "notification") }

func (r *receiver) notifyAs(ctx context.Context, label string) error {
	e, err := r.deliver(ctx, label, nil)
	if err != nil {
		return err
	}
	r.answers, r.taken = append(r.answers, e), e.Status()/100 == 2
	return nil
}

func (r *receiver) notifyWith(ctx context.Context, fault string) error {
	if r.sent > 0 { // what came of those is another sentence's business
		n, err := r.releases(ctx, func(int) bool { return true })
		if err != nil {
			return err
		}
		r.before = n
	}
	tamper := tampers(r.target)[fault]()
	e, err := r.deliver(ctx, partProbe, &tamper)
	if err == nil {
		r.answers = append(r.answers, e)
	}
	return err
}

// notifyInThePlaceOf notifies of another that is COMPLETED, with the id of ours in it.
func (r *receiver) notifyInThePlaceOf(ctx context.Context) error {
	var other provider.Notification
	var err error
	if r.about.Kind == d24.CashoutNotification {
		other, err = r.target.Desk.Cashout(ctx, target.IsCompleted)
	} else {
		other, err = r.target.Desk.Deposit(ctx, target.IsCompleted)
	}
	if err != nil {
		return err
	}
	tamper := provider.WithID(r.about.ID)
	_, err = r.deliverOf(ctx, other, partProbe, &tamper)
	return err
}

// notifyUntilTaken notifies as the provider does: until the answer is 2xx, or the
// schedule is over.
func (r *receiver) notifyUntilTaken(ctx context.Context) error {
	if r.taken {
		return nil
	}
	return r.overSchedule(ctx, func() bool { return r.taken })
}

// notifyOverSchedule notifies as often as there are deliveries in the schedule, whatever
// is answered: the provider need not have seen the answer.
func (r *receiver) notifyOverSchedule(ctx context.Context) error {
	return r.overSchedule(ctx, func() bool { return false })
}

func (r *receiver) overSchedule(ctx context.Context, enough func() bool) error {
	label := "notification"
	for i, gap := range append([]time.Duration{0}, r.target.Schedule()...) {
		if err := r.suite.sleep(ctx, gap); err != nil {
			return err
		}
		if i > 0 || r.killed { // a receiver's answer may have asked for it, and not the scenario
			label = "notification" + target.AnotherAttempt + strconv.Itoa(i+1)
		}
		if err := r.notifyAs(ctx, label); err != nil || enough() {
			return err
		}
	}
	return nil
}

func (r *receiver) notifyTimes(ctx context.Context, times int) error {
	for range times {
		if err := r.notify(ctx); err != nil {
			return err
		}
	}
	return nil
}

// notifyAtOnce delivers several at once, and has the first two meet at the status
// endpoint if the receiver asks twice.
func (r *receiver) notifyAtOnce(ctx context.Context, times int) error {
	hold, err := r.target.Desk.HoldStatus(r.about.Kind, meeting)
	if err != nil {
		return err
	}
	r.undo = append(r.undo, r.letGo)
	type end struct {
		exchange *exchange.Exchange
		err      error
	}
	n := r.about
	n.Label, n.Scenario = "duplicate", r.scenario.Name
	ended := make(chan end, times)
	for range times {
		go func() {
			e, err := r.target.Deliver(ctx, n)
			ended <- end{e, err}
		}()
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
		if arrived+len(ends) == times { // who is not held has answered, and asks later if at all
			patience = time.After(r.settle())
		}
	}
	r.target.Desk.Release()
	for len(ends) < times {
		ends = append(ends, <-ended)
	}
	for _, each := range ends {
		if each.err != nil {
			return r.alive(each.err)
		}
		r.logged(each.exchange)
		r.answers = append(r.answers, each.exchange)
	}
	return r.alive(r.target.Recover(ctx))
}

// meeting is how many status calls have to be under way together for a look and an entry
// that are not one to come apart.
const meeting = 2

// settle is how long to wait for what a receiver does after its answer.
func (r *receiver) settle() time.Duration {
	if r.target.Observer == nil {
		return target.DefaultSettle
	}
	return r.target.Observer.Settle()
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
	hold, err := r.target.Desk.HoldStatus(r.about.Kind, 1)
	if err != nil {
		return err
	}
	r.undo = append(r.undo, r.letGo)
	r.killed = true
	n := r.about
	n.Label, n.Scenario = "notification", r.scenario.Name
	delivered := make(chan error, 1)
	go func() {
		e, err := r.target.Deliver(ctx, n)
		if err == nil {
			r.logged(e)
			r.taken = e.Status()/100 == 2
		}
		delivered <- err
	}()
	select {
	case <-hold.Arrived:
	case err := <-delivered: // it asks later, or not at all
		delivered <- err
		select {
		case <-hold.Arrived:
		case <-time.After(r.settle()):
		}
	}
	restarted := r.restart(ctx)
	r.target.Desk.Release()
	if err := <-delivered; err != nil {
		return r.alive(err)
	}
	return restarted
}
