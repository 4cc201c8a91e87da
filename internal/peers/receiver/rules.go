package receiver

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// rules are the decisions that a receiver takes, as data where they can be: which checks
// there are, how a value is compared, what is remembered. A mutant changes some of them;
// nothing of it stands in the normal path.
type rules struct {
	skips     map[check]func(r *Receiver, n *notification) bool  // when a check is passed without a look; nil = never
	same      map[check]func(given, right string) bool           // how a value is compared
	secrets   map[check][]func(d24.Credentials) string           // whose digits are taken, too
	texts     map[check][]func(n *notification) []byte           // over which text digits are taken, too
	digits    func(header string) (digits string, ok bool)       // what stands in Authorization
	json      func(body []byte) (d24.CashoutForm, bool)          // a cashout's notification that is no form; nil = there is none
	body      func(body []byte) []byte                           // what is signed, of the body that came
	completed map[d24.NotificationKind]func(a statusAnswer) bool // which answer of the status endpoint has an effect
	failed    func(n *notification, f failure) (due, taken bool) // what a status call that fails comes to
	key       func(n *notification) string                       // what is released once; empty = nothing is
	forgets   func(r *Receiver, e entry) bool                    // what does not count any more

	handle   func(r *Receiver, ctx context.Context, n *notification) error
	refused  func(r *Receiver, n *notification)       // what is done about one that is not verified
	repeated func(r *Receiver, n *notification) error // what is said to a repeat
	due      func(r *Receiver, ctx context.Context, n *notification) (bool, error)
	release  func(r *Receiver, n *notification) error
	failure  int // the answer to one's own failure
}

// A check is one thing that a notification has to be.
type check string

const (
	authorization    check = "authorization" // deposits and refunds: the digits fit date, login and body
	login            check = "login"         // … X-Login is ours
	date             check = "date"          // … X-Date is fresh
	control          check = "control"       // cashouts: control fits external_id
	payloadSignature check = "payload-signature"
	status           check = "status" // the status endpoint says so
)

func newRules() *rules {
	isCompleted := func(a statusAnswer) bool { return a.word == string(d24.DepositCompleted) }
	return &rules{
		skips: map[check]func(*Receiver, *notification) bool{},
		same:  map[check]func(string, string) bool{authorization: equal, control: equal},
		secrets: map[check][]func(d24.Credentials) string{
			authorization: {func(c d24.Credentials) string { return c.Deposits.APISignature }},
			control:       {func(c d24.Credentials) string { return c.Cashouts.APISignature }},
		},
		texts:  map[check][]func(*notification) []byte{authorization: {signedText}, control: {controlText}},
		digits: func(header string) (string, bool) { return strings.CutPrefix(header, d24.Scheme) },
		body:   func(body []byte) []byte { return body },
		completed: map[d24.NotificationKind]func(statusAnswer) bool{
			d24.DepositNotification: isCompleted, d24.RefundNotification: isCompleted, d24.CashoutNotification: isCompleted,
		},
		failed:  func(*notification, failure) (bool, bool) { return false, false },
		key:     func(n *notification) string { return keyOf(n.kind, n.id) },
		forgets: func(*Receiver, entry) bool { return false },

		handle: handle, due: due, release: release,
		refused:  func(*Receiver, *notification) {},
		repeated: func(*Receiver, *notification) error { return nil },
		failure:  http.StatusServiceUnavailable,
	}
}

// equal compares in constant time.
func equal(given, right string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte(right)) == 1
}

// A Mutant is one deliberate defect.
type Mutant struct {
	Name   string
	Says   string   // what is wrong, as the end of "a receiver that …"
	Breaks []string // the rules that do not hold any more, all of them and no others; none = what only reports show

	apply func(*rules)
}

func rulesOf(mutant string) (*rules, error) {
	r := newRules()
	if mutant == "" {
		return r, nil
	}
	for _, list := range [...]func() []Mutant{Mutants, Derived} {
		for _, m := range list() {
			if m.Name == mutant {
				m.apply(r)
				return r, nil
			}
		}
	}
	return nil, fmt.Errorf("there is no mutant %q", mutant)
}
