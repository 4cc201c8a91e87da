package load

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
)

// A netSender is what HTTP/2 and proxies take: net/http's client. All senders of a run
// share its transport.
type netSender struct {
	transport *http.Transport
	timeout   time.Duration
	base      string
	answer    bytes.Buffer
}

// newTransport opens no more connections than there are senders.
func newTransport(t *Target, p *Profile, http2 bool, opened func()) *http.Transport {
	transport := &http.Transport{
		TLSClientConfig: t.tls(), TLSHandshakeTimeout: p.Timeout,
		MaxConnsPerHost: p.Connections, MaxIdleConnsPerHost: p.Connections, IdleConnTimeout: longIdle,
		DisableCompression: true, ForceAttemptHTTP2: http2,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := t.dial(ctx, network, address)
			if err == nil {
				opened()
			}
			return conn, err
		},
		Protocols: new(http.Protocols),
	}
	transport.Protocols.SetHTTP1(!http2)
	transport.Protocols.SetHTTP2(http2)
	if t.Proxied {
		transport.Proxy = http.ProxyFromEnvironment
	}
	return transport
}

// errAgain stops net/http, which sends a request again by itself when the connection
// under it breaks.
var errAgain = errors.New("the connection broke, and nothing is sent twice")

// A watch notes what net/http tells of one attempt, from goroutines that may outlive it.
type watch struct {
	mu           sync.Mutex
	begun, again bool
	wrote, first time.Time
}

func (w *watch) note(what func(*watch)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	what(w)
}

func (w *watch) trace(stop func()) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) {
			w.note(func(w *watch) {
				if w.begun { // something may have left already
					w.again = true
					stop()
				}
			})
		},
		WroteHeaders:         func() { w.note(func(w *watch) { w.begun = true }) },
		WroteRequest:         func(httptrace.WroteRequestInfo) { w.note(func(w *watch) { w.wrote = time.Now() }) },
		GotFirstResponseByte: func() { w.note(func(w *watch) { w.first = time.Now() }) },
	}
}

func (s *netSender) send(out *outgoing, in *incoming) {
	*in = incoming{}
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	seen := &watch{}
	response, err := s.roundTrip(httptrace.WithClientTrace(ctx, seen.trace(cancel)), out)
	if err == nil {
		in.status = response.StatusCode
		s.answer.Reset()
		_, err = s.answer.ReadFrom(io.LimitReader(response.Body, maxAnswer))
		_ = response.Body.Close()
		in.body = s.answer.Bytes()
	}
	seen.note(func(w *watch) {
		in.wrote, in.first = w.wrote, w.first
		switch {
		case err == nil:
			in.outcome = answered
		case !w.begun:
			in.outcome = unsent
		case w.again:
			in.outcome, err = lost, errAgain
		case isTimeout(err):
			in.outcome = timeout
		case !w.first.IsZero():
			in.outcome = torn
		default:
			in.outcome = lost
		}
	})
	if in.err = err; err != nil {
		in.status, in.body = 0, nil
	}
}

// roundTrip makes the request by hand: without GetBody, and without http.NewRequest's
// ideas about it.
func (s *netSender) roundTrip(ctx context.Context, out *outgoing) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, out.method, s.base+out.path, http.NoBody)
	if err != nil {
		return nil, err
	}
	if len(out.body) > 0 {
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(out.body)), int64(len(out.body))
	}
	request.GetBody = nil
	h := request.Header
	h[d24.HeaderContentType] = []string{d24.ContentTypeJSON}
	h[d24.HeaderUserAgent] = []string{merchant.UserAgent}
	if len(out.date) > 0 {
		h[d24.HeaderDate] = []string{string(out.date)}
		h[d24.HeaderLogin] = []string{out.login}
		h[d24.HeaderAuthorization] = []string{string(out.signature)}
	}
	if len(out.payload) > 0 {
		h[d24.HeaderPayloadSignature] = []string{string(out.payload)}
		h[d24.HeaderAuthorization] = []string{out.basic}
	}
	if len(out.key) > 0 {
		h[d24.HeaderIdempotencyKey] = []string{string(out.key)}
	}
	return s.transport.RoundTrip(request)
}

func (s *netSender) close() { s.transport.CloseIdleConnections() }
