package cli

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// whitelistRun judges a mock that is a target without hooks, with an unlisted_via.
func whitelistRun(t *testing.T, via, tags string) outcome {
	t.Helper()
	m, err := mock.Start(mock.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	dir := t.TempDir()
	ca, config := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "targets.yaml")
	require.NoError(t, os.WriteFile(ca, m.CertificatePEM(), 0o600))
	text := "targets:\n  here:\n    base_url: " + m.BaseURL() + "\n    ca_file: ca.pem\n"
	if via != "" {
		text += "    unlisted_via: " + via + "\n"
	}
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	env := map[string]string{}
	m.Credentials().Named(func(name, value string) { env[name] = value })
	return run(t.Context(), t, dir, env, "run", "server", "--target", "here", "--config", config, "--out", dir, "--tags", tags)
}

// verdicts counts the scenarios of a rule by verdict.
func (o outcome) verdicts(t *testing.T, id string) map[reports.Verdict]int {
	t.Helper()
	rule, ok := o.results.Rule(id)
	require.True(t, ok, o.stdout+o.stderr)
	counts := map[reports.Verdict]int{}
	for _, s := range rule.Scenarios {
		counts[s.Verdict]++
		if s.Verdict == reports.Observed {
			assert.Equal(t, "not looked at: the target does not offer set-clock: it has no hook set_clock_offset", s.Reason, s.Name)
		}
	}
	return counts
}

// connectFrom is an HTTP proxy that calls from an address.
func connectFrom(t *testing.T, from string) string {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		server, err := dialer.DialContext(r.Context(), "tcp", r.Host)
		if r.Method != http.MethodConnect || err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(server, client)
			_ = server.Close()
		}()
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}

const whitelistTags = "@DEP-SEC-04 or @CASH-SEC-04"

func TestWhitelistsAreJudgedThroughUnlistedVia(t *testing.T) {
	t.Parallel()
	if !target.SecondLoopback().IsValid() {
		t.Skip("this machine has no second loopback address")
	}
	for _, tt := range []struct {
		name, via string
		want      reports.Verdict
		code      ExitCode
	}{
		{"no unlisted_via", "", reports.NotTested, ExitOK},
		{"an address", "127.0.0.2", reports.Pass, ExitOK},
		{"a proxy", connectFrom(t, "127.0.0.2"), reports.Pass, ExitOK},
		{"a proxy whose address is whitelisted", connectFrom(t, "127.0.0.1"), reports.Fail, ExitViolation},
		{"a proxy that cannot connect", connectFrom(t, "192.0.2.7"), reports.Inconclusive, ExitInconclusive},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := whitelistRun(t, tt.via, whitelistTags)
			assert.Equal(t, tt.code, o.code, o.stdout+o.stderr)
			for _, id := range []string{"DEP-SEC-04", "CASH-SEC-04"} {
				counts := o.verdicts(t, id)
				// The mock's clock is a hook's as well, and this target has none.
				assert.NotZero(t, counts[reports.Observed], "%s: %v", id, counts)
				delete(counts, reports.Observed)
				assert.NotZero(t, counts[tt.want], "%s: %v\n%s", id, counts, o.stdout)
				// Whether an address that is put on the list is let in takes two hooks.
				assert.NotZero(t, counts[reports.NotTested], "%s: %v", id, counts)
				assert.Len(t, counts, len(map[reports.Verdict]bool{tt.want: true, reports.NotTested: true}), "%s: %v", id, counts)
			}
		})
	}
}

func TestAnUnlistedViaThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	for via, want := range map[string]string{
		"192.0.2.7":         "unlisted_via of target here: this machine has no address 192.0.2.7",
		"127.0.0.1":         "unlisted_via of target here: 127.0.0.1 is the address from which all other requests come",
		"proxy.internal":    `unlisted_via "proxy.internal" is neither an address of this machine nor the URL of an HTTP proxy`,
		"http://a:b@c.test": `unlisted_via "…" is neither`,
	} {
		o := whitelistRun(t, via, whitelistTags)
		assert.Equal(t, ExitUsage, o.code, o.stderr)
		assert.Contains(t, o.stderr, want)
		assert.Contains(t, o.stderr, "hint: ")
	}
}
