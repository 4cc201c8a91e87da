package mock

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// A Notification is one that the mock sends, as [Admin] lists it.
type Notification struct {
	ID       int                  `json:"id"`
	Kind     d24.NotificationKind `json:"kind"`
	Object   string               `json:"object"` // the id of the deposit, refund or cashout
	Status   string               `json:"status"` // what it tells of; the message itself does not say
	URL      string               `json:"url"`
	State    NotificationState    `json:"state"`
	Resends  int                  `json:"resends,omitempty"` // the id of the one that this one repeats by hand
	Created  time.Time            `json:"created"`
	Attempts []Attempt            `json:"attempts"`
}

// A NotificationState is where a notification stands.
type NotificationState string

// States of a notification.
const (
	NotificationSending   NotificationState = "sending"   // an attempt is under way
	NotificationWaiting   NotificationState = "waiting"   // for its next attempt
	NotificationDelivered NotificationState = "delivered" // the receiver has taken it
	NotificationGivenUp   NotificationState = "given-up"  // it has not, the last time either
	NotificationRefused   NotificationState = "refused"   // not sent: the receiver is elsewhere
)

// An Attempt is one delivery of a notification.
type Attempt struct {
	Time       time.Time `json:"time"`             // true time, which X-Date followed
	HTTPStatus int       `json:"status,omitempty"` // 0 when no answer came
	Error      string    `json:"error,omitempty"`  // why none came
	BodySHA256 string    `json:"body_sha256"`      // of what was sent, in hexadecimal digits
}

const (
	// maxNotifications bounds the list; the oldest that is over goes first. Each has
	// a kilobyte, and while it waits a goroutine.
	maxNotifications = 4096
	// firstGap is how long the second attempt waits; each one after it waits five
	// times as long: 5, 25, 125 and 625 minutes (deposits, "Notifications").
	firstGap  = 5 * time.Minute
	gapFactor = 5
	// maxWarned bounds the hosts that a refusal is told of once.
	maxWarned = 64
)

// An outbox sends an environment's notifications and repeats those that fail. Only its
// waiting is virtual: it asks after, and divides by scale what the documents say.
type outbox struct {
	rules   *rulebook
	now     func() time.Time // true time: receivers hold X-Date against their own clock
	after   func(time.Duration) <-chan time.Time
	scale   float64
	courier *courier
	log     *slog.Logger

	mu      sync.Mutex
	serial  int
	list    []*message
	warned  map[string]bool // hosts
	round   *round          // nil once the outbox is closed
	changed chan struct{}   // closed, and replaced, when anything changes
}

func newOutbox(rules *rulebook, courier *courier, m *Mock, scale float64) *outbox {
	return &outbox{
		rules: rules, now: m.clock.source, after: m.after, scale: scale, courier: courier, log: m.log,
		round: newRound(), changed: make(chan struct{}),
	}
}

// A round is all that is sent between two resets.
type round struct {
	ctx    context.Context //nolint:containedctx // it is the life of the goroutines that the round counts
	cancel context.CancelFunc
	group  sync.WaitGroup
}

func newRound() *round {
	ctx, cancel := context.WithCancel(context.Background())
	return &round{ctx: ctx, cancel: cancel}
}

// end cuts off what is under way and waits for it.
func (r *round) end() {
	r.cancel()
	r.group.Wait()
}

// A message is a notification and what it takes to send it.
type message struct {
	Notification

	merchant *merchant
	target   *url.URL
	body     []byte
	digest   string
	drop     context.CancelFunc // of a message that has to make room
	gap      time.Duration      // that it waits, or waited last
	ahead    time.Duration      // how far its time was moved, by [outbox.hasten]
	due      chan struct{}      // closed when it need not wait any longer
}

// add takes a notification in and begins to send it. It never waits.
func (o *outbox) add(n Notification, m *merchant, body []byte, copies int) (Notification, error) {
	sum := sha256.Sum256(body)
	msg := &message{Notification: n, merchant: m, body: body, digest: hex.EncodeToString(sum[:]), drop: func() {}}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.round == nil {
		return n, fmt.Errorf("notification: the mock is closing")
	}
	o.serial++
	msg.ID, msg.Created, msg.State = o.serial, o.now(), NotificationSending
	o.makeRoom()
	o.list = append(o.list, msg)
	defer o.tell()
	target, err := url.Parse(n.URL)
	if err != nil || !o.courier.allows(target.Hostname()) {
		o.refuse(msg, target)
		return msg.Notification, nil
	}
	msg.target = target
	var ctx context.Context
	ctx, msg.drop = context.WithCancel(o.round.ctx)
	o.round.group.Go(func() { o.send(ctx, msg) })
	for range copies - 1 {
		o.round.group.Go(func() { o.attempt(ctx, msg) })
	}
	return msg.Notification, nil
}

// refuse enters that a notification was not sent, and says so the first time that a
// host is met.
func (o *outbox) refuse(msg *message, target *url.URL) {
	msg.State = NotificationRefused
	host := "an address that cannot be read"
	if target != nil {
		host = target.Hostname()
	}
	if len(o.warned) < maxWarned && !o.warned[host] {
		o.warned[host] = true
		o.log.Warn("notifications are not sent there: it is not on this machine and not allowed", "host", host)
	}
}

