package d24

// CashoutStatus is where a cashout stands (cashouts, API codes).
type CashoutStatus int

// Cashout statuses, numbered as on the wire.
const (
	CashoutPending   CashoutStatus = 0 // accepted, not sent to the bank
	CashoutCompleted CashoutStatus = 1
	CashoutCancelled CashoutStatus = 2
	CashoutRejected  CashoutStatus = 3 // by the bank
	CashoutDelivered CashoutStatus = 4 // sent to the bank, can no longer be cancelled
	CashoutOnHold    CashoutStatus = 5
)

// String is the description that the API gives to the status. Cancelled is spelt
// "Canceled" there.
func (s CashoutStatus) String() string {
	switch s {
	case CashoutPending:
		return "Pending"
	case CashoutCompleted:
		return "Completed"
	case CashoutCancelled:
		return "Canceled"
	case CashoutRejected:
		return "Rejected"
	case CashoutDelivered:
		return "Delivered"
	case CashoutOnHold:
		return "On Hold"
	}
	return "Unknown"
}

// The words that an update request uses for the only two statuses it may ask for.
const (
	CashoutUpdatePending = "PENDING"
	CashoutUpdateOnHold  = "ON_HOLD"
)

// CashoutRequest is the body of a cashout creation.
type CashoutRequest struct {
	Login               string `json:"login"`
	Pass                string `json:"pass"`
	ExternalID          string `json:"external_id"`
	Country             string `json:"country"`
	Currency            string `json:"currency,omitempty"`
	Amount              Amount `json:"amount"`
	DocumentID          string `json:"document_id"`
	DocumentType        string `json:"document_type,omitempty"`
	BeneficiaryName     string `json:"beneficiary_name"`
	BeneficiaryLastname string `json:"beneficiary_lastname,omitempty"`
	Email               string `json:"email,omitempty"`
	Phone               string `json:"phone,omitempty"`
	BankCode            ID     `json:"bank_code,omitempty"` // a number in the table, a string in the examples
	BankAccount         string `json:"bank_account,omitempty"`
	BankBranch          string `json:"bank_branch,omitempty"`
	AccountType         string `json:"account_type,omitempty"`
	Comments            string `json:"comments,omitempty"`
	OnHold              bool   `json:"on_hold,omitempty"`
	NotificationURL     string `json:"notification_url"`
}

// CashoutAnswer is the answer to a cashout creation. The id is a string here and a
// number in every other place.
type CashoutAnswer struct {
	CashoutID string `json:"cashout_id"`
}

// CashoutReference is the body of the status, update and cancel requests. Status
// wants either id, update the cashout_id, cancel both.
type CashoutReference struct {
	Login      string `json:"login"`
	Pass       string `json:"pass"`
	CashoutID  ID     `json:"cashout_id,omitempty"`
	ExternalID string `json:"external_id,omitempty"`
	Status     string `json:"status,omitempty"` // update only
}

// CashoutStatusAnswer is the answer to the status, update and cancel requests.
type CashoutStatusAnswer struct {
	Status          CashoutStatus `json:"cashout_status"`
	Description     string        `json:"cashout_status_description"`
	RejectionCode   int           `json:"rejection_code,omitempty"`
	RejectionReason string        `json:"rejection_reason,omitempty"`
}
