package steps

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/target"
)

// releases asks the observer about objects, of a receiver that runs.
func (r *receiver) releases(ctx context.Context, objects []*object, enough func(o *object, n int) bool) ([]int, error) {
	if r.target.Observer == nil {
		return nil, errUnobserved()
	}
	if err := r.alive(r.target.Revive(ctx)); err != nil {
		return nil, err
	}
	asked := make([]target.Object, len(objects))
	for i, o := range objects {
		asked[i] = target.ObjectOf(o.about)
	}
	var met func(i, n int) bool
	if enough != nil {
		met = func(i, n int) bool { return enough(objects[i], n) }
	}
	numbers, err := r.target.Observer.Await(ctx, asked, met)
	if err != nil {
		return nil, held(judge.Finding{Outcome: judge.Unclear, Expected: "an observer that tells a number", Seen: err.Error(), Exchanges: r.log})
	}
	waited := r.patience()
	if enough != nil {
		waited = r.settle()
	}
	for i, n := range numbers {
		r.suite.late.enter(asked[i], lastLook{r.scenario, n, waited})
		if n > 0 {
			r.suite.first.released(objects[i].about)
			r.suite.seen.enter(objects[i].about.Kind)
		}
	}
	return numbers, nil
}

func errUnobserved() error {
	return &missing{"what the receiver releases is not seen: give --observer, a URL or a command that tells"}
}

// countBefore notes what was released before what is judged.
func (r *receiver) countBefore(ctx context.Context) error {
	numbers, err := r.releases(ctx, r.objects, func(*object, int) bool { return true })
	for i, n := range numbers {
		r.objects[i].before = n
	}
	return err
}

func some(_ *object, n int) bool { return n > 0 }

// --- does the receiver release anything? ------------------------------------------------

// A effectsSeen says of which kinds the run has seen a release.
type effectsSeen struct {
	mu    sync.Mutex
	kinds map[d24.NotificationKind]bool
	trial sync.Mutex // one trial at a time
	tried map[d24.NotificationKind]bool
}

func (s *effectsSeen) enter(kind d24.NotificationKind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kinds == nil {
		s.kinds = map[d24.NotificationKind]bool{}
	}
	s.kinds[kind] = true
}

func (s *effectsSeen) of(kind d24.NotificationKind) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kinds[kind]
}

// shows says whether the receiver has ever released something of a kind. Where it has not
// yet, one new object is notified until it is taken, once in a run.
func (r *receiver) shows(ctx context.Context, kind d24.NotificationKind) (bool, error) {
	s := &r.suite.seen
	s.trial.Lock()
	defer s.trial.Unlock()
	if s.of(kind) || s.tried[kind] {
		return s.of(kind), nil
	}
	o, err := r.create(ctx, kind, target.IsCompleted)
	if err != nil {
		return false, err
	}
	if err := r.overSchedule(ctx, []*object{o}, func(o *object) bool { return o.taken }); err != nil {
		return false, err
	}
	if _, err = r.releases(ctx, []*object{o}, some); err != nil {
		return false, err
	}
	if s.tried == nil {
		s.tried = map[d24.NotificationKind]bool{}
	}
	s.tried[kind] = true
	return s.of(kind), nil
}

// tells wants that effects of a kind are seen. An observer need not know refunds: what is
// not seen of them is noted, and no rule lacks it.
func (r *receiver) tells(ctx context.Context, kind d24.NotificationKind) error {
	if r.target.Observer == nil {
		return errUnobserved()
	}
	if kind != d24.RefundNotification {
		return nil
	}
	ok, err := r.shows(ctx, kind)
	if ok {
		return err
	}
	reason := "the observer tells nothing of refunds, whose kind is refund"
	if found, is := asJudged(err); is {
		reason += ": " + found.Seen
	} else if err != nil {
		return err
	}
	return &noted{reason}
}

// unreleased is how a scenario ends whose control has no effect: not tested where nothing of
// the kind was ever released, else inconclusive.
func (r *receiver) unreleased(ctx context.Context, o *object) error {
	ok, err := r.shows(ctx, o.about.Kind)
	if err != nil {
		return err
	}
	if !ok {
		return errNeverReleases(o.about.Kind)
	}
	return held(judge.Finding{
		Outcome: judge.Unclear, Expected: "a valid notification that has its effect",
		Seen: "no effect; it was answered by " + judge.Describe(o.last()), Exchanges: o.log,
	})
}

