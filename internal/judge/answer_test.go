package judge_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		exchange *exchange.Exchange
		kind     judge.Kind
		said     string // Describe
	}{
		// What was asked for.
		{"a deposit that was made is accepted", made, judge.Accepted, "201 with deposit_id 300000025"},
		{"any 2xx will do (AMB-27)", deposit(202, `{"deposit_id":300000025}`), judge.Accepted, "202 with deposit_id 300000025"},
		{"an id may be a string (AMB-29)", deposit(201, `{"deposit_id":"300000025"}`), judge.Accepted, "201 with deposit_id 300000025"},
		{"an id may be beyond 64 bits and keeps its digits", deposit(201, `{"deposit_id":98765432109876543210987}`), judge.Accepted, "201 with deposit_id 98765432109876543210987"},
		{"iframe may be a string", deposit(201, `{"deposit_id":1,"iframe":"true"}`), judge.Accepted, "201 with deposit_id 1"},
		{"fields that nobody knows change nothing", deposit(201, `{"deposit_id":1,"x":[{"code":102}],"y":null}`), judge.Accepted, "201 with deposit_id 1"},
		{"a description beside the object is no error", deposit(201, `{"deposit_id":1,"description":"order 5"}`), judge.Accepted, "201 (order 5) with deposit_id 1"},
		{"code 0 beside the object is no error", deposit(201, `{"deposit_id":1,"code":0,"message":"OK"}`), judge.Accepted, "201 (OK) with deposit_id 1"},
		{"an error that is null is none", deposit(201, `{"deposit_id":1,"error":null}`), judge.Accepted, "201 with deposit_id 1"},
		{"an error that is false is none", deposit(201, `{"deposit_id":1,"error":false}`), judge.Accepted, "201 with deposit_id 1"},
		{"a slash at the end of the path changes nothing", answered("POST", "/v3/deposits/", 201, `{"deposit_id":1}`), judge.Accepted, "201 with deposit_id 1"},
		{"a prefix of the base URL changes nothing", answered("POST", "/v3/gateway/v3/refunds", 200, `{"refund_id":7,"deposit_id":1}`), judge.Accepted, "200 with refund_id 7"},
		{"a refund is named by its own id", refund(200, `{"deposit_id":300000025,"refund_id":168284}`), judge.Accepted, "200 with refund_id 168284"},
		{"a cashout is named by its own id", paidOut, judge.Accepted, "200 with cashout_id 8405147"},
		{"a deposit status has a status", depositStatus(200, `{"deposit_id":300000025,"status":"PENDING"}`), judge.Accepted, "200 with status PENDING"},
		{"a refund status has no refund_id", answered("GET", "/v3/refunds/7", 200, `{"deposit_id":1,"status":"PENDING","amount":5}`), judge.Accepted, "200 with status PENDING"},
		{"a status with a message about its deposit is one", depositStatus(200, `{"deposit_id":1,"status":"PENDING","message":"x"}`), judge.Accepted, "200 (x)"},
		{"cashout status 0 is a status", cashoutStatus(200, `{"cashout_status":0}`), judge.Accepted, "200 with status 0"},
		{"cashout_status is what counts on cashouts", cashoutStatus(200, `{"status":"success","cashout_status":4}`), judge.Accepted, "200 with status 4"},
		{"a cancelled cashout says its status", answered("DELETE", "/v3/cashout/cancel", 200, `{"cashout_status":2}`), judge.Accepted, "200 with status 2"},
		{"an empty list of payment methods is one", answered("GET", "/v3/payment_methods?country=BR", 200, `[]`), judge.Accepted, "200"},
		{"a list of codes is a list", answered("GET", "/v3/banks?country=BR", 200, `[{"code":1,"name":"B"}]`), judge.Accepted, "200"},
		{"a rate is an object", answered("GET", "/v3/exchange_rates/crypto?crypto=BTC", 200, `{"fx_rate":5}`), judge.Accepted, "200"},
		{"a byte order mark is passed over", deposit(201, "\ufeff"+`{"deposit_id":1}`), judge.Accepted, "201 with deposit_id 1"},
		{"bytes that are not UTF-8 are passed over", deposit(201, "{\"deposit_id\":1,\"name\":\"Jos\xe9\"}"), judge.Accepted, "201 with deposit_id 1"},
		{"of a name that stands twice the last counts", deposit(201, `{"deposit_id":1,"deposit_id":2}`), judge.Accepted, "201 with deposit_id 2"},

		// Refusals, in every documented envelope (AMB-26).
		{"a flat error is a refusal", wrongSig, judge.Refusal, "400 code 102 (Invalid signature)"},
		{"cashouts say message", noFunds, judge.Refusal, "412 code 514 (Insufficient funds)"},
		{"a nested error is a refusal", deposit(400, `{"error":{"code":"102","message":"Invalid signature","details":null}}`), judge.Refusal, "400 code 102 (Invalid signature)"},
		{"a code may be a string", deposit(400, `{"code":"102"}`), judge.Refusal, "400 code 102"},
		{"a code may be the word for it", deposit(400, `{"error":{"code":"INVALID_SIGNATURE"}}`), judge.Refusal, "400 code 102"},
		{"a code may have a decimal point", deposit(400, `{"code":102.0}`), judge.Refusal, "400 code 102"},
		{"a code that is no number is one all the same", deposit(400, `{"code":"SIG-7"}`), judge.Refusal, "400"},
		{"an error without a code has its text", deposit(400, `{"message":"Forbidden"}`), judge.Refusal, "400 (Forbidden)"},
		{"an error may be a text", deposit(400, `{"status":400,"error":"Bad Request","path":"/v3/deposits"}`), judge.Refusal, "400 (Bad Request)"},
		{"the type stands in for a text", deposit(400, `{"code":102,"type":"INVALID_SIGNATURE"}`), judge.Refusal, "400 code 102 (INVALID_SIGNATURE)"},
		{"a refund's refusal may name the deposit", refund(400, `{"code":802,"description":"Amount","deposit_id":300000025}`), judge.Refusal, "400 code 802 (Amount)"},
		{"a refusal may have an id that is null", deposit(400, `{"code":102,"deposit_id":null}`), judge.Refusal, "400 code 102"},
		{"a refusal may have an id that is 0", deposit(400, `{"code":102,"deposit_id":0}`), judge.Refusal, "400 code 102"},

		// A server that is busy, or none.
		{"408 is busy", deposit(408, `{"code":1}`), judge.Busy, "408 code 1"},
		{"425 is busy", deposit(425, ``), judge.Busy, "425 without a body"},
		{"429 is busy", tooMany, judge.Busy, "429 code 203 (Too many)"},
		{"500 is busy", failed, judge.Busy, "500 code 500 (Generic error)"},
		{"503 is busy", full, judge.Busy, "503 with a body that is not JSON"},
		{"half an answer is busy", cut(deposit(201, `{"deposit_id":1`)), judge.Busy, "201 with a body that is cut off"},
		{"a time-out is busy", silent, judge.Busy, "no answer: the timeout one"},
		{"nothing at all is busy", &exchange.Exchange{}, judge.Busy, "no answer"},

		// Neither.
		{"200 with an error is odd", okButNot, judge.Odd, "200 code 102 (Invalid signature)"},
		{"200 with a nested error is odd", deposit(200, `{"error":{"message":"No"}}`), judge.Odd, "200 (No)"},
		{"200 with an object and an error is odd", deposit(200, `{"deposit_id":1,"code":102}`), judge.Odd, "200 code 102 with deposit_id 1"},
		{"200 with error: true is odd", deposit(200, `{"deposit_id":1,"error":true}`), judge.Odd, "200 (true) with deposit_id 1"},
		{"400 with an object is odd", deposit(400, `{"code":102,"deposit_id":1}`), judge.Odd, "400 code 102 with deposit_id 1"},
		{"a deposit without its id is odd", deposit(201, `{"status":"PENDING"}`), judge.Odd, "201 with JSON that is neither what was asked for nor an error"},
		{"a refund without its id is odd", refund(200, `{"deposit_id":1}`), judge.Odd, "200 with JSON that is neither what was asked for nor an error"},
		{"a name in another case is another name", deposit(201, `{"Deposit_ID":1}`), judge.Odd, "201 with JSON that is neither what was asked for nor an error"},
		{"a status that is a message only is odd", depositStatus(200, `{"status":"error","message":"No"}`), judge.Odd, "200 (No)"},
		{"an empty object is no list", answered("GET", "/v3/banks", 200, `{}`), judge.Odd, "200 with JSON that is neither what was asked for nor an error"},
		{"null is no list", answered("GET", "/v3/banks", 200, `null`), judge.Odd, "200 with JSON that is neither what was asked for nor an error"},
		{"a message is no list", answered("GET", "/v3/states", 200, `{"message":"No"}`), judge.Odd, "200 (No)"},
		{"a list is no deposit", deposit(201, `[{"deposit_id":1}]`), judge.Odd, "201 with JSON that is neither what was asked for nor an error"},
		{"an error in a list is none", deposit(400, `[{"code":102}]`), judge.Odd, "400 with JSON that is neither what was asked for nor an error"},
		{"400 without a body is odd", deposit(400, " \n"), judge.Odd, "400 without a body"},
		{"a page is odd", page, judge.Odd, "403 with a body that is not JSON"},
		{"a redirect is odd", deposit(302, ``), judge.Odd, "302 without a body"},
		{"a bare string is odd", deposit(200, `"ok"`), judge.Odd, "200 with JSON that is neither what was asked for nor an error"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, row.kind, judge.Read(row.exchange).Kind)
			assert.Equal(t, row.said, judge.Describe(row.exchange))
		})
	}
}

