package judge

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// Replays judges retries of a request that came first with their idempotency key:
// status and body are the first one's, byte for byte. What a gateway says before the
// server has seen the key is no result: only 500 is among the errors that the
// documents have stored.
func Replays(first *exchange.Exchange, retries ...*exchange.Exchange) Finding {
	if isTransient(first) {
		return unclear("a result of the first request", Describe(first), first)
	}
	expected := "the stored answer, byte for byte: " + Describe(first)
	doubt := holds(append([]*exchange.Exchange{first}, retries...)...)
	for _, e := range retries {
		switch {
		case isReplay(first, e):
		case first.Response.Status == http.StatusInternalServerError && e.Status() > first.Response.Status && isOwnError(e):
			return broken(expected, Describe(e), first, e)
		case isTransient(e), Read(e).Kind == Busy && first.Response.Status < http.StatusInternalServerError, refusesCaller(e, Read(e)):
			if doubt.Outcome == Holds {
				doubt = unclear(expected, Describe(e), first, e)
			}
		case e.Response.Status != first.Response.Status:
			return broken(expected, Describe(e), first, e)
		default:
			return broken(expected, Describe(e)+" with another body: "+difference(first.Response.Body, e.Response.Body), first, e)
		}
	}
	return doubt
}

// isReplay says whether an answer is the first one, byte for byte.
func isReplay(first, e *exchange.Exchange) bool {
	return e.Response != nil && first.Response != nil && !e.Response.Truncated &&
		e.Response.Status == first.Response.Status && bytes.Equal(e.Response.Body, first.Response.Body)
}

// isKeyInUse says whether a request was refused because its key was used before.
func isKeyInUse(e *exchange.Exchange) bool {
	answer := Read(e)
	return answer.Kind == Refusal && answer.Code == int(d24.CodeIdempotencyKeyUsed)
}

// IsInFlight says whether a request was refused because the first with its key is not done
// yet: with the documented code, or with HTTP 409 and a code of the server's own (AMB-08).
func IsInFlight(e *exchange.Exchange) bool {
	return isKeyInUse(e) || Read(e).Kind == Refusal && e.Response.Status == http.StatusConflict
}

// isTransient says whether an answer tells nothing of the operation's result.
func isTransient(e *exchange.Exchange) bool {
	return Read(e).Kind == Busy && (e.Status() != http.StatusInternalServerError || e.Response.Truncated)
}

// isOwnError says whether an answer 5xx is the server's own: an error in JSON, where a
// gateway has a page.
func isOwnError(e *exchange.Exchange) bool {
	if e.Response == nil || e.Response.Truncated || e.Response.Status < http.StatusInternalServerError {
		return false
	}
	answer := Read(e)
	return answer.JSON && answer.HasCode
}

// difference shows two bodies around the first byte in which they differ.
func difference(a, b []byte) string {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	from := max(0, at-10)
	cut := func(s []byte) string { return string(s[min(from, len(s)):min(len(s), at+20)]) }
	return fmt.Sprintf("from byte %d %q instead of %q", at, cut(b), cut(a))
}

// ReplaysOrRejects judges retries that may meet the first request in flight: each is
// the stored answer or refused because its key is in use (reading AMB-08), and none is a
// second object.
// It also tells whether one was refused so.
func ReplaysOrRejects(first *exchange.Exchange, retries ...*exchange.Exchange) (finding Finding, rejected bool) {
	var rest []*exchange.Exchange
	for _, e := range retries {
		if IsInFlight(e) {
			rejected = true
			continue
		}
		rest = append(rest, e)
	}
	return Replays(first, rest...), rejected
}

// ReplaysOrRefuses judges a retry that carries another body: it is answered as the
// first one or refused, and never makes a second object (readings AMB-04 and AMB-05).
// It also tells which it was.
func ReplaysOrRefuses(first, retry *exchange.Exchange) (finding Finding, refused bool) {
	expected := "the stored answer, or a refusal: " + Describe(first)
	object, answer := Read(first), Read(retry)
	switch {
	case object.Kind != Accepted:
		return unclear("a first request that is accepted", Describe(first), first, retry), false
	case isReplay(first, retry):
		return holds(first, retry), false
	case answer.ObjectID != "" && answer.ObjectID != object.ObjectID:
		return broken(expected, Describe(retry), first, retry), false
	case answer.Kind == Accepted: // the same object, in other words: no second one
		return holds(first, retry), false
	case answer.Kind == Refusal && !refusesCaller(retry, answer):
		return holds(first, retry), true
	}
	return unclear(expected, Describe(retry), first, retry), false
}

// ReplaysOrCreates judges a request to another endpoint under a key that was used
// before: it is an operation of its own, or answered as the first one where keys are
// global (reading AMB-06). It also tells which it was.
func ReplaysOrCreates(first, other *exchange.Exchange) (finding Finding, replayed bool) {
	switch {
	case isTransient(first):
		return unclear("a result of the first request", Describe(first), first, other), false
	case isReplay(first, other), isKeyInUse(other):
		return holds(first, other), true
	case Read(other).Kind != Accepted:
		return unclear("accepted, or the first answer", Describe(other), first, other), false
	}
	return holds(first, other), false
}

// IsOwnAnswer judges a lookup that carries a key which another lookup carried before: it is
// answered as it is without the key. Lookups whose answers are alike prove nothing, and
// hold.
func IsOwnAnswer(without, another, with *exchange.Exchange) Finding {
	over := []*exchange.Exchange{without, another, with}
	for _, e := range []*exchange.Exchange{without, another} {
		if Read(e).Kind != Accepted {
			return unclear("each lookup is accepted by itself", Describe(e), over...)
		}
	}
	switch {
	case Read(with).Kind == Busy:
		return unclear("its own answer", Describe(with), over...)
	case isReplay(without, another):
		return holds(over...)
	case isReplay(another, with):
		return broken("its own answer", "the answer of the other lookup with the key", over...)
	}
	return IsAccepted(with)
}
