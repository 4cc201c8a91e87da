package merchant_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
)

func withKey(r merchant.Request) merchant.Request {
	r.IdempotencyKey = "k-1"
	return r
}

// net/http sends a request again, and says nothing, when a connection that it has used
// before breaks: any GET, and whatever has an X-Idempotency-Key.
func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]merchant.Request{
		"POST with a key":                withKey(post(`{"amount":1}`)),
		"POST without":                   post(`{"amount":1}`),
		"POST with a key and no body":    withKey(post("")),
		"GET":                            merchant.DepositStatus("1"),
		"GET with a key":                 withKey(merchant.DepositStatus("1")),
		"DELETE with a body and a key":   withKey(merchant.Request{Method: http.MethodDelete, Path: "/", Body: []byte("{}")}),
		"DELETE without a body, a key":   withKey(merchant.Request{Method: http.MethodDelete, Path: "/"}),
		"in chunks":                      {Method: http.MethodPost, Path: "/", Body: []byte(`{"amount":1}`), IdempotencyKey: "k-1", Chunked: true},
		"a body longer than any buffer":  withKey(post(strings.Repeat("x", 1<<18))),
		"OPTIONS, which may be repeated": {Method: http.MethodOptions, Path: "/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := onTheWire(t, func(w *wire, conn net.Conn, r *bufio.Reader) {
				w.read(r)
				io.WriteString(conn, ok)
				w.read(r) // and closes without an answer
			})
			c := client(t, w)
			require.Nil(t, c.Do(t.Context(), merchant.DepositStatus("0")).Failure)
			e := c.Do(t.Context(), r)
			require.NotNil(t, e.Failure)
			assert.Equal(t, exchange.FailureClosed, e.Failure.Kind, e.Failure.Text)
			assert.Len(t, w.all(), 2, "one arrival for each Do")
			assert.Equal(t, 1, w.connections())
			assert.Empty(t, cmp.Diff(w.all()[1].header, e.Request.Header), "and it is recorded as it arrived")

			require.Nil(t, c.Do(t.Context(), r).Failure, "the next one goes out on a connection of its own")
			assert.Len(t, w.all(), 3)
		})
	}
}

// Nor when another connection is waiting to be used: net/http takes that at once, and
// looks at whether we have given up only by chance.
func TestNothingIsSentTwiceOnAnotherConnection(t *testing.T) {
	t.Parallel()
	for range 30 {
		var both, ended sync.WaitGroup
		both.Add(2)
		ended.Add(2)
		w := onTheWire(t, func(w *wire, conn net.Conn, r *bufio.Reader) {
			defer ended.Done()
			w.read(r)
			both.Done()
			both.Wait() // so that each of the two has a connection of its own
			io.WriteString(conn, ok)
			w.read(r)
		})
		c := client(t, w)
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() { assert.Nil(t, c.Do(t.Context(), merchant.DepositStatus("0")).Failure) })
		}
		all.Wait()
		e := c.Do(t.Context(), merchant.DepositStatus("1"))
		require.NotNil(t, e.Failure)
		assert.Equal(t, exchange.FailureClosed, e.Failure.Kind, e.Failure.Text)
		c.Close()
		ended.Wait()
		assert.Len(t, w.all(), 3)
		assert.Empty(t, cmp.Diff(w.all()[2].header, e.Request.Header))
	}
}

// A server may close a connection whenever nothing is under way on it.
func TestAnIdleConnectionMayBeClosed(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	w := onTheWire(t, func(w *wire, conn net.Conn, r *bufio.Reader) {
		w.read(r)
		io.WriteString(conn, ok)
		conn.(interface{ CloseWrite() error }).CloseWrite()
		io.Copy(io.Discard, r) // until the client has noticed
		gone <- struct{}{}
	})
	c := client(t, w)
	for i, r := range []merchant.Request{withKey(post("{}")), merchant.DepositStatus("1"), post("")} {
		e := c.Do(t.Context(), r)
		require.Nil(t, e.Failure)
		<-gone
		assert.Len(t, w.all(), i+1)
	}
}

