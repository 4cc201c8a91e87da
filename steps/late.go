package steps

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/target"
)

// lateEffects are the last numbers of releases that scenarios judged by. At the end of the
// run each object is looked at once more: what came later makes its scenario inconclusive,
// since a wait that is learnt may be too short for one effect.
type lateEffects struct {
	mu    sync.Mutex
	last  map[target.Object]lastLook
	quiet []target.Object // of which nobody was notified
}

// A lastLook is what an observer said of an object when it was asked last.
type lastLook struct {
	scenario Scenario
	number   int
	waited   time.Duration // for none, or no more
}

func (l *lateEffects) enter(o target.Object, look lastLook) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		l.last = map[target.Object]lastLook{}
	}
	l.last[o] = look
}

// keep remembers objects of which nobody is notified.
func (l *lateEffects) keep(quiet ...*object) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range quiet {
		l.quiet = append(l.quiet, target.ObjectOf(o.about))
	}
}

// forget leaves an object out of which a notification is on its way.
func (l *lateEffects) forget(o target.Object) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.last, o)
}

// lookAgain asks about every object, and doubts the scenarios of which an effect was late. Of
// a receiver that asks for the status by itself late effects tell nothing.
func (s *Suite) lookAgain(ctx context.Context) {
	for _, object := range s.late.quiet {
		if n, err := s.Receiver.Observer.Releases(ctx, object); err == nil && n > 0 {
			return
		}
	}
	for object, look := range s.late.last {
		n, err := s.Receiver.Observer.Releases(ctx, object)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.builder.Doubt(look.scenario.Feature, look.scenario.Line, look.scenario.Name,
				"the observer does not tell at the end of the run whether an effect came late: "+err.Error(), look.number == 0)
		case n > look.number:
			s.builder.Doubt(look.scenario.Feature, look.scenario.Line, look.scenario.Name, fmt.Sprintf(
				"%s %s was released %d times after %s, and %d times at the end of the run: it is not known which notification the late release is for",
				object.Kind, object.ID, look.number, look.waited.Round(time.Millisecond), n), look.number == 0)
		}
	}
}
