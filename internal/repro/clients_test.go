package repro_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/peers/client"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// Every script finds the fault that it is about in what the client sent, and finds nothing
// in what a client sent that keeps the rules.
func TestScriptsOfEveryClientMutant(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("scripts of many mutants")
	}
	needsOpenSSL(t)
	good := judgeClient(t, "", nil, d24.Credentials{})
	turns := make(chan struct{}, scriptsAtOnce)
	for _, m := range client.Mutants() {
		if len(m.Breaks) == 0 || !inClientSample(m.Name) {
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			turns <- struct{}{}
			defer func() { <-turns }()
			bad := judgeClient(t, m.Name, m.Breaks, d24.Credentials{})
			for _, id := range m.Breaks {
				script := bad.script(t, id)
				output, code := run(t, "sh", bad.environment, script)
				assert.Equal(t, 1, code, "%s in what the mutant sent:\n%s", id, output)
				assert.Regexp(t, `(?m)^line \d+  `, output, id)
				output, code = run(t, "sh", bad.environment, script, good.exchanges())
				assert.Equal(t, 0, code, "%s in what the client as it is sent:\n%s", id, output)
			}
		})
	}
}

func needsOpenSSL(t *testing.T) {
	t.Helper()
	for _, program := range []string{"openssl", "awk", "od"} {
		if !has(program) {
			t.Skip("not run: there is no " + program)
		}
	}
}

// A seen client is one that was judged, with the folder of its run.
type seen struct {
	dir         string
	results     reports.Results
	credentials d24.Credentials
	environment []string // what a person exports who has the keys
}

func (s seen) exchanges() string { return filepath.Join(s.dir, "exchanges.jsonl") }

// script is the script of a violated rule.
func (s seen) script(t *testing.T, id string) string {
	t.Helper()
	rule, ok := s.results.Rule(id)
	require.True(t, ok, id)
	require.Contains(t, []reports.Verdict{reports.Fail, reports.Warn}, rule.Verdict, id)
	for _, scenario := range rule.Scenarios {
		if scenario.Repro != "" {
			require.NotEmpty(t, scenario.Exchanges, id)
			return filepath.Join(s.dir, scenario.Repro)
		}
	}
	require.Fail(t, "there is no script", id)
	return ""
}

// judgeClient runs the scenarios of some rules, or all, with a client in this process.
func judgeClient(t *testing.T, mutant string, ids []string, credentials d24.Credentials) seen {
	t.Helper()
	clock := target.NewPastime(time.Now())
	program, err := client.New(client.Options{Mutant: mutant, Timeout: 2 * time.Minute, Now: clock.Now, Sleep: clock.Sleep})
	require.NoError(t, err)
	log := &exchange.Log{}
	driven, stop, err := target.EmbedClient(t.Context(), program.Serve, clock, mock.Options{Credentials: credentials}, &merchant.Orders{Run: "repro"}, log)
	require.NoError(t, err)
	suite := suiteOf(t, ids)
	suite.Client = driven
	suite.Again = func(rule string) string { return "d24conform run client --adapter ./mine --tags @" + rule }
	results, err := suite.Run(t.Context())
	require.NoError(t, err)
	require.NoError(t, stop())
	s := seen{t.TempDir(), results, driven.Credentials, []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir()}}
	secrets := map[string]string{}
	driven.Credentials.Named(func(name, value string) {
		s.environment = append(s.environment, name+"="+value)
		secrets[name] = value
	})
	keepRun(t, s.dir, log, exchange.NewRedactor(secrets), suite.Scripts())
	return s
}

// suiteOf is a suite of the scenarios of some rules, or of all.
func suiteOf(t *testing.T, ids []string) *steps.Suite {
	t.Helper()
	ledger, manifest := ledgerAndManifest(t)
	text := ""
	if len(ids) > 0 {
		text = "@" + strings.Join(ids, " or @")
	}
	tags, err := steps.ParseTags(text)
	require.NoError(t, err)
	return &steps.Suite{Ledger: ledger, Features: features.Files, Manifest: manifest, Tags: tags, Meta: reports.Meta{Started: time.Now()}}
}

// keepRun writes what a run keeps, as it writes it.
func keepRun(t *testing.T, dir string, log *exchange.Log, redact *exchange.Redactor, scripts map[string]string) {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, "exchanges.jsonl"))
	require.NoError(t, err)
	require.NoError(t, exchange.Write(file, log.All(), redact))
	require.NoError(t, file.Close())
	require.NoError(t, os.Mkdir(filepath.Join(dir, "repro"), 0o700))
	for name, text := range scripts {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(redact.String(text)), 0o600))
	}
}

