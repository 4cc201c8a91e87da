package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Ambiguity is one place where the documents contradict themselves or are
// silent. Its slices are shared with the ledger and must not be changed.
type Ambiguity struct {
	ID       string // AMB-01 to AMB-55
	Question string
	Evidence []string // both sides, one line each
	Default  Option   // what the mock does unless told otherwise
	Others   []Option // what the mock can be switched to; often nothing
	// Switch is the id whose reading decides this one. It is ID itself, except
	// where two questions have one answer: AMB-04 is switched by AMB-05.
	Switch    string
	Concludes string // what a scenario that touches it may conclude
}

// Option is one possible reading.
type Option struct {
	Name  string `json:"name"`
	Means string `json:"means"`
}

// Options returns every reading that the mock can take, the default first.
func (a Ambiguity) Options() []Option {
	return append([]Option{a.Default}, a.Others...)
}

// Reading is one chosen reading of one ambiguity.
type Reading struct {
	ID   string // such as AMB-05
	Name string // such as reject
}

// String returns the form that ParseReading takes: AMB-05=reject.
func (r Reading) String() string { return r.ID + "=" + r.Name }

// ParseReading reads a choice such as AMB-05=reject. The error of a wrong one
// lists what is possible.
func (l *Ledger) ParseReading(s string) (Reading, error) {
	id, name, ok := strings.Cut(strings.TrimSpace(s), "=")
	if !ok {
		return Reading{}, fmt.Errorf("reading %q: want an id and a name, such as AMB-05=reject; to choose from: %s", s, l.choices())
	}
	a, ok := l.Ambiguity(id)
	if !ok {
		return Reading{}, fmt.Errorf("reading %q: no ambiguity %q; to choose from: %s", s, id, l.choices())
	}
	if len(a.Others) == 0 && name != a.Default.Name {
		return Reading{}, fmt.Errorf("reading %q: %s cannot be switched, its only reading is %s; to choose from: %s", s, id, a.Default.Name, l.choices())
	}
	var possible []string
	for _, o := range a.Options() {
		if o.Name == name {
			return Reading{ID: id, Name: name}, nil
		}
		possible = append(possible, id+"="+o.Name)
	}
	return Reading{}, fmt.Errorf("reading %q: %s has no reading %q; possible: %s (default), %s",
		s, id, name, possible[0], strings.Join(possible[1:], ", "))
}

// choices lists every switch with its non-default readings.
func (l *Ledger) choices() string {
	var out []string
	for _, a := range l.ambiguities {
		if a.Switch != a.ID {
			continue
		}
		for _, o := range a.Others {
			out = append(out, a.ID+"="+o.Name)
		}
	}
	return strings.Join(out, ", ")
}

// Readings says how each ambiguity is read, by id. A nil Readings takes every
// default. Asking is one map lookup; code on a hot path asks once, when it is
// built.
type Readings map[string]string

// Get returns the name of the reading of an ambiguity. It is empty when the
// map does not have the id, which means the default.
func (r Readings) Get(id string) string { return r[id] }

// Is reports whether an ambiguity is read in the named way. Asked for a name
// that is not the default, it is right for nil Readings too.
func (r Readings) Is(id, name string) bool { return r[id] == name }

// Readings returns the readings of the whole register: the chosen ones, the
// default for the rest, and the same for two ids that share a switch. It is
// an error to choose two readings for one question.
func (l *Ledger) Readings(chosen ...Reading) (Readings, error) {
	by := make(map[string]Reading, len(chosen)) // by switch
	for _, c := range chosen {
		if _, err := l.ParseReading(c.String()); err != nil {
			return nil, err
		}
		a, _ := l.Ambiguity(c.ID)
		if prev, ok := by[a.Switch]; ok && prev.Name != c.Name {
			return nil, fmt.Errorf("readings %s and %s contradict each other: choose one", prev, c)
		}
		by[a.Switch] = c
	}
	out := make(Readings, len(l.ambiguities))
	for _, a := range l.ambiguities {
		out[a.ID] = a.Default.Name
		if c, ok := by[a.Switch]; ok {
			out[a.ID] = c.Name
		}
	}
	return out, nil
}

// Chosen returns the readings that differ from the default, in register
// order, one for each switch: what a run prints about a mock.
func (l *Ledger) Chosen(r Readings) []Reading {
	var out []Reading
	for _, a := range l.ambiguities {
		if name, ok := r[a.ID]; ok && a.Switch == a.ID && name != a.Default.Name {
			out = append(out, Reading{ID: a.ID, Name: name})
		}
	}
	return slices.Clip(out)
}
