package steps

import (
	"context"
	"regexp"
	"time"

	"github.com/cucumber/godog"

	"github.com/d24conform/d24conform/internal/target"
)

// stepTroubled is a notification that meets trouble: the receiver's own, or the sender's.
var stepTroubled = regexp.MustCompile(`^each is notified, and meets one of these troubles each$`)

// stepOvertaken is a status that is old when it arrives.
var stepOvertaken = regexp.MustCompile(`^it is notified, and becomes COMPLETED after its status was read, which is notified meanwhile$`)

// The troubles that are more than one answer to a status call.
const (
	troubleHangUp  = "the sender hangs up before the answer"
	troubleOverlap = "another comes meanwhile, and the status call of the first is answered 500"
)

// notifyInTrouble makes an object for each trouble, with the history of the scenario, and
// notifies of it while it is COMPLETED.
func (r *receiver) notifyInTrouble(ctx context.Context, troubles *godog.Table) error {
	for _, trouble := range column(troubles) {
		o, err := r.withHistory(ctx)
		if err != nil {
			return err
		}
		if o.status != target.IsCompleted {
			if err := r.move(o, target.IsCompleted); err != nil { //nolint:contextcheck // moving is local, and notifies nobody
				return err
			}
		}
		r.objects = append(r.objects, o)
		o.marked = "of which " + trouble
		if err := r.troubled(ctx, o, trouble); err != nil {
			return err
		}
	}
	return nil
}

func (r *receiver) troubled(ctx context.Context, o *object, trouble string) error {
	switch trouble {
	case troubleHangUp, troubleOverlap:
		return r.meanwhile(ctx, o, trouble)
	}
	if err := r.target.Desk.AnswerStatus(o.about, o.status, trouble, 1); err != nil {
		return err
	}
	o.marked = "whose status call is answered: " + trouble
	return r.notify(ctx, o)
}

// meanwhile has something happen while the receiver asks for the status: the sender hangs up,
// or notifies once more.
func (r *receiver) meanwhile(ctx context.Context, o *object, trouble string) error {
	r.undo = append(r.undo, r.letGo)
	desk := r.target.Desk
	holdBack := func() (*target.Hold, error) { return desk.HoldStatus(o.about.Kind, 1) }
	if trouble == troubleOverlap {
		holdBack = func() (*target.Hold, error) { return desk.FailLate(o.about) }
	}
	hold, err := holdBack()
	if err != nil {
		return err
	}
	first, hangUp := context.WithCancel(ctx)
	defer hangUp()
	deliveries := []chan delivered{r.deliverMeanwhile(first, o)}
	if err := r.asks(ctx, hold, deliveries[0], r.patience()); err != nil {
		return err
	}
	if trouble == troubleHangUp {
		hangUp()
	} else {
		deliveries = append(deliveries, r.deliverMeanwhile(ctx, o))
		select {
		case end := <-deliveries[1]:
			deliveries[1] <- end
		case <-time.After(r.bothUnderWay()):
		}
	}
	ends := make([]delivered, 0, len(deliveries))
	if trouble == troubleHangUp { // the receiver's own work goes on after it
		ends = append(ends, <-deliveries[0])
	}
	desk.Release()
	for _, each := range deliveries[len(ends):] {
		ends = append(ends, <-each)
	}
	answered := true
	for _, end := range ends {
		if err := r.enter(o, end); err != nil {
			return err
		}
		answered = answered && (trouble == troubleHangUp || end.exchange.Failure == nil)
	}
	if answered {
		return nil
	}
	return r.alive(r.target.Recover(ctx))
}

// overtaken has the status call answered with what was true before, while another
// notification is under way that it is true no more.
func (r *receiver) overtaken(ctx context.Context) error {
	o, desk := r.objects[0], r.target.Desk
	r.undo = append(r.undo, r.letGo)
	hold, err := desk.HoldAnswer(o.about.Kind)
	if err != nil {
		return err
	}
	first := r.deliverMeanwhile(ctx, o)
	if err := r.asks(ctx, hold, first, r.patience()); err != nil {
		return err
	}
	if err := r.move(o, target.IsCompleted); err != nil { //nolint:contextcheck // moving is local, and notifies nobody
		return err
	}
	second := r.deliverMeanwhile(ctx, o)
	select {
	case end := <-second:
		second <- end
	case <-time.After(r.bothUnderWay()):
	}
	desk.Release()
	if err := r.enter(o, <-first); err != nil {
		return err
	}
	o.taken = false // that was about the status before
	return r.enter(o, <-second)
}

// bothUnderWay is how long a second notification is given to be dealt with beside the first:
// as long as effects take, and less than a sender waits.
func (r *receiver) bothUnderWay() time.Duration { return min(r.target.Meeting, r.patience()) }
