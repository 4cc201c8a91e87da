package mock

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

const (
	// depositLifetime is how long a deposit waits for its payment. The documents
	// give every answer an expiration_date and no figure.
	depositLifetime = 72 * time.Hour
	// expiredLifetime is how long an expired deposit stays so before it is
	// cancelled (deposits, status flow).
	expiredLifetime = 7 * 24 * time.Hour
)

// The answers with ids as the readings want them: AMB-29 has them as text or as
// numbers, where d24.ID always writes a number.
type (
	depositStatusAnswer struct {
		DepositID json.RawMessage `json:"deposit_id"`
		d24.DepositStatusAnswer
	}
	refundAnswer struct {
		RefundID json.RawMessage `json:"refund_id"`
	}
	refundStatusAnswer struct {
		DepositID json.RawMessage `json:"deposit_id"`
		d24.RefundStatusAnswer
	}
)

// createDeposit is POST /v3/deposits.
func createDeposit(c *call) answer {
	var body depositBody
	if detail := decode(c.body, &body); detail != "" {
		return *beanValidation(detail)
	}
	if details := body.faults(c.env); len(details) > 0 {
		return *beanValidation(details...)
	}
	if body.PaymentMethod != "" && (len(body.PaymentMethod) > maxText || !only(body.PaymentMethod, alphanumeric)) {
		return *refuse(http.StatusBadRequest, d24.CodePaymentMethodNotFound, "Payment method not found")
	}
	rules := c.env.rules
	payer := ""
	if body.Payer != nil {
		payer = string(encode(body.Payer))
	}
	return c.commit(func(tx *store.Tx) answer {
		c.about = subject{tx: tx, invoice: body.InvoiceID}
		if refusal := c.meets(c.op.business); refusal != nil {
			return *refusal
		}
		d := newDeposit(c, tx, &body, payer)
		tx.AddDeposit(d)
		return answer{Status: rules.createdStatus, Body: c.createdBody(d, tx.Random())}
	})
}

func newDeposit(c *call, tx *store.Tx, body *depositBody, payer string) *store.Deposit {
	d := &store.Deposit{
		Merchant:        c.caller.number,
		InvoiceID:       body.InvoiceID,
		Country:         familiar(body.Country),
		Currency:        familiar(body.Currency),
		Amount:          body.Amount,
		Bonus:           body.BonusAmount,
		PaymentMethod:   familiar(body.PaymentMethod),
		PaymentType:     body.PaymentType,
		Checkout:        d24.CheckoutHosted,
		Status:          d24.DepositCreated,
		Test:            body.Test,
		UserID:          userID(body.Payer),
		Payer:           payer,
		NotificationURL: body.NotificationURL,
		Created:         c.now,
		Expires:         c.now.Add(depositLifetime),
	}
	if d.InvoiceID == "" {
		d.InvoiceID = fmt.Sprintf("MP_%016x%016x", tx.Random(), tx.Random())
	}
	if body.complete() {
		d.Checkout, d.Status = d24.CheckoutOneShot, d24.DepositPending
		if body.EarlyRelease {
			d.Status = d24.DepositEarlyReleased
		}
		d.PaymentType = paymentMethodOf(d.Country, d.PaymentMethod).Type
	}
	return d
}

// userID is the payer's id with the merchant, or for want of one the document.
func userID(payer *d24.Payer) string {
	if payer == nil {
		return ""
	}
	return cmp.Or(payer.ID, payer.Document)
}

// payerOf is the deposit's payer; nil when it has none.
func payerOf(d *store.Deposit) (payer *d24.Payer) {
	if d.Payer != "" {
		_ = json.Unmarshal([]byte(d.Payer), &payer) // it was encoded here
	}
	return payer
}

// depositStatus is GET /v3/deposits/{deposit_id}.
func depositStatus(c *call) answer {
	id, ok := parseID(c.id)
	if !ok {
		return *beanValidation("deposit_id: must be a number")
	}
	var a answer
	c.env.state.Update(func(tx *store.Tx) {
		d := c.env.rules.visibleDeposit(c, tx, id)
		if d == nil {
			a = *notFound("Deposit")
			return
		}
		c.env.ageDeposit(d, c.now)
		a = respond(http.StatusOK, c.depositStatusAnswer(d))
	})
	return a
}

