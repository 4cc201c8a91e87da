package selftest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/rules"
)

// A Mutant is a peer with one defect.
type Mutant struct {
	Role   rules.Role `json:"role"`
	Name   string     `json:"name"`
	Says   string     `json:"says"`   // what is wrong, as the end of "a server that …"
	Breaks []string   `json:"breaks"` // the rules that do not hold any more; none = what no rule is about, and reports show
	// May are rules that it breaks or not: what else happens in a run decides it.
	May []string `json:"may_break,omitempty"`
}

// A role is a side of the wire that the suite judges, and with what it is tried.
type role struct {
	name    rules.Role
	peer    string          // what has the mutants
	mutants func() []Mutant // written by hand
	// derived are the mutants that follow from what the peer does; nil where there are none.
	derived func() []Mutant
	// equivalents are changes that are no mutants, and why; nil where there are none.
	equivalents func() []Equivalent
	// play runs the suite against the peer with one mutant; no name, the conforming one.
	play func(ctx context.Context, r runner, mutant string) outcome
	// acts: it is this peer that begins, so that a defect may keep it from doing what a
	// scenario would judge. That is not tested, and said, and no accident.
	acts bool
	// repeats: its answers decide how often it is called, so calls are not compared.
	repeats bool
}

func roles() []role {
	return []role{
		{name: rules.RoleServer, peer: "the mock", mutants: serverMutants, derived: derivedServerMutants, equivalents: serverEquivalents, play: playServer},
		{name: rules.RoleClient, peer: "the reference client", mutants: clientMutants, derived: derivedClientMutants, equivalents: clientEquivalents, play: playClient, acts: true, repeats: true},
		{name: rules.RoleReceiver, peer: "the reference receiver", mutants: receiverMutants, derived: derivedReceiverMutants, equivalents: receiverEquivalents, play: playReceiver, repeats: true},
	}
}

// Roles are the sides of the wire for which there are mutants.
func Roles() []rules.Role {
	var names []rules.Role
	for _, r := range roles() {
		names = append(names, r.name)
	}
	return names
}

// Mutants are the mutants of these roles, or of every role, that were written by hand.
func Mutants(of ...rules.Role) []Mutant {
	var list []Mutant
	for _, r := range roles() {
		if len(of) == 0 || slices.Contains(of, r.name) {
			list = append(list, r.mutants()...)
		}
	}
	return list
}

// All are the mutants of these roles, or of every role: those of [Mutants], and behind
// those of each role the ones that are derived.
func All(of ...rules.Role) []Mutant {
	var list []Mutant
	for _, r := range roles() {
		if len(of) == 0 || slices.Contains(of, r.name) {
			list = append(list, r.mutants()...)
			list = append(list, r.derivedMutants()...)
		}
	}
	return list
}

func (r role) derivedMutants() []Mutant {
	if r.derived == nil {
		return nil
	}
	return r.derived()
}

// An Equivalent is a change of a peer that is no mutant, and the reason.
type Equivalent struct {
	Role   rules.Role `json:"role"`
	Name   string     `json:"name"`
	Reason string     `json:"reason"`
}

// Equivalents are those of these roles, or of every role.
func Equivalents(of ...rules.Role) []Equivalent {
	var list []Equivalent
	for _, r := range roles() {
		if r.equivalents != nil && (len(of) == 0 || slices.Contains(of, r.name)) {
			list = append(list, r.equivalents()...)
		}
	}
	return list
}

// Choose finds mutants of these roles, or of every role, by their names, derived ones
// included. A name may stand for one in each role, and a * in it for any characters. The
// error names the first that there is none of.
func Choose(names []string, of ...rules.Role) ([]Mutant, error) {
	var chosen []Mutant
	all := All(of...)
	for _, name := range names {
		name = strings.TrimSpace(name)
		before := len(chosen)
		for _, m := range all {
			if fits(m.Name, name) {
				chosen = append(chosen, m)
			}
		}
		if len(chosen) == before {
			return nil, &UnknownMutantError{Name: name}
		}
	}
	return chosen, nil
}

// fits says whether a name is the pattern, in which a * stands for any characters.
func fits(name, pattern string) bool {
	start, rest, more := strings.Cut(pattern, "*")
	name, ok := strings.CutPrefix(name, start)
	if !ok || !more {
		return ok && name == ""
	}
	for at := range len(name) + 1 {
		if fits(name[at:], rest) {
			return true
		}
	}
	return false
}

// An UnknownMutantError is a name that no mutant has.
type UnknownMutantError struct{ Name string }

func (e *UnknownMutantError) Error() string { return fmt.Sprintf("there is no mutant %q", e.Name) }
