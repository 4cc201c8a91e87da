package mock

import (
	"fmt"
	"reflect"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// A Mutant is one deliberate defect: a trap that real servers fall into. The mock
// can be started with it, for a suite to show that it notices.
//
// A mutant replaces entries of the rulebook, so nothing of it stands in the normal
// path. It keeps whatever readings were chosen, and does one thing wrong: everything
// outside of Breaks still holds. What only a race brings to light goes wrong only
// when requests race; one after the other, such a mutant behaves.
type Mutant struct {
	Name   string
	Says   string   // what is wrong, as the end of "a server that …"
	Breaks []string // the rules that do not hold any more, all of them and no others; none = what reports show and no rule is about

	apply func(*rulebook)
}

// Mutants are those that were written by hand, by topic. See [Derived] for the others.
func Mutants() []Mutant {
	var all []Mutant
	for _, topic := range [][]Mutant{
		transportMutants(), callerMutants(), headerMutants(), signatureMutants(), dateMutants(), idempotencyMutants(),
		textMutants(), refundMutants(), cashoutCallerMutants(), cashoutMutants(), environmentMutants(), notificationMutants(),
	} {
		all = append(all, topic...)
	}
	return all
}

// applyMutant replaces what a mutant replaces, be it of [Mutants] or of [Derived]. One that
// leaves the rulebook as it was would be a defect that nobody could notice, and is refused.
func applyMutant(rules *rulebook, name string) error {
	m, ok := mutantNamed(name)
	if !ok {
		return fmt.Errorf("there is no mutant %q", name)
	}
	before := *rules
	m.apply(rules)
	if sameRules(&before, rules) {
		return fmt.Errorf("mutant %q changes nothing", name)
	}
	return nil
}

func mutantNamed(name string) (Mutant, bool) {
	for _, list := range []func() []Mutant{Mutants, Derived} {
		for _, m := range list() {
			if m.Name == name {
				return m, true
			}
		}
	}
	return Mutant{}, false
}

// sameRules compares two rulebooks entry by entry, functions by where their code is.
func sameRules(a, b *rulebook) bool {
	before, after := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for i := range before.NumField() {
		x, y := before.Field(i), after.Field(i)
		same := x.Kind() == reflect.Func && x.Pointer() == y.Pointer() || x.Kind() == reflect.Int && x.Int() == y.Int()
		if !same {
			return false
		}
	}
	return true
}

// letIn has callers accepted that ought to be refused: those of whom accept knows who
// they are.
func letIn(r *rulebook, accept func(c *call) *merchant) {
	admit := r.admit
	r.admit = func(c *call, identify func(*call) *answer) answer {
		return admit(c, func(c *call) *answer {
			refusal := identify(c)
			if refusal == nil {
				return nil
			}
			if c.caller = accept(c); c.caller != nil {
				return nil
			}
			return refusal
		})
	}
}

// refuseToo has callers refused who ought to be accepted.
func refuseToo(r *rulebook, why func(c *call) *answer) {
	admit := r.admit
	r.admit = func(c *call, identify func(*call) *answer) answer {
		return admit(c, func(c *call) *answer {
			if refusal := identify(c); refusal != nil {
				return refusal
			}
			return why(c)
		})
	}
}

// only is the environment's own merchant, for defects that take everybody for it.
func (e *environment) only() *merchant { return e.directory.Load().all[0] }

// sends reports whether the request has the header, be it an empty one.
func (c *call) sends(header string) bool { return len(c.request.Header[header]) > 0 }

// creates reports whether the call is a POST to the path.
func (c *call) creates(path string) bool { return c.op.method == "POST" && c.endpoint.path == path }

// signedBy is the merchant who signed the deposits request with whatever headers it
// has; nil when nobody did.
func (c *call) signedBy() *merchant {
	m := c.env.rules.depositsLogin(c.env, c.header(d24.HeaderLogin))
	if m == nil || !c.env.rules.depositsSignature(m, c) {
		return nil
	}
	return m
}

// peek looks at the state, and lets go of it before anything is decided by what was
// seen: the first half of every race.
func (c *call) peek(look func(tx *store.Tx)) { c.env.state.Update(look) }
