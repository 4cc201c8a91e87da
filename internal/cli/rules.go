package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/cli/suggest"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/selftest"
	"github.com/d24conform/d24conform/steps"
	"github.com/d24conform/d24conform/vectors"
)

func (a *app) rulesCommand() *cobra.Command {
	group := a.group("rules", "Show the documented rules, and what judges each",
		a.rulesListCommand(), a.rulesShowCommand(), a.rulesCodesCommand(), a.rulesMatrixCommand(), a.rulesVerifyCommand())
	group.Example = indent(`
d24conform rules list --role server
d24conform rules show DEP-DATE-03 AMB-05
d24conform rules matrix --format markdown
d24conform rules verify`)
	return group
}

// addRulesFlag lets a command take another rule set than the newest.
func addRulesFlag(cmd *cobra.Command, set *string) {
	cmd.Flags().StringVar(set, "rules", rules.Latest, "`SET` of rules")
	_ = cmd.RegisterFlagCompletionFunc("rules", words(rules.Versions()))
}

// words completes one of a few values.
func words(values []string) cobra.CompletionFunc {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}

// loadRules loads the set that --rules names.
func loadRules(set string) (*rules.Ledger, error) {
	if !slices.Contains(rules.Versions(), set) {
		return nil, usagef("--rules: there is no rule set %q", set).withHint("there are %s", strings.Join(rules.Versions(), ", "))
	}
	return rules.Load(set)
}

// parseOne reads the value of a flag that is one of a few words; empty is none.
func parseOne[T ~string](flag, value string, possible []T) (T, error) {
	if value == "" || slices.Contains(possible, T(value)) {
		return T(value), nil
	}
	names := make([]string, len(possible))
	for i, p := range possible {
		names[i] = string(p)
	}
	f := usagef("%s cannot be %q", flag, value)
	if nearest, ok := suggest.Nearest(value, names); ok {
		return "", f.withHint("did you mean %s?", nearest)
	}
	return "", f.withHint("there are %s", strings.Join(names, ", "))
}

// evidence gathers what this program has to show for its rules. Mutants and
// conforming peers are lists of their own; where there is none it is nil, and
// rules verify says that they were not checked.
func evidence(mutants []rules.Mutant, peers []rules.Peer) (rules.Evidence, error) {
	e := rules.Evidence{Mutants: mutants, Peers: peers}
	manifest, err := steps.ReadManifest(features.Files)
	if err != nil {
		return e, err
	}
	texts := make(map[string][]string)
	for _, s := range manifest.Scenarios {
		lines, ok := texts[s.Feature]
		if !ok {
			raw, err := fs.ReadFile(features.Files, strings.TrimPrefix(s.Feature, "features/"))
			if err != nil {
				return e, fmt.Errorf("read features: %w", err)
			}
			lines = strings.Split(string(raw), "\n")
			texts[s.Feature] = lines
		}
		e.Scenarios = append(e.Scenarios, rules.Scenario{
			Name: s.Name, File: s.Feature, Line: s.Line, Tags: s.Tags, Ambiguities: namedIn(scenarioText(lines, s.Line)),
			Text: strings.Join(slices.Concat([]string{s.Name}, s.Steps, s.Cells), "\n"),
		})
	}
	set, err := vectors.Load()
	if err != nil {
		return e, err
	}
	e.Vectors = vectorsOf(set)
	return e, nil
}

// scenarioText is the text of the scenario that stands in a line (counted from 1). The
// line of an outline's example is that of its row, and the other rows are not its text.
func scenarioText(lines []string, line int) string {
	begins := func(i int, words ...string) bool {
		text := strings.TrimSpace(lines[i])
		return slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(text, word) })
	}
	row := min(max(line-1, 0), len(lines)-1)
	start := row
	for start > 0 && !begins(start, "Scenario") {
		start--
	}
	text := []string{lines[start]}
	for i := start + 1; i < len(lines) && !begins(i, "Scenario", "Rule:", "@", "Examples:"); i++ {
		text = append(text, lines[i])
	}
	return strings.Join(append(text, lines[row]), "\n")
}

