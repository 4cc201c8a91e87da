package d24

// Request headers, in the spelling of the documents.
const (
	HeaderAuthorization    = "Authorization"
	HeaderLogin            = "X-Login"
	HeaderDate             = "X-Date"
	HeaderIdempotencyKey   = "X-Idempotency-Key"
	HeaderContentType      = "Content-Type"
	HeaderUserAgent        = "User-Agent"
	HeaderPayloadSignature = "Payload-Signature"
)

// Content types.
const (
	ContentTypeJSON = "application/json"
	ContentTypeForm = "application/x-www-form-urlencoded" // cashout notifications only
)

// BearerScheme opens the Authorization of the read-only endpoints.
const BearerScheme = "Bearer "

// Paths. They are the same in every environment and for every brand.
const (
	PathDeposits            = "/v3/deposits"
	PathRefunds             = "/v3/refunds"
	PathPaymentMethods      = "/v3/payment_methods"
	PathExchangeRates       = "/v3/exchange_rates"
	PathCryptoExchangeRates = "/v3/exchange_rates/crypto"
	PathBanks               = "/v3/banks"
	PathStates              = "/v3/states"
	PathCashout             = "/v3/cashout"
	PathCashoutStatus       = "/v3/cashout/status"
	PathCashoutCancel       = "/v3/cashout/cancel"
)
