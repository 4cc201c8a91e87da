package cli_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/cli"
)

// Receivers of another hand keep the rules, whatever they do that no page forbids. Each is
// judged by half of the scenarios: those that do not wait for a time-out.
// Under the race detector one of them is enough: what differs is in processes of theirs.
func TestPlainReceiversPass(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("each is a run of a receiver")
	}
	for name, row := range map[string]struct {
		program    []string
		variations []string
		prepared   bool
	}{
		"python":          {[]string{"python3", "plain.py"}, nil, false},
		"node":            {[]string{"node", "plain.mjs"}, nil, false},
		"lax":             {[]string{"python3", "plain.py"}, []string{"conflict", "any-case", "any-date", "no-refunds"}, false},
		"own orders only": {[]string{"python3", "plain.py"}, []string{"own-orders", "polls"}, true},
	} {
		if raceEnabled && name != "own orders only" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(row.program[0]); err != nil {
				t.Skip("not run: there is no " + row.program[0])
			}
			address := freeAddress()
			_, port, _ := bytes.Cut([]byte(address), []byte(":"))
			source, err := filepath.Abs(filepath.Join("testdata", "receivers", row.program[1]))
			require.NoError(t, err)
			dir := t.TempDir()
			args := []string{
				"run", "receiver", "--url", "http://" + address + "/notify", "--observer", "http://" + address + "/releases", "--settle", "100ms",
				"--time-scale", "1000000", "--out", dir, "--tags", "not (@NOTIF-07 or @NOTIF-08 or @NOTIF-10)",
			}
			if row.prepared {
				args = append(args, "--prepare", "http://"+address+"/orders")
			}
			args = append(args, "--", row.program[0], source, string(port), filepath.Join(dir, "journal"))
			args = append(args, row.variations...)
			var out, problems bytes.Buffer
			code := cli.Main(t.Context(), args, bytes.NewReader(nil), &out, &problems)
			assert.Zero(t, code, fmt.Sprint(&out, &problems))
			assert.NotContains(t, out.String(), "✗")
		})
	}
}
