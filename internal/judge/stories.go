package judge

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/d24conform/d24conform/internal/exchange"
)

// AtMost judges requests of which no more than so many may be accepted.
func AtMost(most int, exchanges ...*exchange.Exchange) Finding {
	var accepted []*exchange.Exchange
	for _, e := range exchanges {
		switch Read(e).Kind {
		case Accepted:
			accepted = append(accepted, e)
		case Busy:
			return unclear("accepted or refused", Describe(e), e)
		case Refusal, Odd:
		}
	}
	if len(accepted) > most {
		return broken(fmt.Sprintf("at most %d of %d are accepted", most, len(exchanges)), fmt.Sprintf("%d are", len(accepted)), accepted...)
	}
	return holds(exchanges...)
}

// ReplaysOrRefuses judges a retry that carries another body: it is answered as the
// first one or refused, and never makes a second object (readings AMB-04 and AMB-05).
// It also tells which it was.
func ReplaysOrRefuses(first, retry *exchange.Exchange) (finding Finding, refused bool) {
	if Read(retry).Kind == Refusal {
		return holds(first, retry), true
	}
	f := Replays(first, retry)
	if f.Outcome == Broken {
		f.Expected = "the stored answer, or a refusal: " + Describe(first)
	}
	return f, false
}

// ReplaysOrCreates judges a request to another endpoint under a key that was used
// before: it is an operation of its own, or answered as the first one where keys are
// global (reading AMB-06). It also tells which it was.
func ReplaysOrCreates(first, other *exchange.Exchange) (finding Finding, replayed bool) {
	switch {
	case Read(other).Kind == Busy || first.Response == nil:
		return unclear("an answer", Describe(other), first, other), false
	case other.Response.Status == first.Response.Status && bytes.Equal(other.Response.Body, first.Response.Body):
		return holds(first, other), true
	}
	return holds(first, other), false
}

// Differs judges that an answer is not another environment's stored one.
func Differs(first, other *exchange.Exchange) Finding {
	if first.Response != nil && other.Response != nil && bytes.Equal(first.Response.Body, other.Response.Body) {
		return broken("an answer of its own", "the other environment's answer, byte for byte", first, other)
	}
	return holds(first, other)
}

// IsAbout judges that a status answer is about the deposit that was asked for.
func IsAbout(e *exchange.Exchange, depositID string) Finding {
	expected := "the status of deposit " + depositID
	if kind := Read(e).Kind; kind != Accepted {
		if kind == Busy {
			return unclear(expected, Describe(e), e)
		}
		return broken(expected, Describe(e), e)
	}
	if id := field(e, "deposit_id"); id != depositID {
		return broken(expected, "that of deposit "+shorten(id), e)
	}
	return holds(e)
}

// DoesNotKnow judges that an environment has no object of another one. Ids of two
// environments may be the same number by chance, so an answer about a deposit is
// another environment's only if it has that one's invoice.
func DoesNotKnow(e *exchange.Exchange, invoice string) Finding {
	const expected = "not known there"
	switch Read(e).Kind {
	case Busy:
		return unclear(expected, Describe(e), e)
	case Accepted:
		if invoice == "" || field(e, "invoice_id") == invoice {
			return broken(expected, Describe(e), e)
		}
	case Refusal, Odd:
	}
	return holds(e)
}

// IsUnknown judges that nothing has the id that was asked for.
func IsUnknown(e *exchange.Exchange) Finding {
	return DoesNotKnow(e, "")
}

// IsAnswered judges nothing but that there was an answer.
func IsAnswered(e *exchange.Exchange) Finding {
	if Read(e).Kind == Busy {
		return unclear("accepted or refused", Describe(e), e)
	}
	return holds(e)
}

// IsServerError judges that a fault which was asked for took place.
func IsServerError(e *exchange.Exchange) Finding {
	if e.Status() != 500 {
		return unclear("an error 500, as the hook was asked for", Describe(e), e)
	}
	return holds(e)
}

// IsLost judges that an answer was lost, as was asked for.
func IsLost(e *exchange.Exchange) Finding {
	if e.Failure == nil || e.Failure.Kind != exchange.FailureClosed {
		return unclear("a connection closed before the answer, as the hook was asked for", Describe(e), e)
	}
	return holds(e)
}

// field is one top-level field of an answer, as text.
func field(e *exchange.Exchange, name string) string {
	fields := map[string]looseText{}
	if e.Response == nil || decode(e.Response.Body, &fields) != nil {
		return ""
	}
	return strings.TrimSpace(string(fields[name]))
}
