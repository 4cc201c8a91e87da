package cli

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/cli/testdata/servers"
	"github.com/d24conform/d24conform/reports"
)

// outcome is how a run of the command ended.
type outcome struct {
	code           ExitCode
	stdout, stderr string
	dir            string // of the report
	results        reports.Results
}

// failed are the ids of the violated rules.
func (o outcome) failed() []string {
	ids := []string{}
	for _, rule := range o.results.Rules {
		if rule.Verdict == reports.Fail {
			ids = append(ids, rule.ID)
		}
	}
	return ids
}

// runAgainst judges a server by the command as a person would call it, with the
// certificate of an httptest server and hooks that leave files in its panel's folder.
func runAgainst(t *testing.T, server *httptest.Server, panel string, args ...string) outcome {
	t.Helper()
	return runAgainstUntil(t.Context(), t, server, panel, args...)
}

// runAgainstUntil is runAgainst with an end.
func runAgainstUntil(ctx context.Context, t *testing.T, server *httptest.Server, panel string, args ...string) outcome {
	t.Helper()
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(ca, block, 0o600))
	config := filepath.Join(dir, "targets.yaml")
	// No server of these tests is slow on purpose, and a busy machine may be: 50 requests at
	// once took one more than 5 s.
	text := fmt.Sprintf("targets:\n  here:\n    base_url: %s\n    ca_file: %s\n    timeout: 60s\n", server.URL, ca)
	if panel != "" {
		text += fmt.Sprintf("    hooks:\n      approve_deposit: [touch, '%[1]s/approve-{deposit_id}']\n"+
			"      cancel_deposit: [touch, '%[1]s/cancel-{deposit_id}']\n      respond_500_once: [touch, '%[1]s/fail']\n", panel)
	}
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	out := filepath.Join(dir, "out")
	args = append([]string{"run", "server", "--target", "here", "--config", config, "--out", out}, args...)
	return run(ctx, t, out, merchantOfTheTestServer(), args...)
}

func merchantOfTheTestServer() map[string]string {
	return map[string]string{
		"D24_DEPOSITS_API_KEY": servers.Login, "D24_DEPOSITS_API_SIGNATURE": servers.Secret, "D24_READ_ONLY_KEY": servers.ReadOnly,
		"D24_CASHOUTS_API_KEY": "login-FAKE", "D24_CASHOUTS_API_PASSPHRASE": "pass-FAKE", "D24_CASHOUTS_API_SIGNATURE": "secret-FAKE-2",
	}
}

// run carries out a command line and reads the results that it left below out. A run of it
// does not wait until its first keys are old.
func run(ctx context.Context, t *testing.T, out string, env map[string]string, args ...string) outcome {
	t.Helper()
	a, stdout, stderr := testApp(env, strings.NewReader(""), args...)
	o := outcome{code: a.run(ctx), stdout: stdout.String(), stderr: stderr.String(), dir: filepath.Join(out, "latest")}
	if data, err := os.ReadFile(filepath.Join(o.dir, "results.json")); err == nil {
		require.NoError(t, json.Unmarshal(data, &o.results))
	}
	return o
}

// TestBrokenServersAreBlamedForTheirDefectAlone runs the suite against servers that
// import nothing of ours.
func TestBrokenServersAreBlamedForTheirDefectAlone(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs the whole suite")
	}
	for _, tt := range []struct {
		name   string
		server *servers.Deposits
		code   ExitCode
		failed []string
	}{
		{"one that keeps the rules", &servers.Deposits{}, ExitOK, []string{}},
		{"one that checks the signature but not the date", &servers.Deposits{IgnoresDates: true}, ExitViolation, []string{"DEP-DATE-02", "DEP-DATE-03"}},
		{"one that forgets stored errors 500", &servers.Deposits{ForgetsErrors: true}, ExitViolation, []string{"DEP-IDEM-05"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.server.Panel = t.TempDir()
			api := httptest.NewTLSServer(tt.server)
			defer api.Close()
			o := runAgainst(t, api, tt.server.Panel, "--products", "deposits")
			assert.Equal(t, tt.code, o.code, o.stdout+o.stderr)
			assert.Equal(t, tt.failed, o.failed(), o.stdout)
			assert.Zero(t, o.results.Counts.Inconclusive, o.stdout)
			for _, rule := range tt.failed {
				assert.Contains(t, o.stdout, rule)
			}
		})
	}
}

