package load

import (
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

// A troubled server does to each request what its path says, and counts them.
type troubled struct {
	*httptest.Server

	arrived  atomic.Int64
	seen     atomic.Pointer[http.Request]
	body     atomic.Pointer[string]
	release  chan struct{}
	stopping sync.Once
}

func startTroubled(t *testing.T) *troubled {
	t.Helper()
	s := &troubled{release: make(chan struct{})}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.arrived.Add(1)
		text, _ := io.ReadAll(r.Body)
		body := string(text)
		s.seen.Store(r)
		s.body.Store(&body)
		switch r.URL.Path {
		case "/lost":
			panic(http.ErrAbortHandler)
		case "/torn":
			w.Header().Set("Content-Length", "100")
			w.Write([]byte("half"))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "/late":
			<-s.release
		}
		io.WriteString(w, `{"deposit_id":1}`)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.stop)
	return s
}

// stop lets go of the requests that are held back, and closes. Again it does nothing.
func (s *troubled) stop() {
	s.stopping.Do(func() {
		close(s.release)
		s.Close()
	})
}

// senders are both kinds, on their way to the server, with a count of connections.
func (s *troubled) senders(t *testing.T, timeout time.Duration) (all map[string]sender, opened *atomic.Int64) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	target := &Target{BaseURL: s.URL, Roots: roots, Loopback: true}
	opened = &atomic.Int64{}
	count := func() { opened.Add(1) }
	fast, err := newFastSender(target, timeout, count)
	require.NoError(t, err)
	p := &Profile{Connections: 1, Timeout: timeout}
	all = map[string]sender{
		"fasthttp":           fast,
		"net/http, HTTP/1.1": &netSender{transport: newTransport(target, p, false, count), timeout: timeout, base: s.URL},
		"net/http, HTTP/2":   &netSender{transport: newTransport(target, p, true, count), timeout: timeout, base: s.URL},
	}
	t.Cleanup(func() {
		for _, each := range all {
			each.close()
		}
	})
	return all, opened
}

func TestWhatIsSentIsWhatWasSigned(t *testing.T) {
	t.Parallel()
	s := startTroubled(t)
	all, _ := s.senders(t, 20*time.Second)
	for name, sender := range all {
		var in incoming
		sender.send(&outgoing{
			method: http.MethodPost, path: d24.PathDeposits, body: []byte(`{"a":1}`), date: []byte("2026-11-20T12:00:00Z"),
			login: "login", signature: []byte("D24 00"), key: []byte("k1"),
		}, &in)
		require.NoError(t, in.err, name)
		assert.Equal(t, 200, in.status, name)
		assert.JSONEq(t, `{"deposit_id":1}`, string(in.body), name)
		assert.False(t, in.first.Before(in.wrote) && in.first.IsZero(), name)
		r := s.seen.Load()
		assert.Equal(t, d24.PathDeposits, r.URL.Path, name)
		assert.JSONEq(t, `{"a":1}`, *s.body.Load(), name)
		for header, want := range map[string]string{
			d24.HeaderDate: "2026-11-20T12:00:00Z", d24.HeaderLogin: "login", d24.HeaderAuthorization: "D24 00", d24.HeaderIdempotencyKey: "k1",
			d24.HeaderContentType: d24.ContentTypeJSON, d24.HeaderUserAgent: "d24conform", d24.HeaderPayloadSignature: "",
		} {
			assert.Equal(t, want, r.Header.Get(header), "%s: %s", name, header)
		}
		assert.NotContains(t, strings.ToLower(strings.Join(headerNames(r), " ")), "vegeta", name)

		sender.send(&outgoing{
			method: http.MethodPost, path: d24.PathDeposits, body: []byte(`{"b":22}`), date: []byte("2026-11-20T12:00:01Z"),
			login: "login2", signature: []byte("D24 01"), key: []byte("k2"),
		}, &in)
		r = s.seen.Load()
		assert.JSONEq(t, `{"b":22}`, *s.body.Load(), name)
		for header, want := range map[string]string{
			d24.HeaderDate: "2026-11-20T12:00:01Z", d24.HeaderLogin: "login2", d24.HeaderAuthorization: "D24 01", d24.HeaderIdempotencyKey: "k2",
		} {
			assert.Equal(t, []string{want}, r.Header.Values(header), "%s: one like the one before, with values of its own", name)
		}

		sender.send(&outgoing{method: http.MethodPost, path: d24.PathCashout, body: []byte(`{}`), payload: []byte("11"), basic: "Basic x"}, &in)
		assert.Equal(t, "11", s.seen.Load().Header.Get(d24.HeaderPayloadSignature), name)
		assert.Empty(t, s.seen.Load().Header.Get(d24.HeaderIdempotencyKey), "%s: nothing is left of the request before", name)
	}
}

func headerNames(r *http.Request) []string {
	var names []string
	for name := range r.Header {
		names = append(names, name)
	}
	return names
}

// Nothing is sent a second time, whatever becomes of it: GET and keyed POST are what
// HTTP libraries repeat by themselves when a connection breaks under them.
func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	s := startTroubled(t)
	all, opened := s.senders(t, 20*time.Second)
	for name, sender := range all {
		for _, out := range []*outgoing{
			{method: http.MethodGet, path: "/lost", date: []byte("d")},
			{method: http.MethodPost, path: "/lost", date: []byte("d"), body: []byte("{}"), key: []byte("k")},
		} {
			var in incoming
			sender.send(&outgoing{method: http.MethodGet, path: "/"}, &in) // so that the connection is no new one
			require.NoError(t, in.err, name)
			before := s.arrived.Load()
			sender.send(out, &in)
			require.Error(t, in.err, name)
			assert.Equal(t, lost, in.outcome, "%s %s: %v", name, out.method, in.err)
			assert.Equal(t, before+1, s.arrived.Load(), "%s %s", name, out.method)
		}
	}
	assert.LessOrEqual(t, opened.Load(), int64(9), "a connection that broke is opened again, and no other")
}

func TestHowAnAttemptEnded(t *testing.T) {
	t.Parallel()
	s := startTroubled(t)
	const brief = 50 * time.Millisecond // what never comes does not come later either
	impatient, _ := s.senders(t, brief)
	patient, _ := s.senders(t, 20*time.Second)
	for name := range patient {
		var in incoming
		impatient[name].send(&outgoing{method: http.MethodPost, path: "/late", body: []byte("{}")}, &in)
		assert.Contains(t, []outcome{timeout, unsent}, in.outcome, "%s: a busy machine may not get so far as to send: %v", name, in.err)
		patient[name].send(&outgoing{method: http.MethodPost, path: "/torn", body: []byte("{}")}, &in)
		assert.Equal(t, torn, in.outcome, "%s: %v", name, in.err)
	}
	s.stop()
	for name, sender := range patient {
		var in incoming
		sender.send(&outgoing{method: http.MethodGet, path: "/"}, &in)
		sender.send(&outgoing{method: http.MethodGet, path: "/"}, &in)
		assert.Equal(t, unsent, in.outcome, "%s: nobody listens any more: %v", name, in.err)
	}
}
