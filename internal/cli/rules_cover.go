package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// coverReport is what rules matrix --cover --json prints.
type coverReport struct {
	RuleSet string       `json:"rule_set"`
	Counts  coverCounts  `json:"counts"`
	Cells   []rules.Cell `json:"cells"`
}

// coverCounts sums a cover up.
type coverCounts struct {
	Cells     int `json:"cells"`
	Covered   int `json:"covered"`
	Exempt    int `json:"exempt"`
	Empty     int `json:"empty"`
	Scenarios int `json:"scenarios"` // of the whole set, for every role
	Requests  int `json:"requests"`  // of a run at full depth against the bundled mock
}

// printCover prints each rule with the requests and the kinds of faults that it ranges over,
// and fails when nothing covers a cell.
func (a *app) printCover(ctx context.Context, s *ruleSet, asJSON bool) error {
	requests, err := a.requestsOfFullRun(ctx)
	if err != nil {
		return err
	}
	report := coverReport{RuleSet: s.Version, Cells: s.Cells(s.evidence)}
	report.Counts = coverCounts{Cells: len(report.Cells), Scenarios: len(s.evidence.Scenarios), Requests: requests}
	for _, c := range report.Cells {
		switch {
		case c.Exempt != "":
			report.Counts.Exempt++
		case c.Empty():
			report.Counts.Empty++
		default:
			report.Counts.Covered++
		}
	}
	if asJSON {
		err = a.printJSON(report)
	} else {
		sheet := a.newSheet()
		sheet.cover(report)
		err = a.printSheet(sheet)
	}
	if err == nil && report.Counts.Empty > 0 {
		return &failure{code: ExitViolation, message: "no scenario covers " + plural(report.Counts.Empty, "cell")}
	}
	return err
}

// requestsOfFullRun counts the requests of a run at full depth against the bundled mock.
func (a *app) requestsOfFullRun(ctx context.Context) (int, error) {
	j, err := prepare(judgeFlags{rules: rules.Latest}, rules.RoleServer)
	if err != nil {
		return 0, err
	}
	log := &exchange.Log{}
	server, stop, err := target.Embed(mock.Options{}, log)
	if err != nil {
		return 0, err
	}
	defer stop()
	if err := server.Reach(ctx); err != nil {
		return 0, err
	}
	j.suite.Server, j.suite.Level, j.suite.Orders = server, target.Sandbox, &merchant.Orders{Run: j.run}
	j.suite.Meta.Target = reports.Target{Name: server.Title(), BaseURL: server.BaseURL}
	if _, err := j.suite.Run(ctx); err != nil {
		return 0, err
	}
	return len(log.All()), nil
}

// cover is the cover of each rule as a table: a row for each request, a column for each
// kind of faults.
func (s *sheet) cover(report coverReport) {
	for _, rows := range byRule(report.Cells) {
		first := rows[0]
		s.printf("%s %s\n", s.style(first.Rule, styleBold), s.style(string(first.Role), styleDim))
		var kinds []string
		for _, c := range rows {
			if !slices.Contains(kinds, c.Over) {
				kinds = append(kinds, c.Over)
			}
		}
		for _, kind := range kinds {
			var covered, exempt, empty []string
			for _, c := range rows {
				switch {
				case c.Over != kind:
				case c.Exempt != "":
					exempt = append(exempt, fmt.Sprintf("%s (%s)", c.Request, c.Exempt))
				case c.Empty():
					empty = append(empty, c.Request)
				default:
					covered = append(covered, c.Request)
				}
			}
			title := kind
			if n := faultsOf(rows, kind); n > 1 {
				title = fmt.Sprintf("%s (%d faults)", kind, n)
			}
			s.printf("  %s: ", title)
			s.wrapped(4, len(title)+4, strings.Join(covered, ", "))
			if len(exempt) > 0 {
				s.printf("    exempt: %s\n", strings.Join(exempt, ", "))
			}
			if len(empty) > 0 {
				s.printf("    %s %s\n", s.style("nothing covers", styleRed, styleBold), strings.Join(empty, ", "))
			}
		}
	}
	n := report.Counts
	s.printf("\n%s: %d covered, %d exempt, %d empty; %s; %s at full depth against the bundled mock\n",
		plural(n.Cells, "cell"), n.Covered, n.Exempt, n.Empty, plural(n.Scenarios, "scenario"), plural(n.Requests, "request"))
}

// faultsOf is how many faults a kind has.
func faultsOf(cells []rules.Cell, kind string) int {
	for _, c := range cells {
		if c.Over == kind {
			return c.Faults
		}
	}
	return 0
}

// byRule groups cells by rule and role, in their order.
func byRule(cells []rules.Cell) [][]rules.Cell {
	var groups [][]rules.Cell
	for _, c := range cells {
		at := slices.IndexFunc(groups, func(g []rules.Cell) bool { return g[0].Rule == c.Rule && g[0].Role == c.Role })
		if at < 0 {
			groups = append(groups, nil)
			at = len(groups) - 1
		}
		groups[at] = append(groups[at], c)
	}
	return groups
}
