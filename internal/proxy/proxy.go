// Package proxy stands between a client and a server, hands on what they say as it is,
// and keeps it as exchanges.
//
// # What it leaves alone
//
// Method, path, query, header values, bodies byte for byte (compressed ones too),
// trailers, status. It adds no header of its own, neither a Date nor a Content-Type that
// the server did not send. What HTTP reserves for a single connection (Connection, TE,
// Transfer-Encoding …) is each side's own, header names come in their canonical
// spelling, and both sides speak HTTP/1.1.
//
// # What it refuses
//
// It has one upstream, listens on loopback only, and answers neither CONNECT nor a
// request for another host: it is nobody's way out.
//
// # What it keeps
//
// Each exchange when it is over, up to [MaxBody] of each body and [MaxKept] in all. Who
// judges asks for them afterwards, so that nobody waits for a verdict. It keeps secrets as
// they passed, in memory: who writes them down puts names in their places.
//
// Client, proxy and server together take 1.3 times the CPU that they take with a bare
// httputil.ReverseProxy (median of five rounds in turn, 1.0 to 1.5; BenchmarkForward).
package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/localca"
)

// Bounds of what is kept; what is beyond them is forwarded all the same.
const (
	// MaxBody of a request or an answer is kept, as much as the bundled mock takes at
	// most (413). A longer one is marked as truncated.
	MaxBody = 1 << 20
	// MaxKept bytes of bodies are kept in all: some 100,000 exchanges of the API's size.
	MaxKept = 256 << 20
)

// upstreamIdle is how long a connection to the server is kept for the next request.
// A server that closes it in the same moment makes that request fail, which nobody
// would have seen without us; the shortest keep-alive in common use is node's 5 s.
const upstreamIdle = 2 * time.Second

// Timeouts towards the client. None bounds an answer: the client's own does.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	closeTimeout  = 5 * time.Second
)

// Options are what a Proxy is started with.
type Options struct {
	Upstream string         // the server's base URL, scheme and host
	Roots    *x509.CertPool // to check the server's certificate by; nil = the system's
	Addr     string         // to listen on, on loopback; empty = a random port of 127.0.0.1
}

// A Proxy is running until it is closed.
type Proxy struct {
	opts      Options
	upstream  *url.URL
	listener  net.Listener
	server    *http.Server
	transport *http.Transport
	authority *localca.Authority

	mu   sync.Mutex
	log  []*exchange.Exchange
	kept int64 // bytes of bodies
	lost int   // exchanges that were forwarded and not kept

	closing sync.Once
	failed  error
}

// Start listens and forwards. What it returns answers at once.
func Start(opts Options) (*Proxy, error) {
	upstream, err := url.Parse(opts.Upstream)
	if err != nil || upstream.Scheme != "https" && upstream.Scheme != "http" || upstream.Host == "" || upstream.RawQuery != "" || upstream.User != nil {
		return nil, errors.New("start proxy: the upstream is not of the form https://host") // unnamed: it may hold a password
	}
	p := &Proxy{opts: opts, upstream: upstream}
	if err := p.listen(); err != nil {
		return nil, fmt.Errorf("start proxy: %w", err)
	}
	p.transport = &http.Transport{
		Proxy:               http.ProxyFromEnvironment, // never used for loopback
		DialContext:         (&net.Dialer{Timeout: headerTimeout}).DialContext,
		TLSClientConfig:     &tls.Config{RootCAs: opts.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: headerTimeout,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     upstreamIdle,
		DisableCompression:  true, // or it would ask for gzip and unpack it
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
	go func() { _ = p.server.ServeTLS(p.listener, "", "") }() // ends when it is shut down
	return p, nil
}

// listen opens the port, with a certificate of a local authority.
func (p *Proxy) listen() error {
	addr := p.opts.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	if !onLoopback(addr) {
		return fmt.Errorf("%s is not an address of this machine alone: listen on 127.0.0.1 or [::1]", addr)
	}
	now := time.Now() // certificates are held against the clients' clocks, which nobody injects
	authority, err := localca.New(now)
	if err != nil {
		return err
	}
	certificate, err := authority.Issue(localca.Loopback(now))
	if err != nil {
		return err
	}
	p.authority = authority
	p.server = &http.Server{
		Handler:           p.handler(),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){},
		ErrorLog:          quiet,
	}
	p.listener, err = net.Listen("tcp", addr)
	return err
}

// onLoopback says whether a host:port is reached from this machine alone.
func onLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// URL is the base URL for the client.
func (p *Proxy) URL() string { return "https://" + p.listener.Addr().String() }

// CertificatePEM is the authority that the client has to trust.
func (p *Proxy) CertificatePEM() []byte { return p.authority.CertificatePEM() }

// Exchanges are those that are over, numbered from 1, but for the first so many; and how
// many more were forwarded and not kept.
func (p *Proxy) Exchanges(after int) (kept []*exchange.Exchange, lost int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.log[min(after, len(p.log)):]), p.lost
}

// Close stops listening and waits for what is under way, 5 s at most.
func (p *Proxy) Close() error {
	p.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		p.failed = p.server.Shutdown(ctx)
		if errors.Is(p.failed, context.DeadlineExceeded) {
			p.failed = p.server.Close()
		}
		p.transport.CloseIdleConnections()
	})
	return p.failed
}
