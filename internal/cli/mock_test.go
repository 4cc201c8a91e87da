package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

// startMock runs the mock command on random ports until the returned function
// interrupts it; that returns the exit code and what stood on stderr.
func startMock(t *testing.T, env map[string]string, args ...string) (stdout *bufio.Reader, caFile string, interrupt func() (ExitCode, string)) {
	t.Helper()
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	all := map[string]string{"GOMEMLIMIT": "off", "GOGC": "100"} // the limits belong to the process, which here is the tests'
	maps.Copy(all, env)
	const anyPort = "127.0.0.1:0"
	a, _, stderr := testApp(all, strings.NewReader(""), append([]string{
		"mock", "--addr", anyPort, "--plain-addr", anyPort, "--manage-addr", anyPort, "--second-addr", anyPort, "--ca-out", caFile,
	}, args...)...)
	reader, writer := io.Pipe()
	a.stdout = writer
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan ExitCode, 1)
	go func() {
		done <- a.run(ctx)
		writer.Close()
	}()
	t.Cleanup(cancel)
	return bufio.NewReader(reader), caFile, func() (ExitCode, string) {
		cancel()
		select {
		case code := <-done:
			return code, stderr.String()
		case <-time.After(time.Minute): // it takes five seconds at most, and its turn of the machine
			t.Fatal("the mock did not stop when it was interrupted")
			return 0, ""
		}
	}
}

func TestTheMockAnswersWithWhatItPrinted(t *testing.T) {
	t.Parallel()
	stdout, caFile, interrupt := startMock(t, nil, "--json", "--reading", "AMB-27=200", "--mutant", "past-only", "--time-scale", "1500", "--allow-notify", "receiver.test")
	var ready mockReady
	require.NoError(t, json.NewDecoder(stdout).Decode(&ready))
	assert.Equal(t, caFile, ready.CAFile)
	assert.Equal(t, map[string]string{"AMB-27": "200"}, ready.Readings)
	assert.Equal(t, "past-only", ready.Mutant)
	assert.Empty(t, ready.OwnKeys)
	assert.Equal(t, []string{"receiver.test"}, ready.AllowNotify)
	assert.InDelta(t, 1500, ready.TimeScale, 0)
	assert.Contains(t, ready.String(), "  notifications        to receiver.test as well\n  repeats              1500 times as fast\n")

	info, err := os.Stat(caFile)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o644), info.Mode().Perm())
	pem, err := os.ReadFile(caFile)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(pem))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}

	body := []byte(`{"invoice_id":"cli-1","amount":100,"country":"BR","currency":"BRL"}`)
	date, login := d24.FormatDate(time.Now()), ready.Credentials[d24.EnvDepositsAPIKey]
	request, err := http.NewRequest(http.MethodPost, ready.BaseURL+d24.PathDeposits, bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set(d24.HeaderContentType, d24.ContentTypeJSON)
	request.Header.Set(d24.HeaderDate, date)
	request.Header.Set(d24.HeaderLogin, login)
	request.Header.Set(d24.HeaderAuthorization, d24.NewKey(ready.Credentials[d24.EnvDepositsAPISignature]).Authorization(date, login, body))
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, response.StatusCode, "AMB-27=200 was chosen; the answer: %s", answer)
	client.CloseIdleConnections()

	code, stderr := interrupt()
	assert.Equal(t, ExitOK, code, "being stopped is how a server succeeds")
	assert.Equal(t, "d24conform: warning: mutant past-only: this is a server that refuses dates that are too old, and takes any that is to come\n", stderr)
}

func TestTheMockNamesKeysThatWereGivenAndNeverShowsThem(t *testing.T) {
	t.Parallel()
	env := map[string]string{d24.EnvDepositsAPIKey: "login-marked", d24.EnvDepositsAPISignature: "secret-marked"}
	for _, args := range [][]string{nil, {"--json"}} {
		stdout, _, interrupt := startMock(t, env, args...)
		first, err := stdout.Peek(1) // so that it is ready
		require.NoError(t, err, "%s", first)
		rest := make(chan string, 1)
		go func() {
			text, _ := io.ReadAll(stdout)
			rest <- string(text)
		}()
		code, stderr := interrupt()
		require.Equal(t, ExitOK, code)
		text := <-rest
		assert.Contains(t, text, d24.EnvDepositsAPISignature)
		assert.Contains(t, text, "fake-stg-passphrase", "the other product's keys are made up")
		assert.NotContains(t, text+stderr, "marked")
	}
}

func TestAPortInUseIsToldWithAWayOut(t *testing.T) {
	t.Parallel()
	stdout, _, interrupt := startMock(t, nil, "--json")
	var ready mockReady
	require.NoError(t, json.NewDecoder(stdout).Decode(&ready))

	_, _, second := startMock(t, nil, "--addr", strings.TrimPrefix(ready.BaseURL, "https://"))
	code, stderr := second()
	assert.Equal(t, ExitUsage, code)
	assert.Contains(t, stderr, "address already in use")
	assert.Contains(t, stderr, "\nhint: --addr, --plain-addr, --manage-addr and --second-addr move it to other addresses\n")
	interrupt()
}

func TestMemoryLimitsGiveWayToTheEnvironmentAndAreUndone(t *testing.T) {
	// Not parallel: the limits belong to the process.
	before := limits()
	a, _, _ := testApp(map[string]string{}, strings.NewReader(""))
	undo := a.boundMemory()
	assert.NotEqual(t, before, limits())
	undo()
	assert.Equal(t, before, limits())

	a, _, _ = testApp(map[string]string{"GOMEMLIMIT": "1GiB", "GOGC": "50"}, strings.NewReader(""))
	defer a.boundMemory()()
	assert.Equal(t, before, limits())
}

func TestShellWord(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"https://127.0.0.1:8443": "https://127.0.0.1:8443",
		"/home/o'brien/ca.pem":   `'/home/o'\''brien/ca.pem'`,
		"two words":              "'two words'",
		"$HOME":                  "'$HOME'",
		"":                       "''",
	} {
		assert.Equal(t, want, shellWord(value))
	}
}

// limits reads both limits of the garbage collector.
func limits() [2]int64 {
	percent := debug.SetGCPercent(100)
	debug.SetGCPercent(percent)
	return [2]int64{debug.SetMemoryLimit(-1), int64(percent)}
}
