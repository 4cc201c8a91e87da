package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The goals of the generator.
const (
	k6Times      = 5    // as much CPU for each verified request as ours, at least
	vegetaTimes  = 2    // the same of vegeta's defaults
	rateTimes    = 3    // k6's highest clean rate, at least
	overloaded   = 90   // percent of its maximum that it still does when it is asked for twice that
	dateAge      = 10.0 // milliseconds
	resident     = 40.0 // MB at 10,000/s
	cleanP99     = 10.0 // milliseconds from when a request was due
	steady       = 20 * time.Second
	short        = 5 * time.Second // of one step in search of the highest clean rate
	steps        = 9
	stepDown     = 0.87
	goalsTimeout = 20 * time.Minute
)

// errMissed ends a run that measured everything.
var errMissed = errors.New("a goal was missed")

// A ledger is the goals that were measured.
type ledger struct {
	*program

	missed bool
}

func (l *ledger) line(goal, measured string, kept bool) {
	verdict := "kept"
	if !kept {
		verdict, l.missed = "MISSED", true
	}
	fmt.Fprintf(l.stdout, "| %s | %s | %s |\n", goal, measured, verdict)
}

// goals measures everything that the generator is to reach, in about nine
// minutes on a machine that does nothing else.
func (p *program) goals(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, goalsTimeout)
	defer cancel()
	l := &ledger{program: p}
	tools := p.tools()[:3] // ours, k6, vegeta
	fmt.Fprintf(p.stdout, "%s, %s; %d connections, TLS 1.3, HTTP/1.1, bodies of %d B, the server on the same machine.\n\n| goal | measured | |\n|---|---|---|\n",
		where(), time.Now().UTC().Format(time.DateOnly), p.load.connections, len(template()))
	samples, err := p.inTurn(ctx, tools)
	if err != nil {
		return err
	}
	ours, k6 := samples[0], samples[1]
	l.cheaper("k6", k6, ours, k6Times)
	l.cheaper("vegeta's library with a signing Targeter", samples[2], ours, vegetaTimes)

	if err := l.twice(ctx, tools[0]); err != nil {
		return err
	}
	for _, at := range []struct{ rate, late float64 }{{5000, 2}, {10_000, 2.5}} {
		if err := l.punctual(ctx, tools[0], at.rate, at.late); err != nil {
			return err
		}
	}
	if err := l.faster(ctx, tools[0], tools[1], ours, k6); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "\n%s\n", p.weather())
	if l.missed {
		return errMissed
	}
	return nil
}

func (l *ledger) cheaper(name string, theirs, ours []sample, times float64) {
	mid, least, most := ratios(theirs, ours, cpuOfSample)
	l.line(fmt.Sprintf("CPU for a verified request at saturation at most 1/%.0f of that of %s", times, name),
		fmt.Sprintf("1/%.1f (1/%.1f to 1/%.1f, median of %d rounds in turn; %.3f and %.3f s for 1000)",
			mid, least, most, len(ours), median(ours, cpuOfSample), median(theirs, cpuOfSample)), mid >= times)
}

// twice asks in each round for all it can do, and then for twice that.
func (l *ledger) twice(ctx context.Context, t tool) error {
	var shares, rates []float64
	connections := 0.0
	for range l.rounds {
		most, err := l.measure(ctx, t, l.load)
		if err != nil {
			return err
		}
		over, err := l.measure(ctx, t, load{connections: l.load.connections, duration: l.load.duration, rate: 2 * most.rate})
		if err != nil {
			return err
		}
		shares, rates = append(shares, 100*over.rate/most.rate), append(rates, most.rate)
		connections = max(connections, most.connections, over.connections)
	}
	share := middle(shares)
	l.line(fmt.Sprintf("asked for twice its maximum it does %d %% of it", overloaded),
		fmt.Sprintf("%.0f %% (%.0f to %.0f, median of %d rounds) of %.0f/s", share, shares[0], shares[len(shares)-1], len(shares), middle(rates)), share >= overloaded)
	l.line("never more connections than configured, no stale date accepted or sent",
		fmt.Sprintf("%.0f of %d; every request was accepted", connections, l.load.connections), connections <= float64(l.load.connections))
	return nil
}