func TestReadSaysWhatItFound(t *testing.T) {
	t.Parallel()
	a := judge.Read(deposit(400, `{"error":{"code":"102","message":"Invalid signature"}}`))
	assert.True(t, a.JSON)
	assert.True(t, a.HasCode)
	assert.Equal(t, 102, a.Code)
	assert.Equal(t, "Invalid signature", a.ErrorText)

	a = judge.Read(paidOut)
	assert.Equal(t, "cashout_id", a.ObjectField)
	assert.Equal(t, "8405147", a.ObjectID)

	assert.Empty(t, judge.Read(cashoutStatus(200, `{"cashout_id":1,"cashout_status":1}`)).ObjectID, "a status request makes nothing")
	assert.False(t, judge.Read(page).JSON)
	assert.False(t, judge.Read(deposit(201, "\ufeff{}")).JSON, "a byte order mark is no JSON")
}

// What a server sends must not take over a report or a terminal.
func TestDescribeTamesWhatTheServerSays(t *testing.T) {
	t.Parallel()
	e := deposit(400, `{"code":1,"description":"one\n\u001b[31mtwo "}`)
	assert.Equal(t, "400 code 1 (one \ufffd[31mtwo)", judge.Describe(e))
	long := ""
	for range 100 {
		long += "ñ"
	}
	assert.Equal(t, "400 ("+long[:2*80]+"…)", judge.Describe(deposit(400, `{"message":"`+long+`"}`)))
}

