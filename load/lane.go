package load

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
)

// A lane is one connection with everything that is needed to use it: whoever holds the
// lane shares nothing with anybody but its counter.
type lane struct {
	source  *source
	expect  expectations
	retries Retries
	target  *Target
	now     func() time.Time // the target's clock
	sleep   func(ctx context.Context, d time.Duration)
	wants   bool // deposits are remembered, for status requests
	live    *live

	sender             sender
	deposits, cashouts *d24.Signer
	basic              string
	page               page

	out     outgoing
	in      incoming
	body    []byte
	scratch []byte

	*counter
}

// counters is how many connections' statistics there are: as many as CPUs of a usual
// generator. A histogram has 25 KB and each class three of them, so that one for each of
// 16 connections was 2 MB, for which the garbage collector wants twice as much again.
const counters = 4

// A counter is what some connections count together.
type counter struct {
	mu    sync.Mutex
	stats statistics
}

// staleBy is how old the date of a stale creation is: far beyond the 5 seconds that
// are allowed, with room for a clock that is off.
const staleBy = time.Minute

// hit does what a task says, and again as a client would while the answer is lost. It
// returns the last answer. due is when it was to begin; zero keeps no record of it.
func (l *lane) hit(ctx context.Context, t task, due time.Time, began time.Time) (judgement, incoming) {
	l.body = l.source.fill(&l.out, t, l.body)
	body := uint64(0)
	if len(l.out.body) > 0 {
		body = digest(l.out.body)
	}
	wait, late := l.retries.After, time.Duration(0)
	for try := 0; ; try++ {
		r := record{seq: uint32(t.seq), key: t.key, op: t.op, try: uint8(try), body: body} //nolint:gosec // the schedule has fewer than 2³², retries are few
		begun, j := l.attempt(t.op, &r)
		if !due.IsZero() {
			r.scheduled, r.late = max(due.Sub(began), 0), max(begun.Sub(due), 0)
			l.page.add(&r)
			l.live.take(&r)
		}
		if try == 0 {
			late = r.late
		}
		// A stored 500 stays what it is: one more question shows that, a second is hammering.
		enough := try >= l.retries.Times || l.in.status == 500 && try > 0
		if !j.again || enough || ctx.Err() != nil {
			if !due.IsZero() {
				l.done(t.op, late, time.Since(due))
			}
			return j, l.in
		}
		l.sleep(ctx, wait)
		wait *= 2
	}
}

// attempt dates, signs and sends the request in l.out, and enters what came into the
// record. It returns when it began.
func (l *lane) attempt(op Op, r *record) (time.Time, judgement) {
	begun := time.Now()
	l.sign(op, r)
	signed := time.Now()
	l.sender.send(&l.out, &l.in)
	ended := time.Now()
	j := l.expect.judge(op, &l.in)
	r.outcome, r.marks, r.object, r.took = l.in.outcome, j.marks, j.object, ended.Sub(begun)
	if l.in.outcome == answered {
		r.status = uint16(l.in.status) //nolint:gosec // three digits
		r.bytesIn = uint16(min(len(l.in.body), 1<<16-1))
		r.answer, l.scratch = answerDigest(&l.in, l.scratch) // status and body
		if l.wants && j.marks&markAccepted != 0 && op.space() == deposits {
			l.source.known.put(r.key, valueOf(l.in.body, `"deposit_id"`))
		}
	}
	l.mu.Lock()
	l.stats.attempt(op, j, &l.in, r, begun, signed, ended)
	l.mu.Unlock()
	return begun, j
}

// sign dates and signs what is about to be sent.
func (l *lane) sign(op Op, r *record) {
	out := &l.out
	if op == Cashout {
		out.date = out.date[:0]
		out.payload = l.cashouts.AppendPayload(out.payload[:0], out.body)
		out.basic = l.basic
		return
	}
	now := l.now()
	if op == Stale {
		now = now.Add(-staleBy)
	}
	r.date = uint32(now.Unix()) //nolint:gosec // until 2106
	out.payload = out.payload[:0]
	out.login = l.target.Credentials.Deposits.APIKey
	out.date = d24.AppendDate(out.date[:0], now)
	// The signer reads the date as a string, which must not escape: a copy of 20 bytes.
	out.signature = append(out.signature[:0], d24.Scheme...)
	out.signature = l.deposits.AppendDeposit(out.signature, string(out.date), out.login, out.body)
}

