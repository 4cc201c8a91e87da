package mock_test

import (
	"crypto/tls"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
)

func TestStartErrorsAreOneClearSentence(t *testing.T) {
	taken := start(t, mock.Options{})
	for _, test := range []struct {
		opts mock.Options
		says string
	}{
		{mock.Options{Addr: strings.TrimPrefix(taken.BaseURL(), "https://")}, "address already in use"},
		{mock.Options{PlainAddr: "8080"}, "not host:port"},
		{mock.Options{ManageAddr: "0.0.0.0:0"}, "admin token"},
		{mock.Options{ManageAddr: ":0"}, "admin token"},
		{mock.Options{ManageAddr: "nonsense"}, "not host:port"},
		{mock.Options{Credentials: d24.Credentials{Deposits: d24.DepositsCredentials{APIKey: "only"}}}, "come together"},
	} {
		_, err := mock.Start(test.opts)
		require.ErrorContains(t, err, test.says)
		assert.NotContains(t, err.Error(), "\n")
	}
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	m, err := mock.Start(mock.Options{})
	require.NoError(t, err)
	c := newClient(t, m)
	c.deposit(hosted("inv"))
	// A connection that nobody has used yet would hold Close up until it gives up, with an
	// error.
	spare, err := tls.Dial("tcp", strings.TrimPrefix(m.BaseURL(), "https://"), &tls.Config{RootCAs: m.Roots()})
	require.NoError(t, err)
	defer spare.Close()
	require.NoError(t, m.Close())
	require.NoError(t, m.Close(), "a second time does nothing")
	c.http.CloseIdleConnections()
	for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > before; runtime.Gosched() {
		require.True(t, time.Now().Before(deadline), "goroutines are left")
	}
	_, err = c.try(c.lookup("/v3/payment_methods"))
	require.Error(t, err)
}

func TestCloseEndsInjectedDelays(t *testing.T) {
	timer := newGate() // never opens
	m, err := mock.Start(mock.Options{After: timer.after})
	require.NoError(t, err)
	c := newClient(t, m)
	_, err = m.Admin().AddFault(mock.Fault{Kind: mock.FaultDelay, DelayMS: 600_000})
	require.NoError(t, err)
	answered := make(chan int)
	go func() {
		got, _ := c.try(c.signed(http.MethodPost, d24.PathDeposits, hosted("inv")))
		answered <- got.Status
	}()
	<-timer.begun
	require.NoError(t, m.Close())
	assert.Equal(t, http.StatusCreated, <-answered, "a request under way is still answered")
}

func TestProtocols(t *testing.T) {
	m := start(t, mock.Options{})
	for _, test := range []struct {
		name   string
		config *tls.Config
		h2     bool
		want   string
	}{
		{"HTTP/2", &tls.Config{RootCAs: m.Roots()}, true, "HTTP/2.0"},
		{"HTTP/1.1", &tls.Config{RootCAs: m.Roots()}, false, "HTTP/1.1"},
		{"TLS 1.2", &tls.Config{RootCAs: m.Roots(), MaxVersion: tls.VersionTLS12}, false, "HTTP/1.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClient(t, m)
			transport := &http.Transport{TLSClientConfig: test.config, ForceAttemptHTTP2: test.h2}
			defer transport.CloseIdleConnections()
			c.http.Transport = transport
			c.deposit(`{"amount":1,"country":"BR","currency":"BRL"}`)
			exchanges := m.Admin().Exchanges()
			last := exchanges[len(exchanges)-1]
			assert.Equal(t, test.want, last.Request.Proto)
			assert.Equal(t, "https://"+strings.TrimPrefix(m.BaseURL(), "https://")+"/v3/deposits", last.Request.URL)
			assert.NotEmpty(t, last.TLS)
		})
	}
	old := tls.Config{RootCAs: m.Roots(), MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	_, err := tls.Dial("tcp", strings.TrimPrefix(m.BaseURL(), "https://"), &old)
	require.Error(t, err, "TLS 1.1 is refused")
}

func TestSecretsAreNotLogged(t *testing.T) {
	var log strings.Builder
	m := start(t, mock.Options{Logger: textLogger(&log)})
	c := newClient(t, m)
	m.Admin().Respond500Once()
	c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("inv")))
	require.NoError(t, m.Close())
	assert.Contains(t, log.String(), "fault injected")
	m.Credentials().Named(func(name, value string) { assert.NotContains(t, log.String(), value, name) })
}