func TestRefusesCaller(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		exchange *exchange.Exchange
		want     bool
	}{
		{"an unknown login is about the caller", stranger, true},
		{"a wrong signature is about the caller", wrongSig, true},
		{"an old date is about the caller", tooOld, true},
		{"cashouts' credentials are about the caller", badLogin, true},
		{"cashouts' 524 is another word for it", cashout(401, `{"code":524,"message":"x"}`), true},
		{"a status request's control string is about the caller", cashoutStatus(401, `{"code":302,"message":"x"}`), true},
		{"401 without a code is about the caller", deposit(401, `{"message":"No"}`), true},
		{"403 without a code is about the caller", deposit(403, `{"message":"No"}`), true},
		{"a key in use is about the operation", keyInUse, false},
		{"deposits' 401 is a payment method", deposit(400, `{"code":401,"description":"Payment method"}`), false},
		{"cashouts' 100 is none of theirs", cashout(400, `{"code":100,"message":"x"}`), false},
		{"too little money is about the operation", noFunds, false},
		{"400 without a code is about the operation", deposit(400, `{"message":"No"}`), false},
		{"what is accepted refuses nobody", made, false},
		{"a busy server refuses nobody", failed, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, row.want, judge.RefusesCaller(row.exchange))
		})
	}
}
