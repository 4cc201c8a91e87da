package target

import (
	"context"
	"sync"
	"time"
)

// A Pastime is a clock that only moves when somebody waits: minutes of trouble take no
// time, on machines of any speed, and nobody is late because a machine is busy. It is for
// peers in this process, all of which have to live by it.
type Pastime struct {
	mu  sync.Mutex
	now time.Time
}

// NewPastime makes a clock that stands at a time.
func NewPastime(now time.Time) *Pastime { return &Pastime{now: now} }

// Now is the time.
func (p *Pastime) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *Pastime) pass(d time.Duration) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(max(d, 0))
	return p.now
}

// Sleep lets the time pass at once.
func (p *Pastime) Sleep(ctx context.Context, d time.Duration) error {
	p.pass(d)
	return ctx.Err()
}

// After lets the time pass at once, and says that it is over.
func (p *Pastime) After(d time.Duration) <-chan time.Time {
	over := make(chan time.Time, 1)
	over <- p.pass(d)
	return over
}
