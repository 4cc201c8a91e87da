package bench

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Schema names the form of results.json.
const Schema = "d24conform/bench/v1"

//go:embed results.schema.json
var schema []byte

// ResultsSchema returns the JSON Schema of results.json (draft 2020-12).
func ResultsSchema() []byte { return bytes.Clone(schema) }

// Results is what a run measured: the content of results.json.
type Results struct {
	Schema     string      `json:"schema"`
	Tool       Tool        `json:"tool"`
	Machine    Machine     `json:"machine"`
	Started    time.Time   `json:"started"`
	DurationMS int64       `json:"duration_ms"`
	Rounds     int         `json:"rounds"`
	Adapter    string      `json:"adapter"` // what it calls itself; empty without one
	Rows       []Row       `json:"rows"`
	Rate       float64     `json:"rate"` // requests a second that Says is about
	Says       []string    `json:"says"`
	Notes      []string    `json:"notes"`
	Comparison *Comparison `json:"comparison"` // null without a baseline
}

// Tool says what measured.
type Tool struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
}

// Machine is where it was measured.
type Machine struct {
	System  string `json:"system"`
	Go      string `json:"go"`
	CPU     string `json:"cpu"` // its model; empty where it is not known
	Threads int    `json:"threads"`
}

// An Op is a signature of the adapter protocol.
type Op string

// Operations.
const (
	SignDeposit Op = "sign_deposit" // over X-Date + X-Login + body
	SignCashout Op = "sign_cashout" // over the body
)

// Ops lists them.
func Ops() []Op { return []Op{SignDeposit, SignCashout} }

// A Way is who signs.
type Way string

// Ways.
const (
	InProcess  Way = "in-process"
	ViaAdapter Way = "adapter"
)

// A Row is one signature over one size of bodies.
type Row struct {
	Via     Way      `json:"via"`
	Op      Op       `json:"op"`
	Bytes   int      `json:"bytes"`   // of the body
	Threads int      `json:"threads"` // that sign at once
	NS      Interval `json:"ns"`      // for one signature on one thread; of an adapter, without the protocol
	SHA256  Interval `json:"sha256"`  // times as long as plain SHA-256 over the same bytes takes
	MBPerS  float64  `json:"mb_per_s"`
	Allocs  *float64 `json:"allocs"`      // for one signature; null where nobody counts them
	Cost    *float64 `json:"protocol_ns"` // of asking an adapter for nothing; null in process
}

// Name is the row in a sentence.
func (r Row) Name() string {
	return fmt.Sprintf("%s %s %s × %d", r.Via, r.Op, size(r.Bytes), r.Threads)
}

// WriteJSON writes results.json.
func WriteJSON(w io.Writer, r *Results) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

func size(n int) string {
	if n >= 1<<10 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// say is what people want to know: of one core, how much.
func (r *Results) say() {
	for _, row := range r.Rows {
		if row.Bytes != usual || row.Threads != 1 || row.Op != SignDeposit {
			continue
		}
		who := "signing"
		if row.Via == ViaAdapter {
			who = "signing in " + r.Adapter
		}
		if row.NS.Low <= 0 {
			r.Says = append(r.Says, fmt.Sprintf("%s is lost in the noise of the protocol: more --rounds may show it", who))
			continue
		}
		r.Says = append(r.Says, fmt.Sprintf("at %g requests a second %s takes %s %% of one core here (%s bodies)",
			r.Rate, who, percent(r.Rate*row.NS.Median/1e9*100), size(usual)))
	}
}

// percent has two digits that count.
func percent(v float64) string {
	if v >= 10 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2g", v)
}