// punctual sends at a rate for twenty seconds, in each round.
func (l *ledger) punctual(ctx context.Context, t tool, rate, late float64) error {
	var samples []sample
	for range l.rounds {
		s, err := l.measure(ctx, t, load{connections: l.load.connections, duration: steady, rate: rate})
		if err != nil && ctx.Err() == nil {
			l.line(fmt.Sprintf("%.0f/s over %s", rate, steady), err.Error(), false) // the other goals are still worth knowing
			return nil
		}
		if err != nil {
			return err
		}
		samples = append(samples, s)
	}
	at := fmt.Sprintf("%.0f/s over %s", rate, steady)
	l.atMost("schedule error p99 at "+at, "ms", late, samples, func(s sample) float64 { return s.late })
	// An X-Date is younger when it arrives than its answer is old.
	l.atMost("age of X-Date at the server, p99, which is less than from dating to the end of the answer, at "+at, "ms", dateAge, samples,
		func(s sample) float64 { return s.send })
	if rate >= 10_000 {
		l.atMost("resident memory at "+at, "MB", resident, samples, func(s sample) float64 { return s.rss })
	}
	sent := median(samples, func(s sample) float64 { return s.rate })
	l.line("sent at "+at, fmt.Sprintf("%.0f/s", sent), sent >= 0.99*rate)
	return nil
}

// atMost is a goal that a figure of the middle round has to keep.
func (l *ledger) atMost(what, unit string, limit float64, samples []sample, of func(sample) float64) {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	mid := middle(values)
	l.line(fmt.Sprintf("%s: at most %g %s", what, limit, unit),
		fmt.Sprintf("%.2f %s (%.2f to %.2f, median of %d rounds)", mid, unit, values[0], values[len(values)-1], len(values)), mid <= limit)
}

// A descent is a tool on its way down to a rate that is clean for twenty seconds.
type descent struct {
	tool

	rate  float64
	clean bool
}

// faster looks for the highest clean rate of both, in turn, from the most that they did.
func (l *ledger) faster(ctx context.Context, ours, k6 tool, oursMost, k6Most []sample) error {
	both := [...]*descent{
		{tool: ours, rate: median(oursMost, func(s sample) float64 { return s.rate })},
		{tool: k6, rate: median(k6Most, func(s sample) float64 { return s.perSec })},
	}
	for range steps {
		for _, c := range both {
			if c.clean {
				continue
			}
			var err error
			if c.rate = float64(int(c.rate/100)) * 100; c.rate > 0 {
				c.clean, err = l.cleanAt(ctx, c.tool, c.rate)
			}
			if err != nil {
				return err
			}
			if !c.clean {
				c.rate *= stepDown
			}
		}
	}
	a, b := both[0], both[1]
	measured, times := "no clean rate was found", 0.0
	if a.clean && b.clean {
		times = a.rate / b.rate
		measured = fmt.Sprintf("%.0f/s and %.0f/s: %.1f times", a.rate, b.rate, times)
	}
	l.line(fmt.Sprintf("highest clean open-loop rate (%s, p99 under %g ms, under 1 %% left out) at least %d times k6's", steady, cleanP99, rateTimes),
		measured, times >= rateTimes)
	return nil
}

// cleanAt tries a rate for a short while, and then for twenty seconds. k6 has no latency
// from when a request was due: of it that of the request counts. Four times as many
// virtual users do not help it: at 2,100/s its p99 is beyond 10 ms then.
func (p *program) cleanAt(ctx context.Context, t tool, rate float64) (bool, error) {
	for _, duration := range []time.Duration{short, steady} {
		s, err := p.measure(ctx, t, load{connections: p.load.connections, duration: duration, rate: rate})
		if ctx.Err() != nil {
			return false, err
		}
		if err != nil || s.short || s.p99 >= cleanP99 {
			fmt.Fprintf(p.stderr, "%s at %.0f/s for %s: p99 %.1f ms, all sent: %t, error: %v\n", t.name, rate, duration, s.p99, !s.short, err)
			return false, nil
		}
	}
	return true, nil
}
