package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/provider"
	"github.com/d24conform/d24conform/internal/repro"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// receiverFlags are the flags of run receiver.
type receiverFlags struct {
	judgeFlags

	url       string
	observer  string
	prepare   string
	mockAddr  string
	settle    time.Duration
	timeout   time.Duration
	timeScale float64

	concurrency int
	seed        uint64
}

const (
	// deliveryTimeout is what most providers wait for a receiver's answer; the documents
	// name no figure.
	deliveryTimeout = 10 * time.Second
	// deliverySpeed makes 30 ms of the 5 minutes before a first repeat, and 5 s of the
	// thirteen hours that the whole schedule takes.
	deliverySpeed = 10_000
)

func (a *app) runReceiverCommand() *cobra.Command {
	var flags receiverFlags
	cmd := &cobra.Command{
		Use:   "receiver [RULE…] --url URL [flags] [-- CMD ARGS…]",
		Short: "Judge a receiver of notifications by every documented rule that binds it",
		Example: indent(`
d24conform run receiver --url http://127.0.0.1:3000/notify --observer http://127.0.0.1:3000/releases -- node server.js
d24conform run receiver --url http://127.0.0.1:3000/notify --observer './count-releases --db test.db' -- ./server --port 3000
d24conform run receiver --url http://127.0.0.1:3000/notify --observer http://127.0.0.1:3000/releases --mock-addr 127.0.0.1:9443
d24conform run receiver NOTIF-05 --url http://127.0.0.1:3000/notify --observer http://127.0.0.1:3000/releases -- ./server`),
		Long: `It plays the provider: makes deposits and cashouts in the bundled mock, delivers
notifications that are right and notifications with one fault to --url, and answers the
receiver's status calls. A 2xx is no proof of anything, so what was released is read from
the observer; without one the rules about releases are not tested. RULE… judges these
rules alone.

The observer is a URL, which is asked ?kind=deposit&id=300000001&invoice_id=…&external_id=…
and answers {"releases":1}, or a command, to which kind, id, invoice_id and external_id are
added, empty where there is none, and which prints the number. kind is deposit; cashout, for
how often it was marked as paid; or refund, for how often it was booked. An observer need not
know refunds.

A receiver that releases only orders that it knows has to learn of those that this program
makes: --prepare is a URL, to which {"kind":…,"id":…,"invoice_id":…,"external_id":…} is
posted, or a command, to which these four are added. It is asked before the first
notification of each order.

CMD is the receiver. It is started with the variables that say where the mock is, which
keys it has and which certificate to trust, waited for until it listens where --url says,
killed and started again where a scenario wants that, and once after it died: that breaks
NOTIF-11. Without CMD somebody else runs it, against the mock at --mock-addr; scenarios
that restart it are not tested then.

Where --url or the observer is https, its certificate is verified against the system's
authorities, or D24_CA_FILE as this program sees it; CMD sees the mock's there.

The report stands in a folder of its own below reports/out: results.json, junit.xml,
summary.md, exchanges.jsonl, repro/ with a script for each violated rule that has it judged
once more, and receiver-output.txt with what CMD wrote.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkConcurrency(flags.concurrency, cmd.Flags().Changed("concurrency")); err != nil {
				return err
			}
			command, err := flags.takeArguments(cmd, args)
			if err != nil {
				return err
			}
			return a.runReceiver(cmd.Context(), flags, command)
		},
	}
	f := cmd.Flags()
	flags.add(f, "both")
	f.StringVar(&flags.url, "url", "", "`URL` to which notifications go")
	f.StringVar(&flags.observer, "observer", "", "`URL|CMD` that tells how often something was released")
	f.StringVar(&flags.prepare, "prepare", "", "`URL|CMD` that lets the receiver know an order, if it releases only those that it knows")
	f.StringVar(&flags.mockAddr, "mock-addr", mockAddr, "`ADDRESS` of the mock's API when there is no CMD, which gets a free one")
	f.DurationVar(&flags.settle, "settle", target.DefaultSettle, "`TIME` that a release may take to show; none is believed only after it")
	f.DurationVar(&flags.timeout, "timeout", deliveryTimeout, "`TIME` that the receiver may take to answer")
	f.IntVar(&flags.concurrency, "concurrency", 0, "scenarios that run at once: `N` (default 8)")
	f.Float64Var(&flags.timeScale, "time-scale", deliverySpeed, "`TIMES` as fast are notifications repeated that were not taken; 1 is as documented")
	f.Uint64Var(&flags.seed, "seed", 0, "`NUMBER` from which follows what the mock leaves to chance")
	return cmd
}

// runReceiver judges one receiver, writes the report and returns the verdict as an error.
func (a *app) runReceiver(ctx context.Context, flags receiverFlags, command []string) error {
	if err := flags.check(); err != nil {
		return err
	}
	products, err := config.ParseProducts(flags.products)
	if err != nil {
		return err
	}
	if len(products) == 0 {
		products = rules.Products()
	}
	j, err := prepare(flags.judgeFlags, rules.RoleReceiver)
	if err != nil {
		return err
	}
	j.suite.Receiver = &target.Receiver{Products: products}
	j.suite.Depth = flags.depthFor(target.OnThisMachine(ctx, flags.url))
	j.suite.Concurrency = flags.concurrency
	j.suite.Rerun = func(rule string) repro.Rerun { return flags.rerun(rule, command) }
	if err := j.checkSelection(products); err != nil {
		return err
	}
	var program *target.Program
	if len(command) > 0 {
		program = &target.Program{Args: command}
	}
	desk, err := a.desk(flags, program == nil, j.run)
	if err != nil {
		return err
	}
	defer func() { _ = desk.Close() }() // there is nobody left to talk to
	receiver, err := a.receiver(flags, program, desk, j)
	if err != nil {
		return err
	}
	defer receiver.Close()
	if program != nil {
		dir, err := os.MkdirTemp("", "d24conform-")
		if err != nil {
			return fmt.Errorf("make a folder for the receiver's files: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		environ := target.Environ{BaseURL: desk.BaseURL(), CA: desk.CertificatePEM(), Credentials: desk.Credentials(), Dir: dir}
		if program.Env, err = environ.Variables(os.Environ()); err != nil {
			return err
		}
	}
	return a.judgeReceiver(ctx, j, receiver, program)
}

// rerun has a rule judged once more, as it was. What may hold a token is a variable.
func (f receiverFlags) rerun(rule string, command []string) repro.Rerun {
	words := []string{
		"run", "receiver", rule, "--require", rule, "--url", f.url,
		"--settle", f.settle.String(), "--timeout", f.timeout.String(), "--time-scale", strconv.FormatFloat(f.timeScale, 'f', -1, 64),
	}
	if f.depth != "" {
		words = append(words, "--depth", f.depth)
	}
	if f.observer != "" {
		words = append(words, "--observer", "$D24_OBSERVER")
	}
	if f.prepare != "" {
		words = append(words, "--prepare", "$D24_PREPARE")
	}
	if len(command) > 0 {
		words = append(append(words, "--"), command...)
	} else {
		words = append(words, "--mock-addr", f.mockAddr)
	}
	return repro.Rerun{Command: words, Needs: map[string]string{
		"D24_OBSERVER": "what --observer was, a URL or a command", "D24_PREPARE": "what --prepare was, a URL or a command",
	}}
}

func (f receiverFlags) check() error {
	switch {
	case f.url == "":
		return usagef("run receiver needs --url, where notifications go")
	case f.settle <= 0:
		return usagef("--settle %s is not a time to wait", f.settle)
	case f.timeout <= 0:
		return usagef("--timeout %s is not a time to wait", f.timeout)
	case !(f.timeScale > 0) || math.IsInf(f.timeScale, 0):
		return usagef("--time-scale must be more than 0")
	}
	return nil
}

// receiver is the receiver that the command line names.
func (a *app) receiver(flags receiverFlags, program *target.Program, desk *target.Desk, j *judging) (*target.Receiver, error) {
	roots, err := a.receiverRoots(flags)
	if err != nil {
		return nil, err
	}
	var observer *target.Observer
	if flags.observer != "" {
		if observer, err = target.NewObserver(flags.observer, roots, flags.settle); err != nil {
			return nil, usagef("--observer: %w", err)
		}
	}
	sender := provider.New(provider.Options{Credentials: desk.Credentials(), Roots: roots, Timeout: flags.timeout, Log: j.log})
	receiver, err := target.NewReceiver(flags.url, sender, observer, program)
	if err != nil {
		return nil, usagef("--url: %w", err)
	}
	receiver.Desk, receiver.Products = desk, j.suite.Receiver.Products
	receiver.TimeScale = flags.timeScale
	if flags.prepare != "" {
		if receiver.Prepare, err = target.NewPrepare(flags.prepare, roots); err != nil {
			return nil, usagef("--prepare: %w", err)
		}
	}
	j.suite.Receiver = receiver
	return receiver, nil
}

// receiverRoots are those of D24_CA_FILE where the receiver or its observer speaks HTTPS.
// Else that file may be the mock's own, which does not exist yet.
func (a *app) receiverRoots(flags receiverFlags) (*x509.CertPool, error) {
	if !strings.HasPrefix(flags.url, "https:") && !strings.HasPrefix(flags.observer, "https:") && !strings.HasPrefix(flags.prepare, "https:") {
		return nil, nil //nolint:nilnil // as with authority
	}
	file, _ := a.env(d24.EnvCAFile)
	return authority(file)
}

// desk is the provider: at a fixed address for a receiver that somebody else runs.
func (a *app) desk(flags receiverFlags, fixed bool, run string) (*target.Desk, error) {
	credentials, err := config.ResolveCredentials("", a.env)
	if err != nil {
		return nil, err
	}
	opts := mock.Options{Credentials: credentials, Seed: flags.seed}
	if fixed {
		opts.Addr = flags.mockAddr
	}
	desk, err := target.OpenDesk(opts, &merchant.Orders{Run: run})
	if err != nil {
		f := usagef("%w", err)
		if _, busy := errors.AsType[*net.OpError](err); busy {
			return nil, f.withHint("--mock-addr moves the mock to another address")
		}
		return nil, f
	}
	if !fixed {
		return desk, nil
	}
	ca, err := writeCA("mock", desk.Mock.BaseURL(), desk.Mock.CertificatePEM(), "")
	if err != nil {
		_ = desk.Close()
		return nil, err
	}
	fmt.Fprintf(a.stderr, "the receiver's status calls are answered at %s, whose CA file is %s\n", desk.BaseURL(), ca)
	return desk, nil
}

// judgeReceiver starts the receiver, sees whether it is one, and runs the scenarios.
func (a *app) judgeReceiver(ctx context.Context, j *judging, receiver *target.Receiver, program *target.Program) error {
	output := func() string {
		if program == nil {
			return ""
		}
		return program.Output()
	}
	j.suite.Meta.Target = reports.Target{Name: receiver.Name, BaseURL: receiver.URL}
	if err := j.makeDir(); err != nil {
		return err
	}
	err := receiver.Start(ctx)
	if err == nil {
		err = receiver.Reach(ctx)
	}
	if err != nil {
		j.removeDir()
		err = unreachable(err)
		if f, ok := errors.AsType[*failure](err); ok {
			if last := lastLine(exchange.NewRedactor(receiver.Desk.Secrets()).String(output())); last != "" {
				return f.withHint("%s (its last words: %s)", f.hint, reports.Escape(last))
			}
		}
		return err
	}
	fmt.Fprintf(a.stderr, "judging the receiver at %s: %d scenarios\n", reports.Escape(receiver.URL), j.suite.Selected())
	results, err := a.carryOut(ctx, j)
	if err != nil {
		return err
	}
	receiver.Close() // its last words are in the report
	for _, call := range receiver.Desk.Calls() {
		seen := *call
		seen.Label = "at the provider"
		j.log.Add(&seen)
	}
	var files []reportFile
	if program != nil {
		files = append(files, textFile("receiver-output.txt", output()))
	}
	return a.report(j, results, receiver.Desk.Secrets(), files...)
}
