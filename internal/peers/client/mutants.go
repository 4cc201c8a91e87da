package client

import (
	"fmt"
	"maps"
	"reflect"
)

// A Mutant is one deliberate defect: a trap that real clients fall into. A [Program]
// can be made with it, for a suite to show that it notices.
//
// A mutant replaces habits, so nothing of it stands in the normal path, and does one
// thing wrong: every judged rule outside of Breaks still holds.
//
// Breaks takes each rule by its sentence. A digest over other bytes than were sent
// breaks the rules that say what it is made of and what it covers (DEP-SIG-01 and
// DEP-SIG-04, CASH-SIG-02 and CASH-SIG-03); one that is right but for its key breaks
// those about keys, one that is right but for its spelling the one about spelling.
type Mutant struct {
	Name   string
	Says   string   // what is wrong, as the end of "a client that …"
	Breaks []string // the rules that do not hold any more, all of them and no others

	apply func(*habits)
}

// Mutants are all there are, by topic.
func Mutants() []Mutant {
	var all []Mutant
	for _, topic := range [][]Mutant{
		connectionMutants(), credentialMutants(), headerMutants(), dateMutants(), signatureMutants(), textMutants(), keyMutants(),
	} {
		all = append(all, topic...)
	}
	return all
}

// find is a mutant by its name, hand-written or derived.
func find(name string) (Mutant, bool) {
	for _, m := range append(Mutants(), Derived()...) {
		if m.Name == name {
			return m, true
		}
	}
	return Mutant{}, false
}

// applyMutant replaces what a mutant replaces; no name, nothing. One that leaves the
// habits as they were would be a defect that nobody could notice, and is refused.
func applyMutant(h *habits, name string) error {
	if name == "" {
		return nil
	}
	m, ok := find(name)
	if !ok {
		return fmt.Errorf("there is no mutant %q", name)
	}
	before := *h
	before.secure = maps.Clone(h.secure)
	m.apply(h)
	if sameHabits(&before, h) {
		return fmt.Errorf("mutant %q changes nothing", name)
	}
	return nil
}

// sameHabits compares entry by entry, functions by where their code is.
func sameHabits(a, b *habits) bool {
	if len(a.changes) != len(b.changes) || !sameFunctions(reflect.ValueOf(a.secure), reflect.ValueOf(b.secure)) {
		return false
	}
	before, after := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for i := range before.NumField() {
		if before.Field(i).Kind() == reflect.Func && before.Field(i).Pointer() != after.Field(i).Pointer() {
			return false
		}
	}
	return true
}

func sameFunctions(a, b reflect.Value) bool {
	for _, name := range b.MapKeys() {
		if before := a.MapIndex(name); !before.IsValid() || before.Pointer() != b.MapIndex(name).Pointer() {
			return false
		}
	}
	return true
}
