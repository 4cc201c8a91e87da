package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Round is one of several runs of the same schedule, behind one another.
type Round struct {
	Run     string             `json:"run"`
	Started time.Time          `json:"started"`
	Numbers map[string]float64 `json:"numbers"`
	Stolen  float64            `json:"stolen_pct"` // see Generator
}

// A tally is what the sentence about the money is made of.
type tally struct{ duplicates, different, retries, keys int }

func (t tally) plus(other tally) tally {
	return tally{t.duplicates + other.duplicates, t.different + other.different, t.retries + other.retries, t.keys + other.keys}
}

// sentence is the verdict on the money in words.
func (t tally) sentence() string {
	return fmt.Sprintf("%s, %s in %s of %s",
		plural(t.duplicates, "duplicate"), plural(t.different, "different answer"), retries(t.retries), plural(t.keys, "key"))
}

// repeat does the same so many times, and ends with the round that breaks an invariant:
// its journal is the one that is kept. A round in which the machine's host took CPU away
// is kept and taken again, as often as there are rounds at most.
func repeat(ctx context.Context, opts Options, once func(context.Context, Options) (*Results, error)) (*Results, error) {
	if opts.Rounds <= 1 {
		return once(ctx, opts)
	}
	var all []*Results
	for n, total := 0, opts.Rounds; n < total; n++ {
		o := opts
		o.Run += "r" + strconv.Itoa(n+1)
		r, err := once(ctx, o)
		if environment, ok := errors.AsType[*EnvironmentError](err); ok && n > 0 {
			last := all[n-1]
			last.Partial, last.Stopped, last.gone = true, environment.Error(), true
			break
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r)
		again := ""
		if r.Generator.Stolen >= stolenShare && total < 2*opts.Rounds {
			total++
			again = fmt.Sprintf("  again, since this machine's host took %s%% of its CPU", trim(r.Generator.Stolen))
		}
		if opts.Tell != nil {
			opts.Tell(fmt.Sprintf("round %d of %d  p50 %s ms  p99 %s ms  sent %s%%%s", n+1, total, r.number("p50"), r.number("p99"), r.number("achieved"), again))
		}
		if r.Partial || r.moneyBroken() {
			break
		}
	}
	return combined(opts.Run, all), nil
}

// combined is what several rounds say together. A latency, a rate and a share of time are
// the median's, so that one round's bad weather decides nothing; what counts something
// that happened is the worst round's, since it did happen. All the rest is the last
// round's.
func combined(run string, all []*Results) *Results {
	last := all[len(all)-1]
	r := *last
	r.Run, r.Started, r.DurationMS, r.Numbers, r.money = run, all[0].Started, 0, map[string]float64{}, tally{}
	r.Rounds = nil
	for _, each := range all {
		r.Rounds = append(r.Rounds, Round{each.Run, each.Started, each.Numbers, each.Generator.Stolen})
		r.Generator.Stolen = max(r.Generator.Stolen, each.Generator.Stolen)
		r.DurationMS += each.DurationMS
		r.money = r.money.plus(each.money)
		for name := range each.Numbers {
			r.Numbers[name] = 0
		}
	}
	for name := range r.Numbers {
		var values []float64
		for _, each := range all {
			if value, ok := each.Numbers[name]; ok {
				values = append(values, value)
			}
		}
		unit, _ := unitOf(name) // a test goes through all names
		if _, happened := ofClass()[name[strings.LastIndexByte(name, '.')+1:]]; happened || unit == Count {
			r.Numbers[name] = slices.Max(values)
		} else {
			r.Numbers[name] = round(median(values), unit)
		}
	}
	r.Invariants = worstOf(all)
	r.Says = r.money.sentence()
	return &r
}

// worstOf is each invariant as the round has it in which it stands worst.
func worstOf(all []*Results) []Invariant {
	order := []Verdict{Broken, Inconclusive, Holds, NotTested}
	worst := slices.Clone(all[len(all)-1].Invariants)
	for n, each := range all {
		for i, invariant := range each.Invariants {
			if slices.Index(order, invariant.Verdict) < slices.Index(order, worst[i].Verdict) {
				worst[i] = invariant
				worst[i].Says = fmt.Sprintf("round %d: %s", n+1, invariant.Says)
			}
		}
	}
	return worst
}

// median is the middle value, or the mean of the middle two.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
