package target

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
)

// environment is the EnvironmentError that an error is: one sentence, a hint, and no
// secret.
func environment(t *testing.T, err error) *EnvironmentError {
	t.Helper()
	require.Error(t, err)
	var e *EnvironmentError
	require.ErrorAs(t, err, &e)
	assert.NotEmpty(t, e.Hint)
	assert.NotContains(t, e.Text+e.Hint, "\n")
	assert.NotContains(t, e.Text+e.Hint, "marked-")
	assert.Equal(t, e.Text, e.Error())
	return e
}

func TestReachSaysWhyItCannot(t *testing.T) {
	t.Parallel()
	closing := listener(t, func(net.Conn) {})
	certificate := httptest.NewTLSServer(http.HandlerFunc(notFound))
	t.Cleanup(certificate.Close)
	plain := httptest.NewServer(http.HandlerFunc(notFound))
	t.Cleanup(plain.Close)
	inTLS := func(answer string) func(net.Conn) {
		return func(conn net.Conn) {
			secure := tls.Server(conn, &tls.Config{Certificates: certificate.TLS.Certificates})
			secure.Read(make([]byte, 4096))
			io.WriteString(secure, answer)
			secure.Close()
		}
	}
	nobody := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		return "https://" + l.Addr().String()
	}()
	trusted := serve(t, keys, notFound).Roots
	for _, row := range []struct {
		name       string
		cfg        Config
		want, hint string
	}{
		{
			"nothing listens",
			Config{BaseURL: nobody},
			nobody + ": nothing listens there (connection refused)", "is the server running, and the port right?",
		},
		{
			"a host that never answers",
			Config{BaseURL: "https://" + listener(t, nil), Timeout: 50 * time.Millisecond},
			": no answer within 50ms", "is the address right, and does a firewall let you through? --timeout waits longer",
		},
		{
			// Whether it ends the connection or the handshake is a matter of microseconds.
			"a server that closes at once",
			Config{BaseURL: "https://" + closing},
			": ", "",
		},
		{
			"a server that closes instead of answering",
			Config{BaseURL: "https://" + listener(t, inTLS("")), Roots: trusted},
			": the connection ended before the answer was whole", "is the base URL right?",
		},
		{
			"a server that does not speak TLS",
			Config{BaseURL: "https://" + plain.Listener.Addr().String()},
			": no TLS connection", "is the port that of HTTPS?",
		},
		{
			"garbage in the place of TLS",
			Config{BaseURL: "https://" + listener(t, func(conn net.Conn) { io.WriteString(conn, "220 mail.example ready\r\n") })},
			": no TLS connection", "is the port that of HTTPS?",
		},
		{
			"garbage inside TLS",
			Config{BaseURL: "https://" + listener(t, inTLS("220 mail.example ready\r\n")), Roots: trusted},
			": its answer is not HTTP", "is the base URL right?",
		},
		{
			"a certificate that nobody vouches for",
			Config{BaseURL: certificate.URL},
			": its certificate is not to be trusted", "name the authority that signed it with D24_CA_FILE or ca_file",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.cfg.Credentials = keys
			e := environment(t, newServer(t, row.cfg).Reach(t.Context()))
			assert.True(t, strings.HasPrefix(e.Text, row.cfg.BaseURL), "it begins with the address: %s", e.Text)
			assert.Contains(t, e.Text, row.want)
			if row.hint != "" {
				assert.Equal(t, row.hint, e.Hint)
			}
		})
	}
}

func TestReachSaysThatItIsAnotherServer(t *testing.T) {
	t.Parallel()
	cfg := serve(t, keys, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<h1>It works!</h1>")
	})
	e := environment(t, newServer(t, cfg).Reach(t.Context()))
	assert.Equal(t, cfg.BaseURL+` answers, but not like a D24 API: 200 with a body that is not JSON, Content-Type "text/html; charset=utf-8"`, e.Text)
	assert.Equal(t, "is the base URL right, without a path behind the host?", e.Hint)
}

