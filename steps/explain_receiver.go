package steps

import (
	"context"
	"errors"
	"regexp"
	"slices"

	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/repro"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/reports"
)

// An episode is a scenario of a receiver that did not end well.
type episode struct {
	receiver *receiver
	step     string
	finding  judge.Finding
	died     bool // the receiver's command ended by itself
}

func (r *receiver) remember(err error) {
	if found, ok := errors.AsType[*judged](err); ok {
		r.suite.failures.keep(r.scenario, &episode{receiver: r, step: r.step, finding: found.finding})
	}
}

// hardness prefers what needs no command that restarts the receiver, and one notification
// after the other.
func (e *episode) hardness() int {
	hard := easy
	for _, text := range e.receiver.told {
		switch {
		case !isTellable(text):
			return impossible
		case stepRestarted.MatchString(text), stepKilled.MatchString(text):
			hard = max(hard, chasing)
		case stepNotifiedAtOnce.MatchString(text):
			hard = max(hard, racing)
		}
	}
	return hard
}

// annotate has nothing to add: what was seen says how each notification was answered.
func (e *episode) annotate(*reports.ScenarioResult) {}

func (e *episode) script(_ context.Context, of repro.Fault, _ *reports.ScenarioResult) string {
	r := e.receiver
	story := repro.Story{Fault: r.fault(of, e.step, e.finding), Product: string(rules.Deposits), URL: r.target.URL}
	if r.scenario.Has("@" + string(rules.Cashouts)) {
		story.Product = string(rules.Cashouts)
	}
	if r.suite.Again != nil {
		story.Again = r.suite.Again(of.Rule)
	}
	for _, text := range r.told {
		sentence, ok := tellAgain(text)
		if !ok {
			story.Impossible = "what no script can bring about from outside: " + text
		}
		if e.died && isJudging(text) {
			continue
		}
		story.Sentences = append(story.Sentences, sentence)
	}
	if e.died {
		story.Sentences = append(story.Sentences, repro.Sentence{Function: "alive"})
	}
	return story.Script()
}

// retold are the sentences of a receiver's scenarios by the functions of a script, whose
// words are the sentence's own, where it has parts.
func retold() map[*regexp.Regexp]repro.Sentence {
	return map[*regexp.Regexp]repro.Sentence{
		stepReleasing:   {Function: "control_of"},
		stepObject:      {Function: "object"},
		stepUnknown:     {Function: "unknown_deposit"},
		stepForeign:     {Function: "foreign_deposit"},
		stepRefund:      {Function: "a_refund"},
		stepStatusFails: {Function: "fault", Words: []string{"respond-500", "0", "1"}},
		stepStatusSlow:  {Function: "fault", Words: []string{"delay", "2000", "1"}},

		stepNotified:       {Function: "notify"},
		stepNotifiedWith:   {Function: "notify_with"},
		stepIDOfAnother:    {Function: "notify_in_the_place_of"},
		stepNamed:          {Function: "notify_in_the_place_of"},
		stepUntil:          {Function: "notify_until_taken"},
		stepTimes:          {Function: "notify_times"},
		stepSchedule:       {Function: "notify_times", Words: []string{"5"}},
		stepNotifiedAtOnce: {Function: "notify_at_once"},
		stepBecomes:        {Function: "become"},
		stepRefunded:       {Function: "refund"},
		stepRestarted:      {Function: "restart"},
		stepKilled:         {Function: "kill_while_it_asks"},

		stepOnlyRight:   {Function: "only_right"},
		stepNotReleased: {Function: "not_released"},
		stepReleased:    {Function: "released"},
		stepExactlyOnce: {Function: "released_once"},
		stepEveryAnswer: {Function: "every_answer"},
	}
}

func tellAgain(text string) (repro.Sentence, bool) {
	for pattern, sentence := range retold() {
		match := pattern.FindStringSubmatch(text)
		if match == nil {
			continue
		}
		parts := slices.DeleteFunc(match[1:], func(part string) bool { return part == "" })
		sentence.Words = slices.Concat(sentence.Words, parts)
		return sentence, true
	}
	return repro.Sentence{}, false
}

func isTellable(text string) bool {
	_, ok := tellAgain(text)
	return ok
}

// isJudging says whether a sentence judges what came of the others.
func isJudging(text string) bool {
	return slices.ContainsFunc([]*regexp.Regexp{stepOnlyRight, stepNotReleased, stepReleased, stepExactlyOnce, stepEveryAnswer}, func(p *regexp.Regexp) bool {
		return p.MatchString(text)
	})
}
