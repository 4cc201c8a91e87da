package reports

import (
	"slices"
	"time"

	"github.com/d24conform/d24conform/internal/rules"
)

// SchemaV1 is the value of Results.Schema.
const SchemaV1 = "d24conform/results/v1"

// Verdict is what is said of one rule or one scenario.
type Verdict string

// The verdicts of rules and scenarios.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Warn         Verdict = "warn"         // a should or may that is not kept
	Inconclusive Verdict = "inconclusive" // the control failed
	NotTested    Verdict = "not_tested"   // something was missing; the reason says what
	Waived       Verdict = "waived"       // violated, and excused in writing
	Observed     Verdict = "observed"     // looked at; counts neither way
)

// Verdicts lists every verdict, the worst first.
func Verdicts() []Verdict {
	return []Verdict{Fail, Warn, Inconclusive, NotTested, Waived, Observed, Pass}
}

// The sources of a run's rules.
const (
	SourceSeeds = "seeds" // the five technical and security pages alone
	SourceAll   = "all"
)

// Overall is what is said of a whole run.
type Overall string

// The verdicts of a run.
const (
	RunPass         Overall = "PASS"
	RunPartial      Overall = "PARTIAL" // nothing failed, something was not tested
	RunFail         Overall = "FAIL"
	RunInconclusive Overall = "INCONCLUSIVE"
)

// Results is what a run found: the content of results.json.
type Results struct {
	Schema      string          `json:"schema"`
	Verdict     Overall         `json:"verdict"`
	Interrupted bool            `json:"interrupted,omitempty"` // stopped early: the rest is not tested
	Role        rules.Role      `json:"role"`
	Target      Target          `json:"target"`
	Tool        Tool            `json:"tool"`
	Depth       string          `json:"depth,omitempty"`  // quick or full
	Source      string          `json:"source,omitempty"` // the pages that it was judged by: seeds or all
	Started     time.Time       `json:"started"`
	DurationMS  int64           `json:"duration_ms"`
	Counts      Counts          `json:"counts"`
	Rules       []RuleResult    `json:"rules"`
	Readings    []ReadingResult `json:"readings"`
}

// Target is what was judged. The clock fields are nil when its clock was not
// estimated, which is not the same as an offset of 0.
type Target struct {
	Name          string `json:"name"`
	BaseURL       string `json:"base_url"`
	ClockOffsetMS *int64 `json:"clock_offset_ms,omitempty"` // target minus ours
	ClockErrorMS  *int64 `json:"clock_error_ms,omitempty"`

	// How far from the target's clock an X-Date may be; nil when it was not measured.
	WindowPast   *WindowEdge `json:"window_past,omitempty"`
	WindowFuture *WindowEdge `json:"window_future,omitempty"`
}

// WindowEdge is one end of the window of dates that the target takes.
type WindowEdge struct {
	Seconds float64 `json:"seconds"`
	Error   float64 `json:"error_seconds"`  // how far the truth may be from that
	Open    bool    `json:"open,omitempty"` // at least so many seconds: no end was found
}

// Tool is what judged.
type Tool struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Rules    string `json:"rules"` // the rule set, such as 2026-11
}

// Counts counts rules, not scenarios. Observed rules count neither way.
type Counts struct {
	Pass         int `json:"pass"`
	Fail         int `json:"fail"`
	Warn         int `json:"warn"`
	Inconclusive int `json:"inconclusive"`
	NotTested    int `json:"not_tested"`
	Waived       int `json:"waived"`
}

// RuleResult is the verdict on one rule that binds the role.
type RuleResult struct {
	ID         string           `json:"id"`
	Obligation rules.Obligation `json:"obligation"`
	Says       string           `json:"says,omitempty"`
	Pages      []string         `json:"pages,omitempty"` // titles
	Verdict    Verdict          `json:"verdict"`
	Reason     string           `json:"reason"`        // empty for a plain pass
	Fix        string           `json:"fix,omitempty"` // for what is violated
	Scenarios  []ScenarioResult `json:"scenarios"`
}

// ScenarioResult is the verdict of one scenario on one rule. A scenario that
// covers several rules stands under each of them.
type ScenarioResult struct {
	Name      string  `json:"name"`
	Feature   string  `json:"feature"` // path of the feature file
	Line      int     `json:"line"`    // of the scenario, or of the example's row
	Verdict   Verdict `json:"verdict"`
	Step      string  `json:"step,omitempty"` // the sentence that did not hold
	Reason    string  `json:"reason,omitempty"`
	Expected  string  `json:"expected,omitempty"`
	Seen      string  `json:"seen,omitempty"`
	Exchanges []int   `json:"exchanges"` // their numbers in exchanges.jsonl
	// For what is violated or inconclusive: the answers that the verdict rests on, what was
	// signed where that matters, and the smallest request that shows it, line by line.
	Calls      []Call     `json:"calls,omitempty"`
	Signature  *Signature `json:"signature,omitempty"`
	Smallest   []string   `json:"smallest,omitempty"`
	Repro      string     `json:"repro,omitempty"` // path of a script, beside results.json
	DurationMS float64    `json:"duration_ms,omitempty"`
}

