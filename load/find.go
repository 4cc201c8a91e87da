package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Find is how to look for the highest rate at which everything holds.
type Find struct {
	From    float64 // requests a second
	Factor  float64 // from one step to the next
	Most    float64 // no step asks for more
	Within  float64 // the answer is no further than this share below a rate that did not hold
	For     time.Duration
	Confirm time.Duration
	Until   []Threshold // what has to hold
}

// What a profile that finds does when it does not say.
const (
	defaultFactor  = 1.5
	defaultWithin  = 0.1 // two runs of one rate differ by less, of two rates that are closer often by more
	defaultStep    = 5 * time.Second
	defaultConfirm = 20 * time.Second
)

// capacity is the number that is found.
const capacity = "capacity"

// with is what the command line makes of it: --rate is the highest rate that is tried,
// --duration that of the confirmation, with the steps in proportion.
func (f Find) with(o Override) Find {
	if o.Rate > 0 {
		f.Most, f.From = o.Rate, min(f.From, o.Rate)
	}
	if o.Duration > 0 {
		f.For = time.Duration(float64(f.For) * float64(o.Duration) / float64(f.Confirm))
		f.Confirm = o.Duration
	}
	return f
}

// AtMost is the profile asking for no more than that many requests a second while it
// looks for its rate; one with stages is unchanged.
func (p *Profile) AtMost(rate float64) *Profile {
	if p.Find == nil || p.Find.Most <= rate {
		return p
	}
	changed, f := *p, *p.Find
	f.Most = rate
	changed.Find = &f
	return &changed
}

// Found is the highest rate that held, and how it was found.
type Found struct {
	Capacity *float64 `json:"capacity"` // requests a second; null where no rate was confirmed
	Says     string   `json:"says"`
	Steps    []Step   `json:"steps"`
}

// A Step is one run on the way.
type Step struct {
	Kind    string             `json:"kind"` // climb, narrow, again or confirm
	Rate    float64            `json:"rate"` // asked for
	Seconds float64            `json:"seconds"`
	Held    bool               `json:"held"`
	Why     string             `json:"why"`     // it did not hold
	Numbers map[string]float64 `json:"numbers"` // those that are looked at first, and those of its thresholds
	Cores   float64            `json:"generator_cores"`
}

// String is the step in one line.
func (s Step) String() string {
	line := fmt.Sprintf("%-7s  %s/s for %s s", s.Kind, trim(s.Rate), trim(s.Seconds))
	if !s.Held {
		return line + "  did not hold: " + s.Why
	}
	return line + "  held: p99 " + trim(s.Numbers["p99"]) + " ms, sent " + trim(s.Numbers["achieved"]) + "%"
}

// A search is one way to a rate.
type search struct {
	opts  Options
	once  func(context.Context, Options) (*Results, error) // sends one schedule and judges it
	found Found
	held  []float64
	broke float64  // the lowest rate that did not hold; 0 = none
	last  *Results // of the last step
	money tally
}

// find raises the rate until a threshold breaks, halves the distance until it is small,
// and confirms the highest rate that held with a longer run. What breaks an invariant
// ends the search at once: there is no rate at which that would be right.
func find(ctx context.Context, opts Options, once func(context.Context, Options) (*Results, error)) (*Results, error) {
	s := &search{opts: opts, once: once}
	f := opts.Profile.Find
	for rate := f.From; s.broke == 0; rate = tidy(min(rate*f.Factor, f.Most)) {
		if err := s.twice(ctx, "climb", rate, f.For); err != nil || s.over() {
			return s.ended(), err
		}
		if rate >= f.Most {
			break
		}
	}
	for s.broke > 0 && len(s.held) > 0 && s.broke > s.highest()*(1+f.Within) {
		rate := tidy(math.Sqrt(s.broke * s.highest()))
		if rate <= s.highest() || rate >= s.broke {
			break // rates are whole
		}
		if err := s.twice(ctx, "narrow", rate, f.For); err != nil || s.over() {
			return s.ended(), err
		}
	}
	slices.Sort(s.held)
	for _, rate := range slices.Backward(s.held) {
		if err := s.step(ctx, "confirm", rate, f.Confirm); err != nil || s.over() {
			return s.ended(), err
		}
		if s.lastStep().Held {
			s.found.Capacity = &rate
			break
		}
		s.broke = rate
	}
	return s.ended(), nil
}

// tidy is a rate as a person would ask for it.
func tidy(rate float64) float64 {
	const fine = 20 // requests a second, below which a whole one is more than a twentieth
	if rate < fine {
		return round(rate, PerSecond)
	}
	return math.Round(rate)
}

func (s *search) highest() float64 { return slices.Max(s.held) }

