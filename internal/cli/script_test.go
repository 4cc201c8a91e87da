package cli_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/cli"
	"github.com/d24conform/d24conform/internal/peers/client"
)

var update = flag.Bool("update", false, "write the outputs of this run into testdata/script as the expected ones")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"d24conform": func() {
			// As in cmd/d24conform, so that a script can interrupt it.
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			code := cli.MainOnOwnMachine(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
			stop()
			os.Exit(code)
		},
		// An adapter that keeps every rule, or the one that breaks what it is called.
		"reference-client": func() {
			// None of the scripts is about timeouts, and machines are busy.
			opts := client.Options{Timeout: time.Minute, Journal: "reference-client.keys"}
			if len(os.Args) > 1 {
				opts.Mutant = os.Args[1]
			}
			program, err := client.New(opts)
			if err == nil {
				err = program.Serve(context.Background(), os.Stdin, os.Stdout, os.Stderr)
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		},
		"odd-adapter":        oddAdapter,
		"reference-receiver": referenceReceiver,
		"odd-receiver":       oddReceiver,
		"receiver-authority": receiverAuthority,
		"reference-observer": referenceObserver,
	})
}

// oddAdapter is a program that is no client, in the way that its argument says.
func oddAdapter() {
	requests := bufio.NewScanner(os.Stdin)
	for n := 1; requests.Scan(); n++ {
		switch {
		case os.Args[1] == "hangs":
			select {}
		case os.Args[1] == "talks":
			fmt.Println("Listening on port 3000")
		case n == 1 && os.Args[1] == "offers-nothing":
			fmt.Println(`{"id":"1","name":"nothing"}`)
		case n == 1:
			fmt.Println(`{"id":"1","name":"odd","version":"\u001b[31m","ops":["create_deposit"],"more":[]}`)
		case os.Args[1] == "unsupported":
			fmt.Printf(`{"id":"%d","unsupported":true}`+"\n", n)
		case os.Args[1] == "out-of-turn":
			fmt.Println(`{"id":"17","status":201,"body":"{}"}`)
		case os.Args[1] == "crashes":
			fmt.Fprintln(os.Stderr, "Traceback: KeyError 'body'")
			os.Exit(7)
		}
	}
}

// TestScripts runs the specification of the command line. A script sees none of
// the caller's D24_ variables. Run with -update to take over changed help texts.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/script/*.txtar")
	require.NoError(t, err)
	testscript.Run(t, testscript.Params{
		Files:               slices.DeleteFunc(files, func(file string) bool { return !runs(strings.TrimSuffix(filepath.Base(file), ".txtar")) }),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HERE", freeAddress())
			elsewhere := freeAddress()
			env.Setenv("MOCK", elsewhere)
			env.Setenv("MOCK_PORT", elsewhere[strings.LastIndexByte(elsewhere, ':')+1:])
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":   exits,
			"listens": listens,
		},
	})
}

// runs says whether a script is run here. With -short those are left out that judge a
// dozen times. Under the race detector those are run of which a program serves, is called
// by several and is interrupted: the binary of this test is the program, detector and all.
// The other scripts start programs that do one thing after the other, or judge, which the
// tests of steps, selftest and this package do in a process under the detector.
func runs(script string) bool {
	if raceEnabled {
		return slices.Contains([]string{"mock-curl", "proxy", "run-notifications"}, script)
	}
	return !testing.Short() || !slices.Contains([]string{
		"bench", "load", "proxy", "run-client", "run-conditions", "run-notifications", "run-observed", "run-observed-java",
		"run-observed-python", "run-receiver", "run-server", "run-source", "selftest", "selftest-mock",
	}, script)
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
