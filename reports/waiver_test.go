package reports_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/reports"
)

func TestWaive(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	waiver := reports.Waiver{Rule: "DEP-DATE-03", Reason: "clock drifts", Owner: "payments", Issue: "https://issues.example/7", Expires: day}
	for _, tt := range []struct {
		name     string
		verdict  reports.Verdict
		now      time.Time
		want     reports.Verdict
		overall  reports.Overall
		reason   string
		unneeded []string
	}{
		{
			"a violation is waived", reports.Fail, day, reports.Waived, reports.RunPass,
			"waived until 2026-11-30 by payments: clock drifts (https://issues.example/7); broken", nil,
		},
		{"a should that is not kept too", reports.Warn, day, reports.Waived, reports.RunPass, "waived until", nil},
		{"on its last day until midnight", reports.Fail, day.Add(24*time.Hour - time.Second), reports.Waived, reports.RunPass, "", nil},
		{
			"an expired one waives nothing", reports.Fail, day.Add(24 * time.Hour), reports.Fail, reports.RunFail,
			"broken; its waiver expired on 2026-11-30", nil,
		},
		{"one for a rule that holds is told", reports.Pass, day, reports.Pass, reports.RunPass, "", []string{"DEP-DATE-03"}},
		{"even when it is expired", reports.Pass, day.AddDate(1, 0, 0), reports.Pass, reports.RunPass, "", []string{"DEP-DATE-03"}},
		{"what was not tested stays so", reports.NotTested, day, reports.NotTested, reports.RunPartial, "", nil},
		{"what is inconclusive stays so", reports.Inconclusive, day, reports.Inconclusive, reports.RunInconclusive, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := reports.Results{Rules: []reports.RuleResult{
				{ID: "DEP-DATE-01", Verdict: reports.Pass},
				{ID: "DEP-DATE-03", Verdict: tt.verdict, Reason: "broken", Scenarios: []reports.ScenarioResult{{Verdict: tt.verdict}}},
			}}
			after, unneeded := before.Waive([]reports.Waiver{waiver}, tt.now)
			rule, _ := after.Rule("DEP-DATE-03")
			assert.Equal(t, tt.want, rule.Verdict)
			assert.Equal(t, tt.want, rule.Scenarios[0].Verdict)
			assert.Contains(t, rule.Reason, tt.reason)
			assert.Equal(t, tt.overall, after.Verdict)
			assert.Equal(t, tt.unneeded, unneeded)
			assert.Equal(t, tt.verdict, before.Rules[1].Verdict, "what was there before is not changed")
			assert.Equal(t, tt.verdict, before.Rules[1].Scenarios[0].Verdict)
		})
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	r := reports.Results{Rules: []reports.RuleResult{
		{ID: "A", Verdict: reports.Pass}, {ID: "B", Verdict: reports.NotTested}, {ID: "C", Verdict: reports.Inconclusive}, {ID: "D", Verdict: reports.Fail},
	}}
	assert.Equal(t, []string{"B", "C", "X"}, r.Missing([]string{"A", "B", "C", "D", "X"}))
	assert.Empty(t, r.Missing([]string{"A", "D"}))
}
