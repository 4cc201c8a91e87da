package vectors

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checker is a script that recomputes the vectors with a tool of its own.
type checker struct {
	name    string
	needs   []string // programs in PATH
	command []string
	dates   bool // openssl knows digests only
}

var checkers = []checker{
	{"openssl", []string{"openssl", "python3", "sh"}, []string{"sh", "scripts/check-openssl.sh"}, false},
	{"node", []string{"node"}, []string{"node", "scripts/check-node.mjs"}, true},
	{"python", []string{"python3"}, []string{"python3", "scripts/check-python.py"}, true},
}

// run runs the checker over a folder and returns what it printed.
func (c checker) run(t *testing.T, dir string) (string, error) {
	t.Helper()
	need(t, c.needs...)
	out, err := exec.CommandContext(t.Context(), c.command[0], append(c.command[1:], dir)...).CombinedOutput()
	return string(out), err
}

// need skips the test when a program is missing. The message's beginning is a
// convention of the repository: what was not run is listed, never green.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("not run: %s is not in PATH", program)
		}
	}
}

// copyFiles writes the published files into a new folder, with old replaced by
// slip throughout the case of this id.
func copyFiles(t *testing.T, id, old, slip string) string {
	t.Helper()
	dir := t.TempDir()
	spoilt, _, _ := strings.Cut(id, "/")
	for _, topic := range Topics() {
		data, err := fs.ReadFile(Files(), topic+".json")
		require.NoError(t, err)
		text := string(data)
		if topic == spoilt {
			before, rest, found := strings.Cut(text, `"id": "`+id+`"`)
			require.True(t, found, "there is no case %s", id)
			this, others, _ := strings.Cut(rest, "\n    },\n")
			require.Contains(t, this, old, "nothing is broken")
			text = before + `"id": "` + id + `"` + strings.ReplaceAll(this, old, slip) + "\n    },\n" + others
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, topic+".json"), []byte(text), 0o600))
	}
	return dir
}

func TestToolsAgree(t *testing.T) {
	t.Parallel()
	set := mustLoad(t)
	digests := 0
	for _, c := range set.Signatures {
		if c.Signature != "" {
			digests++
		}
		if c.PresentedFrom != nil {
			digests++
		}
		digests += len(c.Mistakes)
	}
	want := fmt.Sprintf("%d digests checked, 0 wrong", digests)
	dates := fmt.Sprintf("; %d dates checked, 0 wrong", len(set.Dates)+len(set.Formats)+len(set.Windows))
	for _, c := range checkers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, err := c.run(t, ".")
			require.NoError(t, err, out)
			line := c.name + ": " + want
			if c.dates {
				line += dates
			}
			assert.Equal(t, line+"\n", out, "a checker left something out")
			t.Log(strings.TrimSpace(out))
		})
	}
}

// Every checker must say no to a file with one slip in it, and say where.
func TestToolsNoticeASlip(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a program for each slip")
	}
	set := mustLoad(t)
	create := set.byID(t, "deposits/create")
	signature, digest := create.Signature, create.Mistakes[3].Answer
	base64 := create.Mistakes[1].Answer
	otherKey := set.byID(t, "deposits/refused-key-last-character").Presented
	for _, row := range []struct {
		name, id, old, slip string
		date                bool
	}{
		{"signature", "deposits/create", signature, flip(signature), false},
		{"mistake", "deposits/create", digest, flip(digest), false},
		{"mistake in base64", "deposits/create", base64, "D24 AAAA" + base64[8:], false},
		{"presented", "deposits/refused-key-last-character", otherKey, flip(otherKey), false},
		{"string-to-sign", "deposits/create", `"hex": "32`, `"hex": "33`, false},
		{"key", "deposits/get-empty-body", `"key": "sk-FAKE`, `"key": "sk-Fake`, false},
		{"body", "cashouts/status", `"body": "{`, `"body": " {`, false},
		{"external_id", "notifications/control-cashoutv35381", `"external_id": "c`, `"external_id": "C`, false},
		{"verdict", "deposits/refused-sha-1", `"expect": "refuse"`, `"expect": "accept"`, false},
		{"instant", "xdate/epoch", `"unix_seconds": 0`, `"unix_seconds": 1`, true},
		{"date", "xdate/refused-month-13", "2020-13-21", "2020-12-21", true},
		{"format", "xdate/format-fraction-is-cut", "20.999+00:00", "21.999+00:00", true},
		{"difference", "xdate/window-past-5000ms", `"difference_ms": 5000`, `"difference_ms": 5001`, true},
		{"window", "xdate/window-past-5001ms", `"expect": "refuse"`, `"expect": "accept"`, true},
	} {
		for _, c := range checkers {
			if row.date && !c.dates {
				continue
			}
			t.Run(row.name+" by "+c.name, func(t *testing.T) {
				t.Parallel()
				// Equal values in one case are broken together: the slip is the digest, not their being equal.
				out, err := c.run(t, copyFiles(t, row.id, row.old, row.slip))
				require.Error(t, err, out)
				assert.Contains(t, out, c.name+": "+row.id+": ")
				assert.NotContains(t, out, "0 wrong")
			})
		}
	}
}

// flip changes the last character of a digest.
func flip(value string) string {
	if strings.HasSuffix(value, "0") {
		return value[:len(value)-1] + "1"
	}
	return value[:len(value)-1] + "0"
}

func TestMakeWritesTheFilesThatAreHere(t *testing.T) {
	need(t, "python3")
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "python3", "scripts/make.py", "--out", dir).CombinedOutput()
	require.NoError(t, err, string(out))
	for _, topic := range Topics() {
		made, err := os.ReadFile(filepath.Join(dir, topic+".json"))
		require.NoError(t, err)
		here, err := os.ReadFile(topic + ".json")
		require.NoError(t, err)
		assert.True(t, bytes.Equal(made, here), "%s.json is not what scripts/make.py writes", topic)
	}
}

// The README's examples are what other projects copy, so they are run.
func TestReadmeExamples(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, row := range []struct{ language, program, flag, want string }{
		{"python", "python3", "-c", ", 0 wrong\n"},
		{"js", "node", "-e", ", 0 wrong\n"},
	} {
		t.Run(row.language, func(t *testing.T) {
			need(t, row.program)
			_, code, found := strings.Cut(string(readme), "```"+row.language+"\n")
			require.True(t, found)
			code, _, _ = strings.Cut(code, "```")
			out, err := exec.CommandContext(t.Context(), row.program, row.flag, code).CombinedOutput()
			require.NoError(t, err, string(out))
			assert.Regexp(t, `^[0-9]+ cases, 0 wrong\n$`, string(out))
		})
	}
}
