package merchant

import (
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/d24conform/d24conform/internal/d24"
)

// Orders makes requests with ids of their own: d24c-<run>-<n>, so that what a run
// left behind can be recognised. It is safe for concurrent use.
type Orders struct {
	Run    string    // short and unique; part of every id
	Random io.Reader // where idempotency keys come from; nil = crypto/rand
	random sync.Mutex
	serial atomic.Int64
	letter atomic.Int64 // how many keys of one character were made
}

// NewKey is an idempotency key that nobody else has: a version 4 UUID, as the
// documents suggest.
func (o *Orders) NewKey() string {
	if o.Random == nil {
		return uuid.NewString()
	}
	o.random.Lock()
	defer o.random.Unlock()
	return uuid.Must(uuid.NewRandomFromReader(o.Random)).String()
}

// keyLetters are the characters that a key of one character is made of.
const keyLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"

// NewLetterKey is an idempotency key of one character. No two of a run are equal until
// all are used up; the server may know it from an earlier run.
func (o *Orders) NewLetterKey() string {
	begin := int64(crc32.ChecksumIEEE([]byte(o.Run)))
	return string(keyLetters[(begin+o.letter.Add(1))%int64(len(keyLetters))])
}

// NextID is an id that this run has not used yet. It fits invoice_id (128
// characters of A-Z a-z 0-9 - _) and external_id (100 characters).
func (o *Orders) NextID() string {
	return fmt.Sprintf("d24c-%s-%d", o.Run, o.serial.Add(1))
}

// The country and currency of everything the suite creates: those of the
// documents' own examples.
const (
	Country  = "BR"
	Currency = "BRL"

	firstName = "Maria" // of every payer and beneficiary
)

// Deposit is a complete deposit: a one-shot one on a server that needs no more than
// the documents' mandatory fields.
func (o *Orders) Deposit(amount d24.Amount) d24.DepositRequest {
	return d24.DepositRequest{
		InvoiceID: o.NextID(), Amount: amount, Country: Country, Currency: Currency, PaymentMethod: "BB",
		Payer: &d24.Payer{
			ID: "4-9934519", Document: "49934519000", DocumentType: "CPF", Email: "maria.silva@example.com",
			FirstName: firstName, LastName: "Silva", Phone: "+5511999990000", BirthDate: "19880910",
			Address: &d24.Address{Street: "Rua das Flores 10", City: "São Paulo", State: "SP", ZipCode: "01001000"},
		},
		Description: "d24conform order",
		BackURL:     "https://merchant.example/back", SuccessURL: "https://merchant.example/success",
		ErrorURL: "https://merchant.example/error", NotificationURL: "https://merchant.example/notify",
	}
}

// Cashout is a complete cashout without credentials.
func (o *Orders) Cashout(amount d24.Amount) d24.CashoutRequest {
	return d24.CashoutRequest{
		ExternalID: o.NextID(), Country: Country, Currency: Currency, Amount: amount,
		DocumentID: "49934519000", DocumentType: "CPF", BeneficiaryName: firstName, BeneficiaryLastname: "Silva",
		Email: "maria.silva@example.com", Phone: "+5511999990000",
		BankCode: "1", BankAccount: "12345678", BankBranch: "0001", AccountType: "C",
		NotificationURL: "https://merchant.example/notify",
	}
}

// CreateDeposit asks for a deposit.
func CreateDeposit(r d24.DepositRequest) Request {
	return Request{Method: http.MethodPost, Path: d24.PathDeposits, Auth: SignedDeposit, Body: encode(r)}
}

// DepositStatus asks where a deposit stands.
func DepositStatus(depositID string) Request {
	return Request{Method: http.MethodGet, Path: d24.PathDeposits + "/" + url.PathEscape(depositID), Auth: SignedDeposit}
}

// CreateRefund asks for money back; a nil amount asks for all that is left.
func CreateRefund(depositID, invoiceID string, amount *d24.Amount) Request {
	return Request{Method: http.MethodPost, Path: d24.PathRefunds, Auth: SignedDeposit, Body: encode(d24.RefundRequest{
		DepositID: d24.ID(depositID), InvoiceID: invoiceID, Amount: amount,
		BankAccount: &d24.BankAccount{Beneficiary: "Maria Silva", BankCode: "001", Branch: "0001", AccountNumber: "12345678", AccountType: "C"},
		Comments:    "d24conform refund", NotificationURL: "https://merchant.example/notify",
	})}
}

// RefundStatus asks where a refund stands.
func RefundStatus(refundID string) Request {
	return Request{Method: http.MethodGet, Path: d24.PathRefunds + "/" + url.PathEscape(refundID), Auth: SignedDeposit}
}

// ReadOnly asks one of the read-only endpoints.
func ReadOnly(path string, query url.Values) Request {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return Request{Method: http.MethodGet, Path: path, Auth: ReadOnlyBearer}
}

// CreateCashout asks for a cashout; login and pass are put into its body.
func (c *Client) CreateCashout(r d24.CashoutRequest) Request {
	r.Login, r.Pass = c.Credentials.Cashouts.APIKey, c.Credentials.Cashouts.APIPassphrase
	return Request{Method: http.MethodPost, Path: d24.PathCashout, Auth: SignedCashout, Body: encode(r)}
}

// CashoutStatus asks where a cashout stands. The page's table wants both ids, its text
// one of them (reading AMB-43): give both where both are known.
func (c *Client) CashoutStatus(cashoutID, externalID string) Request {
	return c.refer(http.MethodPost, d24.PathCashoutStatus, d24.CashoutReference{CashoutID: d24.ID(cashoutID), ExternalID: externalID})
}

// UpdateCashout asks to hold a cashout (ON_HOLD) or to let it go on (PENDING).
func (c *Client) UpdateCashout(cashoutID, externalID, status string) Request {
	return c.refer(http.MethodPut, d24.PathCashoutStatus, d24.CashoutReference{CashoutID: d24.ID(cashoutID), ExternalID: externalID, Status: status})
}

// CancelCashout asks to cancel a cashout: a DELETE that has a body.
func (c *Client) CancelCashout(cashoutID, externalID string) Request {
	return c.refer(http.MethodDelete, d24.PathCashoutCancel, d24.CashoutReference{CashoutID: d24.ID(cashoutID), ExternalID: externalID})
}

func (c *Client) refer(method, path string, r d24.CashoutReference) Request {
	r.Login, r.Pass = c.Credentials.Cashouts.APIKey, c.Credentials.Cashouts.APIPassphrase
	return Request{Method: method, Path: path, Auth: SignedCashout, Body: encode(r)}
}