// Whoever started the run was asked by the host's name whether it is this machine.
func TestReachStopsWhereTheNameWasWrong(t *testing.T) {
	t.Parallel()
	cfg := serve(t, keys, notFound)
	s := newServer(t, cfg)
	s.proxy = func(*http.Request) (*url.URL, error) { return url.Parse("http://proxy.example") }
	e := environment(t, s.Reach(t.Context()))
	assert.True(t, strings.HasPrefix(e.Text, cfg.BaseURL+" is this machine by its name, and then answers from 127.0.0.1:"), e.Text)
	assert.Equal(t, "write an address in the place of the host", e.Hint)
}

func TestReachNamesTheSecondEnvironment(t *testing.T) {
	t.Parallel()
	cfg := serve(t, keys, notFound)
	cfg.Second = &Config{BaseURL: "https://" + listener(t, func(net.Conn) {}), Credentials: keys}
	e := environment(t, newServer(t, cfg).Reach(t.Context()))
	assert.True(t, strings.HasPrefix(e.Text, "second environment: https://127.0.0.1:"), e.Text)
}

func TestReachCreatesNothing(t *testing.T) {
	t.Parallel()
	for name, credentials := range map[string]d24.Credentials{"deposits": keys, "cashouts": {Cashouts: keys.Cashouts}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			asked := map[string]bool{}
			s := newServer(t, serve(t, credentials, func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				asked[r.Method+" "+r.URL.Path] = true
				notFound(w, r)
			}))
			require.NoError(t, s.Reach(t.Context()))
			assert.True(t, s.Loopback())
			want := "GET /v3/deposits/100000000"
			if name == "cashouts" {
				want = "POST /v3/cashout/status"
			}
			assert.Equal(t, map[string]bool{want: true}, asked)
		})
	}
}

// Between two polite requests lies a fifth of a second, so that two which together
// take less prove that there is no limit. A slow machine tries more often.
func TestReachIsPoliteElsewhere(t *testing.T) {
	t.Parallel()
	limit := func(peer string, maxRPS float64) float64 {
		cfg := serve(t, depositKeys, notFound)
		cfg.MaxRPS = maxRPS
		s := newServer(t, cfg)
		s.meet(peer)
		return s.client.Limit.PerSecond()
	}
	assert.InDelta(t, politeRate, limit("192.0.2.1:443", 0), 0, "elsewhere, where nobody said how much may be asked")
	assert.Zero(t, limit("127.0.0.1:443", 0), "this machine bears it")
	assert.InDelta(t, 1e6, limit("192.0.2.1:443", 1e6), 0, "a configuration may allow more")
	assert.InDelta(t, 2, limit("127.0.0.1:443", 2), 0, "or less, of this machine too")
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	s := newServer(t, serve(t, keys, create))
	created, err := s.Admit(t.Context(), orders())
	require.NoError(t, err)
	require.Len(t, created, 2, "one object of each product")
	assert.Equal(t, "preflight", created[0].Label)
	assert.True(t, strings.HasSuffix(created[0].Request.URL, d24.PathDeposits))
	assert.True(t, strings.HasSuffix(created[1].Request.URL, d24.PathCashout))

	deposits := newServer(t, serve(t, depositKeys, create))
	created, err = deposits.Admit(t.Context(), orders())
	require.NoError(t, err)
	assert.Len(t, created, 1, "and none of others")
}

func TestAdmitSaysWhyItIsNotLetIn(t *testing.T) {
	t.Parallel()
	const look = "check the credentials, this machine's address in the whitelist, its clock, and the account's funds"
	for _, row := range []struct {
		name       string
		status     int
		body       string
		path       string // where; empty = everywhere
		want, hint string
	}{
		{
			"everything is refused", 401, `{"code":100,"description":"Invalid credentials"}`, "",
			" refuses a deposits request that is signed and dated right: 401 code 100 (Invalid credentials)", look,
		},
		{
			"a refusal that repeats what it was sent", 401, `{"code":100,"description":"No such login: marked-login-of-deposits"}`, "",
			" refuses a deposits request that is signed and dated right: 401 code 100 (No such login: {{D24_DEPOSITS_API_KEY}})", look,
		},
		{
			"cashouts alone are refused", 401, `{"code":402,"message":"Unregistered IP"}`, d24.PathCashout,
			" refuses a cashouts request that is signed and dated right: 401 code 402 (Unregistered IP)", look,
		},
		{
			"the account is empty", 412, `{"code":514,"message":"Insufficient funds"}`, d24.PathCashout,
			" has no funds for a cashout of 10: 412 code 514 (Insufficient funds)", "fill the account: create a deposit on it and approve that",
		},
		{
			"it fails", 500, `{"code":500,"description":"Generic error"}`, "",
			" does not take a deposits request that is signed and dated right: 500 code 500 (Generic error)", "is it in order? Try again when it is",
		},
		{
			"200 to everything, without an object", 200, `{"status":"ok"}`, "",
			" refuses a deposits request that is signed and dated right: 200 with JSON that is neither what was asked for nor an error", look,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cfg := serve(t, keys, func(w http.ResponseWriter, r *http.Request) {
				if row.path == "" || r.URL.Path == row.path {
					say(w, row.status, row.body)
					return
				}
				create(w, r)
			})
			created, err := newServer(t, cfg).Admit(t.Context(), orders())
			e := environment(t, err)
			assert.Equal(t, cfg.BaseURL+row.want, e.Text)
			assert.Equal(t, row.hint, e.Hint)
			if row.path != "" {
				assert.Len(t, created, 1, "what was made before is known")
			}
		})
	}
}

