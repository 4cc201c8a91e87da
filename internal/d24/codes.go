package d24

// A Code is the number in the body of a deposits error. The first digit is its
// family: 1 headers, 2 the request, 3 the user, 4 creating a deposit, 5 other, 7
// internal, 8 refunds, 9 cards (deposits, API codes).
type Code int

// Deposits error codes. Those marked (3p) are known from third-party code only,
// so a target may answer otherwise.
const (
	CodeInvalidCredentials    Code = 100
	CodeMissingRequiredHeader Code = 101
	CodeInvalidSignature      Code = 102
	CodeInvalidDateRange      Code = 103
	CodeIdempotencyKeyUsed    Code = 104
	CodeEmptyHeaderValue      Code = 105
	CodeMethodNotAllowed      Code = 200
	CodeBeanValidation        Code = 201 // (3p)
	CodeInvalidIP             Code = 202 // (3p)
	CodeVelocityCheck         Code = 203 // (3p)
	CodeResourceNotFound      Code = 208
	CodePaymentMethodNotFound Code = 401 // (3p)
	CodeInvoiceAlreadyUsed    Code = 402 // (3p)
	CodeMissingRequiredFields Code = 418 // (3p)
	CodeGeneric               Code = 500 // (3p)
	CodeInvalidAmountToRefund Code = 802
	CodeMissingBankAccount    Code = 804 // (3p)
)

// Type is the word that stands beside the code in the body.
func (c Code) Type() string {
	switch c {
	case CodeInvalidCredentials:
		return "INVALID_CREDENTIALS"
	case CodeMissingRequiredHeader:
		return "MISSING_REQUIRED_HEADER"
	case CodeInvalidSignature:
		return "INVALID_SIGNATURE"
	case CodeInvalidDateRange:
		return "INVALID_DATE_RANGE"
	case CodeIdempotencyKeyUsed:
		return "IDEMPOTENCY_KEY_ALREADY_USED"
	case CodeEmptyHeaderValue:
		return "EMPTY_HEADER_VALUE"
	case CodeMethodNotAllowed:
		return "METHOD_NOT_ALLOWED"
	case CodeBeanValidation:
		return "BEAN_VALIDATION_ERROR"
	case CodeInvalidIP:
		return "INVALID_IP"
	case CodeVelocityCheck:
		return "VELOCITY_CHECK"
	case CodeResourceNotFound:
		return "RESOURCE_NOT_FOUND"
	case CodePaymentMethodNotFound:
		return "PAYMENT_METHOD_NOT_FOUND"
	case CodeInvoiceAlreadyUsed:
		return "INVOICE_ALREADY_USED"
	case CodeMissingRequiredFields:
		return "MISSING_REQUIRED_FIELDS"
	case CodeGeneric:
		return "GENERIC_ERROR"
	case CodeInvalidAmountToRefund:
		return "INVALID_AMOUNT_TO_REFUND"
	case CodeMissingBankAccount:
		return "MISSING_BANK_ACCOUNT"
	}
	return ""
}

// A CashoutCode is the number in the body of a cashouts error (cashouts, API
// codes).
type CashoutCode int

// Cashouts error codes.
const (
	CashoutInvalidParameter    CashoutCode = 300
	CashoutInvalidControl      CashoutCode = 302 // Payload-Signature wrong or absent
	CashoutInvalidBankCode     CashoutCode = 303
	CashoutInvalidCredentials  CashoutCode = 401
	CashoutUnregisteredIP      CashoutCode = 402
	CashoutInvalidBody         CashoutCode = 502
	CashoutNotFound            CashoutCode = 509
	CashoutInvalidStatus       CashoutCode = 510
	CashoutExternalIDUsed      CashoutCode = 511
	CashoutInsufficientFunds   CashoutCode = 514
	CashoutCountryNotAvailable CashoutCode = 518
	CashoutStatusNotSupported  CashoutCode = 521
	CashoutContactSupport      CashoutCode = 524 // invalid credentials, in other words
	CashoutInvalidCurrency     CashoutCode = 526
	CashoutInvalidAmount       CashoutCode = 533
	CashoutCouldNotMake        CashoutCode = 537
)

// DepositError is the body of a deposits refusal.
type DepositError struct {
	Code        Code     `json:"code"`
	Description string   `json:"description"`
	Type        string   `json:"type,omitempty"`
	Details     []string `json:"details,omitempty"`
}

// CashoutError is the body of a cashouts refusal: it says message where deposits
// say description.
type CashoutError struct {
	Code       CashoutCode `json:"code"`
	Message    string      `json:"message"`
	Reason     string      `json:"reason,omitempty"`
	ReasonCode int         `json:"reason_code,omitempty"`
}