func (c *call) depositStatusAnswer(d *store.Deposit) depositStatusAnswer {
	usd := usdOf(d.Currency, d.Amount)
	a := depositStatusAnswer{DepositID: c.env.rules.wireID(d.ID)}
	a.DepositStatusAnswer = d24.DepositStatusAnswer{
		UserID:        d.UserID,
		InvoiceID:     d.InvoiceID,
		Country:       d.Country,
		Currency:      d.Currency,
		LocalAmount:   &d.Amount,
		USDAmount:     &usd,
		BonusAmount:   d.Bonus,
		PaymentMethod: d.PaymentMethod,
		PaymentType:   d.PaymentType,
		Status:        c.env.rules.shownStatus(d),
		Payer:         payerOf(d),
		Refunded:      d.Refunded > 0,
	}
	if d.Status == d24.DepositCreated || d.Status == d24.DepositPending {
		a.Amount = &d.Amount
	}
	return a
}

// parseID reads the id of a path or a body. Ids are positive and fit in 18 digits.
func parseID(text string) (id int64, ok bool) {
	if len(text) > 18 || !only(text, digit) {
		return 0, false
	}
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil
}

// numericID writes an id as a JSON number (reading AMB-29).
func numericID(id int64) json.RawMessage { return strconv.AppendInt(nil, id, 10) }

// smallBases give deposits 9 digits, as in the documents' examples.
func smallBases(second bool) store.Bases {
	if second {
		return store.Bases{Deposits: 600_000_001, Refunds: 568_001, Cashouts: 9_400_001}
	}
	return store.Bases{Deposits: 300_000_001, Refunds: 168_001, Cashouts: 8_400_001}
}

// largeBases are beyond 32 bits (AMB-29 large-ids).
func largeBases(second bool) store.Bases {
	small := smallBases(second)
	const beyond = 10_000_000_000
	return store.Bases{Deposits: small.Deposits + beyond, Refunds: small.Refunds + beyond, Cashouts: small.Cashouts + beyond}
}

// ownDeposit is a deposit of the caller's. One of somebody else's does not exist.
func ownDeposit(c *call, tx *store.Tx, id int64) *store.Deposit {
	if d := tx.Deposit(id); d != nil && d.Merchant == c.caller.number {
		return d
	}
	return nil
}

// ageDeposit is what time alone does: PENDING, EXPIRED at its date, CANCELLED seven
// days later (deposits, status flow). A hosted deposit that nobody opened stays
// CREATED.
func ageDeposit(d *store.Deposit, now time.Time) {
	if d.Status == d24.DepositPending && !now.Before(d.Expires) {
		d.Status = d24.DepositExpired
	}
	if d.Status == d24.DepositExpired && !now.Before(d.Expires.Add(expiredLifetime)) {
		d.Status = d24.DepositCancelled
	}
}

// depositTransition is the status flow as far as a person drives it. An expired or
// cancelled deposit may still be completed by hand; nothing leaves COMPLETED
// (readings AMB-36 and AMB-37).
func depositTransition(from, to d24.DepositStatus) bool {
	if from == d24.DepositCompleted {
		return false
	}
	switch to {
	case d24.DepositCompleted:
		return true
	case d24.DepositInitiated:
		return from == d24.DepositCreated
	case d24.DepositPending:
		return from == d24.DepositCreated || from == d24.DepositInitiated || from == d24.DepositForReview
	case d24.DepositForReview:
		return from == d24.DepositCreated || from == d24.DepositInitiated || from == d24.DepositPending
	case d24.DepositEarlyReleased, d24.DepositApproved:
		return from == d24.DepositPending
	case d24.DepositExpired:
		return from == d24.DepositPending || from == d24.DepositEarlyReleased
	case d24.DepositCancelled:
		return from != d24.DepositCancelled
	default:
		return false
	}
}

// textID writes an id as a JSON string (AMB-29 string-ids).
func textID(id int64) json.RawMessage { return json.RawMessage(`"` + idText(id) + `"`) }
