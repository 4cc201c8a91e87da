package target

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
)

// Driven is a client that does what it is told, by way of an adapter, against a mock in
// this process. Situations come one after the other: they change the mock for everybody.
type Driven struct {
	Adapter  *Adapter
	Mock     *mock.Mock
	Orders   *merchant.Orders
	Products []rules.Product // that it works with; nil = both
	Log      *exchange.Log   // what the mock saw of the client goes here
	// Restart kills the adapter and starts it again, with a hello; nil = that cannot be done.
	Restart func(ctx context.Context) (*Adapter, error)
	// Now and Sleep are the clock that the client lives by; nil = real time.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error

	provider *Server
	own      *merchant.Client // makes on the mock what operations need; it lives by the mock's clock
	agenda   []Situation      // all that the run is about
	known    map[Situation]outcome
	meeting  string    // what is unusual about the server at the moment, for the log
	first    time.Time // when the client was first asked for something that is dated
	earliest judge.Operation
}

// NewDriven prepares to drive a client.
func NewDriven(d Driven) (*Driven, error) {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Sleep == nil {
		d.Sleep = Sleep
	}
	provider, err := NewServer(FromMock(d.Mock, nil))
	if err != nil {
		return nil, err
	}
	d.provider, d.known = provider, map[Situation]outcome{}
	d.own, err = provider.ClientFrom(func(o *merchant.Options) { o.Now = d.Mock.Admin().Now })
	return &d, err
}

// Secrets are the credentials that the client was given, by their names.
func (d *Driven) Secrets() map[string]string { return d.provider.Secrets() }

// Close lets go of what was opened beside the adapter and the mock.
func (d *Driven) Close() {
	d.own.Close()
	d.provider.Close()
}

// Expect is told what the run is about.
func (d *Driven) Expect(situations []Situation) { d.agenda = situations }

// Exercise brings a situation about, once: a scenario that asks for it again gets the same
// traffic.
func (d *Driven) Exercise(ctx context.Context, s Situation) (Traffic, error) {
	if known, ok := d.known[s]; ok {
		return known.traffic, known.err
	}
	t, err := d.bringAbout(ctx, s)
	if err == nil && len(t.Operations) == 0 && len(t.Beliefs) == 0 && s.Certificate == "" {
		err = &UnexercisedError{"the client offers nothing of the kind: its adapter lists " + d.offers()}
	}
	if err == nil || isUnexercised(err) {
		d.known[s] = outcome{t, err}
	}
	return t, err
}

// An outcome is what came of a situation.
type outcome struct {
	traffic Traffic
	err     error // an [UnexercisedError], or nil
}

func (d *Driven) bringAbout(ctx context.Context, s Situation) (Traffic, error) {
	switch {
	case s.Certificate != "":
		return d.mistrusted(ctx, s)
	case s.HTTP1:
		return d.overHTTP1(ctx, s)
	case s.Trouble == Killed:
		return d.killed(ctx, s)
	}
	switch s.Does { //nolint:exhaustive // the others are one operation each
	case WorksWithDeposits:
		return d.everything(ctx, s.Does, d.workWithDeposits)
	case WorksWithCashouts:
		return d.everything(ctx, s.Does, d.workWithCashouts)
	case Works:
		return d.both(ctx)
	case WorksOn:
		return d.workOn(ctx)
	case SignsDeposits:
		return d.sign(ctx, OpSignDeposit)
	case SignsCashouts:
		return d.sign(ctx, OpSignCashout)
	case VerifiesDeposits, VerifiesCashouts:
		return d.verify(ctx, s.Does)
	}
	return d.once(ctx, s)
}

func (d *Driven) offers() string {
	if len(d.Adapter.Ops) == 0 {
		return "no operations"
	}
	names := make([]string, len(d.Adapter.Ops))
	for i, op := range d.Adapter.Ops {
		names[i] = clip(string(op))
	}
	return strings.Join(names, ", ")
}

// both is the work with both products.
func (d *Driven) both(ctx context.Context) (Traffic, error) {
	var all Traffic
	for i, does := range []Activity{WorksWithDeposits, WorksWithCashouts} {
		if d.Products != nil && !slices.Contains(d.Products, rules.Products()[i]) {
			continue
		}
		t, err := d.Exercise(ctx, Situation{Does: does})
		if err != nil && !isUnexercised(err) {
			return all, err
		}
		all.add(t)
	}
	return all, nil
}

