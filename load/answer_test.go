package load

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAnswersAreClassifiedByWhatTheProfileExpects(t *testing.T) {
	t.Parallel()
	calm := expectations{}
	storm := expectations{stored500: true, losing: true, slow: true, repeated: true, scarce: true}
	created, refused := `{"deposit_id": 300000001}`, `{"code":102,"type":"INVALID_SIGNATURE"}`
	for _, c := range []struct {
		name   string
		expect expectations
		op     Op
		status int
		body   string
		want   judgement
	}{
		{"a creation", calm, Create, 201, created, judgement{marks: markAccepted | markResult, object: 300000001}},
		{"an id as text", calm, Create, 200, `{"deposit_id":"17"}`, judgement{marks: markAccepted | markResult, object: 17}},
		{"no id", calm, Create, 201, `{}`, judgement{marks: markError, class: "201 without an id"}},
		{"a stored 500", storm, Create, 500, `{"code":500}`, judgement{marks: markResult, again: true}},
		{"a 500 that nobody asked for", calm, Create, 500, `{"code":500}`, judgement{marks: markResult | markError, again: true, class: "500/500"}},
		{"a refusal of the caller is not the key's result", calm, Create, 400, refused, judgement{marks: markError, again: true, class: "400/102"}},
		{"a busy server", calm, Create, 429, ``, judgement{marks: markError, again: true, class: "429"}},
		{"a key under way", storm, Create, 400, `{"code":104}`, judgement{again: true}},
		{"a business refusal is the key's result", calm, Refund, 400, `{"code":802}`, judgement{marks: markError | markResult, class: "400/802"}},
		{"a stale date refused", calm, Stale, 400, `{"code":103}`, judgement{}},
		{"a stale date accepted", calm, Stale, 201, created, judgement{marks: markError | markAccepted, object: 300000001, class: "201"}},
		{"a stale date, and a server that is busy", calm, Stale, 503, ``, judgement{marks: markError, class: "503"}},
		{"a cashout", calm, Cashout, 200, `{"cashout_id":"9"}`, judgement{marks: markAccepted, object: 9}},
		{"a cashout's second attempt", storm, Cashout, 412, `{"code":511}`, judgement{marks: markExists}},
		{"an external id that somebody else used", calm, Cashout, 412, `{"code":511}`, judgement{marks: markError, class: "412/511"}},
		{"the balance ran dry as planned", storm, Cashout, 412, `{"code":514}`, judgement{}},
		{"the balance ran dry", calm, Cashout, 412, `{"code":514}`, judgement{marks: markError, class: "412/514"}},
		{"an answer lost as planned, behind a proxy", storm, Create, 502, ``, judgement{again: true}},
		{"a proxy without its server", calm, Create, 502, ``, judgement{marks: markError, again: true, class: "502"}},
		{"a status", calm, Status, 200, ``, judgement{}},
		{"a status of nothing", calm, Status, 404, `{"code":208}`, judgement{marks: markError, class: "404/208"}},
	} {
		got := c.expect.judge(c.op, &incoming{outcome: answered, status: c.status, body: []byte(c.body)})
		assert.Equal(t, c.want, got, c.name)
	}
	for _, c := range []struct {
		name    string
		expect  expectations
		outcome outcome
		want    judgement
	}{
		{"an answer lost as planned", storm, lost, judgement{again: true}},
		{"an answer lost", calm, lost, judgement{marks: markError, again: true, class: "lost"}},
		{"half an answer", calm, torn, judgement{marks: markError, again: true, class: "torn"}},
		{"too slow as planned", storm, timeout, judgement{again: true}},
		{"too slow", expectations{losing: true}, timeout, judgement{marks: markError, again: true, class: "timeout"}},
		{"no connection", storm, unsent, judgement{marks: markError, again: true, class: "not sent"}},
	} {
		assert.Equal(t, c.want, c.expect.judge(Create, &incoming{outcome: c.outcome}), c.name)
	}
}

func TestIdsAreFoundWhereverTheyStand(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"a":1,"deposit_id" : 42}`:  "42",
		`{"deposit_id":"x-1","b":2}`: "x-1",
		`{"deposit_id":`:             "",
		`{"deposit_id"}`:             "",
		`{"deposit_id":null}`:        "",
		`deposit_id`:                 "",
		`{"deposit_id":7`:            "7",
	} {
		assert.Equal(t, want, string(valueOf([]byte(body), `"deposit_id"`)), body)
	}
	assert.Equal(t, objectOf(Create, []byte(`{"deposit_id":"x-1"}`)), objectOf(Create, []byte(`{"deposit_id" : "x-1"}`)))
	assert.NotEqual(t, objectOf(Create, []byte(`{"deposit_id":"x-1"}`)), objectOf(Create, []byte(`{"deposit_id":"x-2"}`)))
}
