package d24

import "encoding/json"

// DepositStatus is where a deposit stands (deposits, status flow).
type DepositStatus string

// Deposit statuses. COMPLETED and CANCELLED are called final, yet an expired or
// cancelled deposit may still be completed by hand (reading AMB-36).
const (
	DepositCreated       DepositStatus = "CREATED"
	DepositInitiated     DepositStatus = "INITIATED" // opened, and the checkout not finished
	DepositPending       DepositStatus = "PENDING"
	DepositForReview     DepositStatus = "FOR_REVIEW"
	DepositEarlyReleased DepositStatus = "EARLY_RELEASED"
	DepositExpired       DepositStatus = "EXPIRED"
	DepositCancelled     DepositStatus = "CANCELLED"
	DepositApproved      DepositStatus = "APPROVED" // crypto only
	DepositCompleted     DepositStatus = "COMPLETED"
)

// CheckoutType tells whether a created deposit is complete or goes on in a hosted
// checkout (deposits, creation endpoint).
type CheckoutType string

// Checkout types.
const (
	CheckoutOneShot CheckoutType = "ONE_SHOT"
	CheckoutHosted  CheckoutType = "HOSTED"
)

// DepositRequest is the body of a deposit creation. Optional fields that are absent
// never decline the request; they make it a hosted one.
type DepositRequest struct {
	InvoiceID       string       `json:"invoice_id,omitempty"`
	Amount          Amount       `json:"amount"`
	Country         string       `json:"country"`
	Currency        string       `json:"currency,omitempty"`
	Payer           *Payer       `json:"payer,omitempty"`
	PaymentMethod   string       `json:"payment_method,omitempty"`
	PaymentType     string       `json:"payment_type,omitempty"`
	PaymentTypes    []string     `json:"payment_types,omitempty"`
	BankAccount     *BankAccount `json:"bank_account,omitempty"`
	BonusAmount     *Amount      `json:"bonus_amount,omitempty"`
	BonusRelative   *bool        `json:"bonus_relative,omitempty"`
	Description     string       `json:"description,omitempty"`
	ClientIP        string       `json:"client_ip,omitempty"`
	DeviceID        string       `json:"device_id,omitempty"`
	Language        string       `json:"language,omitempty"`
	BackURL         string       `json:"back_url,omitempty"`
	SuccessURL      string       `json:"success_url,omitempty"`
	ErrorURL        string       `json:"error_url,omitempty"`
	NotificationURL string       `json:"notification_url,omitempty"`
	Logo            string       `json:"logo,omitempty"`
	Test            bool         `json:"test,omitempty"`
	Mobile          bool         `json:"mobile,omitempty"`
	EarlyRelease    bool         `json:"early_release,omitempty"`
	FeeOnPayer      bool         `json:"fee_on_payer,omitempty"`
}

// Payer is the person who pays a deposit.
type Payer struct {
	ID           string   `json:"id,omitempty"`
	Document     string   `json:"document,omitempty"`
	DocumentType string   `json:"document_type,omitempty"`
	Email        string   `json:"email,omitempty"`
	FirstName    string   `json:"first_name,omitempty"`
	LastName     string   `json:"last_name,omitempty"`
	Phone        string   `json:"phone,omitempty"`
	BirthDate    string   `json:"birth_date,omitempty"`
	Address      *Address `json:"address,omitempty"`
}

// Address is a payer's address.
type Address struct {
	Street  string `json:"street,omitempty"`
	City    string `json:"city,omitempty"`
	State   string `json:"state,omitempty"`
	ZipCode string `json:"zip_code,omitempty"`
}

// BankAccount is the account that a deposit must come from or a refund goes to.
type BankAccount struct {
	Beneficiary   string `json:"beneficiary,omitempty"`
	BankCode      string `json:"bank_code,omitempty"`
	Branch        string `json:"branch,omitempty"`
	AccountNumber string `json:"account_number,omitempty"`
	AccountType   string `json:"account_type,omitempty"`
}

// DepositAnswer is the answer to a deposit creation.
type DepositAnswer struct {
	CheckoutType      CheckoutType `json:"checkout_type"`
	RedirectURL       string       `json:"redirect_url,omitempty"`
	Iframe            bool         `json:"iframe"`
	DepositID         ID           `json:"deposit_id"`
	UserID            string       `json:"user_id,omitempty"`
	MerchantInvoiceID string       `json:"merchant_invoice_id,omitempty"`
	PaymentInfo       *PaymentInfo `json:"payment_info,omitempty"`
}

