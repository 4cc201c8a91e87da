package steps

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
)

// story is what happens in a scenario that is more than a twin: requests one after
// the other, or at once, and what the server answered to each.
type story struct {
	request      merchant.Request // the one that is retried
	answers      []*exchange.Exchange
	deposit      deposit
	other        deposit
	refund       string // its id
	double       bool   // the story has made a deposit of the same invoice before
	cashout      cashout
	otherCashout cashout
	asked        string            // external id of the cashout that was asked for last
	listed       map[string]string // what was put on a whitelist
	path         *merchant.Client  // over a connection of its own
	opened       time.Time         // by the server's clock
}

var (
	stepWas        = regexp.MustCompile(`^(?:it|the last) was (accepted|refused)(?: because of (.+))?$`)
	stepLastWas    = regexp.MustCompile(`^(the first|all but the last) (?:was|were) (accepted|refused)(?: because of (.+?))?,? and the last (accepted|refused)(?: because of (.+))?$`)
	stepOfThem     = regexp.MustCompile(`^(all|exactly one|at most (\d+)) of them (?:was|were) accepted$`)
	stepAllRefused = regexp.MustCompile(`^all of them were refused(?: because of (.+))?$`)
	stepNoneTaken  = regexp.MustCompile(`^none of them was accepted$`)
	stepFirstTwo   = regexp.MustCompile(`^the first two were accepted, and the others refused$`)
	stepWhetherAll = regexp.MustCompile(`^whether all of them were accepted is reported as (AMB-\d\d)$`)
	stepWhether    = regexp.MustCompile(`^whether it was refused is reported as (AMB-\d\d)$`)
)

func storySteps(w *world, sc vocabulary) {
	sc.Step(stepWas, func(how, why string) error { return w.was(w.last(), how, why) })
	sc.Step(stepLastWas, func(which, how, why, lastHow, lastWhy string) error {
		first := w.story.answers[:1]
		if which == "all but the last" {
			first = w.story.answers[:len(w.story.answers)-1]
		}
		for _, e := range first {
			if err := w.was(e, how, why); err != nil {
				return err
			}
		}
		return w.was(w.last(), lastHow, lastWhy)
	})
	sc.Step(stepOfThem, func(which, most string) error {
		switch which {
		case "all":
			return held(judge.Creates(w.story.answers...))
		case "exactly one":
			return held(judge.CreatesOnce(w.story.answers...))
		}
		number, err := strconv.Atoi(most)
		if err != nil {
			return err
		}
		return held(judge.AtMost(number, w.story.answers...))
	})
	sc.Step(stepAllRefused, func(because string) error {
		for _, e := range w.story.answers {
			if err := w.was(e, "refused", because); err != nil {
				return err
			}
		}
		return nil
	})
	sc.Step(stepNoneTaken, func() error {
		if f := judge.NoneAccepted(w.story.answers...); f.Outcome != judge.Holds {
			return &noted{"one of them was accepted, which other rules judge: " + f.Seen}
		}
		return nil
	})
	sc.Step(stepFirstTwo, func() error {
		for i, e := range w.story.answers {
			how := "accepted"
			if i >= 2 {
				how = "refused"
			}
			if err := w.was(e, how, ""); err != nil {
				return err
			}
		}
		return nil
	})
	sc.Step(stepWhetherAll, func(id string) error {
		return w.noteWhen(judge.IsAnswered(w.last()), id, "later", judge.Read(w.last()).Kind != judge.Accepted)
	})
	sc.Step(stepWhether, func(id string) error {
		e := w.last()
		return w.noteWhen(judge.IsAnswered(e), id, "until-cancelled", judge.Read(e).Kind == judge.Accepted)
	})
}

// was judges one answer of the story.
func (w *world) was(e *exchange.Exchange, how, why string) error {
	if how == "accepted" {
		earlier := e
		if len(w.story.answers) > 0 {
			earlier = w.first()
		}
		return held(judge.IsAcceptedAnew(earlier, e))
	}
	reason, err := w.reason(why)
	if err != nil {
		return err
	}
	return held(judge.IsRefusedAlone(e, reason))
}

// tell sends one request as part of the story.
func (w *world) tell(ctx context.Context, client *merchant.Client, r merchant.Request, tampers ...merchant.Tamper) *exchange.Exchange {
	e := w.send(ctx, client, r, fmt.Sprintf("request %d", len(w.story.answers)+1), tampers...)
	w.keep(e)
	w.story.answers = append(w.story.answers, e)
	return e
}

// tellAtOnce sends the requests in parallel, as part of the story.
func (w *world) tellAtOnce(ctx context.Context, client *merchant.Client, requests []merchant.Request) {
	answers := make([]*exchange.Exchange, len(requests))
	var wait sync.WaitGroup
	for i, r := range requests {
		wait.Go(func() { answers[i] = w.send(ctx, client, r, "at once") })
	}
	wait.Wait()
	for _, e := range answers {
		w.keep(e)
	}
	w.story.answers = append(w.story.answers, answers...)
}

// repeated is n times the same request.
func repeated(r merchant.Request, n int) []merchant.Request {
	list := make([]merchant.Request, n)
	for i := range list {
		list[i] = r
	}
	return list
}

func (w *world) first() *exchange.Exchange { return w.story.answers[0] }
func (w *world) last() *exchange.Exchange  { return w.story.answers[len(w.story.answers)-1] }

// parseAmount reads an amount of a sentence.
func parseAmount(text string) (d24.Amount, error) {
	amount, err := d24.ParseAmount(strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf("in the feature file: %w", err)
	}
	return amount, nil
}
