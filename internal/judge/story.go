package judge

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// IsAccepted judges one request that the rules allow.
func IsAccepted(e *exchange.Exchange) Finding {
	switch Read(e).Kind {
	case Accepted:
		return holds(e)
	case Busy:
		return unclear("accepted", Describe(e), e)
	case Refusal, Odd:
	}
	return broken("accepted", Describe(e), e)
}

// IsAcceptedAnew judges a request that the rules allow, after an earlier one. A 500 that is
// the earlier one's, byte for byte, is its stored answer and no trouble of the moment.
func IsAcceptedAnew(earlier, e *exchange.Exchange) Finding {
	if earlier != e && e.Status() == http.StatusInternalServerError && isReplay(earlier, e) {
		return broken("accepted", Describe(e)+", the stored answer of another request", earlier, e)
	}
	return IsAccepted(e)
}

// IsRefusedAlone judges a refusal whose twin is told by the story around it, such as
// the last cent beyond a balance, with the documented code where there is one. A
// server that lets us in no more tells nothing about the story.
func IsRefusedAlone(e *exchange.Exchange, reason Reason) Finding {
	aboutCaller := slices.ContainsFunc(reason.Codes, func(code int) bool { return isCallerCode(code, isCashouts(e)) })
	if refusesCaller(e, Read(e)) && !aboutCaller {
		return unclear(reason.expected(), Describe(e), e)
	}
	return isRefused(e, reason, []*exchange.Exchange{e})
}

// IsAnswered judges nothing but that there was an answer that can be read.
func IsAnswered(e *exchange.Exchange) Finding {
	if kind := Read(e).Kind; kind != Accepted && kind != Refusal {
		return unclear("accepted or refused", Describe(e), e)
	}
	return holds(e)
}

// Creates judges requests that are operations of their own: every one is accepted
// and no two have the same object.
func Creates(exchanges ...*exchange.Exchange) Finding {
	seen := map[string]*exchange.Exchange{}
	for _, e := range exchanges {
		answer := Read(e)
		if answer.Kind != Accepted || answer.ObjectID == "" {
			continue
		}
		name := answer.ObjectField + " " + shorten(answer.ObjectID)
		if other := seen[name]; other != nil {
			return broken("an object of its own for each", "both have "+name, other, e)
		}
		seen[name] = e
	}
	doubt := holds(exchanges...)
	for _, e := range exchanges {
		switch f := IsAccepted(e); {
		case f.Outcome == Broken:
			return f
		case f.Outcome == Unclear && doubt.Outcome == Holds:
			doubt = f
		}
	}
	return doubt
}

// AtMost judges requests of which no more than so many may be accepted. Where none
// was, they did not compete for anything, which proves nothing.
func AtMost(most int, exchanges ...*exchange.Exchange) Finding {
	accepted, doubt := effects(exchanges)
	switch {
	case len(accepted) > most:
		return broken(fmt.Sprintf("at most %d of %d are accepted", most, len(exchanges)), fmt.Sprintf("%d are", len(accepted)), accepted...)
	case doubt.Outcome != Holds:
		return doubt
	case len(accepted) == 0 && most > 0:
		return unclear("some of them are accepted", fmt.Sprintf("none of %d are", len(exchanges)), exchanges...)
	}
	return holds(exchanges...)
}

// NoneAccepted judges requests of which each has a fault for which it is refused: for what
// it is refused is judged elsewhere.
func NoneAccepted(exchanges ...*exchange.Exchange) Finding {
	for _, e := range exchanges {
		if answer := Read(e); answer.Kind == Accepted || answer.ObjectID != "" {
			return broken("refused", Describe(e), e)
		}
	}
	return holds(exchanges...)
}

// CreatesOnce judges requests of which one and only one may have an effect.
func CreatesOnce(exchanges ...*exchange.Exchange) Finding {
	accepted, doubt := effects(exchanges)
	switch {
	case len(accepted) > 1:
		return broken("exactly one is accepted", fmt.Sprintf("%d of %d are", len(accepted), len(exchanges)), accepted...)
	case doubt.Outcome != Holds:
		return doubt
	case len(accepted) == 0:
		return broken("exactly one is accepted", fmt.Sprintf("none of %d are", len(exchanges)), exchanges...)
	}
	return holds(exchanges...)
}

// effects are the answers that name an object, whatever their status says, and the
// first of those that tell nothing about the operation.
func effects(exchanges []*exchange.Exchange) (accepted []*exchange.Exchange, doubt Finding) {
	doubt = holds(exchanges...)
	for _, e := range exchanges {
		switch answer := Read(e); {
		case answer.Kind == Accepted || answer.ObjectID != "":
			accepted = append(accepted, e)
		case doubt.Outcome == Holds && (answer.Kind != Refusal || refusesCaller(e, answer)):
			doubt = unclear("accepted or refused", Describe(e), e)
		}
	}
	return accepted, doubt
}

