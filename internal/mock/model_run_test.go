package mock

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/d24conform/d24conform/internal/d24"
)

// TestIdempotencyIsThatOfTheModel has random clients create, retry, vary, hang up and
// come late, under every reading and among faults, and holds each answer and the number
// of objects against the model. No network is between them and the mock.
func TestIdempotencyIsThatOfTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { explore(t, "", t.Fatalf) })
}

// The model is worth something if it sees what is wrong: every mutant of idempotency.
func TestTheModelNoticesEveryMutantOfIdempotency(t *testing.T) {
	for _, mutant := range idempotencyMutants() {
		if mutant.Name == "check-then-insert-race" { // waits for what is on the way from a network
			continue
		}
		t.Run(mutant.Name, func(t *testing.T) {
			noticed := ""
			type found struct{}
			story := func(t *rapid.T) {
				if noticed != "" {
					return
				}
				defer func() {
					if p := recover(); p != nil && p != (found{}) {
						panic(p)
					}
				}()
				explore(t, mutant.Name, func(format string, args ...any) {
					noticed = fmt.Sprintf(format, args...)
					panic(found{})
				})
			}
			for range 20 { // a hundred stories each; the first hundred nearly always have it
				rapid.Check(t, story)
			}
			assert.NotEmpty(t, noticed)
			t.Log(noticed)
		})
	}
}

// A clients is everybody who talks to one mock: two merchants in each of two
// environments.
type clients struct {
	*rapid.T

	mock     *Mock
	now      time.Time
	places   [2]*place
	complain func(format string, args ...any)

	begun   chan struct{}  // a delay has begun
	open    chan time.Time // and ends
	waiting chan struct{}  // somebody waits for another's answer
	held    *pending       // what is being delayed
	past    []sent

	underWay sync.WaitGroup
}

// sent is an attempt and where it was made.
type sent struct {
	at *place
	attempt
}

// A place is one environment and what is known of it.
type place struct {
	model

	env       *environment
	merchants []d24.Credentials
	paid      [2]string // the ids of each merchant's paid deposit
}

// A pending request is under way.
type pending struct {
	attempt

	at      *place
	arrived time.Time
	kind    FaultKind // of its delay
	want    outcome   // known from the beginning where only the answer is delayed
	done    chan answered
	second  *pending // waits for this one
}

