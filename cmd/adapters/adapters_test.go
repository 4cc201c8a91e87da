// Package adapters_test tries the example adapters as programs: the tests that the
// reference client takes, against the mock.
package adapters_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/peers/peertest"
)

// An adapter is how a person starts it, and what asks whether that is possible here.
type adapter struct {
	language string
	command  []string
	check    []string
}

func adapters() []adapter {
	return []adapter{
		{"node", []string{"node", "node/adapter.mjs"}, []string{"node", "--version"}},
		{"python", []string{"python3", "python/adapter.py"}, []string{"python3", "--version"}},
		{"php", []string{"php", "php/adapter.php"}, []string{"php", "-r", "exit(extension_loaded('curl') ? 0 : 1);"}},
		{"java", []string{"java", "java/Adapter.java"}, []string{"javac", "--version"}},
	}
}

// goAdapter builds the one that has to be built.
func goAdapter(t *testing.T) adapter {
	t.Helper()
	program := filepath.Join(t.TempDir(), "adapter")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./go").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return adapter{"go", []string{program}, []string{"go", "version"}}
}

// start runs the adapter until the test ends; closing its stdin has to end it.
func (a adapter) start(t *testing.T, env ...string) *peertest.Peer {
	t.Helper()
	command := exec.Command(a.command[0], a.command[1:]...) // it ends with its stdin
	// A program that lives for seconds is not worth optimising: half of java's time.
	env = append(env, "JDK_JAVA_OPTIONS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
	command.Env = append(os.Environ(), env...)
	command.Stderr = t.Output()
	stdin, err := command.StdinPipe()
	require.NoError(t, err)
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		stdin.Close()
		assert.NoError(t, command.Wait())
	})
	return peertest.New(t, stdin, stdout)
}

func TestAdapters(t *testing.T) {
	t.Parallel()
	for _, a := range append(adapters(), goAdapter(t)) {
		t.Run(a.language, func(t *testing.T) {
			t.Parallel()
			if err := exec.CommandContext(t.Context(), a.check[0], a.check[1:]...).Run(); err != nil {
				t.Skipf("not run: %s: %v", strings.Join(a.check, " "), err)
			}
			peertest.Run(t, a.start(t, "D24_TIMEOUT=30")) // none of it is about timeouts, and machines are busy
			peertest.RunImpatient(t, a.start(t, "D24_TIMEOUT=0.1"))
		})
	}
}
