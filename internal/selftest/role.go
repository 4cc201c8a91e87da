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
	Role   rules.Role
	Name   string
	Says   string   // what is wrong, as the end of "a server that …"
	Breaks []string // the rules that do not hold any more; none = what no rule is about, and reports show
}

// A role is a side of the wire that the suite judges, and with what it is tried.
type role struct {
	name    rules.Role
	peer    string // what has the mutants
	mutants func() []Mutant
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
		{name: rules.RoleServer, peer: "the mock", mutants: serverMutants, play: playServer},
		{name: rules.RoleClient, peer: "the reference client", mutants: clientMutants, play: playClient, acts: true},
		{name: rules.RoleReceiver, peer: "the reference receiver", mutants: receiverMutants, play: playReceiver, repeats: true},
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

// Mutants are all mutants of these roles, or of every role.
func Mutants(of ...rules.Role) []Mutant {
	var list []Mutant
	for _, r := range roles() {
		if len(of) == 0 || slices.Contains(of, r.name) {
			list = append(list, r.mutants()...)
		}
	}
	return list
}

// Choose finds mutants of these roles, or of every role, by their names. A name may stand
// for one in each role. The error names the first that there is none of.
func Choose(names []string, of ...rules.Role) ([]Mutant, error) {
	var chosen []Mutant
	all := Mutants(of...)
	for _, name := range names {
		name = strings.TrimSpace(name)
		before := len(chosen)
		for _, m := range all {
			if m.Name == name {
				chosen = append(chosen, m)
			}
		}
		if len(chosen) == before {
			return nil, &UnknownMutantError{Name: name}
		}
	}
	return chosen, nil
}

// An UnknownMutantError is a name that no mutant has.
type UnknownMutantError struct{ Name string }

func (e *UnknownMutantError) Error() string { return fmt.Sprintf("there is no mutant %q", e.Name) }
