package judge_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

func TestIsAccepted(t *testing.T) {
	t.Parallel()
	read(t, []sentence{
		{"accepted", judge.IsAccepted(made), judge.Holds, "", ""},
		{"refused", judge.IsAccepted(wrongSig), judge.Broken, "accepted", "400 code 102 (Invalid signature)"},
		{"neither", judge.IsAccepted(okButNot), judge.Broken, "accepted", "200 code 102 (Invalid signature)"},
		{"busy", judge.IsAccepted(tooMany), judge.Unclear, "accepted", "429 code 203 (Too many)"},
		{"not answered", judge.IsAccepted(closed), judge.Unclear, "accepted", "no answer: the closed one"},
	})
}

func TestIsRefusedAlone(t *testing.T) {
	t.Parallel()
	read(t, []sentence{
		{"refused with the documented code", judge.IsRefusedAlone(noFunds, forFunds), judge.Holds, "", ""},
		{"refused, where no code is documented", judge.IsRefusedAlone(noFunds, judge.Reason{}), judge.Holds, "", ""},
		{"refused for who calls, where that is the reason", judge.IsRefusedAlone(wrongSig, forSignature), judge.Holds, "", ""},
		{"accepted", judge.IsRefusedAlone(paidOut, forFunds), judge.Broken, "refused because of the balance", "200 with cashout_id 8405147"},
		{
			"accepted, where no reason is given", judge.IsRefusedAlone(paidOut, judge.Reason{}), judge.Broken,
			"refused with an HTTP 4xx and an error body", "200 with cashout_id 8405147",
		},
		{
			"refused for another reason", judge.IsRefusedAlone(usedID, forFunds), judge.Broken,
			"refused because of the balance, with code 514", "412 code 511 (External ID already used)",
		},
		{
			"refused for who calls, with another code than that", judge.IsRefusedAlone(stranger, forSignature), judge.Broken,
			"refused because of its signature, with code 102", "401 code 100 (Invalid credentials)",
		},
		{"busy", judge.IsRefusedAlone(full, forFunds), judge.Unclear, "refused because of the balance", "503 with a body that is not JSON"},
		{
			"we are let in no more", judge.IsRefusedAlone(badLogin, forFunds), judge.Unclear,
			"refused because of the balance", "401 code 401 (Invalid credentials)",
		},
		{
			"we are let in no more, where no code is documented", judge.IsRefusedAlone(stranger, judge.Reason{}), judge.Unclear,
			"refused with an HTTP 4xx and an error body", "401 code 100 (Invalid credentials)",
		},
	})
}

func TestIsAnswered(t *testing.T) {
	t.Parallel()
	read(t, []sentence{
		{"accepted", judge.IsAnswered(made), judge.Holds, "", ""},
		{"refused", judge.IsAnswered(wrongSig), judge.Holds, "", ""},
		{"busy", judge.IsAnswered(full), judge.Unclear, "accepted or refused", "503 with a body that is not JSON"},
		{"neither", judge.IsAnswered(page), judge.Unclear, "accepted or refused", "403 with a body that is not JSON"},
	})
}

func TestCreates(t *testing.T) {
	t.Parallel()
	read(t, []sentence{
		{"an object each", judge.Creates(made, madeToo), judge.Holds, "", ""},
		{
			"a deposit and a refund of the same number", judge.Creates(deposit(201, `{"deposit_id":7}`), refund(200, `{"refund_id":7}`)),
			judge.Holds, "", "",
		},
		{
			"one object for two", judge.Creates(made, madeToo, made), judge.Broken,
			"an object of its own for each", "both have deposit_id 300000025",
		},
		{
			"one object for two, written in two ways", judge.Creates(paidOut, cashout(200, `{"cashout_id":8405147}`)), judge.Broken,
			"an object of its own for each", "both have cashout_id 8405147",
		},
		{"one is refused", judge.Creates(made, wrongSig), judge.Broken, "accepted", "400 code 102 (Invalid signature)"},
		{"one is busy", judge.Creates(made, full, madeToo), judge.Unclear, "accepted", "503 with a body that is not JSON"},
		{
			"one is busy, and two have one object", judge.Creates(made, full, made), judge.Broken,
			"an object of its own for each", "both have deposit_id 300000025",
		},
		{"one is busy, and another refused", judge.Creates(full, wrongSig), judge.Broken, "accepted", "400 code 102 (Invalid signature)"},
	})
}

