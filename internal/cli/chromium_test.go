//go:build unix

package cli

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/mock"
)

// patience is how long a browser may live: a test takes 10 s, half of which is the start,
// and ten times that on a machine that has much else to do. It only ends what hangs.
const patience = 5 * time.Minute

// A chromium is a running browser without a window, with a profile of its own, that is
// told what to do in the DevTools protocol over a pipe.
type chromium struct {
	t       *testing.T
	profile string
	to      io.Writer
	from    *bufio.Reader
	last    int // command
}

// startChromium starts a browser that trusts a mock's certificate, and nothing else that
// the system does not, and ends it with the test.
func startChromium(t *testing.T, server *mock.Mock) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("not run: chromium is not installed")
	}
	ours, theirs, err := os.Pipe()
	require.NoError(t, err)
	theirsToo, oursToo, err := os.Pipe()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	profile, err := os.MkdirTemp("", "d24conform-chromium-") //nolint:usetesting // what was killed may be writing still: it is removed until it is gone
	require.NoError(t, err)
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-breakpad",
		"--user-data-dir="+profile, "--ignore-certificate-errors-spki-list="+publicKeyOf(t, server),
		"--remote-debugging-pipe", "--remote-debugging-port=0", "--remote-allow-origins=devtools://devtools", "about:blank")
	cmd.ExtraFiles = []*os.File{theirsToo, theirs}
	cmd.Env = append(os.Environ(), "HOME="+profile, "XDG_CONFIG_HOME="+profile, "XDG_CACHE_HOME="+profile, "TMPDIR="+profile)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var stderr strings.Builder
	cmd.Stderr, cmd.WaitDelay = &stderr, time.Second
	require.NoError(t, cmd.Start())
	theirs.Close()
	theirsToo.Close()
	c := &chromium{t: t, profile: profile, to: oursToo, from: bufio.NewReader(ours)}
	t.Cleanup(func() {
		fmt.Fprint(c.to, `{"id":0,"method":"Browser.close"}`, "\x00")
		_, _ = io.Copy(io.Discard, c.from) // until it has ended
		_ = cmd.Cancel()                   // what it leaves behind
		_ = cmd.Wait()
		ours.Close()
		oursToo.Close()
		for err := os.RemoveAll(profile); err != nil; err = os.RemoveAll(profile) {
			if ctx.Err() != nil { // its last children have had their time
				t.Error(err)
				break
			}
		}
		cancel()
		if t.Failed() {
			t.Log("chromium: ", stderr.String())
		}
	})
	return c
}

// publicKeyOf is the digest by which Chromium is told to trust a certificate.
func publicKeyOf(t *testing.T, server *mock.Mock) string {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(server.BaseURL(), "https://"), &tls.Config{RootCAs: server.Roots(), MinVersion: tls.VersionTLS12})
	require.NoError(t, err)
	defer conn.Close()
	digest := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(digest[:])
}

// A message is an answer or an event of the DevTools protocol.
type message struct {
	ID      int             `json:"id"`
	Method  string          `json:"method"`
	Session string          `json:"sessionId"`
	Result  json.RawMessage `json:"result"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// do sends a command and reads what it answers. A session is a tab; none is the browser.
func (c *chromium) do(session, method string, params, result any) {
	c.t.Helper()
	c.last++
	text, err := json.Marshal(struct {
		ID      int    `json:"id"`
		Session string `json:"sessionId,omitempty"`
		Method  string `json:"method"`
		Params  any    `json:"params,omitempty"`
	}{c.last, session, method, params})
	require.NoError(c.t, err)
	_, err = c.to.Write(append(text, 0))
	require.NoError(c.t, err, method)
	answer := c.await(func(m message) bool { return m.ID == c.last })
	require.Nil(c.t, answer.Error, "%s: %+v", method, answer.Error)
	if result != nil {
		require.NoError(c.t, json.Unmarshal(answer.Result, result), method)
	}
}

// await reads until there is what is waited for. Events that nobody waits for are none of
// ours.
func (c *chromium) await(wanted func(message) bool) message {
	c.t.Helper()
	for {
		text, err := c.from.ReadBytes(0)
		require.NoError(c.t, err, "chromium has ended, or said nothing more for %s", patience)
		var m message
		require.NoError(c.t, json.Unmarshal(text[:len(text)-1], &m))
		if wanted(m) {
			return m
		}
	}
}

// open opens a tab and returns its target and the session with it.
func (c *chromium) open(url string) (target, session string) {
	c.t.Helper()
	var created struct{ TargetID string }
	c.do("", "Target.createTarget", map[string]any{"url": url}, &created)
	var attached struct{ SessionID string }
	c.do("", "Target.attachToTarget", map[string]any{"targetId": created.TargetID, "flatten": true}, &attached)
	return created.TargetID, attached.SessionID
}

// visit has a tab load a page.
func (c *chromium) visit(session, url string) {
	c.t.Helper()
	c.do(session, "Page.enable", nil, nil)
	c.do(session, "Page.navigate", map[string]any{"url": url}, nil)
	c.await(func(m message) bool { return m.Session == session && m.Method == "Page.loadEventFired" })
}

// evaluate runs a script in a tab, waits for what it promises, and returns that.
func (c *chromium) evaluate(session, script string) string {
	c.t.Helper()
	var evaluated struct {
		Result struct {
			Value string `json:"value"`
		} `json:"result"`
		Exception *struct {
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	c.do(session, "Runtime.evaluate", map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true}, &evaluated)
	if evaluated.Exception != nil {
		require.Fail(c.t, evaluated.Exception.Exception.Description)
	}
	return evaluated.Result.Value
}

// devTools opens DevTools for a tab: those that come with the browser, in a tab of their
// own.
func (c *chromium) devTools(target string) (session string) {
	c.t.Helper()
	port := ""
	for port == "" { // the browser answers on the pipe before it listens
		c.do("", "Browser.getVersion", nil, nil)
		active, err := os.ReadFile(filepath.Join(c.profile, "DevToolsActivePort"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			require.NoError(c.t, err)
		}
		port, _, _ = strings.Cut(string(active), "\n")
	}
	_, session = c.open("about:blank")
	c.visit(session, fmt.Sprintf("devtools://devtools/bundled/inspector.html?ws=127.0.0.1:%s/devtools/page/%s", port, target))
	return session
}
