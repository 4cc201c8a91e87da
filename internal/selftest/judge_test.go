package selftest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// made is a run of three scenarios, the first of which judges two rules.
func made(changes ...func(*outcome)) outcome {
	o := outcome{
		scenarios: map[place]scenario{
			{"a.feature", 1, "a"}: {name: "a", rules: []string{"R-01", "R-02"}, verdict: reports.Pass, calls: 3, trios: 1},
			{"a.feature", 2, "b"}: {name: "b", rules: []string{"R-02"}, verdict: reports.Pass, calls: 6, trios: 1},
			{"b.feature", 1, "c"}: {name: "c", rules: []string{"R-03"}, verdict: reports.Pass, calls: 4},
		},
		calls: 13,
	}
	for _, change := range changes {
		change(&o)
	}
	o.rules = map[string]reports.Verdict{}
	for _, s := range o.scenarios {
		for _, id := range s.rules {
			if o.rules[id] == "" || s.verdict != reports.Pass && o.rules[id] != reports.Fail {
				o.rules[id] = s.verdict
			}
		}
	}
	return o
}

// change replaces something of the scenario in a line of a.feature, or b.feature's.
func change(feature string, line int, what func(*scenario)) func(*outcome) {
	return func(o *outcome) {
		for at, s := range o.scenarios {
			if at.feature == feature && at.line == line {
				what(&s)
				o.scenarios[at] = s
			}
		}
	}
}

func fails(s *scenario) { s.verdict, s.step, s.seen = reports.Fail, "it is refused", "201" }

func TestAMutantIsJudged(t *testing.T) {
	t.Parallel()
	const exact = ""
	for name, tt := range map[string]struct {
		breaks  []string
		run     outcome
		verdict Verdict
		reason  string
	}{
		"all its rules fail, and no other": {
			[]string{"R-01", "R-02"}, made(change("a.feature", 1, fails)), Exactly, exact,
		},
		"one rule of a scenario that judges two": {
			[]string{"R-02"}, made(change("a.feature", 2, fails)), Exactly, exact,
		},
		"another rule fails too": {
			[]string{"R-02"}, made(change("a.feature", 2, fails), change("b.feature", 1, fails)), Extras, "R-03 failed too",
		},
		"nothing fails": {
			[]string{"R-02"}, made(), Survived, "no rule failed",
		},
		"one of its rules does not fail": {
			[]string{"R-01", "R-02"}, made(change("a.feature", 2, fails)), Survived, "R-01 did not fail",
		},
		"one of its rules does not fail, and another does": {
			[]string{"R-01", "R-02"}, made(change("a.feature", 2, fails), change("b.feature", 1, fails)), Survived, "R-01 did not fail",
		},
		"only another rule fails": {
			[]string{"R-03"}, made(change("a.feature", 2, fails)), Invalid, "it failed for another rule: R-02",
		},
		"it did not start": {
			[]string{"R-03"}, outcome{err: errors.New("it did not start: no port")}, Invalid, "it did not start: no port",
		},
		"the mock crashed": {
			[]string{"R-03"},
			made(change("b.feature", 1, fails), func(o *outcome) { o.crashed = "the mock crashed: request failed: nil map" }),
			Invalid, "the mock crashed: request failed: nil map",
		},
		"a scenario is missing": {
			[]string{"R-03"},
			made(change("b.feature", 1, fails), func(o *outcome) { delete(o.scenarios, place{"a.feature", 1, "a"}) }),
			Invalid, "2 scenarios were run, and 3 against the mock as it is",
		},
		"inconclusive instead of a failure": {
			[]string{"R-03"},
			made(change("b.feature", 1, func(s *scenario) { s.verdict, s.reason = reports.Inconclusive, "no answer" })),
			Invalid, `b.feature:1 "c" is inconclusive: no answer`,
		},
		"inconclusive beside the failure": {
			[]string{"R-03"},
			made(change("b.feature", 1, fails),
				change("a.feature", 2, func(s *scenario) { s.verdict, s.reason = reports.Inconclusive, "no answer" })),
			Invalid, `a.feature:2 "b" is inconclusive: no answer`,
		},
		"not tested any more": {
			[]string{"R-03"},
			made(change("b.feature", 1, func(s *scenario) { s.verdict, s.reason = reports.NotTested, "no hook" })),
			Invalid, `b.feature:1 "c" was not tested: no hook`,
		},
		"a failure without a sentence": {
			[]string{"R-03"},
			made(change("b.feature", 1, func(s *scenario) { s.verdict = reports.Fail })),
			Invalid, `b.feature:1 "c" failed without a sentence`,
		},
		"a failure with a control that was refused": {
			[]string{"R-03"},
			made(change("b.feature", 1, fails), change("b.feature", 1, func(s *scenario) { s.uncertain = true })),
			Invalid, `b.feature:1 "c" failed although a control of it was not accepted`,
		},
		"a call more in a scenario that passed": {
			[]string{"R-03"},
			made(change("b.feature", 1, fails), change("a.feature", 1, func(s *scenario) { s.calls++ })),
			Exactly, "",
		},
		"a call too few": {
			[]string{"R-03"},
			made(change("b.feature", 1, fails), change("a.feature", 1, func(s *scenario) { s.calls-- })),
			Invalid, `a.feature:1 "a" passed with 2 calls, and with 3 against the mock as it is`,
		},
		"a trio that was repeated": {
			[]string{"R-03"},
			made(change("b.feature", 1, fails), change("a.feature", 1, func(s *scenario) { s.calls, s.trios = 6, 2 })),
			Exactly, exact,
		},
		"more calls than repeated trios explain": {
			[]string{"R-03"},
			made(change("b.feature", 1, fails), change("a.feature", 1, func(s *scenario) { s.calls, s.trios = 10, 2 })),
			Invalid, `a.feature:1 "a" passed with 10 calls, and with 3 against the mock as it is`,
		},
		"other calls in a scenario that failed are its own affair": {
			[]string{"R-03"}, made(change("b.feature", 1, fails), change("b.feature", 1, func(s *scenario) { s.calls = 1 })), Exactly, exact,
		},
		"rules that were not selected are not asked about": {
			[]string{"R-03", "R-09"}, made(change("b.feature", 1, fails)), Exactly, exact,
		},
		"nothing of two": {
			[]string{"R-01", "R-02"}, made(change("b.feature", 1, fails)), Invalid, "it failed for another rule: R-03",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := judge(roles()[0], Mutant{Name: "m", Breaks: tt.breaks}, made(), tt.run)
			assert.Equal(t, tt.verdict, got.Verdict)
			assert.Equal(t, tt.reason, got.Reason)
		})
	}
}

