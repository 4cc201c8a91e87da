package judge_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

// sentAt is a deposit request with an X-Date that is so much later than noon by the
// recorder's clock, and an answer with that Date.
func sentAt(after time.Duration, date string) *exchange.Exchange {
	e := deposit(201, `{"deposit_id":1}`)
	e.Request.Header.Set("X-Date", d24.FormatDate(begun.Add(after)))
	if date != "" {
		e.Response.Header.Set("Date", date)
	}
	return e
}

func TestFreshnessIsToldByTheServersClock(t *testing.T) {
	t.Parallel()
	const noon, sevenPast, minuteBack = "Fri, 20 Nov 2026 12:00:00 GMT", "Fri, 20 Nov 2026 12:00:07 GMT", "Fri, 20 Nov 2026 11:59:00 GMT"
	for _, row := range []struct {
		name string
		sent []*exchange.Exchange
		want judge.Outcome
	}{
		{"both clocks agree", []*exchange.Exchange{sentAt(0, noon)}, judge.Holds},
		{"the date is old by the server's clock", []*exchange.Exchange{sentAt(0, sevenPast)}, judge.Broken},
		{"the date is old by the recorder's clock only", []*exchange.Exchange{sentAt(-time.Minute, minuteBack)}, judge.Holds},
		{"the date is early by the server's clock", []*exchange.Exchange{sentAt(0, minuteBack)}, judge.Broken},
		{"five seconds, or nearly six: Date has whole seconds only", []*exchange.Exchange{sentAt(-5*time.Second, noon)}, judge.Unseen},
		{"no answer says what time it is, so the recorder's clock counts", []*exchange.Exchange{sentAt(0, "")}, judge.Holds},
		{"and a date that is old by that is old", []*exchange.Exchange{sentAt(-7*time.Second, "")}, judge.Broken},
		{"what has no answer is told by the clock of the others", []*exchange.Exchange{sentAt(0, noon), sentAt(-7*time.Second, "")}, judge.Broken},
		{"a clock that was set meanwhile: each answer for itself", []*exchange.Exchange{sentAt(0, noon), sentAt(-time.Minute, minuteBack)}, judge.Holds},
		{"and what has no answer is not told", []*exchange.Exchange{sentAt(0, noon), sentAt(-time.Minute, minuteBack), sentAt(-time.Hour, "")}, judge.Holds},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			client := judge.Client{Arrival: judge.SeenFromAfar(row.sent)}
			f := client.DatesFresh([]judge.Operation{row.sent})
			assert.Equal(t, row.want, f.Outcome, "expected %q, seen %q", f.Expected, f.Seen)
		})
	}
}

func TestWhoLacksACredentialIsToldWhich(t *testing.T) {
	t.Parallel()
	wrong := sentAt(0, "")
	wrong.Request.Header.Set("X-Login", "somebody")
	sentence := judge.Knowing(judge.Client.SendsRightLogin, d24.EnvDepositsAPIKey)
	f := sentence(judge.Client{}, []judge.Operation{{wrong}})
	assert.Equal(t, judge.Unseen, f.Outcome)
	assert.Equal(t, "D24_DEPOSITS_API_KEY in the environment, by which this is judged", f.Expected)

	known := judge.Client{Credentials: d24.Credentials{Deposits: d24.DepositsCredentials{APIKey: "us"}}}
	assert.Equal(t, judge.Broken, sentence(known, []judge.Operation{{wrong}}).Outcome)
}

func TestAShortInvoiceStandsInAKeyByChance(t *testing.T) {
	t.Parallel()
	const uuid = "0b5ef3a1-7c1f-4a39-9d3e-6c0a5f1f7a11"
	for invoice, want := range map[string]judge.Outcome{"1": judge.Holds, "f3": judge.Holds, "7c1f": judge.Broken, "5ef3a1": judge.Broken} {
		e := keyed(made, uuid, `{"invoice_id":"`+invoice+`"}`)
		assert.Equal(t, want, judge.Client{}.KeysAreRandom([]judge.Operation{{e}}).Outcome, invoice)
	}
}
