package merchant

import (
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/wire"
)

// Auth is how a request shows who sends it.
type Auth int

// Ways of authentication.
const (
	Unsigned       Auth = iota // nothing is added
	SignedDeposit              // X-Login, X-Date and Authorization: D24 …
	SignedCashout              // Payload-Signature; login and pass are in the body already
	ReadOnlyBearer             // Authorization: Bearer with the read-only key
	ReadOnlyBasic              // HTTP Basic with the read-only key as user name (reading AMB-03)
	KeyBasic                   // HTTP Basic with the deposits API key as user name (reading AMB-03)
)

// A Request is what to send, before it is dated and signed.
type Request struct {
	Method         string
	Path           string // with its query, if any
	Auth           Auth
	Body           []byte
	IdempotencyKey string // absent when empty
	Chunked        bool   // the body is sent in chunks, without its length
	Packed         bool   // the answer is asked for as gzip; it is logged as it came
	Label          string // for the log: control, probe, retry …
	Scenario       string // for the log

	// Drafted is told of the draft when it is signed, each time that is done; may be nil.
	// The last one is what was sent, and what was signed for it.
	Drafted func(*Draft)
}

// UserAgent is what the client calls itself. Cashouts make the header mandatory.
const UserAgent = "d24conform"

// A Draft is a request that is being made: after the merchant's part and before
// the transport's. Tampers change it.
type Draft struct {
	Method string
	Path   string
	Auth   Auth
	Header exchange.Header
	Body   []byte
	Sign   Signing // what is signed, and under which key
	Now    time.Time
}

// Signing is the input of the signature. Date and Login are not used on cashouts.
type Signing struct {
	Secret string // the API signature, which is the HMAC key
	Date   string
	Login  string
	Body   []byte
}

// A Tamper makes one step of a request go wrong. Its functions may be nil.
type Tamper struct {
	// Before runs on the whole draft before its signature is made. Change the date
	// with [Draft.SetDate] and the login with [Draft.SetLogin], so that header and
	// signature agree.
	Before func(*Draft)
	// At runs on what is about to be signed; what is sent does not change.
	At func(*Signing)
	// After runs when everything is signed; the signature does not change.
	After func(*Draft)
}

// SetDate dates the draft: the header and the text that is signed.
func (d *Draft) SetDate(date string) {
	d.Sign.Date = date
	d.Header.Set(d24.HeaderDate, date)
}

// SetLogin changes the merchant's key in the header and in the text that is signed.
func (d *Draft) SetLogin(login string) {
	d.Sign.Login = login
	d.Header.Set(d24.HeaderLogin, login)
}

// SetBody changes the body that is sent and signed.
func (d *Draft) SetBody(body []byte) {
	d.Body, d.Sign.Body = body, body
}

// draft starts a request's draft at the given time of the server's clock.
func (c *Client) draft(r Request, now time.Time) *Draft {
	d := &Draft{Method: r.Method, Path: r.Path, Auth: r.Auth, Now: now}
	// The header table of the documents asks for Content-Type on all requests, so
	// it is sent with those that have no body too: the strictest reading of AMB-21.
	d.Header.Set(d24.HeaderContentType, d24.ContentTypeJSON)
	d.Header.Set(d24.HeaderUserAgent, UserAgent)
	d.SetBody(r.Body)
	switch r.Auth {
	case SignedDeposit:
		d.Sign.Secret = c.Credentials.Deposits.APISignature
		d.SetLogin(c.Credentials.Deposits.APIKey)
		d.SetDate(d24.FormatDate(now))
	case SignedCashout:
		// Neither needed nor refused, says one reading of AMB-02; needed, says the other.
		d.Header.Set(d24.HeaderAuthorization, BasicAuth(c.Credentials.Cashouts.APIKey, c.Credentials.Cashouts.APIPassphrase))
		d.Sign.Secret = c.Credentials.Cashouts.APISignature
	case ReadOnlyBearer:
		d.Header.Set(d24.HeaderAuthorization, d24.BearerScheme+c.Credentials.Deposits.ReadOnlyKey)
	case ReadOnlyBasic:
		d.Header.Set(d24.HeaderAuthorization, BasicAuth(c.Credentials.Deposits.ReadOnlyKey, ""))
	case KeyBasic:
		d.Header.Set(d24.HeaderAuthorization, BasicAuth(c.Credentials.Deposits.APIKey, ""))
	case Unsigned:
	}
	if r.IdempotencyKey != "" {
		d.Header.Set(d24.HeaderIdempotencyKey, r.IdempotencyKey)
	}
	if r.Chunked {
		d.Header.Set(wire.TransferEncoding, wire.Chunked)
	}
	if r.Packed {
		d.Header.Set("Accept-Encoding", "gzip")
	}
	return d
}

// sign makes the draft's signature.
func (c *Client) sign(d *Draft) {
	switch d.Auth {
	case SignedDeposit:
		d.Header.Set(d24.HeaderAuthorization, c.key(d.Sign.Secret).Authorization(d.Sign.Date, d.Sign.Login, d.Sign.Body))
	case SignedCashout:
		d.Header.Set(d24.HeaderPayloadSignature, c.key(d.Sign.Secret).Payload(d.Sign.Body))
	case ReadOnlyBearer, ReadOnlyBasic, KeyBasic, Unsigned:
	}
}

// key is the key schedule of a secret: ours are computed once.
func (c *Client) key(secret string) *d24.Key {
	switch secret {
	case c.Credentials.Deposits.APISignature:
		return c.depositsKey
	case c.Credentials.Cashouts.APISignature:
		return c.cashoutsKey
	}
	return d24.NewKey(secret)
}

// finish takes the draft through signing and the tampers.
func (c *Client) finish(d *Draft, tampers []Tamper) {
	for _, t := range tampers {
		if t.Before != nil {
			t.Before(d)
		}
	}
	for _, t := range tampers {
		if t.At != nil {
			t.At(&d.Sign)
		}
	}
	c.sign(d)
	for _, t := range tampers {
		if t.After != nil {
			t.After(d)
		}
	}
}
