package load

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Series are a run's figures over time and by percentile: what charts are drawn from.
// Times are counted from the beginning of the schedule, and every list over time has
// as many points as there are steps. What no request of a step tells is null.
type Series struct {
	StepMS float64 `json:"step_ms"` // a point is one step; the first begins at 0
	// Requests a second: that the schedule asked for, and whose sending began.
	Asked []float64 `json:"asked"`
	Sent  []float64 `json:"sent"`
	// Milliseconds, of the requests that were due in the step: from when they were due,
	// and how late their sending began.
	P50  []*float64 `json:"p50"`
	P95  []*float64 `json:"p95"`
	P99  []*float64 `json:"p99"`
	Max  []*float64 `json:"max"`
	Late []*float64 `json:"late_p99"`
	// Attempts that began in the step, by what came of them; Errors are those of them
	// that the profile does not expect.
	Outcomes []OutcomeSeries `json:"outcomes"`
	Errors   []int           `json:"errors"`
	// Percentiles are those of Quantiles for each class and for all, in milliseconds from
	// when requests were due. They end where a class has no more requests to tell.
	Percentiles []float64            `json:"percentiles"`
	Quantiles   map[string][]float64 `json:"quantiles"`
}

// An OutcomeSeries is how many attempts ended in one way, over time.
type OutcomeSeries struct {
	Name   string `json:"name"` // a status, or how it ended without one
	Counts []int  `json:"counts"`
}

// all is the name of all classes together.
const all = "all"

// maxSteps keeps a chart readable and a page small: more points than a phone has
// pixels tell nobody more. What begins later still, such as the last try of a lost
// request, is counted in one of as many further steps, or in the last of them.
const maxSteps = 300

// stepOf is how long a step is. A second has room for a p99 at 100 requests a second;
// it is less as long as a step keeps twenty requests, and more only where the run is so
// long that there would be too many.
func stepOf(length time.Duration, requests uint64) time.Duration {
	const perStep = 20
	steps := []time.Duration{
		100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second,
		10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	}
	for _, step := range steps {
		n := length.Seconds() / step.Seconds()
		if n <= maxSteps && (step >= time.Second || float64(requests) >= perStep*n) {
			return step
		}
	}
	return length / maxSteps
}

// A hit is what the journal says of one request of the schedule: twelve bytes, 12 MB for a
// million.
type hit struct {
	took uint32 // microseconds from when it was due to the end of its last attempt
	late uint32 // and to the beginning of its first
	step uint16 // in which it was due, counted from 1: 0 is a request that was not sent
}

// A plotter collects the points of all charts in one pass over the journal.
type plotter struct {
	step     time.Duration
	hits     []hit
	sent     []int
	errors   []int
	outcomes map[string][]int
}

// take enters one record. Questions after the run are no load.
func (p *plotter) take(_ header, r *record) {
	if r.marks&markResolve != 0 {
		return
	}
	began := p.at(r.scheduled + r.late)
	name := r.outcome.String()
	if r.outcome == answered {
		name = strconv.Itoa(int(r.status))
	}
	// A server that makes up statuses makes no more lines than a chart has room for.
	if _, known := p.outcomes[name]; !known && len(p.outcomes) >= maxOutcomes {
		name = "others"
	}
	p.outcomes[name] = count(p.outcomes[name], began)
	if r.marks&markError != 0 {
		p.errors = count(p.errors, began)
	}
	for uint32(len(p.hits)) <= r.seq { //nolint:gosec // fewer than 2³²
		p.hits = append(p.hits, hit{})
	}
	h := &p.hits[r.seq]
	h.took = max(h.took, micros(r.late+r.took)) // the last attempt ends last
	h.step = uint16(p.at(r.scheduled) + 1)      //nolint:gosec // at most 2·maxSteps
	if r.try == 0 {
		h.late = micros(r.late)
		p.sent = count(p.sent, began)
	}
}

// maxOutcomes are the statuses of these APIs, with room for some of a gateway's.
const maxOutcomes = 12

func (p *plotter) at(moment time.Duration) int {
	return int(min(moment/p.step, 2*maxSteps-1))
}

func count(counts []int, at int) []int {
	for len(counts) <= at {
		counts = append(counts, 0)
	}
	counts[at]++
	return counts
}