// longEnough is more than an X-Date may be old: after it, a date that was taken only
// once is a date that is refused.
const longEnough = 6 * time.Second

// workOn has a client that has been running for a while do one thing more.
func (d *Driven) workOn(ctx context.Context) (Traffic, error) {
	var t Traffic
	activities := []Activity{CreatesDeposit, AsksDeposit, CreatesRefund}
	does := activities[max(0, slices.IndexFunc(activities, func(a Activity) bool { return d.Adapter.Offers(operationOf(a)) }))]
	if d.first.IsZero() {
		before, err := d.once(ctx, Situation{Does: does})
		if err != nil {
			return t, err
		}
		t.add(before)
	} else {
		t.Operations = append(t.Operations, d.earliest)
	}
	if err := d.Sleep(ctx, longEnough-d.Now().Sub(d.first)); err != nil {
		return t, err
	}
	after, err := d.once(ctx, Situation{Does: does})
	t.add(after)
	return t, err
}

// once has the client do one thing, in whatever trouble.
func (d *Driven) once(ctx context.Context, s Situation) (Traffic, error) {
	var t Traffic
	op := operationOf(s.Does)
	if op == "" {
		return t, fmt.Errorf("nobody knows what it is for a client that it %q", s.Does)
	}
	if !d.Adapter.Offers(op) {
		return t, &UnexercisedError{fmt.Sprintf("the adapter does not list the operation %s", op)}
	}
	admin := d.Mock.Admin()
	if from := s.Trouble.ids(); from > 0 {
		defer admin.IDsFrom(from)()
	}
	fields, err := d.fieldsFor(ctx, s)
	if err != nil {
		return t, err
	}
	for _, fault := range s.Trouble.faults() {
		if fault.DelayMS == lostAfter && !slices.Contains([]Activity{CreatesDeposit, CreatesRefund}, s.Does) {
			fault.DelayMS = 0 // no rule is about the date of such a retry
		}
		if _, err := admin.AddFault(fault); err != nil {
			return t, err
		}
	}
	defer admin.ClearFaults()
	done, err := d.carryOut(ctx, &t, op, fields)
	switch {
	case err != nil:
		return t, err
	case len(t.Operations) == 0:
		return t, &UnexercisedError{fmt.Sprintf("the client says that it does not support %s", op)}
	case len(done) == 0:
		return t, &UnexercisedError{fmt.Sprintf("the client sent nothing when it was asked for %s%s", op, t.Replies[0].because())}
	case len(admin.PendingFaults()) > 0:
		return t, &UnexercisedError{"the trouble did not come about, since the request was not accepted: " + judge.Describe(done[0])}
	}
	return t, nil
}

// overHTTP1 is the same with a server that speaks HTTP/1.1 only. What the client has sent
// over that anyway need not be sent again.
func (d *Driven) overHTTP1(ctx context.Context, s Situation) (t Traffic, err error) {
	s.HTTP1 = false
	usual, err := d.Exercise(ctx, s)
	if err != nil || overHTTP1(usual.Operations) {
		return usual, err
	}
	if err := d.Mock.SpeakHTTP1(true); err != nil {
		return t, err
	}
	d.own.Close()
	d.meeting = " over HTTP/1.1"
	t, err = d.bringAbout(ctx, s)
	d.meeting = ""
	if back := d.Mock.SpeakHTTP1(false); err == nil {
		err = back
	}
	d.own.Close() // its connections have ended; it opens others
	return t, err
}

// overHTTP1 says whether operations came over HTTP/1.1.
func overHTTP1(operations []judge.Operation) bool {
	return !slices.ContainsFunc(slices.Concat(operations...), func(e *exchange.Exchange) bool { return !strings.HasPrefix(e.Request.Proto, "HTTP/1") })
}

// because is what the client says for itself.
func (r Reply) because() string {
	if r.GaveUp == "" {
		return ""
	}
	return ": it says " + clip(r.GaveUp)
}

