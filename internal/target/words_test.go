package target

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCommandsAreSplitLikeAShellsWords(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		`node observe.js`:             {"node", "observe.js"},
		"  a\t b\n c ":                {"a", "b", "c"},
		`sh -c 'echo "$1" | wc' -- x`: {"sh", "-c", `echo "$1" | wc`, "--", "x"},
		`a "b c" d\ e ''`:             {"a", "b c", "d e", ""},
		`"a\"b" "\$x" "\n" "\\"`:      {`a"b`, "$x", `\n`, `\`},
		`pre'fix 'ed"-x "`:            {`prefix ed-x `},
		`$HOME;rm * > x`:              {"$HOME;rm", "*", ">", "x"},
		`'it'\''s'`:                   {"it's"},
		`José 李`:                      {"José", "李"},
	} {
		words, err := SplitCommand(line)
		require.NoError(t, err, line)
		assert.Empty(t, cmp.Diff(want, words), line)
	}
	for line, want := range map[string]string{
		"": "empty", "  \n": "empty", `a 'b`: "' is not closed", `a "b`: `" is not closed`, `a "b\"`: `" is not closed`, `a\`: "ends in",
	} {
		_, err := SplitCommand(line)
		require.ErrorContains(t, err, want, line)
	}
}

// What a shell makes of quotes is what it makes of them, not what we believe.
func TestAShellSplitsTheSame(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("not run: sh is not installed")
	}
	for _, line := range []string{`a "b c" d\ e ''`, `"a\"b" "\$x" "\n" "\\" "\'"`, `pre'fix 'ed"-x "`, `'it'\''s' '\'`, "a\tb  c"} {
		words, err := SplitCommand(line)
		require.NoError(t, err)
		out, err := exec.Command("sh", "-c", `printf '[%s]' `+line).Output()
		require.NoError(t, err)
		assert.Equal(t, string(out), "["+strings.Join(words, "][")+"]", line)
	}
}
