package load

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// Schema names the form of results.json.
const Schema = "d24conform/load/v1"

// A Verdict is what is said of one invariant or threshold.
type Verdict string

// Verdicts.
const (
	Holds        Verdict = "holds"
	Broken       Verdict = "broken"
	NotTested    Verdict = "not_tested" // the target does not let it be seen, or the profile does not ask
	Inconclusive Verdict = "inconclusive"
)

// Overall is what is said of a run.
type Overall string

// Verdicts of a run, the worst first.
const (
	RunFail         Overall = "FAIL"         // an invariant or a threshold is broken
	RunInvalid      Overall = "INVALID"      // the generator could not keep its schedule
	RunInconclusive Overall = "INCONCLUSIVE" // something that had to be judged was not
	RunPass         Overall = "PASS"
)

// Results is what a run found: the content of results.json.
type Results struct {
	Schema      string             `json:"schema"`
	Verdict     Overall            `json:"verdict"`
	Partial     bool               `json:"partial"` // the schedule was not sent to its end
	Stopped     string             `json:"stopped"` // why not; empty when it was
	Says        string             `json:"says"`    // of the money, in one sentence
	Profile     string             `json:"profile"`
	About       string             `json:"about"`
	Run         string             `json:"run"`
	Seed        uint64             `json:"seed"`
	Target      TargetInfo         `json:"target"`
	Tool        Tool               `json:"tool"`
	Started     time.Time          `json:"started"`
	DurationMS  int64              `json:"duration_ms"`
	Schedule    ScheduleInfo       `json:"schedule"`
	Connections int                `json:"connections"` // asked for
	Protocol    string             `json:"protocol"`
	Numbers     map[string]float64 `json:"numbers"` // by the names that thresholds use
	Errors      []ErrorCount       `json:"errors"`
	Invariants  []Invariant        `json:"invariants"`
	Thresholds  []Judged           `json:"thresholds"`
	Faults      map[string]int     `json:"faults"` // that struck, by kind
	Generator   Generator          `json:"generator"`
	Notes       []string           `json:"notes"`
	Overrides   []string           `json:"overrides"` // what the command line said in the place of the profile
	AsRun       string             `json:"as_run"`    // the profile with these, as a file that can be run again
	Series      *Series            `json:"series,omitempty"`
	Find        *Found             `json:"find,omitempty"`
	Rounds      []Round            `json:"rounds,omitempty"` // where there are several
	Comparison  *Comparison        `json:"comparison,omitempty"`

	money tally // what Says says
	gone  bool  // the target went away between two runs
}

// TargetInfo says what was asked.
type TargetInfo struct {
	Name    string `json:"name"`
	BaseURL string `json:"base_url"`
	Mock    bool   `json:"mock"` // its counts and its balance were read
}

// Tool says what asked.
type Tool struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
}

// ScheduleInfo is what was to be sent, and what was.
type ScheduleInfo struct {
	Requests uint64  `json:"requests"`
	Sent     uint64  `json:"sent"`
	Seconds  float64 `json:"seconds"`
	PeakRate float64 `json:"peak_rate"`
}

// ErrorCount is how many attempts ended in one unexpected way.
type ErrorCount struct {
	Class string `json:"class"`
	Count uint64 `json:"count"`
}

// An Invariant is what has to be true of the money after every run.
type Invariant struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Says    string  `json:"says"`
}

// A Judged threshold is one with the number that it was held against.
type Judged struct {
	Text    string   `json:"text"`
	Kind    string   `json:"kind"` // valid, threshold or gate
	Verdict Verdict  `json:"verdict"`
	Value   *float64 `json:"value"` // null where there is none
	Unit    Unit     `json:"unit"`
}

// round keeps as many decimals as are printed: thresholds are held against what a
// reader sees. A share is never rounded to none or to all: one error in a million is
// not 0%.
func round(value float64, unit Unit) float64 {
	decimals := map[Unit]float64{Milliseconds: 3, Percent: 3, PerSecond: 1, Count: 0}[unit]
	scale := math.Pow(10, decimals)
	rounded := math.Round(value*scale) / scale
	switch {
	case unit == Percent && value > 0 && rounded == 0:
		return 1 / scale
	case unit == Percent && value < 100 && rounded == 100:
		return 100 - 1/scale
	}
	return rounded
}