// mistrusted has the client connect to a server that shows a bad certificate, and to one
// that shows a good one: who trusts nobody proves nothing.
func (d *Driven) mistrusted(ctx context.Context, s Situation) (t Traffic, err error) {
	op := operationOf(s.Does)
	if !d.Adapter.Offers(op) {
		return t, &UnexercisedError{fmt.Sprintf("the adapter does not list the operation %s", op)}
	}
	fields, err := d.fieldsFor(ctx, s)
	if err != nil {
		return t, err
	}
	if err := d.Mock.Present(s.Certificate.shown()); err != nil {
		return t, err
	}
	before := d.Mock.Handshakes()
	d.meeting = " to a server whose certificate " + string(s.Certificate)
	_, err = d.carryOut(ctx, &t, op, fields)
	d.meeting = ""
	t.Handshakes = d.Mock.Handshakes() - before
	if back := d.Mock.Present(mock.GoodCertificate); err == nil {
		err = back
	}
	d.own.Close() // its connections have ended; it opens others
	if err != nil {
		return t, err
	}
	unsupported := len(t.Replies) == 0
	t.Operations = slices.DeleteFunc(t.Operations, func(o judge.Operation) bool { return len(o) == 0 })
	if unsupported {
		return t, &UnexercisedError{fmt.Sprintf("the client says that it does not support %s", op)}
	}
	control, err := d.Exercise(ctx, Situation{Does: s.Does})
	t.Control = control.Operations
	if isUnexercised(err) {
		err = nil
	}
	return t, err
}

// createdIn is the id of what an operation made, as the server told it; empty when it
// made nothing.
func createdIn(o judge.Operation) string {
	for _, e := range slices.Backward(o) {
		if id := judge.Read(e).ObjectID; id != "" {
			return id
		}
	}
	return ""
}

// AnotherAttempt stands before the number in the label of what nobody asked for once more:
// a client's retry of one operation, a delivery that a receiver's answer made necessary.
const AnotherAttempt = ", attempt "

// carryOut has the client do one thing, and adds what arrived meanwhile to the traffic
// and to the log.
func (d *Driven) carryOut(ctx context.Context, t *Traffic, op Op, fields map[string]any) (judge.Operation, error) {
	if !d.Adapter.Offers(op) {
		return nil, nil
	}
	admin := d.Mock.Admin()
	before, made := admin.Arrived(), d.made()
	reply, err := d.Adapter.Do(ctx, op, fields)
	if err != nil {
		return nil, err
	}
	if err := admin.Settle(ctx); err != nil {
		return nil, err
	}
	o := judge.Operation(admin.ExchangesAfter(before))
	slices.SortStableFunc(o, func(a, b *exchange.Exchange) int { return a.Started.Compare(b.Started) })
	for i, e := range o {
		e.Label = string(op) + d.meeting
		if i > 0 {
			e.Label += AnotherAttempt + strconv.Itoa(i+1)
		}
		d.Log.Add(e)
	}
	if reply.Unsupported && len(o) == 0 {
		return nil, nil
	}
	if d.first.IsZero() && len(o) > 0 && slices.Contains([]Op{OpCreateDeposit, OpDepositStatus, OpCreateRefund, OpRefundStatus}, op) {
		d.first, d.earliest = d.Now(), o
	}
	t.Operations, t.Replies = append(t.Operations, o), append(t.Replies, reply)
	t.Asked = append(t.Asked, Asked{lineOf(op, fields), o})
	for i, what := range []Op{OpCreateDeposit, OpCreateRefund, OpCreateCashout} {
		if op == what {
			t.count(judge.Count{What: madeBy(op), Orders: 1, Made: d.made()[i] - made[i]})
		}
	}
	return o, nil
}

// made is how many deposits, refunds and cashouts there are.
func (d *Driven) made() [3]int {
	admin := d.Mock.Admin()
	return [3]int{admin.DepositCount(), admin.RefundCount(), admin.CashoutCount()}
}

func madeBy(op Op) string {
	return map[Op]string{OpCreateDeposit: judge.Deposits, OpCreateRefund: judge.Refunds, OpCreateCashout: judge.Cashouts}[op]
}

// count adds to what the server has made.
func (t *Traffic) count(more judge.Count) {
	for i := range t.Made {
		if t.Made[i].What == more.What {
			t.Made[i].Orders += more.Orders
			t.Made[i].Made += more.Made
			return
		}
	}
	t.Made = append(t.Made, more)
}

// lineOf is an operation as the adapter reads it, but for its id.
func lineOf(op Op, fields map[string]any) string {
	line := map[string]any{"op": op}
	maps.Copy(line, fields)
	text, _ := json.Marshal(line) //nolint:errchkjson // our own types can be encoded
	return string(text)
}
