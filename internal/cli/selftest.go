package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/cli/suggest"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/selftest"
	"github.com/d24conform/d24conform/steps"
)

// selftestFlags are the flags of the selftest command.
type selftestFlags struct {
	role    string
	mutants []string
	tags    string
	asJSON  bool
}

func (a *app) selftestCommand() *cobra.Command {
	var flags selftestFlags
	cmd := &cobra.Command{
		Use:   "selftest [flags]",
		Short: "Prove that the suite notices what it ought to, with peers of one defect each",
		Example: indent(`
d24conform selftest
d24conform selftest --role client
d24conform selftest --mutants window-7s,new-key-on-retry
d24conform selftest --tags @DEP-IDEM-05          # which mutants would these scenarios notice?
d24conform selftest --json | jq '.mutants[] | select(.verdict != "killed exactly")'`),
		Long: `For each role the suite runs against a peer that keeps every rule, and then against
the same with one defect each. Servers are the bundled mock: a window of 7 seconds, keys
without their case, a race for the balance. Clients are a reference client against the
mock: a new key for each retry, local time, certificates unchecked; what they wait for
passes at once. A mutant is killed exactly when those rules fail that it breaks, and no
other. A run in which something else went wrong proves nothing and is INVALID: the
mutant did not start or crashed, a control was refused, other rules failed, or a scenario
passed with another number of calls than it makes.

A client's defect may leave a rule without an occasion, and the rule is listed as not
tested. One that breaks no rule has to show in what is reported: reported only.

With --tags a mutant is run when a selected scenario judges a rule that it breaks.

Exit codes: 0 all are killed exactly, 1 one survived or was killed with extras, 5 one is
INVALID or the mock as it is does not pass: then the harness proves nothing.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.selftest(cmd.Context(), flags) },
	}
	f := cmd.Flags()
	f.StringVar(&flags.role, "role", "", "only mutants of this `ROLE`: "+strings.Join(selftestRoles(), ", ")+" (default: all)")
	f.StringSliceVar(&flags.mutants, "mutants", nil, "`LIST` of mutants to run (default: all)")
	f.StringVar(&flags.tags, "tags", "", "`EXPR` that selects scenarios, such as '@DEP-DATE-03 and not @alone'")
	_ = cmd.RegisterFlagCompletionFunc("role", words(selftestRoles()))
	_ = cmd.RegisterFlagCompletionFunc("mutants", words(mutantNames()))
	addJSONFlag(cmd, &flags.asJSON, "mutants with role, verdict, rules and the sentences that noticed; counts")
	return cmd
}

func (a *app) selftest(ctx context.Context, flags selftestFlags) error {
	selection, err := steps.ParseTags(flags.tags)
	if err != nil {
		return usagef("--tags: %w", err).withHint("write it as in Cucumber: @a and not (@b or @c)")
	}
	only, err := parseOne("--role", flags.role, selftest.Roles())
	if err != nil {
		return err
	}
	roles := selftest.Roles()
	if only != "" {
		roles = []rules.Role{only}
	}
	mutants := selftest.Mutants(roles...)
	if len(flags.mutants) > 0 {
		if mutants, err = selftest.Choose(flags.mutants, roles...); err != nil {
			return unknownMutant("--mutants", err, roles...)
		}
	}
	defer a.collectLater()()
	progress := a.newMutantProgress(len(mutants))
	report, err := selftest.Run(ctx, selftest.Options{Mutants: mutants, Tags: selection, Progress: progress.ended})
	progress.done()
	switch {
	case errors.Is(err, steps.ErrNothingSelected):
		return usagef("no scenario is selected by --tags %q", flags.tags).
			withHint("the tags are rule ids such as @DEP-DATE-03, @deposits and @cashouts")
	case err != nil:
		return err
	case len(report.Mutants) == 0:
		return usagef("none of these mutants breaks a rule that the scenarios of --tags %q judge", flags.tags)
	case flags.asJSON:
		err = a.printJSON(report)
	default:
		err = report.Write(a.stdout)
	}
	switch {
	case err != nil:
		return err
	case report.Counts.Invalid > 0:
		return &failure{code: ExitInternal, message: fmt.Sprintf("%d INVALID: these runs prove nothing", report.Counts.Invalid)}
	case report.Counts.Survived+report.Counts.Extras > 0:
		return &failure{code: ExitViolation}
	}
	return nil
}

// unknownMutant is a mistake in the name of a mutant of these roles, with what was
// probably meant.
func unknownMutant(flag string, err error, roles ...rules.Role) error {
	unknown, ok := errors.AsType[*selftest.UnknownMutantError](err)
	if !ok {
		return err
	}
	f := usagef("%s: %w", flag, err)
	if nearest, ok := suggest.Nearest(unknown.Name, mutantNames(roles...)); ok {
		return f.withHint("did you mean %s?", nearest)
	}
	if slices.Equal(roles, []rules.Role{rules.RoleServer}) {
		return f.withHint("%s mock --list-mutants", program)
	}
	return f.withHint("%s rules matrix --format markdown names them", program)
}

// mutantNames are the names of the mutants of these roles, or of every role.
func mutantNames(roles ...rules.Role) []string {
	var names []string
	for _, m := range selftest.Mutants(roles...) {
		if !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	return names
}

func selftestRoles() []string {
	var names []string
	for _, role := range selftest.Roles() {
		names = append(names, string(role))
	}
	return names
}

// collectLater lets garbage lie longer, unless the environment says otherwise: dozens of
// short runs leave little behind, and collecting it as usual took a quarter of the time.
// It returns what undoes it.
func (a *app) collectLater() (undo func()) {
	const percent = 400
	return a.collectAt(percent)
}

// collectAt has garbage collected when there is so much of it, in percent of what is in
// use, unless the environment says otherwise. It returns what undoes it.
func (a *app) collectAt(percent int) (undo func()) {
	if _, set := a.env("GOGC"); set {
		return func() {}
	}
	old := debug.SetGCPercent(percent)
	return func() { debug.SetGCPercent(old) }
}

// mutantProgress counts mutants on a terminal, in one line that is written over.
type mutantProgress struct {
	mu       sync.Mutex
	out      io.Writer // nil: nobody watches
	ran, all int
}

func (a *app) newMutantProgress(all int) *mutantProgress {
	p := &mutantProgress{all: all}
	if a.isTerminal(a.stderr) {
		p.out = a.stderr
	}
	return p
}

func (p *mutantProgress) ended(selftest.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ran++
	if p.out != nil {
		fmt.Fprintf(p.out, "\r%d of %d mutants", p.ran, p.all)
	}
}

// done clears the line.
func (p *mutantProgress) done() {
	if p.out != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// listMutants prints the mutants as a person reads them.
func (a *app) listMutants() error {
	width := 0
	for _, name := range mutantNames(rules.RoleServer) {
		width = max(width, len(name))
	}
	var b strings.Builder
	for _, m := range mock.Mutants() {
		fmt.Fprintf(&b, "%-*s  a server that %s\n%*s  breaks %s\n", width, m.Name, m.Says, width, "", cmp.Or(strings.Join(m.Breaks, " "), "no rule, and shows in reports"))
	}
	return a.printf("%s", b.String())
}
