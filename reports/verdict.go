package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/rules"
)

// severity is the order in which one scenario decides for its rule: the first
// of these that any judged scenario has is the verdict of the rule.
func severity() []Verdict {
	return []Verdict{Fail, Warn, Inconclusive, NotTested, Waived, Pass}
}

// ScenarioVerdict returns what the verdict of a scenario means under one of
// its rules: what is not kept of a should is a warning, and a rule that is
// only observed neither passes nor fails.
func ScenarioVerdict(v Verdict, j rules.Judgement, o rules.Obligation) Verdict {
	switch {
	case j == rules.Observed && slices.Contains([]Verdict{Pass, Fail, Warn, Waived}, v):
		return Observed
	case v == Fail && o != rules.Must:
		return Warn
	default:
		return v
	}
}

// RuleVerdict returns the verdict on a rule from the verdicts of its
// scenarios, as ScenarioVerdict gives them, and the reason for it. A violation
// is never hidden by what else happened, and a rule passes only when each of
// its scenarios ran and held. An observed scenario beside judged ones does not
// count. none is the reason when there is no scenario at all.
func RuleVerdict(scenarios []ScenarioResult, none string) (Verdict, string) {
	if len(scenarios) == 0 {
		return NotTested, none
	}
	verdict := Observed
	for _, v := range severity() {
		if slices.ContainsFunc(scenarios, func(s ScenarioResult) bool { return s.Verdict == v }) {
			verdict = v
			break
		}
	}
	return verdict, reason(verdict, scenarios)
}

// reason says in one line how the scenarios led to the verdict.
func reason(verdict Verdict, scenarios []ScenarioResult) string {
	var judged, same, held int
	var why []string
	for _, s := range scenarios {
		if s.Verdict != Observed {
			judged++
		}
		if s.Verdict == Pass {
			held++
		}
		if s.Verdict != verdict {
			continue
		}
		same++
		because := s.Reason
		if because == "" && s.Seen != "" {
			because = fmt.Sprintf("expected %s; seen %s", s.Expected, s.Seen)
		}
		if because != "" && !slices.Contains(why, because) {
			why = append(why, because)
		}
	}
	because := ""
	if len(why) > 0 {
		because = ": " + strings.Join(why, "; ")
	}
	switch verdict {
	case Fail, Warn:
		// One reason is enough here, and the first is as good as any: the
		// scenarios stand below with theirs.
		if len(why) > 1 {
			because = ": " + why[0]
		}
		return fmt.Sprintf("%d of %s violated%s", same, plural(judged, "scenario"), because)
	case Inconclusive:
		return fmt.Sprintf("%d of %s inconclusive%s", same, plural(judged, "scenario"), because)
	case NotTested:
		if held == 0 {
			return "not tested" + because
		}
		return fmt.Sprintf("%d of %s held; not tested%s", held, plural(judged, "scenario"), because)
	case Waived, Observed:
		return strings.TrimPrefix(because, ": ")
	default:
		return ""
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Count counts the verdicts of rules.
func Count(rs []RuleResult) Counts {
	var c Counts
	for _, r := range rs {
		switch r.Verdict {
		case Pass:
			c.Pass++
		case Fail:
			c.Fail++
		case Warn:
			c.Warn++
		case Inconclusive:
			c.Inconclusive++
		case NotTested:
			c.NotTested++
		case Waived:
			c.Waived++
		case Observed: // counts neither way
		}
	}
	return c
}

// RunVerdict returns the verdict of a run. A run in which nothing passed, or
// that was interrupted, is never a PASS.
func RunVerdict(c Counts, interrupted bool) Overall {
	switch {
	case c.Fail > 0:
		return RunFail
	case c.Inconclusive > 0:
		return RunInconclusive
	case c.NotTested > 0, c.Pass == 0, interrupted:
		return RunPartial
	default:
		return RunPass
	}
}
