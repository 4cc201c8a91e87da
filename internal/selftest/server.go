package selftest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
)

func serverMutants() []Mutant {
	var list []Mutant
	for _, m := range mock.Mutants() {
		list = append(list, Mutant{Role: rules.RoleServer, Name: m.Name, Says: m.Says, Breaks: m.Breaks})
	}
	return list
}

func derivedServerMutants() []Mutant {
	var list []Mutant
	for _, m := range mock.Derived() {
		list = append(list, Mutant{Role: rules.RoleServer, Name: m.Name, Says: m.Says, Breaks: m.Breaks, May: mock.MayBreak(m.Name)})
	}
	return list
}

func serverEquivalents() []Equivalent {
	var list []Equivalent
	for _, e := range mock.Equivalents() {
		list = append(list, Equivalent{rules.RoleServer, e.Name, e.Reason})
	}
	return list
}

// playServer judges the mock with one mutant, or with none.
func playServer(ctx context.Context, r runner, mutant string) outcome {
	var crash lastError
	log := &exchange.Log{}
	server, stop, err := target.Embed(mock.Options{Mutant: mutant, Logger: slog.New(&crash)}, log) //nolint:contextcheck // closing a mock has a time of its own
	if err != nil {
		return outcome{err: fmt.Errorf("it did not start: %w", err)}
	}
	defer stop()
	if err := server.Reach(ctx); err != nil {
		return outcome{err: fmt.Errorf("it cannot be reached: %w", err)}
	}
	suite := r.suite()
	suite.Server, suite.Level, suite.Orders = server, target.Sandbox, &merchant.Orders{Run: "selftest"}
	results, err := suite.Run(ctx)
	if err != nil {
		return outcome{err: fmt.Errorf("the suite failed: %w", err)}
	}
	o := newOutcome(results, log.All())
	o.crashed, o.found = crash.text(), suite.Found()
	return o
}

// lastError keeps what the mock logs as an error: only defects that nobody meant are.
type lastError struct {
	mu   sync.Mutex
	line string
}

func (l *lastError) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelError
}
func (l *lastError) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l *lastError) WithGroup(string) slog.Handler      { return l }

func (l *lastError) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "panic" {
			l.line += ": " + a.Value.String()
		}
		return true
	})
	return nil
}

func (l *lastError) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.line == "" {
		return ""
	}
	return "the mock crashed: " + l.line
}
