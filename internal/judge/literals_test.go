package judge_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

// begun is when every exchange of these tests began, by our clock.
var begun = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const host = "https://api-stg.directa24.com"

// answered is a request and the answer that it got 40 ms later.
func answered(method, path string, status int, body string) *exchange.Exchange {
	return &exchange.Exchange{
		Started:  begun,
		Request:  exchange.Request{Method: method, URL: host + path, Proto: "HTTP/1.1"},
		Response: &exchange.Response{Status: status, Proto: "HTTP/1.1", Body: []byte(body)},
		Timing:   exchange.Timing{Total: 40 * time.Millisecond},
		TLS:      "TLS 1.3",
	}
}

func deposit(status int, body string) *exchange.Exchange {
	return answered("POST", "/v3/deposits", status, body)
}

func refund(status int, body string) *exchange.Exchange {
	return answered("POST", "/v3/refunds", status, body)
}

func cashout(status int, body string) *exchange.Exchange {
	return answered("POST", "/v3/cashout", status, body)
}

func depositStatus(status int, body string) *exchange.Exchange {
	return answered("GET", "/v3/deposits/300000025", status, body)
}

func cashoutStatus(status int, body string) *exchange.Exchange {
	return answered("POST", "/v3/cashout/status", status, body)
}

// unanswered is a deposit request that got no answer.
func unanswered(kind exchange.FailureKind) *exchange.Exchange {
	e := deposit(0, "")
	e.Response, e.Failure = nil, &exchange.Failure{Kind: kind, Text: "the " + string(kind) + " one"}
	return e
}

// cut is the exchange with its answer broken off.
func cut(e *exchange.Exchange) *exchange.Exchange {
	e.Response.Truncated = true
	return e
}

// with is the exchange with a header in its answer.
func with(e *exchange.Exchange, name, value string) *exchange.Exchange {
	e.Response.Header.Set(name, value)
	return e
}

// sent is a copy of the exchange with a body in its request.
func sent(e *exchange.Exchange, body string) *exchange.Exchange {
	other := *e
	other.Request.Body = []byte(body)
	return &other
}

// What a server that keeps the rules says, and what others do.
var (
	made     = deposit(201, `{"checkout_type":"ONE_SHOT","deposit_id":300000025,"merchant_invoice_id":"d24c-1"}`)
	madeToo  = deposit(200, `{"deposit_id":300000026}`)
	wrongSig = deposit(400, `{"code":102,"description":"Invalid signature","type":"INVALID_SIGNATURE"}`)
	tooOld   = deposit(400, `{"code":103,"description":"Date out of range","type":"INVALID_DATE_RANGE"}`)
	keyInUse = deposit(400, `{"code":104,"description":"Key in use"}`)
	stranger = deposit(401, `{"code":100,"description":"Invalid credentials"}`)
	tooMany  = deposit(429, `{"code":203,"description":"Too many"}`)
	failed   = deposit(500, `{"code":500,"description":"Generic error"}`)
	full     = deposit(503, `<h1>Service Unavailable</h1>`)
	page     = deposit(403, `<html><h1>Forbidden</h1></html>`)
	okButNot = deposit(200, `{"code":102,"description":"Invalid signature"}`)
	silent   = unanswered(exchange.FailureTimeout)
	closed   = unanswered(exchange.FailureClosed)

	paidOut  = cashout(200, `{"cashout_id":"8405147"}`)
	paidToo  = cashout(200, `{"cashout_id":"8405148"}`)
	usedID   = cashout(412, `{"code":511,"message":"External ID already used"}`)
	noFunds  = cashout(412, `{"code":514,"message":"Insufficient funds"}`)
	unknown  = cashoutStatus(412, `{"code":509,"message":"Cashout not found"}`)
	badLogin = cashout(401, `{"code":401,"message":"Invalid credentials"}`)
)

// A sentence is one row of a table: what was on the wire, and what a person reads.
type sentence struct {
	name           string
	finding        judge.Finding
	outcome        judge.Outcome
	expected, seen string
}

func read(t *testing.T, sentences []sentence) {
	t.Helper()
	for _, row := range sentences {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, row.outcome, row.finding.Outcome, "expected %q, seen %q", row.finding.Expected, row.finding.Seen)
			assert.Equal(t, row.expected, row.finding.Expected, "expected")
			assert.Equal(t, row.seen, row.finding.Seen, "seen")
			assert.NotEmpty(t, row.finding.Exchanges, "a finding names what it is about")
		})
	}
}
