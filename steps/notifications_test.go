package steps_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/inbox"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// notifier is the mock, and how its notifications come to us.
func notifier(t *testing.T, opts mock.Options, n *target.Notifications) (*target.Server, *exchange.Log) {
	t.Helper()
	m, err := mock.Start(opts)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, m.Close()) })
	log := &exchange.Log{}
	cfg := target.FromMock(m, log)
	cfg.Notifications = n
	server, err := target.NewServer(cfg)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	return server, log
}

const notificationTags = "@NOTIF-01 or @NOTIF-06 or @DEP-SIG-04 or @CASH-SIG-03"

// TestWithoutNotificationsRequestsAreJudgedAlone: nothing comes, for one reason or
// another, and what is judged by requests as well is not held up by that.
func TestWithoutNotificationsRequestsAreJudgedAlone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		notifications *target.Notifications
		reason        string
		observed      reports.Verdict // NOTIF-06
	}{
		"not to us": {
			nil, `not tested: its notifications do not come to us: give the target notifications: {listen: ":8443", public_url: https://…} in d24conform.yaml`,
			reports.NotTested,
		},
		"to somebody else": {
			&target.Notifications{PublicURL: "http://127.0.0.1:1", Settle: time.Millisecond},
			"not tested: missing: a notification of the deposit within 1ms (--settle waits longer)", reports.Observed,
		},
		"the URL is refused": {
			&target.Notifications{PublicURL: "http://hooks.example"},
			"the target makes no deposit with this notification_url: ", reports.Observed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, _ := notifier(t, mock.Options{}, tt.notifications)
			results := judgeServer(t, server, notificationTags)
			assert.Equal(t, []string{}, ruled(results, reports.Fail))
			assert.Equal(t, []string{}, ruled(results, reports.Inconclusive))
			assert.Equal(t, []string{"CASH-SIG-03", "DEP-SIG-04"}, ruled(results, reports.Pass))
			rule, _ := results.Rule("NOTIF-01")
			assert.Equal(t, reports.NotTested, rule.Verdict)
			assert.Contains(t, rule.Reason, tt.reason)
			rule, _ = results.Rule("NOTIF-06")
			assert.Equal(t, tt.observed, rule.Verdict, rule.Reason)
		})
	}
}

// TestARepeatIsWaitedForWhereTimeCannotBeMoved: as long as it may take, and no longer.
func TestARepeatIsWaitedForWhereTimeCannotBeMoved(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		timeScale float64
		settle    time.Duration
		verdict   reports.Verdict
		reason    string
		came      int // at least
	}{
		// The mock repeats after 0.3 s, then after more, and for the last time after 47 s in
		// all: who came to look only then would wait for one more in vain.
		{1000, time.Hour, reports.Pass, "", 2},
		{1, time.Minute, reports.Observed, "a repeat is due after 5 minutes, and this target's time cannot be moved: --settle 6m0s waits for it", 1},
	} {
		server, log := notifier(t, mock.Options{TimeScale: tt.timeScale}, &target.Notifications{Settle: tt.settle})
		results := judgeServer(t, server, "@DEP-SIG-04")
		rule, _ := results.Rule("DEP-SIG-04")
		assert.Equal(t, reports.Pass, rule.Verdict, rule.Reason)
		at := slices.IndexFunc(rule.Scenarios, func(s reports.ScenarioResult) bool { return s.Name == "a notification that is repeated" })
		require.GreaterOrEqual(t, at, 0)
		found := rule.Scenarios[at]
		assert.Equal(t, tt.verdict, found.Verdict)
		assert.Equal(t, tt.reason, found.Reason)
		came := 0
		for _, number := range found.Exchanges {
			if log.All()[number-1].Label == inbox.Label {
				came++
			}
		}
		assert.GreaterOrEqual(t, came, tt.came)
	}
}

// TestAViolationByANotificationIsExplained as one by an answer is.
func TestAViolationByANotificationIsExplained(t *testing.T) {
	t.Parallel()
	server, stop, err := target.Embed(mock.Options{Mutant: "notification-reserialised"}, &exchange.Log{})
	require.NoError(t, err)
	t.Cleanup(stop)
	results := judgeServer(t, server, "@DEP-SIG-04")
	rule, _ := results.Rule("DEP-SIG-04")
	require.Equal(t, reports.Fail, rule.Verdict)
	explained := 0
	for _, s := range rule.Scenarios {
		if s.Verdict != reports.Fail {
			continue
		}
		explained++
		require.NotNil(t, s.Signature, s.Name)
		assert.Regexp(t, `\{\{D24_DEPOSITS_API_KEY\}\}\{"(deposit|refund)_id": \d+\}$`, s.Signature.Signed)
		assert.Regexp(t, `\{\{D24_DEPOSITS_API_KEY\}\}\{"(deposit|refund)_id":\d+\}$`, s.Signature.Sent)
		require.NotEmpty(t, s.Calls)
		assert.Equal(t, inbox.Label, s.Calls[0].Part)
		assert.Regexp(t, `^POST application/json \{"(deposit|refund)_id":\d+\}$`, s.Calls[0].Answer)
	}
	assert.Equal(t, 3, explained)
}
