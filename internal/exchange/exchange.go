// Package exchange holds one HTTP exchange as it was seen on the wire, and a log
// of them. Everything is judged over these records: a verdict never rests on what
// a client library claims.
//
// # Record
//
// An [Exchange] has the request's exact bytes, the answer's exact bytes if one
// came, what went wrong if none did, the timings, the TLS version and the peer.
//
// # Log
//
// A [Log] numbers exchanges from 1 in the order in which they ended and is safe
// for concurrent use. [Write] and [Read] are its file form, exchanges.jsonl: one
// JSON object a line. A [Redactor] puts names in the place of secrets before
// anything is written, so that who has the secrets gets the exact bytes back and
// nobody else learns them.
package exchange

import (
	"net/http"
	"strings"
	"time"
)

// An Exchange is one request and what came of it.
type Exchange struct {
	Number   int       // place in its log, from 1; 0 while it is in none
	Scenario string    // who asked for it, for a person to find; may be empty
	Label    string    // its part there: control, probe, retry …
	Started  time.Time // when the request began to be written
	Request  Request
	Response *Response // nil when no answer came
	Failure  *Failure  // why none came; nil when one did
	Timing   Timing
	TLS      string // TLS version of the connection, such as "TLS 1.3"; empty on plain HTTP
	Peer     string // address that was dialled
}

// Request is what was sent.
type Request struct {
	Method string
	URL    string
	Proto  string
	Header Header
	Body   []byte
	// Truncated says that Body is not what was sent, byte for byte: it was longer than
	// the recorder's limit, broke off, or the recording holds it only as text.
	Truncated bool
}

// Response is what came back.
type Response struct {
	Status int
	Proto  string
	Header Header
	Body   []byte
	// Truncated says that the body was longer than the reader's limit, or broke off.
	Truncated bool
}

// Failure is why an exchange has no answer.
type Failure struct {
	Kind FailureKind
	Text string // one sentence, without secrets
}

// FailureKind sorts failures by what they tell about the peer.
type FailureKind string

// Kinds of failure.
const (
	FailureTimeout     FailureKind = "timeout"     // no (whole) answer in time
	FailureRefused     FailureKind = "refused"     // nothing listens there
	FailureUnreachable FailureKind = "unreachable" // no route, no such host
	FailureTLS         FailureKind = "tls"         // not TLS, or no handshake
	FailureCertificate FailureKind = "certificate" // TLS, but not one to be trusted
	FailureClosed      FailureKind = "closed"      // the connection broke before the answer was whole
	FailureMalformed   FailureKind = "malformed"   // an answer that is not HTTP
	FailureCancelled   FailureKind = "cancelled"   // we gave up ourselves
)

// Timing is how long each part took. A part that did not take place, such as
// connecting on a reused connection, is zero.
type Timing struct {
	Connect   time.Duration // DNS and TCP
	TLS       time.Duration // handshake
	FirstByte time.Duration // from the request written to the first byte of the answer
	Total     time.Duration // from the start to the answer read whole, or to the failure
}

// Ended is when the answer had been read or the failure was known.
func (e *Exchange) Ended() time.Time {
	return e.Started.Add(e.Timing.Total)
}

// Status is the answer's HTTP status, 0 when none came.
func (e *Exchange) Status() int {
	if e.Response == nil {
		return 0
	}
	return e.Response.Status
}

// A Header is the list of fields in the order and the spelling that was sent.
type Header []Field //nolint:recvcheck // Set and Delete change its length, as append does; the others only read

// A Field is one header line.
type Field struct {
	Name  string
	Value string
}

// Get is the first value under the name, compared without case; empty when there
// is none.
func (h Header) Get(name string) string {
	value, _ := h.Lookup(name)
	return value
}

// Lookup is the first value under the name, compared without case, and whether
// there is one.
func (h Header) Lookup(name string) (string, bool) {
	for _, field := range h {
		if strings.EqualFold(field.Name, name) {
			return field.Value, true
		}
	}
	return "", false
}

// Set replaces every field of that name by one, in the place of the first.
func (h *Header) Set(name, value string) {
	for i, field := range *h {
		if strings.EqualFold(field.Name, name) {
			(*h)[i].Value = value
			rest := (*h)[i+1:]
			rest.Delete(name)
			*h = append((*h)[:i+1], rest...)
			return
		}
	}
	*h = append(*h, Field{Name: name, Value: value})
}

// Delete removes every field of that name.
func (h *Header) Delete(name string) {
	kept := (*h)[:0]
	for _, field := range *h {
		if !strings.EqualFold(field.Name, name) {
			kept = append(kept, field)
		}
	}
	*h = kept
}

// Clone is a copy that shares nothing.
func (h Header) Clone() Header {
	return append(Header(nil), h...)
}

// FromHTTP lists an http.Header, sorted by name since net/http keeps no order.
func FromHTTP(header http.Header) Header {
	list := make(Header, 0, len(header))
	for name, values := range header {
		for _, value := range values {
			list = append(list, Field{Name: name, Value: value})
		}
	}
	sortFields(list)
	return list
}
