package client

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// Options are what a [Program] is made with. The zero Options are the conforming
// client, on the machine's clock.
type Options struct {
	// Mutant is the name of one deliberate defect, of [Mutants]; empty means none.
	Mutant string
	// Timeout ends an attempt that gets no whole answer; 0 = 5 s. An operation has 30 s
	// by the protocol: three attempts of 5 s and two waits of at most 5 s take 25.
	Timeout time.Duration
	// Journal is the file with the keys of creations that got no answer, for the next start;
	// empty = they are kept as long as the Program lives.
	Journal string

	Now    func() time.Time                                 // nil = time.Now
	Sleep  func(ctx context.Context, d time.Duration) error // nil = by the machine's clock
	Random io.Reader                                        // of idempotency keys; nil = crypto/rand
}

const defaultTimeout = 5 * time.Second

// A client calls one server with one merchant's keys.
type client struct {
	Options
	habits                   *habits
	base                     string
	credentials              d24.Credentials
	depositsKey, cashoutsKey *d24.Key
	transports               map[string]*http.Transport // by operation; empty = of all that have none of their own
	journal                  *journal
	life                     int    // which start of the program this is
	sent                     int    // requests so far
	proto                    string // that the last answer came over
	last                     *draft // the request before
}

// newClient makes the client that hello asks for.
func newClient(opts Options, h *habits, kept *journal, base, caFile string, credentials d24.Credentials) (*client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("base_url %q is not of the form https://host", base)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("read ca_file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("ca_file holds no certificate")
		}
	}
	kept.starts++
	c := &client{
		Options:     opts,
		habits:      h,
		base:        h.base(strings.TrimSuffix(base, "/")),
		credentials: credentials,
		depositsKey: d24.NewKey(h.depositsSecret(credentials)),
		cashoutsKey: d24.NewKey(h.cashoutsSecret(credentials)),
		transports:  map[string]*http.Transport{},
		journal:     h.journal(kept),
		life:        kept.starts,
	}
	for operation, secure := range h.secure {
		own := config.Clone()
		secure(own, u.Hostname())
		c.transports[operation] = &http.Transport{
			TLSClientConfig:   own,
			ForceAttemptHTTP2: true,
			// On a connection that broke while it was idle net/http repeats a GET by itself,
			// with the old date and signature. A handshake for each attempt rules that out.
			DisableKeepAlives:  true,
			DisableCompression: true, // the answer's bytes as they are
		}
	}
	return c, nil
}

// transport is how an operation is sent.
func (c *client) transport(op *operation) *http.Transport {
	if own := c.transports[op.name]; own != nil {
		return own
	}
	return c.transports[""]
}

// withDefaults fills in what was not set.
func (o Options) withDefaults() Options {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	return o
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
