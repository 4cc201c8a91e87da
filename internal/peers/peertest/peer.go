// Package peertest tries a client that speaks the adapter protocol against the mock,
// for tests: the reference client and the example adapters take the same tests.
//
// It asks for what any correct client of these programs' kind does, and looks at what
// arrived, never at what the client says of itself.
package peertest

import (
	"encoding/json"
	"io"
	"maps"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

// A Peer is a client under way.
type Peer struct {
	t   testing.TB
	in  *json.Encoder
	out *json.Decoder
	n   int
}

// New makes a peer of a program's two streams.
func New(t testing.TB, stdin io.Writer, stdout io.Reader) *Peer {
	t.Helper()
	in := json.NewEncoder(stdin)
	in.SetEscapeHTML(false) // the text as a person would write it
	return &Peer{t: t, in: in, out: json.NewDecoder(stdout)}
}

// Fields are what a request says beside its id and its op.
type Fields = map[string]any

// A Reply is a line that the client wrote.
type Reply struct {
	ID               string   `json:"id"`
	Ops              []string `json:"ops"`
	Status           int      `json:"status"`
	Body             string   `json:"body"`
	Error            string   `json:"error"`
	Unsupported      bool     `json:"unsupported"`
	Authorization    string   `json:"authorization"`
	PayloadSignature string   `json:"payload_signature"`
	Accepted         *bool    `json:"accepted"`
}

// Call has the client do one thing.
func (p *Peer) Call(op string, fields Fields) Reply {
	p.t.Helper()
	p.n++
	line := Fields{"id": strconv.Itoa(p.n), "op": op, "a_field_of_tomorrow": true}
	maps.Copy(line, fields)
	require.NoError(p.t, p.in.Encode(line))
	var r Reply
	require.NoError(p.t, p.out.Decode(&r), "no answer to %s", op)
	require.Equal(p.t, line["id"], r.ID)
	return r
}

// Hello has the client begin.
func (p *Peer) Hello(baseURL, caFile string, keys d24.Credentials) Reply {
	p.t.Helper()
	return p.Call("hello", Fields{
		"protocol": 1, "base_url": baseURL, "ca_file": caFile,
		"credentials": Fields{
			"deposits": Fields{
				"api_key": keys.Deposits.APIKey, "api_signature": keys.Deposits.APISignature, "read_only_key": keys.Deposits.ReadOnlyKey,
			},
			"cashouts": Fields{
				"api_key": keys.Cashouts.APIKey, "api_passphrase": keys.Cashouts.APIPassphrase, "api_signature": keys.Cashouts.APISignature,
			},
		},
	})
}

// Field is a field of the answer's body as text; empty when there is none.
func (r Reply) Field(name string) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(r.Body), &fields) != nil {
		return ""
	}
	text := string(fields[name])
	if unquoted, err := strconv.Unquote(text); err == nil {
		return unquoted
	}
	return text
}

// Deposit is a deposit's body, of a payer with this first name.
func Deposit(invoice, firstName string) Fields {
	return Fields{
		"invoice_id": invoice, "amount": json.Number("100.50"), "country": "BR", "currency": "BRL", "payment_method": "IX",
		"payer": Fields{
			"id": "u1", "document": "12345678909", "email": "maria@example.com", "first_name": firstName, "last_name": "Silva",
		},
		"notification_url": "https://merchant.example/notify",
	}
}

// Cashout is a cashout's body, to a beneficiary with this name.
func Cashout(externalID, name string) Fields {
	return Fields{
		"external_id": externalID, "amount": json.Number("12.5"), "country": "BR", "currency": "BRL", "document_id": "12345678909",
		"beneficiary_name": name, "notification_url": "https://merchant.example/notify",
	}
}