func TestAtMost(t *testing.T) {
	t.Parallel()
	read(t, []sentence{
		{"as many as may", judge.AtMost(2, paidOut, paidToo, noFunds), judge.Holds, "", ""},
		{"fewer than may", judge.AtMost(2, paidOut, noFunds), judge.Holds, "", ""},
		{"one too many", judge.AtMost(1, paidOut, noFunds, paidToo), judge.Broken, "at most 1 of 3 are accepted", "2 are"},
		{"one too many, and one busy", judge.AtMost(1, full, paidOut, paidToo), judge.Broken, "at most 1 of 3 are accepted", "2 are"},
		{
			"one too many, that says it is refused", judge.AtMost(1, paidOut, cashout(412, `{"code":514,"cashout_id":9}`)),
			judge.Broken, "at most 1 of 2 are accepted", "2 are",
		},
		{"one is busy, and may have been done", judge.AtMost(1, full, paidOut), judge.Unclear, "accepted or refused", "503 with a body that is not JSON"},
		{"one is neither", judge.AtMost(1, paidOut, page), judge.Unclear, "accepted or refused", "403 with a body that is not JSON"},
		{"none is accepted, which proves nothing", judge.AtMost(1, noFunds, noFunds), judge.Unclear, "some of them are accepted", "none of 2 are"},
		{"we are let in no more", judge.AtMost(1, paidOut, badLogin), judge.Unclear, "accepted or refused", "401 code 401 (Invalid credentials)"},
	})
	f := judge.AtMost(1, paidOut, noFunds, paidToo)
	assert.Equal(t, []*exchange.Exchange{paidOut, paidToo}, f.Exchanges, "the report shows those that were accepted")
}

func TestCreatesOnce(t *testing.T) {
	t.Parallel()
	read(t, []sentence{
		{"one of three", judge.CreatesOnce(usedID, paidOut, usedID), judge.Holds, "", ""},
		{"two of three", judge.CreatesOnce(paidOut, paidToo, usedID), judge.Broken, "exactly one is accepted", "2 of 3 are"},
		{"the same object twice is a replay, which external ids do not know (AMB-40)", judge.CreatesOnce(paidOut, paidOut), judge.Broken, "exactly one is accepted", "2 of 2 are"},
		{"two, and one busy", judge.CreatesOnce(full, paidOut, paidToo), judge.Broken, "exactly one is accepted", "2 of 3 are"},
		{"none", judge.CreatesOnce(usedID, usedID), judge.Broken, "exactly one is accepted", "none of 2 are"},
		{"one, and one busy", judge.CreatesOnce(paidOut, full), judge.Unclear, "accepted or refused", "503 with a body that is not JSON"},
		{"none, and one busy", judge.CreatesOnce(usedID, closed), judge.Unclear, "accepted or refused", "no answer: the closed one"},
		{"none, since we are not let in", judge.CreatesOnce(badLogin, badLogin), judge.Unclear, "accepted or refused", "401 code 401 (Invalid credentials)"},
	})
}

func TestSaysStatus(t *testing.T) {
	t.Parallel()
	read(t, []sentence{
		{"the status", judge.SaysStatus(depositStatus(200, `{"status":"COMPLETED"}`), "COMPLETED"), judge.Holds, "", ""},
		{"the status in another case", judge.SaysStatus(depositStatus(200, `{"status":"Completed"}`), "COMPLETED"), judge.Holds, "", ""},
		{"the number of a cashout", judge.SaysStatus(cashoutStatus(200, `{"cashout_status":0}`), "0"), judge.Holds, "", ""},
		{"the number as a string", judge.SaysStatus(cashoutStatus(200, `{"cashout_status":"4"}`), "4"), judge.Holds, "", ""},
		{"another status", judge.SaysStatus(cashoutStatus(200, `{"cashout_status":2}`), "4"), judge.Broken, "status 4", "200 with status 2"},
		{"not found", judge.SaysStatus(unknown, "4"), judge.Broken, "status 4", "412 code 509 (Cashout not found)"},
		{"busy", judge.SaysStatus(full, "4"), judge.Unclear, "status 4", "503 with a body that is not JSON"},
		{"we are let in no more", judge.SaysStatus(badLogin, "4"), judge.Unclear, "status 4", "401 code 401 (Invalid credentials)"},
	})
}