func TestAbandonedRequestsArriveWhole(t *testing.T) {
	t.Parallel()
	for _, length := range []int{2, 4000, 4096 - 300, 1 << 16} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			t.Parallel()
			hungUp := make(chan struct{})
			w := onTheWire(t, func(w *wire, conn net.Conn, r *bufio.Reader) {
				for w.read(r) {
					if w.all()[len(w.all())-1].header.Get("X-Idempotency-Key") == "" {
						io.WriteString(conn, ok)
					}
				}
				hungUp <- struct{}{}
			})
			c := client(t, w)
			body := strings.Repeat("x", length)
			for i := range 10 {
				if i%2 == 1 { // on a connection that was used before, too
					require.Nil(t, c.Do(t.Context(), merchant.DepositStatus("1")).Failure)
				}
				before := len(w.all())
				e := c.Abandon(t.Context(), withKey(post(body)))
				<-hungUp // no answer was waited for
				require.NotNil(t, e.Failure)
				assert.Equal(t, exchange.FailureCancelled, e.Failure.Kind, e.Failure.Text)
				require.Len(t, w.all(), before+1, "it arrived, once")
				got := w.all()[before]
				assert.Equal(t, body, got.body)
				assert.Empty(t, cmp.Diff(got.header, e.Request.Header))
				assert.Equal(t, "D24 "+hmacOf("dep-secret", noonText, "dep-login", body), got.header.Get("Authorization"))
				assert.Equal(t, "TLS 1.3", e.TLS)
			}
			assert.Equal(t, 15, c.Log.Len())
		})
	}
}

func TestGivenUp(t *testing.T) {
	t.Parallel()
	w := onTheWire(t, answering)
	c := client(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, send := range []func(context.Context, merchant.Request, ...merchant.Tamper) *exchange.Exchange{c.Do, c.Abandon} {
		e := send(ctx, post("{}"))
		require.NotNil(t, e.Failure)
		assert.Equal(t, exchange.FailureCancelled, e.Failure.Kind)
	}
	assert.Empty(t, w.all())
	assert.Equal(t, 2, c.Log.Len(), "what was not sent is in the log as well")
}

// Two hundred at once: every one arrives, dated, signed and answered for itself.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := onTheWire(t, func(w *wire, conn net.Conn, r *bufio.Reader) {
		for w.read(r) {
			io.WriteString(conn, ok)
		}
	})
	c := client(t, w)
	orders := &merchant.Orders{Run: "test"}
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			r := merchant.CreateDeposit(orders.Deposit(1000))
			r.IdempotencyKey = orders.NewKey()
			e := c.Do(t.Context(), r)
			if assert.Nil(t, e.Failure) {
				assert.Equal(t, r.IdempotencyKey, e.Request.Header.Get("X-Idempotency-Key"))
			}
		})
	}
	all.Wait()
	keys, bodies := map[string]bool{}, map[string]bool{}
	for _, got := range w.all() {
		keys[got.header.Get("X-Idempotency-Key")], bodies[got.body] = true, true
		assert.Equal(t, "D24 "+hmacOf("dep-secret", noonText, "dep-login", got.body), got.header.Get("Authorization"))
	}
	assert.Len(t, w.all(), 200)
	assert.Len(t, keys, 200)
	assert.Len(t, bodies, 200)
	assert.Equal(t, 200, c.Log.Len())
}

func TestWhereItCallsFrom(t *testing.T) {
	t.Parallel()
	from := make(chan string, 1)
	w := onTheWire(t, func(w *wire, conn net.Conn, r *bufio.Reader) {
		from <- conn.RemoteAddr().String()
		answering(w, conn, r)
	})
	c, err := client(t, w).From(func(o *merchant.Options) { o.LocalIP, o.NoProxy = second, true })
	require.NoError(t, err)
	t.Cleanup(c.Close)
	e := c.Do(t.Context(), post("{}"))
	if e.Failure != nil && strings.Contains(e.Failure.Text, "cannot assign requested address") {
		t.Skip("not run: this machine has no second loopback address 127.0.0.2")
	}
	require.Nil(t, e.Failure)
	assert.True(t, strings.HasPrefix(<-from, "127.0.0.2:"))
}

func TestFrom(t *testing.T) {
	t.Parallel()
	w := onTheWire(t, answering)
	c := client(t, w)
	other, err := c.From(func(o *merchant.Options) {
		o.Credentials = d24.Credentials{Deposits: d24.DepositsCredentials{APIKey: "else", APISignature: "else-secret"}}
	})
	require.NoError(t, err)
	t.Cleanup(other.Close)
	other.Do(t.Context(), post("{}"))
	c.Do(t.Context(), post("{}"))
	require.Len(t, w.all(), 2)
	assert.Equal(t, "else", w.all()[0].header.Get("X-Login"))
	assert.Equal(t, "D24 "+hmacOf("else-secret", noonText, "else", "{}"), w.all()[0].header.Get("Authorization"))
	assert.Equal(t, "dep-login", w.all()[1].header.Get("X-Login"), "the first is as it was")
	assert.Equal(t, 2, c.Log.Len(), "they share the log")
	_, err = c.From(func(o *merchant.Options) { o.BaseURL = "nonsense" })
	assert.Error(t, err)
}
