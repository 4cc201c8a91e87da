package reports

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/rules"
)

// Meta is what a run knows before its first scenario.
type Meta struct {
	Target  Target
	Tool    Tool // Rules is filled in from the ledger
	Started time.Time
	// NoScenario is the reason given for a rule that no scenario covered. It
	// is for runs that select scenarios: "not selected by --tags @deposits".
	NoScenario string
	LeftOut    map[string]string // rules that the run does not judge, by id, each with the reason
	Depth      string            // quick or full; empty for a run without scenarios
	Source     string            // [SourceSeeds] or [SourceAll]; empty as Depth
}

// Scenario is one scenario that has ended, or that could not run.
type Scenario struct {
	Name      string
	Feature   string
	Line      int
	Rules     []string // ids of every rule that it covers
	Verdict   Verdict
	Step      string // the sentence that did not hold
	Reason    string // why it is not a pass; always given for not_tested
	Expected  string
	Seen      string
	Exchanges []int
	Repro     string
	Duration  time.Duration
}

// Builder collects scenarios while they run and computes the results. Its
// methods may be called by many goroutines.
type Builder struct {
	ledger *rules.Ledger
	role   rules.Role
	rules  []rules.Rule
	wanted map[string]rules.Rule

	mu          sync.Mutex
	meta        Meta
	scenarios   []Scenario
	readings    map[string][]string
	presumed    map[string]string
	interrupted bool
}

// NewBuilder returns a builder for the rules that bind a role and concern one
// of the products.
func NewBuilder(ledger *rules.Ledger, role rules.Role, products []rules.Product, meta Meta) *Builder {
	b := &Builder{
		ledger:   ledger,
		role:     role,
		rules:    ledger.For(role, products),
		wanted:   make(map[string]rules.Rule),
		meta:     meta,
		readings: make(map[string][]string),
		presumed: make(map[string]string),
	}
	for _, r := range b.rules {
		b.wanted[r.ID] = r
	}
	b.meta.Tool.Rules = ledger.Version
	if b.meta.NoScenario == "" {
		b.meta.NoScenario = "no scenario ran for this rule"
	}
	return b
}

// Add records a scenario. It is an error, and one of the harness or of a
// feature file, never of the target, when a rule is unknown or cannot be
// judged for the role, or when the verdict is unknown or lacks its reason.
// Rules of products that this run leaves out are passed over.
func (b *Builder) Add(s Scenario) error {
	if err := b.check(s); err != nil {
		return fmt.Errorf("record scenario %q (%s:%d): %w", s.Name, s.Feature, s.Line, err)
	}
	s.Rules, s.Exchanges = slices.Clone(s.Rules), slices.Clone(s.Exchanges)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.scenarios = append(b.scenarios, s)
	return nil
}

// Doubt makes a recorded scenario inconclusive that passed, or that failed if failures are
// doubted too: something came to light after its end.
func (b *Builder) Doubt(feature string, line int, name, reason string, failures bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, s := range b.scenarios {
		if s.Feature == feature && s.Line == line && s.Name == name && (s.Verdict == Pass || failures && s.Verdict == Fail) {
			b.scenarios[i].Verdict, b.scenarios[i].Reason = Inconclusive, reason
		}
	}
}

func (b *Builder) check(s Scenario) error {
	if !slices.Contains(Verdicts(), s.Verdict) {
		return fmt.Errorf("unknown verdict %q", s.Verdict)
	}
	if s.Reason == "" && (s.Verdict == NotTested || s.Verdict == Inconclusive) {
		return fmt.Errorf("verdict %s needs a reason", s.Verdict)
	}
	if len(s.Rules) == 0 {
		return errors.New("it names no rule")
	}
	for _, id := range s.Rules {
		if _, ok := b.wanted[id]; ok {
			continue
		}
		r, ok := b.ledger.Rule(id)
		if !ok {
			return fmt.Errorf("rule set %s has no rule %q", b.ledger.Version, id)
		}
		switch bind, ok := r.Binding(b.role); {
		case !ok:
			return fmt.Errorf("rule %s does not bind a %s", id, b.role)
		case bind.Judgement == rules.NotJudged:
			return fmt.Errorf("rule %s is not judged for a %s: %s", id, b.role, bind.Reason)
		}
	}
	return nil
}

// Reading records how the target reads an ambiguity. Different observations of
// one ambiguity are all kept.
func (b *Builder) Reading(id, observed string) error {
	return b.read(id, func() {
		if !slices.Contains(b.readings[id], observed) {
			b.readings[id] = append(b.readings[id], observed)
		}
	})
}

// Presume records how the target seems to read an ambiguity, where all that was seen
// is that nothing spoke for another reading. What another scenario records by
// [Builder.Reading], before or after, is proof and wins.
func (b *Builder) Presume(id, reading string) error {
	return b.read(id, func() { b.presumed[id] = reading })
}

