package steps

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/repro"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
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
	if found, ok := asJudged(err); ok {
		r.suite.failures.keep(r.scenario, &episode{receiver: r, step: r.step, finding: found})
	}
}

// asJudged is what a step found, if its error is that.
func asJudged(err error) (judge.Finding, bool) {
	found, ok := errors.AsType[*judged](err)
	if !ok {
		return judge.Finding{}, false
	}
	return found.finding, true
}

// told are the sentences to tell again: those of the one object that failed where each had
// a fault, a status or an answer of its own, else those of the scenario.
func (e *episode) told() []string {
	r := e.receiver
	if r.failed == nil || r.failed.marked == "" || e.died {
		return r.told
	}
	judging := "it is not released"
	switch {
	case stepReleased.MatchString(e.step):
		judging = "it is released"
	case stepExactlyOnce.MatchString(e.step):
		judging = "it is released exactly once"
	}
	return append(slices.Clone(r.failed.told), judging)
}

// hardness prefers what needs no command that restarts the receiver, and one notification
// after the other.
func (e *episode) hardness() int {
	hard := easy
	for _, text := range e.told() {
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
	for _, text := range e.told() {
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
		stepReleasing:  {Function: "control_of"},
		stepObject:     {Function: "objects"},
		stepAny:        {Function: "objects"},
		stepUnknown:    {Function: "unknown_deposit"},
		stepForeign:    {Function: "foreign_deposit"},
		stepStatusSlow: {Function: "fault", Words: []string{"delay", "2000", "1"}},

		stepNotified:       {Function: "each", Words: []string{"deliver"}},
		stepCarries:        {Function: "notify_in_the_place_of", Words: []string{"ours"}},
		stepCarriesOther:   {Function: "notify_in_the_place_of", Words: []string{"another"}},
		stepUntil:          {Function: "each", Words: []string{"notify_until_taken"}},
		stepTimes:          {Function: "notify_times"},
		stepSchedule:       {Function: "notify_times", Words: []string{"5"}},
		stepNotifiedAtOnce: {Function: "notify_at_once"},
		stepBecomes:        {Function: "each", Words: []string{"become"}},
		stepRefunded:       {Function: "each", Words: []string{"refund"}},
		stepRestarted:      {Function: "restart"},
		stepKilled:         {Function: "kill_while_it_asks"},

		stepNotReleased: {Function: "each", Words: []string{"not_released"}},
		stepReleased:    {Function: "each", Words: []string{"released"}},
		stepExactlyOnce: {Function: "each", Words: []string{"released_once"}},
		stepSurvived:    {Function: "every_answer"},

		retoldAnswer: {Function: "each", Words: []string{"status_fault"}},
	}
}

// retoldAnswer stands in the story of an object, and in no feature. That an object has an id
// of ours stands there, too, and no script can tell it: an id is given once.
var retoldAnswer = regexp.MustCompile(`^` + answeredBy + `(.+)$`)

// ofObjects are the sentences that are told again object by object, or not at all: the first
// that were released belong to the whole run, and a report blames nobody.
var ofObjects = []*regexp.Regexp{stepStatuses, stepAnswers, stepIDs, stepEndings, stepHistory, stepOneFault, stepTroubled, stepNoEffect, stepFirst, stepSays, stepSaysAnswer, stepPaidAs, stepUnanswered, stepKilledAt, stepRefundTold, stepOvertaken, stepAnotherField}

func tellAgain(text string) (repro.Sentence, bool) {
	if match := stepNotifiedWith.FindStringSubmatch(text); match != nil {
		fault, err := faultOf(match[1])
		return repro.Sentence{Function: "each", Words: append([]string{"notify_with", match[1]}, fault.Options...)},
			err == nil && !slices.Contains(fault.Options, "type=json") // which no script can write
	}
	for pattern, sentence := range retold() {
		match := pattern.FindStringSubmatch(text)
		if match == nil {
			continue
		}
		if pattern == stepAny {
			match = []string{text, "a", match[1], target.IsCompleted}
		}
		parts := slices.DeleteFunc(match[1:], func(part string) bool { return part == "" || strings.TrimSpace(part) == "again" })
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
	return slices.ContainsFunc([]*regexp.Regexp{stepNoEffect, stepNotReleased, stepReleased, stepExactlyOnce, stepSurvived}, func(p *regexp.Regexp) bool {
		return p.MatchString(text)
	})
}
