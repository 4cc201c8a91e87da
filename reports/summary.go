package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// tally says in words what the counts say: 63 rules hold, 0 violated.
func tally(r Results) string {
	parts := []string{
		plural(r.Counts.Pass, "rule") + " hold",
		fmt.Sprintf("%d violated", r.Counts.Fail),
	}
	if r.Counts.Pass == 1 {
		parts[0] += "s"
	}
	observed := 0
	for _, rule := range r.Rules {
		if rule.Verdict == Observed {
			observed++
		}
	}
	for _, p := range []struct {
		n    int
		what string
	}{
		{r.Counts.Warn, "not kept but no must"},
		{r.Counts.Inconclusive, "inconclusive"},
		{r.Counts.NotTested, "not tested"},
		{r.Counts.Waived, "waived"},
		{observed, "observed"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

// words is a verdict as people write it.
func words(v Verdict) string { return strings.ReplaceAll(string(v), "_", " ") }

// place is where a scenario stands: features/server/date.feature:12.
func place(s ScenarioResult) string { return fmt.Sprintf("%s:%d", s.Feature, s.Line) }

// clock says how the target's clock goes.
func clock(t Target) string {
	offset := time.Duration(*t.ClockOffsetMS) * time.Millisecond
	margin := ""
	if t.ClockErrorMS != nil {
		margin = fmt.Sprintf(" (within %v)", time.Duration(*t.ClockErrorMS)*time.Millisecond)
	}
	switch {
	case t.ClockErrorMS != nil && offset.Abs().Milliseconds() <= *t.ClockErrorMS:
		// Within the error of the estimate it may as well be none.
		return "the target's clock agrees with this machine's" + margin
	case offset < 0:
		return fmt.Sprintf("the target's clock is %v behind%s", -offset, margin)
	case offset > 0:
		return fmt.Sprintf("the target's clock is %v ahead%s", offset, margin)
	default:
		return "the target's clock agrees with this machine's" + margin
	}
}

// maxCalls is how many answers of one scenario are shown: a trio, and the first few of
// many requests at once.
const maxCalls = 6

// line is an answer on one line: 17 control: 201 with deposit_id 300000001.
func (c Call) line() string { return fmt.Sprintf("%d %s: %s", c.Exchange, c.Part, c.Answer) }

// maxSeen is how much is shown of what a target sent: enough for any error
// body of the documents, and a page of HTML does not fill the screen.
const maxSeen = 600

// shorten cuts a text for people. The whole of it is in results.json.
func shorten(s string) string {
	n := 0
	for i := range s {
		if n == maxSeen {
			return fmt.Sprintf("%s… (%d bytes more, see results.json)", s[:i], len(s)-i)
		}
		n++
	}
	return s
}

// reasonRow is a reason with the rules that it holds for.
type reasonRow struct {
	reason string
	ids    []string
}

// byReason groups the rules of one verdict by reason: a missing capability is
// one line, however many rules it keeps from being tested.
func byReason(rs []RuleResult, v Verdict) []reasonRow {
	var out []reasonRow
	at := make(map[string]int)
	for _, rule := range rs {
		if rule.Verdict != v {
			continue
		}
		why := strings.TrimPrefix(rule.Reason, "not tested: ")
		i, ok := at[why]
		if !ok {
			i = len(out)
			at[why] = i
			out = append(out, reasonRow{reason: why})
		}
		out[i].ids = append(out[i].ids, rule.ID)
	}
	return out
}

// observed are what scenarios saw that judge nothing, and the rules that are only observed.
func observed(rs []RuleResult) []reasonRow {
	out := byReason(rs, Observed)
	at := map[string]int{}
	for _, rule := range rs {
		for _, s := range rule.Scenarios {
			why := s.Reason
			if why == "" && s.Seen != "" {
				why = s.Name + ": " + s.Seen
			}
			if rule.Verdict == Observed || s.Verdict != Observed || why == "" {
				continue
			}
			i, known := at[why]
			if !known {
				i = len(out)
				at[why] = i
				out = append(out, reasonRow{reason: why})
			}
			if !slices.Contains(out[i].ids, rule.ID) {
				out[i].ids = append(out[i].ids, rule.ID)
			}
		}
	}
	return out
}

// scope says which part of the rules and of their cover a run looked at; nothing where it
// was all of it, or where the run does not say.
func scope(r Results) string {
	var parts []string
	if r.Depth == "quick" {
		parts = append(parts, "depth quick: one probe for each fault")
	}
	if r.Source == SourceSeeds {
		parts = append(parts, "judged by the five security pages alone")
	}
	return strings.Join(parts, "; ")
}
