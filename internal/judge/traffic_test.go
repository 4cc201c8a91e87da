package judge_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/rules"
)

var merchant = d24.Credentials{
	Deposits: d24.DepositsCredentials{APIKey: "login-FAKE", APISignature: "secret-FAKE"},
	Cashouts: d24.CashoutsCredentials{APIKey: "clogin-FAKE", APIPassphrase: "pass-FAKE", APISignature: "csecret-FAKE"},
}

// signed is a copy of a deposits exchange, dated at noon, signed right and answered then.
func signed(e *exchange.Exchange, key, body string) *exchange.Exchange {
	c := keyed(e, key, body)
	date := d24.FormatDate(begun)
	c.Request.Header.Set("X-Date", date)
	c.Request.Header.Set("X-Login", merchant.Deposits.APIKey)
	c.Request.Header.Set("Authorization", d24.NewKey(merchant.Deposits.APISignature).Authorization(date, merchant.Deposits.APIKey, []byte(body)))
	if c.Response != nil {
		answer := *c.Response
		answer.Header = exchange.Header{{Name: "Date", Value: "Fri, 20 Nov 2026 12:00:00 GMT"}, {Name: "Content-Type", Value: "application/json"}}
		c.Response = &answer
	}
	return c
}

// saying is a copy of the exchange with another request header.
func saying(e *exchange.Exchange, name, value string) *exchange.Exchange {
	c := *e
	c.Request.Header = e.Request.Header.Clone()
	if value == "" {
		c.Request.Header.Delete(name)
	} else {
		c.Request.Header.Set(name, value)
	}
	return &c
}

// payingOut is a copy of a cashouts exchange, signed right unless a signature is given.
func payingOut(e *exchange.Exchange, signature string) *exchange.Exchange {
	const body = `{"login":"clogin-FAKE","pass":"pass-FAKE","external_id":"x1"}`
	c := *keyed(e, "", body)
	if signature == "" {
		signature = d24.NewKey(merchant.Cashouts.APISignature).Payload([]byte(body))
	}
	c.Request.Header.Set("Payload-Signature", signature)
	return &c
}

func TestWhatTrafficProvesOfAServer(t *testing.T) {
	t.Parallel()
	const body, other = `{"invoice_id":"1"}`, `{"invoice_id":"2"}`
	zeros := strings.Repeat("0", 64)
	fine := signed(made, "k", body)
	late := signed(made, "k", body)
	late.Response.Header.Set("Date", "Fri, 20 Nov 2026 12:00:07 GMT")
	sixPast := signed(made, "k", body)
	sixPast.Response.Header.Set("Date", "Fri, 20 Nov 2026 12:00:06 GMT")
	early := signed(made, "k", body)
	early.Response.Header.Set("Date", "Fri, 20 Nov 2026 11:59:52 GMT")
	stranger := saying(saying(fine, "X-Login", "not-ours"), "Authorization", "D24 "+zeros)
	html := signed(answered("POST", "/v3/deposits", 404, "<h1>Not here</h1>"), "k", body)
	gateway := signed(answered("POST", "/v3/deposits", 502, "<h1>Bad gateway</h1>"), "k", body)
	inFlight := signed(keyInUse, "k", body)

	for _, row := range []struct {
		name     string
		sentence func(judge.Server, []*exchange.Exchange) judge.Finding
		traffic  []*exchange.Exchange
		want     judge.Outcome
	}{
		{"no Authorization, accepted", judge.Server.DeclinesUnsigned, inTurn(saying(fine, "Authorization", "")), judge.Broken},
		{"no Authorization, refused", judge.Server.DeclinesUnsigned, inTurn(saying(signed(wrongSig, "k", body), "Authorization", "")), judge.Unseen},
		{"a lookup without Authorization, accepted", judge.Server.DeclinesUnsigned, inTurn(answered("GET", "/v3/banks", 200, `[]`)), judge.Broken},
		{"a wrong signature, accepted", judge.Server.DeclinesWrongSignature, inTurn(fine, saying(fine, "Authorization", "D24 "+zeros)), judge.Broken},
		{"a wrong signature, refused", judge.Server.DeclinesWrongSignature, inTurn(saying(signed(wrongSig, "k", body), "Authorization", "D24 "+zeros)), judge.Unseen},
		{"a right signature in upper case is a reading", judge.Server.DeclinesWrongSignature, inTurn(saying(fine, "Authorization", strings.ToUpper(fine.Request.Header.Get("Authorization")))), judge.Unseen},
		{"somebody else's signature is not ours to check", judge.Server.DeclinesWrongSignature, inTurn(stranger), judge.Unseen},
		{"seven seconds old, accepted", judge.Server.DeclinesStale, inTurn(late), judge.Broken},
		{"six seconds, less the journey, may be five", judge.Server.DeclinesStale, inTurn(sixPast), judge.Unseen},
		{"seven seconds early, accepted", judge.Server.DeclinesStale, inTurn(early), judge.Broken},
		{"fresh", judge.Server.DeclinesStale, inTurn(fine), judge.Unseen},
		{"the same object twice", judge.Server.CreatesDepositOnce, inTurn(fine, fine), judge.Holds},
		{"two objects under one key", judge.Server.CreatesDepositOnce, inTurn(fine, signed(madeToo, "k", other)), judge.Broken},
		{"two objects under two keys", judge.Server.CreatesDepositOnce, inTurn(fine, signed(madeToo, "l", other)), judge.Unseen},
		{"a key at another endpoint is another key", judge.Server.CreatesRefundOnce, inTurn(fine, signed(refund(201, `{"refund_id":7}`), "k", body)), judge.Unseen},
		{"two refunds under one key", judge.Server.CreatesRefundOnce, inTurn(signed(refund(201, `{"refund_id":7}`), "k", body), signed(refund(201, `{"refund_id":8}`), "k", body)), judge.Broken},
		{"the stored answer", judge.Server.RepeatsAnswers, inTurn(fine, fine), judge.Holds},
		{"another answer", judge.Server.RepeatsAnswers, inTurn(fine, signed(madeToo, "k", body)), judge.Broken},
		{"a stored 500 that became a success", judge.Server.RepeatsAnswers, inTurn(signed(failed, "k", body), fine), judge.Broken},
		{"a gateway's 502 was never stored", judge.Server.RepeatsAnswers, inTurn(gateway, fine), judge.Unseen},
		{"a refusal of the caller uses up no key", judge.Server.RepeatsAnswers, inTurn(signed(wrongSig, "k", body), fine), judge.Unseen},
		{"another body under the key is a reading", judge.Server.RepeatsAnswers, inTurn(fine, signed(madeToo, "k", other)), judge.Unseen},
		{"a key that is in use stores nothing", judge.Server.RepeatsAnswers, inTurn(inFlight, fine), judge.Unseen},
		{"JSON", judge.Server.AnswersJSON, inTurn(fine), judge.Holds},
		{"a page", judge.Server.AnswersJSON, inTurn(fine, html), judge.Broken},
		{"a gateway's page is not the server's", judge.Server.AnswersJSON, inTurn(gateway), judge.Unseen},
		{"no Payload-Signature, accepted", judge.Server.DeclinesUnsignedCashout, inTurn(sent(cashout(200, `{"cashout_id":"1"}`), `{"external_id":"x1"}`)), judge.Broken},
		{"a wrong Payload-Signature, accepted", judge.Server.DeclinesWrongPayloadSignature, inTurn(payingOut(paidOut, zeros)), judge.Broken},
		{"a right Payload-Signature", judge.Server.DeclinesWrongPayloadSignature, inTurn(payingOut(paidOut, "")), judge.Unseen},
		{"an external_id twice", judge.Server.TakesExternalIDOnce, inTurn(payingOut(paidOut, ""), payingOut(paidToo, "")), judge.Broken},
		{"an external_id twice, refused the second time", judge.Server.TakesExternalIDOnce, inTurn(payingOut(paidOut, ""), payingOut(usedID, "")), judge.Unseen},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := row.sentence(judge.Server{Credentials: merchant}, row.traffic)
			assert.Equal(t, row.want, f.Outcome, "expected %q, seen %q", f.Expected, f.Seen)
			assert.Equal(t, row.want == judge.Unseen, len(f.Exchanges) == 0)
		})
	}
}

