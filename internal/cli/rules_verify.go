package cli

import (
	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/rules"
)

func (a *app) rulesVerifyCommand() *cobra.Command {
	var (
		set    string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "verify [flags]",
		Short: "Find out whether rules, scenarios, vectors and mutants are complete",
		Example: indent(`
d24conform rules verify
d24conform rules verify --json | jq -r '.problems[].subject'`),
		Long: `This program looks at itself, and at no server. Every rule of the documents has to be
in the set; every judged or observed rule needs a scenario, and every judged one a
mutant that breaks it and a conforming peer that keeps it; every tag, mutant and vector
has to name something, with the right obligation; and the number of scenarios has to be
the one that is frozen with the set.

One line for each problem. Exit code 1 when there are any: a build that asks has to
fail. What could not be checked is said, and is no problem.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			s, err := openRules(set)
			if err != nil {
				return err
			}
			return a.verifyRules(s, asJSON)
		},
	}
	addRulesFlag(cmd, &set)
	addJSONFlag(cmd, &asJSON, "rule_set, complete, counts, problems, not_checked")
	return cmd
}

// verification is what rules verify --json prints.
type verification struct {
	RuleSet  string `json:"rule_set"`
	Complete bool   `json:"complete"`
	Counts   struct {
		Rules       int `json:"rules"`
		Ambiguities int `json:"ambiguities"`
		Scenarios   int `json:"scenarios"`
		Vectors     int `json:"vectors"`
		Mutants     int `json:"mutants,omitempty"` // absent: this version lists none
	} `json:"counts"`
	Problems   []rules.Problem `json:"problems"`
	NotChecked []string        `json:"not_checked"`
}

// verifyRules prints what is missing, and fails when anything is.
func (a *app) verifyRules(s *ruleSet, asJSON bool) error {
	found, err := s.verify()
	if err != nil {
		return err
	}
	v := verification{
		RuleSet: s.Version, Complete: len(found.Problems) == 0,
		Problems: append([]rules.Problem{}, found.Problems...), NotChecked: append([]string{}, found.NotChecked...),
	}
	v.Counts.Rules, v.Counts.Ambiguities = len(s.Rules()), len(s.Ambiguities())
	v.Counts.Scenarios, v.Counts.Vectors, v.Counts.Mutants = len(s.evidence.Scenarios), len(s.evidence.Vectors), len(s.evidence.Mutants)
	if asJSON {
		err = a.printJSON(v)
	} else {
		sheet := a.newSheet()
		sheet.verification(v)
		err = a.printSheet(sheet)
	}
	if err != nil {
		return err
	}
	if !v.Complete {
		return &failure{code: ExitViolation, message: "rule set " + s.Version + " is not complete: " + plural(len(v.Problems), "problem")}
	}
	return nil
}

func (s *sheet) verification(v verification) {
	for _, p := range v.Problems {
		s.printf("%s: %s\n", s.style(p.Subject, styleBold, styleRed), p.Text)
	}
	for _, text := range v.NotChecked {
		s.printf("%s: %s\n", s.style("not checked", styleYellow), text)
	}
	if v.Complete {
		s.printf("%s: %s, %s, %s, %s", s.style("rule set "+v.RuleSet+" is complete", styleBold, styleGreen),
			plural(v.Counts.Rules, "rule"), counted(v.Counts.Ambiguities, "ambiguity", "ambiguities"),
			plural(v.Counts.Scenarios, "scenario"), plural(v.Counts.Vectors, "vector"))
		if v.Counts.Mutants > 0 {
			s.printf(", %s", plural(v.Counts.Mutants, "mutant"))
		}
		s.printf("\n")
	}
}
