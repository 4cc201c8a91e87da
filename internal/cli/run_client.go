package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// clientFlags are the flags of run client.
type clientFlags struct {
	judgeFlags

	adapter string
	timeout time.Duration
	seed    uint64
}

func (a *app) runClientCommand() *cobra.Command {
	var flags clientFlags
	cmd := &cobra.Command{
		Use:   "client --adapter CMD [flags]",
		Short: "Judge a client by every documented rule that binds it",
		Example: indent(`
d24conform run client --adapter 'node adapter.mjs'
d24conform run client --adapter './adapter --config "my client.ini"' --products deposits
d24conform run client --adapter 'php adapter.php' --tags '@CLI-KEY-02 or @CLI-TLS-01'
d24conform run client --adapter './adapter' --require go-live --json | jq '.rules[] | select(.verdict == "fail")'`),
		Long: `It starts the bundled mock and a program of yours that drives your client, the adapter,
and judges what the client sends: its exact bytes and when they arrived, never what it
says of itself. It also makes trouble: answers that are lost, certificates that must
be refused, redirects to plain HTTP. What the client was never seen to do is not tested.

The adapter is started once. It reads one JSON object a line from stdin and writes one
a line to stdout; its stderr is kept. The first line says hello, with the server's
address, its CA file and the credentials; the last is followed by the end of stdin.
CMD is split like a shell's words, and never run by a shell.

The report stands in a folder of its own below reports/out: results.json, junit.xml,
summary.md, exchanges.jsonl with what the mock saw, and adapter-stderr.txt.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runClient(cmd.Context(), flags) },
	}
	f := cmd.Flags()
	flags.add(f, "both")
	f.StringVar(&flags.adapter, "adapter", "", "`CMD` that drives the client")
	f.DurationVar(&flags.timeout, "timeout", target.AnswerTimeout, "`TIME` that one operation may take the adapter")
	f.Uint64Var(&flags.seed, "seed", 0, "`NUMBER` from which follows what the mock leaves to chance")
	return cmd
}

// runClient judges one client, writes the report and returns the verdict as an error.
func (a *app) runClient(ctx context.Context, flags clientFlags) error {
	command, err := flags.command()
	if err != nil {
		return err
	}
	products, err := config.ParseProducts(flags.products)
	if err != nil {
		return err
	}
	if len(products) == 0 {
		products = rules.Products()
	}
	j, err := prepare(flags.judgeFlags, rules.RoleClient)
	if err != nil {
		return err
	}
	j.suite.Client = &target.Client{Products: products}
	if err := j.checkSelection(products); err != nil {
		return err
	}
	credentials, err := config.ResolveCredentials("", a.env)
	if err != nil {
		return err
	}
	server, err := mock.Start(mock.Options{Credentials: credentials, Seed: flags.seed})
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }() // there is nobody left to talk to
	if err := j.makeDir(); err != nil {
		return err
	}
	adapter, words, err := target.StartAdapter(command, flags.timeout)
	if err != nil {
		j.removeDir()
		return usagef("--adapter: %w", err)
	}
	defer adapter.Close()
	if err := greet(ctx, adapter, server); err != nil {
		j.removeDir()
		return undrivable(err, words.String())
	}
	return a.judgeDriven(ctx, j, server, adapter, words)
}

// command is the adapter's command line.
func (f clientFlags) command() ([]string, error) {
	if f.adapter == "" {
		return nil, usagef("run client needs --adapter, the command that drives the client").
			withHint("d24conform run client --help says what an adapter is")
	}
	command, err := target.SplitCommand(f.adapter)
	if err != nil {
		return nil, usagef("--adapter %q: %w", f.adapter, err)
	}
	if f.timeout <= 0 {
		return nil, usagef("--timeout %s is not a time to wait", f.timeout)
	}
	return command, nil
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
func (a *app) judgeDriven(ctx context.Context, j *judging, server *mock.Mock, adapter *target.Adapter, words fmt.Stringer) error {
	driven, err := target.NewDriven(target.Driven{Adapter: adapter, Mock: server, Orders: &merchant.Orders{Run: j.run}, Log: j.log})
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
	broken := adapter.Broken()
	adapter.Close() // its last words are in the report
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