func (e *engine) results(stats *statistics, f *Findings, took time.Duration, connections, reconnects int) *Results {
	p := e.Profile
	r := &Results{
		Schema: Schema, Profile: p.Name, About: p.About, Run: e.Run, Seed: p.Seed,
		Target: TargetInfo{Name: e.Target.Name, BaseURL: e.Target.BaseURL, Mock: e.manager != nil},
		Schedule: ScheduleInfo{
			Requests: e.schedule.Total(), Sent: stats.hits, Seconds: e.schedule.Length().Seconds(), PeakRate: round(e.schedule.Peak(), PerSecond),
		},
		Connections: p.Connections, Protocol: "HTTP/1.1", Numbers: map[string]float64{},
		Errors: stats.errorCounts(), Invariants: []Invariant{}, Thresholds: []Judged{}, Faults: map[string]int{}, Notes: []string{}, Overrides: p.Override.flags(), AsRun: p.YAML(),
	}
	if e.HTTP2 {
		r.Protocol = "HTTP/2"
	}
	if e.manager == nil && len(p.Faults) > 0 {
		r.Notes = append(r.Notes, "the profile's faults were left out: only a mock can be asked for them")
	}
	if e.noRefunds {
		r.Notes = append(r.Notes, "the profile's refunds were left out: their deposits are approved by a mock's management API, which --manage names")
	}

	set := func(name string, value float64) {
		unit, _ := unitOf(name) // a test goes through all names
		r.Numbers[name] = round(value, unit)
	}
	share := func(part, whole uint64) float64 { return 100 * float64(part) / float64(max(whole, 1)) }
	set("achieved", min(share(stats.hits, e.due.Load()), 100)) // after an interrupt some more are sent that were under way
	set("rate", float64(stats.hits)/max(took.Seconds(), 1e-3))
	set("retries", float64(f.Retries))
	set("replays", float64(f.Replays))
	set("lost", float64(stats.lost))
	set("timeouts", float64(stats.timeouts))
	set("duplicates", float64(total(f.Duplicates)))
	set("different", float64(f.Different))
	set("unresolved", float64(len(f.Unresolved)))
	set("connections", float64(connections))
	set("reconnects", float64(reconnects))
	quantiles(set, "late.", &stats.late)
	quantiles(set, "sign.", &stats.sign)
	var all class
	for op := range stats.classes {
		c := &stats.classes[op]
		if c.attempts == 0 {
			continue
		}
		c.numbers(set, Op(op).String()+".")
		all.merge(c)
	}
	all.numbers(set, "")
	return r
}

func (c *class) numbers(set func(string, float64), prefix string) {
	set(prefix+"attempts", float64(c.attempts))
	set(prefix+"error_count", float64(c.errors))
	set(prefix+"errors", 100*float64(c.errors)/float64(max(c.attempts, 1)))
	quantiles(set, prefix, &c.due)
	quantiles(set, prefix+"send.", &c.send)
	quantiles(set, prefix+"first.", &c.first)
}

func quantiles(set func(string, float64), prefix string, h *histogram) {
	if h.h == nil || h.h.TotalCount() == 0 {
		return
	}
	ms := func(ns float64) float64 { return ns / float64(time.Millisecond) }
	for _, q := range quantileNames() {
		set(prefix+q.name, ms(float64(h.h.ValueAtQuantile(q.at))))
	}
	set(prefix+"max", ms(float64(h.h.Max())))
	set(prefix+"mean", ms(h.h.Mean()))
}

// A quantile is one by its name.
type quantile struct {
	name string
	at   float64
}

func quantileNames() []quantile {
	return []quantile{{"p50", 50}, {"p90", 90}, {"p95", 95}, {"p99", 99}, {"p99.9", 99.9}}
}

