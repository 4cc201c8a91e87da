package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/d24conform/d24conform/internal/cli/config"
)

// ExitCode is how the program ends. The codes are a contract with CI jobs: a
// number never changes its meaning.
type ExitCode int

// Exit codes.
const (
	ExitOK           ExitCode = 0   // every rule that had to be judged holds
	ExitViolation    ExitCode = 1   // a rule is violated
	ExitUsage        ExitCode = 2   // the command line or the configuration is wrong
	ExitUnreachable  ExitCode = 3   // the target cannot be reached or refuses everything
	ExitInconclusive ExitCode = 4   // a control failed, or what had to be judged was not
	ExitInternal     ExitCode = 5   // the harness itself failed
	ExitThreshold    ExitCode = 6   // a load threshold or invariant is breached
	ExitStaleWaiver  ExitCode = 7   // a waiver is no longer needed
	ExitInterrupted  ExitCode = 130 // stopped by a signal, as shells count it (128 + SIGINT)
)

// WorstExit is the code to end with when several apply. A proven violation is
// never hidden by a slow generator, and nothing is believed of a harness that
// failed or of a run that was cut short.
func WorstExit(codes ...ExitCode) ExitCode {
	for _, code := range []ExitCode{
		ExitInterrupted, ExitInternal, ExitUsage, ExitUnreachable,
		ExitViolation, ExitThreshold, ExitInconclusive, ExitStaleWaiver,
	} {
		if slices.Contains(codes, code) {
			return code
		}
	}
	return ExitOK
}

// failure ends the program with a code and one sentence on stderr.
type failure struct {
	code    ExitCode
	message string // lower case, without a full stop; empty when all has been said already
	hint    string // what to do about it; may be empty
	cause   error
}

func (f *failure) Error() string { return f.message }
func (f *failure) Unwrap() error { return f.cause }

// usagef is a mistake on the command line or in what it names.
func usagef(format string, args ...any) *failure {
	err := fmt.Errorf(format, args...)
	return &failure{code: ExitUsage, message: err.Error(), cause: errors.Unwrap(err)}
}

func (f *failure) withHint(format string, args ...any) *failure {
	f.hint = fmt.Sprintf(format, args...)
	return f
}

// asFailure finds the exit code of an error that a command returned. What nobody
// foresaw is the harness's own failure.
func asFailure(ctx context.Context, err error) *failure {
	var f *failure
	var c *config.Error
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &c):
		return &failure{code: ExitUsage, message: c.Error(), hint: c.Hint, cause: err}
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return &failure{code: ExitInterrupted, message: "interrupted", cause: err}
	default:
		return &failure{code: ExitInternal, message: err.Error(), cause: err}
	}
}