// TestAServerThatSaysYesBreaksWhateverRefusesSomething judges the laziest server there
// is. What it does not break it keeps for want of a question: it does answer JSON, it
// does take every key.
func TestAServerThatSaysYesBreaksWhateverRefusesSomething(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(servers.Yes())
	defer server.Close()
	o := runAgainst(t, server, "")
	assert.Equal(t, ExitViolation, o.code, o.stderr)
	assert.Equal(t, []string{
		"CASH-SEC-03", "CASH-AUTH-01", "CASH-AUTH-02", "CASH-AUTH-03", "CASH-AUTH-04", "CASH-AUTH-06", "CASH-HDR-01",
		"CASH-SIG-01", "CASH-SIG-02", "CASH-SIG-03", "CASH-SIG-04", "CASH-EXT-01", "CASH-STAT-01", "CASH-STAT-02",
		"DEP-SEC-03", "DEP-AUTH-01", "DEP-AUTH-02", "DEP-AUTH-03", "DEP-AUTH-06",
		"DEP-HDR-01", "DEP-HDR-02", "DEP-HDR-03", "DEP-HDR-04", "DEP-HDR-05", "DEP-SIG-01", "DEP-SIG-02", "DEP-SIG-03", "DEP-SIG-04",
		"DEP-DATE-01", "DEP-DATE-02", "DEP-DATE-03", "DEP-IDEM-01", "DEP-IDEM-02", "DEP-IDEM-03", "DEP-IDEM-04", "DEP-IDEM-05", "DEP-IDEM-08",
		"DEP-CT-01", "DEP-CT-02", "DEP-REF-01",
	}, o.failed())
}

// TestNoSecretIsWrittenDown runs the whole suite with keys that can be found again and
// looks for them, in every spelling, in all that a run prints and leaves behind.
func TestNoSecretIsWrittenDown(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs the whole suite")
	}
	env := map[string]string{
		"D24_DEPOSITS_API_KEY": "canary/login+1/deposits", "D24_DEPOSITS_API_SIGNATURE": "canary/secret+2/deposits", "D24_READ_ONLY_KEY": "canary/bearer+3/deposits",
		"D24_CASHOUTS_API_KEY": "canary/login+4/cashouts", "D24_CASHOUTS_API_PASSPHRASE": "canary/pass+5/cashouts", "D24_CASHOUTS_API_SIGNATURE": "canary/secret+6/cashouts",
	}
	out := t.TempDir()
	o := run(t.Context(), t, out, env, "run", "server", "--out", out)
	require.Equal(t, ExitOK, o.code, o.stdout+o.stderr)
	texts := map[string]string{"stdout": o.stdout, "stderr": o.stderr}
	require.NoError(t, filepath.WalkDir(out, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		texts[entry.Name()] = string(data)
		return err
	}))
	assert.Len(t, texts, 2+5)
	holdNoCanary(t, texts)
	assert.Contains(t, texts["exchanges.jsonl"], "{{D24_DEPOSITS_API_KEY}}", "names stand where secrets were")
}

// canary finds a secret that begins with canary, in every spelling: whole, or as the suite
// misspells it, with another first letter or none and in the other case.
var canary = func() *regexp.Regexp {
	list := []string{"anary"}
	for _, text := range []string{"canary", "xanary", "anary/", "CANARY"} {
		list = append(list, hex.EncodeToString([]byte(text)))
	}
	spellings := "(?i:" + strings.Join(list, "|") + ")"
	for _, text := range []string{"canary", "xanary", "anary/", "CANARY"} {
		spellings += "|" + regexp.QuoteMeta(base64.StdEncoding.EncodeToString([]byte(text)))
	}
	return regexp.MustCompile(spellings)
}()

// holdNoCanary wants that none of the texts has one.
func holdNoCanary(t *testing.T, texts map[string]string) {
	t.Helper()
	const around = 60
	for name, text := range texts {
		if at := canary.FindStringIndex(text); at != nil {
			assert.Fail(t, "a secret is written down", "in %s: …%s…", name, text[max(0, at[0]-around):min(len(text), at[1]+around)])
		}
	}
}

