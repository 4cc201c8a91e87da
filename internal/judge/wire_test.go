package judge_test

import (
	"testing"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

func TestIsModernTLS(t *testing.T) {
	t.Parallel()
	const modern = "a connection of TLS 1.2 or later"
	over := func(version string) *exchange.Exchange {
		e := deposit(201, `{"deposit_id":1}`)
		e.TLS = version
		return e
	}
	plain := over("")
	plain.Request.URL = "http://api-stg.directa24.com/v3/deposits"
	noConnection := unanswered(exchange.FailureRefused)
	noConnection.TLS = ""
	read(t, []sentence{
		{"TLS 1.3", judge.IsModernTLS(over("TLS 1.3")), judge.Holds, "", ""},
		{"TLS 1.2", judge.IsModernTLS(over("TLS 1.2")), judge.Holds, "", ""},
		{"TLS 1.1", judge.IsModernTLS(over("TLS 1.1")), judge.Broken, modern, "a connection of TLS 1.1"},
		{"plain HTTP", judge.IsModernTLS(plain), judge.Broken, modern, "an answer over plain HTTP"},
		{"a recording without a version", judge.IsModernTLS(over("")), judge.Unclear, modern, "a connection of which the version is not known"},
		{"no connection", judge.IsModernTLS(noConnection), judge.Unclear, modern, "no answer: the refused one"},
	})
}

func TestIsJSON(t *testing.T) {
	t.Parallel()
	const expected = "a JSON body with Content-Type: application/json"
	typed := func(kind, body string) judge.Finding {
		return judge.IsJSON(with(deposit(400, body), "Content-Type", kind))
	}
	read(t, []sentence{
		{"JSON", typed("application/json", `{"code":1}`), judge.Holds, "", ""},
		{"JSON with a charset (AMB-21)", typed("Application/JSON; charset=UTF-8", `{"code":1}`), judge.Holds, "", ""},
		{"a parameter that is not whole", typed("application/json; charset", `{"code":1}`), judge.Holds, "", ""},
		{"a list", typed("application/json", `[]`), judge.Holds, "", ""},
		{"a page", typed("application/json", `<html>`), judge.Broken, expected, "400 with a body that is not JSON"},
		{"nothing", typed("application/json", ``), judge.Broken, expected, "400 without a body"},
		{"a byte order mark", typed("application/json", "\ufeff{}"), judge.Broken, expected, "400 with a byte order mark before its body"},
		{"Latin-1", typed("application/json", "{\"message\":\"Jos\xe9\"}"), judge.Broken, expected, "400 with a body that is not UTF-8"},
		{"JSON that calls itself a page", typed("text/html", `{"code":1}`), judge.Broken, expected, `Content-Type: "text/html"`},
		{"JSON that calls itself nothing", judge.IsJSON(deposit(400, `{"code":1}`)), judge.Broken, expected, `Content-Type: ""`},
		{"JSON that calls itself nonsense", typed("/;", `{"code":1}`), judge.Broken, expected, `Content-Type: "/;"`},
		{"a gateway that is busy", judge.IsJSON(full), judge.Unclear, expected, "503 with a body that is not JSON"},
		{"half an answer", judge.IsJSON(cut(deposit(200, `{"dep`))), judge.Unclear, expected, "200 with a body that is cut off"},
		{"no answer", judge.IsJSON(closed), judge.Unclear, expected, "no answer: the closed one"},
	})
}

func TestFaultsThatWereAskedFor(t *testing.T) {
	t.Parallel()
	const fails, lost = "an error 500, as the hook was asked for", "a connection closed before the answer, as the hook was asked for"
	read(t, []sentence{
		{"an error 500", judge.IsServerError(failed), judge.Holds, "", ""},
		{"another error instead of 500", judge.IsServerError(full), judge.Unclear, fails, "503 with a body that is not JSON"},
		{"a deposit instead of 500", judge.IsServerError(made), judge.Unclear, fails, "201 with deposit_id 300000025"},
		{"a closed connection instead of 500", judge.IsServerError(closed), judge.Unclear, fails, "no answer: the closed one"},
		{"a lost answer", judge.IsLost(closed), judge.Holds, "", ""},
		{"an answer that comes too late", judge.IsLost(silent), judge.Unclear, lost, "no answer: the timeout one"},
		{"an answer that is not lost", judge.IsLost(made), judge.Unclear, lost, "201 with deposit_id 300000025"},
	})
}
