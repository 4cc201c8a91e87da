package judge_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

func TestReplays(t *testing.T) {
	t.Parallel()
	const stored = "the stored answer, byte for byte: 201 with deposit_id 300000025"
	other := deposit(201, `{"checkout_type":"ONE_SHOT","deposit_id":300000027,"merchant_invoice_id":"d24c-1"}`)
	badly := deposit(400, `{"code":802,"description":"Amount"}`)
	read(t, []sentence{
		{"a success, replayed", judge.Replays(made, made, made), judge.Holds, "", ""},
		{"a refusal, replayed", judge.Replays(badly, badly), judge.Holds, "", ""},
		{"an error 500, replayed", judge.Replays(failed, failed), judge.Holds, "", ""},

		{"another object", judge.Replays(made, made, other), judge.Broken, stored, `201 with deposit_id 300000027 with another body: from byte 49 "\":300000027,\"merchant_invoice_" instead of "\":300000025,\"merchant_invoice_"`},
		{"a body that is longer", judge.Replays(deposit(201, `{"deposit_id":1}`), deposit(201, `{"deposit_id":1} `)), judge.Broken, "the stored answer, byte for byte: 201 with deposit_id 1", `201 with deposit_id 1 with another body: from byte 16 "sit_id\":1} " instead of "sit_id\":1}"`},
		{"another status", judge.Replays(made, deposit(200, string(made.Response.Body))), judge.Broken, stored, "200 with deposit_id 300000025"},
		{"104 instead of the answer", judge.Replays(made, keyInUse), judge.Broken, stored, "400 code 104 (Key in use)"},
		{"an error 500 that is forgotten", judge.Replays(failed, made), judge.Broken, "the stored answer, byte for byte: 500 code 500 (Generic error)", "201 with deposit_id 300000025"},
		{
			"an error 500 that is told anew", judge.Replays(failed, deposit(500, `{"code":500,"description":"Generic error!"}`)), judge.Broken,
			"the stored answer, byte for byte: 500 code 500 (Generic error)",
			`500 code 500 (Generic error!) with another body: from byte 40 "eric error!\"}" instead of "eric error\"}"`,
		},
		{"a busy retry does not hide another object", judge.Replays(made, full, madeToo), judge.Broken, stored, "200 with deposit_id 300000026"},

		{"a retry that meets a full server", judge.Replays(made, full, made), judge.Unclear, stored, "503 with a body that is not JSON"},
		{"a retry that meets an error 500", judge.Replays(made, failed), judge.Unclear, stored, "500 code 500 (Generic error)"},
		{
			"a retry of an error 500 that meets a full server", judge.Replays(failed, tooMany), judge.Unclear,
			"the stored answer, byte for byte: 500 code 500 (Generic error)", "429 code 203 (Too many)",
		},
		{"a retry without an answer", judge.Replays(made, closed), judge.Unclear, stored, "no answer: the closed one"},
		{"half a retry", judge.Replays(made, cut(deposit(201, string(made.Response.Body)))), judge.Unclear, stored, "201 with a body that is cut off"},
		{"a retry whose date grew old on its way", judge.Replays(made, tooOld), judge.Unclear, stored, "400 code 103 (Date out of range)"},
		{"a retry that is let in no more", judge.Replays(made, stranger), judge.Unclear, stored, "401 code 100 (Invalid credentials)"},
		{"a first request that a gateway turned away", judge.Replays(full, made), judge.Unclear, "a result of the first request", "503 with a body that is not JSON"},
		{"a first request that came too fast", judge.Replays(tooMany, made), judge.Unclear, "a result of the first request", "429 code 203 (Too many)"},
		{"a first request without an answer", judge.Replays(closed, made), judge.Unclear, "a result of the first request", "no answer: the closed one"},
	})
}

