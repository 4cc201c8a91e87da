package repro_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/repro"
)

// TestARerunCallsTheJudge has the script call a program that tells its arguments.
func TestARerunCallsTheJudge(t *testing.T) {
	t.Parallel()
	judge := filepath.Join(t.TempDir(), "judge")
	require.NoError(t, os.WriteFile(judge, []byte("#!/bin/sh\nfor word; do printf '[%s]' \"$word\"; done\nexit 4\n"), 0o700))
	r := repro.Rerun{
		Fault:   repro.Fault{Rule: "NOTIF-05", Says: "a deposit is released once", Seen: "2\n$(touch x)"},
		Command: []string{"run", "receiver", "NOTIF-05", "--observer", "$D24_OBSERVER", "--", "node", "it's $HOME.js"},
		Needs:   map[string]string{"D24_OBSERVER": "what --observer was"},
	}
	script := r.Script()
	run := func(variables ...string) (string, int) {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
		cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "D24CONFORM=" + judge}, variables...)
		output, _ := cmd.CombinedOutput()
		return string(output), cmd.ProcessState.ExitCode()
	}
	output, code := run("D24_OBSERVER=./count --db 'x y'")
	assert.Equal(t, "[run][receiver][NOTIF-05][--observer][./count --db 'x y'][--][node][it's $HOME.js]", output)
	assert.Equal(t, 4, code, "what the judge says")
	output, code = run()
	assert.NotZero(t, code)
	assert.Contains(t, output, "D24_OBSERVER: what --observer was")
}
