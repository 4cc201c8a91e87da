package peertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

var (
	digest = regexp.MustCompile(`^D24 [0-9a-f]{64}$`)
	lower  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	// uuid4 or a key that a test has given.
	freshKey = regexp.MustCompile(`^([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|a-key-that-was-given)$`)
)

// Faults are what is wrong with one request as it arrived, each in a few words.
// It knows nothing of rules: a suite's judge has those.
func Faults(e *exchange.Exchange, keys d24.Credentials) []string {
	r := e.Request
	var list []string
	check := func(ok bool, fault string) {
		if !ok {
			list = append(list, fault)
		}
	}
	get := r.Header.Get
	_, path, _ := strings.Cut(r.URL, "/v3/")
	path = "/v3/" + path
	everything := fmt.Sprint(r.URL, r.Header, string(r.Body))
	check(strings.HasPrefix(r.URL, "https://"), "not https")
	check(!strings.Contains(everything, keys.Deposits.APISignature) && !strings.Contains(everything, keys.Cashouts.APISignature), "a secret travels")
	check(get(d24.HeaderContentType) == d24.ContentTypeJSON, "content type")
	check(get(d24.HeaderUserAgent) != "" && !strings.HasPrefix(get(d24.HeaderUserAgent), "Go-http-client"), "user agent")
	check(utf8.Valid(r.Body), "not utf-8")
	check(len(r.Body) == 0 || json.Valid(r.Body), "not json")

	switch {
	case strings.HasPrefix(path, d24.PathCashout):
		var body d24.CashoutReference
		_ = json.Unmarshal(r.Body, &body) // a body that is none has no credentials
		check(body.Login == keys.Cashouts.APIKey, "login")
		check(body.Pass == keys.Cashouts.APIPassphrase, "pass")
		check(path == d24.PathCashout || path == d24.PathCashoutStatus || path == d24.PathCashoutCancel, "url")
		check(lower.MatchString(get(d24.HeaderPayloadSignature)), "form of the signature")
		check(d24.NewKey(keys.Cashouts.APISignature).VerifyPayload(strings.ToLower(get(d24.HeaderPayloadSignature)), r.Body), "signature")
		check(get(d24.HeaderIdempotencyKey) == "", "key")
	case strings.HasPrefix(path, d24.PathDeposits), strings.HasPrefix(path, d24.PathRefunds):
		date, authorization := get(d24.HeaderDate), get(d24.HeaderAuthorization)
		_, err := d24.ParseDate(date)
		check(err == nil, "form of the date")
		check(get(d24.HeaderLogin) == keys.Deposits.APIKey, "x-login")
		check(digest.MatchString(authorization), "form of the signature")
		check(!strings.Contains(path, "?"), "url")
		_, hex, _ := strings.Cut(authorization, " ")
		check(d24.NewKey(keys.Deposits.APISignature).VerifyAuthorization(d24.Scheme+strings.ToLower(hex), date, get(d24.HeaderLogin), r.Body), "signature")
		key := get(d24.HeaderIdempotencyKey)
		check(r.Method == http.MethodPost && freshKey.MatchString(key) || r.Method == http.MethodGet && key == "", "key")
	default:
		check(get(d24.HeaderAuthorization) == d24.BearerScheme+keys.Deposits.ReadOnlyKey, "read-only key")
		check(get(d24.HeaderIdempotencyKey) == "", "key")
		check(len(r.Body) == 0, "body")
	}
	return list
}
