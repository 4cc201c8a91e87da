package judge_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

// keyed is a copy of the exchange with an idempotency key and a body.
func keyed(e *exchange.Exchange, key, body string) *exchange.Exchange {
	c := *e
	c.Request.Header, c.Request.Body = e.Request.Header.Clone(), []byte(body)
	if key != "" {
		c.Request.Header.Set("X-Idempotency-Key", key)
	}
	return &c
}

// inTurn lets exchanges begin one second after the other.
func inTurn(list ...*exchange.Exchange) []*exchange.Exchange {
	for i, e := range list {
		c := *e
		c.Number, c.Started = i+1, begun.Add(time.Duration(i)*time.Second)
		list[i] = &c
	}
	return list
}

func TestAPreflightIsNoCall(t *testing.T) {
	t.Parallel()
	asked := request("OPTIONS", "/v3/deposits", "", arrival, dropping("Authorization"))
	assert.True(t, judge.IsCall(asked), "a client can send OPTIONS, too")
	asked.Request.Header.Set("Access-Control-Request-Method", "POST")
	assert.False(t, judge.IsCall(asked))
	assert.Empty(t, judge.Operations([]*exchange.Exchange{asked}))
}

func TestAttemptsOfOneThingComeTogether(t *testing.T) {
	t.Parallel()
	const order, changed, other = `{"invoice_id":"1","amount":5}`, `{"amount":5,"invoice_id":"1"}`, `{"invoice_id":"2","amount":5}`
	const refunded = `{"deposit_id":7,"amount":5}`
	asked := depositStatus(200, `{"deposit_id":300000025,"status":"PENDING"}`)
	redirected := answered("POST", "/v3/deposits", 302, "")
	redirected.Response.Header.Set("Location", "http://127.0.0.1:8080/v3/deposits")
	followed := answered("GET", "/v3/deposits", 426, "")
	followed.Request.URL = "http://127.0.0.1:8080/v3/deposits"
	unfinished := unanswered(exchange.FailureClosed)
	noRefund := refund(0, "")
	noRefund.Response, noRefund.Failure = nil, unfinished.Failure

	for _, row := range []struct {
		name string
		sent []*exchange.Exchange
		want [][]int
	}{
		{"two orders are two operations", inTurn(keyed(made, "a", order), keyed(madeToo, "b", other)), [][]int{{1}, {2}}},
		{"a key comes again with its order", inTurn(keyed(made, "a", order), keyed(made, "a", order)), [][]int{{1, 2}}},
		{"and with the order in another writing", inTurn(keyed(unfinished, "a", order), keyed(made, "a", changed)), [][]int{{1, 2}}},
		{"a key that serves two orders makes them no one operation", inTurn(keyed(made, "a", order), keyed(made, "a", other)), [][]int{{1}, {2}}},
		{"an order comes again under another key after its answer was lost", inTurn(keyed(unfinished, "a", order), keyed(made, "b", order)), [][]int{{1, 2}}},
		{"and without one after the server was busy", inTurn(keyed(tooMany, "", order), keyed(made, "", order)), [][]int{{1, 2}}},
		{"and after its date was refused", inTurn(keyed(tooOld, "a", order), keyed(made, "b", order)), [][]int{{1, 2}}},
		{"an order that was made is made again on purpose", inTurn(keyed(made, "a", order), keyed(madeToo, "b", order)), [][]int{{1}, {2}}},
		{"an order that was refused is another one when it comes again", inTurn(keyed(wrongSig, "a", order), keyed(made, "b", order)), [][]int{{1}, {2}}},
		{"two equal refunds may be two", inTurn(keyed(refund(201, `{"refund_id":1}`), "a", refunded), keyed(refund(201, `{"refund_id":2}`), "b", refunded)), [][]int{{1}, {2}}},
		{"or one that was tried twice", inTurn(keyed(noRefund, "a", refunded), keyed(refund(201, `{"refund_id":2}`), "b", refunded)), [][]int{{1, 2}}},
		{"a redirect that is followed goes on with the operation", inTurn(keyed(redirected, "a", order), followed), [][]int{{1, 2}}},
		{"questions are asked one by one", inTurn(asked, asked), [][]int{{1}, {2}}},
		{"other traffic is left out", inTurn(answered("GET", "/favicon.ico", 200, ""), asked), [][]int{{2}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := [][]int{}
			for _, o := range judge.Operations(row.sent) {
				var numbers []int
				for _, e := range o {
					numbers = append(numbers, e.Number)
				}
				got = append(got, numbers)
			}
			assert.Equal(t, row.want, got)
		})
	}
}

func TestARetryThatIsNotKnownByteForByteIsNotBlamed(t *testing.T) {
	t.Parallel()
	first := keyed(unanswered(exchange.FailureClosed), "a", `{"invoice_id":"1"}`)
	retry := keyed(made, "a", `{"invoice_id":"1","x":1}`)
	assert.Equal(t, judge.Broken, judge.Client{}.RetriesSafely(judge.Operations(inTurn(first, retry))).Outcome)

	retry.Request.Truncated = true
	f := judge.Client{}.RetriesSafely(judge.Operations(inTurn(first, retry)))
	assert.Equal(t, judge.Unseen, f.Outcome)
	assert.Equal(t, "a retry that was recorded byte for byte", f.Expected)
}
