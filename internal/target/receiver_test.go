package target

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/provider"
)

// listenCommand is a receiver in miniature: it says its keys on stderr, answers with its
// process id, and dies at /die.
func listenCommand(address string) int {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return 1
	}
	fmt.Fprintln(os.Stderr, "login", os.Getenv(d24.EnvDepositsAPIKey))
	_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/die":
			os.Exit(7)
		case "/orphan": // leaves a child that holds the group together
			child := exec.Command(os.Args[0], "hook", "hang", r.URL.Query().Get("at"))
			_ = child.Start()
		}
		fmt.Fprint(w, os.Getpid())
	}))
	return 0
}

// nextPort begins below those that systems give out by themselves, from 32768 on: what
// was free when we looked is not given to somebody else meanwhile.
var nextPort atomic.Int64

// freeAddress is one where nothing listens. To listen there ourselves and stop again would
// not tell: a command that is just being forked holds a copy of the socket.
func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+(int64(os.Getpid())*16+nextPort.Add(1))%10_000)
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return address
		}
		conn.Close()
	}
}

func newReceiver(t *testing.T, path string) *Receiver {
	t.Helper()
	address := freeAddress(t)
	program := &Program{
		Args: []string{os.Args[0], "hook", "listen", address},
		Env:  append(os.Environ(), d24.EnvDepositsAPIKey+"=marked-login"),
	}
	r, err := NewReceiver("http://"+address+path, provider.New(provider.Options{Credentials: keys}), nil, program)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

func programOf(r *Receiver) *Program { return r.Program.(*Program) }

var someDeposit = provider.Notification{Kind: d24.DepositNotification, ID: "300000001"}

// pid is which process answers.
func pid(t *testing.T, r *Receiver) string {
	t.Helper()
	e, err := r.Deliver(t.Context(), someDeposit)
	require.NoError(t, err)
	require.Nil(t, e.Failure)
	return string(e.Response.Body)
}

func TestAReceiversCommandIsStartedAndStartedAgain(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, "/notify")
	require.NoError(t, r.Start(t.Context()))
	first := pid(t, r)
	assert.Equal(t, first, pid(t, r))
	require.True(t, r.CanRestart())
	require.NoError(t, r.Restart(t.Context()))
	assert.NotEqual(t, first, pid(t, r))
	assert.Empty(t, r.Deaths(), "being stopped is no death")
	assert.Equal(t, "login marked-login\nlogin marked-login\n", programOf(r).Output())

	r.Close()
	r.Close()
	_, err := net.Dial("tcp", programOf(r).Address)
	require.Error(t, err, "nobody listens any more")
	require.NoError(t, programOf(r).Died())
}

func TestAReceiverThatDiesIsStartedAgain(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, "/die")
	require.NoError(t, r.Start(t.Context()))
	e, err := r.Deliver(t.Context(), someDeposit)
	require.NoError(t, err)
	require.NotNil(t, e.Failure)
	assert.Equal(t, exchange.FailureClosed, e.Failure.Kind)
	<-programOf(r).running.ended
	r.URL = strings.Replace(r.URL, "/die", "/", 1)
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() { _, _ = r.Deliver(t.Context(), someDeposit) })
	}
	group.Wait()
	require.Len(t, r.Deaths(), 1, "started once, by whoever came first")
	require.ErrorIs(t, r.Deaths()[0], ErrDied)
	require.ErrorContains(t, r.Deaths()[0], "exit status 7")
	pid(t, r)
}

func TestAReceiverThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	cannot := func(r *Receiver, want string) {
		t.Helper()
		var environment *EnvironmentError
		err := r.Start(t.Context())
		require.ErrorAs(t, err, &environment)
		require.ErrorContains(t, err, want)
	}
	noSleep := func(context.Context, time.Duration) error { return nil }

	r := newReceiver(t, "/")
	programOf(r).Args = []string{"/nowhere/receiver"}
	cannot(r, "start /nowhere/receiver: ")
	programOf(r).Args = []string{os.Args[0], "hook", "exit", "4"}
	programOf(r).sleep = Sleep
	cannot(r, "exit status 4")

	address, _ := caller(t)
	r = newReceiver(t, "/")
	programOf(r).Args = []string{os.Args[0], "hook", "hang", address}
	programOf(r).sleep = noSleep
	cannot(r, "does not listen on "+programOf(r).Address+" after 10s")

	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	r = newReceiver(t, "/")
	programOf(r).Address = taken.Addr().String()
	cannot(r, "something listens on "+taken.Addr().String()+" already")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r = newReceiver(t, "/")
	require.ErrorIs(t, r.Start(ctx), context.Canceled)
	for _, wrong := range []string{"", "127.0.0.1:8080", "ftp://127.0.0.1/", "https://user:pass@127.0.0.1/", "http:///x"} {
		_, err := NewReceiver(wrong, nil, nil, nil)
		require.ErrorContains(t, err, "not of the form http://host/path", wrong)
	}
}

func TestAReceiverEndsWithItsChildren(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // which has no process groups: the command is killed alone
	}
	t.Run("while it runs", func(t *testing.T) { t.Parallel(); endsWithItsChildren(t, false) })
	t.Run("when it has died", func(t *testing.T) { t.Parallel(); endsWithItsChildren(t, true) })
}

func endsWithItsChildren(t *testing.T, dead bool) {
	t.Helper()
	address, connected := caller(t)
	r := newReceiver(t, "/orphan?at="+url.QueryEscape(address))
	require.NoError(t, r.Start(t.Context()))
	pid(t, r)
	child := <-connected
	require.NotNil(t, child, "the grandchild runs")
	defer child.Close()
	if dead {
		r.Provider.Deliver(t.Context(), strings.Replace(r.URL, "/orphan", "/die", 1), someDeposit)
		<-programOf(r).running.ended
	}
	r.Close()
	require.NoError(t, child.SetReadDeadline(time.Now().Add(20*time.Second)), "so that a failure does not hang")
	_, err := child.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the grandchild has ended, and its connection with it")
}

func TestAReceiverThatSomebodyElseRuns(t *testing.T) {
	t.Parallel()
	r, err := NewReceiver("https://receiver.test/notify", provider.New(provider.Options{}), nil, nil)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context()))
	assert.False(t, r.CanRestart())
	require.ErrorContains(t, r.Restart(t.Context()), "we did not start it")
	require.NoError(t, r.Revive(t.Context()))
	r.Close()
	for text, want := range map[string]string{"http://h/": "h:80", "https://h/": "h:443", "http://[::1]:8/": "[::1]:8"} {
		u, err := url.Parse(text)
		require.NoError(t, err)
		assert.Equal(t, want, AddressOf(u))
	}
}

func TestTheOutputOfACommandIsBounded(t *testing.T) {
	t.Parallel()
	out := newTail(5)
	for _, text := range []string{"ab", "cd", "ef", "", "0123456789", "x"} {
		n, err := out.Write([]byte(text))
		require.NoError(t, err)
		assert.Len(t, text, n)
	}
	assert.Equal(t, "6789x", out.String())
}

