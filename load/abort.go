package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Interrupted is why a run ended that somebody stopped.
const Interrupted = "interrupted"

// A settled verdict is why a run ends before its schedule: nothing that could still be
// sent would change it.
type settled struct{ why string }

func (s *settled) Error() string { return s.why }

// why says what ended a run before its time; empty when nothing did.
func why(ctx context.Context) string {
	if ctx.Err() == nil {
		return ""
	}
	if s, ok := errors.AsType[*settled](context.Cause(ctx)); ok {
		return s.why
	}
	return Interrupted
}

// abortWhenSettled ends the attack when an invariant is broken for good, or a threshold
// could not be met even if all the rest of the schedule went perfectly. What makes a run
// INVALID ends none: what it proves about money is still worth having.
func (e *engine) abortWhenSettled(stats *statistics) {
	for _, broken := range []struct {
		n   uint64
		why string
	}{
		{e.live.duplicates.Load(), "one-object-per-key is broken: a key has two objects"},
		{e.live.different.Load(), "same-answer-per-key is broken: a key has two different answers"},
		{e.live.stale.Load(), "no-stale-date-accepted is broken: a creation with a date a minute old was accepted"},
	} {
		if broken.n > 0 {
			e.abort(&settled{broken.why})
			return
		}
	}
	for _, t := range slices.Concat(e.Profile.Thresholds, e.Gate) {
		best, known := e.atBest(t.Metric, stats)
		if known && !t.reachable(best) {
			e.abort(&settled{fmt.Sprintf("%s can no longer be met: it will be %s at least", t.Text, t.Unit.of(best))})
			return
		}
	}
}

// reachable says whether a number that ends at this or above can meet the threshold.
func (t Threshold) reachable(least float64) bool {
	switch t.Operator {
	case "<", "<=":
		return t.Holds(least)
	case "==":
		return least <= t.Value
	default: // of more there may be more
		return true
	}
}

// atBest is what a number ends at if everything that is still due goes perfectly: at
// once, without an error, and tried again as often as may be, which dilutes errors. It is
// never above the number that will be printed.
func (e *engine) atBest(metric string, stats *statistics) (float64, bool) {
	unit, _ := unitOf(metric) // it was read from a threshold
	var value float64
	known := true
	switch metric {
	case "lost":
		value = float64(stats.lost)
	case "timeouts":
		value = float64(stats.timeouts)
	case "replays":
		value = float64(e.live.replays.Load())
	case "duplicates":
		value = float64(e.live.duplicates.Load())
	case "different":
		value = float64(e.live.different.Load())
	default:
		value, known = e.classAtBest(metric, stats)
	}
	return round(value, unit), known
}

func (e *engine) classAtBest(metric string, stats *statistics) (float64, bool) {
	all, left := e.ofClasses(metric, stats)
	if name, rest, found := strings.Cut(metric, "."); found {
		if _, ok := opNamed(name); ok {
			metric = rest
		}
	}
	attempts := all.attempts + left*uint64(1+e.Profile.Retries.Times) //nolint:gosec // not negative
	switch metric {
	case "error_count":
		return float64(all.errors), true
	case "attempts":
		return float64(all.attempts), true
	case "errors":
		return 100 * float64(all.errors) / float64(max(attempts, 1)), true
	}
	measure, quantile, found := strings.Cut(metric, ".")
	whole := attempts
	h := map[string]*histogram{"send": &all.send, "first": &all.first, "sign": &stats.sign, "late": &stats.late}[measure]
	if !found || h == nil { // p99.9 has a point too
		h, quantile, measure = &all.due, metric, ""
	}
	if measure == "" || measure == "late" { // of requests, not of attempts
		whole = left + all.done()
	}
	return h.atBest(quantile, whole)
}

// ofClasses sums up the classes that a metric is of, and how many of their requests are
// not done yet.
func (e *engine) ofClasses(metric string, stats *statistics) (all class, left uint64) {
	name, _, _ := strings.Cut(metric, ".")
	only, single := opNamed(name)
	for op := range stats.classes {
		if single && Op(op) != only {
			continue
		}
		c := &stats.classes[op]
		all.merge(c)
		due := e.source.plan.count(Op(op), e.schedule.Total())
		left += due - min(c.done(), due)
	}
	return all, left
}

// done is how many requests of the class are over.
func (c *class) done() uint64 {
	if c.due.h == nil {
		return 0
	}
	return uint64(c.due.h.TotalCount()) //nolint:gosec // not negative
}

// atBest is a quantile of so many values, those that are missing being nothing.
func (h *histogram) atBest(name string, whole uint64) (ms float64, known bool) {
	if h.h == nil || h.h.TotalCount() == 0 {
		return 0, true
	}
	seen := float64(h.h.TotalCount())
	missing := max(float64(whole)-seen, 0)
	const perMS = 1e6 // histograms hold nanoseconds
	switch name {
	case "max":
		return float64(h.h.Max()) / perMS, true
	case "mean":
		return h.h.Mean() * seen / (seen + missing) / perMS, true
	}
	for _, q := range quantileNames() {
		if q.name != name {
			continue
		}
		rank := q.at/100*(seen+missing) - missing
		if rank <= 0 {
			return 0, true
		}
		return float64(h.h.ValueAtQuantile(100*rank/seen)) / perMS, true
	}
	return 0, false // achieved, rate and what else is not a latency
}
