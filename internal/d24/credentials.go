package d24

import "fmt"

// Credentials are one merchant's keys in one environment. Printed, logged or
// marshalled they are one word and never their values. Keep them in exported fields:
// fmt cannot ask a value in an unexported one how it wants to be printed.
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

// Format keeps the keys out of everything that fmt writes, with every verb.
func (Credentials) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// Format keeps the keys out of everything that fmt writes, with every verb.
func (DepositsCredentials) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// Format keeps the keys out of everything that fmt writes, with every verb.
func (CashoutsCredentials) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// MarshalText keeps the keys out of JSON, YAML, XML and structured logs.
func (Credentials) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalText keeps the keys out of JSON, YAML, XML and structured logs.
func (DepositsCredentials) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalText keeps the keys out of JSON, YAML, XML and structured logs.
func (CashoutsCredentials) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Names in the environment. Those of credentials stand in files as well and, as {{NAME}},
// in everything that is written down.
const (
	EnvBaseURL               = "D24_BASE_URL"
	EnvCAFile                = "D24_CA_FILE"
	EnvDepositsAPIKey        = "D24_DEPOSITS_API_KEY"
	EnvDepositsAPISignature  = "D24_DEPOSITS_API_SIGNATURE"
	EnvReadOnlyKey           = "D24_READ_ONLY_KEY"
	EnvCashoutsAPIKey        = "D24_CASHOUTS_API_KEY"
	EnvCashoutsAPIPassphrase = "D24_CASHOUTS_API_PASSPHRASE"
	EnvCashoutsAPISignature  = "D24_CASHOUTS_API_SIGNATURE"
)

// CredentialNames are the variables that hold credentials, in the order of their products.
func CredentialNames() []string {
	return []string{
		EnvDepositsAPIKey, EnvDepositsAPISignature, EnvReadOnlyKey,
		EnvCashoutsAPIKey, EnvCashoutsAPIPassphrase, EnvCashoutsAPISignature,
	}
}

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
