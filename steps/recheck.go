package steps

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/repro"
)

// A recheck is how a script judges again what a sentence says. match are the sentence's
// parts, trio the control, probe and control of a twin.
type recheck func(w *world, match []string, f judge.Finding, trio []*exchange.Exchange) []repro.Check

// rechecks are the sentences that can fail, by their patterns.
func rechecks() map[*regexp.Regexp]recheck {
	all := storyRechecks()
	maps.Copy(all, laterRechecks())
	return all
}

// laterRechecks are those that judge what earlier requests of the story left behind.
func laterRechecks() map[*regexp.Regexp]recheck {
	return map[*regexp.Regexp]recheck{
		stepBalanceLeft: eachOfTheBalance,
		stepHomeBalance: eachOfTheBalance,
		stepBalanceShort: func(w *world, _ []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return []repro.Check{w.recheckWas(w.last(), "refused", "the balance")}
		},
		stepHomeShort: func(w *world, _ []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return []repro.Check{w.recheckWas(w.last(), "refused", "the balance")}
		},
		stepNoneTaken:  eachRefused,
		stepAllRefused: eachRefused,
		stepFirstTwo: func(w *world, _ []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			var checks []repro.Check
			for i, e := range w.story.answers {
				how := "accepted"
				if i >= 2 {
					how = "refused"
				}
				checks = append(checks, w.recheckWas(e, how, ""))
			}
			return checks
		},
		stepHomeLeft: func(w *world, _ []string, f judge.Finding, _ []*exchange.Exchange) []repro.Check {
			if slices.Contains(f.Exchanges, w.last()) && f.Expected == "accepted" {
				return only("accepted", w.last())
			}
			return append(only("accepted", w.story.answers[len(w.story.answers)-2]), w.recheckWas(w.last(), "refused", ""))
		},
		stepHomeStatus: func(_ *world, match []string, f judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return []repro.Check{{Name: "says", Calls: f.Exchanges, Words: []string{fmt.Sprint(int(statuses()[match[1]]))}}}
		},
		stepBothCancelled: func(_ *world, _ []string, f judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return []repro.Check{{Name: "says", Calls: f.Exchanges, Words: []string{fmt.Sprint(int(d24.CashoutCancelled))}}}
		},
		stepLastIsJSON: func(_ *world, _ []string, f judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return only("is_json_error", f.Exchanges...)
		},
		stepRefusalWas: func(w *world, _ []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return only("is_json", w.last())
		},
		stepEachRefusal: func(_ *world, _ []string, f judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return only("is_json", f.Exchanges...)
		},
	}
}

// eachOfTheBalance checks that the one cashout was accepted and the next refused because of
// the balance.
func eachOfTheBalance(w *world, _ []string, f judge.Finding, _ []*exchange.Exchange) []repro.Check {
	if f.Expected == "accepted" {
		return only("accepted", w.last())
	}
	return append(only("accepted", w.story.answers[len(w.story.answers)-2]), w.recheckWas(w.last(), "refused", "the balance"))
}