func (b *Builder) read(id string, record func()) error {
	if _, ok := b.ledger.Ambiguity(id); !ok {
		return fmt.Errorf("record reading: rule set %s has no ambiguity %q", b.ledger.Version, id)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	record()
	return nil
}

// Clock records the estimated offset of the target's clock, target minus ours,
// and the error of the estimate.
func (b *Builder) Clock(offset, margin time.Duration) {
	o, m := offset.Milliseconds(), int64(math.Ceil(float64(margin)/float64(time.Millisecond)))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.meta.Target.ClockOffsetMS, b.meta.Target.ClockErrorMS = &o, &m
}

// Interrupt records that the run was stopped before its end.
func (b *Builder) Interrupt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.interrupted = true
	b.meta.NoScenario = "the run was interrupted before a scenario of this rule"
}

// Finish computes the results. The order of everything in them follows from
// the ledger and the feature files, not from which scenario ended first.
func (b *Builder) Finish(now time.Time) Results {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := Results{
		Schema:      SchemaV1,
		Interrupted: b.interrupted,
		Role:        b.role,
		Target:      b.meta.Target,
		Tool:        b.meta.Tool,
		Depth:       b.meta.Depth,
		Source:      b.meta.Source,
		Started:     b.meta.Started.UTC().Truncate(time.Millisecond),
		DurationMS:  now.Sub(b.meta.Started).Milliseconds(),
		Rules:       make([]RuleResult, 0, len(b.rules)),
		Readings:    make([]ReadingResult, 0, len(b.readings)),
	}
	byRule := b.byRule()
	for _, rule := range b.rules {
		r.Rules = append(r.Rules, b.result(rule, byRule[rule.ID]))
	}
	for _, a := range b.ledger.Ambiguities() {
		seen := strings.Join(slices.Sorted(slices.Values(b.readings[a.ID])), " / ")
		if seen = cmp.Or(seen, b.presumed[a.ID]); seen != "" {
			r.Readings = append(r.Readings, ReadingResult{ID: a.ID, Observed: seen, Question: a.Question})
		}
	}
	r.Counts = Count(r.Rules)
	r.Verdict = RunVerdict(r.Counts, b.interrupted)
	return r
}

// byRule sorts the scenarios under their rules.
func (b *Builder) byRule() map[string][]Scenario {
	sorted := slices.Clone(b.scenarios)
	slices.SortStableFunc(sorted, func(x, y Scenario) int {
		return cmp.Or(
			cmp.Compare(x.Feature, y.Feature),
			cmp.Compare(x.Line, y.Line),
			cmp.Compare(x.Name, y.Name),
			cmp.Compare(x.Verdict, y.Verdict),
			cmp.Compare(x.Reason, y.Reason),
			slices.Compare(x.Exchanges, y.Exchanges),
		)
	})
	out := make(map[string][]Scenario)
	for _, s := range sorted {
		ids := slices.Compact(slices.Sorted(slices.Values(s.Rules)))
		for _, id := range ids {
			out[id] = append(out[id], s)
		}
	}
	return out
}

// result computes the result of one rule from its scenarios.
func (b *Builder) result(rule rules.Rule, scenarios []Scenario) RuleResult {
	bind, _ := rule.Binding(b.role)
	out := RuleResult{
		ID:         rule.ID,
		Obligation: bind.Obligation,
		Says:       rule.Says,
		Pages:      rule.PageTitles(),
		Scenarios:  make([]ScenarioResult, 0, len(scenarios)),
	}
	for _, s := range scenarios {
		exchanges := s.Exchanges
		if exchanges == nil {
			exchanges = []int{}
		}
		out.Scenarios = append(out.Scenarios, ScenarioResult{
			Name:       s.Name,
			Feature:    s.Feature,
			Line:       s.Line,
			Verdict:    ScenarioVerdict(s.Verdict, bind.Judgement, bind.Obligation),
			Step:       s.Step,
			Reason:     s.Reason,
			Expected:   s.Expected,
			Seen:       s.Seen,
			Exchanges:  exchanges,
			Repro:      s.Repro,
			DurationMS: milliseconds(s.Duration),
		})
	}
	out.Verdict, out.Reason = RuleVerdict(out.Scenarios, cmp.Or(b.meta.LeftOut[rule.ID], b.meta.NoScenario))
	switch out.Verdict {
	case Fail, Warn, Waived:
		out.Fix = bind.Fix
	case Observed:
		out.Reason = cmp.Or(out.Reason, bind.Reason)
	case Pass, Inconclusive, NotTested:
	}
	return out
}

// milliseconds keeps three decimals: scenarios against a local mock take
// less than one millisecond.
func milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}
