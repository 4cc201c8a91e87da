package judge_test

import (
	"testing"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

var (
	forSignature = judge.Reason{Because: "its signature", Codes: []int{102}}
	forFunds     = judge.Reason{Because: "the balance", Codes: []int{514}}
)

func TestIsRefused(t *testing.T) {
	t.Parallel()
	const control = "the same request without the fault is accepted"
	read(t, []sentence{
		{"refused with the documented code", judge.IsRefused(made, wrongSig, madeToo, forSignature), judge.Holds, "", ""},
		{
			"refused with the code nested and as a string",
			judge.IsRefused(made, deposit(400, `{"error":{"code":"102"}}`), madeToo, forSignature), judge.Holds, "", "",
		},
		{"refused with any code where none is documented", judge.IsRefused(made, stranger, madeToo, judge.Reason{}), judge.Holds, "", ""},
		{"refused without a code where none is documented", judge.IsRefused(made, deposit(400, `{"message":"No"}`), madeToo, judge.Reason{}), judge.Holds, "", ""},
		{
			"refused with one of two codes",
			judge.IsRefused(made, tooOld, madeToo, judge.Reason{Because: "the form of its date", Codes: []int{101, 103}}), judge.Holds, "", "",
		},

		{
			"accepted", judge.IsRefused(made, madeToo, made, forSignature), judge.Broken,
			"refused because of its signature", "200 with deposit_id 300000026",
		},
		{
			"accepted, where no reason is given", judge.IsRefused(made, madeToo, made, judge.Reason{}), judge.Broken,
			"refused with an HTTP 4xx and an error body", "200 with deposit_id 300000026",
		},
		{
			"refused for another reason", judge.IsRefused(made, tooOld, madeToo, forSignature), judge.Broken,
			"refused because of its signature, with code 102", "400 code 103 (Date out of range)",
		},
		{
			"refused for neither of two reasons",
			judge.IsRefused(made, wrongSig, madeToo, judge.Reason{Because: "the form of its date", Codes: []int{101, 103}}), judge.Broken,
			"refused because of the form of its date, with code 101 or 103", "400 code 102 (Invalid signature)",
		},
		{
			"refused without the documented code", judge.IsRefused(made, deposit(400, `{"message":"No"}`), madeToo, forSignature), judge.Broken,
			"refused because of its signature, with code 102", "400 (No)",
		},
		{
			"200 with an error in it", judge.IsRefused(made, okButNot, madeToo, forSignature), judge.Broken,
			"refused because of its signature", "200 code 102 (Invalid signature)",
		},
		{
			"400 with the object in it", judge.IsRefused(made, deposit(400, `{"code":102,"deposit_id":9}`), madeToo, forSignature), judge.Broken,
			"refused because of its signature", "400 code 102 with deposit_id 9",
		},
		{
			"a redirect", judge.IsRefused(made, deposit(302, ""), madeToo, judge.Reason{}), judge.Broken,
			"refused with an HTTP 4xx and an error body", "302 without a body",
		},

		{"the first control is refused", judge.IsRefused(wrongSig, wrongSig, made, forSignature), judge.Unclear, control, "400 code 102 (Invalid signature)"},
		{"the second control is refused", judge.IsRefused(made, wrongSig, stranger, forSignature), judge.Unclear, control, "401 code 100 (Invalid credentials)"},
		{"the second control is busy", judge.IsRefused(made, wrongSig, tooMany, forSignature), judge.Unclear, control, "429 code 203 (Too many)"},
		{
			"the probe is accepted, and so nothing else is any more", judge.IsRefused(made, madeToo, stranger, forSignature), judge.Unclear,
			control, "401 code 100 (Invalid credentials)",
		},
		{"the probe meets a busy server", judge.IsRefused(made, tooMany, madeToo, forSignature), judge.Unclear, "refused because of its signature", "429 code 203 (Too many)"},
		{"the probe meets an error 500", judge.IsRefused(made, failed, madeToo, forSignature), judge.Unclear, "refused because of its signature", "500 code 500 (Generic error)"},
		{"the probe is hung up on", judge.IsRefused(made, closed, madeToo, forSignature), judge.Unclear, "refused because of its signature", "no answer: the closed one"},
	})
}

func TestIsAcceptedToo(t *testing.T) {
	t.Parallel()
	read(t, []sentence{
		{"accepted", judge.IsAcceptedToo(made, madeToo, made), judge.Holds, "", ""},
		{"refused", judge.IsAcceptedToo(made, wrongSig, madeToo), judge.Broken, "accepted", "400 code 102 (Invalid signature)"},
		{"neither", judge.IsAcceptedToo(made, page, madeToo), judge.Broken, "accepted", "403 with a body that is not JSON"},
		{"busy", judge.IsAcceptedToo(made, full, madeToo), judge.Unclear, "accepted", "503 with a body that is not JSON"},
		{
			"refused, as the control is", judge.IsAcceptedToo(made, stranger, stranger), judge.Unclear,
			"the same request without the fault is accepted", "401 code 100 (Invalid credentials)",
		},
	})
}

func TestIsClear(t *testing.T) {
	t.Parallel()
	read(t, []sentence{
		{"accepted", judge.IsClear(made, madeToo, made), judge.Holds, "", ""},
		{"refused", judge.IsClear(made, wrongSig, madeToo), judge.Holds, "", ""},
		{"busy", judge.IsClear(made, full, madeToo), judge.Unclear, "accepted or refused", "503 with a body that is not JSON"},
		{"neither", judge.IsClear(made, page, madeToo), judge.Unclear, "accepted or refused", "403 with a body that is not JSON"},
		{
			"a control fails", judge.IsClear(stranger, wrongSig, madeToo), judge.Unclear,
			"the same request without the fault is accepted", "401 code 100 (Invalid credentials)",
		},
	})
}

func TestFailsOnPlainHTTP(t *testing.T) {
	t.Parallel()
	const fails = "fails, with nothing processed"
	plain := func(e *exchange.Exchange) judge.Finding { return judge.FailsOnPlainHTTP(made, e, madeToo) }
	read(t, []sentence{
		{"nothing listens", plain(unanswered(exchange.FailureRefused)), judge.Holds, "", ""},
		{"the connection is closed", plain(closed), judge.Holds, "", ""},
		{"it never answers", plain(silent), judge.Holds, "", ""},
		{"it redirects (AMB-24)", plain(deposit(301, "")), judge.Holds, "", ""},
		{"it says 426", plain(deposit(426, `{"code":500,"description":"Use HTTPS"}`)), judge.Holds, "", ""},
		{"it says 403 with a page", plain(page), judge.Holds, "", ""},
		{"it says 500", plain(failed), judge.Holds, "", ""},
		{"it says 200 with an error", plain(okButNot), judge.Holds, "", ""},

		{"it makes a deposit", plain(made), judge.Broken, fails, "201 with deposit_id 300000025"},
		{"it makes a deposit and says 400", plain(deposit(400, `{"code":1,"deposit_id":9}`)), judge.Broken, fails, "400 code 1 with deposit_id 9"},
		{
			"it tells a status", plain(depositStatus(200, `{"deposit_id":1,"status":"PENDING","message":"Hi"}`)), judge.Broken,
			fails, "200 (Hi)",
		},
		{"it lists the banks", plain(answered("GET", "/v3/banks", 200, `[]`)), judge.Broken, fails, "200"},
		{"it says 200 and nothing", plain(deposit(200, "")), judge.Broken, fails, "200 without a body"},

		{"we gave up ourselves", plain(unanswered(exchange.FailureCancelled)), judge.Unclear, fails, "no answer: the cancelled one"},
		{
			"a control over HTTPS fails too", judge.FailsOnPlainHTTP(made, closed, full), judge.Unclear,
			"the same request without the fault is accepted", "503 with a body that is not JSON",
		},
	})
}
