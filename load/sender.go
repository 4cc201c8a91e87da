package load

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
)

// An outgoing is one signed request.
type outgoing struct {
	method, path string
	body         []byte
	date         []byte // of a deposits request, with its signature
	login        string
	signature    []byte
	key          []byte // X-Idempotency-Key; none when empty
	payload      []byte // Payload-Signature of a cashouts request
	basic        string // its Authorization
}

// An incoming is what became of it. Its body is good until the next one.
type incoming struct {
	status  int
	body    []byte
	outcome outcome
	err     error
	wrote   time.Time // when the last byte had left
	first   time.Time // when the first byte came
}

// A sender is one connection, or one stream at a time of a shared one. It sends a
// request once, or not at all. It is used by one goroutine at a time.
type sender interface {
	send(out *outgoing, in *incoming)
	close()
}

// A fastSender is one connection of HTTP/1.1. fasthttp's client keeps it, with room for
// no second one: so there are never more connections than senders, and what is
// measured on it belongs to the request under way.
type fastSender struct {
	client   *fasthttp.HostClient
	request  fasthttp.Request
	response fasthttp.Response
	timeout  time.Duration
	base     string // of every URI
	socket   socket
	opened   func() // counts
	dialled  bool   // dialling failed, so nothing was sent
	shape    shape  // of the request before
}

// A shape is what requests have in common that differ in values alone.
type shape struct {
	method, path       string
	date, payload, key bool
}

// A socket notes what happens on a connection.
type socket struct {
	net.Conn

	sent  bool
	wrote time.Time
	first time.Time
}

// Write notes that something has left, or may have: of a TLS record that was written in
// part the error says nothing.
func (s *socket) Write(p []byte) (int, error) {
	s.sent = true
	n, err := s.Conn.Write(p)
	s.wrote = time.Now()
	return n, err
}

// Read notes when the answer begins.
func (s *socket) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	if n > 0 && s.first.IsZero() {
		s.first = time.Now()
	}
	return n, err
}

// longIdle is how long a connection may be idle: a slow stage is no reason for a
// handshake, and servers commonly close after two minutes.
const longIdle = 90 * time.Second

// maxAnswer is far above any answer of these APIs.
const maxAnswer = 1 << 20

func newFastSender(t *Target, timeout time.Duration, opened func()) (*fastSender, error) {
	host, address, prefix, err := t.address()
	if err != nil {
		return nil, err
	}
	s := &fastSender{timeout: timeout, opened: opened, base: "http://" + host + prefix}
	config := t.tls("http/1.1")
	s.client = &fasthttp.HostClient{
		Addr: address, MaxConns: 1, MaxIdleConnDuration: longIdle, MaxResponseBodySize: maxAnswer,
		Name: merchant.UserAgent, DisablePathNormalizing: true, DisableHeaderNamesNormalizing: true, // nobody reads them
		// One attempt is one request on the wire; we alone decide about another.
		MaxIdemponentCallAttempts: 1,
		// TLS is ours, so that a socket sees the bytes of HTTP and nothing of handshakes:
		// for fasthttp it is a plain connection.
		DialTimeout: func(string, time.Duration) (net.Conn, error) {
			s.dialled = true
			ctx, cancel := context.WithTimeout(context.Background(), timeout) // fasthttp has none
			defer cancel()
			raw, err := t.dial(ctx, "tcp", address)
			if err != nil {
				return nil, err
			}
			conn := tls.Client(raw, config)
			if err := conn.HandshakeContext(ctx); err != nil {
				_ = raw.Close() // the handshake's error is the one that matters
				return nil, err
			}
			s.opened()
			s.dialled = false
			s.socket.Conn = conn
			return &s.socket, nil
		},
	}
	return s, nil
}

func (s *fastSender) send(out *outgoing, in *incoming) {
	r := &s.request
	// A creation differs from the one before in the values of its headers: the rest is
	// written once.
	if is := (shape{out.method, out.path, len(out.date) > 0, len(out.payload) > 0, len(out.key) > 0}); is != s.shape {
		s.shape = is
		r.Reset()
		r.Header.DisableNormalizing()
		r.Header.SetMethod(out.method)
		r.SetRequestURI(s.base + out.path)
		r.Header.SetContentType(d24.ContentTypeJSON)
		r.SetTimeout(s.timeout)
	}
	if len(out.date) > 0 {
		r.Header.SetBytesV(d24.HeaderDate, out.date)
		r.Header.Set(d24.HeaderLogin, out.login)
		r.Header.SetBytesV(d24.HeaderAuthorization, out.signature)
	}
	if len(out.payload) > 0 {
		r.Header.SetBytesV(d24.HeaderPayloadSignature, out.payload)
		r.Header.Set(d24.HeaderAuthorization, out.basic)
	}
	if len(out.key) > 0 {
		r.Header.SetBytesV(d24.HeaderIdempotencyKey, out.key)
	}
	r.SetBodyRaw(out.body)
	s.socket.sent, s.socket.wrote, s.socket.first = false, time.Time{}, time.Time{}
	s.dialled = false
	err := s.client.Do(r, &s.response)
	in.wrote, in.first, in.err = s.socket.wrote, s.socket.first, err
	in.outcome = s.outcome(err)
	in.status, in.body = 0, nil
	if err == nil {
		in.status, in.body = s.response.StatusCode(), s.response.Body()
	}
}

func (s *fastSender) outcome(err error) outcome {
	switch {
	case err == nil:
		return answered
	case s.dialled || !s.socket.sent:
		return unsent
	case isTimeout(err):
		return timeout
	case !s.socket.first.IsZero():
		return torn
	}
	return lost
}

func isTimeout(err error) bool {
	if errors.Is(err, fasthttp.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

func (s *fastSender) close() { s.client.CloseIdleConnections() }
