// Package selftest judges the suite itself: does it notice every defect that it ought
// to, for the right reason, and no other?
//
// # Method
//
// The suite runs against the bundled mock as it is, which must keep every rule. Then it
// runs whole against the mock with each of its mutants in turn, several side by side,
// each mock on ports of its own. A mutant is one defect and names the rules that it
// breaks. It is killed exactly when these rules fail, all of them and no others.
//
// # What is not taken for a kill
//
// A run is [Invalid] when the mutant did not start, when the mock met a defect that
// nobody meant, when something became inconclusive or was not tested, when only other
// rules failed than the mutant breaks, when a failure cannot be put down to a sentence
// with all its controls accepted, or when a scenario passed with another number of calls
// than it makes against the mock as it is. The last catches runs in which a scenario
// looks at something else than it says.
//
// A scenario may repeat its trio of control, probe and control where an answer told
// nothing, at most twice. A busy machine may bring that about, so calls that repeated
// trios explain are no difference.
package selftest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/steps"
)

// Options say what is run. The zero Options are every mutant and every scenario.
type Options struct {
	Mutants  []mock.Mutant   // nil = all
	Tags     steps.Selection // which scenarios
	Parallel int             // mutants at once; 0 = one for each processor
	// Progress is told of each mutant as it ends; may be nil. It is called from several
	// goroutines.
	Progress func(Result)
}

// ErrNotConforming says that the mock without a mutant did not get a clean run: then no
// mutant can prove anything.
var ErrNotConforming = errors.New("the conforming mock does not get a clean run")

// Run runs the suite against the mock as it is, and then against every mutant that
// breaks a rule of the selected scenarios.
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
	conforming := r.run(ctx, "")
	if err := conforming.isClean(); err != nil {
		return Report{}, fmt.Errorf("%w: %w", ErrNotConforming, err)
	}
	chosen := opts.Mutants
	if chosen == nil {
		chosen = mock.Mutants()
	}
	chosen = slices.DeleteFunc(slices.Clone(chosen), func(m mock.Mutant) bool { return len(conforming.looksAt(m.Breaks)) == 0 })

	results := make([]Result, len(chosen))
	turns := make(chan struct{}, cmp.Or(opts.Parallel, runtime.GOMAXPROCS(0)))
	var wait sync.WaitGroup
	for i, m := range chosen {
		turns <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wait.Go(func() {
			defer func() { <-turns }()
			begun := time.Now()
			results[i] = judge(m, conforming, r.run(ctx, m.Name))
			results[i].DurationMS = time.Since(begun).Milliseconds()
			if opts.Progress != nil {
				opts.Progress(results[i])
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return Report{}, fmt.Errorf("selftest: %w", err)
	}
	return newReport(conforming, results, time.Since(started)), nil
}

// Choose finds mutants by their names. The error names the first that there is none of.
func Choose(names []string) ([]mock.Mutant, error) {
	var chosen []mock.Mutant
	all := mock.Mutants()
	for _, name := range names {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(all, func(m mock.Mutant) bool { return m.Name == name })
		if i < 0 {
			return nil, &UnknownMutantError{Name: name}
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// An UnknownMutantError is a name that no mutant has.
type UnknownMutantError struct{ Name string }

func (e *UnknownMutantError) Error() string { return fmt.Sprintf("there is no mutant %q", e.Name) }
