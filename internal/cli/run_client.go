package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/repro"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// clientFlags are the flags of run client, and its command.
type clientFlags struct {
	judgeFlags

	adapter   string
	recording string
	command   []string // behind --
	phases    []string
	timeout   time.Duration
	seed      uint64
}

func (a *app) runClientCommand() *cobra.Command {
	var flags clientFlags
	cmd := &cobra.Command{
		Use:   "client [RULE…] (--adapter CMD | --recording FILE | -- CMD ARGS…) [flags]",
		Short: "Judge a client by every documented rule that binds it",
		Example: indent(`
d24conform run client --adapter 'node adapter.mjs'
d24conform run client --adapter './adapter --config "my client.ini"' --products deposits
d24conform run client --adapter './adapter' --require go-live --json | jq '.rules[] | select(.verdict == "fail")'
d24conform run client -- npm test
d24conform run client --phases plain,certificate,trouble --seed 7 -- php checkout.php
d24conform run client DEP-SIG-04 CLI-KEY-02 --recording browser.har`),
		Long: `It judges a client by what it sends: its exact bytes and when they arrived, never what it
says of itself. What the client was never seen to do is not tested, and the report says
what would show it. RULE… judges these rules alone. There are three ways to see one:

--adapter CMD starts a program of yours that drives your client. It is started once,
reads one JSON object a line from stdin and writes one a line to stdout; its stderr is
kept. The first line says hello, with the address of the bundled mock, its CA file and
the credentials; the last is followed by the end of stdin. CMD is split like a shell's
words, and never run by a shell. All trouble is made: answers that are lost, certificates
that must be refused, redirects to plain HTTP.

-- CMD ARGS… runs a command that uses your client, such as its tests, against the bundled
mock: once plain, once with bad certificates, which must stop it from sending anything (the
first connection shows an unknown authority, the next ones another name, one that has
expired or is not valid yet, and a chain with an unknown authority's own), and in trouble if --phases asks for that: over what it speaks, over HTTP/1.1 only
(trouble-http1), or killed and started again (restart). It finds the mock by
D24_BASE_URL and the credentials by D24_…; what curl, openssl, Go, node, python, PHP and
Java trust is set by their own variables. Its local time is not UTC, so that a date in
local time is seen. Its output goes to stderr.

--recording FILE judges traffic that somebody recorded: an exchanges.jsonl, or a HAR with
sensitive data. Signatures are judged with the D24_… credentials of the client.

The report stands in a folder of its own below reports/out: results.json, junit.xml,
summary.md, exchanges.jsonl with what arrived, repro/ with a script for each violated rule
that finds it there again, and adapter-stderr.txt or command-output.txt.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("timeout") && flags.timeout <= 0 {
				return usagef("--timeout %s is not a time to wait", flags.timeout)
			}
			var err error
			if flags.command, err = flags.takeArguments(cmd, args); err != nil {
				return err
			}
			return a.runClient(cmd.Context(), flags)
		},
	}
	f := cmd.Flags()
	flags.add(f, "both")
	f.StringVar(&flags.adapter, "adapter", "", "`CMD` that drives the client")
	f.StringVar(&flags.recording, "recording", "", "`FILE` with recorded traffic: exchanges.jsonl or HAR")
	f.StringSliceVar(&flags.phases, "phases", phaseNames(), "`LIST` of what a command meets: plain,certificate,trouble,trouble-http1,restart")
	f.DurationVar(&flags.timeout, "timeout", 0, "`TIME` that one operation may take the adapter (default 30s), or each phase the command (default 10m)")
	f.Uint64Var(&flags.seed, "seed", 0, "`NUMBER` from which follow the trouble and what the mock leaves to chance")
	return cmd
}

func phaseNames() []string {
	var names []string
	for _, phase := range target.DefaultPhases() {
		names = append(names, string(phase))
	}
	return names
}

// runClient judges one client, writes the report and returns the verdict as an error.
func (a *app) runClient(ctx context.Context, flags clientFlags) error {
	judged, err := a.way(flags)
	if err != nil {
		return err
	}
	j, err := a.prepareClient(flags.judgeFlags)
	if err != nil {
		return err
	}
	if err := j.checkSelection(j.suite.Client.Products); err != nil {
		return err
	}
	j.suite.Again = flags.again
	return judged(ctx, j, flags)
}

// prepareClient reads what every judgement of a client needs: its products, all where none
// is named, and the keys that it has, if anybody told us.
func (a *app) prepareClient(flags judgeFlags) (*judging, error) {
	products, err := config.ParseProducts(flags.products)
	if err != nil {
		return nil, err
	}
	if len(products) == 0 {
		products = rules.Products()
	}
	j, err := prepare(flags, rules.RoleClient)
	if err != nil {
		return nil, err
	}
	credentials, err := config.ResolveCredentials("", a.env)
	if err != nil {
		return nil, err
	}
	j.suite.Depth = flags.depthFor(true) // requests come to us: none is spared
	j.suite.Client = &target.Client{Products: products, Credentials: credentials}
	return j, nil
}

// again is the command line that has a rule judged once more.
func (flags clientFlags) again(rule string) string {
	words := []string{"d24conform", "run", "client", "--tags", "@" + rule}
	switch {
	case flags.adapter != "":
		words = append(words, "--adapter", flags.adapter)
	case flags.recording != "":
		words = append(words, "--recording", flags.recording)
	}
	if flags.seed != 0 {
		words = append(words, "--seed", strconv.FormatUint(flags.seed, 10))
	}
	if len(flags.command) > 0 {
		words = slices.Concat(words, []string{"--phases", strings.Join(flags.phases, ","), "--"}, flags.command)
	}
	return repro.Words(words)
}

// way is how the client is seen: exactly one of three.
func (a *app) way(flags clientFlags) (judged func(context.Context, *judging, clientFlags) error, err error) {
	chosen := 0
	for _, way := range []struct {
		chosen bool
		judged func(context.Context, *judging, clientFlags) error
	}{
		{flags.adapter != "", a.runAdapter},
		{flags.recording != "", a.runRecording},
		{len(flags.command) > 0, a.runObserved},
	} {
		if way.chosen {
			chosen++
			judged = way.judged
		}
	}
	switch {
	case chosen == 0:
		return nil, usagef("run client needs --adapter CMD, --recording FILE or -- CMD: where the client's requests come from").
			withHint("d24conform run client --help says what each of them is")
	case chosen > 1:
		return nil, usagef("--adapter, --recording and a command behind -- are three ways to see a client: give one")
	}
	return judged, nil
}

// runAdapter judges a client that does what it is told.
func (a *app) runAdapter(ctx context.Context, j *judging, flags clientFlags) error {
	command, err := target.SplitCommand(flags.adapter)
	if err != nil {
		return usagef("--adapter %q: %w", flags.adapter, err)
	}
	server, err := mock.Start(mock.Options{Credentials: j.suite.Client.Credentials, Seed: flags.seed, Readings: target.ClientReadings()})
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }() // there is nobody left to talk to
	if err := j.makeDir(); err != nil {
		return err
	}
	adapter, words, err := target.StartAdapter(command, cmp.Or(flags.timeout, target.AnswerTimeout), target.Zones()[0])
	if err != nil {
		j.removeDir()
		return usagef("--adapter: %w", err)
	}
	if err := greet(ctx, adapter, server); err != nil {
		adapter.Close()
		j.removeDir()
		return undrivable(err, words.String())
	}
	all := &manyWords{words}
	restart := func(ctx context.Context) (*target.Adapter, error) {
		adapter.Kill()
		again, words, err := target.StartAdapter(command, cmp.Or(flags.timeout, target.AnswerTimeout), target.Zones()[1])
		if err != nil {
			return nil, &target.AdapterError{Text: "the adapter could not be started again: " + err.Error()}
		}
		adapter, *all = again, append(*all, words)
		return adapter, greet(ctx, adapter, server)
	}
	defer func() { adapter.Close() }()
	return a.judgeDriven(ctx, j, server, adapter, restart, all)
}

// manyWords are what several starts of a program wrote.
type manyWords []fmt.Stringer

func (w *manyWords) String() string {
	var b strings.Builder
	for _, each := range *w {
		b.WriteString(each.String())
	}
	return b.String()
}

// greet tells the adapter where the mock is. The CA file is there for as long as hello
// takes: a client that reads it later would find it gone, so it stays until the end.
func greet(ctx context.Context, adapter *target.Adapter, server *mock.Mock) error {
	dir, err := os.MkdirTemp("", "d24conform-")
	if err != nil {
		return fmt.Errorf("make a folder for the CA file: %w", err)
	}
	adapter.AtEnd(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, server.CertificatePEM(), 0o644); err != nil {
		return fmt.Errorf("write the CA file: %w", err)
	}
	return adapter.Hello(ctx, server.BaseURL(), file, server.Credentials())
}

// judgeDriven runs the scenarios with the client at the adapter's other end.
func (a *app) judgeDriven(
	ctx context.Context, j *judging, server *mock.Mock, adapter *target.Adapter, restart func(context.Context) (*target.Adapter, error), words fmt.Stringer,
) error {
	driven, err := target.NewDriven(target.Driven{Adapter: adapter, Restart: restart, Products: j.suite.Client.Products, Mock: server, Orders: &merchant.Orders{Run: j.run}, Log: j.log})
	if err != nil {
		return err
	}
	defer driven.Close()
	client := j.suite.Client
	client.Name, client.BaseURL, client.Credentials, client.Source = adapter.Title(), server.BaseURL(), server.Credentials(), driven
	j.suite.Meta.Target = reports.Target{Name: client.Name, BaseURL: client.BaseURL}
	fmt.Fprintf(a.stderr, "judging %s against the bundled mock (%s): %d scenarios\n",
		reports.Escape(client.Name), reports.Escape(client.BaseURL), j.suite.Selected())
	results, err := a.carryOut(ctx, j)
	if err != nil {
		return err
	}
	broken := driven.Adapter.Broken()
	driven.Adapter.Close() // its last words are in the report
	secrets := driven.Secrets()
	verdict := a.report(j, results, secrets, textFile("adapter-stderr.txt", words.String()))
	if _, gone := errors.AsType[*target.AdapterError](broken); gone {
		if f, ok := errors.AsType[*failure](verdict); verdict == nil || ok && f.message == "" {
			return undrivable(broken, exchange.NewRedactor(secrets).String(words.String()))
		}
	}
	return verdict
}

// undrivable is how a run ends whose client cannot be driven, or not any more.
func undrivable(err error, words string) error {
	if _, ok := errors.AsType[*target.AdapterError](err); !ok {
		return err
	}
	f := &failure{code: ExitUnreachable, message: reports.Escape(err.Error()), cause: err}
	if last := lastLine(words); last != "" {
		return f.withHint("its last words on stderr: %s", reports.Escape(last))
	}
	return f
}

// lastLine is the last line of a text that says something.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
