package mock_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
)

// base is where the clock of most tests stands: a whole second, so that ages are
// exact.
var base = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// start runs a mock whose clock stands still at base.
func start(t testing.TB, opts mock.Options) *mock.Mock {
	t.Helper()
	m, err := mock.Start(opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	if opts.Now == nil {
		m.Admin().FreezeClock(base)
	}
	return m
}

// A client sends requests to a mock and signs them with d24 alone.
type client struct {
	t    testing.TB
	http *http.Client
	base string
	keys d24.Credentials
	now  func() time.Time
}

func newClient(t testing.TB, m *mock.Mock) *client {
	t.Helper()
	return &client{
		t: t, http: httpClient(t, m), base: m.BaseURL(), keys: m.Credentials(),
		now: m.Admin().Now,
	}
}

func httpClient(t testing.TB, m *mock.Mock) *http.Client {
	t.Helper()
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: m.Roots()},
		MaxIdleConnsPerHost: 300,
		IdleConnTimeout:     2 * time.Second, // or the mock lets go of a spare one first, as a request is sent into it
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// A reply is what came back.
type reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// field is a field of the body as text; empty when there is none.
func (r reply) field(name string) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(r.Body, &object) != nil {
		return ""
	}
	text := string(object[name])
	if unquoted, err := strconv.Unquote(text); err == nil {
		return unquoted
	}
	return text
}

func (r reply) code() int {
	code, _ := strconv.Atoi(r.field("code"))
	return code
}

// A tweak changes a request that has been signed.
type tweak func(*http.Request)

func without(header string) tweak { return func(r *http.Request) { r.Header.Del(header) } }

func with(header, value string) tweak {
	return func(r *http.Request) { r.Header[header] = []string{value} }
}

func key(value string) tweak { return with(d24.HeaderIdempotencyKey, value) }

// signed makes a deposits request dated now.
func (c *client) signed(method, path, body string, tweaks ...tweak) *http.Request {
	return c.signedAt(c.now(), method, path, body, tweaks...)
}

func (c *client) signedAt(date time.Time, method, path, body string, tweaks ...tweak) *http.Request {
	c.t.Helper()
	xDate := d24.FormatDate(date)
	r := c.request(method, path, body)
	r.Header.Set(d24.HeaderLogin, c.keys.Deposits.APIKey)
	r.Header.Set(d24.HeaderDate, xDate)
	r.Header.Set(d24.HeaderAuthorization, d24.NewKey(c.keys.Deposits.APISignature).Authorization(xDate, c.keys.Deposits.APIKey, []byte(body)))
	for _, change := range tweaks {
		change(r)
	}
	return r
}

// cashout makes a cashouts request; the body comes without login and pass.
func (c *client) cashout(method, path string, fields map[string]any, tweaks ...tweak) *http.Request {
	c.t.Helper()
	full := map[string]any{"login": c.keys.Cashouts.APIKey, "pass": c.keys.Cashouts.APIPassphrase}
	maps.Copy(full, fields)
	body, err := json.Marshal(full)
	require.NoError(c.t, err)
	return c.cashoutText(method, path, string(body), tweaks...)
}

func (c *client) cashoutText(method, path, body string, tweaks ...tweak) *http.Request {
	r := c.request(method, path, body)
	r.Header.Set(d24.HeaderPayloadSignature, d24.NewKey(c.keys.Cashouts.APISignature).Payload([]byte(body)))
	for _, change := range tweaks {
		change(r)
	}
	return r
}

// lookup makes a read-only request.
func (c *client) lookup(path string, tweaks ...tweak) *http.Request {
	r := c.request(http.MethodGet, path, "")
	r.Header.Set(d24.HeaderAuthorization, d24.BearerScheme+c.keys.Deposits.ReadOnlyKey)
	for _, change := range tweaks {
		change(r)
	}
	return r
}

func (c *client) request(method, path, body string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, c.base+path, bytes.NewReader([]byte(body)))
	require.NoError(c.t, err)
	r.GetBody = nil // net/http would silently send a keyed POST again
	if body != "" {
		r.Header.Set(d24.HeaderContentType, d24.ContentTypeJSON)
	} else {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	return r
}

// try sends the request; an error means that no whole answer came.
func (c *client) try(r *http.Request) (reply, error) {
	response, err := c.http.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, body}, err
}

func (c *client) send(r *http.Request) reply {
	c.t.Helper()
	got, err := c.try(r)
	require.NoError(c.t, err)
	return got
}

// oneShot is a deposit that needs nothing more from the payer.
func oneShot(invoice string) string {
	return fmt.Sprintf(`{"invoice_id":%q,"amount":100.50,"country":"BR","currency":"BRL","payment_method":"IX",`+
		`"payer":{"id":"u1","document":"12345678909","email":"maria@example.com","first_name":"Maria","last_name":"Silva"},`+
		`"notification_url":"https://merchant.example/notify"}`, invoice)
}

// hosted is one that does.
func hosted(invoice string) string {
	return fmt.Sprintf(`{"invoice_id":%q,"amount":100,"country":"BR","currency":"BRL"}`, invoice)
}

// deposit creates a deposit and returns its id.
func (c *client) deposit(body string) string {
	c.t.Helper()
	got := c.send(c.signed(http.MethodPost, d24.PathDeposits, body))
	require.Equal(c.t, http.StatusCreated, got.Status, "%s", got.Body)
	return got.field("deposit_id")
}

func (c *client) depositStatus(id string) string {
	c.t.Helper()
	got := c.send(c.signed(http.MethodGet, d24.PathDeposits+"/"+id, ""))
	require.Equal(c.t, http.StatusOK, got.Status, "%s", got.Body)
	return got.field("status")
}

// cashoutFields are a creation that is accepted.
func cashoutFields(externalID string, amount any) map[string]any {
	return map[string]any{
		"external_id": externalID, "country": "BR", "currency": "BRL", "amount": amount,
		"document_id": "12345678909", "beneficiary_name": "Maria", "notification_url": "https://merchant.example/notify",
	}
}

// dialFrom is a client whose connections come from another address of this machine.
func dialFrom(c *client, m *mock.Mock, address string) *client {
	other := *c
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: m.Roots()}, DialContext: dialer.DialContext}
	c.t.Cleanup(transport.CloseIdleConnections)
	other.http = &http.Client{Transport: transport}
	return &other
}

// nested is the raw JSON of a field inside a field.
func (r reply) nested(t testing.TB, outer, inner string) string {
	t.Helper()
	var object map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(r.field(outer)), &object))
	return string(object[inner])
}

// otherMerchant is another merchant's keys.
func otherMerchant() d24.Credentials {
	const name = "other"
	return d24.Credentials{
		Deposits: d24.DepositsCredentials{APIKey: name + "-key", APISignature: name + "-signature", ReadOnlyKey: name + "-read"},
		Cashouts: d24.CashoutsCredentials{APIKey: name + "-login", APIPassphrase: name + "-pass", APISignature: name + "-cashouts"},
	}
}

// contextUntil is cancelled when the channel closes.
func contextUntil(done <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-done:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
