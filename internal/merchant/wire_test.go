package merchant_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/localca"
	"github.com/d24conform/d24conform/internal/merchant"
)

// received is one request as its bytes came in.
type received struct {
	line   string
	header exchange.Header
	body   string
}

// A wire is a server that keeps what it reads and answers what it is told to. No HTTP
// library stands between the test and the bytes.
type wire struct {
	url   string
	roots *x509.CertPool

	mu       sync.Mutex
	requests []received
	conns    int
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

// onTheWire starts a server. serve is called with each connection in a goroutine of
// its own and reads requests with wire.read.
func onTheWire(t *testing.T, serve func(w *wire, conn net.Conn, r *bufio.Reader)) *wire {
	t.Helper()
	authority, err := localca.New(time.Now())
	require.NoError(t, err)
	certificate, err := authority.Issue(localca.Loopback(time.Now()))
	require.NoError(t, err)
	w := listen(t, &tls.Config{Certificates: []tls.Certificate{certificate}}, serve)
	w.roots = authority.Pool()
	return w
}

// listen starts a server, with TLS if there is a configuration of it.
func listen(t *testing.T, config *tls.Config, serve func(w *wire, conn net.Conn, r *bufio.Reader)) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{url: "https://" + listener.Addr().String()}
	var (
		all  sync.WaitGroup
		open []net.Conn
	)
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if config != nil {
				conn = tls.Server(conn, config)
			}
			w.mu.Lock()
			w.conns++
			open = append(open, conn)
			w.mu.Unlock()
			all.Go(func() {
				defer conn.Close()
				serve(w, conn, bufio.NewReader(conn))
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		w.mu.Lock()
		for _, conn := range open {
			conn.Close()
		}
		w.mu.Unlock()
		all.Wait()
	})
	return w
}

// read reads and keeps one request; it says whether there was one.
func (w *wire) read(r *bufio.Reader) bool {
	var got received
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		line = strings.TrimSuffix(line, "\r\n")
		switch {
		case got.line == "":
			got.line = line
		case line == "":
			length, _ := strconv.Atoi(got.header.Get("Content-Length"))
			body := make([]byte, length)
			_, err := io.ReadFull(r, body)
			if got.header.Get("Transfer-Encoding") == "chunked" {
				if body, err = io.ReadAll(httputil.NewChunkedReader(r)); err == nil {
					_, err = r.ReadString('\n') // there is no trailer
				}
			}
			if err != nil {
				return false
			}
			got.body = string(body)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.requests = append(w.requests, got)
			return true
		default:
			name, value, _ := strings.Cut(line, ": ")
			got.header = append(got.header, exchange.Field{Name: name, Value: value})
		}
	}
}

func (w *wire) all() []received {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]received(nil), w.requests...)
}

func (w *wire) connections() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conns
}

// answering answers every request with 200, on as many connections as the client likes.
func answering(w *wire, conn net.Conn, r *bufio.Reader) {
	for w.read(r) {
		io.WriteString(conn, ok)
	}
}

func credentials() d24.Credentials {
	return d24.Credentials{
		Deposits: d24.DepositsCredentials{APIKey: "dep-login", APISignature: "dep-secret", ReadOnlyKey: "read-key"},
		Cashouts: d24.CashoutsCredentials{APIKey: "cash-login", APIPassphrase: "cash-pass", APISignature: "cash-secret"},
	}
}

// noon is the server's time in most tests.
func noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 987654321, time.UTC) }

const noonText = "2026-03-04T12:00:00Z"

// client makes a client of the server, with a log, at noon.
func client(t *testing.T, w *wire, change ...func(*merchant.Options)) *merchant.Client {
	t.Helper()
	opts := merchant.Options{
		BaseURL: w.url, Credentials: credentials(), Roots: w.roots, Now: noon, Log: &exchange.Log{},
		Timeout: time.Minute, // none of the tests may need it, however slow the machine
	}
	for _, c := range change {
		c(&opts)
	}
	c, err := merchant.New(opts)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// hmacOf is the signature by the standard library alone.
func hmacOf(secret string, parts ...string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, strings.Join(parts, ""))
	return hex.EncodeToString(mac.Sum(nil))
}

func post(body string) merchant.Request {
	return merchant.Request{Method: http.MethodPost, Path: "/v3/deposits", Auth: merchant.SignedDeposit, Body: []byte(body)}
}

