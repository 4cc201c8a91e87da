// Package wire sends one HTTP request, once, and records what was on the wire: the
// sending half of whoever plays a part, be it the merchant or the provider.
//
// # Once
//
// net/http sends a request again when a connection breaks that it has used before, and
// says nothing. So GetBody is nil, each connection counts the bytes that leave through
// it, and what net/http sends after that is stopped. Only a request of which nothing has
// left, because the peer had closed the connection while it was idle, goes out on
// another. Redirects are not followed, and no proxy of the environment is used on loopback.
//
// # Record
//
// What happened is written into an [exchange.Exchange], with the header lines as they
// were written. What went wrong is part of it, sorted by what it tells about the peer.
package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
)

// Options are how to connect. The zero Options do as the system likes.
type Options struct {
	Roots   *x509.CertPool // nil = the system's
	LocalIP netip.Addr     // where to call from; zero = as the system likes
	NoProxy bool           // go straight even where the environment names a proxy
	Proxy   *url.URL       // go through this one, to loopback too; nil = as the environment says
	Timeout time.Duration  // of one exchange, from start to answer read; 0 = DefaultTimeout
}

// DefaultTimeout ends a request that gets no answer.
const DefaultTimeout = 10 * time.Second

// idleConns keeps as many connections open as the suite ever uses at once: with
// net/http's default of 2, four workers were slower than one.
const idleConns = 64

// idleTimeout lets go of a connection before its server does: node and Apache close one
// that was idle for 5 s, and a request that is on its way just then is lost, without a word
// whether it was carried out.
const idleTimeout = 2 * time.Second

// A Sender sends requests and keeps connections open between them. It is safe for
// concurrent use.
type Sender struct {
	timeout   time.Duration
	transport *http.Transport
}

// New makes a sender.
func New(opts Options) *Sender {
	if opts.Timeout == 0 {
		opts.Timeout = DefaultTimeout
	}
	proxy := http.ProxyFromEnvironment // net/http never uses it for loopback
	switch {
	case opts.Proxy != nil:
		proxy = http.ProxyURL(opts.Proxy)
	case opts.NoProxy:
		proxy = nil
	}
	dialer := &net.Dialer{Timeout: opts.Timeout}
	if opts.LocalIP.IsValid() {
		dialer.LocalAddr = &net.TCPAddr{IP: opts.LocalIP.AsSlice()}
	}
	return &Sender{
		timeout: opts.Timeout,
		transport: &http.Transport{
			DialContext:         dialSocket(dialer),
			Proxy:               proxy,
			TLSClientConfig:     &tls.Config{RootCAs: opts.Roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: opts.Timeout, // net/http goes on dialling when the request has given up
			MaxIdleConnsPerHost: idleConns,
			IdleConnTimeout:     idleTimeout,
			DisableCompression:  true, // the answer's bytes as they are
			TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
		},
	}
}

// Close closes the idle connections.
func (s *Sender) Close() {
	s.transport.CloseIdleConnections()
}

// Send sends the request of an exchange and enters what came of it. header makes its
// header, when the connection is up, so that a slow handshake makes no date stale. Send
// never fails itself.
func (s *Sender) Send(ctx context.Context, e *exchange.Exchange, header func() exchange.Header) {
	s.send(ctx, e, header, false)
}

// Abandon sends the request and hangs up as soon as it is written, without waiting for
// the answer.
func (s *Sender) Abandon(ctx context.Context, e *exchange.Exchange, header func() exchange.Header) {
	s.send(ctx, e, header, true)
}

func (s *Sender) send(ctx context.Context, e *exchange.Exchange, header func() exchange.Header, abandon bool) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var err error
	for again := true; again; {
		a := &attempt{transport: s.transport, exchange: e, abandon: abandon, cancel: cancel, sign: header}
		e.Response, err = a.run(ctx)
		// A connection that the server had closed while it was idle is no failure. Each
		// one is forgotten, so this ends with a new connection at the latest.
		again = err != nil && a.watch.stale() && ctx.Err() == nil
	}
	if err != nil {
		e.Failure = Failure(err)
	}
}