var ambiguityID = regexp.MustCompile(`\bAMB-\d+\b`)

// namedIn lists the ambiguities that a text names, each once.
func namedIn(text string) []string {
	var ids []string
	for _, id := range ambiguityID.FindAllString(text, -1) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// vectorsOf names every vector by topic and kind, as the ledger does.
func vectorsOf(set *vectors.Set) []rules.Vector {
	var out []rules.Vector
	add := func(c vectors.Case) {
		topic, _, _ := strings.Cut(c.ID, "/")
		out = append(out, rules.Vector{ID: c.ID, Kind: topic + "/" + c.Kind})
	}
	for _, c := range set.Signatures {
		add(c.Case)
	}
	for _, c := range set.Dates {
		add(c.Case)
	}
	for _, c := range set.Formats {
		add(c.Case)
	}
	for _, c := range set.Windows {
		add(c.Case)
	}
	return out
}

// ruleSet is a loaded set with what there is to show for it.
type ruleSet struct {
	*rules.Ledger

	evidence rules.Evidence
}

// openRules is how the commands begin that look at scenarios. It is the one place
// that hands in the lists of mutants and of conforming peers.
func openRules(set string) (*ruleSet, error) {
	ledger, err := loadRules(set)
	if err != nil {
		return nil, err
	}
	e, err := evidence(mutants(), slices.Concat(conformingServers(ledger), conformingClients(ledger), conformingReceivers(ledger)))
	if err != nil {
		return nil, err
	}
	return &ruleSet{ledger, e}, nil
}

// mutants are the defects of every role, as selftest proves them. Those that break no rule
// prove nothing here.
func mutants() []rules.Mutant {
	var list []rules.Mutant
	for _, m := range selftest.Mutants() {
		if len(m.Breaks) > 0 {
			list = append(list, rules.Mutant{Name: m.Name, Role: m.Role, Rules: m.Breaks})
		}
	}
	return list
}

// conformingServers are the servers that have to PASS: the mock, and one that was written
// from the documents alone. Tests in steps hold both to every rule.
func conformingServers(ledger *rules.Ledger) []rules.Peer {
	all := judgedFor(ledger, rules.RoleServer, rules.Products())
	return []rules.Peer{
		{Name: "the bundled mock", Role: rules.RoleServer, Rules: all},
		{Name: "steps/testdata/second-server", Role: rules.RoleServer, Rules: all},
	}
}

// conformingClients are the clients that have to PASS; a test in steps holds ours to it.
func conformingClients(ledger *rules.Ledger) []rules.Peer {
	return []rules.Peer{{Name: "internal/peers/client", Role: rules.RoleClient, Rules: judgedFor(ledger, rules.RoleClient, rules.Products())}}
}

// conformingReceivers are the receivers that have to PASS; a test in selftest holds ours
// to it.
func conformingReceivers(ledger *rules.Ledger) []rules.Peer {
	return []rules.Peer{{Name: "internal/peers/receiver", Role: rules.RoleReceiver, Rules: judgedFor(ledger, rules.RoleReceiver, rules.Products())}}
}

// judgedFor are the ids of all rules of these products that a role is judged by.
func judgedFor(ledger *rules.Ledger, role rules.Role, products []rules.Product) []string {
	var all []string
	for _, rule := range ledger.For(role, products) {
		if rule.Judgement(role) == rules.Judged {
			all = append(all, rule.ID)
		}
	}
	return all
}

// verify is [rules.Ledger.Verify] with the other sets of this program.
func (s *ruleSet) verify() (rules.Verification, error) {
	var others []*rules.Ledger
	var failed []error
	for _, version := range rules.Versions() {
		if version == s.Version {
			continue
		}
		other, err := rules.Load(version)
		others, failed = append(others, other), append(failed, err)
	}
	if err := errors.Join(failed...); err != nil {
		return rules.Verification{}, err
	}
	return s.Verify(s.evidence, others...), nil
}
