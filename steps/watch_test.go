package steps_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

var owner = d24.Credentials{Deposits: d24.DepositsCredentials{APIKey: "login-FAKE", APISignature: "secret-FAKE"}}

// passed is a signed creation that passed by, and its answer.
func passed(number int, key, body, answer string) *exchange.Exchange {
	begun := time.Date(2026, 11, 20, 12, 0, number, 0, time.UTC)
	date := d24.FormatDate(begun)
	return &exchange.Exchange{
		Number: number, Started: begun,
		Request: exchange.Request{
			Method: "POST", URL: "https://127.0.0.1:9443/v3/deposits", Body: []byte(body),
			Header: exchange.Header{
				{Name: "X-Date", Value: date},
				{Name: "X-Login", Value: owner.Deposits.APIKey},
				{Name: "X-Idempotency-Key", Value: key},
				{Name: "Authorization", Value: d24.NewKey(owner.Deposits.APISignature).Authorization(date, owner.Deposits.APIKey, []byte(body))},
				{Name: "Content-Type", Value: "application/json"},
			},
		},
		Response: &exchange.Response{
			Status: 201, Body: []byte(answer),
			Header: exchange.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "Date", Value: begun.Format("Mon, 02 Jan 2006 15:04:05") + " GMT"}},
		},
	}
}

const keyOfOne, keyOfTwo = "0b5ef3a1-7c1f-4a39-9d3e-6c0a5f1f7a11", "6f1d8f0e-12d5-4c55-8a52-0f9f6f6f2b22"

func TestAWatchTellsOfEachFaultOnce(t *testing.T) {
	t.Parallel()
	watch := steps.Watch{Credentials: owner}
	assert.Empty(t, watch.See([]*exchange.Exchange{passed(1, keyOfOne, `{"invoice_id":"1"}`, `{"deposit_id":1}`)}), "nothing is wrong")

	unsigned := passed(2, keyOfTwo, `{"invoice_id":"2"}`, `{"deposit_id":2}`)
	unsigned.Request.Header.Delete("Authorization")
	lines := strings.Join(watch.See([]*exchange.Exchange{unsigned}), "\n")
	assert.Contains(t, lines, "exchange 2: the client: expected Authorization: D24, one space, 64 lower-case hexadecimal digits; seen POST /v3/deposits: without Authorization")
	assert.Contains(t, lines, "exchange 2: the server: expected refused; seen 201 with deposit_id 2, to POST /v3/deposits: without Authorization")

	lines = strings.Join(watch.See([]*exchange.Exchange{passed(3, keyOfOne, `{"invoice_id":"3"}`, `{"deposit_id":3}`)}), "\n")
	assert.Contains(t, lines, "exchange 3: the client: expected a key of its own for each operation")
	assert.Contains(t, lines, "exchange 3: the server: expected one key, one object; seen 201 with deposit_id 1, and 201 with deposit_id 3 under the same key")
	assert.NotContains(t, lines, "exchange 2")
	assert.Empty(t, watch.See(nil), "once is enough")
}

func TestAServerIsJudgedByWhatPasses(t *testing.T) {
	t.Parallel()
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	const body = `{"invoice_id":"1"}`
	verdicts := func(traffic ...*exchange.Exchange) (reports.Overall, map[string]reports.Verdict) {
		results, err := steps.JudgeTraffic(ledger, rules.Products(), reports.Meta{}, owner, traffic)
		require.NoError(t, err)
		told := map[string]reports.Verdict{}
		for _, rule := range results.Rules {
			if rule.Verdict != reports.NotTested {
				told[rule.ID] = rule.Verdict
			}
			assert.True(t, rule.Verdict != reports.NotTested || rule.Reason != "", rule.ID)
		}
		return results.Verdict, told
	}
	first, again := passed(1, keyOfOne, body, `{"deposit_id":1}`), passed(2, keyOfOne, body, `{"deposit_id":1}`)
	overall, told := verdicts(first, again)
	assert.Equal(t, reports.RunPartial, overall)
	assert.Equal(t, map[string]reports.Verdict{
		"DEP-CT-01": reports.Pass, "DEP-IDEM-02": reports.Pass, "DEP-IDEM-04": reports.Pass, "DEP-IDEM-05": reports.Pass,
	}, told, "of refunds there was nothing, and so not all of DEP-IDEM-01")

	overall, told = verdicts(first, passed(2, keyOfOne, body, `{"deposit_id":2}`))
	assert.Equal(t, reports.RunFail, overall)
	assert.Equal(t, map[string]reports.Verdict{
		"DEP-CT-01": reports.Pass, "DEP-IDEM-01": reports.Fail, "DEP-IDEM-02": reports.Fail, "DEP-IDEM-04": reports.Fail, "DEP-IDEM-05": reports.Fail,
	}, told)
}
