package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// runRecording judges a client by traffic that somebody recorded.
func (a *app) runRecording(ctx context.Context, j *judging, flags clientFlags) error {
	client := j.suite.Client
	calls, others, unsent, err := readCalls(flags.recording, client.Credentials)
	if err != nil {
		return err
	}
	for _, e := range calls {
		if e.Label == "" { // a report numbers the calls alone
			e.Label = target.EntryLabel + strconv.Itoa(e.Number)
		}
		j.log.Add(e)
	}
	j.seen(filepath.Base(flags.recording), "the recording", calls)
	if err := j.makeDir(); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "judging the client of %s: requests: %d, scenarios: %d\n", reports.Escape(client.Name), len(calls), j.suite.Selected())
	if others > 0 {
		fmt.Fprintf(a.stderr, "left out, since they are no calls of the API: %d\n", others)
	}
	if unsent > 0 {
		fmt.Fprintf(a.stderr, "left out, since the browser did not send them: %d\n", unsent)
	}
	results, err := a.carryOut(ctx, j)
	if err != nil {
		return err
	}
	secrets := target.NewSecrets(client.Credentials)
	secrets.Search(calls)
	return a.report(j, results, secrets.Named())
}

// readCalls reads the calls of the API out of a recording, and counts what else is there.
func readCalls(path string, c d24.Credentials) (calls []*exchange.Exchange, others, unsent int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, 0, usagef("--recording cannot be read: %s", fileProblem(err))
	}
	defer func() { _ = file.Close() }() // it was only read
	secrets := map[string]string{}
	c.Named(func(name, value string) { secrets[name] = value })
	all, unsent, err := exchange.ReadRecording(file, secrets)
	if err != nil {
		return nil, 0, 0, usagef("--recording %s: %w", path, err)
	}
	calls = slices.DeleteFunc(slices.Clone(all), func(e *exchange.Exchange) bool { return !judge.IsCall(e) })
	if len(calls) == 0 {
		return nil, 0, 0, usagef("--recording %s: none of its %d requests is a call of the API", path, len(all)).
			withHint("calls go to paths such as %s and %s", d24.PathDeposits, d24.PathCashout)
	}
	return calls, len(all) - len(calls), unsent, nil
}

// seen makes a client of traffic that somebody else recorded.
func (j *judging) seen(name, place string, calls []*exchange.Exchange) {
	client := j.suite.Client
	client.Name, client.Source, client.Arrival = name, target.NewRecorded(place, calls), judge.SeenFromAfar(calls)
	if len(calls) > 0 {
		if u, err := url.Parse(calls[0].Request.URL); err == nil {
			client.BaseURL = u.Scheme + "://" + u.Host
		}
	}
	j.suite.Meta.Target = reports.Target{Name: client.Name, BaseURL: client.BaseURL}
}

// runObserved judges a client that is some command.
func (a *app) runObserved(ctx context.Context, j *judging, flags clientFlags) error {
	phases, err := target.ParsePhases(flags.phases)
	if err != nil {
		return usagef("--phases: %w", err)
	}
	if len(phases) == 0 {
		return usagef("--phases names none")
	}
	if err := j.makeDir(); err != nil {
		return err
	}
	client := j.suite.Client
	given := target.NewSecrets(client.Credentials)
	output := &escaped{to: a.stderr, redact: given.Redactor()}
	observed := &target.Observed{
		Command: flags.command, Phases: phases, Credentials: client.Credentials, Seed: flags.seed,
		Timeout: cmp.Or(flags.timeout, target.CommandTimeout), Output: output, Log: j.log,
		Say: func(sentence string) {
			output.flush()
			fmt.Fprintln(a.stderr, given.Redactor().String(reports.Escape(sentence)))
		},
	}
	err = observed.Run(ctx)
	output.flush()
	if broken, ok := errors.AsType[*target.CommandError](err); ok {
		j.removeDir()
		return usagef("%s", reports.Escape(broken.Error()))
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	client.Name, client.BaseURL = strings.Join(flags.command, " "), "the bundled mock"
	client.Credentials, client.Source = observed.Credentials, observed
	j.suite.Meta.Target = reports.Target{Name: client.Name, BaseURL: client.BaseURL}
	results, err := a.carryOut(ctx, j)
	if err != nil {
		return err
	}
	return a.report(j, results, target.NewSecrets(client.Credentials).Named(), textFile("command-output.txt", observed.Written()))
}

// An escaped writer shows what a child wrote, line by line: without secrets, and without
// what would make a terminal do something.
type escaped struct {
	mu     sync.Mutex
	to     io.Writer
	redact *exchange.Redactor
	begun  []byte // of a line
}

// longestLine is shown in pieces beyond this.
const longestLine = 16 << 10

func (e *escaped) Write(text []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.begun = append(e.begun, text...)
	for {
		end := bytes.IndexByte(e.begun, '\n')
		switch {
		case end >= 0:
			e.show(e.begun[:end])
			e.begun = e.begun[end+1:]
		case len(e.begun) > longestLine:
			e.show(e.begun)
			e.begun = nil
		default:
			return len(text), nil
		}
	}
}

func (e *escaped) show(line []byte) {
	fmt.Fprintln(e.to, reports.Escape(e.redact.String(strings.TrimSuffix(string(line), "\r"))))
}

// flush shows a last line without its end.
func (e *escaped) flush() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.begun) > 0 {
		e.show(e.begun)
		e.begun = nil
	}
}
