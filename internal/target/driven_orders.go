package target

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
)

// Sizes of what is moved: small, and enough for two refunds of each deposit.
const (
	depositSize d24.Amount = 100_00
	refundSize  d24.Amount = 10_00
	cashoutSize d24.Amount = 10_00
)

// deposit and cashout are objects on the mock.
type (
	deposit struct{ id, invoice string }
	cashout struct{ id, external string }
)

// fieldsFor makes what one operation is about, and the objects that it needs.
func (d *Driven) fieldsFor(ctx context.Context, s Situation) (map[string]any, error) {
	switch s.Does {
	case CreatesDeposit:
		return bodyOf(d.deposit(s)), nil
	case AsksDeposit:
		made, err := d.paid(ctx, deposit{})
		return idOf("deposit_id", made.id), err
	case CreatesRefund:
		made, err := d.paid(ctx, deposit{})
		return bodyOf(refund(made, s)), err
	case AsksRefund:
		made, err := d.refunded(ctx)
		return idOf("refund_id", made), err
	case LooksUp, LooksUpBanks:
		return map[string]any{"country": merchant.Country}, nil
	case LooksUpRates:
		return map[string]any{"country": merchant.Country, "amount": 100}, nil
	case CreatesCashout:
		return bodyOf(d.cashout(s)), nil
	case AsksCashout, HoldsCashout, CancelsCashout:
		made, err := d.held(ctx, cashout{})
		reference := d24.CashoutReference{CashoutID: d24.ID(made.id), ExternalID: made.external}
		if s.Does == HoldsCashout {
			reference.Status = d24.CashoutUpdateOnHold
		}
		return bodyOf(reference), err
	case WorksWithDeposits, WorksWithCashouts, Works, WorksOn, SignsDeposits, SignsCashouts, VerifiesDeposits, VerifiesCashouts:
	}
	return nil, fmt.Errorf("nothing in particular is asked for of a client that %s", s.Does)
}

// text is what a body says in a field of free text: what the situation wants, or so much
// that the body is as large. A line to an adapter stays below 64 KiB, which is all that a
// reader of lines takes in more than one language.
func (s Situation) text(usual string) string {
	const phrase = `Ação de São João / 10 % "ação" \ e mais `
	if s.KiB > 0 {
		escaped, _ := json.Marshal(phrase) //nolint:errchkjson // a string can be encoded
		return usual + " " + strings.Repeat(phrase, s.KiB<<10/(len(escaped)-len(`""`))+1)
	}
	return cmp.Or(s.Text, usual)
}

// deposit is an order for a deposit as the situation wants it.
func (d *Driven) deposit(s Situation) d24.DepositRequest {
	order := d.Orders.Deposit(depositSize)
	if s.Name != "" {
		order.Payer.FirstName, order.Payer.LastName = s.Name, s.Name
		order.Payer.Address = &d24.Address{Street: s.Name, City: s.Name, State: "SP", ZipCode: "01001000"}
	}
	order.Description = s.text(order.Description)
	return order
}

// A cashoutOrder has the fields of the endpoint's table that d24 does not need.
type cashoutOrder struct {
	d24.CashoutRequest

	Address string `json:"address,omitempty"`
	City    string `json:"city,omitempty"`
}

// cashout is an order for a cashout as the situation wants it. A comment has at most 200
// characters, so a large body is one with a long address.
func (d *Driven) cashout(s Situation) cashoutOrder {
	order := cashoutOrder{CashoutRequest: d.Orders.Cashout(cashoutSize)}
	if s.Name != "" {
		order.BeneficiaryName, order.BeneficiaryLastname, order.Address, order.City = s.Name, s.Name, s.Name, s.Name
	}
	if s.KiB > 0 {
		order.Address = s.text("Rua das Flores 10")
	}
	order.Comments = s.Text
	return order
}

// paid is the deposit, or one of ours where the client made none, approved.
func (d *Driven) paid(ctx context.Context, made deposit) (deposit, error) {
	if made.id == "" {
		order := d.Orders.Deposit(depositSize)
		e := d.own.Do(ctx, merchant.CreateDeposit(order))
		made = deposit{id: judge.Read(e).ObjectID, invoice: order.InvoiceID}
		if made.id == "" {
			return made, fmt.Errorf("prepare a deposit: %s", judge.Describe(e))
		}
	}
	if err := d.Mock.Admin().ApproveDeposit(made.id); err != nil { //nolint:contextcheck // a notification outlives what causes it
		return made, fmt.Errorf("prepare a deposit: %w", err)
	}
	return made, nil
}

// held is the cashout, or one of ours where the client made none.
func (d *Driven) held(ctx context.Context, made cashout) (cashout, error) {
	if made.id != "" {
		return made, nil
	}
	order := d.Orders.Cashout(cashoutSize)
	e := d.own.Do(ctx, d.own.CreateCashout(order))
	if made = (cashout{id: judge.Read(e).ObjectID, external: order.ExternalID}); made.id == "" {
		return made, fmt.Errorf("prepare a cashout: %s", judge.Describe(e))
	}
	return made, nil
}

// bodyOf is a request's body as the client gets it: without credentials, which it adds
// itself.
func bodyOf(request any) map[string]any {
	text, _ := json.Marshal(request) //nolint:errchkjson // our own types can be encoded
	var body map[string]json.RawMessage
	_ = json.Unmarshal(text, &body)
	delete(body, "login")
	delete(body, "pass")
	return map[string]any{"body": body}
}

// idOf is an id as a number, which is what the documents' ids are.
func idOf(field, id string) map[string]any { return map[string]any{field: json.Number(id)} }

// refund is an order for a refund as the situation wants it.
func refund(made deposit, s Situation) d24.RefundRequest {
	order := d24.RefundRequest{
		DepositID: d24.ID(made.id), InvoiceID: made.invoice, Amount: new(refundSize),
		BankAccount: &d24.BankAccount{Beneficiary: cmp.Or(s.Name, "Maria Silva"), BankCode: "001", Branch: "0001", AccountNumber: "12345678", AccountType: "C"},
		Comments:    cmp.Or(s.Text, "d24conform refund"),
	}
	if s.KiB > 0 { // a comment has at most 200 characters
		order.BankAccount.Beneficiary = s.text(order.BankAccount.Beneficiary)
	}
	return order
}

// refunded is a refund of ours.
func (d *Driven) refunded(ctx context.Context) (id string, err error) {
	made, err := d.paid(ctx, deposit{})
	if err != nil {
		return "", err
	}
	e := d.own.Do(ctx, merchant.CreateRefund(made.id, made.invoice, new(refundSize)))
	if id = judge.Read(e).ObjectID; id == "" {
		return "", fmt.Errorf("prepare a refund: %s", judge.Describe(e))
	}
	return id, nil
}
