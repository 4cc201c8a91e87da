package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/features"
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
	configFile string
	target     string
	products   []string
	tags       string
	rules      string
	level      string
	production string
	out        string
	timeout    time.Duration
	strict     bool
	require    []string
	waivers    string
	dryRun     bool
	asJSON     bool
}

func (a *app) runCommand() *cobra.Command {
	run := a.group("run", "Judge a server by the documented rules", a.runServerCommand())
	run.Example = indent(`
d24conform run server
d24conform run server --target https://127.0.0.1:8443`)
	return run
}

func (a *app) runServerCommand() *cobra.Command {
	var flags runFlags
	cmd := &cobra.Command{
		Use:   "server [flags]",
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

Level observe creates nothing, level sandbox creates transactions. On this machine the
default is sandbox, elsewhere observe. A host that has to be taken for production is
refused unless --production names it again.

The report stands in a folder of its own below reports/out: results.json, junit.xml,
summary.md and exchanges.jsonl, with names in the place of secrets, and for each violated
rule repro/RULE.sh, which shows it again with curl and openssl.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.runServer(cmd.Context(), flags, cmd.Flags().Changed("config"))
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.target, "target", "", "`NAME|URL` of the server to judge (default: D24_BASE_URL, else the bundled mock)")
	f.StringSliceVar(&flags.products, "products", nil, "`LIST` of products to judge: deposits,cashouts (default: those whose keys are there)")
	f.StringVar(&flags.tags, "tags", "", "`EXPR` that selects scenarios, such as '@DEP-DATE-03 and not @alone'")
	f.StringVar(&flags.rules, "rules", rules.Latest, "`SET` of rules to judge by")
	f.StringVar(&flags.level, "level", "", "`LEVEL`: observe or sandbox (default: by where the target is)")
	f.StringVar(&flags.production, "production", "", "`HOST` of the target once more, when it is taken for production")
	f.StringVar(&flags.out, "out", "reports/out", "`DIR` below which the report's folder is made")
	f.DurationVar(&flags.timeout, "timeout", config.DefaultTimeout, "`TIME` that one request may take")
	f.BoolVar(&flags.strict, "strict", false, "count a broken should as a violation")
	f.StringSliceVar(&flags.require, "require", nil, "`RULES` that must be judged, or the run is inconclusive: go-live (all of them) or ids")
	f.StringVar(&flags.waivers, "waivers", "", "`FILE` of violations that are excused for a time")
	f.BoolVar(&flags.dryRun, "dry-run", false, "say what the run would create on the target, and send nothing")
	f.StringVar(&flags.configFile, "config", config.DefaultPath, "`FILE` with targets")
	addJSONFlag(cmd, &flags.asJSON, "results.json")
	return cmd
}

