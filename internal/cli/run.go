package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// runFlags are the flags of run server.
type runFlags struct {
	judgeFlags

	configFile  string
	target      string
	level       string
	production  string
	timeout     time.Duration
	timeoutSet  bool // --timeout was given, and wins even where it says what the default says
	concurrency int
	settle      time.Duration
	dryRun      bool
}

func (a *app) runCommand() *cobra.Command {
	run := a.group("run", "Judge a server, a client or a receiver by the documented rules",
		a.runServerCommand(), a.runClientCommand(), a.runReceiverCommand())
	run.Example = indent(`
d24conform run server
d24conform run server --target https://127.0.0.1:8443
d24conform run client --adapter 'node adapter.mjs'
d24conform run receiver --url http://127.0.0.1:3000/notify --observer http://127.0.0.1:3000/releases -- node server.js`)
	return run
}

func (a *app) runServerCommand() *cobra.Command {
	var flags runFlags
	cmd := &cobra.Command{
		Use:   "server [RULE…] [flags]",
		Short: "Judge a server by every documented rule that binds it",
		Example: indent(`
d24conform run server                                        # the bundled mock
d24conform run server --target https://127.0.0.1:9443        # a server on this machine
d24conform run server --target stg --level sandbox           # a target of d24conform.yaml
d24conform run server --products deposits --tags '@DEP-DATE-03 or @DEP-IDEM-05'
d24conform run server --json | jq '.rules[] | select(.verdict == "fail")'`),
		Long: `It sends requests that keep the rules and requests with exactly one fault, and
judges the answers. A target is a name in d24conform.yaml or a URL; without one it is
D24_BASE_URL, and without that the bundled mock, started for this run alone. The keys
come from the D24_… variables, the authority of a private certificate from D24_CA_FILE.
RULE… judges these rules alone.

Level observe creates nothing, level sandbox creates transactions. On this machine the
default is sandbox, elsewhere observe. A host that has to be taken for production is
refused unless --production names it again.

Notifications that the server sends are judged where they come to us: a target of
d24conform.yaml says with notifications where to listen, and at which URL it reaches that.
Repeats are 5, 25, 125 and 625 minutes away, and waited for as long as --settle says; the
bundled mock's time is moved.

A run at depth quick sends one probe for each fault. At depth full it looks at every
operation, state and form of a fault, which takes several times as many requests: full is
the default on this machine and with --require go-live, quick elsewhere. Before it starts,
a run says about how many requests it sends, how long that takes and what it creates;
--dry-run says only that.

The report stands in a folder of its own below reports/out: results.json, junit.xml,
summary.md and exchanges.jsonl, with names in the place of secrets.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); at >= 0 {
				return noArguments(cmd, args[at:])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := flags.takeArguments(cmd, args); err != nil {
				return err
			}
			flags.timeoutSet = cmd.Flags().Changed("timeout")
			if err := checkConcurrency(flags.concurrency, cmd.Flags().Changed("concurrency")); err != nil {
				return err
			}
			return a.runServer(cmd.Context(), flags, cmd.Flags().Changed("config"))
		},
	}
	f := cmd.Flags()
	flags.add(f, "those whose keys are there")
	f.StringVar(&flags.target, "target", "", "`NAME|URL` of the server to judge (default: D24_BASE_URL, else the bundled mock)")
	f.StringVar(&flags.level, "level", "", "`LEVEL`: observe or sandbox (default: by where the target is)")
	f.StringVar(&flags.production, "production", "", "`HOST` of the target once more, when it is taken for production")
	f.DurationVar(&flags.timeout, "timeout", config.DefaultTimeout, "`TIME` that one request may take")
	f.IntVar(&flags.concurrency, "concurrency", 0, "scenarios that run at once: `N` (default: 4 for the bundled mock, else 2)")
	f.DurationVar(&flags.settle, "settle", target.DefaultNotified, "`TIME` that a notification may take to come")
	f.BoolVar(&flags.dryRun, "dry-run", false, "say what the run would create on the target, and send nothing")
	f.StringVar(&flags.configFile, "config", config.DefaultPath, "`FILE` with targets")
	return cmd
}

// runServer judges one server, writes the report and returns the verdict as an error.
func (a *app) runServer(ctx context.Context, flags runFlags, explicit bool) error {
	j, err := prepare(flags.judgeFlags, rules.RoleServer)
	if err != nil {
		return err
	}
	server, stop, err := a.server(ctx, flags, explicit, j.log)
	if err != nil {
		return err
	}
	defer stop()
	suite := j.suite
	suite.Server, suite.Orders, suite.Smaller = server, &merchant.Orders{Run: j.run}, smallerTrios
	suite.Concurrency = flags.concurrency
	suite.Meta.Target = reports.Target{Name: server.Title(), BaseURL: server.BaseURL}
	if err := j.checkSelection(server.Products); err != nil {
		return err
	}
	if flags.dryRun {
		return a.dryRun(ctx, suite, flags)
	}
	if err := server.Reach(ctx); err != nil {
		return unreachable(err)
	}
	if suite.Level, err = flags.levelFor(server.Loopback()); err != nil {
		return err
	}
	suite.Depth = flags.depthFor(server.Loopback())
	if err := listen(suite); err != nil {
		return err
	}
	if err := j.makeDir(); err != nil {
		return err
	}
	switch bundled := server.Name == target.EmbeddedName; {
	case bundled:
		suite.Concurrency = cmp.Or(suite.Concurrency, mockConcurrency)
	case suite.Depth == steps.Full:
		suite.Age = a.age
	}
	a.announce(ctx, suite)
	if err := admit(ctx, suite); err != nil {
		j.removeDir()
		return unreachable(err)
	}
	if err := measureWindow(ctx, suite); err != nil {
		j.removeDir()
		return unreachable(err)
	}
	results, err := a.carryOut(ctx, j)
	if err != nil {
		return err
	}
	left := suite.CleanUp(context.WithoutCancel(ctx))
	created := reportFile{"created.json", func(w io.Writer, _ *exchange.Redactor) error { return writeCreated(w, left) }}
	return a.report(j, results, server.Secrets(), created)
}

// mockConcurrency is how many scenarios run at once against the bundled mock, which has no
// other callers.
const mockConcurrency = 4

// leastAge is how old the first keys of a run are at least when they are used again at its
// end: longer than a retry after a time-out takes, and than caches that forget at once.
const leastAge = 12 * time.Second

// smallerTrios is how many more trios a violated rule may cost, to find the smallest
// request that shows it: enough to try without every optional header and field of the
// largest request.
const smallerTrios = 24

// levelFor is the level that the flag says, or that the target's place allows.
func (f runFlags) levelFor(loopback bool) (target.Level, error) {
	if f.level == "" {
		return target.DefaultLevel(loopback), nil
	}
	level, err := target.ParseLevel(f.level)
	if err != nil {
		return "", usagef("--level: %w", err)
	}
	return level, nil
}

// listen opens the port at which the target's notifications come in, before anything is
// made there.
func listen(suite *steps.Suite) error {
	if suite.Level == target.Observe {
		return nil // nothing is made that could be notified of
	}
	if _, err := suite.Server.Inbox(); err != nil {
		return usagef("%w", err).withHint("notifications.listen of the target in %s moves it to another address", config.DefaultPath)
	}
	return nil
}

// admit sees whether the target lets us in, by what the level allows.
func admit(ctx context.Context, suite *steps.Suite) error {
	if suite.Level == target.Observe {
		return suite.Server.AdmitToObserve(ctx)
	}
	_, err := suite.Server.Admit(ctx, suite.Orders)
	return err
}

// measureWindow puts the dates that the target takes into the report.
func measureWindow(ctx context.Context, suite *steps.Suite) error {
	window, ok, err := suite.Server.MeasureWindow(ctx)
	if !ok {
		return err
	}
	suite.Meta.Target.WindowPast, suite.Meta.Target.WindowFuture = edge(window.Past), edge(window.Future)
	return nil
}

func edge(e target.Edge) *reports.WindowEdge {
	if e.Open {
		return reports.NewOpenWindowEdge(e.Least)
	}
	return reports.NewWindowEdge(e.Least, e.Most)
}

// unreachable is how a run ends that could not begin.
func unreachable(err error) error {
	if environment, ok := errors.AsType[*target.EnvironmentError](err); ok {
		return &failure{code: ExitUnreachable, message: err.Error(), hint: environment.Hint, cause: err}
	}
	return err
}

// announce says what is about to happen, before it does.
func (a *app) announce(ctx context.Context, suite *steps.Suite) {
	server := suite.Server
	fmt.Fprintf(a.stderr, "judging %s (%s) at level %s: %d scenarios\n",
		reports.Escape(server.Title()), reports.Escape(server.BaseURL), suite.Level, suite.Selected())
	if clock := server.Clock(); clock.Offset.Abs() > clock.Error {
		fmt.Fprintf(a.stderr, "its clock is %s away from ours, within %s (%s): dates are made by its clock\n",
			clock.Offset.Round(time.Millisecond), clock.Error.Round(time.Millisecond), server.ClockSource())
	}
	if server.Name == target.EmbeddedName {
		return
	}
	if n := server.Notifications; n != nil && suite.Level != target.Observe {
		fmt.Fprintf(a.stderr, "its notifications come in at %s, which it reaches as %s\n", n.Listen, reports.Escape(n.PublicURL))
	}
	if expected, err := forecast(ctx, suite); err == nil {
		fmt.Fprintln(a.stderr, expected)
	}
}

// writeCreated lists what the run left on the target.
func writeCreated(w io.Writer, left []steps.Created) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(left)
}
