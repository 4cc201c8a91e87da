package inbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/exchange"
)

func open(t *testing.T, opts Options) *Inbox {
	t.Helper()
	i, err := Open(opts)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, i.Close()) })
	return i
}

// send posts a notification, over TLS with any certificate, and returns the status.
func send(t *testing.T, url string, body io.Reader) int {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	require.NoError(t, err)
	request.Header.Set("Authorization", "D24 0")
	answer, err := transport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

func TestABoxTakesWhatIsSentToIt(t *testing.T) {
	t.Parallel()
	log := &exchange.Log{}
	i := open(t, Options{Log: log})
	box, other := i.Box("a scenario", 500, 204), i.Box("another")
	assert.NotEqual(t, box.URL, other.URL)
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+/[A-Z2-7]{26}$`, box.URL)

	assert.Equal(t, 500, send(t, box.URL, strings.NewReader(`{"deposit_id":1}`)))
	assert.Equal(t, 204, send(t, box.URL, strings.NewReader("2")))
	assert.Equal(t, 204, send(t, box.URL, strings.NewReader("3")))
	assert.Equal(t, 200, send(t, other.URL, strings.NewReader("4")))

	kept := box.Await(t.Context(), 3, time.Minute)
	require.Len(t, kept, 3)
	first := kept[0]
	assert.Equal(t, []string{"a scenario", Label, "127.0.0.1", ""}, []string{first.Scenario, first.Label, first.Peer, first.TLS})
	assert.Equal(t, []string{"POST", box.URL, `{"deposit_id":1}`, "D24 0"},
		[]string{first.Request.Method, first.Request.URL, string(first.Request.Body), first.Request.Header.Get("Authorization")})
	assert.Equal(t, 500, first.Status())
	require.Equal(t, 4, log.Len())
	assert.Same(t, first, log.All()[0])

	box.Close()
	assert.Equal(t, 200, send(t, box.URL, strings.NewReader("late")), "or it would come again")
	assert.Equal(t, 4, log.Len())
}

func TestAwaitEndsWhenOneComesOrNobodyDoes(t *testing.T) {
	t.Parallel()
	i := open(t, Options{})
	box := i.Box("s")
	came := make(chan []*exchange.Exchange)
	go func() { came <- box.Await(context.Background(), 2, time.Hour) }()
	send(t, box.URL, nil)
	send(t, box.URL, nil)
	assert.Len(t, <-came, 2)
	assert.Len(t, box.Await(t.Context(), 3, time.Nanosecond), 2, "what there is when the time is over")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Len(t, box.Await(ctx, 3, time.Hour), 2)
}

func TestPlainAndTLSOnOnePort(t *testing.T) {
	t.Parallel()
	plain := open(t, Options{PublicURL: "https://hooks.example/d24"})
	box := plain.Box("s")
	require.True(t, strings.HasPrefix(box.URL, "https://hooks.example/d24/"))
	name := strings.TrimPrefix(box.URL, "https://hooks.example/d24")
	at := plain.address
	assert.Equal(t, 200, send(t, "http://"+at+name, nil), "a tunnel may cut the path")
	assert.Equal(t, 200, send(t, "https://"+at+"/d24"+name, nil), "or not")
	kept := box.Await(t.Context(), 2, time.Minute)
	assert.Equal(t, []string{"", "TLS 1.3"}, []string{kept[0].TLS, kept[1].TLS})
	assert.Equal(t, box.URL, kept[0].Request.URL, "as the server knows it")

	c, err := tls.Dial("tcp", at, &tls.Config{ServerName: "hooks.example", InsecureSkipVerify: true})
	require.NoError(t, err)
	require.NoError(t, c.ConnectionState().PeerCertificates[0].VerifyHostname("hooks.example"))
	require.NoError(t, c.Close())
}

func TestStrangersFindNothing(t *testing.T) {
	t.Parallel()
	log := &exchange.Log{}
	i := open(t, Options{Log: log})
	box := i.Box("s")
	for _, path := range []string{"", "/", "/notify", "/" + strings.ToLower(box.URL[strings.LastIndexByte(box.URL, '/')+1:])} {
		assert.Equal(t, 404, send(t, "http://"+i.address+path, strings.NewReader("x")), path)
	}
	assert.Zero(t, log.Len())
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	t.Parallel()
	i := open(t, Options{})
	box := i.Box("s")
	// A byte too many: what is far longer meets a connection that is closed.
	assert.Equal(t, 200, send(t, box.URL, bytes.NewReader(make([]byte, MaxBody+1))))
	first := box.Await(t.Context(), 1, time.Minute)[0]
	assert.Len(t, first.Request.Body, MaxBody)
	assert.True(t, first.Request.Truncated)
	for range MaxKept + 5 {
		assert.Equal(t, 200, send(t, box.URL, nil))
	}
	assert.Len(t, box.Await(t.Context(), MaxKept, time.Minute), MaxKept)
}

func TestSilentConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	i := open(t, Options{})
	var silent []net.Conn
	for range maxConnections - 1 {
		c, err := net.Dial("tcp", i.address)
		require.NoError(t, err)
		silent = append(silent, c)
	}
	box := i.Box("s")
	assert.Equal(t, 200, send(t, box.URL, nil))
	// When all places are taken, the next has its turn as soon as one is free.
	last, err := net.Dial("tcp", i.address)
	require.NoError(t, err)
	silent = append(silent, last)
	var wait sync.WaitGroup
	wait.Go(func() { assert.Equal(t, 200, send(t, box.URL, nil)) })
	require.NoError(t, silent[0].Close())
	wait.Wait()
	for _, c := range silent[1:] {
		require.NoError(t, c.Close())
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	t.Parallel()
	i := open(t, Options{})
	_, err := Open(Options{Listen: i.address})
	require.ErrorContains(t, err, "receive notifications: listen tcp "+i.address+": bind: address already in use")
	var busy *net.OpError
	require.ErrorAs(t, err, &busy)
}
