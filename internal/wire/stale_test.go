package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/exchange"
)

// dead is a connection that stops writing before its next request, as one does that
// the server has closed and net/http has not noticed yet.
type dead struct {
	net.Conn

	writes atomic.Int64
}

func (d *dead) Write(p []byte) (int, error) {
	if d.writes.Add(1) > 1 {
		return 0, errors.New("broken pipe")
	}
	return d.Conn.Write(p)
}

// Nothing has left, so that sending it on another connection sends it once.
func TestAConnectionThatDiedUnnoticed(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]exchange.Request{
		"POST with a key": {Method: http.MethodPost, Header: exchange.Header{{Name: "X-Idempotency-Key", Value: "k"}}, Body: []byte("{}")},
		"POST":            {Method: http.MethodPost, Body: []byte("{}")},
		"GET":             {Method: http.MethodGet},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var arrivals atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				arrivals.Add(1)
				assert.Len(t, r.Header["User-Agent"], 1)
			}))
			t.Cleanup(server.Close)
			c := New(Options{})
			t.Cleanup(c.Close)
			exchanged := func(send func(context.Context, *exchange.Exchange, func() exchange.Header)) *exchange.Exchange {
				e := &exchange.Exchange{Request: exchange.Request{Method: r.Method, URL: server.URL, Body: r.Body}}
				send(t.Context(), e, func() exchange.Header {
					return append(r.Header.Clone(), exchange.Field{Name: "User-Agent", Value: "test"})
				})
				return e
			}
			dial := c.transport.DialContext
			dials := 0
			c.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dial(ctx, network, address)
				if s, ok := conn.(*socket); ok {
					s.Conn = &dead{Conn: s.Conn}
				}
				dials++
				return conn, err
			}
			for i := range 5 {
				e := exchanged(c.Send)
				require.Nil(t, e.Failure)
				assert.EqualValues(t, i+1, arrivals.Load())
				assert.Equal(t, "Host", e.Request.Header[0].Name)
				assert.NotContains(t, e.Request.Header[1:], e.Request.Header[0], "the header is that of one connection, not of both")
			}
			e := exchanged(c.Abandon)
			assert.Equal(t, "given up by ourselves", e.Failure.Text, "it is sent on another connection, too")
			assert.Equal(t, 6, dials)
		})
	}
}

func TestARequestCannotBeRewound(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}"} {
		r, err := newRequest(t.Context(), exchange.Request{Method: http.MethodPost, URL: "https://x/", Body: []byte(body)}, http.Header{})
		require.NoError(t, err)
		assert.Nil(t, r.GetBody)
		assert.EqualValues(t, len(body), r.ContentLength)
	}
}

// Which of the two hooks is in time is net/http's chance, so each is tried by itself.
func TestASecondConnectionAfterSomethingLeft(t *testing.T) {
	t.Parallel()
	dial := func() *socket {
		near, far := net.Pipe()
		go io.Copy(io.Discard, far)
		t.Cleanup(func() { near.Close() })
		return &socket{Conn: near}
	}
	var w watch
	uses, stops := 0, 0
	trace := w.trace(func(net.Conn) { uses++ }, func() { stops++ })
	first := dial()
	trace.GetConn("")
	trace.GotConn(httptrace.GotConnInfo{Conn: first, Reused: true})
	trace.GetConn("")
	trace.GotConn(httptrace.GotConnInfo{Conn: first, Reused: true})
	assert.Equal(t, 2, uses, "nothing has left, so it may be tried again")
	assert.True(t, w.stale())
	assert.Zero(t, stops)

	_, err := first.Write([]byte("P"))
	require.NoError(t, err)
	assert.False(t, w.stale())
	trace.GetConn("")
	assert.Equal(t, 1, stops)
	second := dial()
	trace.GotConn(httptrace.GotConnInfo{Conn: second, Reused: true})
	assert.Equal(t, 2, uses)
	_, err = second.Write([]byte("P"))
	require.ErrorIs(t, err, io.ErrClosedPipe)
	assert.Equal(t, errBroken, w.explain(context.Canceled))
}