// A target that is only observed must not be blamed for refusing us either, and nothing
// may be created to find out.
func TestAdmitToObserve(t *testing.T) {
	t.Parallel()
	const look = "check the credentials, this machine's address in the whitelist, and its clock"
	stranger := map[string]string{
		"GET /v3/deposits/100000000": `{"code":100,"description":"Invalid credentials"}`,
		"GET /v3/payment_methods":    `{"code":100,"description":"Invalid credentials"}`,
		"POST /v3/cashout/status":    `{"code":401,"message":"No such login: marked-login-of-cashouts"}`,
	}
	everything := func(body string) map[string]string {
		same := maps.Clone(stranger)
		for question := range same {
			same[question] = body
		}
		return same
	}
	but := func(question string) map[string]string {
		rest := maps.Clone(stranger)
		delete(rest, question)
		return rest
	}
	for _, row := range []struct {
		name        string
		credentials d24.Credentials
		status      int
		refused     map[string]string
		asked       int
		want, hint  string
	}{
		{"every question is refused", keys, 401, stranger, 3, " refuses every question that is signed and dated right: 401 code 401 (No such login: {{D24_CASHOUTS_API_KEY}})", look},
		{"every question of one product", depositKeys, 401, stranger, 2, " refuses every question that is signed and dated right: 401 code 100 (Invalid credentials)", look},
		{"the cashouts alone let us in", keys, 401, but("POST /v3/cashout/status"), 3, "", ""},
		{"the read-only key alone does", keys, 401, but("GET /v3/payment_methods"), 2, "", ""},
		{"the deposits let us in", keys, 401, but("GET /v3/deposits/100000000"), 1, "", ""},
		{"a gateway in front refuses them", keys, 403, everything(`{"code":1020,"message":"Access denied"}`), 3, " refuses every question that is signed and dated right: 403 code 1020 (Access denied)", look},
		{"all of it fails", depositKeys, 503, stranger, 2 * attempts, " answers none of our questions: 503 code 100 (Invalid credentials)", "is it in order? Try again when it is"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			cfg := serve(t, row.credentials, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				question := r.Method + " " + r.URL.Path
				if _, known := stranger[question]; !known {
					t.Errorf("%s may create something", question)
				}
				if body, refused := row.refused[question]; refused {
					say(w, row.status, body)
					return
				}
				notFound(w, r)
			})
			err := newServer(t, cfg).AdmitToObserve(t.Context())
			assert.Equal(t, int64(row.asked), asked.Load())
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			e := environment(t, err)
			assert.Equal(t, cfg.BaseURL+row.want, e.Text)
			assert.Equal(t, row.hint, e.Hint)
		})
	}
	nobody := newServer(t, Config{BaseURL: "https://" + listener(t, nil), Credentials: keys, Timeout: 20 * time.Millisecond})
	assert.Contains(t, environment(t, nobody.AdmitToObserve(t.Context())).Text, ": no answer within 20ms")
	ctx, s := hung(t)
	require.ErrorIs(t, s.AdmitToObserve(ctx), context.Canceled)
	require.NoError(t, embed(t, mock.Options{}).AdmitToObserve(t.Context()))
}

