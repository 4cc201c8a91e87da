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
	steps        = 7
	stepDown     = 0.87
	goalsTimeout = 8 * time.Minute
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

// goals measures everything that the generator is to reach, in less than eight minutes
// on a machine that does nothing else.
func (p *program) goals(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, goalsTimeout)
	defer cancel()
	l := &ledger{program: p}
	tools := p.tools()[:3] // ours, k6, vegeta
	fmt.Fprintf(p.stdout, "%s, %s; %d connections, TLS 1.3, HTTP/1.1, bodies of %d B, the mock on the same machine.\n\n| goal | measured | |\n|---|---|---|\n",
		machine(), time.Now().UTC().Format(time.DateOnly), p.load.connections, len(template()))
	samples, err := p.inTurn(ctx, tools)
	if err != nil {
		return err
	}
	ours, k6 := samples[0], samples[1]
	l.cheaper("k6", k6, ours, k6Times)
	l.cheaper("vegeta's library with a signing Targeter", samples[2], ours, vegetaTimes)

	most := median(ours, func(s sample) float64 { return s.rate })
	if err := l.twice(ctx, tools[0], most); err != nil {
		return err
	}
	for _, at := range []struct{ rate, late float64 }{{5000, 2}, {10_000, 2.5}} {
		if err := l.punctual(ctx, tools[0], at.rate, at.late); err != nil {
			return err
		}
	}
	if err := l.faster(ctx, tools[0], tools[1], most, median(k6, func(s sample) float64 { return s.perSec })); err != nil {
		return err
	}
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

// twice asks for twice the most that it did.
func (l *ledger) twice(ctx context.Context, t tool, most float64) error {
	var samples []sample
	for range l.rounds {
		s, err := l.measure(ctx, t, load{connections: l.load.connections, duration: l.load.duration, rate: 2 * most})
		if err != nil {
			return err
		}
		samples = append(samples, s)
	}
	share := 100 * median(samples, func(s sample) float64 { return s.rate }) / most
	connections := 0.0
	for _, s := range samples {
		connections = max(connections, s.connections)
	}
	l.line(fmt.Sprintf("asked for twice its maximum it does %d %% of it", overloaded),
		fmt.Sprintf("%.0f %% of %.0f/s (median of %d)", share, most, len(samples)), share >= overloaded)
	l.line("never more connections than configured, no stale date accepted or sent",
		fmt.Sprintf("%.0f of %d; every request was accepted", connections, l.load.connections), connections <= float64(l.load.connections))
	return nil
}

// punctual sends at a rate for twenty seconds.
func (l *ledger) punctual(ctx context.Context, t tool, rate, late float64) error {
	s, err := l.measure(ctx, t, load{connections: l.load.connections, duration: steady, rate: rate})
	if err != nil && ctx.Err() == nil {
		l.line(fmt.Sprintf("%.0f/s over %s", rate, steady), err.Error(), false) // the other goals are still worth knowing
		return nil
	}
	if err != nil {
		return err
	}
	at := fmt.Sprintf("%.0f/s over %s", rate, steady)
	l.line(fmt.Sprintf("schedule error p99 at %s at most %g ms", at, late), fmt.Sprintf("%.2f ms, sent %.0f/s", s.late, s.rate), s.late <= late && !s.short)
	// An X-Date is younger when it arrives than its answer is old.
	l.line(fmt.Sprintf("age of X-Date at the server at %s, p99, at most %g ms", at, dateAge),
		fmt.Sprintf("less than %.2f ms, from dating to the end of the answer", s.send), s.send <= dateAge)
	if rate >= 10_000 {
		l.line(fmt.Sprintf("resident memory at %s at most %g MB", at, resident), fmt.Sprintf("%.1f MB", s.rss), s.rss <= resident)
	}
	return nil
}

// faster looks for the highest clean rate of both.
func (l *ledger) faster(ctx context.Context, ours, k6 tool, oursMost, k6Most float64) error {
	a, err := l.highest(ctx, ours, oursMost)
	if err != nil {
		return err
	}
	b, err := l.highest(ctx, k6, k6Most)
	if err != nil {
		return err
	}
	times := 0.0
	if b > 0 {
		times = a / b
	}
	l.line(fmt.Sprintf("highest clean open-loop rate (%s, p99 under %g ms, under 1 %% left out) at least %d times k6's", steady, cleanP99, rateTimes),
		fmt.Sprintf("%.0f/s and %.0f/s: %.1f times", a, b, times), times >= rateTimes)
	return nil
}

// highest steps down from the most that a tool does to a rate that is clean for twenty
// seconds; 0 when none of the steps is. k6 has no latency from when a request was due:
// of it that of the request counts.
func (p *program) highest(ctx context.Context, t tool, most float64) (float64, error) {
	rate := float64(int(most/100)) * 100
	for range steps {
		clean := true
		for _, duration := range []time.Duration{short, steady} {
			s, err := p.measure(ctx, t, load{connections: p.load.connections, duration: duration, rate: rate})
			if ctx.Err() != nil {
				return 0, err
			}
			if err != nil || s.short || s.p99 >= cleanP99 {
				fmt.Fprintf(p.stderr, "%s at %.0f/s for %s: p99 %.1f ms, all sent: %t, error: %v\n", t.name, rate, duration, s.p99, !s.short, err)
				clean = false
				break
			}
		}
		if clean {
			return rate, nil
		}
		rate = float64(int(rate*stepDown/100)) * 100
	}
	return 0, nil
}