// ask has the mock say what only it knows, and holds the findings against it.
func (e *engine) ask(ctx context.Context, r *Results, f *Findings) error {
	if f.OtherBody > 0 {
		return fmt.Errorf("%d attempts showed a key with another body than before: the plan is wrong", f.OtherBody)
	}
	r.money = f.tally()
	r.Invariants = f.invariants(e.Profile)
	var made, balance, arrived Invariant
	if e.manager == nil {
		const unseen = "only a mock says what it has"
		made = Invariant{"nothing-made-unseen", NotTested, unseen}
		balance = Invariant{"balance", NotTested, unseen}
		arrived = Invariant{"attempts-arrived", NotTested, unseen}
	} else if now, funds, err := e.atRest(ctx, r, f.Attempts); err != nil {
		unknown := "the mock no longer says what it has: " + err.Error()
		made = Invariant{"nothing-made-unseen", Inconclusive, unknown}
		balance = Invariant{"balance", Inconclusive, unknown}
		arrived = Invariant{"attempts-arrived", Inconclusive, unknown}
	} else {
		made, balance, arrived = f.made(now), f.balance(e.funds, funds), f.arrivals(now.Arrived)
		// What the answers did not show counts as a duplicate all the same.
		if unseen := f.unseen(now); unseen > 0 {
			r.Numbers["duplicates"] += float64(unseen)
			r.money.duplicates += unseen // what a person reads is what a threshold is held against
		}
	}
	r.Says = r.money.sentence()
	r.Invariants = append(r.Invariants, made, balance, arrived)
	return nil
}

// atRest is what the mock has and has done when everything that was sent has arrived.
func (e *engine) atRest(ctx context.Context, r *Results, sent int) (now counts, funds d24.Amount, err error) {
	if now, err = e.countsAtRest(ctx, sent); err == nil {
		funds, err = e.manager.funds(ctx)
	}
	if err != nil {
		return now, funds, err
	}
	struck, err := e.manager.injected(ctx)
	for kind, n := range struck {
		if n -= e.struck[kind]; n > 0 {
			r.Faults[kind] = n
		}
	}
	return now, funds, err
}

// conclude holds the numbers against the thresholds and settles the verdict.
func (r *Results) conclude(valid, thresholds, gate []Threshold) {
	r.Verdict, r.Thresholds = RunPass, []Judged{}
	worse := r.worse
	if r.gone {
		worse(RunInconclusive)
	}
	for _, invariant := range r.Invariants {
		switch invariant.Verdict {
		case Broken:
			worse(RunFail)
		case Inconclusive:
			worse(RunInconclusive)
		case Holds, NotTested:
		}
	}
	for _, group := range []struct {
		kind   string
		list   []Threshold
		broken Overall
	}{{"valid", valid, RunInvalid}, {"threshold", thresholds, RunFail}, {"gate", gate, RunFail}} {
		for _, t := range group.list {
			j := Judged{Text: t.Text, Kind: group.kind, Verdict: Inconclusive, Unit: t.Unit}
			value, ok := r.Numbers[t.Metric]
			switch {
			case !ok:
				worse(RunInconclusive)
			case t.Holds(value):
				j.Verdict, j.Value = Holds, &value
			default:
				j.Verdict, j.Value = Broken, &value
				worse(group.broken)
			}
			r.Thresholds = append(r.Thresholds, j)
		}
	}
}

// worse settles on the worse of two verdicts.
func (r *Results) worse(v Overall) {
	order := []Overall{RunFail, RunInvalid, RunInconclusive, RunPass}
	if slices.Index(order, v) < slices.Index(order, r.Verdict) {
		r.Verdict = v
	}
}

// concludeComparison is what it does to the verdict.
func (r *Results) concludeComparison() {
	if len(r.Comparison.Against) > 0 {
		r.worse(RunInconclusive)
	}
	if slices.ContainsFunc(r.Comparison.Metrics, func(c Compared) bool { return c.Change == Worse }) {
		r.worse(RunFail)
	}
}
