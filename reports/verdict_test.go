package reports

import (
	"strings"
	"testing"

	"github.com/d24conform/d24conform/internal/rules"
)

// verdicts reads a line such as "pass, fail".
func verdicts(line string) []Verdict {
	if line == "" {
		return nil
	}
	var out []Verdict
	for v := range strings.SplitSeq(line, ", ") {
		out = append(out, Verdict(v))
	}
	return out
}

// some makes scenarios of the verdicts in a line such as "pass, fail".
func some(line string) []ScenarioResult {
	var out []ScenarioResult
	for _, v := range verdicts(line) {
		s := ScenarioResult{Verdict: v}
		if s.Verdict != Pass {
			s.Reason = "because " + string(v)
		}
		out = append(out, s)
	}
	return out
}

func TestRuleVerdictFollowsFromItsScenarios(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, scenarios string
		want            Verdict
		reason          string
	}{
		{"no scenario at all is not tested", "", NotTested, "none ran"},
		{"one that held", "pass", Pass, ""},
		{"all that held", "pass, pass", Pass, ""},
		{"one violation among many that held", "pass, fail, pass", Fail, "1 of 3 scenarios violated: because fail"},
		{"a violation is not hidden by a control that failed", "inconclusive, fail, not_tested", Fail, "1 of 3 scenarios violated: because fail"},
		{"equal reasons are told once", "fail, fail", Fail, "2 of 2 scenarios violated: because fail"},
		{"a should that is not kept", "pass, warn", Warn, "1 of 2 scenarios violated: because warn"},
		{"a control that failed", "pass, inconclusive, not_tested", Inconclusive, "1 of 3 scenarios inconclusive: because inconclusive"},
		{"what did not run is never green", "pass, not_tested, pass", NotTested, "2 of 3 scenarios held; not tested: because not_tested"},
		{"nothing ran", "not_tested", NotTested, "not tested: because not_tested"},
		{"a waived violation", "pass, waived", Waived, "because waived"},
		{"only observed", "observed, observed", Observed, "because observed"},
		{"observed beside one that held", "observed, pass", Pass, ""},
		{"observed beside one that did not run", "observed, not_tested", NotTested, "not tested: because not_tested"},
		{"observed does not count as a scenario", "observed, pass, not_tested", NotTested, "1 of 2 scenarios held; not tested: because not_tested"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, reason := RuleVerdict(some(tt.scenarios), "none ran")
			if v != tt.want || reason != tt.reason {
				t.Errorf("got %s %q, want %s %q", v, reason, tt.want, tt.reason)
			}
		})
	}
}

func TestScenarioVerdictUnderARule(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		in   Verdict
		j    rules.Judgement
		o    rules.Obligation
		want Verdict
	}{
		{"a must", Fail, rules.Judged, rules.Must, Fail},
		{"a should", Fail, rules.Judged, rules.Should, Warn},
		{"a may", Fail, rules.Judged, rules.May, Warn},
		{"a should that holds", Pass, rules.Judged, rules.Should, Pass},
		{"a rule that is observed cannot fail", Fail, rules.Observed, rules.Must, Observed},
		{"a rule that is observed cannot pass", Pass, rules.Observed, rules.Must, Observed},
		{"a rule that is observed and was not looked at", NotTested, rules.Observed, rules.Must, NotTested},
		{"an observation under a must", Observed, rules.Judged, rules.Must, Observed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := ScenarioVerdict(tt.in, tt.j, tt.o); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRunVerdictAndExitCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, rules  string
		interrupted  bool
		want         Overall
		exit, strict int
	}{
		{"all hold", "pass, pass", false, RunPass, 0, 0},
		{"observed does not count", "pass, observed", false, RunPass, 0, 0},
		{"one violated", "pass, fail, inconclusive, not_tested", false, RunFail, 1, 1},
		{"one inconclusive", "pass, inconclusive, not_tested", false, RunInconclusive, 4, 4},
		{"one not tested", "pass, not_tested", false, RunPartial, 0, 0},
		{"a should that is not kept", "pass, warn", false, RunPass, 0, 1},
		{"a should that is not kept beside an inconclusive rule", "warn, inconclusive", false, RunInconclusive, 4, 1},
		{"a waiver", "pass, waived", false, RunPass, 0, 0},
		{"nothing passed", "observed, waived", false, RunPartial, 0, 0},
		{"no rules", "", false, RunPartial, 0, 0},
		{"an interrupted run is never a PASS", "pass", true, RunPartial, 0, 0},
		{"an interrupted run hides no violation", "fail", true, RunFail, 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var rs []RuleResult
			for _, v := range verdicts(tt.rules) {
				rs = append(rs, RuleResult{Verdict: v})
			}
			r := Results{Counts: Count(rs)}
			if got := RunVerdict(r.Counts, tt.interrupted); got != tt.want {
				t.Errorf("verdict %s, want %s", got, tt.want)
			}
			if got := r.ExitCode(false); got != tt.exit {
				t.Errorf("exit code %d, want %d", got, tt.exit)
			}
			if got := r.ExitCode(true); got != tt.strict {
				t.Errorf("exit code with strict %d, want %d", got, tt.strict)
			}
		})
	}
}