func TestReplaysOrRejects(t *testing.T) {
	t.Parallel()
	const stored = "the stored answer, byte for byte: 201 with deposit_id 300000025"
	judged := func(retries ...*exchange.Exchange) judge.Finding {
		f, _ := judge.ReplaysOrRejects(made, retries...)
		return f
	}
	read(t, []sentence{
		{"all replayed", judged(made, made), judge.Holds, "", ""},
		{"one still in flight (AMB-08)", judged(made, keyInUse), judge.Holds, "", ""},
		{"104 nested and as a string", judged(deposit(400, `{"error":{"code":"104"}}`)), judge.Holds, "", ""},
		{"a second object", judged(keyInUse, madeToo), judge.Broken, stored, "200 with deposit_id 300000026"},
		{"another refusal", judged(deposit(400, `{"code":402,"description":"Invoice used"}`)), judge.Broken, stored, "400 code 402 (Invoice used)"},
		{"a busy server", judged(made, full), judge.Unclear, stored, "503 with a body that is not JSON"},
	})
	_, rejected := judge.ReplaysOrRejects(made, made, keyInUse)
	assert.True(t, rejected, "how it was answered is told")
	_, rejected = judge.ReplaysOrRejects(made, made)
	assert.False(t, rejected)
}

func TestReplaysOrRefuses(t *testing.T) {
	t.Parallel()
	const expected = "the stored answer, or a refusal: 201 with deposit_id 300000025"
	for _, row := range []struct {
		sentence
		first, retry *exchange.Exchange
		refused      bool
	}{
		{sentence{"replayed", judge.Finding{}, judge.Holds, "", ""}, made, made, false},
		{sentence{"refused with 104", judge.Finding{}, judge.Holds, "", ""}, made, keyInUse, true},
		{sentence{"refused as a duplicate invoice", judge.Finding{}, judge.Holds, "", ""}, made, deposit(409, `{"code":402}`), true},
		{sentence{"the same object in other words", judge.Finding{}, judge.Holds, "", ""}, made, deposit(200, `{"deposit_id":300000025}`), false},
		{sentence{"a second object", judge.Finding{}, judge.Broken, expected, "200 with deposit_id 300000026"}, made, madeToo, false},
		{
			sentence{"a second object in a refusal", judge.Finding{}, judge.Broken, expected, "400 code 104 with deposit_id 9"},
			made, deposit(400, `{"code":104,"deposit_id":9}`), false,
		},
		{sentence{"neither", judge.Finding{}, judge.Unclear, expected, "403 with a body that is not JSON"}, made, page, false},
		{sentence{"busy", judge.Finding{}, judge.Unclear, expected, "500 code 500 (Generic error)"}, made, failed, false},
		{sentence{"let in no more", judge.Finding{}, judge.Unclear, expected, "401 code 100 (Invalid credentials)"}, made, stranger, false},
		{
			sentence{"nothing was made at first", judge.Finding{}, judge.Unclear, "a first request that is accepted", "400 code 102 (Invalid signature)"},
			wrongSig, wrongSig, false,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f, refused := judge.ReplaysOrRefuses(row.first, row.retry)
			assert.Equal(t, row.refused, refused)
			assert.Equal(t, row.outcome, f.Outcome)
			assert.Equal(t, row.expected, f.Expected)
			assert.Equal(t, row.seen, f.Seen)
		})
	}
}

func TestReplaysOrCreates(t *testing.T) {
	t.Parallel()
	const expected = "accepted, or the first answer"
	given := refund(200, `{"refund_id":7}`)
	judged := func(first, other *exchange.Exchange) judge.Finding {
		f, _ := judge.ReplaysOrCreates(first, other)
		return f
	}
	read(t, []sentence{
		{"an operation of its own", judged(made, given), judge.Holds, "", ""},
		{"the first answer (AMB-06)", judged(made, refund(201, string(made.Response.Body))), judge.Holds, "", ""},
		{"the key is in use (AMB-06 with AMB-05=reject)", judged(made, refund(400, `{"code":104}`)), judge.Holds, "", ""},
		{"refused", judged(made, refund(400, `{"code":201}`)), judge.Unclear, expected, "400 code 201"},
		{"busy", judged(made, full), judge.Unclear, expected, "503 with a body that is not JSON"},
		{"no first answer", judged(closed, given), judge.Unclear, "a result of the first request", "no answer: the closed one"},
	})
	_, replayed := judge.ReplaysOrCreates(made, refund(201, string(made.Response.Body)))
	assert.True(t, replayed, "how it was answered is told")
	_, replayed = judge.ReplaysOrCreates(made, given)
	assert.False(t, replayed)
}
