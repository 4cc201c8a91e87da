package cli

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/cli/suggest"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/load"
	"github.com/d24conform/d24conform/reports"
)

// loadFlags are the flags of the load command.
type loadFlags struct {
	configFile string
	target     string
	manage     string
	mutant     string
	mayLoad    string
	gate       string
	compare    string
	rounds     int

	prometheus       string
	prometheusPublic bool
	out              string
	override         load.Override
	http2            bool
	asJSON           bool
}

func (a *app) loadCommand() *cobra.Command {
	var flags loadFlags
	cmd := &cobra.Command{
		Use:   "load PROFILE [flags]",
		Short: "Ask a server for as much as a profile says, and see what became of the money",
		Example: indent(`
d24conform load smoke                                          # two seconds against the bundled mock
d24conform load idempotent-retries --duration 10s --rate 500
d24conform load idempotent-retries --mutant check-then-insert-race   # exit code 6
d24conform load find-capacity --duration 20s                   # the highest rate that holds
d24conform load mixed --rounds 5 --out base                    # and later: --compare base/latest
d24conform load ./mine.yaml --gate gate.yaml --json | jq .numbers
d24conform load mixed --target stg --i-may-load api-stg.example.com --rate 20`),
		Long: `The profiles are ` + strings.Join(load.Names(), ", ") + `;
a file of one's own works too. Without a target the mock runs as a process of its own,
so that what it costs is not counted as the generator's.

Latency counts from the moment at which a request was due. Every attempt is kept in a
journal, and afterwards the invariants are judged: one object for each key, one answer
for each key, nothing lost that asking again does not settle, and of a mock its own
counts and its balance.

A host that is not this machine has to be named by --i-may-load as well, gets at most
50 requests a second (or the max_rps of its configuration), and is never production.

Exit codes: 0 all holds, 4 INVALID (the generator could not keep its schedule) or
inconclusive (as a run that cannot be compared is), 6 an invariant or a threshold is
broken or a number is worse than before, 130 interrupted.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] != "" {
				return nil
			}
			return usagef("%s needs one profile: %s, or a file", subject(cmd), strings.Join(load.Names(), ", ")).withHint("%s --help", cmd.CommandPath())
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return load.Names(), cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range []string{"rate", "duration", "connections", "rounds"} {
				if cmd.Flags().Changed(name) && strings.TrimLeft(cmd.Flag(name).Value.String(), "0s") == "" {
					return usagef("--%s is not a positive number", name)
				}
			}
			return a.load(cmd.Context(), args[0], flags, cmd.Flags().Changed("config"))
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.target, "target", "", "`NAME|URL` of the server (default: D24_BASE_URL, else the bundled mock)")
	f.StringVar(&flags.manage, "manage", "", "`URL` of the management API, when the target is a mock")
	f.StringVar(&flags.mutant, "mutant", "", "`NAME` of one deliberate defect of the bundled mock")
	f.StringVar(&flags.mayLoad, "i-may-load", "", "`HOST` of the target once more, when it is not this machine")
	f.Float64Var(&flags.override.Rate, "rate", 0, "`N` requests a second where the profile asks for most; other rates change in proportion")
	f.DurationVar(&flags.override.Duration, "duration", 0, "`TIME` of all stages together; each changes in proportion")
	f.IntVar(&flags.override.Connections, "connections", 0, "`N` connections, and as many requests under way at most")
	f.Uint64Var(&flags.override.Seed, "seed", 0, "`NUMBER` that the order of requests follows from")
	f.BoolVar(&flags.override.AbortEarly, "abort-early", false, "end when an invariant is broken or a threshold can no longer be met")
	f.BoolVar(&flags.http2, "http2", false, "HTTP/2, which costs more CPU on both sides")
	f.StringVar(&flags.gate, "gate", "", "`FILE` of thresholds beside those of the profile")
	f.StringVar(&flags.compare, "compare", "", "`FILE|DIR` of an earlier run: a number that is worse beyond noise is exit code 6")
	f.IntVar(&flags.rounds, "rounds", 0, "`N` times the same (default: 1; with --compare as often as the earlier run, and at least "+strconv.Itoa(load.MinRounds)+")")
	f.StringVar(&flags.prometheus, "prometheus", "", "`ADDR` to serve live metrics at, such as 127.0.0.1:9464")
	f.BoolVar(&flags.prometheusPublic, "prometheus-public", false, "other machines may read them")
	f.StringVar(&flags.out, "out", "reports/out", "`DIR` below which the report's folder is made")
	f.StringVar(&flags.configFile, "config", config.DefaultPath, "`FILE` with targets")
	_ = cmd.RegisterFlagCompletionFunc("mutant", words(mutantNames(rules.RoleServer)))
	addJSONFlag(cmd, &flags.asJSON, "results.json")
	cmd.AddCommand(a.loadPlotCommand())
	return cmd
}

// load runs one profile, writes the report and returns the verdict as an error.
func (a *app) load(ctx context.Context, name string, flags loadFlags, explicit bool) error {
	profile, gate, err := a.loadProfile(name, flags)
	if err != nil {
		return err
	}
	earlier, rounds, err := flags.loadRounds()
	if err != nil {
		return err
	}
	metrics, silence, err := a.prometheus(flags)
	if err != nil {
		return err
	}
	defer silence()
	where, stop, err := a.loadTarget(ctx, flags, profile, explicit)
	if err != nil {
		return err
	}
	if where.Most > 0 {
		profile = profile.AtMost(where.Most)
	}
	defer stop()
	defer a.generate()()
	run, started := runID(), time.Now()
	dir, err := reports.Create(flags.out, started, "load", run)
	if err != nil {
		return usagef("%w", err)
	}
	progress, ticks, done := a.loadProgress()
	fmt.Fprintf(a.stderr, "loading %s (%s) with %s\n", reports.Escape(where.Name), reports.Escape(where.BaseURL), reports.Escape(profile.Name))
	journal := filepath.Join(dir.Path(), "journal.bin")
	var random [16]byte
	_, _ = rand.Read(random[:]) // documented never to fail
	results, err := load.Run(ctx, load.Options{
		Profile: profile, Target: *where, Gate: gate, HTTP2: flags.http2, Run: run, Journal: journal,
		Secret: [2]uint64{binary.BigEndian.Uint64(random[:8]), binary.BigEndian.Uint64(random[8:])},
		Ticks:  ticks, Progress: progress, Rounds: rounds, Compare: earlier, Metrics: metrics, CPU: a.cpu,
		Tell: func(line string) { fmt.Fprintln(a.stderr, line) },
	})
	done()
	if err != nil {
		_ = os.RemoveAll(dir.Path()) // what is in it was not judged
		if environment, ok := errors.AsType[*load.EnvironmentError](err); ok {
			return &failure{code: ExitUnreachable, message: environment.Error(), cause: err}
		}
		return err
	}
	results.Tool = load.Tool{Version: thisBuild().Version, Revision: thisBuild().Revision}
	written := writeLoad(dir, results, journal)
	path := dir.Path()
	if written != nil {
		path = ""
	}
	if flags.asJSON {
		err = load.WriteJSON(a.stdout, results)
		fmt.Fprintf(a.stderr, "%s, report: %s\n", results.Verdict, path)
	} else {
		err = load.WriteTerminal(a.stdout, results, path)
	}
	switch {
	case err != nil:
		return fmt.Errorf("write to stdout: %w", err)
	case written != nil:
		return written
	}
	return a.concludeLoad(results)
}

// loadProfile is the profile that the command line names and changes, and its gate.
func (a *app) loadProfile(name string, flags loadFlags) (*load.Profile, []load.Threshold, error) {
	profile, err := load.Open(name)
	if unknown, ok := errors.AsType[*load.UnknownProfileError](err); ok {
		f := usagef("%w", err)
		if nearest, found := suggest.Nearest(unknown.Name, load.Names()); found {
			return nil, nil, f.withHint("did you mean %s?", nearest)
		}
		return nil, nil, f.withHint("the profiles are %s; a file is named by its path, such as ./%s.yaml", strings.Join(load.Names(), ", "), name)
	}
	if err != nil {
		return nil, nil, asUsage(err)
	}
	o := flags.override
	if o.Rate < 0 || o.Duration < 0 || o.Connections < 0 || math.IsInf(o.Rate, 0) || math.IsNaN(o.Rate) {
		return nil, nil, usagef("--rate, --duration and --connections are positive")
	}
	if profile, err = profile.With(o); err != nil {
		return nil, nil, usagef("%w", err)
	}
	var gate []load.Threshold
	if flags.gate != "" {
		if gate, err = load.OpenGate(flags.gate); err != nil {
			return nil, nil, asUsage(err)
		}
	}
	return profile, gate, nil
}

// loadRounds is the run to compare with, and how often to do the same.
func (f loadFlags) loadRounds() (earlier *load.Results, rounds int, err error) {
	const most = 100 // of a short run an hour, of a long one days
	if f.rounds < 0 || f.rounds > most {
		return nil, 0, usagef("--rounds is not from 1 to %d", most)
	}
	if f.compare == "" {
		return nil, max(f.rounds, 1), nil
	}
	if earlier, err = load.OpenResults(f.compare); err != nil {
		return nil, 0, usagef("%w", err)
	}
	if f.rounds > 0 {
		return earlier, f.rounds, nil
	}
	return earlier, max(len(earlier.Rounds), load.MinRounds), nil
}

// asUsage is a mistake in a file that the command line names, unless it says so itself.
func asUsage(err error) error {
	if _, ok := errors.AsType[*config.Error](err); ok {
		return err
	}
	return usagef("%w", err)
}

// generate sets the garbage collector for a generator, unless the environment says
// otherwise: it keeps 5 MB alive, and collecting at two and a half times that costs no more
// CPU than at three times (0.062 and 0.063 s for 1000 at 10,000/s, three rounds in turn)
// and takes 37 MB in the place of 40; at twice it is a tenth more. The limit
// is far above what a run needs, and there for the reading of a long journal, which keeps 40 bytes for each key.
func (a *app) generate() (undo func()) {
	const percent, limit = 150, 256 << 20
	undo = a.collectAt(percent)
	if _, set := a.env("GOMEMLIMIT"); set {
		return undo
	}
	old, inner := debug.SetMemoryLimit(limit), undo
	return func() {
		debug.SetMemoryLimit(old)
		inner()
	}
}

// loadProgress shows how the run stands: on a terminal in a few lines that are written
// over every second, else in a line every five. The run looks at itself every second too.
func (a *app) loadProgress() (progress func(load.Snapshot), ticks <-chan time.Time, done func()) {
	const often, seldom = time.Second, 5
	ticker := time.NewTicker(often)
	if a.isTerminal(a.stderr) {
		view := load.NewView(a.stderr)
		return view.Show, ticker.C, func() {
			ticker.Stop()
			view.Clear()
		}
	}
	n := 0
	return func(s load.Snapshot) {
		if n++; n%seldom == 0 {
			fmt.Fprintln(a.stderr, s)
		}
	}, ticker.C, ticker.Stop
}

// writeLoad writes the files of the run beside its journal, and makes it the latest.
func writeLoad(dir *reports.Dir, r *load.Results, journal string) error {
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"results.json", func(w io.Writer) error { return load.WriteJSON(w, r) }},
		{"junit.xml", func(w io.Writer) error { return load.WriteJUnit(w, r) }},
		{"summary.md", func(w io.Writer) error { return load.WriteMarkdown(w, r) }},
		{"report.html", func(w io.Writer) error { return load.WriteHTML(w, r) }},
		{"results.bin", func(w io.Writer) error { return load.WriteVegeta(w, journal, r.Target.BaseURL) }},
	} {
		if err := dir.WriteFile(file.name, file.write); err != nil {
			return err
		}
	}
	return dir.Publish()
}

// concludeLoad is the exit code of a run.
func (a *app) concludeLoad(r *load.Results) error {
	var codes []ExitCode
	switch r.Verdict {
	case load.RunFail:
		codes = append(codes, ExitThreshold)
	case load.RunInvalid, load.RunInconclusive:
		codes = append(codes, ExitInconclusive)
	case load.RunPass:
	}
	if r.Partial {
		a.sayf("%s; the rest of the schedule was not sent", r.Stopped)
	}
	if r.Stopped == load.Interrupted {
		codes = append(codes, ExitInterrupted)
	}
	if code := WorstExit(codes...); code != ExitOK {
		return &failure{code: code}
	}
	return nil
}
