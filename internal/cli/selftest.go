package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
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
	all     bool
	list    bool
	seed    uint64
	asJSON  bool
}

func (a *app) selftestCommand() *cobra.Command {
	var flags selftestFlags
	cmd := &cobra.Command{
		Use:   "selftest [flags]",
		Short: "Prove that the suite finds every defect, with peers that have one each",
		Example: indent(`
d24conform selftest                              # a sample; it prints the seed that repeats it
d24conform selftest --all                        # every mutant, some minutes
d24conform selftest --role server --list         # what they do, which rules they break, what is no mutant
d24conform selftest --mutants 'window-7s,deposit/signature/*'
d24conform selftest --tags @DEP-IDEM-05          # which mutants would these scenarios notice?
d24conform selftest --json | jq '.mutants[] | select(.verdict != "killed exactly")'`),
		Long: `For each role the suite runs against a peer that keeps every rule, and then against
the same with one defect each. Servers are the bundled mock: a window of 7 seconds, keys
without their case, a race for the balance. Clients are a reference client against the
mock: a new key for each retry, local time, certificates unchecked; what they wait for
passes at once. A mutant is killed exactly when those rules fail that it breaks, and no
other. A run in which something else went wrong proves nothing and is INVALID: the
mutant did not start or crashed, a control was refused, other rules failed, or a scenario
passed with fewer calls than it makes.

Some mutants were written by hand. Many more are derived: of servers each check of each
operation left out, made too late, or left out for a known key, in one environment or with a
trailing slash; each value compared carelessly; each memory too short; each store shared.
Without --all, --mutants or --tags a sample of both kinds is run. --list names changes that
are no mutants as well, with the reason.

A client's defect may leave a rule without an occasion, and the rule is listed as not
tested. One that breaks no rule has to show in what is reported: reported only.

With --tags every mutant written by hand, with --all every mutant, is run when a selected scenario judges a rule that it breaks.

Exit codes: 0 all are killed exactly, 1 one survived or was killed with extras, 5 one is
INVALID or the mock as it is does not pass: then the harness proves nothing.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.selftest(cmd.Context(), flags) },
	}
	f := cmd.Flags()
	f.StringVar(&flags.role, "role", "", "only mutants of this `ROLE`: "+strings.Join(selftestRoles(), ", ")+" (default: all)")
	f.StringSliceVar(&flags.mutants, "mutants", nil, "`LIST` of mutants to run, * for any characters (default: a sample)")
	f.BoolVar(&flags.all, "all", false, "run every mutant")
	f.BoolVar(&flags.list, "list", false, "print the mutants and what is no mutant, and run nothing")
	f.Uint64Var(&flags.seed, "seed", 0, "`NUMBER` that the sample follows from (default: drawn, and printed)")
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
	mutants, sample, err := flags.choose(roles)
	if err != nil {
		return err
	}
	if flags.list {
		return a.listSelftest(flags, mutants, roles)
	}
	defer a.collectLater()()
	progress := a.newMutantProgress(len(mutants))
	report, err := selftest.Run(ctx, selftest.Options{Mutants: mutants, Tags: selection, Progress: progress.ended})
	progress.done()
	report.Sample = sample
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

// choose says which mutants are run, and how the sample was drawn when they are one.
func (flags selftestFlags) choose(roles []rules.Role) ([]selftest.Mutant, *selftest.SampleOf, error) {
	switch {
	case flags.all && len(flags.mutants) > 0:
		return nil, nil, usagef("--all and --mutants exclude each other")
	case flags.seed != 0 && (flags.all || len(flags.mutants) > 0 || flags.tags != "" || flags.list):
		return nil, nil, usagef("--seed draws a sample, and --all, --mutants, --tags and --list have none")
	case len(flags.mutants) > 0:
		mutants, err := selftest.Choose(flags.mutants, roles...)
		if err != nil {
			return nil, nil, unknownMutant("--mutants", err, roles...)
		}
		return mutants, nil, nil
	case flags.all || flags.list:
		return selftest.All(roles...), nil, nil
	case flags.tags != "":
		return selftest.Mutants(roles...), nil, nil
	}
	seed := flags.seed
	for seed == 0 {
		seed = rand.Uint64N(math.MaxUint16) // short enough to be typed
	}
	return selftest.Sample(seed, roles...), &selftest.SampleOf{Seed: seed, Of: len(selftest.All(roles...))}, nil
}

// listed is what --list prints: mutants, and changes that are none.
type listed struct {
	Mutants     []selftest.Mutant     `json:"mutants"`
	Equivalents []selftest.Equivalent `json:"equivalents"`
}

// listSelftest prints the mutants and what they break, and what is no mutant and why.
func (a *app) listSelftest(flags selftestFlags, mutants []selftest.Mutant, roles []rules.Role) error {
	list := listed{mutants, selftest.Equivalents(roles...)}
	if flags.asJSON {
		return a.printJSON(list)
	}
	var b strings.Builder
	for _, m := range list.Mutants {
		fmt.Fprintf(&b, "%s\n  a %s that %s\n  breaks %s\n", m.Name, m.Role, m.Says, cmp.Or(strings.Join(m.Breaks, " "), "no rule, and shows in reports"))
	}
	fmt.Fprintf(&b, "\n%d mutants. No mutants, since no rule demands otherwise or nobody can notice:\n", len(list.Mutants))
	for _, e := range list.Equivalents {
		fmt.Fprintf(&b, "%s\n  %s: %s\n", e.Name, e.Role, e.Reason)
	}
	return a.printf("%s", b.String())
}

// unknownMutant is a mistake in the name of a mutant of these roles, with what was
// probably meant.
func unknownMutant(flag string, err error, roles ...rules.Role) error {
	unknown, ok := errors.AsType[*selftest.UnknownMutantError](err)
	if !ok {
		return err
	}
	f := usagef("%s: %w", flag, err)
	if nearest, ok := suggest.Nearest(unknown.Name, namesOf(selftest.All(roles...))); ok {
		return f.withHint("did you mean %s?", nearest)
	}
	if slices.Equal(roles, []rules.Role{rules.RoleServer}) {
		return f.withHint("%s selftest --role server --list names them", program)
	}
	return f.withHint("%s selftest --list names them", program)
}

// mutantNames are the names of the mutants of these roles, or of every role, that were
// written by hand: hundreds more would be no help where a name is typed.
func mutantNames(roles ...rules.Role) []string { return namesOf(selftest.Mutants(roles...)) }

func namesOf(mutants []selftest.Mutant) []string {
	var names []string
	for _, m := range mutants {
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
	fmt.Fprintf(&b, "and %d derived ones: %s selftest --role server --list\n", len(mock.Derived()), program)
	return a.printf("%s", b.String())
}