func idles(s *scenario) { s.verdict, s.reason = reports.NotTested, "it sent nothing" }

// A client begins: what it never did cannot be judged, and is no accident. What no rule is
// about has to show in what is reported.
func TestAClientsMutantIsJudged(t *testing.T) {
	t.Parallel()
	tells := func(what string) func(*outcome) {
		return change("a.feature", 1, func(s *scenario) { s.verdict, s.step, s.seen = reports.Observed, "it is reported", what })
	}
	thrice := tells("it tried 3 times")
	for name, tt := range map[string]struct {
		breaks    []string
		run       outcome
		verdict   Verdict
		reason    string
		notTested []string
		kills     int
	}{
		"it leaves another rule without an occasion": {
			[]string{"R-02"}, made(thrice, change("a.feature", 2, fails), change("b.feature", 1, idles)), Exactly, "", []string{"R-03"}, 1,
		},
		"it leaves its own rule without an occasion": {
			[]string{"R-03"}, made(thrice, change("b.feature", 1, idles)), Survived, "no rule failed", []string{"R-03"}, 0,
		},
		"it crashed": {
			[]string{"R-02"},
			made(thrice, change("a.feature", 2, fails), func(o *outcome) { o.crashed = "the client ended: nil map" }),
			Invalid, "the client ended: nil map",
			[]string{},
			1,
		},
		"no rule is about it, and the report tells it": {
			nil, made(tells("it tried 100 times")), Reported, "", []string{}, 1,
		},
		"no rule is about it, and nothing tells it": {
			nil, made(thrice), Survived, "the report does not tell it from the reference client as it is", []string{}, 0,
		},
		"no rule is about it, and one fails": {
			nil, made(tells("it tried 100 times"), change("b.feature", 1, fails)), Extras, "R-03 failed too", []string{}, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := judge(roles()[1], Mutant{Name: "m", Breaks: tt.breaks}, made(thrice), tt.run)
			assert.Equal(t, tt.verdict, got.Verdict)
			assert.Equal(t, tt.reason, got.Reason)
			assert.Equal(t, tt.notTested, got.NotTested)
			assert.Len(t, got.Kills, tt.kills)
		})
	}
}

// What a client sends again by itself is its own affair, and no call of the suite's.
func TestCallsAreThoseOfTheSuite(t *testing.T) {
	t.Parallel()
	results := reports.Results{Rules: []reports.RuleResult{{ID: "R-01", Verdict: reports.Pass, Scenarios: []reports.ScenarioResult{
		{Name: "a", Feature: "a.feature", Line: 1, Verdict: reports.Pass, Exchanges: []int{1, 2, 3}},
	}}}}
	o := newOutcome(results, []*exchange.Exchange{
		{Label: "create_deposit"}, {Label: "create_deposit" + target.AnotherAttempt + "2"}, {Label: "deposit_status"}, {Label: "banks"},
	})
	assert.Equal(t, 3, o.calls)
	assert.Equal(t, 2, o.scenarios[place{"a.feature", 1, "a"}].calls)
}

func TestAKillNamesItsSentence(t *testing.T) {
	t.Parallel()
	got := judge(roles()[0], Mutant{Name: "m", Says: "is wrong", Breaks: []string{"R-03"}}, made(), made(change("b.feature", 1, fails)))
	assert.Equal(t, []Kill{{
		Rules: []string{"R-03"}, Scenario: "c", Feature: "b.feature", Line: 1, Step: "it is refused", Seen: "201",
	}}, got.Kills)
	assert.Equal(t, []string{"R-03"}, got.Failed)
}

func TestTheConformingRunMustBeClean(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		run  outcome
		want string
	}{
		"clean":        {made(), ""},
		"a failure":    {made(change("b.feature", 1, fails)), `b.feature:1 "c" is fail: expected ; seen 201`},
		"a crash":      {made(func(o *outcome) { o.crashed = "the mock crashed: request failed" }), "the mock crashed: request failed"},
		"no run":       {outcome{err: errors.New("no port")}, "no port"},
		"no scenarios": {outcome{}, "no scenario was run"},
		"not tested": {
			made(change("a.feature", 1, func(s *scenario) { s.verdict, s.reason = reports.NotTested, "no second-ip" })),
			`a.feature:1 "a" is not_tested: no second-ip`,
		},
		"not selected": {
			made(change("a.feature", 1, func(s *scenario) { s.verdict, s.reason = reports.NotTested, "not selected by --tags @x" })), "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.run.isClean()
			if tt.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.EqualError(t, err, tt.want)
		})
	}
}
