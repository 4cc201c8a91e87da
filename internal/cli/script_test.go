package cli_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/cli"
)

var update = flag.Bool("update", false, "write the outputs of this run into testdata/script as the expected ones")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"d24conform": func() {
			// As in cmd/d24conform, so that a script can interrupt it.
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			code := cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
			stop()
			os.Exit(code)
		},
	})
}

// TestScripts runs the specification of the command line. A script sees none of
// the caller's D24_ variables. Run with -update to take over changed help texts.
func TestScripts(t *testing.T) {
	t.Parallel()
	plain := plainProgram(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			if plain != "" {
				env.Setenv("PATH", plain+string(os.PathListSeparator)+env.Getenv("PATH"))
			}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits,
		},
	})
}

// plainProgram is a folder with the program as people have it, when this test is one
// under the race detector; else there is none, and scripts run this very binary. They
// start a hundred programs that run the suite a dozen times: five times as long each,
// for code that the tests of every package run under the detector too.
func plainProgram(t *testing.T) string {
	t.Helper()
	if !raceEnabled {
		return ""
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "d24conform"), "../../cmd/d24conform")
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	return dir
}

// exits runs a command and checks the code with which it ends:
//
//	exits 2 d24conform sign
//
// Unlike ! exec it does not take a crash for a refusal.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		got = exitCode(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func exitCode(err error) int {
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return -1
}
