package repro_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

// without is the environment without a variable.
func without(environment []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(environment), func(v string) bool { return strings.HasPrefix(v, name+"=") })
}

func TestAScriptRunsInEveryShell(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("many scripts are run")
	}
	needsPrograms(t)
	for _, words := range []string{"dash", "bash --posix", "busybox sh"} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			if program := strings.Fields(words)[0]; !has(program) {
				t.Skip("not run: there is no " + program)
			}
			for mutant, id := range map[string]string{"signature-prefix": "DEP-SIG-02", "check-then-insert-race": "DEP-IDEM-02"} {
				bad, good := startMock(t, mutant), startMock(t, "")
				_, scripts := judgeMock(t, bad, []string{id})
				script := scripts["repro/"+id+".sh"]
				output, code := runScript(t, words, script, environment(t, bad))
				assert.Equal(t, 1, code, "%s", output)
				output, code = runScript(t, words, script, environment(t, good))
				assert.Equal(t, 0, code, "%s", output)
			}
		})
	}
}

// Keys are what they are: quotes, signs of the shell and letters beyond ASCII are signed and
// sent as they stand in the environment.
func TestAScriptTakesAnyKey(t *testing.T) {
	t.Parallel()
	needsPrograms(t)
	keys := d24.Credentials{
		Deposits: d24.DepositsCredentials{APIKey: `it's "$HOME" \ key`, APISignature: "`id` $(id) 'é' %s", ReadOnlyKey: "reader"},
		Cashouts: d24.CashoutsCredentials{APIKey: `log"in\`, APIPassphrase: `pa'ss <&> "é" $1`, APISignature: strings.Repeat("'\"", 50)},
	}
	for mutant, id := range map[string]string{"passphrase-unchecked": "CASH-AUTH-01", "unknown-login": "DEP-AUTH-06"} {
		bad, good := startMockFor(t, mutant, keys), startMockFor(t, "", keys)
		_, scripts := judgeMock(t, bad, []string{id})
		script := scripts["repro/"+id+".sh"]
		output, code := runScript(t, "sh", script, environment(t, bad))
		assert.Equal(t, 1, code, "%s", output)
		output, code = runScript(t, "sh", script, environment(t, good))
		assert.Equal(t, 0, code, "%s", output)
	}
}

func has(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

func TestAScriptSaysWhyItCannotTell(t *testing.T) {
	t.Parallel()
	needsPrograms(t)
	bad, good := startMock(t, "signature-prefix"), startMock(t, "")
	_, scripts := judgeMock(t, bad, []string{"DEP-SIG-02"})
	script := scripts["repro/DEP-SIG-02.sh"]
	right := slices.Clip(environment(t, good))
	secret := filepath.Join(t.TempDir(), "signature")
	require.NoError(t, os.WriteFile(secret, []byte(good.Credentials().Deposits.APISignature+"\n"), 0o600))
	for name, row := range map[string]struct {
		environment []string
		code        int
		says        string
	}{
		"a key is missing":   {without(right, "D24_DEPOSITS_API_SIGNATURE"), 2, "D24_DEPOSITS_API_SIGNATURE is not set: it is one of the merchant's keys"},
		"the address is":     {without(right, "D24_BASE_URL"), 2, "D24_BASE_URL is not set: it is the address of the API"},
		"a key's file is":    {append(without(right, "D24_DEPOSITS_API_SIGNATURE"), "D24_DEPOSITS_API_SIGNATURE_FILE=/nowhere/at/all"), 2, "/nowhere/at/all cannot be read"},
		"a key is in a file": {append(without(right, "D24_DEPOSITS_API_SIGNATURE"), "D24_DEPOSITS_API_SIGNATURE_FILE="+secret), 0, "RIGHT: DEP-SIG-02"},
		"a key is another":   {append(right, "D24_DEPOSITS_API_SIGNATURE=another"), 3, "CANNOT TELL: request 1 has no fault and is not accepted: 400 code 102"},
		"nobody answers":     {append(right, "D24_BASE_URL=https://127.0.0.1:1"), 3, "CANNOT TELL: request 1 has no fault and is not accepted: no answer"},
		"nobody is trusted":  {without(right, "D24_CA_FILE"), 3, "no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output, code := runScript(t, "sh", script, row.environment)
			assert.Equal(t, row.code, code)
			assert.Contains(t, output, row.says)
			assert.NotContains(t, output, good.Credentials().Deposits.APISignature)
		})
	}
}

