package client

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/d24conform/d24conform/internal/d24"
)

// habits are every decision that the client takes, one function each. The rest of
// the package reads as the documented normal path and asks; a mutant replaces
// entries before the client is made.
type habits struct {
	// The connection.
	base func(base string) string // where requests go
	// How the server's certificate is checked, by operation; empty = by all that have no check
	// of their own.
	secure   map[string]func(config *tls.Config, host string)
	redirect func(answer *http.Response) (to string) // where a request is sent once more; empty = nowhere

	// What an operation is made of.
	id     func(id d24.ID) string                                     // an id in a path
	login  func(keys d24.Credentials, operation string) (l, p string) // login and pass of a cashouts body
	encode func(body map[string]any) ([]byte, error)
	newKey func(c *client, op *operation) (string, error) // idempotency key; empty = none
	// Where keys are kept of creations that got no answer.
	journal func(kept *journal) *journal

	// Date and signature of one attempt.
	changes        []change // what a derived mutant does to each draft
	headers        func(c *client, d *draft) http.Header
	date           func(now time.Time) string           // X-Date; empty = none
	xLogin         func(keys d24.Credentials) string    // X-Login; empty = none
	signed         func(text signedText) signedText     // what the digest is computed over
	depositsSecret func(keys d24.Credentials) string    // keys the digest in Authorization
	cashoutsSecret func(keys d24.Credentials) string    // keys Payload-Signature
	spell          func(digest string) string           // how a digest is written
	finish         func(op *operation, r *http.Request) // a last look at the whole request

	// What is sent again.
	again func(c *client, op *operation, tries int, a *answer, err error) (pause time.Duration, again bool)
	retry func(c *client, op *operation) error // what changes before that
}

// newHabits are those of a client that keeps every rule.
func newHabits() *habits {
	return &habits{
		base:     func(base string) string { return base },
		secure:   map[string]func(*tls.Config, string){"": func(*tls.Config, string) {}},
		redirect: func(*http.Response) string { return "" },

		id: func(id d24.ID) string { return string(id) },
		login: func(keys d24.Credentials, _ string) (string, string) {
			return keys.Cashouts.APIKey, keys.Cashouts.APIPassphrase
		},
		encode: encode,
		newKey: func(c *client, _ *operation) (string, error) {
			key, err := uuid.NewRandomFromReader(c.Random)
			if err != nil {
				return "", fmt.Errorf("make idempotency key: %w", err)
			}
			return key.String(), nil
		},

		journal: func(kept *journal) *journal { return kept },

		headers:        func(_ *client, d *draft) http.Header { return d.header },
		date:           d24.FormatDate,
		xLogin:         func(keys d24.Credentials) string { return keys.Deposits.APIKey },
		signed:         func(text signedText) signedText { return text },
		depositsSecret: func(keys d24.Credentials) string { return keys.Deposits.APISignature },
		cashoutsSecret: func(keys d24.Credentials) string { return keys.Cashouts.APISignature },
		spell:          func(digest string) string { return digest },
		finish:         func(*operation, *http.Request) {},

		again: again,
		retry: func(*client, *operation) error { return nil },
	}
}

// encode writes a body once; these bytes are signed and these bytes are sent. Letters
// stay as they are, in UTF-8.
func encode(body map[string]any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, fmt.Errorf("encode body: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
