package steps_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/peers/client"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// A pastime is a clock that only moves when somebody waits: minutes of trouble take no
// time, on machines of any speed.
type pastime struct {
	mu  sync.Mutex
	now time.Time
}

func (p *pastime) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *pastime) pass(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(max(d, 0))
}

func (p *pastime) Sleep(ctx context.Context, d time.Duration) error {
	p.pass(d)
	return ctx.Err()
}

func (p *pastime) After(d time.Duration) <-chan time.Time {
	p.pass(d)
	over := make(chan time.Time, 1)
	over <- p.Now()
	return over
}

// never is a clock for what must not run out in a test.
func never(time.Duration) <-chan time.Time { return nil }

// judgeClient runs the client's scenarios against the reference client with one defect,
// in this process.
func judgeClient(t *testing.T, mutant, tags string) reports.Results {
	t.Helper()
	clock := &pastime{now: time.Now()}
	server, err := mock.Start(mock.Options{Now: clock.Now, After: clock.After})
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	program, err := client.New(client.Options{Mutant: mutant, Now: clock.Now, Sleep: clock.Sleep})
	require.NoError(t, err)

	requests, stdin := io.Pipe()
	stdout, answers := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := program.Serve(context.Background(), requests, answers, io.Discard)
		_ = answers.CloseWithError(err)
		ended <- err
	}()
	adapter := target.NewAdapter(stdin, stdout, never)
	t.Cleanup(func() {
		adapter.Close()
		assert.NoError(t, <-ended)
	})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, server.CertificatePEM(), 0o600))
	require.NoError(t, adapter.Hello(t.Context(), server.BaseURL(), ca, server.Credentials()))
	driven, err := target.NewDriven(target.Driven{
		Adapter: adapter, Mock: server, Orders: &merchant.Orders{Run: "test"}, Log: &exchange.Log{}, Now: clock.Now, Sleep: clock.Sleep,
	})
	require.NoError(t, err)
	t.Cleanup(driven.Close)

	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	manifest, err := steps.ReadManifest(features.Files)
	require.NoError(t, err)
	selection, err := steps.ParseTags(tags)
	require.NoError(t, err)
	suite := &steps.Suite{
		Client: &target.Client{
			Name: adapter.Title(), BaseURL: server.BaseURL(), Products: rules.Products(), Credentials: server.Credentials(), Source: driven,
		},
		Ledger: ledger, Features: features.Files, Manifest: manifest, Tags: selection, Meta: reports.Meta{Started: time.Now()},
	}
	results, err := suite.Run(t.Context())
	require.NoError(t, err)
	require.NoError(t, adapter.Broken())
	return results
}

// TestTheReferenceClientKeepsEveryRule judges a correct client: it must not be blamed.
func TestTheReferenceClientKeepsEveryRule(t *testing.T) {
	t.Parallel()
	results := judgeClient(t, "", "")
	assert.Equal(t, reports.RunPass, results.Verdict, "%s", terminal(t, results))
}

// TestEachDefectOfAClientIsBlamedOnItsRules judges the reference client with one defect
// at a time. What a broken client is never seen to do is not tested, and never failed.
func TestEachDefectOfAClientIsBlamedOnItsRules(t *testing.T) {
	t.Parallel()
	for i, m := range client.Mutants() {
		if underRace && i%8 != 0 {
			continue // all of them race in the same places, and take two minutes to do so
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			results := judgeClient(t, m.Name, "not @observed") // which blames nobody
			var broken []string
			for _, rule := range results.Rules {
				assert.NotEqual(t, reports.Inconclusive, rule.Verdict, "%s: %s", rule.ID, rule.Reason)
				if rule.Verdict == reports.Fail || rule.Verdict == reports.Warn {
					broken = append(broken, rule.ID)
				}
			}
			want := slices.Sorted(slices.Values(m.Breaks))
			slices.Sort(broken)
			assert.Equal(t, want, broken, "a client that %s:\n%s", m.Says, terminal(t, results))
		})
	}
}

func terminal(t *testing.T, results reports.Results) string {
	t.Helper()
	var report bytes.Buffer
	require.NoError(t, reports.WriteTerminal(&report, results, reports.Terminal{Width: 160}))
	return report.String()
}
