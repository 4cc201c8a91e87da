// Package selftest judges the suite itself: does it notice every defect that it ought
// to, for the right reason, and no other?
//
// # Method
//
// For each role the suite runs against a peer that keeps every rule: the bundled mock for
// servers, the reference client for clients, the reference receiver for receivers. Then it runs whole against the same peer with
// each of its mutants in turn, several side by side, each on ports of its own. A mutant is
// one defect and names the rules that it breaks. It is killed exactly when these rules
// fail, all of them and no others. Roles differ in what brings a run about; the judging is
// one.
//
// # Which mutants
//
// [Mutants] were written by hand, one trap each. [All] adds those that are derived from what
// a peer does: every check left out, every comparison careless, every memory too short. They
// prove that the suite covers operations, states and environments, not only the traps that
// somebody thought of. A [Sample] has some of both, by a seed. Changes that are no mutants,
// because no rule demands otherwise or nobody can notice, are [Equivalents].
//
// # What is not taken for a kill
//
// A run is [Invalid] when the mutant did not start or crashed, when the mock met a defect
// that nobody meant, when something became inconclusive or was not tested, when only other
// rules failed than the mutant breaks, when a failure cannot be put down to a sentence
// with all its controls accepted, or when a scenario passed with fewer calls
// than it makes against the conforming peer. The last catches runs in which a scenario
// looks at something else than it says.
//
// A scenario may repeat its trio of control, probe and control where an answer told
// nothing, at most twice. A busy machine may bring that about, so calls that repeated
// trios explain are no difference.
//
// # Clients
//
// It is the client that begins. One whose requests are all refused never comes to a retry,
// so what its defect leaves without an occasion is listed with the mutant, and not INVALID.
// Its calls are what it was asked for; how often it sends each is what scenarios judge. A
// client that is in trouble waits, some fifteen seconds in all: client, mock and harness
// live by a clock that jumps (target.Pastime), so that a run takes what its CPU takes, and
// nothing depends on how busy the machine is.
//
// What a client sends decides which situations come about, so calls are not compared. Derived
// mutants follow from the steps of the reference client (peers/client, Derived).
//
// Two mutants of the client do what is only bad sense, and six of the mock notify otherwise
// than the documents show: no rule is broken, and no scenario may fail. They have to show in
// what the observed scenarios report, and are [Reported].
//
// # Receivers
//
// A receiver lives by a clock that stands still, and is killed and started again where a
// scenario says so. Its answers, and when it died, decide how often it is notified, so calls
// are not compared.
package selftest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/steps"
)

// Options say what is run. The zero Options are every mutant written by hand, and every
// scenario.
type Options struct {
	Mutants  []Mutant        // nil = those of [Mutants]
	Tags     steps.Selection // which scenarios
	Parallel int             // runs at once; 0 = one for each processor
	// Progress is told of each mutant as it ends; may be nil. It is called from several
	// goroutines.
	Progress func(Result)
}

// ErrNotConforming says that a peer without a mutant did not get a clean run: then no
// mutant of it can prove anything.
var ErrNotConforming = errors.New("the conforming peer does not get a clean run")

// Run runs the suite for each role against the conforming peer, and then against every
// mutant that breaks a rule of the selected scenarios.
func Run(ctx context.Context, opts Options) (Report, error) {
	started := time.Now()
	ledger, err := rules.Load(rules.Latest)
	if err != nil {
		return Report{}, fmt.Errorf("selftest: %w", err)
	}
	manifest, err := steps.ReadManifest(features.Files)
	if err != nil {
		return Report{}, fmt.Errorf("selftest: %w", err)
	}
	r := runner{ledger: ledger, manifest: manifest, tags: opts.Tags}
	turns := make(chan struct{}, cmp.Or(opts.Parallel, runtime.GOMAXPROCS(0)))

	all := opts.Mutants
	if all == nil {
		all = Mutants()
	}
	asked := slices.DeleteFunc(roles(), func(ro role) bool {
		return !slices.ContainsFunc(all, func(m Mutant) bool { return m.Role == ro.name })
	})
	conforming := make([]outcome, len(asked))
	inTurn(ctx, turns, len(asked), func(i int) { conforming[i] = asked[i].play(ctx, r, "") })
	if err := ctx.Err(); err != nil {
		return Report{}, fmt.Errorf("selftest: %w", err)
	}

	type pairing struct {
		role   int
		mutant Mutant
	}
	var chosen []pairing
	for i, ro := range asked {
		if errors.Is(conforming[i].err, steps.ErrNothingSelected) {
			continue
		}
		if err := conforming[i].isClean(); err != nil {
			return Report{}, fmt.Errorf("%w: %s: %w", ErrNotConforming, ro.peer, err)
		}
		for _, m := range all {
			if m.Role == ro.name && conforming[i].concerns(m, opts.Tags.All() || opts.Mutants != nil) {
				chosen = append(chosen, pairing{i, m})
			}
		}
	}
	if !slices.ContainsFunc(conforming, func(o outcome) bool { return o.err == nil }) {
		return Report{}, fmt.Errorf("selftest: %w", conforming[0].err)
	}
	results := make([]Result, len(chosen))
	inTurn(ctx, turns, len(chosen), func(i int) {
		ro, m := asked[chosen[i].role], chosen[i].mutant
		begun := time.Now()
		results[i] = judge(ro, m, conforming[chosen[i].role], ro.play(ctx, r, m.Name))
		results[i].DurationMS = time.Since(begun).Milliseconds()
		if opts.Progress != nil {
			opts.Progress(results[i])
		}
	})
	if err := ctx.Err(); err != nil {
		return Report{}, fmt.Errorf("selftest: %w", err)
	}
	return newReport(asked, conforming, results, time.Since(started)), nil
}

// inTurn does something n times, so many at once as there are turns, until the context ends.
func inTurn(ctx context.Context, turns chan struct{}, n int, do func(i int)) {
	var wait sync.WaitGroup
	for i := range n {
		turns <- struct{}{}
		if ctx.Err() != nil {
			<-turns
			break
		}
		wait.Go(func() {
			defer func() { <-turns }()
			do(i)
		})
	}
	wait.Wait()
}
