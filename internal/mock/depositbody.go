package mock

import (
	"encoding/json"
	"net/netip"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// Longest values, from the create deposit reference.
const (
	maxInvoiceID = 128
	maxPayerText = 128
	maxDeviceID  = 100
	// Longer than any that is meant, and undocumented: what is kept of 50,000
	// deposits must not be a mebibyte each.
	maxText = 1024
)

// depositBody is a deposit creation as the mock reads it. Bank codes come as
// numbers and as strings, so the account is only looked at for being an object.
type depositBody struct {
	d24.DepositRequest
	BankAccount  map[string]any  `json:"bank_account"`
	ReportedInfo map[string]any  `json:"reported_info"`
	Crypto       json.RawMessage `json:"crypto"`
}

// faults lists everything that is wrong with the fields, each as "field: reason".
func (b *depositBody) faults(e *environment) []string {
	var list []string
	check := func(ok bool, detail string) {
		if !ok {
			list = append(list, detail)
		}
	}
	check(countryCode(b.Country), "country: must be an ISO 3166-1 alpha-2 code")
	check(currencyCode(b.Currency), "currency: must be an ISO 4217 code")
	check(b.Amount > 0, "amount: must be positive")
	check(b.BonusAmount == nil || *b.BonusAmount >= 0, "bonus_amount: must not be negative")
	check(len(b.InvoiceID) <= maxInvoiceID && (b.InvoiceID == "" || only(b.InvoiceID, invoiceByte)),
		"invoice_id: must match ^[A-Za-z0-9-_]*$ and have at most 128 characters")
	check(len(b.PaymentType) <= maxText, "payment_type: must have at most 1024 characters")
	check(b.ClientIP == "" || validIP(b.ClientIP), "client_ip: must be an IPv4 or IPv6 address")
	check(len(b.DeviceID) <= maxDeviceID, "device_id: must have at most 100 characters")
	for _, link := range [...]struct{ field, value string }{
		{"back_url", b.BackURL},
		{"success_url", b.SuccessURL},
		{"error_url", b.ErrorURL},
		{"logo", b.Logo},
	} {
		if link.value != "" && (len(link.value) > maxText || !httpsURL(link.value)) {
			list = append(list, link.field+": must be an HTTPS URL of at most 1024 characters")
		}
	}
	check(len(b.NotificationURL) <= maxText && (b.NotificationURL == "" || e.notifiable(b.NotificationURL)),
		"notification_url: must be an HTTPS URL of at most 1024 characters")
	if p := b.Payer; p != nil {
		check(len(p.ID) <= maxPayerText, "payer.id: must have at most 128 characters")
		check(len(p.FirstName) <= maxPayerText, "payer.first_name: must have at most 128 characters")
		check(len(p.LastName) <= maxPayerText, "payer.last_name: must have at most 128 characters")
		for _, kept := range [...]struct{ field, value string }{
			{"document", p.Document}, {"document_type", p.DocumentType}, {"email", p.Email}, {"phone", p.Phone}, {"birth_date", p.BirthDate},
		} {
			if len(kept.value) > maxText {
				list = append(list, "payer."+kept.field+": must have at most 1024 characters")
			}
		}
		if a := p.Address; a != nil {
			check(len(a.Street)+len(a.City)+len(a.State)+len(a.ZipCode) <= maxText, "payer.address: must have at most 1024 characters")
		}
		check(p.Email == "" || strings.Contains(p.Email, "@"), "payer.email: must be an e-mail address")
	}
	return list
}

// complete reports whether nothing is left to ask the payer: a payment method, and
// a payer with a document or an id, both names and an e-mail address. Everything
// less goes on in the hosted checkout (deposits, creation endpoint).
func (b *depositBody) complete() bool {
	p := b.Payer
	return b.PaymentMethod != "" && p != nil &&
		(p.Document != "" || p.ID != "") && p.FirstName != "" && p.LastName != "" && p.Email != ""
}

func invoiceByte(c byte) bool { return alphanumeric(c) || c == '-' || c == '_' }

func validIP(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

// refundBody is a refund creation as the mock reads it.
type refundBody struct {
	DepositID       anyText        `json:"deposit_id"`
	InvoiceID       string         `json:"invoice_id"`
	Amount          *d24.Amount    `json:"amount"`
	BankAccount     map[string]any `json:"bank_account"`
	Comments        string         `json:"comments"`
	NotificationURL string         `json:"notification_url"`
}

// maxComments is the longest comment of a refund and of a cashout.
const maxComments = 200

func (b *refundBody) faults(e *environment) []string {
	var list []string
	check := func(ok bool, detail string) {
		if !ok {
			list = append(list, detail)
		}
	}
	check(only(string(b.DepositID), digit), "deposit_id: must be a deposit's id")
	check(b.InvoiceID != "", "invoice_id: must not be empty")
	check(len(b.Comments) <= maxComments, "comments: must have at most 200 characters")
	check(len(b.NotificationURL) <= maxText && (b.NotificationURL == "" || e.notifiable(b.NotificationURL)),
		"notification_url: must be an HTTPS URL of at most 1024 characters")
	return list
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
