package mock_test

import (
	"encoding/json"
	"io"
	"log/slog"
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

func textLogger(into *strings.Builder) *slog.Logger {
	return slog.New(slog.NewTextHandler(into, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// manage sends a request to the management API.
func (c *client) manage(m *mock.Mock, method, path, body string, tweaks ...tweak) reply {
	c.t.Helper()
	at := *c
	at.base = m.ManageURL() + "/manage/v1"
	r := at.request(method, path, body)
	r.Header.Set(d24.HeaderContentType, d24.ContentTypeJSON)
	for _, change := range tweaks {
		change(r)
	}
	return at.send(r)
}

func TestManagementGuards(t *testing.T) {
	m := start(t, mock.Options{})
	c := newClient(t, m)
	host := func(name string) tweak { return func(r *http.Request) { r.Host = name } }
	port := m.ManageURL()[strings.LastIndexByte(m.ManageURL(), ':'):]
	for _, test := range []struct {
		name   string
		method string
		tweaks []tweak
		want   int
	}{
		{"a write in JSON", http.MethodPost, nil, 200},
		{"a write under another name of this machine", http.MethodPost, []tweak{host("localhost" + port)}, 200},
		{"a write without Content-Type", http.MethodPost, []tweak{without("Content-Type")}, 415},
		{"a write as a form", http.MethodPost, []tweak{with("Content-Type", "application/x-www-form-urlencoded")}, 415},
		{"a write as text that holds JSON", http.MethodPost, []tweak{with("Content-Type", "text/plain")}, 415},
		{"a rebound name", http.MethodPost, []tweak{host("attacker.example" + port)}, 421},
		{"a name without the port", http.MethodPost, []tweak{host("127.0.0.1")}, 421},
		{"another machine's address", http.MethodPost, []tweak{host("192.0.2.1" + port)}, 421},
		{"a preflight from a web page", http.MethodOptions, []tweak{with("Origin", "https://attacker.example")}, 404},
		{"a method that is not there", http.MethodDelete, nil, 404},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := c.manage(m, test.method, "/reset", "", test.tweaks...)
			assert.Equal(t, test.want, got.Status, "%s", got.Body)
			assert.Empty(t, got.Header.Get("Access-Control-Allow-Origin"))
			assert.Equal(t, "d24conform-mock", got.Header.Get("Server"))
		})
	}
	assert.Equal(t, http.StatusOK, c.manage(m, http.MethodGet, "/funds", "", without("Content-Type")).Status, "reads need none")
}

func TestManagementToken(t *testing.T) {
	m := start(t, mock.Options{ManageAddr: "0.0.0.0:0", AdminToken: "open-sesame"})
	c := newClient(t, m)
	assert.Equal(t, http.StatusUnauthorized, c.manage(m, http.MethodGet, "/funds", "").Status)
	assert.Equal(t, http.StatusUnauthorized, c.manage(m, http.MethodGet, "/funds", "", with("Authorization", "Bearer open-sesam")).Status)
	assert.Equal(t, http.StatusOK, c.manage(m, http.MethodGet, "/funds", "", with("Authorization", "Bearer open-sesame")).Status)
}

func TestManagementDoesWhatAdminDoes(t *testing.T) {
	m := start(t, mock.Options{})
	c, admin := newClient(t, m), m.Admin()
	ok := func(method, path, body string) reply {
		t.Helper()
		got := c.manage(m, method, path, body)
		require.Equal(t, http.StatusOK, got.Status, "%s", got.Body)
		return got
	}
	bad := func(want int, method, path, body string) {
		t.Helper()
		got := c.manage(m, method, path, body)
		assert.Equal(t, want, got.Status, "%s %s: %s", method, path, got.Body)
		assert.NotEmpty(t, got.field("error"))
	}
	id, other := c.deposit(oneShot("m1")), c.deposit(oneShot("m2"))
	ok(http.MethodPost, "/deposits/"+id+"/approve", "")
	ok(http.MethodPost, "/deposits/"+other+"/cancel", "")
	bad(http.StatusConflict, http.MethodPost, "/deposits/"+id+"/cancel", "")
	bad(http.StatusNotFound, http.MethodPost, "/deposits/1/approve", "")
	bad(http.StatusBadRequest, http.MethodPost, "/deposits/"+id+"/explode", "")

	cashout := c.send(c.cashout(http.MethodPost, d24.PathCashout, cashoutFields("m3", 1))).field("cashout_id")
	ok(http.MethodPost, "/cashouts/"+cashout+"/deliver", "")
	ok(http.MethodPost, "/cashouts/"+cashout+"/reject", "")
	refund := c.send(c.signed(http.MethodPost, d24.PathRefunds, `{"deposit_id":`+id+`,"invoice_id":"m1","bank_account":{}}`)).field("refund_id")
	ok(http.MethodPost, "/refunds/"+refund+"/incorrect-details", "")
	var lists struct {
		Deposits []mock.Deposit `json:"deposits"`
		Refunds  []mock.Refund  `json:"refunds"`
		Cashouts []mock.Cashout `json:"cashouts"`
	}
	require.NoError(t, json.Unmarshal(ok(http.MethodGet, "/transactions", "").Body, &lists))
	assert.Equal(t, []string{"COMPLETED", "CANCELLED"}, []string{lists.Deposits[0].Status, lists.Deposits[1].Status})
	assert.Equal(t, "INCORRECT_DETAILS", lists.Refunds[0].Status)
	assert.Equal(t, "Rejected", lists.Cashouts[0].Status)

	assert.JSONEq(t, `{"arrived":4,"deposits":2,"refunds":1,"cashouts":1}`, string(ok(http.MethodGet, "/counts", "").Body))

	ok(http.MethodPut, "/funds", `{"amount":12.5}`)
	assert.JSONEq(t, `{"amount":12.5}`, string(ok(http.MethodGet, "/funds", "").Body))
	assert.JSONEq(t, `{"amount":1000000}`, string(ok(http.MethodGet, "/funds?environment=second", "").Body))
	bad(http.StatusBadRequest, http.MethodGet, "/funds?environment=third", "")
	bad(http.StatusBadRequest, http.MethodPut, "/funds", `{"amount":-1}`)
	bad(http.StatusBadRequest, http.MethodPut, "/funds", `{"amuont":1}`)

	ok(http.MethodPost, "/whitelists", `{"product":"cashouts","ip":"10.0.0.0/8"}`)
	assert.JSONEq(t, `{"deposits":["127.0.0.1/32","::1/128"],"cashouts":["127.0.0.1/32","::1/128","10.0.0.0/8"]}`,
		string(ok(http.MethodGet, "/whitelists", "").Body))
	ok(http.MethodDelete, "/whitelists", `{"product":"cashouts","ip":"10.0.0.0/8"}`)
	bad(http.StatusBadRequest, http.MethodPost, "/whitelists", `{"product":"cards","ip":"10.0.0.1"}`)

	ok(http.MethodPut, "/clock", `{"freeze":"2026-11-20T12:00:05Z"}`)
	assert.JSONEq(t, `{"now":"2026-11-20T12:00:05Z","offset_ms":0,"frozen":true}`, string(ok(http.MethodGet, "/clock", "").Body))
	ok(http.MethodPut, "/clock", `{"offset_ms":1500,"freeze":null}`)
	assert.Contains(t, string(ok(http.MethodGet, "/clock", "").Body), `"offset_ms":1500,"frozen":false`)
	bad(http.StatusBadRequest, http.MethodPut, "/clock", `{"freeze":"noon"}`)
	bad(http.StatusBadRequest, http.MethodPut, "/clock", `{}`)

	ok(http.MethodPost, "/faults", `{"kind":"respond-500","path":"/v3/refunds","nth":2}`)
	ok(http.MethodPost, "/faults/respond-500-once", "")
	ok(http.MethodPost, "/faults/drop-after-commit-once", "")
	assert.Len(t, admin.PendingFaults(), 3)
	bad(http.StatusBadRequest, http.MethodPost, "/faults", `{"kind":"flood"}`)
	ok(http.MethodDelete, "/faults", "")
	assert.JSONEq(t, `[]`, string(ok(http.MethodGet, "/faults", "").Body))
	assert.JSONEq(t, `[]`, string(ok(http.MethodGet, "/faults/ledger", "").Body))

	ok(http.MethodPost, "/keys", `{"deposits":{"api_key":"k2","api_signature":"s2"}}`)
	assert.Contains(t, string(ok(http.MethodGet, "/keys", "").Body), `"api_key":"k2"`)
	assert.Contains(t, string(ok(http.MethodGet, "/readings", "").Body), `"AMB-05":"replay"`)

	log := ok(http.MethodGet, "/exchanges", "")
	exchanges, err := exchange.Read(strings.NewReader(string(log.Body)))
	require.NoError(t, err)
	assert.Len(t, exchanges, len(admin.Exchanges()))
	m.Credentials().Named(func(name, value string) { assert.NotContains(t, string(log.Body), value, name) })
	assert.Contains(t, string(log.Body), "{{D24_DEPOSITS_API_KEY}}")

	ok(http.MethodPost, "/reset", "")
	assert.Empty(t, admin.Deposits())
	assert.JSONEq(t, `{"arrived":0,"deposits":0,"refunds":0,"cashouts":0}`, string(ok(http.MethodGet, "/counts", "").Body))
}

// Go's client sends a body only when it is asked for one where the request expects that.
func TestManagementReadsABodyThatItDoesNotNeed(t *testing.T) {
	m := start(t, mock.Options{})
	c := newClient(t, m)
	c.http.Transport.(*http.Transport).ExpectContinueTimeout = time.Hour
	body := strings.NewReader("{}")
	got := c.manage(m, http.MethodPost, "/reset", "", with("Expect", "100-continue"), func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(body), int64(body.Len())
	})
	assert.Equal(t, http.StatusOK, got.Status)
	assert.Zero(t, body.Len(), "what has not come was not asked for")
}
