package selftest

import (
	"math/rand/v2"
	"slices"

	"github.com/d24conform/d24conform/internal/rules"
)

// How many mutants of each role a sample has. With the runs against the conforming peers
// it takes less than 30 s on two cores: a run against a server or a client takes up to 2 s
// of CPU, one against a receiver less.
const (
	sampledByHand  = 5
	sampledDerived = 7
)

// Sample draws some mutants of these roles, or of every role, by a seed: some that were
// written by hand, some that are derived, in their usual order.
func Sample(seed uint64, of ...rules.Role) []Mutant {
	var list []Mutant
	for i, r := range roles() {
		chance := rand.New(rand.NewPCG(seed, uint64(i)))
		if len(of) > 0 && !slices.Contains(of, r.name) {
			continue
		}
		list = append(list, some(chance, r.mutants(), sampledByHand)...)
		list = append(list, some(chance, r.derivedMutants(), sampledDerived)...)
	}
	return list
}

// some draws n of a list, or all of a shorter one.
func some(chance *rand.Rand, list []Mutant, n int) []Mutant {
	drawn := chance.Perm(len(list))[:min(n, len(list))]
	slices.Sort(drawn)
	chosen := make([]Mutant, len(drawn))
	for i, at := range drawn {
		chosen[i] = list[at]
	}
	return chosen
}
