package selftest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	peer "github.com/d24conform/d24conform/internal/peers/receiver"
	"github.com/d24conform/d24conform/internal/provider"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
)

// patience is for what must not run out in this process, however busy the machine is.
const patience = time.Minute

func receiverMutants() []Mutant {
	var list []Mutant
	for _, m := range peer.Mutants() {
		list = append(list, Mutant{Role: rules.RoleReceiver, Name: m.Name, Says: m.Says, Breaks: m.Breaks})
	}
	return list
}

// derivedReceiverMutants are those that follow from the reference receiver's own steps.
func derivedReceiverMutants() []Mutant {
	var list []Mutant
	for _, m := range peer.Derived() {
		list = append(list, Mutant{Role: rules.RoleReceiver, Name: m.Name, Says: m.Says, Breaks: m.Breaks})
	}
	return list
}

// playReceiver judges the reference receiver with one mutant, or with none, in this
// process. Nothing in it waits in real time: the clock that all sides live by stands still
// until a scenario moves it, and what the receiver releases is there when it answers.
func playReceiver(ctx context.Context, r runner, mutant string) outcome {
	noon := time.Now().UTC().Truncate(time.Second)
	var passed atomic.Int64
	now := func() time.Time { return noon.Add(time.Duration(passed.Load())) }
	var crash lastError
	desk, err := target.OpenDesk(mock.Options{Logger: slog.New(&crash), Now: now, After: func(time.Duration) <-chan time.Time { //nolint:contextcheck // closing a mock has a time of its own
		over := make(chan time.Time, 1)
		over <- noon
		return over
	}}, &merchant.Orders{Run: "selftest"})
	if err != nil {
		return outcome{err: fmt.Errorf("the provider did not start: %w", err)}
	}
	defer func() { _ = desk.Close() }() //nolint:contextcheck // closing a mock has a time of its own
	dir, err := os.MkdirTemp("", "d24conform-")
	if err != nil {
		return outcome{err: err}
	}
	defer func() { _ = os.RemoveAll(dir) }()
	subject, err := NewSubject(dir, peer.Options{
		BaseURL: desk.BaseURL(), Roots: desk.Roots(), Credentials: desk.Credentials(), Now: now, StatusTimeout: patience, Mutant: mutant,
	})
	if err != nil {
		return outcome{err: fmt.Errorf("it did not start: %w", err)}
	}
	defer subject.Close()
	log := &exchange.Log{}
	sender := provider.New(provider.Options{Credentials: desk.Credentials(), Now: now, Timeout: patience, Log: log})
	judged, err := target.NewReceiver(subject.URL(), sender, target.Witness(subject.Releases), nil)
	if err != nil {
		return outcome{err: err}
	}
	defer judged.Close()
	judged.Desk, judged.Program, judged.Meeting = desk, subject, patience
	if err := judged.Start(ctx); err != nil {
		return outcome{err: fmt.Errorf("it did not start: %w", err)}
	}
	judged.Pass = func(d time.Duration) { passed.Add(int64(d)) }
	suite := r.suite()
	suite.Receiver = judged
	suite.Concurrency = 1 // what is notified at once is what a scenario notifies at once
	suite.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	results, err := suite.Run(ctx)
	if err != nil {
		return outcome{err: fmt.Errorf("the suite failed: %w", err)}
	}
	o := newOutcome(results, log.All())
	o.crashed = crash.text()
	return o
}

// receiverEquivalents are changes of the receiver's steps that nobody could tell from it.
func receiverEquivalents() []Equivalent {
	var list []Equivalent
	for _, e := range peer.Equivalents() {
		list = append(list, Equivalent{Role: rules.RoleReceiver, Name: e.Name, Reason: e.Reason})
	}
	return list
}
