package mock_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/mock"
)

// A client must refuse each of the certificates for its one fault, and what it had open
// or could take up again must not let it past them.
func TestACertificateThatMustBeRefused(t *testing.T) {
	m := start(t, mock.Options{})
	c := newClient(t, m)
	c.http.Transport.(*http.Transport).TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	c.deposit(hosted("before"))
	arrived, handshakes := m.Admin().Arrived(), m.Handshakes()
	for _, certificate := range []mock.Certificate{mock.UnknownAuthority, mock.WrongName, mock.ExpiredCertificate} {
		require.NoError(t, m.Present(certificate))
		c.http.CloseIdleConnections() // or it may try one that is just being closed
		_, err := c.try(c.signed(http.MethodPost, d24.PathDeposits, hosted("never")))
		switch certificate {
		case mock.UnknownAuthority:
			require.ErrorAs(t, err, &x509.UnknownAuthorityError{})
		case mock.WrongName:
			require.ErrorAs(t, err, &x509.HostnameError{})
		default:
			require.ErrorContains(t, err, "expired")
		}
	}
	assert.Equal(t, arrived, m.Admin().Arrived(), "nothing was sent")
	assert.Equal(t, handshakes+3, m.Handshakes(), "though it was tried")

	careless := newClient(t, m)
	careless.http.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true
	careless.deposit(hosted("careless"))
	assert.Equal(t, arrived+1, m.Admin().Arrived())

	require.NoError(t, m.Present(mock.GoodCertificate))
	c.deposit(hosted("after"))
	require.ErrorContains(t, m.Present("self-made"), `there is no certificate "self-made"`)
}

// What has no effect leaves the key free; the answers are what the fault is called.
func TestAnswersThatClientsMustGetAlongWith(t *testing.T) {
	m := start(t, mock.Options{})
	c, admin := newClient(t, m), m.Admin()
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	post := func(invoice string) reply {
		return c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted(invoice), key(invoice)))
	}
	for _, tt := range []struct {
		fault  mock.Fault
		status int
		code   int
		header string // name: value
	}{
		{mock.Fault{Kind: mock.FaultRefuseDate}, 400, 103, "Content-Type: application/json"},
		{mock.Fault{Kind: mock.FaultKeyInUse}, 400, 104, "Content-Type: application/json"},
		{mock.Fault{Kind: mock.FaultRefuseCaller}, 401, 100, "Content-Type: application/json"},
		{mock.Fault{Kind: mock.FaultRefuseCaller, Status: 403}, 403, 100, "Content-Type: application/json"},
		{mock.Fault{Kind: mock.FaultRespond429}, 429, 203, "Retry-After: 1"},
		{mock.Fault{Kind: mock.FaultHTMLError}, 502, 0, "Content-Type: text/html"},
		{mock.Fault{Kind: mock.FaultRedirectPlain}, 307, 0, "Location: " + m.PlainURL() + "/v3/deposits"},
		{mock.Fault{Kind: mock.FaultRedirectPlain, Status: 302}, 302, 0, "Location: " + m.PlainURL() + "/v3/deposits"},
	} {
		_, err := admin.AddFault(tt.fault)
		require.NoError(t, err)
		invoice := string(tt.fault.Kind) + http.StatusText(tt.status)[:3]
		before := admin.DepositCount()
		got := post(invoice)
		assert.Equal(t, tt.status, got.Status, tt.fault.Kind)
		assert.Equal(t, tt.code, got.code(), tt.fault.Kind)
		name, value, _ := strings.Cut(tt.header, ": ")
		assert.Equal(t, value, got.Header.Get(name), tt.fault.Kind)
		assert.Equal(t, before, admin.DepositCount(), "%s: no effect", tt.fault.Kind)
		assert.Equal(t, http.StatusCreated, post(invoice).Status, "%s: the key was left free", tt.fault.Kind)
	}

	_, err := admin.AddFault(mock.Fault{Kind: mock.FaultAnswer200})
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, post("ok").Status)
	_, err = admin.AddFault(mock.Fault{Kind: mock.FaultExtraFields})
	require.NoError(t, err)
	got := post("extra")
	assert.Equal(t, "3.5", got.field("version"))
	assert.NotEmpty(t, got.field("deposit_id"), "beside what belongs there")
	assert.Empty(t, admin.PendingFaults())
	_, err = admin.AddFault(mock.Fault{Kind: mock.FaultRedirectPlain, Status: 200})
	require.ErrorContains(t, err, "status 200 is no redirect")
}