// Keys and names are what they are, in each shell and with each one's own printf.
func TestAClientScriptRunsInEveryShell(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("scripts of many mutants")
	}
	needsOpenSSL(t)
	keys := d24.Credentials{
		Deposits: d24.DepositsCredentials{APIKey: `it's "$HOME" \ k|y`, APISignature: "`id` $(id) 'é' %s", ReadOnlyKey: "reader-3f1"},
		Cashouts: d24.CashoutsCredentials{APIKey: `log"in\`, APIPassphrase: `pa'ss <&> "é" $1`, APISignature: strings.Repeat("'\"", 50)},
	}
	good := judgeClient(t, "", nil, keys)
	bad := map[string]seen{}
	for mutant, id := range map[string]string{"signs-latin-1": "NOTIF-04", "sends-latin-1": "DEP-CT-01", "signs-pretty-printed": "CASH-SIG-03", "new-body-on-retry": "CLI-KEY-02"} {
		bad[id] = judgeClient(t, mutant, []string{id}, keys)
	}
	for _, words := range []string{"dash", "bash --posix", "busybox sh"} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			if program := strings.Fields(words)[0]; !has(program) {
				t.Skip("not run: there is no " + program)
			}
			for id, mutant := range bad {
				script := mutant.script(t, id)
				output, code := run(t, words, mutant.environment, script)
				assert.Equal(t, 1, code, "%s: %s", id, output)
				output, code = run(t, words, mutant.environment, script, good.exchanges())
				assert.Equal(t, 0, code, "%s: %s", id, output)
			}
		})
	}
}

func TestAClientScriptSaysWhyItCannotTell(t *testing.T) {
	t.Parallel()
	needsOpenSSL(t)
	bad := judgeClient(t, "signs-pretty-printed", []string{"CASH-SIG-03"}, d24.Credentials{})
	script := bad.script(t, "CASH-SIG-03")
	text, err := os.ReadFile(script)
	require.NoError(t, err)
	assert.Contains(t, string(text), "# d24conform run client --adapter ./mine --tags @CASH-SIG-03\n")
	assert.Contains(t, string(text), `# the adapter was told {"body":{`)
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "other.jsonl")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	request := func(body string) string {
		return `{"n":1,"started":"2026-11-22T03:04:05Z","request":{"method":"POST","url":"https://h/v3/cashout","header":[` +
			`{"name":"Payload-Signature","value":"` + strings.Repeat("0", 64) + `"}],` + body + `},"timing_us":{"total":1}}` + "\n"
	}
	for name, row := range map[string]struct {
		environment []string
		arguments   []string
		code        int
		says        string
	}{
		"a key is missing":                {without(bad.environment, d24.EnvCashoutsAPISignature), nil, 2, "D24_CASHOUTS_API_SIGNATURE is not set: it is one of the keys that the client had"},
		"there is no such file":           {bad.environment, []string{"/nowhere/at/all"}, 2, "/nowhere/at/all cannot be read"},
		"the file is none":                {bad.environment, []string{file("<html>\n")}, 3, "this line is not one of exchanges.jsonl"},
		"nothing of the kind is in it":    {bad.environment, []string{file("")}, 3, "is no request that the rule is about"},
		"the body was cut off":            {bad.environment, []string{file(request(`"body":"{","truncated":true`))}, 3, "it was not recorded byte for byte"},
		"a secret is spelled unknowably":  {bad.environment, []string{file(request(`"body":"{{D24_CASHOUTS_API_KEY:base64+1}}"`))}, 3, "in a spelling that cannot be restored"},
		"a body that is not text":         {bad.environment, []string{file(request(`"body_base64":"/w=="`))}, 1, "over        1 bytes of body"},
		"what the shell would carry out":  {bad.environment, []string{file(request("\"body\":\"$(exit 9) `exit 9` %d \\u001b[31m\""))}, 1, "over        "},
		"a line that is not at fault too": {bad.environment, []string{bad.exchanges(), "999"}, 3, "is no request that the rule is about"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output, code := run(t, "sh", row.environment, append([]string{script}, row.arguments...)...)
			assert.Equal(t, row.code, code, "%s", output)
			assert.Contains(t, output, row.says)
			assert.NotContains(t, output, "\x1b")
		})
	}
}
