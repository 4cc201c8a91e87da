package steps

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/features"
)

// A sentence without its recheck would have scripts that can tell nothing.
func TestAScriptCanJudgeEverySentence(t *testing.T) {
	t.Parallel()
	patterns := []*regexp.Regexp{
		stepReading, stepNoted, stepReported, stepKeyScope, // report, and blame nobody
		stepWhetherAll, stepWhether, stepKeyShown, stepOneKey, // likewise
		stepTextAsSent, stepRefundSum, stepOwnOfTwo, // a script compares no fields of two answers
		stepTLS, // curl does not say which version it got
		// What a server sends by itself does not come to a script.
		stepHasAuthorization, stepDigestOfWhatCame, stepSealed, stepAsShown, stepOnSchedule, stepComes, stepHowNotified,
		stepOwnReading, // only the mock's clock can be stopped, and it has a test of its own
	}
	for pattern := range rechecks() {
		patterns = append(patterns, pattern)
	}
	judging := 0
	err := fs.WalkDir(features.Files, "server", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(features.Files, path)
		then := false
		for line := range strings.Lines(string(text)) {
			word, sentence, _ := strings.Cut(strings.TrimSpace(line), " ")
			then = word == "Then" || word == "And" && then
			if !then {
				continue
			}
			judging++
			sentence = strings.NewReplacer("<answer>", "accepted", "<register>", "AMB-16", "<status>", "pending", "<left>", "70").Replace(sentence) // what stands in examples
			assert.True(t, slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(sentence) }),
				"%s: no script can judge %q: give it an entry in rechecks", path, sentence)
		}
		return err
	})
	require.NoError(t, err)
	assert.Greater(t, judging, 100)
}

// The same of a client's sentences and of a receiver's.
func TestAScriptCanJudgeEverySentenceOfAClient(t *testing.T) {
	t.Parallel()
	known := looks()
	for sentence := range sentences() {
		if sentence != onlyReported {
			assert.NotEmpty(t, known[sentence].Check, "no script can judge %q: give it an entry in looks", sentence)
		}
	}
	assert.Len(t, known, len(sentences())-1, "a look is of no sentence")
}
