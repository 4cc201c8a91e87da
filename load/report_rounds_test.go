package load

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// repeated is a run that looked for a rate, in rounds, and was held against an earlier one.
func repeated(t *testing.T) *Results {
	t.Helper()
	r, capacity := anywhere(t), 900.0
	r.Rounds = []Round{
		{Numbers: map[string]float64{"p50": 1.5, "p99": 9, "achieved": 100, "duplicates": 0, "capacity": 900}},
		{Numbers: map[string]float64{"p50": 2, "p99": 1204.5, "achieved": 99.5, "duplicates": 1, "capacity": 880}},
	}
	r.Find = &Found{Capacity: &capacity, Says: "900/s held, over 20 s; 1000/s did not: p99 < 50ms was 70 ms", Steps: []Step{
		{Kind: "climb", Rate: 900, Seconds: 5, Held: true, Numbers: map[string]float64{"p99": 12.5, "achieved": 100}, Cores: 0.8},
		{Kind: "narrow", Rate: 1000, Seconds: 5, Why: "p99 < 50ms was 70 ms", Numbers: map[string]float64{"p99": 70, "achieved": 100}, Cores: 0.9},
	}}
	r.Comparison = &Comparison{With: "main\x1b.json", Against: []string{"it ran on another machine"}, Metrics: []Compared{
		{Metric: "p99", Unit: Milliseconds, Before: 5, Now: 9, Earlier: []float64{4, 5, 6}, Later: []float64{8, 9, 10}, P: 0.1, Change: Worse},
		{Metric: "errors", Unit: Percent, Before: 0, Now: 0, Earlier: []float64{0}, Later: []float64{0}, P: 1, Change: Same},
	}}
	return r
}

func TestTheReportOfSeveralRunsShowsEach(t *testing.T) {
	t.Parallel()
	r := repeated(t)
	page := render(t, WriteHTML, r)
	golden(t, "rounds.html", page)
	assert.NotContains(t, page, "\x1b")
	assert.Contains(t, page, "<strong>p99 is worse</strong> 5 ms before, 9 ms now; rounds 4 ms…6 ms, now 8 ms…10 ms, p = 0.1000")
	assert.Contains(t, page, "<strong>not comparable</strong> it ran on another machine")
	assert.Contains(t, page, `<th scope="row">2</th><td class="number ">2</td><td class="number ">1204.5</td>`, "each round as it is printed")
	assert.Contains(t, page, "Of the last run alone.", "what the charts are of")
	assert.Contains(t, Differences([]Plotted{{Name: "a", Results: r}}), "a was more than one run: its charts are of the last alone")
}