// runServer judges one server, writes the report and returns the verdict as an error.
func (a *app) runServer(ctx context.Context, flags runFlags, explicit bool) error {
	started := time.Now()
	selection, err := steps.ParseTags(flags.tags)
	if err != nil {
		return usagef("--tags: %w", err).withHint("write it as in Cucumber: @a and not (@b or @c)")
	}
	ledger, err := rules.Load(flags.rules)
	if err != nil {
		return usagef("--rules: %w", err)
	}
	conditions, err := flags.conditions(ledger)
	if err != nil {
		return err
	}
	manifest, err := steps.ReadManifest(features.Files)
	if err != nil {
		return err
	}
	log := &exchange.Log{}
	server, stop, err := a.server(ctx, flags, explicit, log)
	if err != nil {
		return err
	}
	defer stop()
	run := runID()
	suite := &steps.Suite{
		Server: server, Ledger: ledger, Features: features.Files, Manifest: manifest, Tags: selection,
		Orders: &merchant.Orders{Run: run}, Smaller: smallerTrios,
		Meta: reports.Meta{
			Target:  reports.Target{Name: server.Title(), BaseURL: server.BaseURL},
			Tool:    reports.Tool{Version: thisBuild().Version, Revision: thisBuild().Revision},
			Started: started,
		},
	}
	if suite.Selected() == 0 {
		return usagef("no scenario is selected by --tags %q for %v", flags.tags, server.Products).
			withHint("the tags are rule ids such as @DEP-DATE-03, @deposits and @cashouts")
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
	dir, err := reports.Create(flags.out, started, rules.RoleServer, run)
	if err != nil {
		return usagef("%w", err)
	}
	a.announce(ctx, suite)
	if err := admit(ctx, suite); err != nil {
		_ = os.Remove(dir.Path()) // nothing is in it, and nothing was judged
		return unreachable(err)
	}
	if err := measureWindow(ctx, suite); err != nil {
		_ = os.Remove(dir.Path())
		return unreachable(err)
	}
	progress := a.newProgress(suite.Selected())
	suite.Progress = progress.ended
	results, err := suite.Run(ctx)
	progress.done()
	if err != nil {
		return err
	}
	left := suite.CleanUp(context.WithoutCancel(ctx))
	redact := exchange.NewRedactor(server.Secrets())
	results, unneeded := results.Map(redact.String).Waive(conditions.waivers, started)
	// What was found is shown even where it cannot be kept.
	written := writeReport(dir, results, log, redact, left, suite.Scripts())
	path := dir.Path()
	if written != nil {
		path = ""
	}
	if err := a.print(results, path, flags); err != nil {
		return err
	}
	if written != nil {
		return written
	}
	return a.conclude(results, conditions, unneeded, flags.strict)
}

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

// runID is a few letters that no other run has: part of every id it creates.
func runID() string {
	var id [4]byte
	_, _ = rand.Read(id[:]) // documented never to fail
	return hex.EncodeToString(id[:])
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
	if created, err := forecast(ctx, suite); err == nil {
		fmt.Fprintln(a.stderr, created)
	}
}

// smallerTrios is how many more trios a violated rule may cost, to find the smallest
// request that shows it: enough to try without every optional header and field of the
// largest request.
const smallerTrios = 24

// writeReport writes the files of the run and makes it the latest.
func writeReport(dir *reports.Dir, results reports.Results, log *exchange.Log, redact *exchange.Redactor, left []steps.Created,
	scripts map[string]string,
) error {
	files := []struct {
		name  string
		write func(io.Writer) error
	}{
		{"results.json", func(w io.Writer) error { return reports.WriteJSON(w, results) }},
		{"junit.xml", func(w io.Writer) error { return reports.WriteJUnit(w, results) }},
		{"summary.md", func(w io.Writer) error { return reports.WriteMarkdown(w, results) }},
		{"exchanges.jsonl", func(w io.Writer) error { return exchange.Write(w, log.All(), redact) }},
		{"created.json", func(w io.Writer) error { return writeCreated(w, left) }},
	}
	for _, file := range files {
		if err := dir.WriteFile(file.name, file.write); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(scripts)) {
		if err := dir.WriteFile(name, func(w io.Writer) error {
			_, err := io.WriteString(w, redact.String(scripts[name]))
			return err
		}); err != nil {
			return err
		}
	}
	return dir.Publish()
}

// writeCreated lists what the run left on the target.
func writeCreated(w io.Writer, left []steps.Created) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(left)
}

// print shows the results on stdout, and where they are kept, if they are.
func (a *app) print(results reports.Results, path string, flags runFlags) error {
	var err error
	if flags.asJSON {
		err = reports.WriteJSON(a.stdout, results)
		fmt.Fprintf(a.stderr, "%s, report: %s\n", results.Verdict, path)
	} else {
		err = reports.WriteTerminal(a.stdout, results, reports.Terminal{
			Color: a.color(), Width: a.width(), Path: path,
		})
	}
	if err != nil {
		return fmt.Errorf("write to stdout: %w", err)
	}
	return nil
}