// series reads the run's points out of its journal. Over time they are exact; by
// percentile they are those of the histograms that the printed numbers come from.
func (e *engine) series(stats *statistics) (*Series, error) {
	p := &plotter{step: stepOf(e.schedule.Length(), e.schedule.Total()), outcomes: map[string][]int{}, hits: make([]hit, 0, stats.hits)}
	if _, err := readJournalFile(e.Journal, p.take); err != nil {
		return nil, err
	}
	s := p.series(e.schedule)
	s.Percentiles, s.Quantiles = percentiles(), map[string][]float64{}
	var whole histogram
	for op := range stats.classes {
		if due := &stats.classes[op].due; due.h != nil {
			s.Quantiles[Op(op).String()] = curve(due)
			whole.merge(due)
		}
	}
	if whole.h != nil {
		s.Quantiles[all] = curve(&whole)
	}
	return s, nil
}

func (p *plotter) series(schedule *Schedule) *Series {
	s := &Series{StepMS: float64(p.step) / float64(time.Millisecond), Outcomes: []OutcomeSeries{}}
	steps := len(p.errors)
	for _, counts := range p.outcomes {
		steps = max(steps, len(counts))
	}
	whole := func(counts []int) []int { return append(counts, make([]int, steps-len(counts))...) }
	for name, counts := range p.outcomes {
		s.Outcomes = append(s.Outcomes, OutcomeSeries{name, whole(counts)})
	}
	slices.SortFunc(s.Outcomes, func(a, b OutcomeSeries) int { return strings.Compare(a.Name, b.Name) })
	s.Errors, p.sent = whole(p.errors), whole(p.sent)
	s.Asked, s.Sent = make([]float64, steps), make([]float64, steps)
	for i := range steps {
		begin := time.Duration(i) * p.step
		width := p.step
		if rest := schedule.Length() - begin; rest > 0 {
			width = min(width, rest)
		}
		s.Asked[i] = round((schedule.due(begin+width)-schedule.due(begin))/width.Seconds(), PerSecond)
		s.Sent[i] = round(float64(p.sent[i])/width.Seconds(), PerSecond)
	}
	for _, list := range []*[]*float64{&s.P50, &s.P95, &s.P99, &s.Max, &s.Late} {
		*list = make([]*float64, steps)
	}
	// Requests are numbered by when they are due, so that those of a step stand together.
	var took, late []uint32
	p.hits = slices.DeleteFunc(p.hits, func(h hit) bool { return h.step == 0 })
	for i, h := range p.hits {
		took, late = append(took, h.took), append(late, h.late)
		if at := h.step - 1; i+1 == len(p.hits) || p.hits[i+1].step != h.step {
			slices.Sort(took)
			slices.Sort(late)
			s.P50[at], s.P95[at], s.P99[at], s.Max[at] = rank(took, 50), rank(took, 95), rank(took, 99), rank(took, 100)
			s.Late[at] = rank(late, 99)
			took, late = took[:0], late[:0]
		}
	}
	return s
}

// rank is a percentile of sorted microseconds, in milliseconds: a latency that there was,
// and no value between two.
func rank(sorted []uint32, percent int) *float64 {
	at := (len(sorted)*percent + 99) / 100
	ms := float64(sorted[at-1]) / 1000
	return &ms
}

// percentiles are where latencies are read off for the chart by percentile, eight to
// each nine: evenly on its axis, which has as much room from 90 to 99 as from 99 to 99.9.
func percentiles() []float64 {
	const perNine, nines = 8, 6
	list := make([]float64, perNine*nines+1)
	for i := range list {
		list[i] = math.Round(1e8*(1-math.Pow(10, -float64(i)/perNine))) / 1e6
	}
	return list
}

// curve is a histogram at the percentiles that at least one of its requests is beyond.
func curve(h *histogram) []float64 {
	var list []float64
	for _, percent := range percentiles() {
		if (1-percent/100)*float64(h.h.TotalCount()) < 1-1e-9 {
			break
		}
		list = append(list, round(float64(h.h.ValueAtQuantile(percent))/float64(time.Millisecond), Milliseconds))
	}
	return list
}
