package mock

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/d24conform/d24conform/internal/d24"
)

// maxExternalID is the longest external id (cashouts, notifications).
const maxExternalID = 100

// cashoutBody is the body of every cashouts request: a creation has most of its
// fields, the others have an id or two and perhaps a status.
type cashoutBody struct {
	Login           string     `json:"login"`
	Pass            string     `json:"pass"`
	CashoutID       anyText    `json:"cashout_id"`
	ExternalID      anyText    `json:"external_id"`
	Status          string     `json:"status"`
	Country         string     `json:"country"`
	Currency        string     `json:"currency"`
	Amount          d24.Amount `json:"amount"`
	DocumentID      anyText    `json:"document_id"`
	BeneficiaryName string     `json:"beneficiary_name"`
	LastName        string     `json:"beneficiary_lastname"`
	Email           string     `json:"email"`
	Phone           anyText    `json:"phone"`
	BankCode        anyText    `json:"bank_code"`
	BankAccount     anyText    `json:"bank_account"`
	BankBranch      anyText    `json:"bank_branch"`
	AccountType     string     `json:"account_type"`
	Comments        string     `json:"comments"`
	OnHold          bool       `json:"on_hold"`
	NotificationURL string     `json:"notification_url"`

	problem string // what is wrong with a field's type, for a known caller to be told
}

// parseCashout reads a body. It fails only when this is no JSON object: a field of
// the wrong type is told after the caller is known, for which login and pass are
// read even then.
func parseCashout(text []byte) (body *cashoutBody, ok bool) {
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, false
	}
	body = new(cashoutBody)
	err := json.Unmarshal(text, body)
	if err == nil {
		return body, true
	}
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return nil, false
	}
	// A type's own UnmarshalJSON stops the decoder where it fails, which may be
	// before the credentials: read those by themselves.
	var credentials struct {
		Login string `json:"login"`
		Pass  string `json:"pass"`
	}
	_ = json.Unmarshal(text, &credentials) // what is not a string stays empty and fits no merchant
	body.Login, body.Pass, body.problem = credentials.Login, credentials.Pass, decode(text, new(cashoutBody))
	return body, true
}

// invalidParameter is the first field that is missing or wrong in a creation, as
// "field: reason"; empty when there is none.
func (b *cashoutBody) invalidParameter(e *environment) string {
	switch {
	case b.problem != "":
		return b.problem
	case b.ExternalID == "" || len(b.ExternalID) > maxExternalID:
		return "external_id: Invalid or missing external id"
	case !countryCode(b.Country):
		return "country: Invalid or missing country"
	case b.DocumentID == "":
		return "document_id: Invalid or missing document id"
	case b.BeneficiaryName == "":
		return "beneficiary_name: Invalid or missing beneficiary name"
	case len(b.NotificationURL) > maxText || !e.notifiable(b.NotificationURL):
		return "notification_url: Invalid or missing notification URL, it must be HTTPS"
	case len(b.Comments) > maxComments:
		return "comments: more than 200 characters"
	}
	return ""
}
