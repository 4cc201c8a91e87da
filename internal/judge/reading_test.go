package judge_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/rules"
)

func TestAnAnswerShowsHowItReadsTheDocuments(t *testing.T) {
	t.Parallel()
	cancel := func(status int, body string) *exchange.Exchange {
		return answered("DELETE", "/v3/cashout/cancel", status, body)
	}
	for _, tt := range []struct {
		name, id string
		e        *exchange.Exchange
		want     string
	}{
		{"a missing header", "AMB-22", deposit(400, `{"code":101,"description":"x"}`), "101"},
		{"a wrong signature", "AMB-22", deposit(400, `{"code":102,"description":"x"}`), "102"},
		{"a refusal without a code", "AMB-22", deposit(400, `{"description":"x"}`), ""},
		{"no refusal", "AMB-22", deposit(201, `{"deposit_id":7}`), ""},

		{"an error", "AMB-24", deposit(426, `{"code":1,"description":"x"}`), "error"},
		{"a page", "AMB-24", deposit(403, `<html>`), "error"},
		{"another place", "AMB-24", deposit(301, ``), "redirect"},
		{"a connection that is closed", "AMB-24", unanswered(exchange.FailureClosed), "refuse"},
		{"no connection", "AMB-24", unanswered(exchange.FailureRefused), "refuse"},
		{"silence", "AMB-24", unanswered(exchange.FailureTimeout), ""},

		{"a flat error", "AMB-26", deposit(400, `{"code":"101","description":"x"}`), "flat"},
		{"a flat error of cashouts", "AMB-26", cashout(401, `{"code":302,"message":"x"}`), "flat"},
		{"a nested error", "AMB-26", depositStatus(404, `{"error":{"code":"208","message":"x","details":null}}`), "nested"},
		{"an error that is a word", "AMB-26", depositStatus(404, `{"error":"not_found"}`), ""},
		{"no JSON", "AMB-26", depositStatus(404, `gone`), ""},

		{"200", "AMB-27", deposit(200, `{"deposit_id":7}`), "200"},
		{"201", "AMB-27", deposit(201, `{"deposit_id":7}`), "201"},
		{"no deposit", "AMB-27", deposit(200, `{"code":101}`), ""},

		{"the largest 32-bit number", "AMB-29", deposit(201, `{"deposit_id":2147483647}`), "small-ids"},
		{"one more", "AMB-29", deposit(201, `{"deposit_id":2147483648}`), "large-ids"},
		{"a text of digits", "AMB-29", refund(200, `{"refund_id":"168284"}`), "string-ids"},
		{"no object", "AMB-29", deposit(400, `{"code":101,"description":"x"}`), ""},

		{"cancelled on hold", "AMB-42", cancel(200, `{"cashout_status":2}`), "on-hold-open"},
		{"not cancelled on hold", "AMB-42", cancel(412, `{"code":510,"message":"x"}`), "pending-only"},
		{"whoever calls is refused", "AMB-42", cancel(401, `{"code":401,"message":"x"}`), ""},
		{"an error 500", "AMB-42", cancel(500, `{"code":1,"message":"x"}`), ""},

		{"what no answer shows", "AMB-07", deposit(201, `{"deposit_id":7}`), ""},
	} {
		t.Run(tt.id+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, judge.Shows(tt.id, tt.e))
		})
	}
}

// What is shown has the register's name, or a report would name a reading that nobody
// can look up.
func TestWhatIsShownIsInTheRegister(t *testing.T) {
	t.Parallel()
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	for _, e := range []*exchange.Exchange{
		deposit(400, `{"code":101,"description":"x"}`), deposit(400, `{"code":102,"description":"x"}`), deposit(426, `{}`), deposit(301, ``),
		unanswered(exchange.FailureClosed), deposit(200, `{"deposit_id":7}`), deposit(201, `{"deposit_id":"7"}`), deposit(201, `{"deposit_id":70000000000}`),
	} {
		for _, id := range []string{"AMB-22", "AMB-24", "AMB-27", "AMB-29"} {
			register, ok := ledger.Ambiguity(id)
			require.True(t, ok)
			var names []string
			for _, option := range register.Options() {
				names = append(names, option.Name)
			}
			if shown := judge.Shows(id, e); shown != "" {
				assert.Contains(t, names, shown, id)
			}
		}
	}
}
