package load

import (
	"embed"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Profile says what a run sends, how fast, and what is expected of it.
type Profile struct {
	Name        string
	About       string  // one sentence
	Stages      []Stage // of a profile that finds, its first step
	Find        *Find   // nil = the stages are all
	Burst       int     // requests that are due at one moment
	Connections int     // as many are open, and as many requests under way at most
	Operations  [operations]int
	BodyBytes   []int // of deposits; each key has one of these sizes
	Keys        Keys
	Retries     Retries
	Timeout     time.Duration // of one attempt
	Faults      []Fault       // that the mock is asked for
	Funds       float64       // the mock's balance at the beginning, as a share of what all cashouts cost; 0 = as it is
	WarmUp      int           // requests on each connection before the first moment
	Seed        uint64
	Valid       []Threshold // a run that breaks one says nothing about speed
	Thresholds  []Threshold // a run that breaks one fails
	AbortEarly  bool        // a run whose verdict is settled ends: see Results.Stopped
	Override    Override    // what of this the command line said
}

// Keys is how often each idempotency key is shown, and in which order.
type Keys struct {
	Count    int // keys in all, used over and over; 0 = a new one whenever one is used up
	Attempts int // times that a key is shown in a row
	Order    Order
	Window   int // keys that are in use side by side
}

// An Order is how attempts of one key follow each other.
type Order string

// Orders of attempts.
const (
	Concurrent Order = "concurrent" // all of a key's attempts at once
	Spread     Order = "spread"     // every key of the window once, then each again
	Both       Order = "both"       // one window like this, the next like that
)

// Retries is what is done about an attempt whose answer did not come, or that was
// answered 500: the same key and body again, dated and signed afresh.
type Retries struct {
	Times int
	After time.Duration // twice as long each time
}

// A Fault is what the mock is asked to do to a share of the creations.
type Fault struct {
	Kind  string
	Share float64 // of 1
	Delay time.Duration
}

// faultKinds are the mock's, with whether they need a delay.
func faultKinds() map[string]bool {
	return map[string]bool{
		"respond-500": false, "drop-before": false, "drop-after-commit": false, "half-body": false,
		"delay": true, "delay-answer": true,
	}
}

// An Op is one kind of request.
type Op uint8

// Operations.
const (
	Create  Op = iota // a deposit, by the key plan
	Retry             // a deposit that was created before, with its key
	Status            // of a deposit
	Refund            // of a deposit that was approved before the run
	Cashout           // by the key plan: its external id is its key
	Stale             // a deposit whose date is a minute old: it must be refused

	operations
)

// String is the operation's name in profiles, thresholds and results.
func (o Op) String() string { return opNames()[o] }

func opNames() [operations]string {
	return [operations]string{"create", "retry", "status", "refund", "cashout", "stale"}
}

func opNamed(name string) (Op, bool) {
	names := opNames()
	i := slices.Index(names[:], name)
	return Op(max(i, 0)), i >= 0 //nolint:gosec // one of six
}

//go:embed profiles/*.yaml
var embedded embed.FS

// Names are the profiles that come with the program.
func Names() []string {
	files, _ := fs.Glob(embedded, "profiles/*.yaml") // the pattern is well-formed
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(path.Base(file), ".yaml")
	}
	return names
}

// UnknownProfileError is a name that is neither a profile nor a file.
type UnknownProfileError struct{ Name string }

func (e *UnknownProfileError) Error() string {
	return fmt.Sprintf("there is no profile %q", e.Name)
}

// Open reads the profile of that name, or the file at that path: what has a slash or
// ends in .yaml is one.
func Open(name string) (*Profile, error) {
	if strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator) || filepath.Ext(name) == ".yaml" {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("the profile cannot be read: %w", err)
		}
		return parseProfile(name, strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), data)
	}
	file := "profiles/" + name + ".yaml"
	data, err := embedded.ReadFile(file)
	if err != nil {
		return nil, &UnknownProfileError{name}
	}
	return parseProfile(file, name, data)
}

// Override is what the command line says in the place of the profile; what is zero
// leaves it as it is.
type Override struct {
	Rate        float64       // the highest rate; others change in proportion
	Duration    time.Duration // of all stages; each changes in proportion
	Connections int
	Seed        uint64
	AbortEarly  bool
}

// With is the profile with what the command line says.
func (p *Profile) With(o Override) (*Profile, error) {
	changed := *p
	changed.Override = o
	changed.Stages = slices.Clone(p.Stages)
	whole := NewSchedule(p.Stages, 0)
	for i := range changed.Stages {
		stage := &changed.Stages[i]
		if o.Rate > 0 {
			stage.From *= o.Rate / whole.Peak()
			stage.To *= o.Rate / whole.Peak()
		}
		if o.Duration > 0 {
			stage.For = time.Duration(float64(stage.For) * float64(o.Duration) / float64(whole.Length()))
		}
	}
	if p.Find != nil {
		f := p.Find.with(o)
		changed.Find, changed.Stages = &f, []Stage{{f.From, f.From, f.For}}
	}
	if o.Connections > 0 {
		changed.Connections = o.Connections
	}
	if o.Seed > 0 {
		changed.Seed = o.Seed
	}
	changed.AbortEarly = changed.AbortEarly || o.AbortEarly
	if changed.Connections > maxConnections {
		return nil, fmt.Errorf("%d connections are more than %d", changed.Connections, maxConnections)
	}
	if total := NewSchedule(changed.Stages, 0).Total(); total > math.MaxUint32 {
		return nil, fmt.Errorf("%d requests are more than the journal can number", total)
	}
	return &changed, nil
}

// asks says whether the profile has any request of that kind.
func (p *Profile) asks(o Op) bool { return p.Operations[o] > 0 }

// asksDeposits says whether the profile has any request for which the keys of deposits are
// needed.
func (p *Profile) asksDeposits() bool {
	for op, weight := range p.Operations {
		if weight > 0 && Op(op) != Cashout {
			return true
		}
	}
	return false
}

// without is the profile without requests of one kind; nil when there are no others.
func (p *Profile) without(op Op) *Profile {
	changed := *p
	changed.Operations[op] = 0
	if changed.Operations == ([operations]int{}) {
		return nil
	}
	return &changed
}

// faulty says whether the profile asks for faults of these kinds.
func (p *Profile) faulty(kinds ...string) bool {
	return slices.ContainsFunc(p.Faults, func(f Fault) bool { return slices.Contains(kinds, f.Kind) })
}
