// Package cli is the command line: commands, configuration, exit codes, and what a
// terminal shows. [Main] is a function of its arguments and streams; nothing below
// it ends the process, logs through a global, or keeps state between calls, so that
// tests run it in process.
//
// # Output
//
// What a command was asked for goes to stdout, everything else to stderr. With
// --json stdout holds exactly one JSON document. A mistake is told as one sentence,
// "d24conform: …", with a line "hint: …" where there is something to do about it.
// Usage is printed only when it is asked for.
//
// # Exit codes
//
// They are listed at [ExitCode]; [WorstExit] settles which one wins.
package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/machine"
)

// program is the name that errors and help texts carry.
const program = "d24conform"

// Main runs one command line, without the program's name, and returns the exit
// code of the process. It returns soon after ctx has ended.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return int(newApp(args, stdin, stdout, stderr).run(ctx))
}

func newApp(args []string, stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{args: args, stdin: stdin, stdout: stdout, stderr: stderr, env: os.LookupEnv, isTerminal: isTerminal, cpu: machine.Now, age: leastAge}
}

// app is one run of the program, with everything it needs from outside.
type app struct {
	args       []string
	stdin      io.Reader
	stdout     io.Writer
	stderr     io.Writer
	env        config.Lookup
	isTerminal func(stream any) bool
	cpu        func() machine.Ticks // what the machine has used
	age        time.Duration        // how old the first keys of a full run are at its end
}

func (a *app) run(ctx context.Context) ExitCode {
	err := a.execute(ctx)
	if err == nil {
		return ExitOK
	}
	f := asFailure(ctx, err)
	if f.message != "" {
		a.sayf("%s", f.message)
	}
	if f.hint != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", f.hint)
	}
	return f.code
}

// sayf prints one sentence to stderr. Errors of that stream have nowhere to go.
func (a *app) sayf(format string, args ...any) {
	fmt.Fprintf(a.stderr, program+": "+format+"\n", args...)
}

// warnf prints a sentence that does not change the exit code.
func (a *app) warnf(format string, args ...any) {
	a.sayf("warning: "+format, args...)
}

// printf prints to stdout. A stdout that cannot be written is a failure: a command
// whose answer was lost must not end with 0.
func (a *app) printf(format string, args ...any) error {
	if _, err := fmt.Fprintf(a.stdout, format, args...); err != nil {
		return fmt.Errorf("write to stdout: %w", err)
	}
	return nil
}

// printJSON prints the one document of a --json run.
func (a *app) printJSON(document any) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetEscapeHTML(false) // signatures and bodies are shown as they are
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("write to stdout: %w", err)
	}
	return nil
}

// isTerminal reports whether a person sits at the other end of the stream.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