// twice runs one rate, and once more when it does not hold: one pause of a machine with
// other work is not the end of a server.
func (s *search) twice(ctx context.Context, kind string, rate float64, length time.Duration) error {
	err := s.step(ctx, kind, rate, length)
	if err == nil && !s.over() && !s.lastStep().Held {
		err = s.step(ctx, "again", rate, length)
	}
	if err != nil || s.over() {
		return err
	}
	if s.lastStep().Held {
		s.held = append(s.held, rate)
	} else {
		s.broke = rate
	}
	return nil
}

func (s *search) lastStep() Step { return s.found.Steps[len(s.found.Steps)-1] }

// step runs one rate.
func (s *search) step(ctx context.Context, kind string, rate float64, length time.Duration) error {
	opts, p := s.opts, *s.opts.Profile
	// A step that can no longer hold need not be gone through to its end.
	p.Find, p.Stages, p.Thresholds, p.AbortEarly = nil, []Stage{{rate, rate, length}}, p.Find.Until, true
	opts.Profile, opts.Gate = &p, nil
	opts.Run += "s" + strconv.Itoa(len(s.found.Steps)+1)
	r, err := s.once(ctx, opts)
	if environment, ok := errors.AsType[*EnvironmentError](err); ok && s.last != nil {
		s.last.Partial, s.last.Stopped, s.last.gone = true, environment.Error(), true
		return nil
	}
	if err != nil {
		return err
	}
	r.conclude(p.Valid, p.Thresholds, nil)
	step := Step{
		Kind: kind, Rate: rate, Seconds: round(length.Seconds(), PerSecond), Held: r.Verdict == RunPass && !r.Partial,
		Numbers: map[string]float64{}, Cores: round(1000*r.Generator.CPUSeconds/float64(max(r.DurationMS, 1)), PerSecond),
	}
	if !step.Held {
		step.Why = r.blame()
	}
	names := []string{"achieved", "rate", "p50", "p99", "late.p99", "errors"}
	for _, t := range p.Thresholds {
		names = append(names, t.Metric)
	}
	for _, name := range names {
		if value, ok := r.Numbers[name]; ok {
			step.Numbers[name] = value
		}
	}
	s.found.Steps = append(s.found.Steps, step)
	s.last = r
	s.money = s.money.plus(r.money)
	if s.opts.Tell != nil {
		s.opts.Tell(step.String())
	}
	return nil
}

// over says whether the search ends here: interrupted, with broken money, or without a
// target.
func (s *search) over() bool {
	return s.last.gone || s.last.Stopped == Interrupted || s.last.moneyBroken()
}

// ended is the last step's results as those of the search.
func (s *search) ended() *Results {
	r := s.last
	if r == nil {
		return nil
	}
	steps := s.found.Steps
	switch last := s.lastStep(); {
	case s.found.Capacity != nil && s.broke == 0:
		s.found.Says = fmt.Sprintf("%s/s held, the highest rate that may be tried: there may be more", trim(*s.found.Capacity))
	case s.found.Capacity != nil:
		i := slices.IndexFunc(steps, func(step Step) bool { return step.Rate == s.broke && !step.Held })
		s.found.Says = fmt.Sprintf("%s/s held, over %s s; %s/s did not: %s", trim(*s.found.Capacity), trim(last.Seconds), trim(s.broke), steps[i].Why)
	case s.over():
		s.found.Says = "the search ended before a rate was confirmed: " + cmp.Or(r.Stopped, last.Why)
	case len(s.held) == 0:
		s.found.Says = fmt.Sprintf("%s/s, the lowest rate that was tried, did not hold: %s", trim(last.Rate), last.Why)
	default:
		s.found.Says = "no rate that held was confirmed: " + last.Why
	}
	if s.found.Capacity != nil {
		r.Numbers[capacity] = round(*s.found.Capacity, PerSecond)
	}
	// A step that was cut short because its verdict was settled is no partial search.
	if !s.over() {
		r.Partial, r.Stopped = false, ""
	}
	r.Find, r.AsRun, r.money = &s.found, s.opts.Profile.YAML(), s.money
	r.Run, r.Overrides = s.opts.Run, s.opts.Profile.Override.flags()
	return r
}

// blame is why a run did not pass.
func (r *Results) blame() string {
	if r.Stopped != "" {
		return r.Stopped
	}
	var why []string
	for _, i := range r.Invariants {
		if i.Verdict == Broken || i.Verdict == Inconclusive {
			why = append(why, i.Name+": "+i.Says)
		}
	}
	for _, t := range r.Thresholds {
		if t.Verdict != Holds {
			why = append(why, t.Text+" was "+t.value())
		}
	}
	return strings.Join(why, "; ")
}

// moneyBroken says whether an invariant is broken.
func (r *Results) moneyBroken() bool {
	return slices.ContainsFunc(r.Invariants, func(i Invariant) bool { return i.Verdict == Broken })
}
