package d24

import "log/slog"

// Credentials are one merchant's keys in one environment. They print as a name
// and never as their values.
type Credentials struct {
	Deposits DepositsCredentials
	Cashouts CashoutsCredentials
}

// DepositsCredentials are the two credential sets of deposits: a key with its
// signature for the signed operations, and a key for the read-only endpoints.
type DepositsCredentials struct {
	APIKey       string // X-Login
	APISignature string // the HMAC key; never travels
	ReadOnlyKey  string // Authorization: Bearer; empty when the merchant has none
}

// CashoutsCredentials are the three credentials of cashouts.
type CashoutsCredentials struct {
	APIKey        string // login, in the body
	APIPassphrase string // pass, in the body
	APISignature  string // the HMAC key; never travels
}

const redacted = "(redacted)"

// String keeps the keys out of logs and errors.
func (Credentials) String() string         { return redacted }
func (DepositsCredentials) String() string { return redacted }
func (CashoutsCredentials) String() string { return redacted }

// GoString keeps the keys out of %#v.
func (Credentials) GoString() string         { return redacted }
func (DepositsCredentials) GoString() string { return redacted }
func (CashoutsCredentials) GoString() string { return redacted }

// LogValue keeps the keys out of structured logs.
func (Credentials) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (DepositsCredentials) LogValue() slog.Value { return slog.StringValue(redacted) }
func (CashoutsCredentials) LogValue() slog.Value { return slog.StringValue(redacted) }

// The names under which credentials stand in the environment, in files and, as
// {{NAME}}, in everything that is written down.
const (
	EnvDepositsAPIKey        = "D24_DEPOSITS_API_KEY"
	EnvDepositsAPISignature  = "D24_DEPOSITS_API_SIGNATURE"
	EnvReadOnlyKey           = "D24_READ_ONLY_KEY"
	EnvCashoutsAPIKey        = "D24_CASHOUTS_API_KEY"
	EnvCashoutsAPIPassphrase = "D24_CASHOUTS_API_PASSPHRASE"
	EnvCashoutsAPISignature  = "D24_CASHOUTS_API_SIGNATURE"
)

// Named calls visit for every credential that is set, with its environment name.
func (c Credentials) Named(visit func(name, value string)) {
	for _, field := range []struct{ name, value string }{
		{EnvDepositsAPIKey, c.Deposits.APIKey},
		{EnvDepositsAPISignature, c.Deposits.APISignature},
		{EnvReadOnlyKey, c.Deposits.ReadOnlyKey},
		{EnvCashoutsAPIKey, c.Cashouts.APIKey},
		{EnvCashoutsAPIPassphrase, c.Cashouts.APIPassphrase},
		{EnvCashoutsAPISignature, c.Cashouts.APISignature},
	} {
		if field.value != "" {
			visit(field.name, field.value)
		}
	}
}
