package judge

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/d24conform/d24conform/internal/exchange"
)

// Outcome is what a finding says of the rule under judgement.
type Outcome int

// Outcomes.
const (
	Holds   Outcome = iota // what the rule asks for was seen
	Broken                 // its opposite was seen
	Unclear                // neither was: a control failed, or the server was busy
	Unseen                 // nothing was there to judge: what the traffic never exercised
)

// A Finding is the judgement of one sentence.
type Finding struct {
	Outcome   Outcome
	Expected  string // in words; empty when it holds
	Seen      string // in words; empty when it holds
	Exchanges []*exchange.Exchange
}

// holds is the finding that nothing is wrong.
func holds(over ...*exchange.Exchange) Finding {
	return Finding{Outcome: Holds, Exchanges: over}
}

func broken(expected, seen string, over ...*exchange.Exchange) Finding {
	return Finding{Outcome: Broken, Expected: expected, Seen: seen, Exchanges: over}
}

func unclear(expected, seen string, over ...*exchange.Exchange) Finding {
	return Finding{Outcome: Unclear, Expected: expected, Seen: seen, Exchanges: over}
}

// unseen is the finding that nothing of a kind was there.
func unseen(what string) Finding {
	return Finding{Outcome: Unseen, Expected: what, Seen: "none"}
}

// Describe is an answer in a few words: its status, its code, its object.
func Describe(e *exchange.Exchange) string {
	switch {
	case e.Failure != nil:
		return "no answer: " + e.Failure.Text
	case e.Response == nil:
		return "no answer"
	}
	a := Read(e)
	text := strconv.Itoa(e.Response.Status)
	switch {
	case a.ErrorText != "" && a.HasCode:
		text += fmt.Sprintf(" code %d (%s)", a.Code, shorten(a.ErrorText))
	case a.HasCode:
		text += fmt.Sprintf(" code %d", a.Code)
	case a.ErrorText != "":
		text += fmt.Sprintf(" (%s)", shorten(a.ErrorText))
	}
	switch {
	case e.Response.Truncated:
		text += " with a body that is cut off"
	case a.ObjectID != "":
		text += fmt.Sprintf(" with %s %s", a.ObjectField, shorten(a.ObjectID))
	case a.isError():
	case len(bodyOf(e)) == 0:
		text += " without a body"
	case a.Status != "" && a.Kind == Accepted:
		text += " with status " + shorten(a.Status)
	case !a.JSON:
		text += " with a body that is not JSON"
	case a.Kind == Odd:
		text += " with JSON that is neither what was asked for nor an error"
	}
	return text
}

// longest keeps a server's text from taking over a sentence.
const longest = 80

// shorten makes a server's text fit into a sentence: on one line, of letters that can
// be seen, and not too long.
func shorten(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}
