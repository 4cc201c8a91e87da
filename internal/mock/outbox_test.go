package mock

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

// quietOutbox has a clock that stands still and waits for ever.
func quietOutbox(t *testing.T, allowed ...string) *outbox {
	t.Helper()
	courier, err := newCourier(allowed, nil)
	require.NoError(t, err)
	m := &Mock{
		clock: newClock(func() time.Time { return time.Unix(0, 0) }),
		after: func(time.Duration) <-chan time.Time { return nil },
		log:   noLog(),
	}
	o := newOutbox(newRulebook(), courier, m, 1)
	o.reset()
	t.Cleanup(o.close)
	return o
}

func someMerchant(t *testing.T) *merchant {
	t.Helper()
	_, m, err := (*directory)(nil).with(DefaultCredentials())
	require.NoError(t, err)
	return m
}

func TestTheOutboxIsBounded(t *testing.T) {
	failing := httptest.NewServer(http.NotFoundHandler())
	defer failing.Close()
	o, m := quietOutbox(t), someMerchant(t)
	add := func(url string) {
		_, err := o.add(Notification{Kind: d24.DepositNotification, URL: url}, m, []byte("{}"), 1)
		require.NoError(t, err)
	}
	add(failing.URL)
	for range maxNotifications + 10 {
		add("https://merchant.example/")
	}
	list, _ := o.notifications()
	require.Len(t, list, maxNotifications)
	assert.Equal(t, 1, list[0].ID, "what is not over yet stays")
	assert.Equal(t, 13, list[1].ID)

	o.list = o.list[:1]
	for range maxNotifications - 1 {
		o.list = append(o.list, &message{Notification: Notification{State: NotificationWaiting}, drop: func() {}})
	}
	add("https://merchant.example/")
	list, _ = o.notifications()
	require.Len(t, list, maxNotifications)
	assert.NotEqual(t, 1, list[0].ID, "the oldest goes when all are waiting")
	o.round.group.Wait() // and waits no more
}

func TestAResetWaitsForWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quietOutbox(t)
		var ended atomic.Bool
		ctx := o.round.ctx
		o.round.group.Go(func() {
			<-ctx.Done()
			time.Sleep(time.Second) // of the bubble's time: a reset that does not wait is over by then
			ended.Store(true)
		})
		o.reset()
		assert.True(t, ended.Load())

		o.close()
		o.reset()
		_, err := o.add(Notification{URL: "http://127.0.0.1/"}, someMerchant(t), nil, 1)
		require.ErrorContains(t, err, "closing", "a reset does not open it again")
	})
}

// Whatever a name stands for, only loopback and what was allowed is connected to.
func TestTheAddressThatIsDialledDecides(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	port := server.URL[strings.LastIndexByte(server.URL, ':'):]
	c, err := newCourier([]string{"Receiver.Test", "10.1.0.0/16", "192.0.2.7"}, nil)
	require.NoError(t, err)
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "localhost": true, "LOCALHOST": true, "receiver.test": true,
		"10.1.2.3": true, "192.0.2.7": true, "::ffff:10.1.2.3": true, "::ffff:127.0.0.1": true,
		"10.2.0.1": false, "192.0.2.8": false, "other.test": false, "sub.receiver.test": false, "": false, "0.0.0.0": false, "127.1": false,
	} {
		assert.Equal(t, want, c.allows(host), host)
	}
	conn, err := c.dial(t.Context(), "tcp", "127.0.0.1"+port)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	for _, elsewhere := range []string{"192.0.2.1:80", "[2001:db8::1]:443", "0.0.0.0" + port} {
		_, err := c.dial(t.Context(), "tcp", elsewhere)
		require.ErrorIs(t, err, errNotAllowed, elsewhere)
	}
}

func TestAReceiverThatDoesNotAnswerIsGivenUp(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server notices a hang-up only when the body is read
		<-r.Context().Done()
	}))
	defer server.Close()
	target, err := url.Parse(server.URL + "/?token=secret")
	require.NoError(t, err)
	c, err := newCourier(nil, nil)
	require.NoError(t, err)
	c.timeout = time.Millisecond
	_, err = c.deliver(t.Context(), target, http.Header{}, []byte("{}"))
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "secret")

	server.Close()
	c.timeout = time.Minute
	_, err = c.deliver(t.Context(), target, http.Header{}, []byte("{}"))
	require.ErrorContains(t, err, "refused")
	assert.NotContains(t, err.Error(), "secret")
}

func noLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
