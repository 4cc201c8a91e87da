package steps

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/cucumber/godog"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
)

// story is what happens in a scenario that is more than a twin: requests one after
// the other, or at once, and what the server answered to each.
type story struct {
	request merchant.Request // the one that is retried
	answers []*exchange.Exchange
	deposit deposit
	other   deposit
	cashout cashout
	asked   string            // external id of the cashout that was asked for last
	listed  map[string]string // what was put on a whitelist
}

var (
	stepWas     = regexp.MustCompile(`^it was (accepted|refused)(?: because of (.+))?$`)
	stepLastWas = regexp.MustCompile(`^(the first|all but the last) (?:was|were) (accepted|refused)(?: because of (.+?))?,? and the last (accepted|refused)(?: because of (.+))?$`)
	stepOfThem  = regexp.MustCompile(`^(all|exactly one|at most (\d+)) of them (?:was|were) accepted$`)
	stepPlain   = regexp.MustCompile(`^it is sent over plain HTTP, and then over HTTPS( with another key)?$`)
)

func storySteps(w *world, sc *godog.ScenarioContext) {
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
	sc.Step(stepPlain, w.plainThenHTTPS)
}

// was judges one answer of the story.
func (w *world) was(e *exchange.Exchange, how, why string) error {
	if how == "accepted" {
		return held(judge.IsAccepted(e))
	}
	reason, err := reasonFor(why)
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

// plainThenHTTPS sends the request where it must fail, and then where it must not: what
// the first had done, the second would meet. A keyed request gets a key of its own, or
// it would meet no more than an answer.
func (w *world) plainThenHTTPS(ctx context.Context, otherKey string) error {
	client, tampers, err := w.plainHTTP()
	if err != nil {
		return err
	}
	w.send(ctx, client, w.story.request, "plain HTTP", tampers...)
	r := w.story.request
	if otherKey != "" {
		r.IdempotencyKey = w.suite.Orders.NewKey()
	}
	w.tell(ctx, w.server.Client(), r)
	return nil
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
