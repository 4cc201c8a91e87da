package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/cli/suggest"
	"github.com/d24conform/d24conform/internal/rules"
)

// The forms in which rules show and rules matrix print things as JSON.
type (
	scenarioJSON struct {
		Name     string       `json:"name"`
		Feature  string       `json:"feature"`
		Line     int          `json:"line"`
		Roles    []rules.Role `json:"roles"`
		Observed bool         `json:"observed,omitempty"`
	}
	vectorsJSON struct {
		Kind  string   `json:"kind"`
		Cases []string `json:"cases"`
	}
	coverJSON struct {
		Scenarios []scenarioJSON `json:"scenarios"`
		Vectors   []vectorsJSON  `json:"vectors"`
		Mutants   []string       `json:"mutants"` // null: this version lists none
	}
	pageJSON struct {
		Title string `json:"title"`
		Brand string `json:"brand"`
		URL   string `json:"url"`
	}
	shownRule struct {
		listedRule

		Note        string          `json:"note,omitempty"`
		Pages       []pageJSON      `json:"pages"`
		Ambiguities []ambiguityLink `json:"ambiguities"`
		coverJSON
	}
	ambiguityLink struct {
		ID       string `json:"id"`
		Question string `json:"question"`
	}
	ruleLink struct {
		ID   string `json:"id"`
		Says string `json:"says"`
	}
	shownAmbiguity struct {
		ID        string         `json:"id"`
		Question  string         `json:"question"`
		Evidence  []string       `json:"evidence"`
		Default   rules.Option   `json:"default"`
		Others    []rules.Option `json:"others"`
		Switch    string         `json:"switch"` // the id whose reading decides it
		Concludes string         `json:"concludes"`
		Rules     []ruleLink     `json:"rules"`
		Scenarios []scenarioJSON `json:"scenarios"` // those that name it
	}
)

