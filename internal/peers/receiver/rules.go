package receiver

import (
	"context"
	"fmt"
	"net/http"

	"github.com/d24conform/d24conform/internal/d24"
)

// rules are the decisions that a receiver takes, one function each. A mutant replaces
// some; nothing of it stands in the normal path.
type rules struct {
	verify     func(r *Receiver, header http.Header, body []byte) bool
	verifyForm func(r *Receiver, header http.Header, body []byte) (d24.CashoutForm, error)
	handle     func(r *Receiver, ctx context.Context, n notification) error
	dedupeBy   func(n notification) string
	repeated   func(r *Receiver, n notification) error // what is said to a repeat
	due        func(r *Receiver, ctx context.Context, n notification) (bool, error)
	releasable func(status d24.DepositStatus) bool
	paid       func(status d24.CashoutStatus) bool
	release    func(r *Receiver, key string, n notification) error
	failure    int  // the answer to one's own failure
	remembers  bool // does the journal count after a restart
}

func newRules() *rules {
	return &rules{
		verify: verify, verifyForm: verifyForm, handle: handle, due: due, release: release,
		dedupeBy:   func(n notification) string { return keyOf(n.kind, n.id) },
		repeated:   func(*Receiver, notification) error { return nil },
		releasable: func(status d24.DepositStatus) bool { return status == d24.DepositCompleted },
		paid:       func(status d24.CashoutStatus) bool { return status == d24.CashoutCompleted },
		failure:    http.StatusServiceUnavailable,
		remembers:  true,
	}
}

// A Mutant is one deliberate defect.
type Mutant struct {
	Name   string
	Says   string   // what is wrong, as the end of "a receiver that …"
	Breaks []string // the rules that do not hold any more, all of them and no others

	apply func(*rules)
}

func rulesOf(mutant string) (*rules, error) {
	r := newRules()
	if mutant == "" {
		return r, nil
	}
	for _, m := range Mutants() {
		if m.Name == mutant {
			m.apply(r)
			return r, nil
		}
	}
	return nil, fmt.Errorf("there is no mutant %q", mutant)
}
