package repro_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/peers/receiver"
	"github.com/d24conform/d24conform/internal/provider"
	"github.com/d24conform/d24conform/internal/selftest"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// Every script has the receiver do again what it must not, and finds nothing where the
// receiver keeps the rules.
func TestScriptsOfEveryReceiverMutant(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a script for each rule of each mutant")
	}
	needsPrograms(t)
	turns := make(chan struct{}, scriptsAtOnce)
	for _, m := range receiver.Mutants() {
		if !inReceiverSample(m.Name) {
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			turns <- struct{}{}
			defer func() { <-turns }()
			bad, good := startReceiver(t, m.Name), startReceiver(t, "")
			results, scripts := bad.judge(t, m.Breaks)
			for _, id := range m.Breaks {
				rule, ok := results.Rule(id)
				require.True(t, ok, id)
				require.Equal(t, reports.Fail, rule.Verdict, id)
				script := scripts["repro/"+id+".sh"]
				require.NotEmpty(t, script, id)
				if bad.subject.Died() != nil {
					require.NoError(t, bad.subject.Restart(t.Context()))
				}
				output, code := runScript(t, "sh", script, bad.environment(t))
				assert.Equal(t, 1, code, "%s against the mutant:\n%s\n%s", id, output, tail(script))
				output, code = runScript(t, "sh", script, good.environment(t))
				assert.Equal(t, 0, code, "%s against the receiver as it is:\n%s\n%s", id, output, tail(script))
			}
		})
	}
}

// A receiving is a receiver in this process and the provider that it asks.
type receiving struct {
	desk    *target.Desk
	subject *selftest.Subject
	caFile  string
	restart string // a URL that restarts the receiver
}

func startReceiver(t *testing.T, mutant string) receiving {
	t.Helper()
	// What is slow by design, or late for a receiver's patience, is so at once, as it is in
	// selftest; what is held up is not.
	const slow, late = 2 * time.Second, 20 * time.Second
	desk, err := target.OpenDesk(mock.Options{After: func(d time.Duration) <-chan time.Time {
		if d == slow || d == late {
			d = 0
		}
		return time.After(d)
	}}, &merchant.Orders{Run: "repro"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = desk.Close() })
	subject, err := selftest.NewSubject(t.TempDir(), receiver.Options{
		BaseURL: desk.BaseURL(), Roots: desk.Roots(), Credentials: desk.Credentials(), StatusTimeout: time.Minute, Mutant: mutant,
	})
	require.NoError(t, err)
	t.Cleanup(subject.Close)
	require.NoError(t, subject.Start(t.Context()))
	restart := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subject.Restart(r.Context()) != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(restart.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, desk.CertificatePEM(), 0o600))
	return receiving{desk, subject, file, restart.URL}
}

// judge runs the scenarios of some rules.
func (r receiving) judge(t *testing.T, ids []string) (reports.Results, map[string]string) {
	t.Helper()
	sender := provider.New(provider.Options{Credentials: r.desk.Credentials(), Timeout: time.Minute, Log: &exchange.Log{}})
	judged, err := target.NewReceiver(r.subject.URL(), sender, target.Witness(r.subject.Releases), nil)
	require.NoError(t, err)
	t.Cleanup(sender.Close)
	judged.Desk, judged.Program, judged.Meeting, judged.TimeScale = r.desk, r.subject, time.Minute, 1e9
	suite := suiteOf(t, ids)
	suite.Receiver, suite.Concurrency = judged, 1
	results, err := suite.Run(t.Context())
	require.NoError(t, err)
	return results, suite.Scripts()
}

// environment is what a person exports who runs the receiver beside d24conform mock.
func (r receiving) environment(t *testing.T) []string {
	t.Helper()
	list := []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir(), "D24_BASE_URL=" + r.desk.BaseURL(), "D24_MANAGE_URL=" + r.desk.ManageURL(),
		"D24_CA_FILE=" + r.caFile, "D24_RECEIVER_URL=" + r.subject.URL(), "D24_SETTLE=0",
		"D24_OBSERVER=" + strings.Replace(r.subject.URL(), "/notifications", "/releases", 1), "D24_RESTART=curl -s -f " + r.restart,
	}
	r.desk.Credentials().Named(func(name, value string) { list = append(list, name+"="+value) })
	return list
}
