package mock

import (
	"net/http"
	"strconv"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// createCashout is POST /v3/cashout.
func createCashout(c *call) answer {
	body, rules := c.cashout, c.env.rules
	if problem := body.invalidParameter(c.env); problem != "" {
		return *invalid(d24.CashoutInvalidParameter, problem)
	}
	if body.Currency != "" && !currencyCode(body.Currency) {
		return *invalid(d24.CashoutInvalidCurrency, "Invalid currency")
	}
	if body.Amount <= 0 {
		return *invalid(d24.CashoutInvalidAmount, "Invalid amount")
	}
	cashout := &store.Cashout{
		Merchant:        c.caller.number,
		ExternalID:      string(body.ExternalID),
		Country:         body.Country,
		Currency:        body.Currency,
		Amount:          body.Amount,
		Status:          d24.CashoutPending,
		NotificationURL: body.NotificationURL,
		Created:         c.now,
	}
	if body.OnHold {
		cashout.Status = d24.CashoutOnHold
	}
	return rules.makeCashout(c, cashout)
}

// makeCashout checks the external id and the balance, and makes the cashout, in
// one step: of any number of requests at once none draws below zero, and one
// external id makes one cashout. Too little money does not use the id up (reading
// AMB-38).
func makeCashout(c *call, cashout *store.Cashout) answer {
	m := c.caller
	return c.commit(func(tx *store.Tx) answer {
		c.about = subject{tx: tx, cashout: cashout}
		if refusal := c.meets(c.op.business); refusal != nil {
			return *refusal
		}
		tx.SetBalance(m.number, tx.Balance(m.number)-cashout.Amount)
		tx.AddCashout(cashout)
		return respond(http.StatusOK, d24.CashoutAnswer{CashoutID: strconv.FormatInt(cashout.ID, 10)})
	})
}

// cashoutStatus is POST /v3/cashout/status: by either id, or by both if they agree
// (reading AMB-43).
func cashoutStatus(c *call) answer {
	if refusal := c.needs(c.cashout.CashoutID != "" || c.cashout.ExternalID != "", "cashout_id"); refusal != nil {
		return *refusal
	}
	var a answer
	c.env.state.Update(func(tx *store.Tx) {
		if cashout := c.env.rules.findCashout(c, tx); cashout != nil {
			a = respond(http.StatusOK, c.cashoutStatusAnswer(cashout.Status))
		} else {
			a = *invalid(d24.CashoutNotFound, "Cashout not found with this ID")
		}
	})
	return a
}

// updateCashout is PUT /v3/cashout/status: hold and unhold, and nothing else.
func updateCashout(c *call) answer {
	if refusal := c.needs(c.cashout.CashoutID != "" || c.cashout.ExternalID != "", "cashout_id"); refusal != nil {
		return *refusal
	}
	to, ok := c.env.rules.cashoutUpdate(c.cashout.Status)
	if !ok {
		return *refuseCashout(http.StatusBadRequest, d24.CashoutStatusNotSupported, "Status not supported for this request")
	}
	return c.moveCashout(to)
}

// updatedTo is the status that an update asks for; false for one that no update sets.
func updatedTo(word string) (to d24.CashoutStatus, ok bool) {
	switch word {
	case d24.CashoutUpdatePending:
		return d24.CashoutPending, true
	case d24.CashoutUpdateOnHold:
		return d24.CashoutOnHold, true
	}
	return 0, false
}

// cancelCashout is DELETE /v3/cashout/cancel, which wants both ids.
func cancelCashout(c *call) answer {
	if refusal := c.needs(c.cashout.CashoutID != "", "cashout_id"); refusal != nil {
		return *refusal
	}
	if refusal := c.needs(c.cashout.ExternalID != "", "external_id"); refusal != nil {
		return *refusal
	}
	return c.moveCashout(d24.CashoutCancelled)
}

// needs refuses a request whose fields have wrong types or lack an id.
func (c *call) needs(there bool, field string) *answer {
	switch {
	case c.cashout.problem != "":
		return invalid(d24.CashoutInvalidParameter, c.cashout.problem)
	case !there:
		return invalid(d24.CashoutInvalidParameter, field+": Invalid or missing "+field)
	}
	return nil
}

// moveCashout brings the cashout that the request names into another status.
func (c *call) moveCashout(to d24.CashoutStatus) answer {
	return c.commit(func(tx *store.Tx) answer {
		cashout := c.env.rules.findCashout(c, tx)
		if cashout == nil {
			return *invalid(d24.CashoutNotFound, "Cashout not found with this ID")
		}
		c.about = subject{tx: tx, cashout: cashout, to: to}
		if refusal := c.meets(c.op.business); refusal != nil {
			return *refusal
		}
		c.env.setCashout(tx, cashout, to)
		return respond(http.StatusOK, c.cashoutStatusAnswer(cashout.Status))
	})
}

// setCashout changes the status. A cashout that will never be paid gives its amount
// back; one on hold keeps it reserved.
func setCashout(tx *store.Tx, cashout *store.Cashout, to d24.CashoutStatus) {
	cashout.Status = to
	if to == d24.CashoutCancelled || to == d24.CashoutRejected {
		tx.Credit(cashout.Merchant, cashout.Amount)
	}
}

// ownCashout is the caller's cashout that the request names. One of somebody
// else's does not exist, nor does one whose two ids disagree.
func ownCashout(c *call, tx *store.Tx) *store.Cashout {
	var cashout *store.Cashout
	if c.cashout.CashoutID != "" {
		id, _ := parseID(string(c.cashout.CashoutID))
		cashout = tx.Cashout(id)
	} else {
		cashout = tx.CashoutByExternalID(c.caller.number, string(c.cashout.ExternalID))
	}
	if cashout == nil || cashout.Merchant != c.caller.number ||
		c.cashout.ExternalID != "" && cashout.ExternalID != string(c.cashout.ExternalID) {
		return nil
	}
	return cashout
}

// The rejection that the mock's bank gives, of the documented list.
const (
	rejectionCode   = 807
	rejectionReason = "ERROR_REJECTED_BY_BANK"
)

func (c *call) cashoutStatusAnswer(status d24.CashoutStatus) d24.CashoutStatusAnswer {
	status = c.env.rules.shownCashout(status)
	a := d24.CashoutStatusAnswer{Status: status, Description: status.String()}
	if status == d24.CashoutRejected {
		a.RejectionCode, a.RejectionReason = rejectionCode, rejectionReason
	}
	return a
}

// cashoutTransition is the status flow: 0 ⇄ 5, both may be cancelled (reading
// AMB-42), 0 → 4 → 1 or 3.
func cashoutTransition(from, to d24.CashoutStatus) bool {
	switch to {
	case d24.CashoutOnHold, d24.CashoutDelivered:
		return from == d24.CashoutPending
	case d24.CashoutPending:
		return from == d24.CashoutOnHold
	case d24.CashoutCancelled:
		return from == d24.CashoutPending || from == d24.CashoutOnHold
	case d24.CashoutCompleted, d24.CashoutRejected:
		return from == d24.CashoutDelivered
	}
	return false
}

// The refusals of a transition by hold and release, and by cancel.
func invalidTransition() *answer {
	return refuseCashout(http.StatusBadRequest, d24.CashoutInvalidStatus, "Invalid status transition")
}

func notPending() *answer { return invalid(d24.CashoutInvalidStatus, "Invalid status: not Pending") }

func externalIDTaken() *answer { return invalid(d24.CashoutExternalIDUsed, "External ID already used") }

func insufficientFunds() *answer { return invalid(d24.CashoutInsufficientFunds, "Insufficient funds") }

// invalid is a refusal of data that are well-formed and wrong. Most codes share
// HTTP 412 (cashouts, reference).
func invalid(code d24.CashoutCode, message string) *answer {
	return refuseCashout(http.StatusPreconditionFailed, code, message)
}
