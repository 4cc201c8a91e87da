// Package steps is the glue between the feature files and the harness: it turns each
// sentence into calls and keeps the verdicts. It does no HTTP, no cryptography and no
// judging of its own. Its README says which file holds which sentences.
package steps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/cucumber/godog"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/repro"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// A Suite judges one target by the feature files of its role.
type Suite struct {
	Server      *target.Server   // what is judged, or
	Client      *target.Client   // nil unless a client is
	Receiver    *target.Receiver // nil unless a receiver is
	Ledger      *rules.Ledger
	Features    fs.FS
	Manifest    *Manifest
	Tags        Selection
	Level       target.Level
	Depth       Depth        // how much of each rule's cover is looked at; empty = [Full]
	Source      rules.Source // judge only the rules and codes of this source; empty = all
	Orders      *merchant.Orders
	Concurrency int // scenarios at once; 0 = 2, which is where a two-core machine stops gaining
	Meta        reports.Meta
	// Age is how old the first requests of the run are at least when they are sent again at
	// its end; 0 = as old as they happen to be. A server that forgets after seconds is not
	// seen by a run that is over sooner.
	Age time.Duration
	// Sleep waits for a target that asked for it (429); nil = real time.
	Sleep func(ctx context.Context, d time.Duration) error
	// Progress is told of each scenario as it ends; may be nil. It is called from
	// several goroutines.
	Progress func(Scenario, reports.Verdict)
	// Smaller is how many more trios may be sent for each violated rule, to find the
	// smallest request that shows it; 0 = none.
	Smaller int
	// Again is the command that has a rule judged once more, for the scripts of a client;
	// nil = it is not known.
	Again func(rule string) string
	// Rerun has a rule of a receiver judged once more; nil = nobody knows the command.
	Rerun func(rule string) repro.Rerun

	// alone is held by a scenario that changes the target for everybody, and shared
	// by all others.
	alone     sync.RWMutex
	diagnoses judge.Memory // of a client's signatures
	survey    survey       // of a server
	phase     phase
	clients   clientCache
	builder   *reports.Builder
	created   ids
	failures  failures
	mu        sync.Mutex
	ran       int
	deaths    int // of a receiver, as far as they are in the results
	seen      effectsSeen
	late      lateEffects
	first     firstReleases
	broken    []error
}

const (
	defaultConcurrency = 2
	// receiverConcurrency is more: most of the time passes while nothing is released.
	receiverConcurrency = 8
)

// Run runs the selected scenarios and returns what they found. An error is the
// harness's own, or the caller's (nothing selected, interrupted before the start):
// what the target does is in the results.
func (s *Suite) Run(ctx context.Context) (reports.Results, error) {
	selected := s.selected()
	if len(selected) == 0 {
		return reports.Results{}, fmt.Errorf("%w by --tags %q for %v", ErrNothingSelected, s.Tags.text, s.products())
	}
	if s.Concurrency == 0 {
		s.Concurrency = defaultConcurrency
		if s.Receiver != nil {
			s.Concurrency = receiverConcurrency
		}
	}
	if s.Tags.text != "" {
		s.Meta.NoScenario = "not selected by --tags " + s.Tags.text
	}
	if s.Depth == "" {
		s.Depth = Full
	}
	s.Meta.LeftOut, s.Meta.Depth, s.Meta.Source = s.leftOut(), string(s.Depth), sourceInReport(s.Source)
	s.builder = reports.NewBuilder(s.Ledger, s.role(), s.products(), s.Meta)
	switch s.role() {
	case rules.RoleServer:
		s.builder.Clock(s.Server.Clock().Offset, s.Server.Clock().Error)
	case rules.RoleClient:
		s.diagnoses = judge.Memory{}
		s.Concurrency = 1 // there is one client, and it does one thing at a time
		if source, ok := s.Client.Source.(target.Agenda); ok {
			source.Expect(situationsOf(selected))
		}
	case rules.RoleReceiver:
	}

	if err := s.leaveOut(selected); err != nil {
		return reports.Results{}, err
	}
	if s.Server != nil {
		s.survey = s.look(ctx)
		defer s.clients.close()
	}
	looked := time.Now()
	status := s.play(ctx, mainPhase, selected)
	if wait := s.Age - time.Since(looked); wait > 0 && slices.ContainsFunc(selected, func(each Scenario) bool { return each.Has(tagLast) }) {
		_ = s.sleep(ctx, wait) // cut short when the run is interrupted
	}
	status = max(status, s.play(ctx, lastPhase, selected))

	if s.Receiver != nil && s.Receiver.Observer != nil {
		s.lookAgain(ctx)
	}
	if ctx.Err() != nil {
		s.builder.Interrupt()
	}
	results := s.builder.Finish(time.Now())
	s.explain(ctx, &results)
	switch {
	case len(s.broken) > 0:
		return results, errors.Join(s.broken...)
	case status > 1: // 0 and 1 say that scenarios passed or failed, which we count ourselves
		return results, fmt.Errorf("the scenario runner ended with status %d", status)
	case s.ran != len(selected):
		return results, fmt.Errorf("%d scenarios were selected and %d were run", len(selected), s.ran)
	}
	return results, nil
}