// explore plays one random story. complain is called at the first difference.
func explore(t *rapid.T, mutant string, complain func(format string, args ...any)) {
	readings := modelReadings{
		otherBodyIsRejected: rapid.Bool().Draw(t, "AMB-05 reject"),
		keysAreGlobal:       rapid.Bool().Draw(t, "AMB-06 global"),
		secondIsRejected:    rapid.Bool().Draw(t, "AMB-08 reject"),
		refusalsUseKeysUp:   rapid.Bool().Draw(t, "AMB-09 store-all"),
	}
	limits := IdempotencyLimits{Records: rapid.IntRange(1, 6).Draw(t, "records"), Lifetime: time.Hour}
	c := &clients{
		T: t, complain: complain, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
		begun: make(chan struct{}, 1), open: make(chan time.Time), waiting: make(chan struct{}, 1),
	}
	m, _, err := build(Options{
		Readings: readings.chosen(), Limits: limits, Mutant: mutant,
		After: func(time.Duration) <-chan time.Time {
			c.begun <- struct{}{}
			return c.open
		},
	}, func(r *rulebook) {
		wait := r.whileBusy
		r.whileBusy = func(call *call, key string, done <-chan struct{}) *answer {
			select {
			case c.waiting <- struct{}{}:
			default:
			}
			return wait(call, key, done)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	c.mock = m
	defer c.leave()
	for i, env := range []*environment{m.first, m.second} {
		c.places[i] = &place{model: model{modelReadings: readings, limits: limits, ids: map[string]bool{}}, env: env}
	}
	c.settleIn()
	t.Repeat(map[string]func(*rapid.T){
		"":          c.count,
		"send":      func(t *rapid.T) { c.send(t, c.anyPlace(t), c.anyAttempt(t)) },
		"retry":     c.retry,
		"and again": c.retry, // every other action makes repetitions rarer
		"hold":      c.hold,
		"meanwhile": c.meanwhile,
		"let go":    c.letGo,
		"arm":       c.arm,
		"wait":      c.wait,
		"pay":       c.pay,
		"look":      c.look,
		"pay out":   c.payOut,
		"from elsewhere": func(t *rapid.T) {
			p, a := c.anyPlace(t), c.anyAttempt(t)
			r := c.request(p, a)
			r.RemoteAddr = "192.0.2.1:1"
			c.check(p, refused(http.StatusUnauthorized, d24.CodeInvalidIP), p.serve(r), "from an unknown address", a)
		},
		"reset": func(t *rapid.T) {
			if c.held != nil || rapid.IntRange(0, 3).Draw(t, "rarely") > 0 {
				t.Skip()
			}
			c.mock.Admin().Reset()
			c.mock.SecondAdmin().Reset()
			c.past = nil
			c.settleIn()
		},
	})
}

// settleIn brings both environments to where the model begins.
func (c *clients) settleIn() {
	c.mock.Admin().FreezeClock(c.now)
	for i, p := range c.places {
		p.forget()
		other := d24.Credentials{
			Deposits: d24.DepositsCredentials{APIKey: "other", APISignature: "other-signature"},
			Cashouts: d24.CashoutsCredentials{APIKey: "other-login", APIPassphrase: "other-pass", APISignature: "other-cashouts"},
		}
		admin := []*Admin{c.mock.Admin(), c.mock.SecondAdmin()}[i]
		if err := admin.AddMerchant(other); err != nil {
			c.Fatal(err)
		}
		p.merchants = admin.Merchants()
		for merchant := range p.paid {
			body := fmt.Sprintf(`{"invoice_id":"paid","amount":%s,"country":"BR","currency":"BRL"}`, paidAmount)
			got := p.serve(c.signed(p, merchant, http.MethodPost, d24.PathDeposits, body))
			p.deposits++
			c.check(p, outcome{status: http.StatusCreated}, got, "the deposit to be paid", attempt{})
			ids := p.depositIDs()
			p.paid[merchant] = ids[len(ids)-1]
			if err := admin.ApproveDeposit(p.paid[merchant]); err != nil {
				c.Fatal(err)
			}
		}
	}
}

// leave ends what is under way.
func (c *clients) leave() {
	_ = c.mock.Close() // listens nowhere; ends the delay
	c.underWay.Wait()
}

// count holds what there is against the model.
func (c *clients) count(*rapid.T) {
	for i, admin := range []*Admin{c.mock.Admin(), c.mock.SecondAdmin()} {
		p := c.places[i]
		records, _ := p.env.state.Records()
		got := [...]int{admin.DepositCount(), admin.RefundCount(), admin.CashoutCount(), records, len(admin.InjectedFaults()), len(admin.PendingFaults())}
		want := [...]int{p.deposits, p.refunds, p.cashouts, len(p.records), p.struck, len(p.faults)}
		if got != want {
			c.complain("deposits, refunds, cashouts, records, faults that struck and that did not in %s: %v, and not %v", p.env.name, got, want)
		}
	}
}

// check complains unless the answer is as expected.
func (c *clients) check(p *place, want outcome, got answered, how string, a attempt) {
	if problem := p.differs(want, got); problem != "" {
		c.complain("%s in %s: %+v: %s, and not %s", how, p.env.name, a, problem, got)
	}
}

// The merchants' own environment and the first of them are drawn more often, so that
// keys meet.
func (c *clients) anyPlace(t *rapid.T) *place {
	return rapid.SampledFrom([]*place{c.places[0], c.places[0], c.places[0], c.places[1]}).Draw(t, "environment")
}

var anyKey = rapid.SampledFrom([]string{
	"", "k", "K", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430c9",
})

func (c *clients) anyAttempt(t *rapid.T) attempt {
	a := attempt{
		merchant: rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "merchant"),
		path:     rapid.SampledFrom([]string{d24.PathDeposits, d24.PathRefunds}).Draw(t, "path"),
		key:      anyKey.Draw(t, "key"),
		body:     rapid.SampledFrom(modelBodies).Draw(t, "body"),
	}
	if rapid.Bool().Draw(t, "meant for it") {
		a.body = map[string]string{d24.PathDeposits: bodyOneShot, d24.PathRefunds: bodyRefund}[a.path]
	}
	if rapid.IntRange(0, 4).Draw(t, "known") == 0 {
		a.flaw = rapid.SampledFrom(slices.Sorted(maps.Keys(flaws))).Draw(t, "flaw")
	}
	return a
}

// send sends an attempt to which the answer comes at once.
func (c *clients) send(t *rapid.T, p *place, a attempt) {
	if c.isBusy(p, a) {
		t.Skip("meanwhile is for it")
	}
	c.past = append(c.past, sent{p, a})
	done := c.serve(p, c.request(p, a))
	select {
	case got := <-done:
		c.check(p, p.send(a, c.now), got, "sent", a)
	case <-c.waiting:
		c.complain("%+v waits in %s, and nobody is at work under its key", a, p.env.name)
	}
}

// serve lets a request be answered while the story goes on.
func (c *clients) serve(p *place, r *http.Request) chan answered {
	done := make(chan answered, 1)
	c.underWay.Go(func() { done <- p.serve(r) })
	return done
}

// lately prefers what came last: it is what retries are about.
func lately[T any](t *rapid.T, list []T, label string) T {
	return list[len(list)-1-min(rapid.IntRange(0, 3).Draw(t, label+", back from the last"), len(list)-1)]
}

// retry sends again what was sent, or nearly.
func (c *clients) retry(t *rapid.T) {
	if len(c.past) == 0 {
		t.Skip()
	}
	last, other := lately(t, c.past, "attempt"), c.anyAttempt(t)
	p, a := last.at, last.attempt
	switch rapid.SampledFrom([]string{"nothing", "nothing", "nothing", "body", "path", "merchant", "key", "caller", "environment"}).Draw(t, "but for the") {
	case "body":
		a.body = other.body
	case "path":
		a.path = other.path
	case "merchant":
		a.merchant = 1 - a.merchant
	case "key":
		a.key = other.key
	case "caller":
		a.flaw = other.flaw
	case "environment":
		p = c.anyPlace(t)
	}
	c.send(t, p, a)
}

// hold sends an attempt that is delayed, either before its effect or before its answer.
func (c *clients) hold(t *rapid.T) {
	p, a := c.anyPlace(t), c.anyAttempt(t)
	a.flaw = ""
	if c.held != nil || len(p.faults) > 0 || a.key != "" && p.kept(a, c.now) != nil {
		t.Skip()
	}
	h := &pending{attempt: a, at: p, arrived: c.now}
	h.kind = rapid.SampledFrom([]FaultKind{FaultDelay, FaultDelayAnswer}).Draw(t, "kind")
	if _, err := p.env.faults.add(Fault{Kind: h.kind, DelayMS: 1, creations: true}); err != nil {
		t.Fatal(err)
	}
	h.done = c.serve(p, c.request(p, a))
	select {
	case <-c.begun:
	case got := <-h.done:
		c.complain("%+v was to be held, and was answered %s", a, got)
	}
	p.struck++
	c.past = append(c.past, sent{p, a})
	c.held = h
	if h.kind == FaultDelayAnswer {
		h.want = p.finish(h)
	}
}

// finish is the effect of an attempt that was held.
func (p *place) finish(h *pending) outcome {
	o := p.effect(h.attempt)
	if h.key == "" {
		return o
	}
	return p.settle(h.attempt, h.arrived, o)
}

// isBusy says whether somebody is at work under the attempt's key.
func (c *clients) isBusy(p *place, a attempt) bool {
	h := c.held
	return h != nil && h.at == p && h.kind == FaultDelay && h.key != "" && p.scope(h.attempt) == p.scope(a) &&
		(a.flaw == "" || p.refusalsUseKeysUp)
}

// meanwhile sends another request under the key that is busy. It waits, or gives up,
// or is turned away.
func (c *clients) meanwhile(t *rapid.T) {
	if c.held == nil {
		t.Skip()
	}
	p, a := c.held.at, c.anyAttempt(t)
	a.merchant, a.path, a.key = c.held.merchant, c.held.path, c.held.key
	if !c.isBusy(p, a) {
		t.Skip()
	}
	r := c.request(p, a)
	if p.secondIsRejected {
		got := p.serve(r)
		c.hadToWait(a, got)
		c.check(p, refused(http.StatusBadRequest, d24.CodeIdempotencyKeyUsed), got, "meanwhile", a)
		return
	}
	if rapid.Bool().Draw(t, "gives up") {
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		got := p.serve(r.WithContext(ctx))
		c.hadToWait(a, got)
		c.check(p, outcome{ending: dropped}, got, "gave up", a)
		return
	}
	if c.held.second != nil {
		t.Skip("one is enough")
	}
	c.held.second = &pending{attempt: a, at: p, arrived: c.now, done: c.serve(p, r)}
	select {
	case <-c.waiting:
	case got := <-c.held.second.done:
		c.complain("%+v was to wait, and was answered %s", a, got)
	}
}

// hadToWait wants an attempt that was answered to have met the one at work.
func (c *clients) hadToWait(a attempt, got answered) {
	select {
	case <-c.waiting:
	default:
		c.complain("%+v did not find its key busy, and was answered %s", a, got)
	}
}

// letGo ends the delay.
func (c *clients) letGo(t *rapid.T) {
	h := c.held
	if h == nil {
		t.Skip()
	}
	c.open <- time.Time{}
	got := <-h.done
	c.held = nil
	if h.kind == FaultDelay {
		h.want = h.at.finish(h)
	}
	second := h.second
	var after answered
	if second != nil {
		after = <-second.done
	}
	c.check(h.at, h.want, got, "held", h.attempt)
	if second != nil {
		c.check(h.at, h.at.send(second.attempt, second.arrived), after, "waited", second.attempt)
	}
}

// arm scripts a fault for the next creation.
func (c *clients) arm(t *rapid.T) {
	p := c.anyPlace(t)
	kind := rapid.SampledFrom([]FaultKind{FaultRespond500, FaultDropBefore, FaultDropAfterCommit, FaultHalfBody}).Draw(t, "kind")
	if _, err := p.env.faults.add(Fault{Kind: kind, creations: true}); err != nil {
		t.Fatal(err)
	}
	p.faults = append(p.faults, kind)
}

// wait lets time go by; an hour is what a record lives.
func (c *clients) wait(t *rapid.T) {
	c.now = c.now.Add(rapid.SampledFrom([]time.Duration{time.Second, time.Second, time.Minute, time.Minute, time.Hour, time.Hour + time.Second}).Draw(t, "for"))
	c.mock.Admin().FreezeClock(c.now)
}

// pay completes a deposit; its creation is still answered as it was.
func (c *clients) pay(t *rapid.T) {
	p := c.anyPlace(t)
	admin := map[bool]*Admin{true: c.mock.Admin(), false: c.mock.SecondAdmin()}[p == c.places[0]]
	_ = admin.ApproveDeposit(lately(t, p.depositIDs(), "deposit")) // it may be paid already
}

// look asks for a status under a key, which has no effect on either.
func (c *clients) look(t *rapid.T) {
	p, merchant := c.anyPlace(t), rapid.IntRange(0, 1).Draw(t, "merchant")
	r := c.signed(p, merchant, http.MethodGet, d24.PathDeposits+"/"+p.paid[merchant], "")
	if key := anyKey.Draw(t, "key"); key != "" {
		r.Header.Set(d24.HeaderIdempotencyKey, key)
	}
	if got := p.serve(r); got.status != http.StatusOK || !strings.Contains(string(got.body), `"status":"COMPLETED"`) {
		c.complain("the status of %s is %s", p.paid[merchant], got)
	}
}

// payOut makes a cashout under a key, which has no effect there: the external id has.
func (c *clients) payOut(t *rapid.T) {
	p, external := c.anyPlace(t), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "external id")
	keys := p.merchants[0].Cashouts
	body := fmt.Sprintf(`{"login":%q,"pass":%q,"external_id":%q,"country":"BR","currency":"BRL","amount":1,"document_id":"1",`+
		`"beneficiary_name":"M","notification_url":"https://merchant.example/"}`, keys.APIKey, keys.APIPassphrase, external)
	r := c.post(d24.PathCashout, body)
	r.Header.Set(d24.HeaderUserAgent, "model")
	r.Header.Set(d24.HeaderPayloadSignature, d24.NewKey(keys.APISignature).Payload([]byte(body)))
	r.Header.Set(d24.HeaderIdempotencyKey, "k")
	want := http.StatusOK
	if p.externals[external] {
		want = http.StatusPreconditionFailed
	} else {
		p.externals[external] = true
		p.cashouts++
	}
	if got := p.serve(r); got.status != want {
		c.complain("a cashout is answered %s, and not %d", got, want)
	}
}
