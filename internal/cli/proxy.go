package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/proxy"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// proxyFlags are the flags of the proxy command.
type proxyFlags struct {
	judgeFlags

	upstream string
	addr     string
	caOut    string
	duration time.Duration
}

func (a *app) proxyCommand() *cobra.Command {
	var flags proxyFlags
	cmd := &cobra.Command{
		Use:   "proxy --upstream URL [flags]",
		Short: "Stand between a client and a server, and judge both while they talk",
		Example: indent(`
d24conform proxy --upstream https://api-stg.directa24.com
d24conform proxy --upstream https://127.0.0.1:8443 --addr 127.0.0.1:9443 --for 10m
d24conform proxy --upstream https://127.0.0.1:8443 --for 1m --json | jq '.client.verdict, .server.verdict'`),
		Long: `It listens on this machine, forwards every byte as it is, tells of each fault as it is
seen, and prints the verdict on both sides when it is interrupted (Ctrl-C, SIGTERM) or
when --for is over. Point your client at the address that it prints, and have it trust
the CA file. It signs nothing: signatures are judged with the D24_… credentials where
these are set, and not without. The server's certificate is checked by the system's
authorities, or by D24_CA_FILE.

A client is judged as by run client --recording. Of a server, passing traffic proves only
what it accepts and must not, and answers that contradict each other: that it refuses
something proves nothing without the same request accepted, which run server has.

The report is one folder below reports/out: exchanges.jsonl, and in client/ and server/
each side's results.json, junit.xml and summary.md. Names stand for secrets, those that
were given and those that passed by. The exit code is the worse of both sides'.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.proxy(cmd.Context(), flags) },
	}
	f := cmd.Flags()
	f.StringVar(&flags.upstream, "upstream", "", "`URL` of the server, scheme and host")
	f.StringVar(&flags.addr, "addr", "", "`ADDRESS` to listen on (default: a free port of 127.0.0.1)")
	f.StringVar(&flags.caOut, "ca-out", "", "`FILE` to write the authority's certificate to (default: one in the user's cache folder)")
	f.DurationVar(&flags.duration, "for", 0, "`TIME` after which it ends (default: when it is interrupted)")
	f.StringSliceVar(&flags.products, "products", nil, "`LIST` of products to judge: deposits,cashouts (default: both)")
	f.StringVar(&flags.rules, "rules", rules.Latest, "`SET` of rules to judge by")
	f.StringVar(&flags.out, "out", "reports/out", "`DIR` below which the report's folder is made")
	f.BoolVar(&flags.strict, "strict", false, "count a broken should as a violation")
	addJSONFlag(cmd, &flags.asJSON, "the results.json of both sides, under client and server")
	return cmd
}

// proxyRole names the folder of a report that is about both sides.
const proxyRole rules.Role = "proxy"

// proxy forwards until it is interrupted, and judges what passed.
func (a *app) proxy(ctx context.Context, flags proxyFlags) error {
	switch {
	case flags.upstream == "":
		return usagef("proxy needs --upstream, the server's URL").withHint("d24conform proxy --upstream https://api-stg.directa24.com")
	case flags.duration < 0:
		return usagef("--for %s is not a time to wait", flags.duration)
	}
	j, err := a.prepareClient(flags.judgeFlags)
	if err != nil {
		return err
	}
	caFile, _ := a.env(d24.EnvCAFile)
	roots, err := authority(caFile)
	if err != nil {
		return err
	}
	j.role = proxyRole
	if err := j.makeDir(); err != nil {
		return err
	}
	p, err := proxy.Start(proxy.Options{Upstream: flags.upstream, Roots: roots, Addr: flags.addr})
	if err != nil {
		j.removeDir()
		f := usagef("%w", err)
		if _, busy := errors.AsType[*net.OpError](err); busy {
			return f.withHint("--addr moves it to another address")
		}
		return f
	}
	defer func() { _ = p.Close() }() // it is closed before anything is judged
	ca, err := writeCA("proxy", p.URL(), p.CertificatePEM(), flags.caOut)
	if err != nil {
		return err
	}
	ready := fmt.Sprintf("forwarding %s to %s\n\nFor the client:\n  export %s=%s\n  export %s=%s\n\n", p.URL(), reports.Escape(flags.upstream), d24.EnvBaseURL, p.URL(), d24.EnvCAFile, ca)
	if flags.asJSON {
		_, _ = io.WriteString(a.stderr, ready) // stdout is for the document
	} else if err := a.printf("%s", ready); err != nil {
		return err
	}
	watch := &watch{app: a, proxy: p, faults: steps.Watch{Credentials: j.suite.Client.Credentials}, secrets: target.NewSecrets(j.suite.Client.Credentials)}
	watch.until(ctx, flags.duration)
	if err := p.Close(); err != nil {
		a.warnf("the proxy did not stop cleanly: %v", err)
	}
	watch.look()
	return a.judgeBoth(context.WithoutCancel(ctx), j, flags.upstream, watch)
}

// A watch tells of faults while the proxy forwards.
type watch struct {
	app     *app
	proxy   *proxy.Proxy
	faults  steps.Watch
	secrets *target.Secrets
	all     []*exchange.Exchange
	lost    int
}

// watchEvery is how long a fault may be seen before it is told.
const watchEvery = 500 * time.Millisecond

// until tells of faults until ctx ends, or some time is over; 0 = none.
func (w *watch) until(ctx context.Context, duration time.Duration) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	var over <-chan time.Time
	if duration > 0 {
		over = time.After(duration)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-over:
			return
		case <-ticker.C:
			w.look()
		}
	}
}

// look takes what is new.
func (w *watch) look() {
	fresh, lost := w.proxy.Exchanges(len(w.all))
	w.all, w.lost = append(w.all, fresh...), lost
	w.secrets.Search(fresh)
	redact := w.secrets.Redactor()
	for _, line := range w.faults.See(fresh) {
		fmt.Fprintln(w.app.stderr, reports.Escape(redact.String(line)))
	}
}

// judgeBoth judges what passed, and writes one report about both sides.
func (a *app) judgeBoth(ctx context.Context, j *judging, upstream string, w *watch) error {
	for _, e := range w.all {
		j.log.Add(e)
	}
	if w.lost > 0 {
		a.warnf("%d exchanges were forwarded and not judged: they were too many to keep", w.lost)
	}
	j.seen("the client", "the traffic", w.all)
	client, err := a.carryOut(ctx, j)
	if err != nil {
		return err
	}
	meta := j.suite.Meta
	meta.Target = reports.Target{Name: "the server", BaseURL: upstream}
	server, err := steps.JudgeTraffic(j.suite.Ledger, j.suite.Client.Products, meta, j.suite.Client.Credentials, w.all)
	if err != nil {
		return err
	}
	redact := w.secrets.Redactor()
	client, server = client.Map(redact.String), server.Map(redact.String)
	files := []reportFile{{"exchanges.jsonl", func(to io.Writer, redact *exchange.Redactor) error { return exchange.Write(to, w.all, redact) }}}
	files = append(files, sideFiles("client/", client)...)
	files = append(files, sideFiles("server/", server)...)
	files = append(files, j.scripts()...)
	if err := j.keep(files, redact); err != nil {
		return errors.Join(a.printBoth(client, server, "", j.flags.asJSON), err)
	}
	if err := a.printBoth(client, server, j.dir.Path(), j.flags.asJSON); err != nil {
		return err
	}
	code := WorstExit(ExitCode(client.ExitCode(j.flags.strict)), ExitCode(server.ExitCode(j.flags.strict)), a.reached(w.all))
	if code != ExitOK {
		return &failure{code: code}
	}
	return nil
}

func sideFiles(folder string, results reports.Results) []reportFile {
	return []reportFile{
		{folder + "results.json", func(w io.Writer, _ *exchange.Redactor) error { return reports.WriteJSON(w, results) }},
		{folder + "junit.xml", func(w io.Writer, _ *exchange.Redactor) error { return reports.WriteJUnit(w, results) }},
		{folder + "summary.md", func(w io.Writer, _ *exchange.Redactor) error { return reports.WriteMarkdown(w, results) }},
	}
}

// printBoth shows both sides on stdout.
func (a *app) printBoth(client, server reports.Results, path string, asJSON bool) error {
	if asJSON {
		var document struct {
			Schema string          `json:"schema"`
			Client json.RawMessage `json:"client"`
			Server json.RawMessage `json:"server"`
		}
		document.Schema = "d24conform/proxy/v1"
		for _, side := range []struct {
			results reports.Results
			to      *json.RawMessage
		}{{client, &document.Client}, {server, &document.Server}} {
			var text bytes.Buffer
			if err := reports.WriteJSON(&text, side.results); err != nil {
				return err
			}
			*side.to = text.Bytes()
		}
		fmt.Fprintf(a.stderr, "client %s, server %s, report: %s\n", client.Verdict, server.Verdict, path)
		return a.printJSON(document)
	}
	for i, results := range []reports.Results{client, server} {
		shown := reports.Terminal{Color: a.color(), Width: a.width()}
		if i > 0 {
			shown.Path = path
		}
		if err := reports.WriteTerminal(a.stdout, results, shown); err != nil {
			return fmt.Errorf("write to stdout: %w", err)
		}
	}
	return nil
}

// reached says whether the server was reached at all, if anybody called it.
func (a *app) reached(all []*exchange.Exchange) ExitCode {
	away := []exchange.FailureKind{exchange.FailureRefused, exchange.FailureUnreachable, exchange.FailureTLS, exchange.FailureCertificate}
	if len(all) == 0 || slices.ContainsFunc(all, func(e *exchange.Exchange) bool {
		return e.Failure == nil || !slices.Contains(away, e.Failure.Kind)
	}) {
		return ExitOK
	}
	a.sayf("the server was never reached: %s", reports.Escape(all[0].Failure.Text))
	return ExitUnreachable
}
