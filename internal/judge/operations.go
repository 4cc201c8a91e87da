package judge

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// Operations sorts what a client was seen to send into what it set out to do: attempts of
// one thing come together. Nobody says so on the wire, so it takes for a further attempt
//   - a request with the key of an earlier one that is about the same order,
//   - the same request again, or the same order, after one that the client cannot be
//     content with: no answer, half of one, a busy server, a date that was refused,
//   - what a redirect asked for.
//
// Everything else is an operation of its own, and so is everything that is not a call of
// the API, which is left out.
func Operations(exchanges []*exchange.Exchange) []Operation {
	calls := slices.DeleteFunc(slices.Clone(exchanges), func(e *exchange.Exchange) bool { return !anything(e) })
	slices.SortStableFunc(calls, func(a, b *exchange.Exchange) int { return a.Started.Compare(b.Started) })
	var list []Operation
	known := map[string]int{} // the operation that last had something of the kind
	for _, e := range calls {
		at, found := 0, false
		for _, trace := range traces(e) {
			if i, ok := known[trace.text]; ok && trace.continues(list[i][len(list[i])-1]) {
				at, found = i, true
				break
			}
		}
		if !found {
			at = len(list)
			list = append(list, nil)
		}
		list[at] = append(list[at], e)
		for _, trace := range traces(e) {
			known[trace.text] = at
		}
		if location := redirection(e); location != "" {
			known["redirected to "+location] = at
		}
	}
	return list
}

// A trace is something by which a request may belong to an earlier one, if that ended so.
type trace struct {
	text      string
	continues func(last *exchange.Exchange) bool
}

func traces(e *exchange.Exchange) []trace {
	always := func(*exchange.Exchange) bool { return true }
	place := e.Request.Method + " " + target(e.Request.URL)
	list := []trace{{"redirected to " + target(e.Request.URL), func(last *exchange.Exchange) bool { return redirection(last) == target(e.Request.URL) }}}
	if key := keyOf(e); key != "" {
		list = append(list, trace{place + " key " + key + " " + about(e), always})
	}
	again := place + " again " + string(e.Request.Body)
	// Two deposits for one invoice are one that was tried twice. Two refunds of a deposit
	// may be two.
	if order := about(e); order != "" && path(e) != d24.PathRefunds {
		again = place + " order " + order
	}
	return append(list, trace{again, isUnsatisfying})
}

// about is the order that a request is about, by the merchant's own number or by the
// object's; empty when it has none that can be read.
func about(e *exchange.Exchange) string {
	for _, field := range []string{"invoice_id", "external_id", fieldDeposit, fieldCashout} {
		if value := requestField(e, field); value != "" {
			return field + " " + value
		}
	}
	return ""
}

// isUnsatisfying says whether a client has reason to send a request again.
func isUnsatisfying(last *exchange.Exchange) bool {
	return isUnknown(last) || Read(last).Kind == Busy || IsDateRefused(last)
}

// IsDateRefused says whether a request was refused because of its date.
func IsDateRefused(e *exchange.Exchange) bool {
	a := Read(e)
	return !isCashouts(e) && a.Kind == Refusal && a.HasCode && a.Code == int(d24.CodeInvalidDateRange)
}

// redirection is where an answer sends the client on, as a path with its query; empty
// when it does not.
func redirection(e *exchange.Exchange) string {
	if e.Status() < http.StatusMultipleChoices || e.Status() >= http.StatusBadRequest {
		return ""
	}
	return target(e.Response.Header.Get("Location"))
}

// target is a URL without scheme and host.
func target(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	return strings.TrimSuffix(u.EscapedPath(), "/") + "?" + u.RawQuery
}
