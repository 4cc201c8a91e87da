package d24

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// A NotificationKind is what a notification is about.
type NotificationKind string

// Kinds of notification. Deposits and refunds come as JSON, cashouts as a form.
const (
	DepositNotification NotificationKind = "deposit"
	RefundNotification  NotificationKind = "refund"
	CashoutNotification NotificationKind = "cashout"
)

// A CashoutForm is the body of a cashout notification (cashouts, "Notifications"). Its
// control covers the external id and nothing else, and the status is not in it.
type CashoutForm struct {
	Date            string // YYYY-MM-DD HH:MM:SS, GMT
	BankReferenceID string
	Comments        string
	ExternalID      string
	Control         string
	CashoutID       ID
	StatusReason    string
}

// CashoutDateLayout is [CashoutForm.Date] in the words of package time.
const CashoutDateLayout = "2006-01-02 15:04:05"

type formField struct {
	name  string
	value *string
}

// fields are those of the form, in the order in which the page lists them.
func (f *CashoutForm) fields() []formField {
	return []formField{
		{"date", &f.Date},
		{"bank_reference_id", &f.BankReferenceID},
		{"comments", &f.Comments},
		{"external_id", &f.ExternalID},
		{"control", &f.Control},
		{"cashout_id", (*string)(&f.CashoutID)},
		{"status_reason", &f.StatusReason},
	}
}

// Encode writes the form as it is sent.
func (f *CashoutForm) Encode() []byte {
	var body []byte
	for i, field := range f.fields() {
		if i > 0 {
			body = append(body, '&')
		}
		body = append(append(body, field.name...), '=')
		body = append(body, url.QueryEscape(*field.value)...)
	}
	return body
}

// ParseCashoutForm reads the body of a cashout notification. Unknown fields are
// ignored. A field that stands there twice is an error: control would be checked of
// the one and something be done with the other.
func ParseCashoutForm(body []byte) (CashoutForm, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return CashoutForm{}, fmt.Errorf("cashout notification: not a form: %w", err)
	}
	var form CashoutForm
	for _, field := range form.fields() {
		switch list := values[field.name]; len(list) {
		case 0:
		case 1:
			*field.value = list[0]
		default:
			return CashoutForm{}, fmt.Errorf("cashout notification: %s is there %d times", field.name, len(list))
		}
	}
	return form, nil
}

// EncodeNotification writes the body of a deposit or refund notification.
func EncodeNotification(kind NotificationKind, id ID) []byte {
	value, err := id.MarshalJSON()
	if err != nil {
		panic(fmt.Sprintf("d24: an id cannot be encoded: %v", err)) //nolint:forbidigo // it is a string
	}
	return slices.Concat([]byte(`{"`+string(kind)+`_id":`), value, []byte("}"))
}

// ParseNotification reads the body of a deposit or refund notification and says which
// of the two it is. It has an id and nothing else that could be relied on: the status
// has to be asked for.
func ParseNotification(body []byte) (NotificationKind, ID, error) {
	var n struct {
		DepositID ID `json:"deposit_id"`
		RefundID  ID `json:"refund_id"`
	}
	switch err := json.Unmarshal(body, &n); {
	case err != nil:
		return "", "", fmt.Errorf("notification: %w", err)
	case n.DepositID != "" && n.RefundID != "":
		return "", "", errors.New("notification: deposit_id and refund_id at once")
	case n.DepositID != "":
		return DepositNotification, n.DepositID, nil
	case n.RefundID != "":
		return RefundNotification, n.RefundID, nil
	}
	return "", "", errors.New("notification: neither deposit_id nor refund_id")
}

// Why a notification is not to be believed.
var (
	ErrNotificationLogin     = errors.New("notification: X-Login is another merchant's")
	ErrNotificationDate      = errors.New("notification: X-Date is not within 5 seconds of now")
	ErrNotificationSignature = errors.New("notification: Authorization does not fit date, login and body")
	ErrNotificationControl   = errors.New("notification: control does not fit external_id")
	ErrPayloadSignature      = errors.New("notification: Payload-Signature does not fit the body")
)

// VerifyNotification checks a deposit or refund notification as it came: X-Login ours,
// Authorization over the raw bytes, X-Date fresh, since it is made anew for each
// attempt (readings AMB-30 and AMB-31). header is the Get of a header.
func (k *Key) VerifyNotification(header func(name string) string, body []byte, login string, now time.Time) error {
	xDate := header(HeaderDate)
	switch {
	case !k.VerifyAuthorization(header(HeaderAuthorization), xDate, header(HeaderLogin), body):
		return ErrNotificationSignature
	case header(HeaderLogin) != login:
		return ErrNotificationLogin
	}
	date, err := ParseDate(xDate)
	if err != nil || !InWindow(now, date) {
		return ErrNotificationDate
	}
	return nil
}

// VerifyCashoutNotification checks a cashout notification as it came. control has to
// fit; Payload-Signature has to where it is there, and need not be (reading AMB-32).
func (k *Key) VerifyCashoutNotification(header func(name string) string, body []byte) (CashoutForm, error) {
	if signature := header(HeaderPayloadSignature); signature != "" && !k.VerifyPayload(signature, body) {
		return CashoutForm{}, ErrPayloadSignature
	}
	form, err := ParseCashoutForm(body)
	if err != nil {
		return CashoutForm{}, err
	}
	if !k.VerifyControl(form.Control, form.ExternalID) {
		return CashoutForm{}, ErrNotificationControl
	}
	return form, nil
}
