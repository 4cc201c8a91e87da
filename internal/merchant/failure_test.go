package merchant_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/localca"
	"github.com/d24conform/d24conform/internal/merchant"
)

var second = netip.MustParseAddr("127.0.0.2")

// presenting is a TLS server whose certificate differs from a good one.
func presenting(t *testing.T, change func(*localca.Leaf), config func(*tls.Config)) *wire {
	t.Helper()
	authority, err := localca.New(time.Now())
	require.NoError(t, err)
	leaf := localca.Loopback(time.Now())
	if change != nil {
		change(&leaf)
	}
	certificate, err := authority.Issue(leaf)
	require.NoError(t, err)
	cfg := &tls.Config{Certificates: []tls.Certificate{certificate}}
	if config != nil {
		config(cfg)
	}
	w := listen(t, cfg, answering)
	w.roots = authority.Pool()
	return w
}

// saying answers every request with the same bytes and closes.
func saying(answer string) func(w *wire, conn net.Conn, r *bufio.Reader) {
	return func(w *wire, conn net.Conn, r *bufio.Reader) {
		w.read(r)
		io.WriteString(conn, answer)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	// The near end of a connection: its port is taken, so that nobody begins to listen
	// there meanwhile, and nobody does.
	busy, err := net.Dial("tcp", plain.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { busy.Close() })
	stranger := presenting(t, nil, nil)
	stranger.roots = presenting(t, nil, nil).roots
	answers := func(answer string) *wire { return onTheWire(t, saying(answer)) }
	for _, c := range []struct {
		name   string
		server *wire
		change func(*merchant.Options)
		kind   exchange.FailureKind
		text   string
	}{
		{"nothing listens", &wire{url: "https://" + busy.LocalAddr().String()}, nil, exchange.FailureRefused, "connection refused"},
		{"it never answers", onTheWire(t, func(w *wire, _ net.Conn, r *bufio.Reader) {
			w.read(r)
			w.read(r)
		}), impatient, exchange.FailureTimeout, "no answer in time"},
		{"it never ends its answer", onTheWire(t, func(w *wire, conn net.Conn, r *bufio.Reader) {
			w.read(r)
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
			r.ReadByte()
		}), impatient, exchange.FailureTimeout, "no answer in time"},
		{"it never shakes hands", listen(t, nil, func(_ *wire, _ net.Conn, r *bufio.Reader) {
			io.Copy(io.Discard, r)
		}), impatient, exchange.FailureTimeout, "no answer in time"},

		{
			"plain HTTP on the port of HTTPS", &wire{url: "https://" + plain.Listener.Addr().String()}, nil,
			exchange.FailureTLS, "it answers in plain HTTP",
		},
		{"another protocol on the port of HTTPS", listen(t, nil, func(_ *wire, conn net.Conn, r *bufio.Reader) {
			io.WriteString(conn, "220 smtp.example.com ESMTP\r\n")
			io.Copy(io.Discard, r)
		}), nil, exchange.FailureTLS, "first record does not look like a TLS handshake"},
		{"closed in the middle of the handshake", listen(t, nil, func(_ *wire, _ net.Conn, r *bufio.Reader) {
			r.ReadByte()
		}), nil, exchange.FailureTLS, "no TLS connection"},
		{"TLS 1.1 at most", presenting(t, nil, func(c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		}), nil, exchange.FailureTLS, "protocol version not supported"},

		{"an unknown authority", stranger, nil, exchange.FailureCertificate, "unknown authority"},
		{"another host's certificate", presenting(t, func(l *localca.Leaf) {
			l.Addresses = []net.IP{net.IPv4(192, 0, 2, 1)}
		}, nil), nil, exchange.FailureCertificate, "192.0.2.1"},
		{"an expired certificate", presenting(t, func(l *localca.Leaf) {
			l.NotAfter = time.Now().Add(-time.Hour)
		}, nil), nil, exchange.FailureCertificate, "expired"},

		{"closed at once", answers(""), nil, exchange.FailureClosed, "the connection ended"},
		{"closed in the middle of the header", answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"), nil, exchange.FailureClosed, "the connection ended"},
		{"closed in the middle of the body", answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{"), nil, exchange.FailureClosed, "the connection ended"},

		{"garbage", answers("\x00\x01garbage\r\n\r\n"), nil, exchange.FailureMalformed, "malformed HTTP response"},
		{"a status that is none", answers("HTTP/1.1 two-hundred OK\r\n\r\n"), nil, exchange.FailureMalformed, "malformed HTTP status"},
		{"a header line that is none", answers("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), nil, exchange.FailureMalformed, "malformed MIME header"},
		{"a length that is none", answers("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"), nil, exchange.FailureMalformed, "bad Content-Length"},
		{
			"an encoding that nobody knows", answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: zip\r\n\r\n"), nil,
			exchange.FailureMalformed, "transfer encoding",
		},
		{"a chunk that is none", answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), nil, exchange.FailureMalformed, "chunk"},

		{"no such address of ours", onTheWire(t, answering), func(o *merchant.Options) {
			o.LocalIP = netip.MustParseAddr("192.0.2.1") // for documentation only, so nobody has it
		}, exchange.FailureUnreachable, "cannot be reached"},
		// The empty label is refused by Go's resolver itself: no network is asked.
		{"no such host", &wire{url: "https://no..such.host"}, nil, exchange.FailureUnreachable, "no such host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cl := client(t, c.server, func(o *merchant.Options) {
				if c.change != nil {
					c.change(o)
				}
			})
			e := cl.Do(t.Context(), post(`{}`))
			assert.Nil(t, e.Response)
			require.NotNil(t, e.Failure)
			assert.Equal(t, c.kind, e.Failure.Kind, e.Failure.Text)
			assert.Contains(t, e.Failure.Text, c.text)
			assert.NotContains(t, e.Failure.Text, "\n", "one sentence")
			assert.Equal(t, 1, cl.Log.Len())
			assert.Positive(t, e.Timing.Total)
			// On a busy machine its time may be over before it has dialled.
			early := c.kind == exchange.FailureTimeout && e.Peer == ""
			if address := strings.TrimPrefix(c.server.url, "https://"); strings.HasPrefix(address, "127.") && !early {
				assert.Equal(t, address, e.Peer, "the address that was dialled")
			}
		})
	}
}

// impatient waits so short that a test does not last, and so long that a busy machine
// has come to the point by then; an earlier point ends in the same way.
func impatient(o *merchant.Options) { o.Timeout = 200 * time.Millisecond }

// The limit is over all clients that share it. In the bubble's time nothing takes any
// but waiting, so that the pace is exact.
func TestLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit := merchant.NewLimit(0)
		begun := time.Now()
		sent := func() time.Duration {
			c, err := merchant.New(merchant.Options{BaseURL: "https://127.0.0.1", NoProxy: true, Limit: limit})
			require.NoError(t, err)
			c.Do(t.Context(), unsendable())
			return time.Since(begun)
		}
		for range 10 {
			assert.Zero(t, sent(), "no limit yet")
		}
		assert.Zero(t, limit.PerSecond())
		limit.Set(5)
		limit.Set(0) // is none, and leaves the one there is
		assert.InDelta(t, 5, limit.PerSecond(), 0)
		sent() // the first goes at once
		at := sent()
		for i := range 5 {
			assert.Equal(t, at+time.Duration(i+1)*200*time.Millisecond, sent())
		}
	})
}

// unsendable is a request that waits its turn and then comes to nothing: a network has
// no place in a bubble.
func unsendable() merchant.Request { return merchant.Request{Method: "NO METHOD", Path: "/"} }

func TestALimitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := merchant.New(merchant.Options{
			BaseURL: "https://127.0.0.1", NoProxy: true, Limit: merchant.NewLimit(0.001), Log: &exchange.Log{},
		})
		require.NoError(t, err)
		require.Equal(t, exchange.FailureCancelled, c.Do(t.Context(), unsendable()).Failure.Kind)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.Equal(t, exchange.FailureTimeout, c.Do(ctx, unsendable()).Failure.Kind, "its turn would come too late")

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		e := c.Do(ctx, unsendable())
		assert.Equal(t, "given up by ourselves", e.Failure.Text)
		assert.Equal(t, 3, c.Log.Len())
		assert.Equal(t, 3, e.Number)
	})
}
