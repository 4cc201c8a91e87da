package judge_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

var given = d24.Credentials{
	Deposits: d24.DepositsCredentials{APIKey: "login-FAKE", APISignature: "secret-FAKE-deposits", ReadOnlyKey: "read-only-FAKE"},
	Cashouts: d24.CashoutsCredentials{APIKey: "cash-FAKE", APIPassphrase: "passphrase-FAKE", APISignature: "secret-FAKE-cashouts"},
}

var arrival = time.Date(2026, 11, 20, 12, 0, 0, 300_000_000, time.UTC)

// request is a deposits request as a correct client sends it at a time.
func request(method, path, body string, at time.Time, edits ...func(*exchange.Exchange)) *exchange.Exchange {
	date := d24.FormatDate(at)
	e := &exchange.Exchange{Started: at, Request: exchange.Request{
		Method: method, URL: "https://127.0.0.1:8443" + path, Body: []byte(body),
		Header: exchange.Header{
			{Name: "Authorization", Value: d24.NewKey(given.Deposits.APISignature).Authorization(date, given.Deposits.APIKey, []byte(body))},
			{Name: "X-Login", Value: given.Deposits.APIKey},
			{Name: "X-Date", Value: date},
			{Name: "Content-Type", Value: "application/json"},
			{Name: "X-Idempotency-Key", Value: "0f1e2d3c-4b5a-4697-8877-665544332211"},
		},
	}, Response: &exchange.Response{Status: 201, Body: []byte(`{"deposit_id":1}`)}}
	for _, edit := range edits {
		edit(e)
	}
	return e
}

func created(edits ...func(*exchange.Exchange)) judge.Operation {
	return judge.Operation{request("POST", "/v3/deposits", `{"invoice_id":"i-1","amount":1}`, arrival, edits...)}
}

func header(name, value string) func(*exchange.Exchange) {
	return func(e *exchange.Exchange) { e.Request.Header.Set(name, value) }
}

func dropping(name string) func(*exchange.Exchange) {
	return func(e *exchange.Exchange) { e.Request.Header.Delete(name) }
}

// TestSentencesOfAClient takes one request that is right, and then wrong in one way.
func TestSentencesOfAClient(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		sentence judge.Sentence
		edit     func(*exchange.Exchange)
		seen     string // empty: it still holds
	}{
		{"plain HTTP", judge.Client.UsesHTTPS, func(e *exchange.Exchange) { e.Request.URL = "http://127.0.0.1:8080/v3/deposits" }, "came over plain HTTP"},
		{"a secret in hex", judge.Client.KeepsSecrets, header("X-Debug", "7365637265742d46414b452d6465706f73697473"), "in X-Debug: {{D24_DEPOSITS_API_SIGNATURE:hex}}"},
		{"a secret in base64, in the URL", judge.Client.KeepsSecrets, func(e *exchange.Exchange) { e.Request.URL += "?s=c2VjcmV0LUZBS0UtZGVwb3NpdHM" }, "in the URL: "},
		{"the other product's secret", judge.Client.KeepsSecrets, header("X-Debug", given.Cashouts.APISignature), "D24_CASHOUTS_API_SIGNATURE"},
		{"upper case", judge.Client.WritesAuthorization, func(e *exchange.Exchange) {
			e.Request.Header.Set("Authorization", "D24 "+strings.ToUpper(e.Request.Header.Get("Authorization")[4:]))
		}, "Authorization: "},
		{"upper case is signed right", judge.Client.IsSigned, func(e *exchange.Exchange) {
			e.Request.Header.Set("Authorization", "D24 "+strings.ToUpper(e.Request.Header.Get("Authorization")[4:]))
		}, ""},
		{"another login", judge.Client.SendsRightLogin, header("X-Login", given.Cashouts.APIKey), "X-Login is the cashouts API Key"},
		{"the read-only key as login", judge.Client.KeepsReadOnlyKey, header("X-Login", given.Deposits.ReadOnlyKey), "in X-Login: {{D24_READ_ONLY_KEY}}"},
		{"no date", judge.Client.DatesEach, dropping("X-Date"), "without X-Date"},
		{"milliseconds", judge.Client.WritesDate, header("X-Date", "2026-11-20T12:00:00.300Z"), `X-Date: "2026-11-20T12:00:00.300Z"`},
		{"São Paulo", judge.Client.DatesInUTC, header("X-Date", "2026-11-20T09:00:00Z"), "is -3h0m0s from UTC"},
		{"Mumbai, with its offset", judge.Client.DatesInUTC, header("X-Date", "2026-11-20T17:30:00+05:30"), "has an offset"},
		{"ten seconds is no zone", judge.Client.DatesInUTC, header("X-Date", "2026-11-20T11:59:50Z"), ""},
		{"ten seconds is stale", judge.Client.DatesFresh, header("X-Date", "2026-11-20T11:59:50Z"), "arrived at 2026-11-20T12:00:00.300Z"},
		{"exactly five seconds is not", judge.Client.DatesFresh, func(e *exchange.Exchange) { e.Started = arrival.Truncate(time.Second).Add(5 * time.Second) }, ""},
		{"five and a half to come", judge.Client.DatesFresh, header("X-Date", "2026-11-20T12:00:06Z"), "arrived at"},
		{"a form", judge.Client.SendsJSONType, header("Content-Type", "application/x-www-form-urlencoded"), "x-www-form-urlencoded"},
		{"a charset is observed only", judge.Client.SendsJSONType, header("Content-Type", "application/json; charset=utf-8"), ""},
		{"a byte order mark", judge.Client.SendsUTF8, func(e *exchange.Exchange) { e.Request.Body = append([]byte("\ufeff"), e.Request.Body...) }, "byte order mark"},
		{"two documents", judge.Client.SendsJSON, func(e *exchange.Exchange) { e.Request.Body = []byte(`{}{}`) }, "not JSON"},
		{
			"the date of the next second is signed", judge.Client.SignsWhatItSends, header("X-Date", "2026-11-20T11:59:59Z"),
			"the clock was read twice: X-Date says 2026-11-20T11:59:59Z and 2026-11-20T12:00:00Z was signed",
		},
		{"a body that was changed", judge.Client.SignsWhatItSends, func(e *exchange.Exchange) { e.Request.Body = []byte(`{"invoice_id":"i-2","amount":1}`) }, "no usual mistake makes it"},
		{"a body that is known as text only", judge.Client.SignsWhatItSends, func(e *exchange.Exchange) { e.Request.Truncated = true }, "unseen"},
		{"no key", judge.Client.SendsKeys, dropping("X-Idempotency-Key"), "without X-Idempotency-Key"},
		{"an empty key", judge.Client.SendsKeys, header("X-Idempotency-Key", " "), "without X-Idempotency-Key"},
		{"the invoice as key", judge.Client.KeysAreRandom, header("X-Idempotency-Key", "deposit-i-1"), "holds the invoice_id"},
		{"the time as key", judge.Client.KeysAreRandom, header("X-Idempotency-Key", "1763640000300"), "at most 43 bits"},
		{"Basic on a POST", judge.Client.CreatesSigned, header("Authorization", "Basic bG9naW46"), "Authorization is Basic, not a signature"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := judge.Client{Credentials: given}
			assert.Equal(t, judge.Holds, tt.sentence(c, []judge.Operation{created()}).Outcome, "as a correct client sends it")
			assert.Equal(t, judge.Unseen, tt.sentence(c, nil).Outcome, "nothing was sent")
			f := tt.sentence(c, []judge.Operation{created(tt.edit)})
			switch tt.seen {
			case "":
				assert.Equal(t, judge.Holds, f.Outcome, f.Seen)
			case "unseen":
				assert.Equal(t, judge.Unseen, f.Outcome, f.Seen)
				assert.Equal(t, "a signed deposits request whose body was recorded byte for byte", f.Expected)
			default:
				assert.Equal(t, judge.Broken, f.Outcome)
				assert.Contains(t, f.Seen, tt.seen)
				assert.NotContains(t, f.Seen, "secret-FAKE")
			}
		})
	}
}

