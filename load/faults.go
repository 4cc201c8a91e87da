package load

import (
	"context"
	"math/rand/v2"
	"net/http"
)

// A feeder asks the mock for faults while the run goes on, a round of requests at a
// time: the mock holds a thousand scripts at most, and each costs every request a
// comparison.
type feeder struct {
	manager *manager
	faults  []Fault
	fresh   float64 // creations that are no replay, to each request of the schedule
	random  *rand.Rand
	due     []float64 // what is still owed of each fault
	rounds  chan struct{}
	done    chan struct{}
	err     error
}

// roundHits is how many requests a round has.
const roundHits = 500

// newFeeder is nil where there is nothing to feed.
func newFeeder(m *manager, p *Profile) *feeder {
	if m == nil || len(p.Faults) == 0 {
		return nil
	}
	f := &feeder{
		manager: m, faults: p.Faults, due: make([]float64, len(p.Faults)),
		random: rand.New(rand.NewPCG(p.Seed, 1)), rounds: make(chan struct{}, 1), done: make(chan struct{}),
	}
	weight := 0
	for op, w := range p.Operations {
		weight += w
		switch Op(op) {
		case Create, Refund:
			f.fresh += float64(w) / float64(p.Keys.Attempts)
		case Cashout: // has no idempotency key: every attempt is work
			f.fresh += float64(w)
		case Retry, Status, Stale, operations:
		}
	}
	f.fresh /= float64(weight)
	return f
}

// scripts are the faults of one round: shares of its creations, at places that follow
// from the seed.
func (f *feeder) scripts() []script {
	var list []script
	creations := f.fresh * roundHits
	for i, fault := range f.faults {
		for f.due[i] += fault.Share * creations; f.due[i] >= 1; f.due[i]-- {
			list = append(list, script{
				Kind: fault.Kind, Method: http.MethodPost, Nth: 1 + f.random.IntN(max(int(creations), 1)), DelayMS: fault.Delay.Milliseconds(),
			})
		}
	}
	return list
}

// arm replaces what is left of the last round.
func (f *feeder) arm(ctx context.Context) error {
	if err := f.manager.clearFaults(ctx); err != nil {
		return err
	}
	for _, s := range f.scripts() {
		if err := f.manager.addFault(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// run arms a round whenever the pacer begins one, until it is told that there are no
// more, and leaves nothing armed.
func (f *feeder) run(ctx context.Context) {
	defer close(f.done)
	for range f.rounds {
		if err := f.arm(ctx); err != nil && f.err == nil {
			f.err = err
		}
	}
	if err := f.manager.clearFaults(ctx); err != nil && f.err == nil {
		f.err = err
	}
}

// paced tells the feeder where the run is. It never waits.
func (f *feeder) paced(hits uint64) {
	if f == nil || hits == 0 || hits%roundHits != 0 {
		return
	}
	select {
	case f.rounds <- struct{}{}:
	default: // the last round has not been armed yet
	}
}

// stop ends the feeding and says what went wrong.
func (f *feeder) stop() error {
	if f == nil {
		return nil
	}
	close(f.rounds)
	<-f.done
	return f.err
}
