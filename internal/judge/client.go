package judge

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// A Client judges what a client sent that was given these credentials. Each of its
// sentences holds only when something was there to judge.
type Client struct {
	Credentials d24.Credentials
	Arrival     Arrival // nil = exchanges were recorded by the server, when they arrived
	Memory      Memory  // nil = none: each sentence finds out anew what is wrong with a signature
}

// An Operation is everything that a client sent for one purpose, in order of arrival:
// the first attempt and its retries.
type Operation []*exchange.Exchange

// A Sentence says one thing about all that a client sent.
type Sentence func(c Client, operations []Operation) Finding

// Knowing is the sentence for who may lack the credentials that it is judged by: without
// one of them it tells nothing.
func Knowing(s Sentence, names ...string) Sentence {
	return func(c Client, operations []Operation) Finding {
		if f, lacks := lacksAny(c.Credentials, names); lacks {
			return f
		}
		return s(c, operations)
	}
}

// known is a finding that rests on the API Signature of each product that it is about:
// nothing holds that was not checked.
func (c Client) known(f Finding) Finding {
	if f.Outcome != Holds {
		return f
	}
	for _, e := range f.Exchanges {
		name := d24.EnvDepositsAPISignature
		if isCashout(e) {
			name = d24.EnvCashoutsAPISignature
		}
		if without, lacks := lacksAny(c.Credentials, []string{name}); lacks {
			return without
		}
	}
	return f
}

func lacksAny(c d24.Credentials, names []string) (Finding, bool) {
	for _, name := range names {
		known := false
		c.Named(func(set, _ string) { known = known || set == name })
		if !known {
			return unseen(name + " in the environment, by which this is judged"), true
		}
	}
	return Finding{}, false
}

// A check is what is wrong with one request; empty when nothing is.
type check func(e *exchange.Exchange) string

// A pick says whether a sentence is about a request.
type pick func(e *exchange.Exchange) bool

// each judges every request that is picked and came over HTTPS: what comes the wrong way
// is not read by the server, and is judged for that alone. what is such a request in words.
func each(operations []Operation, what string, picked pick, expected string, fault check) Finding {
	secure := func(e *exchange.Exchange) bool { return !isPlain(e) && picked(e) }
	return every(operations, what, secure, expected, fault)
}

// every judges every request that is picked.
func every(operations []Operation, what string, picked pick, expected string, fault check) Finding {
	var looked, wrong []*exchange.Exchange
	seen := ""
	for _, e := range slices.Concat(operations...) {
		if !picked(e) {
			continue
		}
		looked = append(looked, e)
		if text := fault(e); text != "" {
			wrong = append(wrong, e)
			if seen == "" {
				seen = name(e) + ": " + text
			}
		}
	}
	switch {
	case len(looked) == 0:
		whole := func(e *exchange.Exchange) bool {
			as := *e
			as.Request.Truncated = false
			return picked(&as)
		}
		if slices.ContainsFunc(slices.Concat(operations...), whole) {
			what += " whose body was recorded byte for byte"
		}
		return unseen(what)
	case len(wrong) > 1:
		return broken(expected, fmt.Sprintf("%s; %d of %d such requests are wrong", seen, len(wrong), len(looked)), wrong...)
	case len(wrong) == 1:
		return broken(expected, seen, wrong...)
	}
	return holds(looked...)
}

// name is a request in a few words.
func name(e *exchange.Exchange) string { return e.Request.Method + " " + shorten(pathOf(e)) }

// quote is a value that a client sent, in a sentence.
func quote(text string) string { return fmt.Sprintf("%q", shorten(text)) }

// PathOf is the request's path as the endpoints are written, whatever stands before it.
func PathOf(e *exchange.Exchange) string { return path(e) }

func path(e *exchange.Exchange) string { return strings.TrimSuffix(pathOf(e), "/") }

func isUnder(e *exchange.Exchange, paths ...string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return path(e) == p || strings.HasPrefix(path(e), p+"/") })
}

// isLookup says whether a request asks one of the read-only endpoints.
func isLookup(e *exchange.Exchange) bool {
	return isUnder(e, d24.PathPaymentMethods, d24.PathExchangeRates, d24.PathBanks, d24.PathStates)
}

// isSigned says whether a request is one that carries the D24 signature: deposits and
// refunds, their statuses, and the lookups of a client that signs those too (AMB-03).
func isSigned(e *exchange.Exchange) bool {
	return isPayment(e) || isLookup(e) && strings.HasPrefix(e.Request.Header.Get(d24.HeaderAuthorization), d24.Scheme)
}

// isPayment says whether a request is about a deposit or a refund.
func isPayment(e *exchange.Exchange) bool { return isUnder(e, d24.PathDeposits, d24.PathRefunds) }

