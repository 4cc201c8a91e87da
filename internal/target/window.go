package target

import (
	"context"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/rules"
)

// A Window is how far from a server's clock a date may be, as measured.
type Window struct{ Past, Future Edge }

// An Edge is one end of a [Window]: somewhere from Least to Most, which are apart because
// X-Date has whole seconds, a request takes its time and the clock is known only so well.
type Edge struct {
	Least, Most time.Duration
	Open        bool // no date was too far: there is no Most
}

// windowCalls bounds what is asked on each side. It takes 2 of a server that keeps the
// documented 5 s, and 6 of one that looks at no date.
const windowCalls = 10

// windowSteps are the seconds that are tried until a date is refused: the documented
// window, closely around it, and then in leaps up to the range of the clock's search.
func windowSteps() []int { return []int{5, 6, 8, 30, 150, int(searchRange / time.Second)} }

// MeasureWindow finds out how old a date may be, and how far ahead, by asking for
// something that does not exist. It reports false where that cannot be told: cashouts
// carry no date, and other answers than those about the date end it.
func (s *Server) MeasureWindow(ctx context.Context) (w Window, ok bool, err error) {
	if !s.Has(rules.Deposits) {
		return Window{}, false, nil
	}
	if w.Past, ok, err = s.edge(ctx, -time.Second); ok {
		w.Future, ok, err = s.edge(ctx, time.Second)
	}
	return w, ok, err
}

// edge bisects between dates that are taken and dates that are not, in steps of unit.
func (s *Server) edge(ctx context.Context, unit time.Duration) (Edge, bool, error) {
	found := Edge{Most: math.MaxInt64}
	taken, refused := 0, 0
	for range windowCalls {
		next := between(taken, refused)
		if next == taken {
			break
		}
		e, err := s.look(ctx, datedBy(time.Duration(next)*unit))
		if err != nil {
			return Edge{}, false, err
		}
		least, most, dated := s.clock.Age(e)
		if unit > 0 {
			least, most = -most, -least
		}
		switch {
		case !dated || judge.Read(e).Kind == judge.Busy || isStranger(e):
			return Edge{}, false, nil
		case isTaken(e):
			taken, found.Least = next, max(found.Least, least)
		default:
			refused, found.Most = next, min(found.Most, most)
		}
	}
	found.Open = refused == 0
	return found, true, nil
}

// between is what to try next; taken when there is nothing left between the two. A
// window that is narrower than the documented one is most likely a little narrower.
func between(taken, refused int) int {
	switch {
	case refused == 0:
		steps := windowSteps()
		if i := slices.IndexFunc(steps, func(step int) bool { return step > taken }); i >= 0 {
			return steps[i]
		}
		return taken
	case refused <= windowSteps()[0]:
		return refused - 1
	}
	return (taken + refused) / 2
}

// datedBy moves a request's date away from the server's clock.
func datedBy(offset time.Duration) merchant.Tamper {
	return merchant.Dated(func(now time.Time) string { return d24.FormatDate(now.Add(offset)) })
}

// isTaken says whether a question about nothing was not refused for its date.
func isTaken(e *exchange.Exchange) bool {
	kind := judge.Read(e).Kind
	return kind == judge.Accepted || kind == judge.Refusal && !judge.RefusesCaller(e) || e.Status() == http.StatusNotFound
}

// isStranger says whether a refusal is about who calls, by a code that no date has.
func isStranger(e *exchange.Exchange) bool {
	answer := judge.Read(e)
	return answer.Kind == judge.Refusal && slices.Contains([]int{
		int(d24.CodeInvalidCredentials), int(d24.CodeInvalidSignature), int(d24.CodeInvalidIP),
	}, answer.Code)
}