// A Call is one answer that a verdict rests on.
type Call struct {
	Exchange int    `json:"exchange"` // its number in exchanges.jsonl
	Part     string `json:"part"`     // control, probe …
	Answer   string `json:"answer"`   // in a few words: 201 with deposit_id 300000001
}

// ReadingResult tells how the target reads an ambiguity of the documents.
type ReadingResult struct {
	ID       string `json:"id"`
	Observed string `json:"observed"`
	Question string `json:"question,omitempty"`
}

// Rule returns the result of a rule.
func (r Results) Rule(id string) (RuleResult, bool) {
	for _, rule := range r.Rules {
		if rule.ID == id {
			return rule, true
		}
	}
	return RuleResult{}, false
}

// Scenarios counts the scenarios of the run, each once, however many rules it
// covers.
func (r Results) Scenarios() int {
	type key struct {
		feature, name string
		line          int
	}
	seen := make(map[key]bool)
	for _, rule := range r.Rules {
		for _, s := range rule.Scenarios {
			seen[key{s.Feature, s.Name, s.Line}] = true
		}
	}
	return len(seen)
}

// Exit codes that follow from results alone; the command has more.
const (
	ExitOK           = 0 // every rule that was judged holds
	ExitViolated     = 1
	ExitInconclusive = 4
)

// ExitCode returns the exit code that the results call for. With strict, a
// should that is not kept counts as a violation.
func (r Results) ExitCode(strict bool) int {
	switch {
	case r.Counts.Fail > 0, strict && r.Counts.Warn > 0:
		return ExitViolated
	case r.Counts.Inconclusive > 0:
		return ExitInconclusive
	default:
		return ExitOK
	}
}

// Map returns a deep copy with f applied to every text, so that a writer
// cannot forget one of them.
func (r Results) Map(f func(string) string) Results {
	each := func(in []string) []string {
		if in == nil {
			return nil
		}
		out := make([]string, len(in))
		for i, s := range in {
			out[i] = f(s)
		}
		return out
	}
	out := r
	out.Schema, out.Verdict, out.Role = f(r.Schema), Overall(f(string(r.Verdict))), rules.Role(f(string(r.Role)))
	out.Target.Name, out.Target.BaseURL = f(r.Target.Name), f(r.Target.BaseURL)
	out.Tool = Tool{Version: f(r.Tool.Version), Revision: f(r.Tool.Revision), Rules: f(r.Tool.Rules)}
	out.Rules = make([]RuleResult, len(r.Rules))
	for i, rule := range r.Rules {
		o := rule
		o.ID, o.Obligation, o.Verdict = f(rule.ID), rules.Obligation(f(string(rule.Obligation))), Verdict(f(string(rule.Verdict)))
		o.Says, o.Reason, o.Fix, o.Pages = f(rule.Says), f(rule.Reason), f(rule.Fix), each(rule.Pages)
		o.Scenarios = make([]ScenarioResult, len(rule.Scenarios))
		for k, s := range rule.Scenarios {
			c := s
			c.Name, c.Feature, c.Verdict = f(s.Name), f(s.Feature), Verdict(f(string(s.Verdict)))
			c.Step, c.Reason, c.Expected, c.Seen, c.Repro = f(s.Step), f(s.Reason), f(s.Expected), f(s.Seen), f(s.Repro)
			c.Smallest, c.Calls = each(s.Smallest), slices.Clone(s.Calls)
			for n, call := range c.Calls {
				c.Calls[n].Part, c.Calls[n].Answer = f(call.Part), f(call.Answer)
			}
			if s.Signature != nil {
				c.Signature = &Signature{Exchange: s.Signature.Exchange, Sides: s.Signature.each(f), Near: s.Signature.Near.each(f)}
			}
			if c.Exchanges == nil {
				c.Exchanges = []int{} // an array in every format, never null
			}
			o.Scenarios[k] = c
		}
		out.Rules[i] = o
	}
	out.Readings = make([]ReadingResult, len(r.Readings))
	for i, rd := range r.Readings {
		out.Readings[i] = ReadingResult{ID: f(rd.ID), Observed: f(rd.Observed), Question: f(rd.Question)}
	}
	return out
}
