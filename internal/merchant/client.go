package merchant

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/wire"
)

// Options is what a client needs to know. BaseURL and Credentials are needed, the
// rest has defaults.
type Options struct {
	BaseURL     string // scheme, host and port; a path is kept as a prefix
	Credentials d24.Credentials
	Roots       *x509.CertPool // nil = the system's
	LocalIP     netip.Addr     // where to call from; zero = as the system likes
	NoProxy     bool           // go straight even where the environment names a proxy
	Proxy       *url.URL       // go through this one; nil = as the environment says
	Timeout     time.Duration  // of one request, from start to answer read; 0 = 10 s
	// Now is the time by the server's clock, as well as it is known; nil = time.Now.
	Now   func() time.Time
	Log   *exchange.Log // nil = exchanges are returned but not kept
	Limit *Limit        // nil = as fast as asked
}

// A Client sends one merchant's requests to one environment. It is safe for
// concurrent use.
type Client struct {
	Options
	depositsKey, cashoutsKey *d24.Key
	sender                   *wire.Sender
}

// New makes a client. It fails only on a base URL that is none.
func New(opts Options) (*Client, error) {
	if base, err := url.Parse(opts.BaseURL); err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" ||
		base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("base url %q is not of the form https://host", opts.BaseURL)
	}
	opts.BaseURL = strings.TrimSuffix(opts.BaseURL, "/")
	if opts.Timeout == 0 {
		opts.Timeout = wire.DefaultTimeout
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Client{
		Options:     opts,
		depositsKey: d24.NewKey(opts.Credentials.Deposits.APISignature),
		cashoutsKey: d24.NewKey(opts.Credentials.Cashouts.APISignature),
		sender:      wire.New(wire.Options{Roots: opts.Roots, LocalIP: opts.LocalIP, NoProxy: opts.NoProxy, Proxy: opts.Proxy, Timeout: opts.Timeout}),
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
	c.sender.Close()
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

	// Method, path and body have to be known before there is a connection; date and
	// signature are made again when it is up.
	early := c.draft(r, c.Now())
	c.finish(early, tampers)
	e := &exchange.Exchange{
		Scenario: r.Scenario, Label: r.Label, Started: time.Now(),
		Request: exchange.Request{Method: early.Method, URL: c.Options.BaseURL + early.Path, Proto: "HTTP/1.1", Body: early.Body},
	}
	if r.Chunked {
		e.Request.Header.Set(wire.TransferEncoding, wire.Chunked)
	}
	header := func() exchange.Header {
		late := c.draft(r, c.Now())
		c.finish(late, tampers)
		if r.Drafted != nil {
			r.Drafted(late)
		}
		return late.Header
	}
	switch {
	case waited != nil:
		e.Failure = wire.Failure(waited)
	case abandon:
		c.sender.Abandon(ctx, e, header)
	default:
		c.sender.Send(ctx, e, header)
	}
	if c.Log != nil {
		c.Log.Add(e)
	}
	return e
}