func (a *app) rulesShowCommand() *cobra.Command {
	var (
		set    string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "show ID… [flags]",
		Short: "Show all about a rule, or about an ambiguity",
		Example: indent(`
d24conform rules show DEP-DATE-03        # a rule: what it says, where, how it is judged, how to keep it
d24conform rules show AMB-05             # what the documents leave open, and how the mock reads it
d24conform rules show DEP-DATE-03 AMB-14 --json`),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s needs the id of a rule or of an ambiguity, such as DEP-DATE-03", subject(cmd)).
					withHint("d24conform rules list")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := openRules(set)
			if err != nil {
				return err
			}
			return a.showRules(s, args, asJSON)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			ledger, err := rules.Load(set)
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			return ledger.IDs(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	addRulesFlag(cmd, &set)
	addJSONFlag(cmd, &asJSON, "rule_set, rules, ambiguities")
	return cmd
}

func (a *app) showRules(s *ruleSet, ids []string, asJSON bool) error {
	document := struct {
		RuleSet     string           `json:"rule_set"`
		Rules       []shownRule      `json:"rules"`
		Ambiguities []shownAmbiguity `json:"ambiguities"`
	}{s.Version, []shownRule{}, []shownAmbiguity{}}
	sheet := a.newSheet()
	for i, arg := range ids {
		if i > 0 {
			sheet.printf("\n")
		}
		id := rules.Normal(arg)
		if rule, ok := s.Rule(id); ok {
			shown := s.rule(rule)
			document.Rules = append(document.Rules, shown)
			sheet.rule(s, shown)
			continue
		}
		ambiguity, ok := s.Ambiguity(id)
		if !ok {
			return unknownID(s.Ledger, arg)
		}
		shown := s.ambiguity(ambiguity)
		document.Ambiguities = append(document.Ambiguities, shown)
		sheet.ambiguity(shown)
	}
	if asJSON {
		return a.printJSON(document)
	}
	return a.printSheet(sheet)
}

// unknownID is the mistake of asking for what is not there. Within a family what is
// nearest to a number that is too high is the last.
func unknownID(ledger *rules.Ledger, arg string) error {
	f := usagef("there is no rule and no ambiguity %q in rule set %s", arg, ledger.Version)
	id := rules.Normal(arg)
	family := slices.DeleteFunc(ledger.IDs(), func(known string) bool {
		return rules.Family(known) != id && rules.Family(known) != rules.Family(id)
	})
	if len(family) > 0 {
		last := family[len(family)-1]
		return f.withHint("did you mean %s? there are %s to %s", last, family[0], last)
	}
	if nearest, ok := suggest.Nearest(id, ledger.IDs()); ok {
		return f.withHint("did you mean %s?", nearest)
	}
	return f.withHint("d24conform rules list")
}

func (s *ruleSet) rule(r rules.Rule) shownRule {
	shown := shownRule{
		listedRule:  listedRule{r.ID, r.Family(), r.Says, r.Source, r.Obligation, r.Products, rolesOf(r, "")},
		Note:        r.Note,
		Pages:       []pageJSON{},
		Ambiguities: []ambiguityLink{},
		coverJSON:   s.cover(r),
	}
	for _, p := range r.Pages {
		shown.Pages = append(shown.Pages, pageJSON{p.Title, p.Brand, p.URL})
	}
	for _, id := range r.Ambiguities {
		a, _ := s.Ambiguity(id) // the loader refuses a rule that names none
		shown.Ambiguities = append(shown.Ambiguities, ambiguityLink{id, a.Question})
	}
	return shown
}

// cover is what judges a rule and what bears on it.
func (s *ruleSet) cover(r rules.Rule) coverJSON {
	cover := s.evidence.Of(r)
	out := coverJSON{Scenarios: scenariosJSON(cover.Scenarios), Vectors: []vectorsJSON{}}
	for _, kind := range r.Vectors {
		v := vectorsJSON{Kind: kind, Cases: []string{}}
		for _, c := range cover.Vectors {
			if c.Kind == kind {
				v.Cases = append(v.Cases, c.ID)
			}
		}
		out.Vectors = append(out.Vectors, v)
	}
	if s.evidence.Mutants != nil {
		out.Mutants = []string{}
	}
	for _, m := range cover.Mutants {
		out.Mutants = append(out.Mutants, m.Name)
	}
	return out
}

func scenariosJSON(scenarios []rules.Scenario) []scenarioJSON {
	out := []scenarioJSON{}
	for _, s := range scenarios {
		out = append(out, scenarioJSON{s.Name, s.File, s.Line, append([]rules.Role{}, s.Roles()...), s.Observed()})
	}
	return out
}

func (s *ruleSet) ambiguity(a rules.Ambiguity) shownAmbiguity {
	shown := shownAmbiguity{
		ID: a.ID, Question: a.Question, Evidence: a.Evidence, Default: a.Default,
		Others: append([]rules.Option{}, a.Others...), Switch: a.Switch, Concludes: a.Concludes,
		Rules: []ruleLink{}, Scenarios: scenariosJSON(s.evidence.Naming(a.ID)),
	}
	for _, r := range s.Touching(a.ID) {
		shown.Rules = append(shown.Rules, ruleLink{r.ID, r.Says})
	}
	return shown
}

func (s *sheet) rule(set *ruleSet, r shownRule) {
	products := make([]string, len(r.Products))
	for i, p := range r.Products {
		products[i] = string(p)
	}
	s.printf("%s  %s  %s\n", s.style(r.ID, styleBold), r.Obligation, strings.Join(products, ", "))
	s.wrapped(0, 0, r.Says)
	s.printf("\n")
	s.field("source", string(r.Source))
	title := ""
	for _, p := range r.Pages {
		if p.Title != title {
			title = p.Title
			s.field(first(r.Pages[0] == p, "pages"), p.Title)
		}
		s.line(sheetIndent, s.style(fmt.Sprintf("%-16s  %s", p.Brand, p.URL), styleDim))
	}
	for _, role := range r.Roles {
		what := string(role.Judgement)
		if role.Obligation != r.Obligation {
			what += fmt.Sprintf(", as a %s", role.Obligation)
		}
		if role.Reason != "" {
			what += ": " + role.Reason
		}
		s.field(string(role.Role), what)
		if role.Fix != "" {
			s.field("  to keep it", role.Fix)
		}
	}
	s.field("note", r.Note)
	for i, a := range r.Ambiguities {
		s.field(first(i == 0, "left open"), a.ID+": "+a.Question)
	}
	s.scenarios("scenarios", r.Scenarios, "none")
	if len(r.Vectors) == 0 {
		s.field("vectors", "none")
	}
	for i, v := range r.Vectors {
		topic, kind, _ := strings.Cut(v.Kind, "/")
		s.field(first(i == 0, "vectors"), fmt.Sprintf("%d of kind %s in vectors/%s.json", len(v.Cases), kind, topic))
	}
	switch {
	case set.evidence.Mutants == nil:
		s.field("mutants", "this version lists none")
	case len(r.Mutants) == 0:
		s.field("mutants", "none")
	default:
		s.field("mutants", strings.Join(r.Mutants, ", "))
	}
}

// first is the label of the first line of several.
func first(is bool, label string) string {
	if is {
		return label
	}
	return ""
}

// scenarios lists scenarios one a line, where they stand first.
func (s *sheet) scenarios(label string, all []scenarioJSON, none string) {
	if len(all) == 0 {
		s.field(label, none)
		return
	}
	var counts []string
	for _, role := range rules.Roles() {
		n := 0
		for _, one := range all {
			if slices.Contains(one.Roles, role) {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, fmt.Sprintf("%d for a %s", n, role))
		}
	}
	s.field(label, strings.Join(counts, ", "))
	widest := 0
	for _, one := range all {
		widest = max(widest, utf8.RuneCountInString(placeOf(one)))
	}
	for _, one := range all {
		name := one.Name
		if one.Observed {
			name += " (observed)"
		}
		s.line(2*sheetMargin, fmt.Sprintf("%s  %s", s.style(fmt.Sprintf("%-*s", widest, placeOf(one)), styleDim), name))
	}
}

func placeOf(s scenarioJSON) string { return fmt.Sprintf("%s:%d", s.Feature, s.Line) }

func (s *sheet) ambiguity(a shownAmbiguity) {
	s.printf("%s\n", s.style(a.ID, styleBold))
	s.wrapped(0, 0, a.Question)
	s.printf("\n")
	for i, e := range a.Evidence {
		s.field(first(i == 0, "evidence"), "- "+e)
	}
	s.field("default", a.Default.Name+": "+a.Default.Means)
	for i, o := range a.Others {
		s.field(first(i == 0, "or"), o.Name+": "+o.Means)
	}
	if len(a.Others) == 0 {
		s.field("mock", "takes the default only")
	}
	for i, o := range a.Others {
		s.label(first(i == 0, "mock"))
		s.line(0, fmt.Sprintf("d24conform mock --reading %s=%s", a.Switch, o.Name))
	}
	s.field("a scenario", a.Concludes)
	if len(a.Rules) == 0 {
		s.field("rules", "none; it bears on how requests are made")
	}
	for i, r := range a.Rules {
		s.field(first(i == 0, "rules"), r.ID+": "+r.Says)
	}
	none := "none names it; those of its rules judge what every reading has in common"
	if len(a.Rules) == 0 {
		none = "none"
	}
	s.scenarios("scenarios", a.Scenarios, none)
}
