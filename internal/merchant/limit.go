package merchant

import (
	"context"

	"golang.org/x/time/rate"
)

// A Limit bounds how many requests a second go to one target, over all its clients.
// A nil Limit is none. It is safe for concurrent use.
type Limit struct {
	limiter *rate.Limiter
}

// NewLimit allows perSecond requests a second; 0 or less is no limit yet.
func NewLimit(perSecond float64) *Limit {
	l := &Limit{limiter: rate.NewLimiter(rate.Inf, 1)}
	l.Set(perSecond)
	return l
}

// Set changes the limit.
func (l *Limit) Set(perSecond float64) {
	if perSecond > 0 {
		l.limiter.SetLimit(rate.Limit(perSecond))
	}
}

// PerSecond is how many requests a second may go; 0 is no limit.
func (l *Limit) PerSecond() float64 {
	if limit := l.limiter.Limit(); limit != rate.Inf {
		return float64(limit)
	}
	return 0
}

// wait returns when the next request may go, or the context has ended, or would have
// by then.
func (l *Limit) wait(ctx context.Context) error {
	if l == nil {
		return nil
	}
	err := l.limiter.Wait(ctx)
	if err != nil && ctx.Err() == nil { // the limiter looks ahead, and has an error of its own for it
		return context.DeadlineExceeded
	}
	return err
}