func TestARetryInFlightMayBeToldOtherwise(t *testing.T) {
	t.Parallel()
	const body = `{"invoice_id":"1"}`
	slow, meanwhile := signed(made, "k", body), signed(keyInUse, "k", body)
	slow.Timing.Total, meanwhile.Started = 2*time.Second, begun.Add(time.Second)
	traffic := []*exchange.Exchange{meanwhile, slow} // in the order in which they ended
	assert.Equal(t, judge.Unseen, judge.Server{}.RepeatsAnswers(traffic).Outcome)
}

func TestWithoutKeysSignaturesAreNotJudged(t *testing.T) {
	t.Parallel()
	wrong := saying(signed(made, "k", "{}"), "Authorization", "D24 "+strings.Repeat("0", 64))
	f := judge.Server{}.DeclinesWrongSignature(inTurn(wrong))
	assert.Equal(t, judge.Unseen, f.Outcome)
	assert.Contains(t, f.Expected, "D24_DEPOSITS_API_KEY")
}

func TestAnswersAreUnpacked(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err := writer.Write(made.Response.Body)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	zipped := signed(made, "k", "{}")
	zipped.Response.Header.Set("Content-Encoding", "gzip")
	kept := *zipped.Response // as a browser keeps it: unpacked, under the same header
	zipped.Response.Body = packed.Bytes()
	inBrowser, strange := signed(made, "k", "{}"), signed(made, "k", "{}")
	inBrowser.Response = &kept
	strange.Response.Header.Set("Content-Encoding", "br")
	strange.Response.Body = []byte{1, 2, 3}

	got := judge.Unpacked([]*exchange.Exchange{zipped, inBrowser, strange})
	assert.Equal(t, string(made.Response.Body), string(got[0].Response.Body))
	assert.Equal(t, string(made.Response.Body), string(got[1].Response.Body))
	assert.Equal(t, packed.Bytes(), zipped.Response.Body, "the original stays as it was")
	assert.Equal(t, judge.Holds, judge.Server{}.AnswersJSON(got).Outcome)
	assert.Equal(t, judge.Unseen, judge.Server{}.AnswersJSON(got[2:]).Outcome, "nobody is blamed for what cannot be read")
}

func TestPassagesNameRulesOfTheServer(t *testing.T) {
	t.Parallel()
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	for _, p := range judge.Passages() {
		for _, id := range p.Rules {
			rule, ok := ledger.Rule(id)
			require.True(t, ok, id)
			assert.Equal(t, rules.Judged, rule.Judgement(rules.RoleServer), id)
		}
	}
}
