package reports

import (
	"fmt"
	"slices"
	"time"
)

// A Waiver excuses a violated rule in writing, for a time. The rule is still judged.
type Waiver struct {
	Rule    string
	Reason  string
	Owner   string
	Issue   string    // where it is being mended
	Expires time.Time // the last day on which it waives
}

// String is the waiver in one line.
func (w Waiver) String() string {
	return fmt.Sprintf("waived until %s by %s: %s (%s)", w.Expires.Format(time.DateOnly), w.Owner, w.Reason, w.Issue)
}

// expired says whether the waiver's last day, in UTC, is over.
func (w Waiver) expired(now time.Time) bool {
	return !now.Before(w.Expires.AddDate(0, 0, 1))
}

// Waive turns the violated rules that are waived into waived ones, and counts again. It
// also returns the rules whose waiver is no longer needed, since they hold: such a
// waiver would excuse the next violation unseen. An expired waiver waives nothing, and
// the rule's reason says so.
func (r Results) Waive(waivers []Waiver, now time.Time) (waived Results, unneeded []string) {
	r.Rules = slices.Clone(r.Rules)
	for _, w := range waivers {
		i := slices.IndexFunc(r.Rules, func(rule RuleResult) bool { return rule.ID == w.Rule })
		if i < 0 {
			continue // of another product
		}
		rule := &r.Rules[i]
		switch {
		case rule.Verdict == Pass:
			unneeded = append(unneeded, w.Rule)
		case rule.Verdict != Fail && rule.Verdict != Warn:
		case w.expired(now):
			rule.Reason = fmt.Sprintf("%s; its waiver expired on %s", rule.Reason, w.Expires.Format(time.DateOnly))
		default:
			rule.Verdict = Waived
			rule.Reason = w.String() + "; " + rule.Reason
			rule.Scenarios = slices.Clone(rule.Scenarios)
			for k, s := range rule.Scenarios {
				if s.Verdict == Fail || s.Verdict == Warn {
					rule.Scenarios[k].Verdict = Waived
				}
			}
		}
	}
	r.Counts = Count(r.Rules)
	r.Verdict = RunVerdict(r.Counts, r.Interrupted)
	return r, unneeded
}

// Missing lists which of the rules that had to be judged were not, or are unclear.
func (r Results) Missing(required []string) []string {
	var missing []string
	for _, id := range required {
		rule, ok := r.Rule(id)
		if !ok || rule.Verdict == NotTested || rule.Verdict == Inconclusive {
			missing = append(missing, id)
		}
	}
	return missing
}
