package merchant

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// Options is what a client needs to know. BaseURL and Credentials are needed, the
// rest has defaults.
type Options struct {
	BaseURL     string // scheme, host and port; a path is kept as a prefix
	Credentials d24.Credentials
	Roots       *x509.CertPool // nil = the system's
	LocalIP     netip.Addr     // where to call from; zero = as the system likes
	NoProxy     bool           // go straight even where the environment names a proxy
	Timeout     time.Duration  // of one request, from start to answer read; 0 = 10 s
	// Now is the time by the server's clock, as well as it is known; nil = time.Now.
	Now   func() time.Time
	Log   *exchange.Log // nil = exchanges are returned but not kept
	Limit *Limit        // nil = as fast as asked
}

// defaultTimeout ends a request that gets no answer.
const defaultTimeout = 10 * time.Second

// idleConns keeps as many connections open as the suite ever uses at once: with
// net/http's default of 2, four workers were slower than one.
const idleConns = 64

// idleTimeout lets go of a connection before its server does: node and Apache close one
// that was idle for 5 s, and a request that is on its way just then is lost, without a word
// whether it was carried out.
const idleTimeout = 2 * time.Second

// A Client sends one merchant's requests to one environment. It is safe for
// concurrent use.
type Client struct {
	Options
	depositsKey, cashoutsKey *d24.Key
	transport                *http.Transport
}

// New makes a client. It fails only on a base URL that is none.
func New(opts Options) (*Client, error) {
	if base, err := url.Parse(opts.BaseURL); err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" ||
		base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("base url %q is not of the form https://host", opts.BaseURL)
	}
	opts.BaseURL = strings.TrimSuffix(opts.BaseURL, "/")
	proxy := http.ProxyFromEnvironment // net/http never uses it for loopback
	if opts.NoProxy {
		proxy = nil
	}
	if opts.Timeout == 0 {
		opts.Timeout = defaultTimeout
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	dialer := &net.Dialer{Timeout: opts.Timeout}
	if opts.LocalIP.IsValid() {
		dialer.LocalAddr = &net.TCPAddr{IP: opts.LocalIP.AsSlice()}
	}
	return &Client{
		Options:     opts,
		depositsKey: d24.NewKey(opts.Credentials.Deposits.APISignature),
		cashoutsKey: d24.NewKey(opts.Credentials.Cashouts.APISignature),
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
	}, nil
}

// From is a client like c with some options changed and a transport of its own.
func (c *Client) From(change func(*Options)) (*Client, error) {
	opts := c.Options
	change(&opts)
	return New(opts)
}

// Close closes the idle connections.
func (c *Client) Close() {
	c.transport.CloseIdleConnections()
}

// Do dates, signs and sends the request, reads the answer and logs the exchange.
// Failures are part of the exchange: Do never fails itself.
func (c *Client) Do(ctx context.Context, r Request, tampers ...Tamper) *exchange.Exchange {
	return c.send(ctx, r, false, tampers)
}

// Abandon sends the request and hangs up as soon as it is written, without waiting
// for the answer: what a merchant does whose connection breaks.
func (c *Client) Abandon(ctx context.Context, r Request, tampers ...Tamper) *exchange.Exchange {
	return c.send(ctx, r, true, tampers)
}

func (c *Client) send(ctx context.Context, r Request, abandon bool, tampers []Tamper) *exchange.Exchange {
	waited := c.Limit.wait(ctx)
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()

	// Method, path and body have to be known before there is a connection; date and
	// signature are made again when it is up.
	early := c.draft(r, c.Now())
	c.finish(early, tampers)
	e := &exchange.Exchange{
		Scenario: r.Scenario, Label: r.Label, Started: time.Now(),
		Request: exchange.Request{Method: early.Method, URL: c.Options.BaseURL + early.Path, Proto: "HTTP/1.1", Body: early.Body},
	}
	err := waited
	for again := err == nil; again; {
		a := &attempt{transport: c.transport, exchange: e, abandon: abandon, cancel: cancel, sign: func(header http.Header) {
			late := c.draft(r, c.Now())
			c.finish(late, tampers)
			late.fill(header)
		}}
		e.Response, err = a.run(ctx)
		// A connection that the server had closed while it was idle is no failure. Each
		// one is forgotten, so this ends with a new connection at the latest.
		again = err != nil && a.watch.stale() && ctx.Err() == nil
	}
	if err != nil {
		e.Failure = Classify(err)
	}
	if c.Log != nil {
		c.Log.Add(e)
	}
	return e
}
