package load

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// A Comparison holds a run against an earlier one.
type Comparison struct {
	With    string     `json:"with"`    // the earlier run
	Against []string   `json:"against"` // why the two cannot be compared; empty when they can
	Metrics []Compared `json:"metrics"`
}

// A Change is what became of a number.
type Change string

// Changes.
const (
	Worse  Change = "worse"
	Better Change = "better"
	Same   Change = "no difference within noise"
)

// A Compared is one number of both runs.
type Compared struct {
	Metric  string    `json:"metric"`
	Unit    Unit      `json:"unit"`
	Before  float64   `json:"before"` // medians
	Now     float64   `json:"now"`
	Earlier []float64 `json:"earlier_rounds"` // sorted
	Later   []float64 `json:"later_rounds"`
	P       float64   `json:"p"` // how often chance alone sets the rounds apart like this
	Change  Change    `json:"change"`
}

// compared are the numbers that are held against each other, with how far a median has
// to move before it can be a difference at all. Rounds of one run share a minute; those
// of two do not, and no test on the rounds sees that. Ten runs of one program within six
// minutes, on two cores of a shared host, with the rounds left out in which it took CPU
// away: of 90 pairs a tenth would have called 12 worse by their p50, 7 by their p95 and 1
// by their p99, these limits none. A capacity is found within a tenth, and has twice that; of
// achieved it is one in a hundred requests.
func compared() []struct {
	name           string
	moves          float64
	relative, more bool // more is better
} {
	return []struct {
		name           string
		moves          float64
		relative, more bool
	}{
		{"p50", 0.5, true, false},
		{"p95", 0.3, true, false},
		{"p99", 0.2, true, false},
		{"errors", 0, false, false},
		{"achieved", 1, false, true},
		{capacity, 0.2, true, true},
	}
}

const (
	// MinRounds is how many rounds both runs need: with five each, chance sets them wholly
	// apart in 2 of 252 cases, which is just below what six numbers at once may have.
	MinRounds = 5
	// chance is how often, over all numbers together, no difference may be called one.
	chance = 0.05
)

// OpenResults reads an earlier run: its results.json, or the folder that holds it.
func OpenResults(path string) (*Results, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "results.json")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the earlier run cannot be read: %w", err)
	}
	var r Results
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("the earlier run cannot be read: %s: %w", path, err)
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("the earlier run cannot be read: %s is not of the form %s", path, Schema)
	}
	return &r, nil
}

// compare holds the run against an earlier one.
func (r *Results) compare(before *Results) {
	c := &Comparison{
		With:    fmt.Sprintf("%s of %s", before.Run, before.Started.UTC().Format("2006-01-02 15:04 UTC")),
		Against: r.against(before), Metrics: []Compared{},
	}
	r.Comparison = c
	if len(c.Against) > 0 {
		return
	}
	for _, m := range compared() {
		earlier, later := valuesOf(before.counting(), m.name), valuesOf(r.counting(), m.name)
		if len(earlier)+len(later) == 0 {
			continue // no rate was looked for
		}
		if len(earlier) < MinRounds || len(later) < MinRounds {
			c.Against = append(c.Against, fmt.Sprintf("%s was found in %s of the earlier run and in %d of this one, and both need %d", m.name, plural(len(earlier), "round"), len(later), MinRounds))
			continue
		}
		unit, _ := unitOf(m.name) // a test goes through all names
		x := Compared{
			Metric: m.name, Unit: unit, Before: round(median(earlier), unit), Now: round(median(later), unit),
			Earlier: earlier, Later: later, P: math.Ceil(1e4*apart(earlier, later)) / 1e4, Change: Same,
		}
		moved, limit := x.Now-x.Before, m.moves
		if m.relative {
			limit *= x.Before
		}
		if apart(earlier, later) <= chance/float64(len(compared())) && math.Abs(moved) > limit {
			x.Change = Worse
			if moved > 0 == m.more {
				x.Change = Better
			}
		}
		c.Metrics = append(c.Metrics, x)
	}
}

