package mock

import (
	"errors"

	"github.com/d24conform/d24conform/internal/d24"
)

// DefaultCredentials are the first environment's keys when none are given. They
// are fixed, so that a client can be configured before the mock starts, and
// nobody can take them for real ones.
func DefaultCredentials() d24.Credentials { return fakeCredentials(firstName) }

// DefaultSecondCredentials are the second environment's keys when none are given.
func DefaultSecondCredentials() d24.Credentials { return fakeCredentials(secondName) }

func fakeCredentials(environment string) d24.Credentials {
	name := "fake-" + environment + "-"
	return d24.Credentials{
		Deposits: d24.DepositsCredentials{
			APIKey:       name + "deposits-key",
			APISignature: name + "deposits-signature-not-a-secret",
			ReadOnlyKey:  name + "read-only-key",
		},
		// login and pass have at most 32 characters (cashouts, creation endpoint).
		Cashouts: d24.CashoutsCredentials{
			APIKey:        name + "cashouts-key",
			APIPassphrase: name + "passphrase",
			APISignature:  name + "cashouts-signature-not-a-secret",
		},
	}
}

// orDefault fills in a product that has no keys at all: whoever sets the
// variables of one product only must still get a whole mock.
func orDefault(given, fallback d24.Credentials) d24.Credentials {
	if given.Deposits == (d24.DepositsCredentials{}) {
		given.Deposits = fallback.Deposits
	}
	if given.Cashouts == (d24.CashoutsCredentials{}) {
		given.Cashouts = fallback.Cashouts
	}
	return given
}

// checkCredentials refuses credentials that could never be used.
func checkCredentials(c d24.Credentials) error {
	deposits, cashouts := c.Deposits, c.Cashouts
	switch {
	case deposits == (d24.DepositsCredentials{}) && cashouts == (d24.CashoutsCredentials{}):
		return errors.New("credentials are empty")
	case (deposits.APIKey == "") != (deposits.APISignature == ""):
		return errors.New("a deposits API key and its API signature come together or not at all")
	case (cashouts.APIKey == "") != (cashouts.APISignature == "") || (cashouts.APIKey == "") != (cashouts.APIPassphrase == ""):
		return errors.New("a cashouts API key, its passphrase and its API signature come together or not at all")
	}
	return nil
}
