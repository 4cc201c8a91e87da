package load

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/sync/errgroup"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/machine"
	"github.com/d24conform/d24conform/internal/merchant"
)

// Options are what a run needs beside its profile and its target.
type Options struct {
	Profile *Profile
	Target  Target
	Gate    []Threshold // beside those of the profile
	HTTP2   bool
	Run     string    // short and unique; part of every id
	Secret  [2]uint64 // of chance: what idempotency keys are made of
	Journal string    // path of the file to write; of several runs it holds the last
	Rounds  int       // of the same; 0 is one
	Compare *Results  // an earlier run; nil = none
	Metrics *Metrics  // to show what goes on; nil = nobody
	// Tell is called with a line after each round and each step of a search; nil = never.
	Tell func(string)
	// Ticks is when the run looks at itself: Progress is called, and a profile that says so
	// ends the run whose verdict is settled; nil = never. Progress must be quick.
	Ticks    <-chan time.Time
	Progress func(Snapshot)
	Sleep    func(ctx context.Context, d time.Duration) // nil = as long as it says
	CPU      func() machine.Ticks                       // of this machine until now; nil = machine.Now
}

// An EnvironmentError is a run that could not begin: the target cannot be reached, or
// refuses everything.
type EnvironmentError struct {
	What string
	Err  error // may be nil
}

func (e *EnvironmentError) Error() string {
	if e.Err == nil {
		return e.What
	}
	return e.What + ": " + e.Err.Error()
}

func (e *EnvironmentError) Unwrap() error { return e.Err }

// An engine is one run.
type engine struct {
	Options

	schedule *Schedule
	source   *source
	manager  *manager
	feeder   *feeder
	pacer    *pacer
	journal  *journal
	live     *live
	abort    context.CancelCauseFunc // ends the attack
	lanes    []*lane
	counters []*counter
	free     chan *lane
	opened   atomic.Int64  // connections, from the beginning
	warm     int64         // of these before the first request
	due      atomic.Uint64 // requests until the end, or until the run was interrupted
	before   counts
	struck   map[string]int // faults before the run
	// noRefunds says that the profile's were left out.
	noRefunds bool
	funds     d24.Amount
}

// Run does what the profile says and judges what came of it. When ctx ends early, or the
// run is to end as soon as its verdict is settled, what was done until then is judged,
// and marked partial.
func Run(ctx context.Context, opts Options) (*Results, error) {
	p := opts.Profile
	r, err := repeat(ctx, opts, func(ctx context.Context, opts Options) (*Results, error) {
		if p.Find != nil {
			return find(ctx, opts, once)
		}
		return once(ctx, opts)
	})
	if err != nil {
		return nil, err
	}
	if stolen := r.Generator.Stolen; stolen >= stolenShare {
		r.Notes = append(r.Notes, fmt.Sprintf("this machine's host gave %s%% of its CPU to others meanwhile: what is late or slow may be so for that", trim(stolen)))
	}
	thresholds := p.Thresholds
	if p.Find != nil {
		thresholds = slices.Concat(p.Find.Until, thresholds)
	}
	if r.Find != nil {
		r.Says = r.Find.Says + "; " + r.money.sentence()
	}
	r.conclude(p.Valid, thresholds, opts.Gate)
	if opts.Compare != nil {
		r.compare(opts.Compare)
		r.concludeComparison()
	}
	return r, nil
}

// once sends one schedule. What it found is not held against thresholds yet.
func once(ctx context.Context, opts Options) (*Results, error) {
	e, err := newEngine(opts) //nolint:contextcheck // fasthttp dials without one
	if err != nil {
		return nil, err
	}
	defer e.close()
	if err := e.prepare(ctx); err != nil {
		return nil, err
	}
	ctx, e.abort = context.WithCancelCause(ctx)
	defer e.abort(nil)
	defer e.Metrics.attach(e)()
	started := time.Now()
	usage, ticks := usageNow(), e.CPU()
	e.attack(ctx)
	spent, stolen := usageNow().minus(usage), e.CPU().Stolen(ticks)
	ended := time.Now()

	// What was lost is asked about and counted even when nobody wants more load.
	ctx, stopped := context.WithoutCancel(ctx), why(ctx)
	unfed := e.feeder.stop()
	stats := e.merged()
	connections, reconnects := int(e.warm), int(e.opened.Load()-e.warm)
	findings, err := e.resolve(ctx)
	if err != nil {
		return nil, err
	}
	r := e.results(stats, findings, ended.Sub(e.pacer.start()), connections, reconnects)
	r.Started, r.DurationMS, r.Partial, r.Stopped = started.UTC(), ended.Sub(started).Milliseconds(), stopped != "", stopped
	r.Generator = generator(spent, stolen, stats)
	if r.Series, err = e.series(stats); err != nil {
		return nil, err
	}
	if unfed != nil {
		r.Notes = append(r.Notes, fmt.Sprintf("faults of the profile are missing: %v", unfed))
	}
	if err := e.ask(ctx, r, findings); err != nil {
		return nil, err
	}
	return r, nil
}

