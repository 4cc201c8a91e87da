package steps

import (
	"context"
	"fmt"
	"regexp"
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
	stepWas        = regexp.MustCompile(`^it was (accepted|refused)$`)
	stepWasRefused = regexp.MustCompile(`^it was refused because of (the|its) (.+)$`)
	stepFirstLast  = regexp.MustCompile(`^the first was (accepted|refused)(?: because of the (balance))? and the last (accepted|refused)(?: because of the (balance))?$`)
	stepAllBut     = regexp.MustCompile(`^all but the last were accepted, and the last refused because of its amount$`)
	stepAll        = regexp.MustCompile(`^all of them were accepted$`)
	stepAtMost     = regexp.MustCompile(`^at most (\d+) of them were accepted(?:, and (\S+) of the deposit can still be refunded)?$`)
	stepOne        = regexp.MustCompile(`^exactly one of them was accepted$`)
	stepWasNoted   = regexp.MustCompile(`^whether it was accepted is noted$`)
)

func storySteps(w *world, sc *godog.ScenarioContext) {
	sc.Step(stepWas, func(how string) error { return w.was(w.last(), how, judge.Reason{}) })
	sc.Step(stepWasRefused, func(_, because string) error {
		reason, err := storyReason(because)
		if err != nil {
			return err
		}
		return w.was(w.last(), "refused", reason)
	})
	sc.Step(stepFirstLast, func(first, firstWhy, last, lastWhy string) error {
		for _, part := range []struct {
			e        *exchange.Exchange
			how, why string
		}{{w.first(), first, firstWhy}, {w.last(), last, lastWhy}} {
			reason, err := storyReason(part.why)
			if err != nil {
				return err
			}
			if err := w.was(part.e, part.how, reason); err != nil {
				return err
			}
		}
		return nil
	})
	sc.Step(stepAllBut, func() error {
		for _, e := range w.story.answers[:len(w.story.answers)-1] {
			if err := held(judge.IsAccepted(e)); err != nil {
				return err
			}
		}
		return w.was(w.last(), "refused", reason("its amount", d24.CodeInvalidAmountToRefund))
	})
	sc.Step(stepAll, func() error { return held(judge.Creates(w.story.answers...)) })
	sc.Step(stepAtMost, func(ctx context.Context, most int, rest string) error {
		if err := held(judge.AtMost(most, w.story.answers...)); err != nil || rest == "" {
			return err
		}
		return w.refundable(ctx, rest)
	})
	sc.Step(stepOne, func() error { return held(judge.CreatesOnce(w.story.answers...)) })
	sc.Step(stepWasNoted, func() error { return held(judge.IsAnswered(w.last())) })
}

// storyReason are the reasons of refusals that a story tells.
func storyReason(because string) (judge.Reason, error) {
	switch because {
	case "":
		return judge.Reason{}, nil
	case "balance":
		return judge.Reason{Because: "the balance", Codes: []int{int(d24.CashoutInsufficientFunds)}}, nil
	case "status": // 521 is the code page's word for a status that an update cannot ask for
		return judge.Reason{Because: "its status", Codes: []int{int(d24.CashoutInvalidStatus), int(d24.CashoutStatusNotSupported)}}, nil
	}
	return reasonFor(because)
}

// was judges one answer of the story.
func (w *world) was(e *exchange.Exchange, how string, why judge.Reason) error {
	if how == "accepted" {
		return held(judge.IsAccepted(e))
	}
	return held(judge.IsRefusedAlone(e, why))
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