func TestWhatIsOnTheWire(t *testing.T) {
	t.Parallel()
	const body = `{"name":"São Paulo","amount":1.50}`
	length := strconv.Itoa(len(body))
	host := func(w *wire) string { return strings.TrimPrefix(w.url, "https://") }
	common := func(w *wire) exchange.Header {
		return exchange.Header{{Name: "Host", Value: host(w)}, {Name: "User-Agent", Value: "d24conform"}}
	}
	for _, c := range []struct {
		name    string
		request merchant.Request
		line    string
		header  exchange.Header // behind Host and User-Agent
	}{
		{
			"a deposit",
			merchant.Request{Method: "POST", Path: "/v3/deposits", Auth: merchant.SignedDeposit, Body: []byte(body), IdempotencyKey: "k-1"},
			"POST /v3/deposits HTTP/1.1",
			exchange.Header{
				{Name: "Content-Length", Value: length},
				{Name: "Authorization", Value: "D24 " + hmacOf("dep-secret", noonText, "dep-login", body)},
				{Name: "Content-Type", Value: "application/json"},
				{Name: "X-Date", Value: noonText},
				{Name: "X-Idempotency-Key", Value: "k-1"},
				{Name: "X-Login", Value: "dep-login"},
			},
		},
		{
			"a deposit's status", merchant.DepositStatus("300000001"), "GET /v3/deposits/300000001 HTTP/1.1", exchange.Header{
				{Name: "Authorization", Value: "D24 " + hmacOf("dep-secret", noonText, "dep-login")},
				{Name: "Content-Type", Value: "application/json"},
				{Name: "X-Date", Value: noonText},
				{Name: "X-Login", Value: "dep-login"},
			},
		},
		{
			"a cashout",
			merchant.Request{Method: "DELETE", Path: "/v3/cashout/cancel", Auth: merchant.SignedCashout, Body: []byte(body)},
			"DELETE /v3/cashout/cancel HTTP/1.1",
			exchange.Header{
				{Name: "Content-Length", Value: length},
				{Name: "Authorization", Value: basicOfTheCashouts},
				{Name: "Content-Type", Value: "application/json"},
				{Name: "Payload-Signature", Value: hmacOf("cash-secret", body)},
			},
		},
		{
			"a read-only endpoint", merchant.ReadOnly("/v3/banks", map[string][]string{"country": {"BR"}}), "GET /v3/banks?country=BR HTTP/1.1", exchange.Header{
				{Name: "Authorization", Value: "Bearer read-key"},
				{Name: "Content-Type", Value: "application/json"},
			},
		},
		{
			"unsigned, with an empty body", merchant.Request{Method: "PUT", Path: "/"}, "PUT / HTTP/1.1", exchange.Header{
				{Name: "Content-Length", Value: "0"},
				{Name: "Content-Type", Value: "application/json"},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := onTheWire(t, answering)
			cl := client(t, w)
			c.request.Label, c.request.Scenario = "probe", "a scenario"
			e := cl.Do(t.Context(), c.request)
			require.Nil(t, e.Failure)
			require.Len(t, w.all(), 1)
			got := w.all()[0]
			assert.Equal(t, c.line, got.line)
			assert.Empty(t, cmp.Diff(append(common(w), c.header...), got.header))
			assert.Equal(t, string(c.request.Body), got.body)

			assert.Empty(t, cmp.Diff(got.header, e.Request.Header), "the record is what was received, in its order and spelling")
			assert.Equal(t, got.line, e.Request.Method+" "+strings.TrimPrefix(e.Request.URL, w.url)+" "+e.Request.Proto)
			assert.Equal(t, got.body, string(e.Request.Body))
			assert.Equal(t, "probe", e.Label)
			assert.Equal(t, "a scenario", e.Scenario)
			assert.Equal(t, host(w), e.Peer)
			assert.Equal(t, "TLS 1.3", e.TLS)
			assert.Empty(t, cmp.Diff(&exchange.Response{
				Status: 200, Proto: "HTTP/1.1", Header: exchange.Header{{Name: "Content-Length", Value: "2"}}, Body: []byte("{}"),
			}, e.Response))
			assert.Equal(t, []*exchange.Exchange{e}, cl.Log.All())
		})
	}
}

func TestAPrefixOfTheBaseURLIsKept(t *testing.T) {
	t.Parallel()
	w := onTheWire(t, answering)
	c := client(t, w, func(o *merchant.Options) { o.BaseURL += "/gateway/" })
	require.Nil(t, c.Do(t.Context(), merchant.DepositStatus("a/b?c")).Failure)
	assert.Equal(t, "GET /gateway/v3/deposits/a%2Fb%3Fc HTTP/1.1", w.all()[0].line)
}

func TestBaseURLs(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "api.example.com", "https://", "ftp://x", "https://user:pass@x", "https://x?a=b", "https://x#f", "https://x:port", ":"} {
		_, err := merchant.New(merchant.Options{BaseURL: base})
		require.Error(t, err, base)
		assert.Contains(t, err.Error(), "is not of the form https://host")
	}
	for _, base := range []string{"https://x", "http://x:8080", "https://[::1]:1/", "https://x/prefix"} {
		_, err := merchant.New(merchant.Options{BaseURL: base})
		assert.NoError(t, err, base)
	}
}