func errNeverReleases(kind d24.NotificationKind) error {
	return &missing{fmt.Sprintf("in this run the receiver has not released a single %s. If it releases only orders that it knows, let it "+
		"know them with --prepare; else see whether the observer counts what it should", kind)}
}

func (o *object) last() *exchange.Exchange {
	if len(o.log) == 0 {
		return nil
	}
	return o.log[len(o.log)-1]
}

// control has the receiver release what it has to.
func (r *receiver) control(ctx context.Context, deposit, refund, cashout string) error {
	kind := d24.NotificationKind(deposit + refund + cashout) // two of them did not match
	if err := r.tells(ctx, kind); err != nil {
		return err
	}
	o, err := r.create(ctx, kind, target.IsCompleted)
	if err != nil {
		return err
	}
	if _, err := r.deliver(ctx, o, partControl, nil); err != nil {
		return err
	}
	return r.believable(ctx, o)
}

// believable wants that what was notified rightly has been released.
func (r *receiver) believable(ctx context.Context, o *object) error {
	numbers, err := r.releases(ctx, []*object{o}, some)
	if err != nil || numbers[0] > 0 {
		return err
	}
	return r.unreleased(ctx, o)
}

// --- what must not be released ----------------------------------------------------------

// none wants that nothing was released by what is judged.
func (r *receiver) none(ctx context.Context, _ string) error {
	numbers, err := r.releases(ctx, r.objects, nil)
	if err != nil {
		return err
	}
	return r.blamed(ctx, r.unchanged(numbers))
}

// blamed is what was found, unless the receiver releases without any notification at all:
// then what it releases proves nothing.
func (r *receiver) blamed(ctx context.Context, broken error) error {
	if broken == nil {
		return nil
	}
	if asks, err := r.asksByItself(ctx); err != nil || asks != nil {
		return cmpError(err, asks)
	}
	return broken
}

// unchanged wants that no number has grown.
func (r *receiver) unchanged(numbers []int) error {
	var grown []int
	for i, n := range numbers {
		if n > r.objects[i].before {
			grown = append(grown, i)
		}
	}
	if len(grown) == 0 {
		return nil
	}
	o := r.objects[grown[0]]
	expected := "no " + o.effect()
	if o.before > 0 {
		expected = "no other " + o.effect()
	}
	return r.brokenBy(o, expected, numbers[grown[0]], r.others(grown[1:]))
}

// others names more objects that failed as the first did.
func (r *receiver) others(at []int) string {
	if len(at) == 0 {
		return ""
	}
	var names []string
	for _, i := range at {
		if r.objects[i].marked != "" {
			names = append(names, r.objects[i].marked)
		}
	}
	if len(names) == 0 {
		return fmt.Sprintf("; and %d more", len(at))
	}
	return "; and one " + strings.Join(names, "; one ")
}

// noEffect wants that no faulty notification had an effect, and that a valid one has: then
// it was the one fault that kept it. A release that comes without any notification at all
// proves nothing: the receiver asks by itself.
func (r *receiver) noEffect(ctx context.Context) error {
	numbers, err := r.releases(ctx, r.objects, nil)
	if err != nil {
		return err
	}
	if broken := r.unchanged(numbers); broken != nil {
		return r.blamed(ctx, broken)
	}
	return r.validHasEffect(ctx)
}

