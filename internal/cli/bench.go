package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/bench"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// benchFlags are the flags of bench signing.
type benchFlags struct {
	adapter string
	compare string
	rate    float64
	rounds  int
	out     string
	asJSON  bool
}

func (a *app) benchCommand() *cobra.Command {
	return a.group("bench", "Measure what signing costs, here and in other languages", a.benchSigningCommand())
}

func (a *app) benchSigningCommand() *cobra.Command {
	var flags benchFlags
	cmd := &cobra.Command{
		Use:   "signing [flags]",
		Short: "Measure what a signature costs, against plain SHA-256 over the same bytes",
		Example: indent(`
d24conform bench signing
d24conform bench signing --rate 5000                           # how much of a core is that?
d24conform bench signing --adapter 'node adapter.mjs'
d24conform bench signing --json > baseline.json
d24conform bench signing --compare baseline.json               # exit code 6 when it became slower`),
		Long: `Bodies of 0 B to 64 KiB, deposits and cashouts, on one thread and on two. In each round
every row is timed once, right behind SHA-256 over the same bytes; the medians over the
rounds are shown with the interval in which they lie with 95 % confidence, made of order
statistics.

An adapter is asked in turn to sign and to do nothing with the same fields: the
difference is its signature's, the rest the protocol's. Every signature is checked.

--compare holds the ratios to SHA-256 against those of an earlier results.json, since
nanoseconds of two runs say little. A row is slower when it is so by more than the noise
of both runs and 15 %, or when it allocates more.

Exit codes: 0 measured, 1 the adapter gave a wrong signature, 3 the adapter cannot be
asked or signs nothing, 6 slower than the baseline, 130 interrupted.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.benchSigning(cmd.Context(), flags) },
	}
	f := cmd.Flags()
	f.StringVar(&flags.adapter, "adapter", "", "`CMD` of a program that speaks the adapter protocol; no shell runs it")
	f.StringVar(&flags.compare, "compare", "", "`FILE`, the results.json of an earlier run")
	f.Float64Var(&flags.rate, "rate", 1000, "`N` requests a second that the last sentence is about")
	f.IntVar(&flags.rounds, "rounds", 200, "`N` rounds; more of them make the intervals narrower")
	f.StringVar(&flags.out, "out", "reports/out", "`DIR` below which the report's folder is made")
	addJSONFlag(cmd, &flags.asJSON, "results.json")
	return cmd
}

func (a *app) benchSigning(ctx context.Context, flags benchFlags) error {
	switch {
	case flags.rounds <= 0:
		return usagef("--rounds is not a positive number")
	case flags.rate <= 0 || math.IsInf(flags.rate, 0) || math.IsNaN(flags.rate):
		return usagef("--rate is not a positive number")
	}
	var baseline *bench.Results
	if flags.compare != "" {
		data, err := os.ReadFile(flags.compare)
		if err != nil {
			return usagef("--compare: %w", err)
		}
		if baseline, err = bench.ReadBaseline(data); err != nil {
			return usagef("--compare %s: %w", flags.compare, err)
		}
	}
	// Made-up keys: what a signature costs does not depend on them.
	opts := bench.Options{Rounds: flags.rounds, Rate: flags.rate, Machine: bench.ThisMachine(), Credentials: mock.DefaultCredentials()}
	words := func() string { return "" }
	if flags.adapter != "" {
		adapter, stderr, err := signingAdapter(ctx, flags.adapter, &opts)
		if err != nil {
			return err
		}
		defer adapter.Close()
		words = stderr.String
	}
	started := time.Now()
	results, err := bench.Run(ctx, opts)
	if wrong, ok := errors.AsType[*bench.WrongSignatureError](err); ok {
		return &failure{code: ExitViolation, message: wrong.Error(), cause: err, hint: program + " run client --adapter says which mistake it is"}
	}
	if err != nil {
		return undrivable(err, words())
	}
	results.Tool = bench.Tool{Version: thisBuild().Version, Revision: thisBuild().Revision}
	if baseline != nil {
		if err := results.Compare(flags.compare, baseline); err != nil {
			return usagef("--compare %s: %w", flags.compare, err)
		}
	}
	return a.reportBench(results, started, flags)
}

// signingAdapter starts the program, and has opts ask it for signatures. The mock that it
// is told of is gone before the first round.
func signingAdapter(ctx context.Context, cmdline string, opts *bench.Options) (*target.Adapter, fmt.Stringer, error) {
	command, err := target.SplitCommand(cmdline)
	if err != nil {
		return nil, nil, usagef("--adapter %q: %w", cmdline, err)
	}
	server, err := mock.Start(mock.Options{Credentials: opts.Credentials})
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = server.Close() }() // there is nobody left to talk to
	adapter, words, err := target.StartAdapter(command, target.AnswerTimeout, "")
	if err != nil {
		return nil, nil, usagef("--adapter: %w", err)
	}
	if err := greet(ctx, adapter, server); err != nil {
		adapter.Close()
		return nil, nil, undrivable(err, words.String())
	}
	for _, op := range bench.Ops() {
		if adapter.Offers(target.Op(op)) {
			opts.Offers = append(opts.Offers, op)
		}
	}
	if len(opts.Offers) == 0 {
		adapter.Close()
		return nil, nil, &failure{code: ExitUnreachable, message: "the adapter lists neither sign_deposit nor sign_cashout"}
	}
	opts.Adapter = adapter.Title()
	opts.Ask = func(ctx context.Context, op string, fields map[string]any) (string, error) {
		reply, err := adapter.Do(ctx, target.Op(op), fields)
		return reply.Signature, err
	}
	return adapter, words, nil
}

func (a *app) reportBench(r *bench.Results, started time.Time, flags benchFlags) error {
	dir, err := reports.Create(flags.out, started, "bench", runID())
	if err != nil {
		return usagef("%w", err)
	}
	err = errors.Join(
		dir.WriteFile("results.json", func(w io.Writer) error { return bench.WriteJSON(w, r) }),
		dir.WriteFile("summary.md", func(w io.Writer) error { return bench.WriteMarkdown(w, r) }),
	)
	if err == nil {
		err = dir.Publish()
	}
	if err != nil {
		return err
	}
	if flags.asJSON {
		err = bench.WriteJSON(a.stdout, r)
		fmt.Fprintf(a.stderr, "report: %s\n", dir.Path())
	} else {
		err = bench.WriteTerminal(a.stdout, r, dir.Path())
	}
	if err != nil {
		return fmt.Errorf("write to stdout: %w", err)
	}
	if r.Comparison != nil && r.Comparison.Slower > 0 {
		return &failure{code: ExitThreshold}
	}
	return nil
}