// PaymentInfo tells how a one-shot deposit is to be paid.
type PaymentInfo struct {
	Type              string            `json:"type"`
	PaymentMethod     string            `json:"payment_method"`
	PaymentMethodName string            `json:"payment_method_name"`
	Amount            Amount            `json:"amount"`
	Currency          string            `json:"currency"`
	ExpirationDate    string            `json:"expiration_date"`
	CreatedAt         string            `json:"created_at"`
	Metadata          map[string]string `json:"metadata,omitempty"`
}

// DepositStatusAnswer is the answer to a deposit status request. Optional fields
// appear only when they are set, and more may be added.
type DepositStatusAnswer struct {
	UserID        string        `json:"user_id,omitempty"`
	DepositID     ID            `json:"deposit_id"`
	InvoiceID     string        `json:"invoice_id"`
	Country       string        `json:"country"`
	Currency      string        `json:"currency"`
	Amount        *Amount       `json:"amount,omitempty"` // while CREATED or PENDING
	LocalAmount   *Amount       `json:"local_amount,omitempty"`
	USDAmount     *Amount       `json:"usd_amount,omitempty"`
	BonusAmount   *Amount       `json:"bonus_amount,omitempty"`
	PaymentMethod string        `json:"payment_method,omitempty"`
	PaymentType   string        `json:"payment_type,omitempty"`
	Status        DepositStatus `json:"status"`
	Payer         *Payer        `json:"payer,omitempty"`
	FeeAmount     *Amount       `json:"fee_amount,omitempty"`
	FeeCurrency   string        `json:"fee_currency,omitempty"`
	Refunded      bool          `json:"refunded"`
}

// RefundStatus is where a refund stands (deposits, refund status).
type RefundStatus string

// Refund statuses.
const (
	RefundPending          RefundStatus = "PENDING"
	RefundIncorrectDetails RefundStatus = "INCORRECT_DETAILS"
	RefundCancelled        RefundStatus = "CANCELLED"
	RefundDelivered        RefundStatus = "DELIVERED"
	RefundCompleted        RefundStatus = "COMPLETED"
	RefundRejected         RefundStatus = "REJECTED"
)

// RefundRequest is the body of a refund creation. No amount means all that is left.
type RefundRequest struct {
	DepositID       ID           `json:"deposit_id"`
	InvoiceID       string       `json:"invoice_id"`
	Amount          *Amount      `json:"amount,omitempty"`
	BankAccount     *BankAccount `json:"bank_account,omitempty"`
	Comments        string       `json:"comments,omitempty"`
	NotificationURL string       `json:"notification_url,omitempty"`
	Country         string       `json:"country,omitempty"`
}

// RefundAnswer is the answer to a refund creation.
type RefundAnswer struct {
	RefundID ID `json:"refund_id"`
}

// RefundStatusAnswer is the answer to a refund status request; it does not repeat
// the refund's id.
type RefundStatusAnswer struct {
	DepositID         ID           `json:"deposit_id"`
	MerchantInvoiceID string       `json:"merchant_invoice_id"`
	Status            RefundStatus `json:"status"`
	Amount            Amount       `json:"amount"`
}

// PaymentMethod is one row of the payment methods answer.
type PaymentMethod struct {
	Country        string `json:"country"`
	Code           string `json:"code"`
	Name           string `json:"name"`
	Type           string `json:"type"`
	Status         string `json:"status"`
	Logo           string `json:"logo"`
	DailyAverage   Amount `json:"daily_average"`
	MonthlyAverage Amount `json:"monthly_average"`
}

// ExchangeRate is the answer to an exchange rate request: converted_amount is the
// amount times fx_rate.
type ExchangeRate struct {
	FXRate          json.Number `json:"fx_rate"`
	Currency        string      `json:"currency"`
	ConvertedAmount Amount      `json:"converted_amount"`
}

// CryptoExchangeRate is the answer to a crypto exchange rate request.
type CryptoExchangeRate struct {
	FXRate          json.Number `json:"fx_rate"`
	ConvertedAmount json.Number `json:"converted_amount"`
	Fee             Amount      `json:"fee"`
}

// Bank is one row of the banks answer.
type Bank struct {
	Code int    `json:"code"`
	Name string `json:"name"`
}

// State is one row of the states answer.
type State struct {
	ISO  string `json:"iso"`
	Name string `json:"name"`
}