// TestRetriesOfAClient judges what follows a lost answer.
func TestRetriesOfAClient(t *testing.T) {
	t.Parallel()
	lost := func(e *exchange.Exchange) {
		e.Response, e.Failure = nil, &exchange.Failure{Kind: exchange.FailureClosed}
		e.Timing.Total = 1100 * time.Millisecond
	}
	const body = `{"invoice_id":"i-1","amount":1}`
	later := arrival.Add(1200 * time.Millisecond)
	again := func(edits ...func(*exchange.Exchange)) *exchange.Exchange {
		return request("POST", "/v3/deposits", body, later, edits...)
	}
	stale := func(e *exchange.Exchange) { *e = *request("POST", "/v3/deposits", body, arrival); e.Started = later }
	for _, tt := range []struct {
		name    string
		o       judge.Operation
		outcome judge.Outcome
		words   string
	}{
		{"as it should be", append(created(lost), again()), judge.Holds, ""},
		{"no answer was lost", append(created(), again()), judge.Unseen, "a request whose answer was lost"},
		{"no retry", created(lost), judge.Unseen, "a retry"},
		{"another key", append(created(lost), again(header("X-Idempotency-Key", "other"))), judge.Broken, `another key: "other" after`},
		{"no key at all", append(created(lost, dropping("X-Idempotency-Key")), again(dropping("X-Idempotency-Key"))), judge.Broken, "a retry without a key"},
		{"another body", append(created(lost), request("POST", "/v3/deposits", `{"invoice_id":"i-1","amount":2}`, later)), judge.Broken, "another body"},
		{"the old date", append(created(lost), again(stale)), judge.Broken, "the X-Date of the first attempt"},
		{"a new date under the old signature", append(created(lost), again(header("Authorization", created()[0].Request.Header.Get("Authorization")))), judge.Broken, "the signature is wrong"},
		{"within the same second", append(created(lost, func(e *exchange.Exchange) { e.Timing.Total = time.Millisecond }), again(stale)), judge.Unseen, "another second"},
		{"it asks for the status", append(created(lost), request("GET", "/v3/deposits/1", "", later)), judge.Unseen, "a retry"},
	} {
		f := judge.Client{Credentials: given}.RetriesSafely([]judge.Operation{tt.o})
		assert.Equal(t, tt.outcome, f.Outcome, "%s: %+v", tt.name, f)
		assert.Contains(t, f.Expected+f.Seen, tt.words, tt.name)
	}
}

func TestKeysServeOneOperation(t *testing.T) {
	t.Parallel()
	c := judge.Client{Credentials: given}
	refund := judge.Operation{request("POST", "/v3/refunds", `{"deposit_id":1}`, arrival)}
	f := c.KeysForOneOperation([]judge.Operation{created(), refund})
	assert.Equal(t, judge.Broken, f.Outcome)
	assert.Contains(t, f.Seen, "a deposit and a refund have the key")
	retried := append(created(), created()...)
	other := created(header("X-Idempotency-Key", "another"))
	assert.Equal(t, judge.Holds, c.KeysForOneOperation([]judge.Operation{retried, other}).Outcome, "a retry has its key again")
	assert.Equal(t, judge.Unseen, c.KeysForOneOperation([]judge.Operation{retried}).Outcome)
}
