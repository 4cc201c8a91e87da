package selftest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/reports"
)

// A Verdict is what came of one mutant.
type Verdict string

// The verdicts.
const (
	Exactly  Verdict = "killed exactly"
	Extras   Verdict = "killed with extras" // rules failed that it does not break
	Survived Verdict = "survived"           // a rule that it breaks did not fail
	Invalid  Verdict = "INVALID"            // the run proves nothing; see the package comment
	Reported Verdict = "reported only"      // it breaks no rule, none failed, and the report shows it
)

// A Result is one mutant's row of the matrix.
type Result struct {
	Role       rules.Role `json:"role"`
	Mutant     string     `json:"mutant"`
	Says       string     `json:"says"`
	Verdict    Verdict    `json:"verdict"`
	Reason     string     `json:"reason,omitempty"` // why it is not killed exactly
	Breaks     []string   `json:"breaks"`           // what had to fail
	Failed     []string   `json:"failed"`           // what failed
	NotTested  []string   `json:"not_tested"`       // rules that it left nothing to judge by
	Kills      []Kill     `json:"kills"`
	Calls      int        `json:"calls"`
	DurationMS int64      `json:"duration_ms"`
}

// A Kill is a scenario that noticed the mutant, and the sentence in which it did.
type Kill struct {
	Rules    []string `json:"rules"`
	Scenario string   `json:"scenario"`
	Feature  string   `json:"feature"`
	Line     int      `json:"line"`
	Step     string   `json:"step"`
	Expected string   `json:"expected"`
	Seen     string   `json:"seen"`
}

// judge holds a mutant's run against that of the conforming peer.
func judge(ro role, m Mutant, conforming, run outcome) Result {
	r := Result{
		Role: ro.name, Mutant: m.Name, Says: m.Says, Breaks: conforming.looksAt(m.Breaks),
		Failed: []string{}, NotTested: []string{}, Kills: []Kill{}, Calls: run.calls,
	}
	for _, at := range run.places() {
		s := run.scenarios[at]
		if !failed(s.verdict) {
			continue
		}
		r.Kills = append(r.Kills, Kill{s.rules, s.name, at.feature, at.line, s.step, s.expected, s.seen})
	}
	for id, verdict := range run.rules {
		switch {
		case failed(verdict):
			r.Failed = append(r.Failed, id)
		case verdict == reports.NotTested && conforming.rules[id] != reports.NotTested:
			r.NotTested = append(r.NotTested, id)
		}
	}
	slices.Sort(r.Failed)
	slices.Sort(r.NotTested)
	slices.Sort(r.Breaks)

	missed, extra := without(r.Breaks, r.Failed), without(without(r.Failed, r.Breaks), m.May)
	if problem := proofless(ro, conforming, run); problem != "" {
		r.Verdict, r.Reason = Invalid, problem
		return r
	}
	if len(m.Breaks) == 0 && len(extra) == 0 {
		r.Kills = told(conforming, run)
		r.Verdict = Reported
		if len(r.Kills) == 0 {
			r.Verdict, r.Reason = Survived, "the report does not tell it from "+ro.peer+" as it is"
		}
		return r
	}
	switch {
	case len(m.Breaks) == 0:
		r.Verdict, r.Reason = Extras, strings.Join(extra, " ")+" failed too"
	case len(r.Failed) == 0:
		r.Verdict, r.Reason = Survived, "no rule failed"
	case len(missed) == len(r.Breaks):
		r.Verdict, r.Reason = Invalid, "it failed for another rule: "+strings.Join(extra, " ")
	case len(missed) > 0:
		r.Verdict, r.Reason = Survived, strings.Join(missed, " ")+" did not fail"
	case len(extra) > 0:
		r.Verdict, r.Reason = Extras, strings.Join(extra, " ")+" failed too"
	default:
		r.Verdict = Exactly
	}
	return r
}

// told are the scenarios, and the ambiguities, of which something else is reported than of
// the conforming peer.
func told(conforming, run outcome) []Kill {
	list := []Kill{}
	for _, at := range run.places() {
		is, was := run.scenarios[at], conforming.scenarios[at]
		if is.verdict == reports.Observed && (is.seen != was.seen || is.reason != was.reason) {
			list = append(list, Kill{
				is.rules, is.name, at.feature, at.line, cmp.Or(is.step, was.step, is.reason), cmp.Or(was.seen, was.reason), cmp.Or(is.seen, is.reason),
			})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(run.readings)) {
		if is, was := run.readings[id], conforming.readings[id]; is != was {
			list = append(list, Kill{Rules: []string{}, Scenario: "the reading of " + id, Step: id, Expected: was, Seen: is})
		}
	}
	return list
}

// proofless is why a run proves nothing, in words; empty when it does prove something.
func proofless(ro role, conforming, run outcome) string {
	switch {
	case run.err != nil:
		return run.err.Error()
	case run.crashed != "":
		return run.crashed
	case len(run.scenarios) != len(conforming.scenarios):
		return fmt.Sprintf("%d scenarios were run, and %d against %s as it is", len(run.scenarios), len(conforming.scenarios), ro.peer)
	}
	for _, at := range run.places() {
		is, was := run.scenarios[at], conforming.scenarios[at]
		where := fmt.Sprintf("%s:%d %q", at.feature, at.line, is.name)
		switch {
		case is.verdict == reports.Inconclusive:
			return fmt.Sprintf("%s is inconclusive: %s", where, is.reason)
		case !ro.acts && run.found == conforming.found && is.verdict == reports.NotTested && was.verdict != reports.NotTested:
			return fmt.Sprintf("%s was not tested: %s", where, is.reason)
		case failed(is.verdict) && is.step == "":
			return where + " failed without a sentence"
		case failed(is.verdict) && is.uncertain:
			return where + " failed although a control of it was not accepted"
		case !ro.repeats && run.found == conforming.found && is.verdict == reports.Pass && was.verdict == reports.Pass && !sameCalls(is, was):
			return fmt.Sprintf("%s passed with %d calls, and with %d against %s as it is", where, is.calls, was.calls, ro.peer)
		}
	}
	return ""
}

// mostTries is how often a scenario sends its trio at most.
const mostTries = 3

// sameCalls says whether a scenario that passed made the calls that it made against the
// conforming peer, or more, but for trios that one of them repeated. One that made fewer
// may have passed because it did not look.
func sameCalls(is, was scenario) bool {
	if is.trios == was.trios {
		return is.calls >= was.calls
	}
	fewer, more := is, was
	if fewer.trios > more.trios {
		fewer, more = more, fewer
	}
	return fewer.calls < more.calls && more.calls <= mostTries*fewer.calls
}

func failed(v reports.Verdict) bool { return v == reports.Fail || v == reports.Warn }

// without are the elements of a that b lacks.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(each string) bool { return slices.Contains(b, each) })
}
