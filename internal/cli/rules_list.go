package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/rules"
)

// roleJSON is what a rule means for one role.
type roleJSON struct {
	Role       rules.Role       `json:"role"`
	Judgement  rules.Judgement  `json:"judgement"`
	Obligation rules.Obligation `json:"obligation"`
	Reason     string           `json:"reason,omitempty"` // why it is observed or not judged
	Fix        string           `json:"fix,omitempty"`
}

// rolesOf lists what a rule means for each role, or for the one that is asked for.
func rolesOf(r rules.Rule, only rules.Role) []roleJSON {
	var out []roleJSON
	for _, role := range r.Roles() {
		if only != "" && role != only {
			continue
		}
		b, _ := r.Binding(role)
		out = append(out, roleJSON{role, b.Judgement, b.Obligation, b.Reason, b.Fix})
	}
	return out
}

// listedRule is a rule as rules list --json prints it.
type listedRule struct {
	ID         string           `json:"id"`
	Family     string           `json:"family"`
	Says       string           `json:"says"`
	Source     rules.Source     `json:"source"`
	Obligation rules.Obligation `json:"obligation"`
	Products   []rules.Product  `json:"products"`
	Roles      []roleJSON       `json:"roles"`
}

func (a *app) rulesListCommand() *cobra.Command {
	var (
		set, role, product, source string
		asJSON                     bool
	)
	cmd := &cobra.Command{
		Use:   "list [flags]",
		Short: "List the rules, and how each is judged",
		Example: indent(`
d24conform rules list
d24conform rules list --role server --product cashouts
d24conform rules list --source other                # rules that no seed page demands
d24conform rules list --json | jq -r '.rules[] | select(.obligation == "must") | .id'`),
		Long: `Each rule with its obligation, its products, and what a run does with it for each
role that it binds: judged, observed (reported and never blamed), or not judged, with
the reason. A rule that no run can judge stands here all the same.

The source of a rule is seed where one of the five technical and security pages demands
it, and other page where only an endpoint page does. run --source seeds judges by the
seeds alone.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			ledger, err := loadRules(set)
			if err != nil {
				return err
			}
			onlyRole, err := parseOne("--role", role, rules.Roles())
			if err != nil {
				return err
			}
			onlyProduct, err := parseOne("--product", product, rules.Products())
			if err != nil {
				return err
			}
			onlySource, err := parseRuleSource(source)
			if err != nil {
				return err
			}
			listed := listRules(ledger, onlyRole, onlyProduct, onlySource)
			if asJSON {
				return a.printJSON(struct {
					RuleSet string       `json:"rule_set"`
					Frozen  string       `json:"frozen"`
					Rules   []listedRule `json:"rules"`
				}{ledger.Version, ledger.Frozen, listed})
			}
			sheet := a.newSheet()
			sheet.list(ledger, listed)
			return a.printSheet(sheet)
		},
	}
	f := cmd.Flags()
	f.StringVar(&role, "role", "", "only the rules that bind this `ROLE`: server, client or receiver")
	f.StringVar(&product, "product", "", "only the rules of this `PRODUCT`: deposits or cashouts")
	f.StringVar(&source, "source", "", "only the rules of these `PAGES`: seeds (the five security pages) or other")
	_ = cmd.RegisterFlagCompletionFunc("source", words([]string{"seeds", "other"}))
	_ = cmd.RegisterFlagCompletionFunc("role", words([]string{"server", "client", "receiver"}))
	_ = cmd.RegisterFlagCompletionFunc("product", words([]string{"deposits", "cashouts"}))
	addRulesFlag(cmd, &set)
	addJSONFlag(cmd, &asJSON, "rule_set, frozen, rules")
	return cmd
}

// parseRuleSource reads the --source of rules list; the empty source is every source.
func parseRuleSource(name string) (rules.Source, error) {
	switch name {
	case "":
		return "", nil
	case "seeds":
		return rules.Seed, nil
	case "other":
		return rules.OtherPage, nil
	}
	return "", usagef("--source %q is not seeds or other", name)
}

func listRules(ledger *rules.Ledger, role rules.Role, product rules.Product, source rules.Source) []listedRule {
	listed := []listedRule{}
	for _, r := range ledger.Rules() {
		roles := rolesOf(r, role)
		if len(roles) == 0 || product != "" && !slices.Contains(r.Products, product) || source != "" && r.Source != source {
			continue
		}
		listed = append(listed, listedRule{r.ID, r.Family(), r.Says, r.Source, r.Obligation, r.Products, roles})
	}
	return listed
}

// list shows the rules by family.
func (s *sheet) list(ledger *rules.Ledger, listed []listedRule) {
	titles := make(map[string]string)
	for _, g := range ledger.Groups() {
		titles[g.Name] = g.Title
	}
	widest, judgements, beyond := 0, make(map[string]int), 0
	for _, r := range listed {
		widest = max(widest, utf8.RuneCountInString(r.ID))
		judged := false
		for _, role := range r.Roles {
			judgements[fmt.Sprintf("%s for a %s", role.Judgement, role.Role)]++
			judged = judged || role.Judgement != rules.NotJudged
		}
		if !judged {
			beyond++
		}
	}
	family := ""
	for _, r := range listed {
		if r.Family != family {
			family = r.Family
			s.printf("%s  %s\n", s.style(family, styleBold), s.style(titles[family], styleDim))
		}
		s.listed(r, widest)
	}
	s.printf("\n%s of rule set %s, frozen on %s\n", plural(len(listed), "rule"), ledger.Version, ledger.Frozen)
	for _, role := range rules.Roles() {
		for _, j := range []rules.Judgement{rules.Judged, rules.Observed, rules.NotJudged} {
			what := fmt.Sprintf("%s for a %s", j, role)
			if n := judgements[what]; n > 0 {
				s.printf("  %3d %s\n", n, what)
			}
		}
	}
	if beyond > 0 {
		s.printf("  %3d that no run can judge, each with its reason\n", beyond)
	}
}

// listed shows one rule: its facts in one line, its sentence, and why it is not
// judged or only observed.
func (s *sheet) listed(r listedRule, widest int) {
	indent := sheetMargin + widest + 2
	products := make([]string, len(r.Products))
	for i, p := range r.Products {
		products[i] = string(p)
	}
	var roles []string
	for _, role := range r.Roles {
		what := fmt.Sprintf("%s %s", role.Role, role.Judgement)
		if role.Obligation != r.Obligation {
			what += fmt.Sprintf(" (%s)", role.Obligation)
		}
		roles = append(roles, what)
	}
	if r.Source != rules.Seed {
		roles = append(roles, "from an endpoint page")
	}
	s.printf("%*s%s  %-6s  %-17s  %s\n", sheetMargin, "", s.style(fmt.Sprintf("%-*s", widest, r.ID), styleBold),
		r.Obligation, strings.Join(products, ","), strings.Join(roles, ", "))
	s.printf("%*s", indent, "")
	s.wrapped(indent, indent, r.Says)
	var last string
	for _, role := range r.Roles {
		if role.Judgement == rules.Judged || role.Reason == last {
			continue
		}
		last = role.Reason
		s.printf("%*s", indent, "")
		s.wrapped(indent, indent, fmt.Sprintf("%s: %s", role.Judgement, role.Reason), styleDim)
	}
}