// makeRoom drops the oldest message that is over, or for want of one the oldest.
func (o *outbox) makeRoom() {
	if len(o.list) < maxNotifications {
		return
	}
	i := max(slices.IndexFunc(o.list, (*message).over), 0)
	o.list[i].drop()
	o.list = slices.Delete(o.list, i, i+1)
}

func (msg *message) over() bool {
	return msg.State != NotificationSending && msg.State != NotificationWaiting
}

// send delivers a message, and again after each gap until the receiver takes it.
func (o *outbox) send(ctx context.Context, msg *message) {
	for repeat := 1; ; repeat++ {
		status, ok := o.attempt(ctx, msg)
		switch {
		case !ok:
			return
		case o.rules.notificationTaken(msg.Kind, status):
			o.set(msg, NotificationDelivered)
			return
		case repeat > o.rules.notificationRepeats:
			o.set(msg, NotificationGivenUp)
			return
		}
		gap := o.rules.notificationGap(repeat)
		select {
		case <-o.after(time.Duration(float64(gap) / o.scale)):
		case <-o.wait(msg, gap):
			continue // who hastened it has set its state
		case <-ctx.Done():
			return
		}
		o.set(msg, NotificationSending)
	}
}

// wait enters that a message waits; what it returns is closed when somebody cannot.
func (o *outbox) wait(msg *message, gap time.Duration) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	msg.State, msg.gap, msg.due = NotificationWaiting, gap, make(chan struct{})
	o.tell()
	return msg.due
}

// hasten ends the waiting of the oldest message for a receiver that waits, when none is
// being sent there, and returns what it would have waited. It is dated as if it had.
func (o *outbox) hasten(ctx context.Context, to string) (time.Duration, error) {
	for {
		gap, changed := o.hastenNow(to)
		if changed == nil {
			return gap, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// hastenNow returns what tells of the end of what is being sent, if anything is.
func (o *outbox) hastenNow(to string) (time.Duration, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	in := func(state NotificationState) func(*message) bool {
		return func(msg *message) bool { return msg.URL == to && msg.State == state }
	}
	if slices.ContainsFunc(o.list, in(NotificationSending)) {
		return 0, o.changed
	}
	i := slices.IndexFunc(o.list, in(NotificationWaiting))
	if i < 0 {
		return 0, nil
	}
	msg := o.list[i]
	msg.State, msg.ahead = NotificationSending, msg.ahead+msg.gap
	close(msg.due)
	o.tell()
	return msg.gap, nil
}

// attempt delivers a message once and enters what came of it. It is not ok when the
// outbox let go of the message meanwhile.
func (o *outbox) attempt(ctx context.Context, msg *message) (status int, ok bool) {
	select {
	case o.courier.places <- struct{}{}:
		defer func() { <-o.courier.places }()
	case <-ctx.Done():
		return 0, false
	}
	// Dated when there is a place for it, not when it was its turn.
	entry := Attempt{Time: o.now().Add(msg.ahead), BodySHA256: msg.digest}
	header := http.Header{"User-Agent": {serverName}, "Content-Type": {d24.ContentTypeJSON}}
	if msg.Kind == d24.CashoutNotification {
		header["Content-Type"] = []string{d24.ContentTypeForm}
		o.rules.signCashoutNotification(msg.merchant, msg.body, header)
	} else {
		o.rules.signNotification(msg.merchant, msg.Created, entry.Time, msg.body, header)
	}
	status, err := o.courier.deliver(ctx, msg.target, header, msg.body)
	if ctx.Err() != nil {
		return 0, false
	}
	if entry.HTTPStatus = status; err != nil {
		entry.Error = err.Error()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	msg.Attempts = append(msg.Attempts, entry)
	o.tell()
	return status, true
}

func (o *outbox) set(msg *message, state NotificationState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	msg.State = state
	o.tell()
}

// tell wakes whoever waits for a change.
func (o *outbox) tell() {
	close(o.changed)
	o.changed = make(chan struct{})
}

// notifications lists them, oldest first, and what is closed when that changes.
func (o *outbox) notifications() ([]Notification, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := make([]Notification, len(o.list))
	for i, msg := range o.list {
		list[i] = msg.Notification
		list[i].Attempts = append([]Attempt{}, msg.Attempts...)
	}
	return list, o.changed
}

// resend sends a notification once more, as a new one.
func (o *outbox) resend(id int) (Notification, error) {
	o.mu.Lock()
	i := slices.IndexFunc(o.list, func(msg *message) bool { return msg.ID == id })
	if i < 0 {
		o.mu.Unlock()
		return Notification{}, fmt.Errorf("notification %d: %w", id, ErrNotFound)
	}
	msg := o.list[i]
	o.mu.Unlock()
	return o.add(Notification{Kind: msg.Kind, Object: msg.Object, Status: msg.Status, URL: msg.URL, Resends: id}, msg.merchant, msg.body, 1)
}

// reset forgets everything. When it returns, nothing from before is sent any more.
func (o *outbox) reset() { o.begin(newRound()) }

// close is a reset after which nothing begins.
func (o *outbox) close() { o.begin(nil) }

func (o *outbox) begin(next *round) {
	o.mu.Lock()
	last := o.round
	if last == nil { // closed
		next = nil
	}
	o.round, o.list, o.warned = next, nil, make(map[string]bool)
	o.tell()
	o.mu.Unlock()
	if last != nil {
		last.end()
	}
}