// A secret is neither in a script, in any form, nor ever an argument of a program, which
// everybody on the machine can read.
func TestNoSecretLeavesTheEnvironment(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("many scripts are run")
	}
	needsPrograms(t)
	for mutant, id := range map[string]string{"passphrase-cut": "CASH-AUTH-01", "credentials-across-environments": "ENV-11", "any-read-only-key": "DEP-AUTH-03"} {
		bad := startMock(t, mutant)
		_, scripts := judgeMock(t, bad, []string{id})
		script := scripts["repro/"+id+".sh"]
		require.NotEmpty(t, script)

		watched, arguments := watch(t, environment(t, bad))
		output, code := runScript(t, "sh", script, watched)
		require.Equal(t, 1, code, "%s: %s\n%s", mutant, output, tail(script))
		seen := arguments()
		require.Contains(t, seen, "-K ")
		for _, credentials := range []d24.Credentials{bad.Credentials(), bad.SecondCredentials()} {
			assertNoSecret(t, credentials, map[string]string{"the script": script, "the output": output, "an argument": seen})
		}
	}

	client := judgeClient(t, "signs-body-only", []string{"DEP-SIG-04"}, d24.Credentials{})
	file := client.script(t, "DEP-SIG-04")
	script, err := os.ReadFile(file)
	require.NoError(t, err)
	watched, arguments := watch(t, client.environment)
	output, code := run(t, "sh", watched, file)
	require.Equal(t, 1, code, "%s", output)
	require.Contains(t, arguments(), "dgst")
	assertNoSecret(t, client.credentials, map[string]string{"the script": string(script), "the output": output, "an argument": arguments()})
}

// watch has every program that a script calls write down its arguments.
func watch(t *testing.T, environment []string) (watched []string, arguments func() string) {
	t.Helper()
	bin := t.TempDir()
	file := filepath.Join(bin, "arguments")
	for _, program := range []string{"curl", "openssl", "awk", "od", "tr", "sed", "grep", "cut", "cat", "cmp", "find", "xargs", "mktemp", "rm", "date", "wc"} {
		path, err := exec.LookPath(program)
		require.NoError(t, err)
		wrapper := "#!/bin/sh\nprintf '%s\\n' \"$*\" >> '" + file + "'\nexec " + path + " \"$@\"\n"
		require.NoError(t, os.WriteFile(filepath.Join(bin, program), []byte(wrapper), 0o700))
	}
	return append(without(environment, "PATH"), "PATH="+bin+":"+os.Getenv("PATH")), func() string {
		seen, err := os.ReadFile(file)
		require.NoError(t, err)
		return string(seen)
	}
}

// assertNoSecret looks for credentials in texts, by what these are.
func assertNoSecret(t *testing.T, credentials d24.Credentials, texts map[string]string) {
	t.Helper()
	credentials.Named(func(name, value string) {
		for _, form := range []string{value, hex.EncodeToString([]byte(value)), base64.RawStdEncoding.EncodeToString([]byte(value))} {
			for where, text := range texts {
				assert.NotContains(t, text, form, "%s in %s", name, where)
			}
		}
	})
}

// What a target answers becomes part of paths, bodies and hooks.
func TestAHostileTargetDoesNoHarm(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("many scripts are run")
	}
	needsPrograms(t)
	bad := startMock(t, "refund-of-cancelled")
	_, scripts := judgeMock(t, bad, []string{"DEP-REF-01"})
	script := scripts["repro/DEP-REF-01.sh"]
	require.Contains(t, script, `id1=$id`)
	trap := filepath.Join(t.TempDir(), "trap")
	for _, id := range []string{"$(touch " + trap + ")", "`touch " + trap + "`", "1;touch " + trap, "' ; touch " + trap + " '", `\n$(touch ` + trap + `)`, "../../x"} {
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"deposit_id":"` + id + `","description":"$(touch ` + trap + `)\u001b[31m"}`))
		}))
		ca := filepath.Join(t.TempDir(), "ca.pem")
		certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
		require.NoError(t, os.WriteFile(ca, certificate, 0o600))
		output, code := runScript(t, "sh", script, append(environment(t, bad), "D24_BASE_URL="+server.URL, "D24_CA_FILE="+ca))
		server.Close()
		assert.Equal(t, 3, code, "%s", output)
		assert.Contains(t, output, "has no usable object")
		assert.NotContains(t, output, "\x1b")
		assert.NoFileExists(t, trap)
	}
}