func isDeposits(e *exchange.Exchange) bool { return isPayment(e) || isLookup(e) }

func isCashout(e *exchange.Exchange) bool { return isUnder(e, d24.PathCashout) }

// isCreation says whether a request makes a deposit or a refund: what keys are for.
func isCreation(e *exchange.Exchange) bool {
	return e.Request.Method == http.MethodPost && (path(e) == d24.PathDeposits || path(e) == d24.PathRefunds)
}

// isWhole says whether the body is there, byte for byte, as it was sent.
func isWhole(e *exchange.Exchange) bool { return !e.Request.Truncated }

func hasBody(e *exchange.Exchange) bool { return len(e.Request.Body) > 0 && isWhole(e) }

// both is the pick of what two picks have in common.
func both(a, b pick) pick { return func(e *exchange.Exchange) bool { return a(e) && b(e) } }

// IsCall says whether a request belongs to the API.
func IsCall(e *exchange.Exchange) bool { return anything(e) }

// anything picks all that belongs to the API. A browser's preflight does not: it asks
// whether a page may send what follows, carries no credentials, and no client can change
// it.
func anything(e *exchange.Exchange) bool {
	preflight := e.Request.Method == http.MethodOptions && has("Access-Control-Request-Method")(e)
	return (isDeposits(e) || isCashout(e)) && !preflight
}

// has says whether the request has the header, and not an empty one.
func has(header string) pick {
	return func(e *exchange.Exchange) bool { return strings.TrimSpace(e.Request.Header.Get(header)) != "" }
}

// lacking is a check for headers that have to be there.
func lacking(headers ...string) check {
	return func(e *exchange.Exchange) string {
		var missing []string
		for _, header := range headers {
			if (header != d24.HeaderContentType || hasBody(e)) && !has(header)(e) {
				missing = append(missing, header)
			}
		}
		if len(missing) == 0 {
			return ""
		}
		return "without " + strings.Join(missing, ", ")
	}
}

// UsesHTTPS judges that nothing came over plain HTTP.
func (Client) UsesHTTPS(operations []Operation) Finding {
	return every(operations, "a request", anything, "HTTPS", func(e *exchange.Exchange) string {
		if !isPlain(e) {
			return ""
		}
		return "came over plain HTTP"
	})
}

func isPlain(e *exchange.Exchange) bool {
	return strings.HasPrefix(strings.ToLower(e.Request.URL), "http:")
}

// StaysOnHTTPS judges what a client does that is told to go on over plain HTTP.
func (Client) StaysOnHTTPS(operations []Operation) Finding {
	all := slices.Concat(operations...)
	told := slices.IndexFunc(all, func(e *exchange.Exchange) bool {
		return e.Status() >= 300 && e.Status() < 400 && strings.HasPrefix(strings.ToLower(e.Response.Header.Get("Location")), "http:")
	})
	if told < 0 {
		return unseen("a request that was redirected to plain HTTP")
	}
	if i := slices.IndexFunc(all[told:], isPlain); i >= 0 {
		followed := all[told+i]
		seen := name(followed) + " came over plain HTTP"
		if has(d24.HeaderAuthorization)(followed) || has(d24.HeaderPayloadSignature)(followed) {
			seen += ", with its signature"
		}
		return broken("a redirect to plain HTTP is not followed", seen, all[told], followed)
	}
	return holds(all...)
}

// SentNothing judges that no request came over connections that could not be trusted.
// handshakes is how many of these the client began; control is what it sent when the
// certificate was a good one.
func (Client) SentNothing(operations []Operation, handshakes int, control []Operation) Finding {
	const expected = "nothing is sent to a server that cannot be trusted"
	all := slices.Concat(operations...) // what comes over plain HTTP verifies nothing either
	trusted := slices.Concat(control...)
	switch {
	case len(all) > 0:
		return broken(expected, name(all[0])+" arrived", all...)
	case len(trusted) == 0:
		return unseen("the same request over a certificate that is good")
	case handshakes == 0:
		return unseen("a connection to the server")
	}
	return holds()
}

// Understands says whether a client took an answer as it was sent: status and body are
// what it passed on, and it asked for what it was told of. It is what the client says itself, so it is only ever observed.
func Understands(e *exchange.Exchange, status int, gaveUp string) Finding {
	switch {
	case gaveUp != "":
		return broken("the answer is understood", fmt.Sprintf("%s, and the client says %s", Describe(e), quote(gaveUp)), e)
	case status != e.Status():
		return broken("the answer is understood", fmt.Sprintf("%s, and the client speaks of %d", Describe(e), status), e)
	case status == http.StatusNotFound: // a client asks for nothing but what it was told of
		return broken("the client asks for what there is", fmt.Sprintf("%s to %s %s", Describe(e), e.Request.Method, pathOf(e)), e)
	}
	return holds(e)
}
