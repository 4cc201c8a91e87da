package cli

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/rules"
)

// matrixRow is a rule with all that judges it.
type matrixRow struct {
	listedRule
	coverJSON

	Holes []rules.Hole `json:"holes"`
}

// matrixFormat is how rules matrix prints.
type matrixFormat string

const (
	matrixTerminal matrixFormat = "terminal"
	matrixJSON     matrixFormat = "json"
	matrixMarkdown matrixFormat = "markdown"
)

func matrixFormats() []matrixFormat {
	return []matrixFormat{matrixTerminal, matrixJSON, matrixMarkdown}
}

func (a *app) rulesMatrixCommand() *cobra.Command {
	var (
		set, format string
		asJSON      bool
		cover       bool
	)
	cmd := &cobra.Command{
		Use:   "matrix [flags]",
		Short: "Show which scenarios, vectors and mutants stand behind each rule",
		Example: indent(`
d24conform rules matrix
d24conform rules matrix --format markdown > matrix.md
d24conform rules matrix --cover                  # rule by request by kind of fault
d24conform rules matrix --json | jq -r '.rules[] | select(.holes != []) | .id'`),
		Long: `Each rule with the number of its scenarios by role, of its vectors, and of the mutants
that break it. What a rule needs and does not have is a hole: for each role that it is
judged for a scenario, and a mutant where this version lists mutants. A hole is shown
as such also for a role that has no scenarios at all yet.

With --cover: each rule with the requests and the kinds of faults that it ranges over, as
the rule set says. A scenario covers each cell, or the set exempts it with a reason. It
runs the server suite against the bundled mock once, to count its requests. Exit code 1
when nothing covers a cell.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			chosen, err := parseOne("--format", format, matrixFormats())
			if err != nil {
				return err
			}
			if asJSON {
				if cmd.Flags().Changed("format") && chosen != matrixJSON {
					return usagef("--json and --format %s exclude each other", chosen)
				}
				chosen = matrixJSON
			}
			s, err := openRules(set)
			if err != nil {
				return err
			}
			if cover {
				if chosen == matrixMarkdown {
					return usagef("--cover prints no markdown: leave --format out, or say --json")
				}
				return a.printCover(cmd.Context(), s, chosen == matrixJSON)
			}
			return a.printMatrix(s, chosen)
		},
	}
	cmd.Flags().BoolVar(&cover, "cover", false, "show what each rule ranges over, and which scenarios cover it")
	cmd.Flags().StringVar(&format, "format", string(matrixTerminal), "`FORMAT`: terminal, json or markdown")
	_ = cmd.RegisterFlagCompletionFunc("format", words([]string{"terminal", "json", "markdown"}))
	addRulesFlag(cmd, &set)
	addJSONFlag(cmd, &asJSON, "rule_set, rules with scenarios, vectors, mutants and holes")
	return cmd
}

func (a *app) printMatrix(s *ruleSet, format matrixFormat) error {
	rows := s.matrix()
	switch format {
	case matrixJSON:
		return a.printJSON(struct {
			RuleSet string      `json:"rule_set"`
			Rules   []matrixRow `json:"rules"`
		}{s.Version, rows})
	case matrixMarkdown:
		return a.printf("%s", matrixAsMarkdown(s, rows))
	case matrixTerminal:
	}
	sheet := a.newSheet()
	sheet.matrix(s, rows)
	return a.printSheet(sheet)
}

func (s *ruleSet) matrix() []matrixRow {
	var rows []matrixRow
	for _, r := range s.Rules() {
		rows = append(rows, matrixRow{
			listedRule: listedRule{r.ID, r.Family(), r.Says, r.Source, r.Obligation, r.Products, rolesOf(r, "")},
			coverJSON:  s.cover(r),
			Holes:      append([]rules.Hole{}, s.evidence.Holes(r)...),
		})
	}
	return rows
}

// The signs of the matrix that are not numbers.
const (
	signUnbound   = "·"    // the rule does not bind the role
	signNotJudged = "–"    // it does, and cannot be judged
	signHole      = "none" // it has to have one and has none
	signNotListed = "?"    // this version cannot tell
)

// matrixColumns are the titles beside the rule's.
func matrixColumns() []string {
	var columns []string
	for _, role := range rules.Roles() {
		columns = append(columns, string(role))
	}
	return append(columns, "vectors", "mutants")
}

// cells are a row of the matrix, in the order of matrixColumns.
func (r matrixRow) cells() []string {
	var cells []string
	for _, role := range rules.Roles() {
		at := slices.IndexFunc(r.Roles, func(bound roleJSON) bool { return bound.Role == role })
		n := 0
		for _, s := range r.Scenarios {
			if slices.Contains(s.Roles, role) {
				n++
			}
		}
		switch {
		case at < 0:
			cells = append(cells, signUnbound)
		case r.Roles[at].Judgement == rules.NotJudged:
			cells = append(cells, signNotJudged)
		case slices.Contains(r.Holes, rules.Hole{Role: role, Lacks: rules.LacksScenario}):
			cells = append(cells, signHole)
		case r.Roles[at].Judgement == rules.Observed:
			cells = append(cells, fmt.Sprintf("%d o", n))
		default:
			cells = append(cells, fmt.Sprint(n))
		}
	}
	n := 0
	for _, v := range r.Vectors {
		n += len(v.Cases)
	}
	vectors := fmt.Sprint(n)
	if len(r.Vectors) == 0 {
		vectors = signUnbound
	}
	mutants := fmt.Sprint(len(r.Mutants))
	judged := slices.ContainsFunc(r.Roles, func(bound roleJSON) bool { return bound.Judgement == rules.Judged })
	switch {
	case r.Mutants == nil && judged:
		mutants = signNotListed
	case slices.ContainsFunc(r.Holes, func(h rules.Hole) bool { return h.Lacks == rules.LacksMutant }):
		mutants = signHole
	case len(r.Mutants) == 0:
		mutants = signUnbound
	}
	return append(cells, vectors, mutants)
}

// matrixLegend says what the signs mean, and how many holes there are.
func matrixLegend(s *ruleSet, rows []matrixRow) []string {
	legend := []string{
		fmt.Sprintf("%s does not bind the role   %s cannot be judged   o observed   %s a hole", signUnbound, signNotJudged, signHole),
	}
	holes := make(map[string]int)
	for _, r := range rows {
		for _, h := range r.Holes {
			holes[fmt.Sprintf("a %s for a %s", h.Lacks, h.Role)]++
		}
	}
	for _, role := range rules.Roles() {
		for _, lacks := range []string{rules.LacksScenario, rules.LacksMutant, rules.LacksPeer} {
			what := fmt.Sprintf("a %s for a %s", lacks, role)
			if n := holes[what]; n > 0 {
				legend = append(legend, fmt.Sprintf("%s without %s", plural(n, "rule"), what))
			}
		}
	}
	if s.evidence.Mutants == nil {
		legend = append(legend, signNotListed+" mutants: this version lists none, so none is missed")
	}
	return legend
}

func (s *sheet) matrix(set *ruleSet, rows []matrixRow) {
	widest := 0
	for _, r := range rows {
		widest = max(widest, utf8.RuneCountInString(r.ID))
	}
	// Numbers are right under their titles; the cell is padded before it is coloured.
	write := func(id string, cells []string, head bool) {
		if head {
			id = s.style(fmt.Sprintf("%-*s", widest, id), styleBold)
		} else {
			id = fmt.Sprintf("%-*s", widest, id)
		}
		s.printf("%s", id)
		for i, cell := range cells {
			text := fmt.Sprintf("%*s", utf8.RuneCountInString(matrixColumns()[i])+3, cell)
			switch {
			case head:
				text = s.style(text, styleBold)
			case cell == signHole:
				text = s.style(text, styleYellow)
			case cell == signUnbound || cell == signNotJudged:
				text = s.style(text, styleDim)
			}
			s.printf("%s", text)
		}
		s.printf("\n")
	}
	write("RULE", matrixColumns(), true)
	for _, r := range rows {
		write(r.ID, r.cells(), false)
	}
	s.printf("\n")
	for _, line := range matrixLegend(set, rows) {
		s.wrapped(0, 0, line)
	}
}

// matrixAsMarkdown is the matrix as one table, with the files of the scenarios and the
// names of the mutants, for a page that is kept.
func matrixAsMarkdown(s *ruleSet, rows []matrixRow) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Rule set %s: what stands behind each rule\n\n", s.Version)
	b.WriteString("| rule | says | " + strings.Join(matrixColumns(), " | ") + " | scenarios in |\n")
	b.WriteString(strings.Repeat("|---", 3+len(matrixColumns())) + "|\n")
	cell := strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`)
	for _, r := range rows {
		cells := r.cells()
		if len(r.Mutants) > 0 {
			cells[len(cells)-1] = cell.Replace(strings.Join(r.Mutants, ", "))
		}
		for i := range cells {
			if cells[i] == signHole {
				cells[i] = "**" + signHole + "**"
			}
		}
		var files []string
		for _, one := range r.Scenarios {
			if name := path.Base(path.Dir(one.Feature)) + "/" + path.Base(one.Feature); !slices.Contains(files, name) {
				files = append(files, name)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.ID, cell.Replace(r.Says), strings.Join(cells, " | "), cell.Replace(strings.Join(files, ", ")))
	}
	b.WriteString("\n")
	for _, line := range matrixLegend(s, rows) {
		b.WriteString("- " + line + "\n")
	}
	return b.String()
}