func TestIsAbout(t *testing.T) {
	t.Parallel()
	const id, expected = "300000025", "the status of deposit 300000025"
	read(t, []sentence{
		{"the deposit that was asked for", judge.IsAbout(depositStatus(200, `{"deposit_id":300000025,"status":"PENDING"}`), id), judge.Holds, "", ""},
		{"its id as a string", judge.IsAbout(depositStatus(200, `{"deposit_id":"300000025","status":"PENDING"}`), id), judge.Holds, "", ""},
		{"another deposit", judge.IsAbout(depositStatus(200, `{"deposit_id":26,"status":"PENDING"}`), id), judge.Broken, expected, "that of deposit 26"},
		{"not found", judge.IsAbout(depositStatus(404, `{"code":208,"description":"Not found"}`), id), judge.Broken, expected, "404 code 208 (Not found)"},
		{"a deposit without a name", judge.IsAbout(depositStatus(200, `{"status":"PENDING"}`), id), judge.Unclear, expected, "200 with status PENDING, of a deposit that it does not name"},
		{"busy", judge.IsAbout(full, id), judge.Unclear, expected, "503 with a body that is not JSON"},
		{"we are let in no more", judge.IsAbout(stranger, id), judge.Unclear, expected, "401 code 100 (Invalid credentials)"},
	})
}

func TestDiffers(t *testing.T) {
	t.Parallel()
	const own = "an answer of its own"
	first := sent(deposit(201, `{"deposit_id":1,"merchant_invoice_id":"d24c-1"}`), `{"invoice_id":"d24c-1"}`)
	stored := sent(deposit(201, `{"deposit_id":1,"merchant_invoice_id":"d24c-1"}`), `{"invoice_id":"d24c-2"}`)
	bare := sent(deposit(201, `{"deposit_id":1}`), `{"invoice_id":"d24c-1"}`)
	bareToo := sent(deposit(201, `{"deposit_id":1}`), `{"invoice_id":"d24c-2"}`)
	read(t, []sentence{
		{"another answer", judge.Differs(first, sent(made, `{"invoice_id":"d24c-2"}`)), judge.Holds, "", ""},
		{"the other environment's answer", judge.Differs(first, stored), judge.Broken, own, "the other environment's answer, byte for byte"},
		{"two environments that count alike", judge.Differs(bare, bareToo), judge.Unclear, own, "the same answer, which names no invoice"},
		{"no answer", judge.Differs(first, closed), judge.Unclear, own, "no answer: the closed one"},
		{"no answer at first", judge.Differs(closed, first), judge.Unclear, own, "the first environment: no answer: the closed one"},
	})
}

func TestDoesNotKnow(t *testing.T) {
	t.Parallel()
	const invoice, expected = "d24c-1", "not known there"
	read(t, []sentence{
		{"refused", judge.DoesNotKnow(depositStatus(404, `{"code":208,"description":"Not found"}`), invoice), judge.Holds, "", ""},
		{"404 with a page", judge.DoesNotKnow(depositStatus(404, `<h1>Not found</h1>`), invoice), judge.Holds, "", ""},
		{
			"another deposit that has the number by chance",
			judge.DoesNotKnow(depositStatus(200, `{"deposit_id":1,"invoice_id":"x","status":"PENDING"}`), invoice), judge.Holds, "", "",
		},
		{
			"the other environment's deposit",
			judge.DoesNotKnow(depositStatus(200, `{"invoice_id":"d24c-1","status":"PENDING"}`), invoice), judge.Broken,
			expected, "200 with status PENDING",
		},
		{
			"a deposit without an invoice", judge.DoesNotKnow(depositStatus(200, `{"deposit_id":1,"status":"PENDING"}`), invoice), judge.Unclear,
			expected, "200 with status PENDING, of an invoice that it does not name",
		},
		{"200 with an error", judge.DoesNotKnow(depositStatus(200, `{"code":208}`), invoice), judge.Unclear, expected, "200 code 208"},
		{"we are not let in", judge.DoesNotKnow(depositStatus(401, `{"code":100}`), invoice), judge.Unclear, expected, "401 code 100"},
		{"busy", judge.DoesNotKnow(full, invoice), judge.Unclear, expected, "503 with a body that is not JSON"},
	})
}

func TestSaysUnknown(t *testing.T) {
	t.Parallel()
	assert.True(t, judge.SaysUnknown(unknown))
	assert.False(t, judge.SaysUnknown(cashoutStatus(412, `{"code":300,"message":"cashout_id: missing"}`)), "it is about the question")
	assert.False(t, judge.SaysUnknown(cashoutStatus(200, `{"cashout_status":0}`)))
	assert.False(t, judge.SaysUnknown(full))
}

func TestIsUnknown(t *testing.T) {
	t.Parallel()
	read(t, []sentence{
		{"refused", judge.IsUnknown(unknown), judge.Holds, "", ""},
		{"known", judge.IsUnknown(cashoutStatus(200, `{"cashout_status":0}`)), judge.Broken, "not known there", "200 with status 0"},
		{"we are not let in", judge.IsUnknown(badLogin), judge.Unclear, "not known there", "401 code 401 (Invalid credentials)"},
		{"busy", judge.IsUnknown(full), judge.Unclear, "not known there", "503 with a body that is not JSON"},
	})
}
