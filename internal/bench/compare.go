package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A Comparison holds a run against an earlier one.
type Comparison struct {
	Baseline string    `json:"baseline"` // the file
	Started  string    `json:"started"`  // when it was measured
	Slower   int       `json:"slower"`   // rows
	Rows     []Against `json:"rows"`
}

// An Against is one row beside what it was.
type Against struct {
	Row     string  `json:"row"`
	Then    float64 `json:"then"`    // times SHA-256
	Now     float64 `json:"now"`     // the same
	Change  float64 `json:"change"`  // in percent; above zero is slower
	Allowed float64 `json:"allowed"` // in percent: the noise of both runs, and the margin
	Says    string  `json:"says"`    // why it counts as slower; empty when it does not
}

// margin is what two runs of the same program differ by beside the noise within each: how
// much of the caches others use. Between a quiet and a busy machine it was 14.5 % at 0 B; one
// compression more than needed is 40 % there.
const margin = 0.15

// ReadBaseline reads the results.json of an earlier run.
func ReadBaseline(data []byte) (*Results, error) {
	var r Results
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&r); err != nil {
		return nil, fmt.Errorf("it is no results.json of bench signing: %w", err)
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("it says schema %q, and not %q", r.Schema, Schema)
	}
	return &r, nil
}

// Compare holds the rows that both runs have against each other, by their ratios to
// SHA-256. Rows of an adapter that were lost in the protocol's noise are left out.
func (r *Results) Compare(file string, baseline *Results) error {
	c := &Comparison{Baseline: file, Started: baseline.Started.Format("2006-01-02 15:04"), Rows: []Against{}}
	then := map[string]Row{}
	for _, row := range baseline.Rows {
		then[row.Name()] = row
	}
	for _, now := range r.Rows {
		before, ok := then[now.Name()]
		if !ok || before.SHA256.Low <= 0 || now.SHA256.Low <= 0 {
			continue
		}
		a := Against{
			Row: now.Name(), Then: before.SHA256.Median, Now: now.SHA256.Median,
			Change:  rounded(100 * (now.SHA256.Median/before.SHA256.Median - 1)),
			Allowed: rounded(100 * (now.SHA256.Noise() + before.SHA256.Noise() + margin)),
		}
		switch {
		case a.Change > a.Allowed:
			a.Says = fmt.Sprintf("%.1f %% slower, where %.1f %% may be noise", a.Change, a.Allowed)
		case now.Allocs != nil && before.Allocs != nil && *now.Allocs > *before.Allocs:
			a.Says = fmt.Sprintf("%g allocations, and it had %g", *now.Allocs, *before.Allocs)
		}
		if a.Says != "" {
			c.Slower++
		}
		c.Rows = append(c.Rows, a)
	}
	if len(c.Rows) == 0 {
		return fmt.Errorf("no row is in both runs")
	}
	if r.Machine.CPU != baseline.Machine.CPU || r.Machine.System != baseline.Machine.System {
		r.Notes = append(r.Notes, "the baseline is from another kind of machine ("+baseline.Machine.CPU+"), where SHA-256 may be another part of the work")
	}
	r.Comparison = c
	return nil
}