// TestAWaivedViolation is excused while its waiver lasts, and told all the same.
func TestAWaivedViolation(t *testing.T) {
	t.Parallel()
	for expires, want := range map[string]ExitCode{"2099-12-31": ExitOK, "2020-01-01": ExitViolation} {
		server := &servers.Deposits{ForgetsErrors: true, Panel: t.TempDir()}
		api := httptest.NewTLSServer(server)
		defer api.Close()
		waivers := filepath.Join(t.TempDir(), "waivers.yaml")
		text := "waivers:\n  - {rule: DEP-IDEM-05, reason: being mended, owner: payments, issue: 'https://issues.example/7', expires: " + expires + "}\n"
		require.NoError(t, os.WriteFile(waivers, []byte(text), 0o600))
		o := runAgainst(t, api, server.Panel, "--products", "deposits", "--tags", "@DEP-IDEM-04 or @DEP-IDEM-05", "--waivers", waivers)
		assert.Equal(t, want, o.code, o.stdout)
		rule, _ := o.results.Rule("DEP-IDEM-05")
		if want == ExitOK {
			assert.Equal(t, reports.Waived, rule.Verdict)
			assert.Contains(t, rule.Reason, "waived until 2099-12-31 by payments: being mended")
		} else {
			assert.Equal(t, reports.Fail, rule.Verdict)
			assert.Contains(t, rule.Reason, "its waiver expired on 2020-01-01")
		}
	}
}

// TestATargetThatBeginsToRefuseHalfWay breaks no rule by that: a verdict on it would be
// a verdict on its firewall.
func TestATargetThatBeginsToRefuseHalfWay(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs the whole suite")
	}
	for _, after := range []int64{30, 300} {
		var seen atomic.Int64
		honest := &servers.Deposits{Panel: t.TempDir()}
		api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if seen.Add(1) > after {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, `{"code":202,"description":"unregistered IP"}`)
				return
			}
			honest.ServeHTTP(w, r)
		}))
		defer api.Close()
		o := runAgainst(t, api, honest.Panel, "--products", "deposits")
		assert.Equal(t, ExitInconclusive, o.code, o.stdout)
		assert.Empty(t, o.failed(), "after %d requests:\n%s", after, o.stdout)
	}
}

// TestATargetThatRefusesEverything is not judged at all.
func TestATargetThatRefusesEverything(t *testing.T) {
	t.Parallel()
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"code":100,"description":"Invalid credentials","type":"INVALID_CREDENTIALS"}`)
	}))
	defer api.Close()
	for level, sentence := range map[string]string{
		"sandbox": "refuses a deposits request that is signed and dated right: 401 code 100",
		"observe": "refuses every question that is signed and dated right: 401 code 100",
	} {
		o := runAgainst(t, api, "", "--level", level)
		assert.Equal(t, ExitUnreachable, o.code)
		assert.Contains(t, o.stderr, sentence)
		assert.Empty(t, o.results.Rules)
		assert.NoDirExists(t, o.dir)
	}
}

// TestAnInterruptedRunIsWrittenDown and says that it is a part.
func TestAnInterruptedRunIsWrittenDown(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var seen atomic.Int64
	honest := &servers.Deposits{Panel: t.TempDir()}
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if seen.Add(1) == 100 {
			interrupt()
		}
		honest.ServeHTTP(w, r)
	}))
	defer api.Close()
	o := runAgainstUntil(ctx, t, api, honest.Panel, "--products", "deposits")
	assert.Equal(t, ExitInterrupted, o.code, o.stderr)
	assert.Contains(t, o.stderr, "interrupted: what was not reached is not tested")
	assert.True(t, o.results.Interrupted)
	assert.Equal(t, reports.RunPartial, o.results.Verdict)
	assert.Empty(t, o.failed())
	assert.Zero(t, o.results.Counts.Inconclusive, o.stdout)
}

// TestKeysAreUsedAgainWhenTheyAreOld: a full run of a target that is not ours waits before
// its end.
func TestKeysAreUsedAgainWhenTheyAreOld(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 12*time.Second, newApp(nil, nil, nil, nil).age)

	server := &servers.Deposits{}
	var lastPost atomic.Int64
	begun := time.Now()
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			lastPost.Store(int64(time.Since(begun)))
		}
		server.ServeHTTP(w, r)
	}))
	defer api.Close()
	const age = 2 * time.Second
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw}), 0o600))
	env := merchantOfTheTestServer()
	env["D24_BASE_URL"], env["D24_CA_FILE"] = api.URL, ca
	a, stdout, stderr := testApp(env, strings.NewReader(""), "run", "server", "--out", dir, "--products", "deposits", "--depth", "full", "--tags", "@DEP-IDEM-05 and @last")
	a.age = age
	assert.Equal(t, ExitOK, a.run(t.Context()), stdout.String()+stderr.String())
	assert.Greater(t, time.Duration(lastPost.Load()), age, "the replay of the run's first key")
}
