package reports

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/d24conform/d24conform/internal/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run go test ./reports -update", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-golden +got); if it is right, run go test ./reports -update\n%s", name, diff)
	}
}

func started() time.Time { return time.Date(2026, 11, 21, 23, 59, 59, 0, time.UTC) }

func ledger(t *testing.T) *rules.Ledger {
	t.Helper()
	l, err := rules.Load(rules.Latest)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func meta() Meta {
	return Meta{
		Target:  Target{Name: "stg", BaseURL: "https://127.0.0.1:8443"},
		Tool:    Tool{Version: "0.1.0", Revision: "abc1234"},
		Started: started(),
	}
}

// hostile is what a target may send to fool a reader: a terminal title, a
// colour, a direction override, markup of every format, bytes that are no text.
const hostile = "\x1b]0;owned\x07\x1b[31m</td><script>|`x`\u202egnp\u200b]]>\xff\x00"

func add(t *testing.T, b *Builder, ss ...Scenario) {
	t.Helper()
	for _, s := range ss {
		if err := b.Add(s); err != nil {
			t.Fatal(err)
		}
	}
}

// failing is a run with every verdict in it. Its scenarios are added in an
// order that has nothing to do with the one of the report.
func failing(t *testing.T) Results {
	t.Helper()
	b := NewBuilder(ledger(t), rules.RoleServer, []rules.Product{rules.Deposits}, meta())
	const date, idem = "features/server/deposits/date.feature", "features/server/deposits/idempotency.feature"
	add(
		t, b,
		Scenario{
			Name: "6 seconds into the past", Feature: date, Line: 14, Rules: []string{"DEP-DATE-03"}, Verdict: Fail,
			Step:     "Then it is refused because of its date",
			Reason:   "a request that is too old was accepted",
			Expected: "refused because of its date: HTTP 4xx, code 103, and no object",
			Seen:     `HTTP 201 {"deposit_id":300000025}`, Exchanges: []int{17, 18, 19},
			Repro: "repro/DEP-DATE-03.sh", Duration: 2345 * time.Microsecond,
		},
		Scenario{Name: "4 seconds into the past", Feature: date, Line: 13, Rules: []string{"DEP-DATE-03"}, Verdict: Pass, Exchanges: []int{14, 15, 16}, Duration: time.Millisecond},
		Scenario{
			Name: "6 seconds into the future", Feature: date, Line: 16, Rules: []string{"DEP-DATE-03", "DEP-SIG-03"}, Verdict: Fail,
			Reason: "a request from the future was accepted", Expected: "refused because of its date", Seen: "HTTP 200 " + hostile, Exchanges: []int{23},
		},
		Scenario{Name: "5 seconds exactly", Feature: date, Line: 20, Rules: []string{"DEP-DATE-03"}, Verdict: Observed, Reason: "accepted", Exchanges: []int{24}},
		Scenario{Name: "a stored 500 is replayed", Feature: idem, Line: 31, Rules: []string{"DEP-IDEM-05"}, Verdict: NotTested, Reason: "the target offers no hook respond_500_once"},
		Scenario{Name: "a success is replayed", Feature: idem, Line: 12, Rules: []string{"DEP-IDEM-05", "DEP-IDEM-01"}, Verdict: Pass, Exchanges: []int{1, 2}},
		Scenario{
			Name: "one of 50 parallel creates wins", Feature: idem, Line: 50, Rules: []string{"DEP-IDEM-02"}, Verdict: Inconclusive,
			Reason: "the control was answered 503", Expected: "one deposit", Seen: "HTTP 503", Exchanges: []int{40},
		},
		Scenario{Name: "a row of an outline", Feature: idem, Line: 61, Rules: []string{"DEP-IDEM-07"}, Verdict: Pass},
		Scenario{Name: "a row of an outline", Feature: idem, Line: 62, Rules: []string{"DEP-IDEM-07"}, Verdict: Pass},
	)
	for id, as := range map[string]string{"AMB-05": "replay", "AMB-14": hostile, "AMB-24": "redirect | refuse"} {
		if err := b.Reading(id, as); err != nil {
			t.Fatal(err)
		}
	}
	b.Clock(-312*time.Millisecond, 39500*time.Microsecond)
	b.meta.Target.WindowPast = NewWindowEdge(4270*time.Millisecond, 5350*time.Millisecond)
	b.meta.Target.WindowFuture = NewOpenWindowEdge(899500 * time.Millisecond)
	r := b.Finish(started().Add(4210 * time.Millisecond))

	for i := range r.Rules {
		for k := range r.Rules[i].Scenarios {
			if s := &r.Rules[i].Scenarios[k]; s.Repro != "" {
				s.Calls = []Call{
					{17, "control", "201 with deposit_id 300000024"},
					{18, "probe", "201 with deposit_id 300000025"},
					{19, "control", "201 " + hostile},
				}
				s.Signature = NewSignature(18,
					"2026-11-21T23:59:53Z{{D24_DEPOSITS_API_KEY}}{\"amount\":100,\"city\":\"São Paulo\"}",
					"2026-11-21T23:59:53Z{{D24_DEPOSITS_API_KEY}}{\"amount\":99,\"city\":\"São Paulo\"}")
				s.Smallest = []string{"POST /v3/deposits", "X-Login: {{D24_DEPOSITS_API_KEY}}", "", "{\"amount\":99} ``` " + hostile}
			}
		}
	}

	// A should and a waiver do not come from the server's rules of today.
	r.Rules = append(r.Rules, RuleResult{
		ID: "CLI-KEY-01", Obligation: rules.Should, Says: "a key has enough entropy", Pages: []string{"A page"}, Verdict: Warn,
		Reason: "1 of 1 scenario violated: the key is a counter", Fix: "Use a UUID.",
		Scenarios: []ScenarioResult{{Name: "two keys differ", Feature: "features/client/key.feature", Line: 7, Verdict: Warn, Expected: "random keys", Seen: "1, 2", Exchanges: []int{3, 4}}},
	}, RuleResult{
		ID: "CLI-KEY-02", Obligation: rules.Must, Says: "a retry keeps its key", Verdict: Waived, Reason: "fixed with release 12 (anna, until 2027-01-31)", Scenarios: []ScenarioResult{},
	}, RuleResult{
		ID: "CLI-TLS-01", Obligation: rules.Must, Says: "something to look at", Verdict: Observed, Reason: "the documents leave it open", Scenarios: []ScenarioResult{},
	})
	r.Counts = Count(r.Rules)
	return r
}

// passing is a run in which everything holds.
func passing(t *testing.T) Results {
	t.Helper()
	b := NewBuilder(ledger(t), rules.RoleServer, rules.Products(), meta())
	for i, r := range ledger(t).For(rules.RoleServer, rules.Products()) {
		s := Scenario{Name: "it holds", Feature: "features/server/all.feature", Line: i + 1, Rules: []string{r.ID}, Verdict: Pass, Exchanges: []int{i + 1}}
		if r.Judgement(rules.RoleServer) == rules.Observed {
			s.Verdict, s.Reason = Observed, "accepted"
		}
		add(t, b, s)
	}
	return b.Finish(started().Add(410 * time.Millisecond))
}