func TestTheEnvironmentOfACommand(t *testing.T) {
	t.Parallel()
	ca := embedded(t).CertificatePEM()
	dir := filepath.Join(t.TempDir(), "a folder")
	e := Environ{BaseURL: "https://127.0.0.1:1", CA: ca, Credentials: depositKeys, Dir: dir, Zone: Zones()[1]}
	variables, err := e.Variables([]string{
		"PATH=/bin", "D24_BASE_URL=old", "D24_CASHOUTS_API_KEY=old", "D24_READ_ONLY_KEY_FILE=old", "NO_PROXY=old", "D24_OWN=kept",
		"JAVA_TOOL_OPTIONS=-Xmx1g", "PHP_INI_SCAN_DIR=/etc/php", "EMPTY=", "TZ=UTC",
	})
	require.NoError(t, err)
	file := func(name string) string { return filepath.Join(dir, name) }
	separator := string(os.PathListSeparator)
	assert.Equal(t, []string{
		"CURL_CA_BUNDLE=" + file("ca.pem"),
		"D24_BASE_URL=https://127.0.0.1:1",
		"D24_CA_FILE=" + file("ca.pem"),
		"D24_DEPOSITS_API_KEY=" + keys.Deposits.APIKey,
		"D24_DEPOSITS_API_SIGNATURE=" + keys.Deposits.APISignature,
		"D24_OWN=kept",
		"D24_READ_ONLY_KEY=" + keys.Deposits.ReadOnlyKey,
		"EMPTY=",
		`JAVA_TOOL_OPTIONS=-Xmx1g -Djavax.net.ssl.trustStore="` + file("truststore.p12") +
			`" -Djavax.net.ssl.trustStoreType=PKCS12 -Djavax.net.ssl.trustStorePassword=changeit`,
		"NODE_EXTRA_CA_CERTS=" + file("ca.pem"),
		"NO_PROXY=127.0.0.1,localhost,::1",
		"PATH=/bin",
		"PHP_INI_SCAN_DIR=/etc/php" + separator + file("php"),
		"REQUESTS_CA_BUNDLE=" + file("ca.pem"),
		"SSL_CERT_FILE=" + file("ca.pem"),
		"TZ=Asia/Kolkata",
		"no_proxy=127.0.0.1,localhost,::1",
	}, variables)
	ini, err := os.ReadFile(file("php/d24conform.ini"))
	require.NoError(t, err)
	assert.Equal(t, "curl.cainfo=\""+file("ca.pem")+"\"\nopenssl.cafile=\""+file("ca.pem")+"\"\ndate.timezone=\"Asia/Kolkata\"\n", string(ini))
	written, err := os.ReadFile(file("ca.pem"))
	require.NoError(t, err)
	assert.Equal(t, ca, written)

	bare, err := e.Variables(nil)
	require.NoError(t, err)
	assert.Contains(t, bare, "PHP_INI_SCAN_DIR="+separator+file("php"), "an empty entry is PHP's own folder")

	e.CA = []byte("nothing")
	_, err = e.Variables(nil)
	require.ErrorContains(t, err, "no certificate in PEM")
}

// Whether they work is for those to say who read them.
func TestTheEnvironmentIsUnderstood(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	e := Environ{BaseURL: m.BaseURL(), CA: m.CertificatePEM(), Credentials: m.Credentials(), Dir: filepath.Join(t.TempDir(), "a folder")}
	variables, err := e.Variables(os.Environ())
	require.NoError(t, err)
	source := filepath.Join(t.TempDir(), "Probe.java")
	require.NoError(t, os.WriteFile(source, []byte(`public class Probe { public static void main(String[] a) throws Exception {
		System.out.print(((java.net.HttpURLConnection) new java.net.URI(System.getenv("D24_BASE_URL") + "/").toURL().openConnection()).getResponseCode());
	} }`), 0o644))
	for tool, arguments := range map[string][]string{
		"curl": {"-sS", "-o", os.DevNull, "-w", "%{http_code}", m.BaseURL() + "/"},
		"node": {"-e", `require("https").get(process.env.D24_BASE_URL, r => { process.stdout.write(String(r.statusCode)); r.destroy() })`},
		"python3": {"-c", `import os, urllib.request, urllib.error
try: urllib.request.urlopen(os.environ["D24_BASE_URL"])
except urllib.error.HTTPError as e: print(e.code, end="")`},
		"java": {source},
		"php":  {"-r", `$c = curl_init(getenv("D24_BASE_URL")); curl_setopt($c, CURLOPT_RETURNTRANSFER, true); curl_exec($c); echo curl_getinfo($c, CURLINFO_RESPONSE_CODE);`},
	} {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(tool)
			if err != nil {
				t.Skipf("not run: %s is not installed", tool)
			}
			cmd := exec.CommandContext(t.Context(), path, arguments...)
			cmd.Env = variables
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			require.NoError(t, err, "%s", &stderr)
			assert.Equal(t, "404", string(out), "an answer, over TLS that was trusted")
		})
	}
}

func embedded(t *testing.T) *mock.Mock {
	t.Helper()
	m, err := mock.Start(mock.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}
