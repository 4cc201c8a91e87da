package steps

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/provider"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// A release that comes when its scenario is over makes that inconclusive: what was seen to
// be absent was only late. What failed for too many releases stays failed.
func TestALateEffectMakesItsScenarioInconclusive(t *testing.T) {
	t.Parallel()
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	for _, tt := range []struct {
		name      string
		verdict   reports.Verdict
		then, now int
		err       error
		want      reports.Verdict
	}{
		{"nothing more came", reports.Pass, 0, 0, nil, reports.Pass},
		{"the first came late", reports.Pass, 0, 1, nil, reports.Inconclusive},
		{"a second came late", reports.Pass, 1, 2, nil, reports.Inconclusive},
		{"one was missed that came late", reports.Fail, 0, 1, nil, reports.Inconclusive},
		{"two were too many before the third", reports.Fail, 2, 3, nil, reports.Fail},
		{"the observer is gone", reports.Pass, 0, 0, errors.New("gone"), reports.Inconclusive},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at := Scenario{Name: "a forged one", Feature: "features/receiver/deposits/signature.feature", Line: 7}
			o := target.Object{Kind: d24.DepositNotification, ID: "300000001"}
			s := &Suite{
				Receiver: &target.Receiver{Observer: target.Witness(func(target.Object) (int, error) { return tt.now, tt.err })},
				builder:  reports.NewBuilder(ledger, rules.RoleReceiver, []rules.Product{rules.Deposits}, reports.Meta{}),
			}
			require.NoError(t, s.builder.Add(reports.Scenario{Name: at.Name, Feature: at.Feature, Line: at.Line, Rules: []string{"NOTIF-02"}, Verdict: tt.verdict}))
			s.late.enter(o, lastLook{at, tt.then, 100 * time.Millisecond})
			s.lookAgain(t.Context())
			rule, ok := s.builder.Finish(time.Now()).Rule("NOTIF-02")
			require.True(t, ok)
			assert.Equal(t, tt.want, rule.Verdict, rule.Reason)
			if tt.want == reports.Inconclusive && tt.err == nil {
				assert.Contains(t, rule.Reason, "deposit 300000001 was released")
				assert.Contains(t, rule.Reason, "after 100ms")
			}

			s.late.keep(&object{about: provider.Notification{Kind: o.Kind, ID: o.ID}})
			if tt.now > 0 {
				s.late.enter(o, lastLook{at, 0, 0})
				s.lookAgain(t.Context())
				again, _ := s.builder.Finish(time.Now()).Rule("NOTIF-02")
				assert.Equal(t, rule.Verdict, again.Verdict, "a receiver that asks by itself releases late what it was not notified of")
			}
			s.late.forget(o)
			assert.Empty(t, s.late.last, "what is notified again is not late")
		})
	}
}
