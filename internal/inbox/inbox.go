// Package inbox receives the notifications that a server under test sends.
//
// # Boxes
//
// Whatever a scenario wants to be notified of gets a [Box], whose URL goes into its
// notification_url. What comes in there is about that one thing, whatever its body says,
// and is answered as the scenario wants. A URL cannot be guessed: who knows it has it from
// us.
//
// # A port that others reach
//
// The server may be elsewhere, so the port may be open to everybody. What does not come to
// a box is answered 404 unread. Bodies are kept up to [MaxBody], notifications up to
// [MaxKept] a box, connections are bounded, and nothing is sent anywhere.
//
// It speaks plain HTTP and TLS on one port, as the other side begins: a tunnel or proxy in
// front of it has the certificate that the server trusts. The one shown here is of a
// throw-away authority.
package inbox

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/localca"
)

// Bounds of what is kept, so that nobody who finds the port fills the memory.
const (
	// MaxBody of a notification is kept: the documented ones have less than a kilobyte.
	MaxBody = 64 << 10
	// MaxKept notifications of a box are kept. Six deliveries of one are the most that the
	// documents can be read as, and an object has a handful of statuses.
	MaxKept = 64
	// maxConnections are open at once; more wait until one of them is closed.
	maxConnections = 128
	maxHeader      = 64 << 10
)

// Timeouts of those who connect: they have something to say, or they go. To answer one
// takes microseconds.
const (
	readTimeout  = 10 * time.Second
	idleTimeout  = 30 * time.Second
	closeTimeout = time.Second
)

// Label is what a notification that came in is called in the log.
const Label = "notification received"

// Options are where to listen, and how that is reached.
type Options struct {
	Listen    string        // host:port; empty = a free port of 127.0.0.1
	PublicURL string        // how the server reaches it; empty = http:// and where it listens
	Log       *exchange.Log // where notifications are kept; nil = with their box alone
}

// An Inbox is open until it is closed. It is safe for concurrent use.
type Inbox struct {
	public  string
	address string // that it listens on
	log     *exchange.Log
	server  *http.Server

	mu    sync.Mutex
	boxes map[string]*Box // by the last part of their URLs
}

// Open listens. What it returns answers at once.
func Open(opts Options) (*Inbox, error) {
	if opts.Listen == "" {
		opts.Listen = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", opts.Listen)
	if err != nil {
		return nil, fmt.Errorf("receive notifications: %w", err)
	}
	if opts.PublicURL == "" {
		opts.PublicURL = "http://" + listener.Addr().String()
	}
	config, err := certificate(opts.PublicURL)
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("receive notifications: %w", err)
	}
	i := &Inbox{address: listener.Addr().String(), public: strings.TrimRight(opts.PublicURL, "/"), log: opts.Log, boxes: make(map[string]*Box)}
	i.server = &http.Server{
		Handler: i, ReadTimeout: readTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ConnContext: withConn,
		ErrorLog: log.New(io.Discard, "", 0), // of strangers' handshakes
	}
	go func() { _ = i.server.Serve(newEither(listener, config)) }() // ends when it is closed
	return i, nil
}

// certificate is for this machine, and for the host that the server knows.
func certificate(public string) (*tls.Config, error) {
	now := time.Now() // certificates are held against others' clocks, which nobody injects
	authority, err := localca.New(now)
	if err != nil {
		return nil, err
	}
	leaf := localca.Loopback(now)
	if u, err := url.Parse(public); err == nil && net.ParseIP(u.Hostname()) == nil {
		leaf.Names = append(leaf.Names, u.Hostname())
	}
	issued, err := authority.Issue(leaf)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{issued}, MinVersion: tls.VersionTLS12}, nil
}

// Close stops listening, and gives what is under way a second.
func (i *Inbox) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := i.server.Shutdown(ctx); err != nil {
		return i.server.Close()
	}
	return nil
}

// A Box takes the notifications of one thing.
type Box struct {
	URL string

	inbox    *Inbox
	scenario string
	answers  []int

	mu      sync.Mutex
	came    int
	kept    []*exchange.Exchange
	changed chan struct{} // closed, and replaced, when one comes
	closed  bool
}

// Box makes a box. answers are the statuses that its notifications are answered with, the
// last one as often as need be; none are 200 for all.
func (i *Inbox) Box(scenario string, answers ...int) *Box {
	if len(answers) == 0 {
		answers = []int{http.StatusOK}
	}
	name := rand.Text()
	b := &Box{URL: i.public + "/" + name, inbox: i, scenario: scenario, answers: answers, changed: make(chan struct{})}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.boxes[name] = b
	return b
}

// ServeHTTP takes a notification.
func (i *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	box := i.boxes[path.Base(r.URL.Path)] // what stands before may be another's on the way
	i.mu.Unlock()
	if box == nil {
		http.NotFound(w, r)
		return
	}
	begun := time.Now()
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest) // nobody reads it: the connection broke
		return
	}
	e := &exchange.Exchange{
		Scenario: box.scenario, Label: Label, Started: begun,
		Request: exchange.Request{
			Method: r.Method, URL: box.URL, Proto: r.Proto, Header: exchange.FromHTTP(r.Header),
			Body: body[:min(len(body), MaxBody)], Truncated: len(body) > MaxBody,
		},
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		e.Peer = host
	}
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		e.TLS = c.version()
	}
	w.WriteHeader(box.take(e))
}

// take keeps a notification, and says how it is answered.
func (b *Box) take(e *exchange.Exchange) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return http.StatusOK // so that it is not repeated
	}
	status := b.answers[min(b.came, len(b.answers)-1)]
	b.came++
	if len(b.kept) >= MaxKept {
		return status
	}
	e.Response = &exchange.Response{Status: status, Proto: e.Request.Proto}
	e.Timing.Total = time.Since(e.Started)
	if b.inbox.log != nil {
		b.inbox.log.Add(e)
	}
	b.kept = append(b.kept, e)
	close(b.changed)
	b.changed = make(chan struct{})
	return status
}

// Await waits until n notifications have come, no longer than within, and returns all that
// have.
func (b *Box) Await(ctx context.Context, n int, within time.Duration) []*exchange.Exchange {
	timer := time.NewTimer(within)
	defer timer.Stop()
	for {
		b.mu.Lock()
		kept, changed := slices.Clone(b.kept), b.changed
		b.mu.Unlock()
		if len(kept) >= n {
			return kept
		}
		select {
		case <-changed:
		case <-timer.C:
			return kept
		case <-ctx.Done():
			return kept
		}
	}
}

// Close forgets what came. What comes later is answered 200 and not kept.
func (b *Box) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed, b.kept = true, nil
}