// A phase is a part of a run: first everything but what has to come last, then that.
type phase int

const (
	mainPhase phase = iota
	lastPhase
)

// play runs the scenarios of a phase and returns godog's status. It is 0 where there are
// none.
func (s *Suite) play(ctx context.Context, p phase, selected []Scenario) int {
	s.phase = p
	of := slices.DeleteFunc(slices.Clone(selected), func(each Scenario) bool { return !s.plays(each) })
	if len(of) == 0 {
		return 0
	}
	return godog.TestSuite{
		Name:                "d24conform",
		ScenarioInitializer: s.initialize,
		Options: &godog.Options{
			Format: quietFormat, Output: io.Discard, NoColors: true, Strict: true,
			Concurrency: s.Concurrency, DefaultContext: ctx, FeatureContents: s.Manifest.contents(of),
		},
	}.Run()
}

// plays says whether a scenario belongs to the phase that is being played.
func (s *Suite) plays(scenario Scenario) bool {
	return scenario.Has(tagLast) == (s.phase == lastPhase)
}

// leaveOut records the scenarios that were not selected under the rules of those that
// were: a rule of which a part was looked at is not green.
func (s *Suite) leaveOut(selected []Scenario) error {
	touched := map[string]bool{}
	for _, scenario := range selected {
		for _, id := range s.rulesOf(scenario) {
			touched[id] = true
		}
	}
	for _, scenario := range s.Manifest.Scenarios {
		ids := slices.DeleteFunc(s.rulesOf(scenario), func(id string) bool { return !touched[id] })
		if len(ids) == 0 || s.Tags.selects(scenario) || !s.concerns(scenario) {
			continue
		}
		if err := s.builder.Add(reports.Scenario{
			Name: scenario.Name, Feature: scenario.Feature, Line: scenario.Line, Rules: ids,
			Verdict: reports.NotTested, Reason: s.Meta.NoScenario,
		}); err != nil {
			return err
		}
	}
	return nil
}

// Selected is how many scenarios [Suite.Run] will run.
func (s *Suite) Selected() int { return len(s.selected()) }

func (s *Suite) selected() []Scenario {
	var selected []Scenario
	for _, scenario := range s.Manifest.Scenarios {
		if s.selects(scenario) {
			selected = append(selected, scenario)
		}
	}
	return selected
}

// role is the side that is judged.
func (s *Suite) role() rules.Role {
	switch {
	case s.Client != nil:
		return rules.RoleClient
	case s.Receiver != nil:
		return rules.RoleReceiver
	}
	return rules.RoleServer
}

// products are those that the target declares.
func (s *Suite) products() []rules.Product {
	switch {
	case s.Client != nil:
		return s.Client.Products
	case s.Receiver != nil:
		return s.Receiver.Products
	}
	return s.Server.Products
}

// concerns says whether a scenario is about this role and one of these products.
func (s *Suite) concerns(scenario Scenario) bool {
	return scenario.Has("@"+string(s.role())) && scenario.concerns(s.products())
}

func (s *Suite) selects(scenario Scenario) bool {
	return s.concerns(scenario) && s.Tags.selects(scenario) && (s.Source == "" || len(s.rulesOf(scenario)) > 0) &&
		(s.Depth != Quick || !scenario.Has(tagFull))
}

// initialize gives each scenario a world of its own. Everything is registered here
// and nothing at suite level, where godog's concurrent scenarios would race.
func (s *Suite) initialize(sc *godog.ScenarioContext) {
	world := serverWorld
	switch s.role() {
	case rules.RoleServer:
	case rules.RoleClient:
		world = clientWorld
	case rules.RoleReceiver:
		world = receiverWorld
	}
	scene := &scene{suite: s}
	scene.play(sc, world)
}

// record keeps what a scenario found.
func (s *Suite) record(scenario Scenario, result reports.Scenario, harness error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ran++
	if harness == nil {
		harness = s.builder.Add(result)
	}
	if harness != nil {
		s.broken = append(s.broken, fmt.Errorf("%s:%d: %w", scenario.Feature, scenario.Line, harness))
		return
	}
	if s.Progress != nil {
		s.Progress(scenario, result.Verdict)
	}
}

// numbers are the places of exchanges in the log; what was never sent has none.
func numbers(exchanges []*exchange.Exchange) []int {
	list := make([]int, 0, len(exchanges))
	for _, e := range exchanges {
		if e != nil && e.Number > 0 && !slices.Contains(list, e.Number) {
			list = append(list, e.Number)
		}
	}
	return list
}
