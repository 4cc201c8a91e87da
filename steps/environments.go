package steps

import (
	"context"
	"regexp"

	"github.com/cucumber/godog"

	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
)

var (
	stepSecondAccepts  = regexp.MustCompile(`^a (.+) request that the second environment accepts$`)
	stepSecondAsWell   = regexp.MustCompile(`^it is made in the second environment as well$`)
	stepNotTheAnswer   = regexp.MustCompile(`^it is not the answer of the first environment$`)
	stepSecondExternal = regexp.MustCompile(`^a cashout is requested in the second environment with its external id$`)
	stepInEach         = regexp.MustCompile(`^a (deposit|cashout) in each environment$`)
	stepSecondAsked    = regexp.MustCompile(`^the second environment is asked for the (deposit|cashout) of the first$`)
	stepNotKnown       = regexp.MustCompile(`^it does not know it$`)
	stepFirstsKeys     = regexp.MustCompile(`^only its keys are those of the first environment$`)
)

func environmentSteps(w *world, sc *godog.ScenarioContext) {
	sc.Step(stepSecondAccepts, func(ctx context.Context, kind string) error {
		if err := w.enterSecond(); err != nil {
			return err
		}
		return w.accepted(ctx, kind)
	})
	sc.Step(stepSecondAsWell, w.secondAsWell)
	sc.Step(stepNotTheAnswer, func() error { return held(judge.Differs(w.first(), w.last())) })
	sc.Step(stepSecondExternal, func(ctx context.Context) error {
		if err := w.enterSecond(); err != nil {
			return err
		}
		order := w.suite.Orders.Cashout(cashoutAmount)
		order.ExternalID = w.story.cashout.external
		w.tell(ctx, w.server.Client(), w.server.Client().CreateCashout(order))
		return nil
	})
	sc.Step(stepInEach, w.inEach)
	sc.Step(stepSecondAsked, func(ctx context.Context, what string) error {
		if what == "deposit" {
			w.tell(ctx, w.server.Client(), merchant.DepositStatus(w.story.deposit.id))
			return nil
		}
		e, err := w.byExternalID(ctx, w.story.cashout.external)
		if err == nil {
			w.story.answers = append(w.story.answers, e)
		}
		return err
	})
	sc.Step(stepNotKnown, func() error { return held(judge.DoesNotKnow(w.last(), w.story.deposit.invoice)) })
	sc.Step(stepFirstsKeys, w.firstsKeys)
}

// enterSecond makes the second environment the one that the scenario talks to.
func (w *world) enterSecond() error {
	if w.suite.Server.Second == nil {
		return &missing{"the target names no second_environment"}
	}
	w.server = w.suite.Server.Second
	return nil
}

// secondAsWell makes the same kind of request in the second environment, about an
// object of its own.
func (w *world) secondAsWell(ctx context.Context) error {
	if err := w.enterSecond(); err != nil {
		return err
	}
	source, err := w.source(ctx, w.twin.kind)
	if err != nil {
		return err
	}
	r, err := source()
	if err == nil {
		w.tell(ctx, w.server.Client(), r)
	}
	return err
}

// inEach makes an object in both environments, and stays in the second.
func (w *world) inEach(ctx context.Context, what string) error {
	create := func() error {
		if what == "deposit" {
			d, err := w.createDeposit(ctx, depositAmount)
			if w.story.deposit.id == "" {
				w.story.deposit = d
			}
			return err
		}
		c, err := w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount))
		if w.story.cashout.id == "" {
			w.story.cashout = c
		}
		return err
	}
	if err := create(); err != nil {
		return err
	}
	if err := w.enterSecond(); err != nil {
		return err
	}
	return create()
}

// firstsKeys sends the probe with the credentials of the first environment, in the
// header and in the body, signed with the first environment's signature.
func (w *world) firstsKeys() error {
	first := w.suite.Server.Credentials
	client, err := w.server.ClientFrom(func(o *merchant.Options) { o.Credentials = first })
	w.twin.probe = client
	w.only(merchant.Tamper{Before: func(d *merchant.Draft) {
		if d.Auth == merchant.SignedCashout {
			body := merchant.SetField(d.Body, "login", first.Cashouts.APIKey)
			d.SetBody(merchant.SetField(body, "pass", first.Cashouts.APIPassphrase))
		}
	}})
	return err
}
