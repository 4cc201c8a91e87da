package target

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// seen is a request and its answer, so many seconds after noon; status 0 is no answer.
func seen(after int, method, path, body string, status int, answer string) *exchange.Exchange {
	e := &exchange.Exchange{
		Started: noon.Add(time.Duration(after) * time.Second),
		Request: exchange.Request{Method: method, URL: "https://127.0.0.1:8443" + path, Body: []byte(body)},
	}
	if status == 0 {
		e.Failure = &exchange.Failure{Kind: exchange.FailureClosed, Text: "closed"}
		return e
	}
	e.Response = &exchange.Response{Status: status, Body: []byte(answer)}
	return e
}

func TestSituationsAreFoundInARecording(t *testing.T) {
	t.Parallel()
	const order = `{"invoice_id":"1","payer":{"first_name":"José Ñuñez 李"}}`
	redirected := seen(9, "GET", "/v3/payment_methods?country=BR", "", 302, "")
	redirected.Response.Header.Set("Location", "http://127.0.0.1/v3/payment_methods?country=BR")
	page := seen(8, "POST", "/v3/deposits", `{"invoice_id":"5"}`, 502, "<html>")
	page.Response.Header.Set("Content-Type", "text/html; charset=utf-8")
	slow := seen(10, "POST", "/v3/deposits", `{"invoice_id":"6"}`, 201, `{"deposit_id":6}`)
	slow.Timing.Total = 10 * time.Second
	half := seen(11, "POST", "/v3/deposits", `{"invoice_id":"7"}`, 201, `{"deposit_id`)
	half.Response.Truncated = true
	recorded := NewRecorded("the recording", []*exchange.Exchange{
		seen(0, "POST", "/v3/deposits", order, 0, ""),
		seen(1, "POST", "/v3/deposits", order, 201, `{"deposit_id":1}`),
		seen(2, "POST", "/v3/deposits", `{"invoice_id":"2"}`, 500, `{"code":500,"description":"x"}`),
		seen(3, "POST", "/v3/deposits", `{"invoice_id":"3"}`, 400, `{"code":103,"description":"x"}`),
		seen(4, "POST", "/v3/deposits", `{"invoice_id":"4"}`, 429, `{"code":203,"description":"x"}`),
		seen(5, "GET", "/v3/deposits/1", "", 200, `{"deposit_id":1,"status":"PENDING"}`),
		seen(6, "POST", "/v3/refunds", `{"deposit_id":1}`, 201, `{"refund_id":1}`),
		seen(7, "POST", "/v3/cashout", `{"external_id":"1"}`, 200, `{"cashout_id":"1"}`),
		page, redirected, slow, half,
	})
	for _, row := range []struct {
		situation Situation
		want      []int // how many requests each operation has
	}{
		{Situation{Does: CreatesDeposit, Trouble: LosesAnswer}, []int{2}},
		{Situation{Does: CreatesDeposit, Trouble: LosesHalf}, []int{1}},
		{Situation{Does: CreatesDeposit, Trouble: StoredError}, []int{1}},
		{Situation{Does: CreatesDeposit, Trouble: RefusedDate}, []int{1}},
		{Situation{Does: CreatesDeposit, Trouble: TooMany}, []int{1}},
		{Situation{Does: CreatesDeposit, Trouble: GatewayPage}, []int{1}},
		{Situation{Does: CreatesDeposit, Trouble: SlowAnswer}, []int{1}},
		{Situation{Does: LooksUp, Trouble: Redirected302}, []int{1}},
		{Situation{Does: CreatesDeposit, Name: "José Ñuñez 李"}, []int{2}},
		{Situation{Does: AsksDeposit}, []int{1}},
		{Situation{Does: CreatesRefund}, []int{1}},
		{Situation{Does: CreatesCashout}, []int{1}},
		{Situation{Does: WorksWithCashouts}, []int{1}},
		{Situation{Does: WorksOn}, []int{2, 1, 1, 1, 1, 1, 1, 1, 1}},
		{Situation{Does: WorksWithDeposits}, []int{2, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
	} {
		traffic, err := recorded.Exercise(t.Context(), row.situation)
		require.NoError(t, err, "%v", row.situation)
		got := []int{}
		for _, o := range traffic.Operations {
			got = append(got, len(o))
		}
		assert.Equal(t, row.want, got, "%v", row.situation)
	}
	for _, s := range []Situation{
		{Does: CreatesDeposit, Certificate: Expired},
		{Does: CreatesDeposit, Trouble: Redirected307},
		{Does: CreatesRefund, Trouble: LosesAnswer},
		{Does: CreatesDeposit, Name: "José"},
		{Does: AsksCashout},
		{Does: CreatesDeposit, Trouble: PlainOK},
	} {
		assert.NotEmpty(t, unexercised(t, recorded, s))
	}
}

func TestSecretsOfOthersGetNames(t *testing.T) {
	t.Parallel()
	one := seen(0, "POST", "/v3/cashout?pass=canary-in-the-url", `{"login":"canary-login","pass":"canary \"pass","amount":1`, 200, `{}`)
	one.Request.Header = exchange.Header{
		{Name: "x-login", Value: "canary-key"},
		{Name: "Authorization", Value: "D24 " + strings.Repeat("0a", 32)},
		{Name: "Cookie", Value: "sid=canary-cookie"},
	}
	two := seen(1, "GET", "/v3/banks", "", 200, `[]`)
	two.Request.Header = exchange.Header{{Name: "authorization", Value: "Bearer canary-bearer"}, {Name: "X-Login", Value: "known-login"}}
	three := seen(2, "GET", "/v3/banks", "", 200, `[]`)
	three.Request.Header = exchange.Header{{Name: "Authorization", Value: "Basic Y2FuYXJ5LXVzZXI6Y2FuYXJ5LXdvcmQ="}}
	form := seen(3, "POST", "/v3/cashout", `login=canary-form&pass=canary-form-pass`, 400, `{"echo":"canary-form-pass"}`)

	secrets := NewSecrets(d24.Credentials{Deposits: d24.DepositsCredentials{APIKey: "known-login"}})
	all := []*exchange.Exchange{one, two, three, form}
	secrets.Search(all)
	var file strings.Builder
	require.NoError(t, exchange.Write(&file, all, secrets.Redactor()))
	assert.NotContains(t, file.String(), "canary")
	assert.NotContains(t, file.String(), "Y2FuYXJ5")
	assert.NotContains(t, file.String(), "known-login")
	for _, name := range []string{"{{D24_DEPOSITS_API_KEY}}", "{{D24_DEPOSITS_API_KEY_2}}", "{{D24_READ_ONLY_KEY}}", "{{D24_CASHOUTS_API_KEY}}", "{{COOKIE}}"} {
		assert.Contains(t, file.String(), name)
	}
	assert.Contains(t, file.String(), strings.Repeat("0a", 32), "a signature is no secret")
}