func newEngine(opts Options) (*engine, error) {
	if err := checkRun(opts.Run); err != nil {
		return nil, err
	}
	if opts.Target.Now == nil {
		opts.Target.Now = time.Now
	}
	if opts.Sleep == nil {
		opts.Sleep = sleep
	}
	if opts.CPU == nil {
		opts.CPU = machine.Now
	}
	p := opts.Profile
	client, err := merchant.New(merchant.Options{BaseURL: opts.Target.BaseURL, Credentials: opts.Target.Credentials})
	if err != nil {
		return nil, err
	}
	e := &engine{Options: opts, schedule: NewSchedule(p.Stages, p.Burst), manager: newManager(&opts.Target)}
	if p.asks(Refund) && e.manager == nil {
		if p = p.without(Refund); p == nil {
			return nil, &EnvironmentError{"the profile makes nothing but refunds, whose deposits only a mock's management API approves", nil}
		}
		e.Profile, e.noRefunds = p, true
	}
	e.live = newLive(p, e.schedule.Total())
	// The second of two runs shows none of the first one's keys.
	secret := opts.Secret
	secret[0] ^= digest([]byte(opts.Run))
	e.source = newSource(p, opts.Run, secret, client)
	e.feeder = newFeeder(e.manager, p)
	e.due.Store(e.schedule.Total())
	e.pacer = &pacer{Schedule: e.schedule, now: time.Now, nap: nap, asked: make(chan uint64, p.Connections+1)}
	if e.journal, err = createJournal(opts.Journal, header{Run: opts.Run, Profile: p.Name, Seed: p.Seed, Began: time.Now().UTC()}); err != nil {
		return nil, err
	}
	if err := e.open(); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// open makes the lanes. Nothing is dialled yet.
func (e *engine) open() error {
	p := e.Profile
	count := func() { e.opened.Add(1) }
	var transport *http.Transport
	if e.HTTP2 || e.Target.Proxied {
		transport = newTransport(&e.Target, p, e.HTTP2, count)
	}
	expect := p.expectations()
	if e.manager == nil { // nobody was asked for them
		expect = (&Profile{Keys: p.Keys, Retries: p.Retries}).expectations()
	}
	depositsKey, cashoutsKey := d24.NewKey(e.Target.Credentials.Deposits.APISignature), d24.NewKey(e.Target.Credentials.Cashouts.APISignature)
	e.free = make(chan *lane, p.Connections)
	for range min(counters, p.Connections) {
		e.counters = append(e.counters, &counter{})
	}
	for i := range p.Connections {
		l := &lane{
			counter: e.counters[i%len(e.counters)],
			source:  e.source, expect: expect, retries: p.Retries, target: &e.Target, now: e.Target.Now, sleep: e.Sleep, wants: p.asks(Status), live: e.live,
			deposits: depositsKey.Signer(), cashouts: cashoutsKey.Signer(), basic: basicOf(e.Target.Credentials.Cashouts),
			page: page{journal: e.journal},
		}
		if transport != nil {
			l.sender = &netSender{transport: transport, timeout: p.Timeout, base: e.Target.BaseURL}
		} else {
			fast, err := newFastSender(&e.Target, p.Timeout, count)
			if err != nil {
				return err
			}
			l.sender = fast
		}
		e.lanes = append(e.lanes, l)
		e.free <- l
	}
	return nil
}

func (e *engine) close() {
	for _, l := range e.lanes {
		l.sender.close()
	}
	e.manager.close()
	_ = e.journal.close() // it was flushed before it was read
}

// prepare opens and warms every connection, makes the deposits that refunds draw on, and
// has the mock begin from a known state.
func (e *engine) prepare(ctx context.Context) error {
	var group errgroup.Group
	for _, l := range e.lanes {
		group.Go(func() error { return e.warmUp(ctx, l) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if e.Profile.asks(Refund) || e.Profile.asks(Status) {
		if err := e.fillPool(ctx); err != nil {
			return err
		}
	}
	for _, t := range e.counters {
		t.stats = statistics{}
	}
	e.warm = e.opened.Load()
	if e.manager == nil {
		return nil
	}
	if err := e.prepareMock(ctx); err != nil && ctx.Err() == nil {
		return &EnvironmentError{"the mock cannot be prepared", err}
	}
	return ctx.Err()
}

// prepareMock has the mock begin from a known state, and faults armed.
func (e *engine) prepareMock(ctx context.Context) error {
	if e.Profile.Funds > 0 {
		if err := e.manager.setFunds(ctx, e.source.plan.cost(e.schedule.Total(), e.Profile.Funds)); err != nil {
			return err
		}
	}
	var err error
	if e.funds, err = e.manager.funds(ctx); err != nil {
		return err
	}
	if e.before, err = e.manager.counts(ctx); err != nil {
		return err
	}
	if e.struck, err = e.manager.injected(ctx); err != nil {
		return err
	}
	if e.feeder != nil {
		if err := e.feeder.arm(ctx); err != nil {
			return err
		}
		go e.feeder.run(context.WithoutCancel(ctx))
	}
	return nil
}

// warmUp opens a connection and sends questions that create nothing.
func (e *engine) warmUp(ctx context.Context, l *lane) error {
	var asked []Op // a question for each product
	if e.Profile.asksDeposits() {
		asked = append(asked, Status)
	}
	if e.Profile.asks(Cashout) {
		asked = append(asked, Cashout)
	}
	for n := range max(e.Profile.WarmUp, len(asked)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := record{}
		op := asked[n%len(asked)]
		if op == Cashout {
			e.source.ask(&l.out, 0)
		} else {
			l.out.method, l.out.path, l.out.body, l.out.key = http.MethodGet, d24.PathDeposits+"/1", nil, nil
		}
		// Where many handshakes are made at once, a date may have grown old on its way.
		for range freshDates {
			if l.attempt(op, &r); codeOf(l.in.body) != int(d24.CodeInvalidDateRange) {
				break
			}
		}
		switch code := codeOf(l.in.body); {
		case l.in.outcome != answered:
			return &EnvironmentError{"the target cannot be reached", l.in.err}
		case l.in.status == 401 || l.in.status == 403 || code >= int(d24.CodeInvalidCredentials) && code <= int(d24.CodeEmptyHeaderValue):
			product := map[Op]string{Status: "deposits", Cashout: "cashouts"}[op]
			return &EnvironmentError{fmt.Sprintf("the target refuses our keys for %s: it answers %d with code %d", product, l.in.status, code), nil}
		}
	}
	return nil
}

// freshDates is how many dates a target may find too old before it is one whose clock is
// another.
const freshDates = 3

// fillPool makes the deposits that exist before the first request.
func (e *engine) fillPool(ctx context.Context) error {
	size := 1 // to ask about
	if e.Profile.asks(Refund) {
		size = poolSize
	}
	l := e.lanes[0]
	var pool []pooled
	for i := range size {
		key := uint32(poolKeys + i)
		j, in := l.hit(ctx, task{op: Create, key: key}, time.Time{}, time.Time{})
		if j.marks&markAccepted == 0 {
			return &EnvironmentError{"the target accepts no deposit: it answers " + strconv.Itoa(in.status), in.err}
		}
		deposit := pooled{string(valueOf(in.body, `"deposit_id"`)), string(e.source.id(nil, deposits, key))}
		if e.Profile.asks(Refund) {
			if err := e.manager.approve(ctx, deposit.id); err != nil {
				return &EnvironmentError{"the mock cannot be prepared", err}
			}
		}
		pool = append(pool, deposit)
	}
	e.source.known.first = pool[0].id
	if e.Profile.asks(Refund) {
		e.source.refundsFrom(pool)
	}
	return nil
}

// attack lets vegeta send the schedule. It paces and hands requests to as many workers as
// there are connections; what is sent is ours.
func (e *engine) attack(ctx context.Context) {
	workers := uint64(len(e.lanes))
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: &transport{e, ctx}}),
		vegeta.Workers(workers), vegeta.MaxWorkers(workers), vegeta.MaxBody(0),
	)
	// The target of every request is the same to vegeta, which parses the URL each time: so
	// it is short.
	targeter := func(t *vegeta.Target) error {
		t.Method, t.URL = http.MethodGet, "http://-"
		return nil
	}
	stop := context.AfterFunc(ctx, func() {
		due := e.schedule.Due(time.Since(e.pacer.start()))
		e.due.Store(min(due, e.schedule.Total()))
		attacker.Stop()
	})
	defer stop()
	var watching sync.WaitGroup
	over := make(chan struct{})
	if e.Ticks != nil {
		watching.Go(func() { e.watch(over) })
	}
	// vegeta wants its results taken; ours are in the journal.
	for range attacker.Attack(targeter, e.pacer, 0, "") {
	}
	close(over)
	watching.Wait()
	for _, l := range e.lanes {
		l.page.flush()
	}
}

// A transport is what vegeta's client sends through.
type transport struct {
	*engine

	ctx context.Context //nolint:containedctx // vegeta's requests have none of their own
}

// RoundTrip does the task that its worker was woken for, and whatever else is due by
// then. Nothing of what vegeta made is sent: neither its headers nor its body.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	l := <-t.free
	defer func() { t.free <- l }()
	began := t.pacer.start()
	for seq, due := <-t.pacer.asked, true; due; seq, due = t.pacer.take() {
		t.feeder.paced(seq)
		l.hit(t.ctx, t.source.plan.task(seq), began.Add(t.schedule.At(seq)), began)
		if t.ctx.Err() != nil {
			break
		}
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil // what came of it is in the journal
}

// merged is what all connections have seen.
func (e *engine) merged() *statistics {
	all := &statistics{}
	for _, t := range e.counters {
		t.mu.Lock()
		all.merge(&t.stats)
		t.mu.Unlock()
	}
	return all
}
