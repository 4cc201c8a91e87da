package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// judgeFlags are the flags of every run, whatever it judges.
type judgeFlags struct {
	ids      []string // of the rules that are named as arguments; none = all
	products []string
	tags     string
	rules    string
	source   string
	depth    string
	out      string
	strict   bool
	require  []string
	waivers  string
	asJSON   bool
}

// add registers the flags. standard says which products are judged when none is named.
func (f *judgeFlags) add(flags *pflag.FlagSet, standard string) {
	flags.StringSliceVar(&f.products, "products", nil, "`LIST` of products to judge: deposits,cashouts (default: "+standard+")")
	flags.StringVar(&f.tags, "tags", "", "`EXPR` that selects scenarios, such as '@DEP-DATE-03 and not @alone'")
	flags.StringVar(&f.rules, "rules", rules.Latest, "`SET` of rules to judge by")
	flags.StringVar(&f.source, "source", reports.SourceAll, "`PAGES` whose rules are judged: seeds (the five security pages) or all")
	flags.StringVar(&f.depth, "depth", "", "`DEPTH` of the run: quick or full (default: full on this machine and with --require go-live)")
	flags.StringVar(&f.out, "out", "reports/out", "`DIR` below which the report's folder is made")
	flags.BoolVar(&f.strict, "strict", false, "count a broken should as a violation")
	flags.StringSliceVar(&f.require, "require", nil, "`RULES` that must be judged, or the run is inconclusive: go-live (all of them) or ids")
	flags.StringVar(&f.waivers, "waivers", "", "`FILE` of violations that are excused for a time")
	flags.BoolVar(&f.asJSON, "json", false, "print one JSON document: results.json")
}

// A judging is one run: what judges, by what, and where its report goes.
type judging struct {
	flags      judgeFlags
	role       rules.Role
	run        string // a few letters that no other run has: part of every id it creates
	log        *exchange.Log
	conditions conditions
	suite      *steps.Suite // without its target
	dir        *reports.Dir
}

// prepare reads everything that a run needs beside its target.
func prepare(flags judgeFlags, role rules.Role) (*judging, error) {
	ledger, err := rules.Load(flags.rules)
	if err != nil {
		return nil, usagef("--rules: %w", err)
	}
	selection, err := flags.selection(ledger, role)
	if err != nil {
		return nil, err
	}
	depth, err := flags.parseDepth()
	if err != nil {
		return nil, err
	}
	source, err := flags.parseSource()
	if err != nil {
		return nil, err
	}
	conditions, err := flags.conditions(ledger, role, source)
	if err != nil {
		return nil, err
	}
	manifest, err := steps.ReadManifest(features.Files)
	if err != nil {
		return nil, err
	}
	return &judging{
		flags: flags, role: role, run: runID(), log: &exchange.Log{}, conditions: conditions,
		suite: &steps.Suite{
			Ledger: ledger, Features: features.Files, Manifest: manifest, Tags: selection, Depth: depth, Source: source,
			Meta: reports.Meta{
				Tool:    reports.Tool{Version: thisBuild().Version, Revision: thisBuild().Revision},
				Started: time.Now(),
			},
		},
	}, nil
}

// runID is a few letters that no other run has: part of every id it creates.
func runID() string {
	var id [4]byte
	_, _ = rand.Read(id[:]) // documented never to fail
	return hex.EncodeToString(id[:])
}

// checkSelection refuses a run of nothing.
func (j *judging) checkSelection(products []rules.Product) error {
	if j.suite.Selected() > 0 {
		return nil
	}
	by := fmt.Sprintf("--tags %q", j.flags.tags)
	if len(j.flags.ids) > 0 {
		by = strings.TrimSuffix(strings.Join(j.flags.ids, ", ")+" and "+by, ` and --tags ""`)
	}
	if j.suite.Source != "" {
		by += " and --source " + j.flags.source
	}
	return usagef("no scenario is selected by %s for %v", by, products).
		withHint("the tags are rule ids such as @DEP-DATE-03, @deposits and @cashouts")
}

// makeDir makes the report's folder, before anything is sent.
func (j *judging) makeDir() (err error) {
	if j.dir, err = reports.Create(j.flags.out, j.suite.Meta.Started, j.role, j.run); err != nil {
		return usagef("%w", err)
	}
	return nil
}

// removeDir takes the folder back: nothing is in it, and nothing was judged.
func (j *judging) removeDir() { _ = os.Remove(j.dir.Path()) }

// carryOut runs the scenarios.
func (a *app) carryOut(ctx context.Context, j *judging) (reports.Results, error) {
	progress := a.newProgress(j.suite.Selected())
	j.suite.Progress = progress.ended
	defer progress.done()
	return j.suite.Run(ctx)
}

// A reportFile is a file of a run's folder, written without secrets.
type reportFile struct {
	name  string
	write func(io.Writer, *exchange.Redactor) error
}

// textFile is a file with this text.
func textFile(name, text string) reportFile {
	return reportFile{name, func(w io.Writer, redact *exchange.Redactor) error {
		_, err := io.WriteString(w, redact.String(text))
		return err
	}}
}

// scripts are the reproductions of what was violated.
func (j *judging) scripts() []reportFile {
	var files []reportFile
	scripts := j.suite.Scripts()
	for _, name := range slices.Sorted(maps.Keys(scripts)) {
		files = append(files, textFile(name, scripts[name]))
	}
	return files
}

// report shows the results, keeps them with what else there is to keep, and returns
// what they come to as an error.
func (a *app) report(j *judging, results reports.Results, secrets map[string]string, more ...reportFile) error {
	redact := exchange.NewRedactor(secrets)
	results, unneeded := results.Map(redact.String).Waive(j.conditions.waivers, j.suite.Meta.Started)
	files := append([]reportFile{
		{"results.json", func(w io.Writer, _ *exchange.Redactor) error { return reports.WriteJSON(w, results) }},
		{"junit.xml", func(w io.Writer, _ *exchange.Redactor) error { return reports.WriteJUnit(w, results) }},
		{"summary.md", func(w io.Writer, _ *exchange.Redactor) error { return reports.WriteMarkdown(w, results) }},
		{"exchanges.jsonl", func(w io.Writer, redact *exchange.Redactor) error { return exchange.Write(w, j.log.All(), redact) }},
	}, append(more, j.scripts()...)...)
	// What was found is shown even where it cannot be kept.
	written := j.keep(files, redact)
	path := j.dir.Path()
	if written != nil {
		path = ""
	}
	if err := a.print(results, path, j.flags.asJSON); err != nil {
		return err
	}
	if written != nil {
		return written
	}
	return a.conclude(results, j.conditions, unneeded, j.flags.strict)
}

// keep writes the files of the run and makes it the latest.
func (j *judging) keep(files []reportFile, redact *exchange.Redactor) error {
	for _, file := range files {
		if err := j.dir.WriteFile(file.name, func(w io.Writer) error { return file.write(w, redact) }); err != nil {
			return err
		}
	}
	return j.dir.Publish()
}

// print shows the results on stdout, and where they are kept, if they are.
func (a *app) print(results reports.Results, path string, asJSON bool) error {
	var err error
	if asJSON {
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
