package mock

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

// Who a fuzzed request comes from: bits of its first argument.
const (
	fuzzDeposits = 1 << iota // signed as a deposits request, whatever it is
	fuzzCashouts             // with a Payload-Signature over its body
	fuzzReader               // with the read-only key
	fuzzLaxly                // to a mock that reads everything as laxly as it can
	fuzzStrictly             // or as strictly
	fuzzStranger             // from an address that is in no whitelist
	fuzzHeaders              // its own headers stand beside the signature's, and not before
)

// Readings that accept more, and readings that refuse more, than the default ones.
var (
	laxReadings = map[string]string{
		"AMB-01": "basic-ok", "AMB-03": "hmac-also", "AMB-09": "store-all", "AMB-16": "rfc3339", "AMB-18": "case-insensitive",
		"AMB-29": "string-ids", "AMB-41": "lenient",
	}
	strictReadings = map[string]string{
		"AMB-02": "basic-required", "AMB-05": "reject", "AMB-06": "global", "AMB-08": "reject", "AMB-14": "strict", "AMB-21": "strict", "AMB-22": "102",
	}
)

// Whatever arrives is answered in the API's own words, below 500, and makes nothing
// unless somebody who has the keys has signed it. Each request comes twice. The corpus
// stands in testdata/fuzz.
func FuzzRequests(f *testing.F) {
	f.Fuzz(func(t *testing.T, who byte, method, target, headers string, body []byte) {
		readings := map[string]string(nil)
		switch {
		case who&fuzzLaxly != 0:
			readings = laxReadings
		case who&fuzzStrictly != 0:
			readings = strictReadings
		}
		now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		m, _, err := build(Options{Readings: readings, Now: func() time.Time { return now }})
		require.NoError(t, err)
		place := &place{env: m.first}
		for range 2 {
			r := fuzzedRequest(m, who, method, target, headers, body)
			if r == nil {
				return // net/http hands no such thing on
			}
			before := fuzzedCount(m)
			got := place.serve(r)
			require.False(t, got.broken)
			requireInTheAPIsWords(t, r, got)
			if fuzzedCount(m) != before {
				require.Less(t, got.status, http.StatusBadRequest, "%s", got.body)
				require.Zero(t, who&fuzzStranger, "made by a stranger")
				requireSigned(t, m, r, body)
			}
		}
	})
}

// fuzzedRequest is the request as net/http would hand it on; nil when it would not.
func fuzzedRequest(m *Mock, who byte, method, target, headers string, body []byte) *http.Request {
	head := method + " " + target + " HTTP/1.1\r\nHost: mock\r\n" + strings.ReplaceAll(strings.TrimRight(headers, "\n"), "\n", "\r\n") + "\r\n\r\n"
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	if err != nil {
		return nil
	}
	whole := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
	r.Body, r.ContentLength, r.RemoteAddr = whole.Body, whole.ContentLength, "127.0.0.1:1"
	if who&fuzzStranger != 0 {
		r.RemoteAddr = "192.0.2.1:1"
	}
	keys, date := m.Credentials(), d24.FormatDate(m.clock.now())
	set := func(name, value string) {
		if who&fuzzHeaders == 0 || r.Header.Get(name) == "" {
			r.Header[name] = []string{value}
		}
	}
	if who&(fuzzDeposits|fuzzCashouts) != 0 {
		set(d24.HeaderContentType, d24.ContentTypeJSON)
		set(d24.HeaderUserAgent, "fuzz")
	}
	if who&fuzzDeposits != 0 {
		set(d24.HeaderLogin, keys.Deposits.APIKey)
		set(d24.HeaderDate, date)
		set(d24.HeaderAuthorization, d24.NewKey(keys.Deposits.APISignature).Authorization(date, keys.Deposits.APIKey, body))
	}
	if who&fuzzCashouts != 0 {
		set(d24.HeaderPayloadSignature, d24.NewKey(keys.Cashouts.APISignature).Payload(body))
	}
	if who&fuzzReader != 0 {
		set(d24.HeaderAuthorization, d24.BearerScheme+keys.Deposits.ReadOnlyKey)
	}
	return r
}

func fuzzedCount(m *Mock) int {
	return m.Admin().DepositCount() + m.Admin().RefundCount() + m.Admin().CashoutCount() + m.SecondAdmin().DepositCount()
}

// requireInTheAPIsWords wants JSON, and of an error the shape that its product has.
func requireInTheAPIsWords(t *testing.T, r *http.Request, got answered) {
	t.Helper()
	require.True(t, json.Valid(got.body), "%s", got.body)
	require.GreaterOrEqual(t, got.status, http.StatusOK)
	require.Less(t, got.status, http.StatusInternalServerError, "%s", got.body)
	if got.status < http.StatusBadRequest {
		return
	}
	var problem struct {
		Code        int    `json:"code"`
		Description string `json:"description"`
		Message     string `json:"message"`
	}
	require.NoError(t, json.Unmarshal(got.body, &problem), "%s", got.body)
	require.NotZero(t, problem.Code, "%s", got.body)
	if productOf(r.URL.Path) == cashouts {
		require.NotEmpty(t, problem.Message, "%s", got.body)
	} else {
		require.NotEmpty(t, problem.Description, "%s", got.body)
	}
}

// requireSigned looks at the request with its own eyes: it carries a digest that only
// who has the keys can make.
func requireSigned(t *testing.T, m *Mock, r *http.Request, body []byte) {
	t.Helper()
	keys := m.Credentials()
	if productOf(r.URL.Path) == cashouts {
		require.Equal(t, d24.NewKey(keys.Cashouts.APISignature).Payload(body), r.Header.Get(d24.HeaderPayloadSignature))
		require.Contains(t, string(body), keys.Cashouts.APIPassphrase)
		return
	}
	authorization := r.Header.Get(d24.HeaderAuthorization)
	if basic, _, _ := strings.Cut(authorization, " "); m.Readings()["AMB-01"] == "basic-ok" && strings.EqualFold(basic, "Basic") {
		login, _ := decodeBasic(authorization)
		require.Equal(t, keys.Deposits.APIKey, login)
		return
	}
	date := r.Header.Get(d24.HeaderDate)
	digest := d24.NewKey(keys.Deposits.APISignature).Deposit(date, keys.Deposits.APIKey, body)
	require.Equal(t, keys.Deposits.APIKey, r.Header.Get(d24.HeaderLogin))
	if m.Readings()["AMB-18"] == "case-insensitive" {
		authorization = strings.ToLower(authorization)
	}
	require.True(t, strings.HasSuffix(authorization, digest), "%s", authorization)
	at, err := d24.ParseDateLoosely(date)
	require.NoError(t, err)
	require.True(t, d24.InWindow(m.clock.now(), at), date)
}