// An answer that is lost after a while is lost to a client that has waited for it; one
// that is late is not kept for a client that has gone.
func TestDelaysEndWithTheClient(t *testing.T) {
	timer := newGate() // never opens
	m := start(t, mock.Options{After: timer.after})
	c, admin := newClient(t, m), m.Admin()
	_, err := admin.AddFault(mock.Fault{Kind: mock.FaultDelayAnswer, DelayMS: 60_000})
	require.NoError(t, err)
	ctx, hangUp := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := c.try(c.signed(http.MethodPost, d24.PathDeposits, hosted("inv"), key("k")).WithContext(ctx))
		gone <- err
	}()
	assert.Equal(t, time.Minute, <-timer.begun)
	assert.Zero(t, admin.Arrived(), "it is recorded when it is over")
	hangUp()
	require.Error(t, <-gone)
	require.NoError(t, admin.Settle(t.Context()))
	late := admin.ExchangesAfter(0)
	require.Len(t, late, 1)
	assert.Equal(t, exchange.FailureClosed, late[0].Failure.Kind, "nobody was there to be answered")

	_, err = admin.AddFault(mock.Fault{Kind: mock.FaultDropAfterCommit, DelayMS: 1100})
	require.NoError(t, err)
	go func() {
		_, err := c.try(c.signed(http.MethodPost, d24.PathDeposits, hosted("other"), key("l")))
		gone <- err
	}()
	assert.Equal(t, 1100*time.Millisecond, <-timer.begun)
	close(timer.open)
	require.Error(t, <-gone)
	require.NoError(t, admin.Settle(t.Context()))
	lost := admin.ExchangesAfter(1)
	require.Len(t, lost, 1)
	assert.Equal(t, exchange.FailureClosed, lost[0].Failure.Kind)

	done, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, admin.Settle(done), "nothing is under way")
}

// A client that calls the HTTPS port without TLS is seen, and answered by nobody.
func TestPlainHTTPOnTheHTTPSPortIsSeen(t *testing.T) {
	m := start(t, mock.Options{})
	c := newClient(t, m)
	c.base = "http" + strings.TrimPrefix(m.BaseURL(), "https")
	for _, padding := range []string{"", strings.Repeat("x", 2000)} {
		// What was not read when the connection is closed resets it, answer or no answer.
		_, _ = c.try(c.signed(http.MethodPost, d24.PathDeposits, hosted("inv"), with("X-Padding", padding)))
	}
	arrived := m.Admin().ExchangesAfter(0)
	require.Len(t, arrived, 2)
	for _, e := range arrived {
		assert.Equal(t, http.MethodPost, e.Request.Method)
		assert.Equal(t, c.base+"/v3/deposits", e.Request.URL)
		assert.Empty(t, e.TLS)
	}
	assert.Zero(t, m.Admin().DepositCount())

	connection, err := net.Dial("tcp", strings.TrimPrefix(m.BaseURL(), "https://"))
	require.NoError(t, err)
	_, err = connection.Write([]byte("\x00\x01\x02 nonsense \r\n"))
	require.NoError(t, err)
	_, _ = io.ReadAll(connection) // until it is closed
	assert.Equal(t, 2, m.Admin().Arrived(), "what is no HTTP either is not")
}

func TestIDsCanGoOnFromAnyNumber(t *testing.T) {
	m := start(t, mock.Options{})
	c := newClient(t, m)
	small := c.deposit(hosted("inv"))
	back := m.Admin().IDsFrom(3_000_000_001)
	large := c.deposit(hosted("inv"))
	assert.Equal(t, "300000001", small)
	assert.Equal(t, "3000000001", large, "beyond 32 bits, and the invoice is forgotten")
	assert.Equal(t, "CREATED", c.depositStatus(large))
	back()
	assert.Equal(t, "300000002", c.deposit(hosted("inv")))
	got := c.send(c.cashout(http.MethodPost, d24.PathCashout, cashoutFields("ext", 10)))
	assert.Equal(t, http.StatusOK, got.Status, "the balance is there: %s", got.Body)
}
