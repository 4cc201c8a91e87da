package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/cli/config"
)

// testApp is a program without a surrounding, for one command line.
func testApp(env map[string]string, stdin io.Reader, args ...string) (a *app, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	return &app{
		args: args, stdin: stdin, stdout: stdout, stderr: stderr,
		env: func(name string) (string, bool) {
			value, ok := env[name]
			return value, ok
		},
		isTerminal: func(any) bool { return false },
	}, stdout, stderr
}

func cashoutKey() map[string]string {
	return map[string]string{"D24_CASHOUTS_API_SIGNATURE": "cs-FAKE"}
}

func TestWorstExit(t *testing.T) {
	t.Parallel()
	// Each code is worse than all that stand behind it.
	order := []ExitCode{
		ExitInterrupted, ExitInternal, ExitUsage, ExitUnreachable,
		ExitViolation, ExitThreshold, ExitInconclusive, ExitStaleWaiver, ExitOK,
	}
	for i, worse := range order {
		for _, better := range order[i:] {
			assert.Equal(t, worse, WorstExit(better, worse), "%d and %d", better, worse)
			assert.Equal(t, worse, WorstExit(worse, better), "%d and %d", worse, better)
		}
	}
	assert.Equal(t, ExitOK, WorstExit())
	assert.Equal(t, ExitViolation, WorstExit(ExitOK, ExitInconclusive, ExitViolation, ExitThreshold))
}

func TestFailuresHaveTheirCode(t *testing.T) {
	t.Parallel()
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context //nolint:containedctx // a case of the table
		err  error
		want ExitCode
	}{
		{"a mistake on the command line", t.Context(), usagef("no"), ExitUsage},
		{"a failure under other words", t.Context(), fmt.Errorf("sign: %w", &failure{code: ExitUnreachable}), ExitUnreachable},
		{"a mistake in the configuration", t.Context(), fmt.Errorf("load: %w", &config.Error{Message: "no"}), ExitUsage},
		{"an interrupt", interrupted, fmt.Errorf("read: %w", context.Canceled), ExitInterrupted},
		{"a cancelled call of a run that goes on", t.Context(), context.Canceled, ExitInternal},
		{"another error after an interrupt", interrupted, io.ErrUnexpectedEOF, ExitInternal},
		{"what nobody foresaw", t.Context(), io.ErrUnexpectedEOF, ExitInternal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, asFailure(tt.ctx, tt.err).code)
		})
	}
}

func TestAnInterruptEndsTheWaitForStdin(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never, _ := io.Pipe()
	a, stdout, stderr := testApp(cashoutKey(), never, "sign", "cashout")
	assert.Equal(t, ExitInterrupted, a.run(ctx))
	assert.Empty(t, stdout.String())
	assert.Equal(t, "d24conform: interrupted\n", stderr.String())
}

func TestATerminalIsToldThatItIsReadFrom(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"sign", "cashout"}, {"sign", "cashout", "--json"}} {
		a, stdout, stderr := testApp(cashoutKey(), strings.NewReader("{}"), args...)
		a.isTerminal = func(stream any) bool { return stream == a.stdin }
		require.Equal(t, ExitOK, a.run(t.Context()))
		assert.Equal(t, "hint: reading the body from the terminal; Ctrl-D ends it, and --body-file FILE reads a file\n", stderr.String())
		assert.NotEmpty(t, stdout.String())
	}
}

func TestAnUnreadableStdinIsNotAnEmptyBody(t *testing.T) {
	t.Parallel()
	broken, writer := io.Pipe()
	require.NoError(t, writer.CloseWithError(errors.New("input/output error")))
	a, stdout, stderr := testApp(cashoutKey(), broken, "sign", "cashout")
	assert.Equal(t, ExitUsage, a.run(t.Context()))
	assert.Empty(t, stdout.String())
	assert.Equal(t, "d24conform: the body cannot be read from stdin: input/output error\n", stderr.String())
}

// fullDisk refuses every byte.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestALostAnswerIsNotASuccess(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"version"},
		{"version", "--json"},
		{"sign", "control", "x"},
		{"completion", "bash"},
		{"completion", "fish"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			a, _, stderr := testApp(cashoutKey(), strings.NewReader(""), args...)
			a.stdout = fullDisk{}
			assert.Equal(t, ExitInternal, a.run(t.Context()))
			assert.Contains(t, stderr.String(), "no space left on device")
		})
	}
}

func TestRunsDoNotShareState(t *testing.T) {
	t.Parallel()
	first, asJSON, _ := testApp(nil, strings.NewReader(""), "version", "--json")
	second, asText, _ := testApp(nil, strings.NewReader(""), "version")
	require.Equal(t, ExitOK, first.run(t.Context()))
	require.Equal(t, ExitOK, second.run(t.Context()))
	assert.True(t, strings.HasPrefix(asJSON.String(), "{"))
	assert.True(t, strings.HasPrefix(asText.String(), "d24conform "))
}
