package load

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// resolveTries is how often a key is asked about before it counts as unresolved.
	resolveTries = 4
	// hopeless questions in a row end the asking: the target has gone.
	hopeless = 40
)

// resolve asks about every key of which nobody knows what became of it: the same
// request once more, as a merchant would, and of a cashout its status.
func (e *engine) resolve(ctx context.Context) (*Findings, error) {
	if err := e.journal.flush(); err != nil {
		return nil, err
	}
	findings, err := verify(e.Journal)
	if err != nil || len(findings.Unresolved) == 0 {
		return findings, err
	}
	questions := make(chan pending)
	var failures atomic.Int64
	var group sync.WaitGroup
	for _, l := range e.lanes {
		group.Go(func() {
			for q := range questions {
				if failures.Load() >= hopeless {
					continue
				}
				if l.settle(ctx, q) {
					failures.Store(0)
				} else {
					failures.Add(1)
				}
			}
			l.page.flush()
		})
	}
	for _, q := range findings.Unresolved {
		questions <- q
	}
	close(questions)
	group.Wait()
	if err := e.journal.flush(); err != nil {
		return nil, err
	}
	return verify(e.Journal)
}

// settle asks until there is an answer that settles the key.
func (l *lane) settle(ctx context.Context, q pending) bool {
	op := map[space]Op{deposits: Create, refunds: Refund, cashouts: Cashout}[q.space]
	wait := l.retries.After
	for range resolveTries {
		if op == Cashout {
			l.source.ask(&l.out, q.key)
		} else {
			l.body = l.source.fill(&l.out, task{op: op, key: q.key}, l.body)
		}
		r := record{key: q.key, op: op, body: digest(l.out.body)}
		l.attempt(op, &r)
		if op == Cashout {
			r.marks, r.object = statusMarks(&l.in), 0
		}
		r.marks = r.marks&^markError | markResolve
		l.page.add(&r)
		if r.marks&(markAccepted|markExists|markResult|markSettled) != 0 {
			return true
		}
		l.sleep(ctx, wait)
		wait *= 2
	}
	return false
}

// statusMarks is what a cashout's status says of it.
func statusMarks(in *incoming) uint8 {
	switch {
	case in.outcome != answered:
		return 0
	case in.status == http.StatusOK:
		return markExists
	case in.status >= 400 && in.status < 500 && !passing(in.status) && in.status != http.StatusUnauthorized:
		return markSettled // there is none
	}
	return 0
}

// countsAtRest waits until everything that was sent has arrived, or for as long as
// requests go on arriving: a request whose client gave up is still counted when it is done.
func (e *engine) countsAtRest(ctx context.Context, sent int) (counts, error) {
	const pause, patience = 50 * time.Millisecond, 20
	last, quiet := -1, 0
	for {
		now, err := e.manager.counts(ctx)
		if err != nil {
			return counts{}, err
		}
		now = now.minus(e.before)
		if now.Arrived >= sent || quiet >= patience {
			return now, nil
		}
		quiet++
		if now.Arrived != last {
			last, quiet = now.Arrived, 0
		}
		e.Sleep(ctx, pause)
	}
}