// A request that cannot be made is our own mistake, and says so.
func TestWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	c, err := merchant.New(merchant.Options{BaseURL: "https://127.0.0.1:1"})
	require.NoError(t, err)
	e := c.Do(t.Context(), merchant.Request{Method: "NO METHOD", Path: "/"})
	require.NotNil(t, e.Failure)
	assert.Equal(t, exchange.FailureCancelled, e.Failure.Kind)
	assert.Contains(t, e.Failure.Text, "not sent: ")
}

// The date is that of the moment when the connection is up, however long that took.
func TestASlowHandshakeMakesNoStaleDate(t *testing.T) {
	t.Parallel()
	var (
		mu  sync.Mutex
		now = noon()
	)
	handshaking := make(chan struct{})
	authority, err := localca.New(time.Now())
	require.NoError(t, err)
	certificate, err := authority.Issue(localca.Loopback(time.Now()))
	require.NoError(t, err)
	w := listen(t, &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		<-handshaking // the handshake lasts until the clock has gone on
		return &tls.Config{Certificates: []tls.Certificate{certificate}}, nil
	}}, answering)
	w.roots = authority.Pool()
	var once sync.Once
	c := client(t, w, func(o *merchant.Options) {
		o.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			before := now
			once.Do(func() { // the draft that is made before there is a connection
				now = now.Add(30 * time.Second)
				close(handshaking)
			})
			return before
		}
	})
	e := c.Do(t.Context(), post(`{}`))
	require.Nil(t, e.Failure)
	got := w.all()[0]
	assert.Equal(t, "2026-03-04T12:00:30Z", got.header.Get("X-Date"))
	assert.Equal(t, "D24 "+hmacOf("dep-secret", "2026-03-04T12:00:30Z", "dep-login", "{}"), got.header.Get("Authorization"))
	assert.Empty(t, cmp.Diff(got.header, e.Request.Header))
}

func TestTimings(t *testing.T) {
	t.Parallel()
	w := onTheWire(t, answering)
	c := client(t, w)
	before := time.Now()
	first := c.Do(t.Context(), post(`{}`))
	second := c.Do(t.Context(), post(`{}`))
	after := time.Now()
	require.Equal(t, 1, w.connections())
	assert.Positive(t, first.Timing.Connect)
	assert.Positive(t, first.Timing.TLS)
	assert.Zero(t, second.Timing.Connect, "the connection was there already")
	assert.Zero(t, second.Timing.TLS)
	for _, e := range []*exchange.Exchange{first, second} {
		assert.Positive(t, e.Timing.Total)
		assert.LessOrEqual(t, e.Timing.FirstByte, e.Timing.Total)
		assert.False(t, e.Started.Before(before.Add(e.Timing.Connect+e.Timing.TLS)), "the start is when the connection is up")
		assert.False(t, e.Ended().After(after))
	}
	assert.False(t, second.Started.Before(first.Ended()))
}

func TestARedirectIsAnAnswer(t *testing.T) {
	t.Parallel()
	w := onTheWire(t, func(w *wire, conn net.Conn, r *bufio.Reader) {
		for w.read(r) {
			io.WriteString(conn, "HTTP/1.1 307 Temporary Redirect\r\nLocation: "+w.url+"/elsewhere\r\nContent-Length: 0\r\n\r\n")
		}
	})
	e := client(t, w).Do(t.Context(), post(`{}`))
	assert.Equal(t, 307, e.Status())
	assert.Len(t, w.all(), 1)
}

func TestAnEndlessAnswerIsCut(t *testing.T) {
	t.Parallel()
	const limit = 4 << 20
	for length, cut := range map[int]bool{limit: false, limit + 1: true, limit + 1000: true} {
		w := onTheWire(t, func(w *wire, conn net.Conn, r *bufio.Reader) {
			for w.read(r) {
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(length)+"\r\n\r\n")
				conn.Write(make([]byte, length))
			}
		})
		e := client(t, w).Do(t.Context(), post(`{}`))
		require.Nil(t, e.Failure)
		assert.Len(t, e.Response.Body, limit)
		assert.Equal(t, cut, e.Response.Truncated, "%d bytes", length)
	}
}

// What follows a 101 is no body, and would never end.
func TestAnAnswerThatSwitchesProtocols(t *testing.T) {
	t.Parallel()
	w := onTheWire(t, func(w *wire, conn net.Conn, r *bufio.Reader) {
		w.read(r)
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
		r.ReadByte() // until the client has had enough
	})
	assert.Equal(t, 101, client(t, w).Do(t.Context(), post(`{}`)).Status())
}