// SaysStatus judges the status that a status request tells.
func SaysStatus(e *exchange.Exchange, want string) Finding {
	answer := Read(e)
	expected := "status " + want
	switch {
	case answer.Kind == Busy || refusesCaller(e, answer):
		return unclear(expected, Describe(e), e)
	case answer.Kind != Accepted || !strings.EqualFold(answer.Status, want):
		return broken(expected, Describe(e), e)
	}
	return holds(e)
}

// IsAbout judges that a status answer is about the deposit that was asked for.
func IsAbout(e *exchange.Exchange, depositID string) Finding {
	expected := "the status of deposit " + depositID
	switch answer := Read(e); {
	case answer.Kind == Busy || refusesCaller(e, answer):
		return unclear(expected, Describe(e), e)
	case answer.Kind != Accepted:
		return broken(expected, Describe(e), e)
	}
	switch id := fieldsOf(e).text(fieldDeposit); id {
	case depositID:
		return holds(e)
	case "":
		return unclear(expected, Describe(e)+", of a deposit that it does not name", e)
	default:
		return broken(expected, "that of deposit "+shorten(id), e)
	}
}

// Differs judges that an answer is not another environment's stored one. Two
// environments may count their deposits alike, so two answers that are equal prove it
// only where they name the first request's invoice.
func Differs(first, other *exchange.Exchange) Finding {
	const expected = "an answer of its own"
	switch {
	case first.Response == nil:
		return unclear(expected, "the first environment: "+Describe(first), first, other)
	case other.Response == nil:
		return unclear(expected, Describe(other), first, other)
	case !bytes.Equal(first.Response.Body, other.Response.Body):
		return holds(first, other)
	}
	invoice := requestField(first, "invoice_id")
	if invoice == "" || requestField(other, "invoice_id") == invoice || !bytes.Contains(other.Response.Body, []byte(invoice)) {
		return unclear(expected, "the same answer, which names no invoice", first, other)
	}
	return broken(expected, "the other environment's answer, byte for byte", first, other)
}

// DoesNotKnow judges that an environment has no object of another one. Ids of two
// environments may be the same number by chance, so an answer about a deposit is
// another environment's only if it has that one's invoice.
func DoesNotKnow(e *exchange.Exchange, invoice string) Finding {
	const expected = "not known there"
	switch answer := Read(e); {
	case answer.Kind == Busy || refusesCaller(e, answer):
		return unclear(expected, Describe(e), e)
	case answer.Kind == Refusal:
		return holds(e)
	case answer.Kind == Accepted:
		found := cmp.Or(fieldsOf(e).text("invoice_id"), fieldsOf(e).text("merchant_invoice_id"))
		switch {
		case invoice == "" || found == invoice:
			return broken(expected, Describe(e), e)
		case found == "":
			return unclear(expected, Describe(e)+", of an invoice that it does not name", e)
		}
		return holds(e)
	case e.Response.Status >= 400: // with no error body, but with no object either
		return holds(e)
	}
	return unclear(expected, Describe(e), e)
}

// IsUnknown judges that nothing has the id that was asked for.
func IsUnknown(e *exchange.Exchange) Finding {
	return DoesNotKnow(e, "")
}

// SaysUnknown says whether the answer to a question about a cashout has the documented
// code for one that does not exist. A refusal with another may be about the question.
func SaysUnknown(e *exchange.Exchange) bool {
	answer := Read(e)
	return answer.Kind == Refusal && answer.Code == int(d24.CashoutNotFound)
}

// InvoiceOf is the invoice_id of a deposit creation; empty for another request.
func InvoiceOf(e *exchange.Exchange) string {
	if purpose, field := purposeOf(e); purpose != creation || field != fieldDeposit {
		return ""
	}
	return requestField(e, "invoice_id")
}

// ExternalIDOf is the external_id of a cashout creation; empty for another request.
func ExternalIDOf(e *exchange.Exchange) string {
	if purpose, field := purposeOf(e); purpose != creation || field != fieldCashout {
		return ""
	}
	return requestField(e, "external_id")
}

// SumsTo judges that the amounts that status answers tell sum to no more than a limit.
func SumsTo(limit d24.Amount, statuses ...*exchange.Exchange) Finding {
	sum := d24.Amount(0)
	for _, e := range statuses {
		if f := IsAccepted(e); f.Outcome != Holds {
			return unclear("the status of each refund", Describe(e), e)
		}
		amount, err := d24.ParseAmount(fieldsOf(e).text("amount"))
		if err != nil {
			return unclear("the amount of each refund", Describe(e)+" without an amount", e)
		}
		sum += amount
	}
	if sum > limit {
		return broken(fmt.Sprintf("%s at most", limit), sum.String(), statuses...)
	}
	return holds(statuses...)
}
