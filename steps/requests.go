package steps

import (
	"context"
	"fmt"
	"net/url"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/target"
)

// Amounts that the suite moves: small, and large enough for the limits of an account.
const (
	depositAmount d24.Amount = 100_00
	cashoutAmount d24.Amount = 10_00
)

// hostedDeposit is a deposit without payer and payment method, which the customer
// completes on the provider's page.
const hostedDeposit = "hosted deposit"

// A source makes requests of one kind, each an operation of its own: what a twin
// sends three times must not meet its own traces.
type source func() (merchant.Request, error)

// source prepares what requests of a kind need, once, and returns what makes them.
func (w *world) source(ctx context.Context, kind string) (source, error) {
	client, orders := w.server.Client(), w.suite.Orders
	switch kind {
	case "deposit":
		return func() (merchant.Request, error) { return merchant.CreateDeposit(orders.Deposit(depositAmount)), nil }, nil
	case hostedDeposit:
		if w.suite.survey.done && w.suite.survey.first[hostedDeposit].answer == nil {
			return nil, &noted{"the target takes no incomplete deposits"}
		}
		return func() (merchant.Request, error) {
			d := orders.Deposit(depositAmount)
			d.Payer, d.PaymentMethod = nil, ""
			return merchant.CreateDeposit(d), nil
		}, nil
	case "deposit status":
		deposit, err := w.createDeposit(ctx, depositAmount)
		if err != nil {
			return nil, err
		}
		return always(merchant.DepositStatus(deposit.id)), nil
	case "refund":
		deposit, err := w.payDeposit(ctx, depositAmount)
		if err != nil {
			return nil, err
		}
		amount := d24.Amount(1_00)
		return always(merchant.CreateRefund(deposit.id, deposit.invoice, &amount)), nil
	case "refund status":
		deposit, err := w.payDeposit(ctx, depositAmount)
		if err != nil {
			return nil, err
		}
		refund, err := w.setup(ctx, merchant.CreateRefund(deposit.id, deposit.invoice, nil))
		if err != nil {
			return nil, err
		}
		return always(merchant.RefundStatus(refund.ObjectID)), nil
	case "cashout":
		return func() (merchant.Request, error) { return client.CreateCashout(orders.Cashout(cashoutAmount)), nil }, nil
	case "cashout status":
		cashout, err := w.createCashout(ctx, orders.Cashout(cashoutAmount))
		if err != nil {
			return nil, err
		}
		return always(client.CashoutStatus(cashout.id, cashout.external)), nil
	case "cashout hold":
		return w.perCashout(ctx, func(c cashout) merchant.Request {
			return client.UpdateCashout(c.id, c.external, d24.CashoutUpdateOnHold)
		}), nil
	case "cashout release":
		return func() (merchant.Request, error) {
			c, err := w.changeable(ctx, kind)
			return w.change(kind, c), err
		}, nil
	case "cashout cancel":
		return w.perCashout(ctx, func(c cashout) merchant.Request { return client.CancelCashout(c.id, c.external) }), nil
	}
	if _, _, ok := readOnlyEndpoint(kind); ok {
		if client.Credentials.Deposits.ReadOnlyKey == "" {
			return nil, &missing{"no read-only key: set " + d24.EnvReadOnlyKey}
		}
		return always(lookup(kind, w.suite.survey.readOnly)), nil
	}
	return nil, fmt.Errorf("there is no %q request", kind)
}

func readOnlyEndpoint(kind string) (path string, query url.Values, ok bool) {
	country := url.Values{"country": {merchant.Country}}
	switch kind {
	case "payment methods":
		return d24.PathPaymentMethods, country, true
	case "exchange rates":
		return d24.PathExchangeRates, country, true
	case "crypto exchange rates":
		return d24.PathCryptoExchangeRates, url.Values{"currency": {merchant.Currency}, "amount": {"100"}, "crypto": {"BTC"}}, true
	case "banks":
		return d24.PathBanks, country, true
	case "states":
		return d24.PathStates, country, true
	}
	return "", nil, false
}

// perCashout makes requests about a pending cashout, a new one each time.
func (w *world) perCashout(ctx context.Context, request func(cashout) merchant.Request) source {
	return func() (merchant.Request, error) {
		c, err := w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount))
		if err != nil {
			return merchant.Request{}, err
		}
		return request(c), nil
	}
}

// deposit and cashout are objects that a scenario made on the target.
type (
	deposit struct {
		id, invoice string
		amount      d24.Amount
	}
	cashout struct{ id, external string }
)

func (w *world) createDeposit(ctx context.Context, amount d24.Amount) (deposit, error) {
	order := w.suite.Orders.Deposit(amount)
	answer, err := w.setup(ctx, merchant.CreateDeposit(order))
	return deposit{id: answer.ObjectID, invoice: order.InvoiceID, amount: amount}, err
}

// payDeposit creates a deposit and has it approved: COMPLETED, as if a customer had paid.
func (w *world) payDeposit(ctx context.Context, amount d24.Amount) (deposit, error) {
	if err := w.needs(target.ApproveDeposit); err != nil {
		return deposit{}, err
	}
	d, err := w.createDeposit(ctx, amount)
	if err != nil {
		return d, err
	}
	return d, w.approve(ctx, d)
}

func (w *world) approve(ctx context.Context, d deposit) error {
	return w.hook(ctx, target.ApproveDeposit, map[string]string{"deposit_id": d.id})
}

func (w *world) createCashout(ctx context.Context, order d24.CashoutRequest) (cashout, error) {
	answer, err := w.setup(ctx, w.server.Client().CreateCashout(order))
	return cashout{id: answer.ObjectID, external: order.ExternalID}, err
}

// keep notes an object that the target made.
func (w *world) keep(e *exchange.Exchange) {
	w.suite.created.add(w.server.BaseURL, e)
}
