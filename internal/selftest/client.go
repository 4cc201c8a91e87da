package selftest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/peers/client"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
)

func clientMutants() []Mutant {
	var list []Mutant
	for _, m := range client.Mutants() {
		list = append(list, Mutant{Role: rules.RoleClient, Name: m.Name, Says: m.Says, Breaks: m.Breaks})
	}
	return list
}

// derivedClientMutants are those that follow from the client's steps.
func derivedClientMutants() []Mutant {
	var list []Mutant
	for _, m := range client.Derived() {
		list = append(list, Mutant{Role: rules.RoleClient, Name: m.Name, Says: m.Says, Breaks: m.Breaks})
	}
	return list
}

// clientPatience is how long an attempt of a client may take by the machine's clock. All that is
// slow by design is slow by a clock that jumps, so an attempt takes milliseconds, and one
// that takes this long hangs, however busy the machine is.
const clientPatience = 2 * time.Minute

// playClient judges the reference client with one mutant, or with none. It has the trouble
// of some fifteen seconds, which a clock of its own makes pass at once.
func playClient(ctx context.Context, r runner, mutant string) outcome {
	clock := target.NewPastime(time.Now())
	program, err := client.New(client.Options{Mutant: mutant, Timeout: clientPatience, Now: clock.Now, Sleep: clock.Sleep})
	if err != nil {
		return outcome{err: fmt.Errorf("it did not start: %w", err)}
	}
	var crash lastError
	log := &exchange.Log{}
	driven, stop, err := target.EmbedClient(ctx, program.Serve, clock, mock.Options{Logger: slog.New(&crash)}, &merchant.Orders{Run: "selftest"}, log)
	if err != nil {
		return outcome{err: fmt.Errorf("it did not start: %w", err)}
	}
	suite := r.suite()
	suite.Client = driven
	results, err := suite.Run(ctx)
	ending := stop()
	if err != nil {
		return outcome{err: fmt.Errorf("the suite failed: %w", err)}
	}
	o := newOutcome(results, log.All())
	o.crashed = crash.text()
	if ending != nil {
		o.crashed = "the client ended: " + ending.Error()
	}
	return o
}

// clientEquivalents are changes of the client's steps that nobody could tell from it.
func clientEquivalents() []Equivalent {
	var list []Equivalent
	for name, reason := range client.Equivalents() {
		list = append(list, Equivalent{Role: rules.RoleClient, Name: name, Reason: reason})
	}
	slices.SortFunc(list, func(a, b Equivalent) int { return strings.Compare(a.Name, b.Name) })
	return list
}