func cmpError(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// asksByItself notes that something was released which the receiver was not notified of. It
// may ask more seldom than effects take to show, so it is given ten times as long.
func (r *receiver) asksByItself(ctx context.Context) (asks, err error) {
	if len(r.quiet) == 0 {
		return nil, nil
	}
	for waited := time.Duration(0); ; waited += max(r.patience(), leastWait) {
		numbers, err := r.releases(ctx, r.quiet, nil)
		if err != nil {
			return nil, err
		}
		for i, o := range r.quiet {
			if numbers[i] > o.before {
				return &noted{fmt.Sprintf("%s %s was released without any notification of it: this receiver asks for the status by itself, so "+
					"what it releases here tells nothing of notifications", o.about.Kind, o.about.ID)}, nil
			}
		}
		if patience := max(10*r.patience(), askingAtLeast); r.settle() == 0 || waited >= patience {
			return nil, nil
		}
	}
}

// askingAtLeast is how long a receiver that asks by itself may take for its round, however
// soon effects show.
const (
	askingAtLeast = 5 * time.Second
	leastWait     = 50 * time.Millisecond // between two looks of an observer
)

// validHasEffect delivers a valid notification of every object that was not released before.
func (r *receiver) validHasEffect(ctx context.Context) error {
	var open []*object
	for _, o := range r.objects {
		if o.before > 0 {
			continue
		}
		open = append(open, o)
		if _, err := r.deliver(ctx, o, partControl, nil); err != nil {
			return err
		}
	}
	numbers, err := r.releases(ctx, open, some)
	if err != nil {
		return err
	}
	at := slices.Index(numbers, 0)
	if at < 0 {
		return nil
	}
	return r.lost(ctx, open[at])
}

// lost is how a scenario ends whose control has no effect on what was notified before. Where
// something new has its effect, that is what another rule is about (NOTIF-08), and noted.
func (r *receiver) lost(ctx context.Context, o *object) error {
	fresh, err := r.create(ctx, o.about.Kind, target.IsCompleted)
	if err != nil {
		return err
	}
	if _, err := r.deliver(ctx, fresh, partControl, nil); err != nil {
		return err
	}
	if err := r.believable(ctx, fresh); err != nil {
		return err
	}
	return &noted{fmt.Sprintf("%s %s was not released by the valid notifications of it, and %s, of which the receiver had not heard before, was: see NOTIF-08",
		o.about.Kind, o.about.ID, fresh.about.ID)}
}

// --- what has to be released ------------------------------------------------------------

func (r *receiver) released(ctx context.Context) error {
	numbers, err := r.releases(ctx, r.objects, some)
	if err != nil {
		return err
	}
	var missed []int
	for i, n := range numbers {
		if n == 0 {
			missed = append(missed, i)
		}
	}
	if len(missed) == 0 {
		return nil
	}
	o := r.objects[missed[0]]
	if ok, err := r.shows(ctx, o.about.Kind); err != nil || !ok {
		return cmpError(err, errNeverReleases(o.about.Kind))
	}
	return r.brokenBy(o, "a "+o.effect(), 0, r.others(missed[1:]))
}

// exactlyOnce judges what came beyond the first; that there is a first is the control.
func (r *receiver) exactlyOnce(ctx context.Context) error {
	if _, err := r.releases(ctx, r.objects, some); err != nil {
		return err
	}
	numbers, err := r.releases(ctx, r.objects, nil)
	if err != nil {
		return err
	}
	var more []int
	for i, n := range numbers {
		if n > 1 {
			more = append(more, i)
		}
	}
	if len(more) > 0 {
		o := r.objects[more[0]]
		return r.brokenBy(o, "one "+o.effect(), numbers[more[0]], r.others(more[1:]))
	}
	for i, n := range numbers {
		if n > 0 {
			continue
		}
		// That one is lost is another rule's business (NOTIF-08), if this receiver releases any.
		o := r.objects[i]
		if _, err := r.deliver(ctx, o, partControl, nil); err != nil {
			return err
		}
		now, err := r.releases(ctx, []*object{o}, some)
		switch {
		case err != nil:
			return err
		case now[0] == 0:
			return r.lost(ctx, o)
		}
	}
	return nil
}

func (o *object) effect() string {
	text := map[d24.NotificationKind]string{
		d24.DepositNotification: "release of deposit ", d24.RefundNotification: "booking of refund ", d24.CashoutNotification: "mark as paid of cashout ",
	}[o.about.Kind] + o.about.ID
	if o.marked != "" {
		text += ", " + o.marked
	}
	return text
}

func (r *receiver) brokenBy(o *object, expected string, releases int, others string) error {
	r.failed = o
	seen := strconv.Itoa(releases)
	if releases == 0 {
		seen = "none"
	}
	var answers []string
	for _, e := range o.log {
		if text := judge.Describe(e); !slices.Contains(answers, text) {
			answers = append(answers, text)
		}
	}
	return &judged{judge.Finding{
		Outcome: judge.Broken, Expected: expected, Seen: fmt.Sprintf("%s; answers: %s%s", seen, strings.Join(answers, ", "), others), Exchanges: o.log,
	}}
}
