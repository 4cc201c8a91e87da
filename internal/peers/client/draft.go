package client

import (
	"net/http"
	"net/url"

	"github.com/d24conform/d24conform/internal/d24"
)

// A draft is one request on its way to the wire. Steps fill it in, one after the other.
type draft struct {
	c      *client
	op     *operation
	serial int // which request of this start of the program it is
	body   []byte
	header http.Header

	// What the signature is about, and who makes it: the same as is sent, of a client that
	// keeps the rules.
	signed signedText
	secret *d24.Key // nil = the product's own

	query   url.Values  // that is added to the path
	trailer http.Header // behind the body
}

// A step does one thing to a draft.
type step struct {
	name string
	do   func(d *draft)
}

// Names of steps.
const (
	stepBody = "body"
	stepHead = "head" // all headers but those that show who asks
	stepSign = "sign"
	stepSeal = "seal" // the digest, or the read-only key, is put where it belongs
)

// steps are the way of a draft. What is changed behind a step goes into all that follow.
func steps() []step {
	return []step{
		{stepBody, func(d *draft) { d.body = d.op.body }},
		{stepHead, func(d *draft) {
			d.set(d24.HeaderUserAgent, userAgent)
			// On a GET as well: the table asks it of every request (reading AMB-21).
			d.set(d24.HeaderContentType, d24.ContentTypeJSON)
			d.set(d24.HeaderIdempotencyKey, d.op.key)
			if d.op.caller == depositsCaller {
				d.set(d24.HeaderDate, d.c.habits.date(d.c.Now().Add(d.op.skew)))
				d.set(d24.HeaderLogin, d.c.habits.xLogin(d.c.credentials))
			}
		}},
		{stepSign, func(d *draft) {
			d.signed = signedText{d.header.Get(d24.HeaderDate), d.header.Get(d24.HeaderLogin), d.body}
		}},
		{stepSeal, func(d *draft) {
			switch d.op.caller {
			case depositsCaller:
				d.set(d24.HeaderAuthorization, d.keyed().authorization(d.signed))
			case readOnlyCaller:
				d.set(d24.HeaderAuthorization, d24.BearerScheme+d.c.credentials.Deposits.ReadOnlyKey)
			case cashoutsCaller:
				d.set(d24.HeaderPayloadSignature, d.keyed().payloadSignature(d.signed.body))
			}
		}},
	}
}

// set sets a header that has a value.
func (d *draft) set(name, value string) {
	if value != "" {
		d.header.Set(name, value)
	}
}

// keyed is the client with the key that the draft is signed with.
func (d *draft) keyed() *client {
	if d.secret == nil {
		return d.c
	}
	other := *d.c
	other.depositsKey, other.cashoutsKey = d.secret, d.secret
	return &other
}

// A change is what a derived mutant does behind a step.
type change struct {
	behind string
	when   func(d *draft) bool
	do     func(d *draft)
}

// draft makes one attempt of an operation.
func (c *client) draft(op *operation) *draft {
	c.sent++
	d := &draft{c: c, op: op, serial: c.sent, header: http.Header{}, query: url.Values{}, trailer: http.Header{}}
	for _, s := range steps() {
		s.do(d)
		for _, change := range c.habits.changes {
			if change.behind == s.name && change.when(d) {
				change.do(d)
			}
		}
	}
	d.header = c.habits.headers(c, d)
	c.last = d
	return d
}