// invoice is the id of an order that arrived.
func invoice(r *http.Request) string {
	var order struct {
		InvoiceID string `json:"invoice_id"`
	}
	json.NewDecoder(r.Body).Decode(&order)
	return order.InvoiceID
}

func TestAdmitWaitsWhereItIsAskedTo(t *testing.T) {
	t.Parallel()
	for retry, want := range map[string]time.Duration{"7": 7 * time.Second, "": 2 * time.Second, "soon": 2 * time.Second, "-1": 2 * time.Second, "86400": time.Minute} {
		t.Run("Retry-After "+retry, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int64
			var waited []time.Duration
			invoices := make(chan string, 9)
			s := newServer(t, serve(t, depositKeys, func(w http.ResponseWriter, r *http.Request) {
				invoices <- invoice(r)
				if calls.Add(1) == 1 {
					w.Header().Set("Retry-After", retry)
					say(w, 429, `{"code":203,"description":"Too many"}`)
					return
				}
				create(w, r)
			}))
			s.sleep = func(_ context.Context, d time.Duration) error {
				waited = append(waited, d)
				return nil
			}
			_, err := s.Admit(t.Context(), orders())
			require.NoError(t, err)
			assert.Equal(t, []time.Duration{want}, waited)
			assert.Equal(t, int64(2), calls.Load())
			first, second := <-invoices, <-invoices
			assert.NotEqual(t, first, second, "an order of its own, or it might be refused as a duplicate")
		})
	}
}

func TestAdmitGivesUpAfterThreeAttempts(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	s := newServer(t, serve(t, depositKeys, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		say(w, 429, `{"code":203,"description":"Too many"}`)
	}))
	_, err := s.Admit(t.Context(), orders())
	assert.Contains(t, environment(t, err).Text, "429 code 203 (Too many)")
	assert.Equal(t, int64(3), calls.Load())
}

// A time-out is believed at once: three of them would be three times what a person
// said they would wait.
func TestAdmitDoesNotRepeatATimeout(t *testing.T) {
	t.Parallel()
	cfg := Config{BaseURL: "https://" + listener(t, nil), Credentials: keys, Timeout: 20 * time.Millisecond}
	s := newServer(t, cfg)
	_, err := s.Admit(t.Context(), orders())
	assert.Equal(t, cfg.BaseURL+": no answer within 20ms", environment(t, err).Text)
	assert.Equal(t, 1, s.Log.Len())
}

// hung is a server that answers nothing until its clients have gone, and cancels the
// context when a request has arrived.
func hung(t *testing.T) (context.Context, *Server) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := newServer(t, serve(t, keys, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // or net/http does not notice that the client has gone
		cancel()
		<-r.Context().Done()
	}))
	return ctx, s
}

func TestAnInterruptEndsReachAndAdmit(t *testing.T) {
	t.Parallel()
	ctx, s := hung(t)
	require.ErrorIs(t, s.Reach(ctx), context.Canceled)
	ctx, s = hung(t)
	_, err := s.Admit(ctx, orders())
	require.ErrorIs(t, err, context.Canceled)

	ctx, cancel := context.WithCancel(t.Context())
	s = newServer(t, serve(t, depositKeys, func(w http.ResponseWriter, _ *http.Request) {
		say(w, 429, `{"code":203}`)
	}))
	s.sleep = func(ctx context.Context, _ time.Duration) error {
		cancel()
		return Sleep(ctx, time.Hour)
	}
	_, err = s.Admit(ctx, orders())
	require.ErrorIs(t, err, context.Canceled, "while it waits, too")

	ctx, s = hung(t)
	cfg := serve(t, keys, notFound)
	cfg.Second = &s.Config
	assert.ErrorIs(t, newServer(t, cfg).Reach(ctx), context.Canceled, "in the second environment, too")
}

func TestSleep(t *testing.T) {
	t.Parallel()
	require.NoError(t, Sleep(t.Context(), 0))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, Sleep(ended, time.Hour), context.Canceled)
}

func TestTheMockAdmits(t *testing.T) {
	t.Parallel()
	s := embed(t, mock.Options{})
	require.NoError(t, s.Reach(t.Context()))
	created, err := s.Admit(t.Context(), orders())
	require.NoError(t, err)
	assert.Len(t, created, len(rules.Products()))
	assert.True(t, s.Loopback())
	assert.True(t, s.Second.Loopback())
}
