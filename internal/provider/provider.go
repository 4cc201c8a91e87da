// Package provider plays the provider towards a receiver: it makes, dates, signs and
// delivers notifications as the documents ask, and can be made to do any one step
// wrongly. It is to receivers what package merchant is to servers.
//
// A [Notification] says what to tell. [Provider.Deliver] turns it into a [Draft], signs
// that and sends it once. A [Tamper] may step in at three points: before the body is
// written, at signing, when it is, and after it. Tampers that change what is signed as
// well leave a notification with one fault, or with none but an unusual form.
//
// It repeats nothing by itself and knows no schedule: the mock's outbox does.
package provider

import (
	"context"
	"crypto/x509"
	"net/http"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/wire"
)

// Options are what a provider needs to know. Credentials are needed, the rest has
// defaults.
type Options struct {
	Credentials d24.Credentials  // of the merchant whose receiver it is
	Roots       *x509.CertPool   // nil = the system's
	Timeout     time.Duration    // of one delivery; 0 = 10 s
	Now         func() time.Time // nil = time.Now
	Log         *exchange.Log    // nil = exchanges are returned but not kept
}

// A Provider delivers one merchant's notifications. It is safe for concurrent use.
type Provider struct {
	Options

	sender *wire.Sender
}

// New makes a provider.
func New(opts Options) *Provider {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Provider{Options: opts, sender: wire.New(wire.Options{Roots: opts.Roots, Timeout: opts.Timeout})}
}

// Close closes the idle connections.
func (p *Provider) Close() { p.sender.Close() }

// A Notification is what to tell a receiver.
type Notification struct {
	Kind         d24.NotificationKind
	ID           string // of the deposit, the refund or the cashout
	ExternalID   string // cashouts only
	InvoiceID    string // of a deposit, and of the deposit of a refund; it is not sent
	StatusReason string // cashouts only
	Label        string // for the log: control, probe, duplicate …
	Scenario     string // for the log
}

// Deliver makes a notification and posts it once. Failures are part of the exchange:
// Deliver never fails itself.
func (p *Provider) Deliver(ctx context.Context, url string, n Notification, tampers ...Tamper) *exchange.Exchange {
	made := p.Now()
	// The body has to be known before there is a connection; date and signature are made
	// again when it is up.
	early := p.draft(n, made, made, tampers)
	e := &exchange.Exchange{
		Scenario: n.Scenario, Label: n.Label, Started: time.Now(),
		Request: exchange.Request{Method: http.MethodPost, URL: url, Proto: "HTTP/1.1", Body: early.Body},
	}
	p.sender.Send(ctx, e, func() exchange.Header { return p.draft(n, made, p.Now(), tampers).Header })
	if p.Log != nil {
		p.Log.Add(e)
	}
	return e
}