// storyRechecks are those that judge the answers of a twin or a story themselves.
func storyRechecks() map[*regexp.Regexp]recheck {
	return map[*regexp.Regexp]recheck{
		stepRefused: func(w *world, match []string, _ judge.Finding, trio []*exchange.Exchange) []repro.Check {
			return onProbe(trio, w.refusal("refused", match[1]))
		},
		stepEach: func(w *world, match []string, f judge.Finding, trio []*exchange.Exchange) []repro.Check {
			if checks := w.recheckEffect(f); checks != nil {
				return checks
			}
			return onProbe(trio, w.refusal("refused", match[1]))
		},
		stepEachFails: func(w *world, _ []string, f judge.Finding, trio []*exchange.Exchange) []repro.Check {
			if checks := w.recheckEffect(f); checks != nil {
				return checks
			}
			return onProbe(trio, repro.Check{Name: "fails_plain"})
		},
		stepFromLike: func(w *world, _ []string, _ judge.Finding, trio []*exchange.Exchange) []repro.Check {
			return onProbe(trio, w.refusal("refused", ""))
		},
		stepFromThere: func(w *world, match []string, _ judge.Finding, trio []*exchange.Exchange) []repro.Check {
			if match[1] == "accepted" {
				return onProbe(trio, repro.Check{Name: "accepted"})
			}
			return onProbe(trio, w.refusal("refused", ""))
		},
		stepIsAccepted: func(_ *world, _ []string, _ judge.Finding, trio []*exchange.Exchange) []repro.Check {
			return onProbe(trio, repro.Check{Name: "accepted"})
		},
		stepVerifiable: func(_ *world, _ []string, _ judge.Finding, trio []*exchange.Exchange) []repro.Check {
			return onProbe(trio, repro.Check{Name: "accepted"})
		},
		stepFails: func(_ *world, _ []string, _ judge.Finding, trio []*exchange.Exchange) []repro.Check {
			return onProbe(trio, repro.Check{Name: "fails_plain"})
		},
		stepJSON: func(w *world, match []string, _ judge.Finding, trio []*exchange.Exchange) []repro.Check {
			if match[1] == "answer" {
				return only("is_json", w.twin.control)
			}
			return onProbe(trio, repro.Check{Name: "is_json"})
		},
		stepWas: func(w *world, match []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return []repro.Check{w.recheckWas(w.last(), match[1], match[2])}
		},
		stepLastWas: func(w *world, match []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			first := w.story.answers[:1]
			if match[1] == "all but the last" {
				first = w.story.answers[:len(w.story.answers)-1]
			}
			var checks []repro.Check
			for _, e := range first {
				checks = append(checks, w.recheckWas(e, match[2], match[3]))
			}
			return append(checks, w.recheckWas(w.last(), match[4], match[5]))
		},
		stepOfThem: func(w *world, match []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			switch match[1] {
			case "all":
				return only("own_objects", w.story.answers...)
			case "exactly one":
				return only("exactly_one", w.story.answers...)
			}
			return []repro.Check{{Name: "at_most", Words: match[2:3], First: true, Calls: w.story.answers}}
		},
		stepByteForByte: func(w *world, _ []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return only("replays", w.story.answers...)
		},
		stepOneObject: func(w *world, _ []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			others := w.story.answers[:len(w.story.answers)-1]
			return only("replays_or_in_use", slices.Concat([]*exchange.Exchange{w.last()}, others)...)
		},
		stepNoSecond: func(w *world, _ []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return only("no_second", w.first(), w.last())
		},
		stepOwnObject: func(w *world, _ []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return only("own_objects", w.first(), w.last())
		},
		stepOtherRefund: lastAccepted,
		stepTrouble:     lastAccepted, // the retry, after an answer that was lost
		stepRefundable: func(w *world, _ []string, f judge.Finding, _ []*exchange.Exchange) []repro.Check {
			if slices.Contains(f.Exchanges, w.last()) && f.Expected == "accepted" {
				return only("accepted", w.last())
			}
			return append(only("accepted", w.story.answers[len(w.story.answers)-2]), w.recheckWas(w.last(), "refused", ""))
		},
		stepOwnAnswer: func(w *world, _ []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			var checks []repro.Check
			for i, d := range []deposit{w.story.deposit, w.story.other} {
				checks = append(checks, repro.Check{Name: "about", Calls: w.story.answers[i : i+1], Words: []string{d.id}})
			}
			return checks
		},
		stepSecondSays: func(w *world, match []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return []repro.Check{{Name: "says", Calls: []*exchange.Exchange{w.last()}, Words: match[1:2]}}
		},
		stepOneAnswer: func(w *world, _ []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			others := w.story.answers[:len(w.story.answers)-1]
			return only("one_answer", slices.Concat([]*exchange.Exchange{w.last()}, others)...)
		},
		stepNotIts: func(w *world, _ []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return []repro.Check{w.recheckWas(w.last(), "refused", "")}
		},
		stepAsTold: func(_ *world, _ []string, f judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return []repro.Check{{Name: "says", Calls: f.Exchanges, Words: []string{fmt.Sprint(int(d24.CashoutCancelled))}}}
		},
		stepStatusIs: func(w *world, match []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return []repro.Check{{Name: "says", Calls: []*exchange.Exchange{w.last()}, Words: match[1:2]}}
		},
		stepFirstStatus: func(_ *world, match []string, f judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return []repro.Check{{Name: "says", Calls: f.Exchanges, Words: []string{fmt.Sprint(int(statuses()[match[1]]))}}}
		},
		stepNoCashout: func(_ *world, _ []string, f judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return only("unknown", f.Exchanges...)
		},
		stepNotTheAnswer: func(w *world, _ []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			return only("differs", w.first(), w.last())
		},
		stepNotKnown: func(w *world, _ []string, _ judge.Finding, _ []*exchange.Exchange) []repro.Check {
			check := repro.Check{Name: "unknown", Calls: []*exchange.Exchange{w.last()}}
			if w.story.deposit.invoice != "" {
				check.Words = []string{w.story.deposit.invoice}
			}
			return []repro.Check{check}
		},
	}
}

