package mock

import (
	"net/http"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// cardMethod is the payment method whose refunds need no bank account: they go
// back to the card.
const cardMethod = "CC"

// createRefund is POST /v3/refunds.
func createRefund(c *call) answer {
	var body refundBody
	if detail := decode(c.body, &body); detail != "" {
		return *beanValidation(detail)
	}
	if details := body.faults(c.env); len(details) > 0 {
		return *beanValidation(details...)
	}
	id, _ := parseID(string(body.DepositID))
	rules := c.env.rules
	return c.commit(func(tx *store.Tx) answer {
		d := rules.visibleDeposit(c, tx, id)
		if d == nil || d.InvoiceID != body.InvoiceID {
			return *notFound("Deposit")
		}
		c.env.ageDeposit(d, c.now)
		amount := d.Amount - d.Refunded // no amount means all that is left
		if body.Amount != nil {
			amount = *body.Amount
		}
		c.about = subject{tx: tx, deposit: d, amount: amount}
		if refusal := c.meets(c.op.business); refusal != nil {
			return *refusal
		}
		if d.PaymentMethod != cardMethod && body.BankAccount == nil {
			return *refuse(http.StatusBadRequest, d24.CodeMissingBankAccount, "Missing bank account")
		}
		r := &store.Refund{
			Merchant: c.caller.number, DepositID: d.ID, InvoiceID: d.InvoiceID,
			Amount: c.about.amount, Status: d24.RefundPending, Created: c.now,
			NotificationURL: body.NotificationURL,
		}
		tx.AddRefund(r)
		d.Refunded += r.Amount
		return respond(http.StatusOK, refundAnswer{RefundID: rules.wireID(r.ID)})
	})
}

func invalidRefund(description string) *answer {
	return refuse(http.StatusBadRequest, d24.CodeInvalidAmountToRefund, description)
}

// refundStatus is GET /v3/refunds/{refund_id}.
func refundStatus(c *call) answer {
	id, ok := parseID(c.id)
	if !ok {
		return *beanValidation("refund_id: must be a number")
	}
	var a answer
	c.env.state.Update(func(tx *store.Tx) {
		r := c.env.rules.visibleRefund(c, tx, id)
		if r == nil {
			a = *notFound("Refund")
			return
		}
		a = respond(http.StatusOK, refundStatusAnswer{
			DepositID: c.env.rules.wireID(r.DepositID),
			RefundStatusAnswer: d24.RefundStatusAnswer{
				MerchantInvoiceID: r.InvoiceID,
				Status:            r.Status,
				Amount:            r.Amount,
			},
		})
	})
	return a
}

// ownRefund is a refund of the caller's. One of somebody else's does not exist.
func ownRefund(c *call, tx *store.Tx, id int64) *store.Refund {
	if r := tx.Refund(id); r != nil && r.Merchant == c.caller.number {
		return r
	}
	return nil
}

// refundTransition is the status flow of refunds: PENDING ⇄ INCORRECT_DETAILS, both
// may be cancelled; PENDING → DELIVERED → COMPLETED or REJECTED.
func refundTransition(from, to d24.RefundStatus) bool {
	switch to {
	case d24.RefundPending:
		return from == d24.RefundIncorrectDetails
	case d24.RefundIncorrectDetails, d24.RefundDelivered:
		return from == d24.RefundPending
	case d24.RefundCancelled:
		return from == d24.RefundPending || from == d24.RefundIncorrectDetails
	case d24.RefundCompleted, d24.RefundRejected:
		return from == d24.RefundDelivered
	}
	return false
}
