package load

import (
	"fmt"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// invariants are what the journal alone proves or disproves.
func (f *Findings) invariants(p *Profile) []Invariant {
	keys := total(f.Keys) - f.Keys[stales]
	list := []Invariant{
		found("one-object-per-key", total(f.Duplicates), keys, "no key has two objects",
			fmt.Sprintf("%s of keys that had one already", each(f.Duplicates))),
		found("same-answer-per-key", f.Different, keys, "every answer of a key is the same, byte for byte",
			fmt.Sprintf("%s other than the first of the key", plural(f.Different, "answer"))),
		found("one-key-per-object", total(f.Shared), keys, "no object was answered to two keys",
			fmt.Sprintf("%s answered to two keys", each(f.Shared))),
	}
	stale := found("no-stale-date-accepted", f.StaleAccepted, f.StaleSent,
		fmt.Sprintf("%s with a date a minute old, all refused", plural(f.StaleSent, "creation")),
		fmt.Sprintf("%d of %s with a date a minute old accepted", f.StaleAccepted, plural(f.StaleSent, "creation")))
	if !p.asks(Stale) {
		stale = Invariant{"no-stale-date-accepted", NotTested, "the profile dates nothing wrong: give stale a weight among its operations"}
	}
	unresolved := Invariant{"nothing-unresolved", Holds, "no answer was lost"}
	switch n := len(f.Unresolved); {
	case n > 0:
		unresolved = Invariant{unresolved.Name, Inconclusive, fmt.Sprintf("what became of %s is not known: asking again brought no answer", plural(n, "key"))}
	case f.Ambiguous > 0:
		unresolved.Says = fmt.Sprintf("%s lost an answer, and asking again settled each", plural(f.Ambiguous, "key"))
	}
	return append(list, stale, unresolved)
}

func found(name string, bad, of int, good, wrong string) Invariant {
	switch {
	case bad > 0:
		return Invariant{name, Broken, wrong}
	case of == 0:
		return Invariant{name, NotTested, "nothing was made"}
	}
	return Invariant{name, Holds, good}
}

// unseen is how many objects the mock has made that no answer showed.
func (f *Findings) unseen(now counts) int {
	return max(now.Deposits-f.Made[deposits]-f.Made[stales], 0) + max(now.Refunds-f.Made[refunds], 0) + max(now.Cashouts-f.Made[cashouts], 0)
}

// made compares what answers showed with what the mock has: nothing was created by a
// refused request, nothing twice behind one answer, and nothing was promised and not made.
func (f *Findings) made(now counts) Invariant {
	i := Invariant{Name: "nothing-made-unseen", Verdict: Holds}
	var wrong, right []string
	for _, c := range []struct {
		of         space
		known, has int
	}{
		{deposits, f.Made[deposits] + f.Made[stales], now.Deposits},
		{refunds, f.Made[refunds], now.Refunds},
		{cashouts, f.Made[cashouts], now.Cashouts},
	} {
		if c.has != c.known {
			wrong = append(wrong, fmt.Sprintf("the mock made %d %s, its answers show %d", c.has, c.of, c.known))
		} else if c.has > 0 {
			right = append(right, fmt.Sprintf("%d %s", c.has, c.of))
		}
	}
	switch {
	case len(wrong) > 0 && len(f.Unresolved) > 0:
		i.Verdict, i.Says = Inconclusive, strings.Join(wrong, "; ")+", and some attempts are unresolved"
	case len(wrong) > 0:
		i.Verdict, i.Says = Broken, strings.Join(wrong, "; ")
	case len(right) == 0:
		i.Verdict, i.Says = NotTested, "nothing was made"
	default:
		i.Says = "the mock made " + strings.Join(right, ", ") + ", and its answers show as many"
	}
	return i
}

// balance holds what is left against what was paid out. Deposits add to it when they are
// approved, and refunds take nothing from it, so that cashouts alone move it.
func (f *Findings) balance(before, after d24.Amount) Invariant {
	i := Invariant{Name: "balance", Verdict: Holds}
	paid := d24.Amount(f.Made[cashouts]) * cashoutAmount
	switch {
	case after < 0:
		i.Verdict, i.Says = Broken, fmt.Sprintf("the balance is %s: of %s, %s was paid out", after, before, before-after)
	case before-paid != after && len(f.Unresolved) > 0:
		i.Verdict, i.Says = Inconclusive, fmt.Sprintf("the balance fell from %s to %s, and some attempts are unresolved", before, after)
	case before-paid != after:
		i.Verdict, i.Says = Broken, fmt.Sprintf("the balance fell from %s to %s, and the accepted cashouts sum up to %s", before, after, paid)
	case paid == 0:
		i.Says = fmt.Sprintf("nothing was paid out, and the balance is %s as before", after)
	default:
		i.Says = fmt.Sprintf("%s - %s of accepted cashouts = %s", before, paid, after)
	}
	return i
}

// arrivals holds the attempts that we made against the requests that the mock saw. An
// attempt whose connection broke may not have arrived.
func (f *Findings) arrivals(arrived int) Invariant {
	i := Invariant{Name: "attempts-arrived", Verdict: Holds}
	switch {
	case arrived > f.Attempts:
		i.Verdict, i.Says = Broken, fmt.Sprintf("%d requests arrived of %d that were sent: something sent them again, or somebody else uses this mock", arrived, f.Attempts)
	case arrived < f.Answered:
		i.Verdict, i.Says = Broken, fmt.Sprintf("%d requests arrived, and %d were answered", arrived, f.Answered)
	case arrived < f.Attempts:
		i.Says = fmt.Sprintf("%d requests arrived of %d that were sent, %d of them answered", arrived, f.Attempts, f.Answered)
	default:
		i.Says = fmt.Sprintf("%d attempts were made, and as many requests arrived", arrived)
	}
	return i
}

func (f *Findings) tally() tally {
	return tally{total(f.Duplicates), f.Different, f.Retries, total(f.Keys) - f.Keys[stales]}
}

func retries(n int) string {
	if n == 1 {
		return "1 retry"
	}
	return thousands(n) + " retries"
}

// plural counts things: 1 key, 1,204 keys.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return thousands(n) + " " + thing + "s"
}

// each counts by what was made: 2 deposits, 1 refunds.
func each(counts [spaces]int) string {
	var parts []string
	for s, n := range counts {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", thousands(n), space(s)))
		}
	}
	return strings.Join(parts, ", ")
}

// thousands writes 1,204,331.
func thousands[T int | uint64](n T) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