// against is why two runs cannot be compared.
func (r *Results) against(before *Results) []string {
	against := []string{} // a list in JSON too
	other := func(differs bool, format string, args ...any) {
		if differs {
			against = append(against, fmt.Sprintf(format, args...))
		}
	}
	other(before.Profile != r.Profile, "it ran profile %s, and this is %s", before.Profile, r.Profile)
	other(before.Seed != r.Seed, "its seed was %d, and this is %d", before.Seed, r.Seed)
	if before.Profile == r.Profile && before.Seed == r.Seed {
		other(sent(before.AsRun) != sent(r.AsRun), "it sent another plan: its profile, or a flag that changes it, was another")
	}
	other(before.Protocol != r.Protocol, "it spoke %s, and this is %s", before.Protocol, r.Protocol)
	other(before.Target.Name != r.Target.Name, "its target was %s, and this is %s", before.Target.Name, r.Target.Name)
	here, there := r.Generator, before.Generator
	other(there.Machine != here.Machine || there.Threads != here.Threads || there.System != here.System,
		"it ran on another machine: %s, and this is %s", there.machine(), here.machine())
	for _, each := range []struct {
		name string
		run  *Results
	}{{"the earlier run", before}, {"this run", r}} {
		other(each.run.Partial, "%s was not sent to its end: %s", each.name, each.run.Stopped)
		other(each.run.Verdict == RunInvalid, "%s is INVALID: its latencies are the generator's", each.name)
		n, counting := len(each.run.Rounds), len(each.run.counting())
		other(n < MinRounds, "%s has %s, and to tell a difference from noise both need %d: --rounds %d", each.name, plural(max(n, 1), "round"), MinRounds, MinRounds)
		other(n >= MinRounds && counting < MinRounds, "in %d of the %d rounds of %s the machine's host gave CPU to others, which leaves fewer than %d that count: ask for more --rounds, or at a quieter time",
			n-counting, n, each.name, MinRounds)
	}
	return against
}

// sent is a profile as run without what does not change what is sent.
func sent(text string) string {
	p, err := parseProfile("", "", []byte(text))
	if err != nil {
		return text // of a version that knew other keys
	}
	p.About, p.Valid, p.Thresholds, p.AbortEarly = "", nil, nil, false
	return p.YAML()
}

// counting are the rounds in which the machine was its own: of eight runs of one program
// against itself, the one that was called worse had another round.
func (r *Results) counting() []Round {
	return slices.DeleteFunc(slices.Clone(r.Rounds), func(round Round) bool { return round.Stolen >= stolenShare })
}

// valuesOf are a number's, sorted.
func valuesOf(rounds []Round, name string) []float64 {
	var values []float64
	for _, round := range rounds {
		if value, ok := round.Numbers[name]; ok {
			values = append(values, value)
		}
	}
	slices.Sort(values)
	return values
}

// apart is the probability that values of one kind, dealt into two hands of these sizes,
// lie at least as far apart as they do: the exact two-sided test of Mann and Whitney, of
// the sum of the ranks. It asks nothing of how latencies are distributed, and equal
// values share their rank.
func apart(a, b []float64) float64 {
	all := slices.Concat(a, b)
	slices.Sort(all)
	rank := func(value float64) int { // twice the mean rank, which is whole
		first, _ := slices.BinarySearch(all, value)
		after, _ := slices.BinarySearchFunc(all, value, func(x, v float64) int {
			if x <= v {
				return -1
			}
			return 1
		})
		return first + after + 1
	}
	seen, sum := 0, 0
	ranks := make([]int, len(all))
	for i, value := range all {
		ranks[i] = rank(value)
		sum += ranks[i]
	}
	for _, value := range a {
		seen += rank(value)
	}
	// ways[k][s] is in how many ways k of the values have ranks that sum up to s.
	ways := make([][]float64, len(a)+1)
	for k := range ways {
		ways[k] = make([]float64, sum+1)
	}
	ways[0][0] = 1
	for _, rank := range ranks {
		for k := len(a); k > 0; k-- {
			for s := sum; s >= rank; s-- {
				ways[k][s] += ways[k-1][s-rank]
			}
		}
	}
	// The sum that is expected is len(a)·sum/len(all); both sides of it are multiplied out.
	distance := func(s int) int { return max(s*len(all)-len(a)*sum, len(a)*sum-s*len(all)) }
	as, total := 0.0, 0.0
	for s, n := range ways[len(a)] {
		total += n
		if distance(s) >= distance(seen) {
			as += n
		}
	}
	return as / total
}