// recheckEffect is the check of a request that a fault before it must not keep from being
// accepted; nil where the finding is about no effect.
func (w *world) recheckEffect(f judge.Finding) []repro.Check {
	last := f.Exchanges[len(f.Exchanges)-1]
	if last == nil || last.Label != partQuestion || len(f.Exchanges) != trioLength || judge.Read(f.Exchanges[1]).Kind == judge.Accepted {
		return nil
	}
	if invoice := judge.InvoiceOf(f.Exchanges[1]); invoice != "" && judge.Read(last).Kind == judge.Accepted {
		return []repro.Check{{Name: "unknown", Calls: []*exchange.Exchange{last}, Words: []string{invoice}}}
	}
	if judge.Read(last).Kind == judge.Accepted { // the status of an object that must not have changed
		return []repro.Check{{Name: "says", Calls: []*exchange.Exchange{last}, Words: []string{w.sweep.status}}}
	}
	return only("accepted", last)
}

// eachRefused is the check of the request that was not refused.
func eachRefused(w *world, _ []string, f judge.Finding, _ []*exchange.Exchange) []repro.Check {
	var checks []repro.Check
	for _, e := range f.Exchanges {
		checks = append(checks, w.recheckWas(e, "refused", ""))
	}
	return checks
}

// lastAccepted judges the last answer of the story, which ought to be an acceptance.
func lastAccepted(_ *world, _ []string, f judge.Finding, _ []*exchange.Exchange) []repro.Check {
	return only("accepted", f.Exchanges[len(f.Exchanges)-1])
}

func only(name string, calls ...*exchange.Exchange) []repro.Check {
	return []repro.Check{{Name: name, Calls: calls}}
}

func onProbe(trio []*exchange.Exchange, check repro.Check) []repro.Check {
	if len(trio) != trioLength {
		return nil
	}
	check.Calls = trio[1:2]
	return []repro.Check{check}
}

// trioLength is control, probe, control.
const trioLength = 3

// refusal is the check that the probe is refused for the reason.
func (w *world) refusal(name, because string) repro.Check {
	if w.twin.elsewhere {
		name = "shut_out"
	}
	reason, err := w.reason(because)
	if err != nil { // the sentence could not have run
		return repro.Check{Name: name}
	}
	check := repro.Check{Name: name}
	if reason.AnyCode {
		return check
	}
	for _, code := range reason.Codes {
		check.Words = append(check.Words, strconv.Itoa(code))
		if word := d24.Code(code).Type(); word != "" && w.scenario.Has("@deposits") {
			check.Words = append(check.Words, word) // where the envelope has words in its place
		}
	}
	return check
}

// recheckWas is the check of one answer of a story.
func (w *world) recheckWas(e *exchange.Exchange, how, why string) repro.Check {
	if how == "accepted" {
		return repro.Check{Name: "accepted", Calls: []*exchange.Exchange{e}}
	}
	check := w.refusal("refused_alone", why)
	check.Name, check.Calls = "refused_alone", []*exchange.Exchange{e}
	return check
}

// checks are those of the sentence that did not hold; none for one that no script can
// judge.
func (w *world) checks(step string, f judge.Finding, trio []*exchange.Exchange) []repro.Check {
	for pattern, check := range rechecks() {
		if match := pattern.FindStringSubmatch(step); match != nil {
			return check(w, match, f, trio)
		}
	}
	return nil
}