// done enters how late the hit began, and how long it took from when it was due.
func (l *lane) done(op Op, late, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.hits++
	l.stats.late.add(late)
	l.stats.classes[op].due.add(took)
}

// Histograms hold 100 ns to two minutes within one part in a hundred; 25 KB each.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(100, (2 * time.Minute).Nanoseconds(), 2)
}

// A histogram is made when it is first used: most runs have few classes.
type histogram struct{ h *hdrhistogram.Histogram }

func (h *histogram) add(d time.Duration) {
	if h.h == nil {
		h.h = newHistogram()
	}
	// What is longer than the longest counts as the longest.
	_ = h.h.RecordValue(min(max(d.Nanoseconds(), 100), (2 * time.Minute).Nanoseconds()))
}

func (h *histogram) merge(other *histogram) {
	if other.h == nil {
		return
	}
	if h.h == nil {
		h.h = newHistogram()
	}
	h.h.Merge(other.h)
}

// minus is what was added since an earlier state of the same histogram.
func (h *histogram) minus(earlier *histogram) histogram {
	if h.h == nil || earlier.h == nil {
		return *h
	}
	now := h.h.Export()
	for i, n := range earlier.h.Export().Counts {
		now.Counts[i] -= n
	}
	return histogram{hdrhistogram.Import(now)}
}

// statistics are what one connection has seen, or all of them together.
type statistics struct {
	classes    [operations]class
	late, sign histogram
	hits       uint64
	lost       uint64
	timeouts   uint64
	errors     map[string]uint64 // by class
}

// A class is one operation's.
type class struct {
	due, send, first histogram
	attempts, errors uint64
}

// maxErrorClasses bounds what a hostile server can make of errors.
const maxErrorClasses = 50

func (s *statistics) attempt(op Op, j judgement, in *incoming, r *record, begun, signed, ended time.Time) {
	c := &s.classes[op]
	c.attempts++
	s.sign.add(signed.Sub(begun))
	switch {
	case in.outcome == answered:
		c.send.add(ended.Sub(begun))
		if !in.first.IsZero() && !in.wrote.IsZero() {
			c.first.add(in.first.Sub(in.wrote))
		}
	case in.outcome == timeout:
		s.timeouts++
	case in.outcome.ambiguous():
		s.lost++
	}
	if r.marks&markError != 0 {
		c.errors++
		if s.errors == nil {
			s.errors = map[string]uint64{}
		}
		name := op.String() + " " + j.class
		if len(s.errors) >= maxErrorClasses && s.errors[name] == 0 {
			name = "others"
		}
		s.errors[name]++
	}
}

// merge adds what another connection has seen.
func (s *statistics) merge(other *statistics) {
	for op := range s.classes {
		s.classes[op].merge(&other.classes[op])
	}
	s.late.merge(&other.late)
	s.sign.merge(&other.sign)
	s.hits += other.hits
	s.lost += other.lost
	s.timeouts += other.timeouts
	for name, n := range other.errors {
		if s.errors == nil {
			s.errors = map[string]uint64{}
		}
		s.errors[name] += n
	}
}

func (c *class) merge(other *class) {
	c.due.merge(&other.due)
	c.send.merge(&other.send)
	c.first.merge(&other.first)
	c.attempts += other.attempts
	c.errors += other.errors
}

// errorCounts are the errors by class, in the order of the alphabet.
func (s *statistics) errorCounts() []ErrorCount {
	counts := []ErrorCount{}
	for name, n := range s.errors {
		counts = append(counts, ErrorCount{name, n})
	}
	slices.SortFunc(counts, func(a, b ErrorCount) int { return strings.Compare(a.Class, b.Class) })
	return counts
}

// basicOf is the Authorization that goes with a cashouts request: needed by one reading
// of AMB-02, and not refused by the other.
func basicOf(c d24.CashoutsCredentials) string {
	return merchant.BasicAuth(c.APIKey, c.APIPassphrase)
}
