package judge

import (
	"bytes"
	"fmt"
	"mime"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// A Reason is why a request ought to be refused, and with which of the documented
// codes. Without codes any refusal will do: what only third parties or our own
// inference know is not judged.
type Reason struct {
	Because string // "its signature", after "refused because of"
	Codes   []int
}

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

// IsRefused judges a twin: the probe differs from both controls in exactly one
// fault. It is refused for that fault only if the controls are accepted and it is
// refused, with the documented code where there is one.
func IsRefused(control, probe, again *exchange.Exchange, reason Reason) Finding {
	over := []*exchange.Exchange{control, probe, again}
	expected := "refused with an HTTP 4xx and an error body"
	if reason.Because != "" {
		expected = "refused because of " + reason.Because
	}
	if f := controlsHold(control, again, over); f.Outcome != Holds {
		return f
	}
	answer := Read(probe)
	switch answer.Kind {
	case Busy:
		return unclear(expected, Describe(probe), over...)
	case Accepted, Odd:
		return broken(expected, Describe(probe), over...)
	case Refusal:
	}
	if len(reason.Codes) > 0 && !slices.Contains(reason.Codes, answer.Code) {
		return broken(fmt.Sprintf("%s, with code %s", expected, codes(reason.Codes)), Describe(probe), over...)
	}
	return holds(over...)
}

// IsRefusedAlone judges a refusal whose twin is told by the story around it, such as
// the last cent beyond a balance, with the documented code where there is one.
func IsRefusedAlone(e *exchange.Exchange, reason Reason) Finding {
	answer := Read(e)
	expected := "refused because of " + reason.Because
	switch {
	case answer.Kind == Busy:
		return unclear(expected, Describe(e), e)
	case answer.Kind != Refusal:
		return broken(expected, Describe(e), e)
	case len(reason.Codes) > 0 && !slices.Contains(reason.Codes, answer.Code):
		return broken(fmt.Sprintf("%s, with code %s", expected, codes(reason.Codes)), Describe(e), e)
	}
	return holds(e)
}

func codes(list []int) string {
	words := make([]string, len(list))
	for i, code := range list {
		words[i] = fmt.Sprint(code)
	}
	return strings.Join(words, " or ")
}

// IsAcceptedToo judges a variation that the rules allow: it must be accepted if the
// request without it is.
func IsAcceptedToo(control, probe, again *exchange.Exchange) Finding {
	if f := IsClear(control, probe, again); f.Outcome != Holds {
		return f
	}
	if Read(probe).Kind != Accepted {
		return broken("accepted", Describe(probe), control, probe, again)
	}
	return holds(control, probe, again)
}

// IsClear judges nothing but that a twin can be read: both controls were accepted, and
// the probe was answered.
func IsClear(control, probe, again *exchange.Exchange) Finding {
	over := []*exchange.Exchange{control, probe, again}
	if f := controlsHold(control, again, over); f.Outcome != Holds {
		return f
	}
	if Read(probe).Kind == Busy {
		return unclear("accepted or refused", Describe(probe), over...)
	}
	return holds(over...)
}

// controlsHold says whether the request is accepted where it has no fault.
func controlsHold(control, again *exchange.Exchange, over []*exchange.Exchange) Finding {
	for _, c := range []*exchange.Exchange{control, again} {
		if Read(c).Kind != Accepted {
			return unclear("the same request without the fault is accepted", Describe(c), over...)
		}
	}
	return holds(over...)
}

// FailsOnPlainHTTP judges a request that went over plain HTTP: no connection, a
// redirect, an error: anything goes but an object. The controls went over HTTPS.
func FailsOnPlainHTTP(control, probe, again *exchange.Exchange) Finding {
	over := []*exchange.Exchange{control, probe, again}
	if f := controlsHold(control, again, over); f.Outcome != Holds || probe.Response == nil {
		return f
	}
	answer, status := Read(probe), probe.Response.Status
	if answer.ObjectID != "" || (status >= 200 && status < 300) {
		return broken("fails, with nothing processed", Describe(probe), over...)
	}
	return holds(over...)
}

// IsModernTLS judges the connection of an exchange: TLS 1.2 is the oldest version
// that is not withdrawn (RFC 8996).
func IsModernTLS(e *exchange.Exchange) Finding {
	if e.TLS != "TLS 1.2" && e.TLS != "TLS 1.3" {
		return broken("a connection of TLS 1.2 or later", "TLS version "+e.TLS, e)
	}
	return holds(e)
}

// Replays judges retries of a request that came first with their idempotency key:
// status and body are the first one's, byte for byte.
func Replays(first *exchange.Exchange, retries ...*exchange.Exchange) Finding {
	expected := "the stored answer, byte for byte: " + Describe(first)
	if first.Response == nil {
		return unclear("an answer to the first request", Describe(first), first)
	}
	for _, e := range retries {
		switch {
		case e.Response == nil:
			return unclear(expected, Describe(e), first, e)
		case e.Response.Status != first.Response.Status:
			if kind := Read(e).Kind; kind == Busy && first.Response.Status < 500 {
				return unclear(expected, Describe(e), first, e)
			}
			return broken(expected, Describe(e), first, e)
		case !bytes.Equal(e.Response.Body, first.Response.Body):
			return broken(expected, Describe(e)+" with another body: "+difference(first.Response.Body, e.Response.Body), first, e)
		}
	}
	return holds(append([]*exchange.Exchange{first}, retries...)...)
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

// ReplaysOrRejects judges retries that may meet the first request in flight, or carry
// another body: each is the stored answer or refused with 104 (readings AMB-04, -05
// and -08), and none is a second object. It also tells which it was.
func ReplaysOrRejects(first *exchange.Exchange, retries ...*exchange.Exchange) (finding Finding, rejected bool) {
	var same []*exchange.Exchange
	for _, e := range retries {
		if answer := Read(e); answer.Kind == Refusal && answer.Code == int(d24.CodeIdempotencyKeyUsed) {
			rejected = true
			continue
		}
		same = append(same, e)
	}
	return Replays(first, same...), rejected
}

// Creates judges requests that are operations of their own: every one is accepted
// and no two have the same object.
func Creates(exchanges ...*exchange.Exchange) Finding {
	seen := map[string]*exchange.Exchange{}
	for _, e := range exchanges {
		if f := IsAccepted(e); f.Outcome != Holds {
			return f
		}
		id := Read(e).ObjectID
		if other := seen[id]; other != nil {
			return broken("an object of its own for each", "both have "+Read(e).ObjectField+" "+shorten(id), other, e)
		}
		seen[id] = e
	}
	return holds(exchanges...)
}

// CreatesOnce judges requests of which one and only one may have an effect.
func CreatesOnce(exchanges ...*exchange.Exchange) Finding {
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
	if len(accepted) != 1 {
		over := accepted
		if len(over) == 0 {
			over = exchanges
		}
		return broken("exactly one is accepted", fmt.Sprintf("%d of %d are", len(accepted), len(exchanges)), over...)
	}
	return holds(exchanges...)
}

// SaysStatus judges the status that a status request tells.
func SaysStatus(e *exchange.Exchange, want string) Finding {
	answer := Read(e)
	expected := "status " + want
	switch {
	case answer.Kind == Busy:
		return unclear(expected, Describe(e), e)
	case answer.Kind != Accepted || !strings.EqualFold(answer.Status, want):
		return broken(expected, Describe(e), e)
	}
	return holds(e)
}

// IsJSON judges that an answer is JSON and says so.
func IsJSON(e *exchange.Exchange) Finding {
	const expected = "a JSON body with Content-Type: application/json"
	if e.Response == nil {
		return unclear(expected, Describe(e), e)
	}
	kind := e.Response.Header.Get(d24.HeaderContentType)
	media, _, err := mime.ParseMediaType(kind)
	switch {
	case !Read(e).JSON:
		return broken(expected, Describe(e), e)
	case err != nil || media != d24.ContentTypeJSON:
		return broken(expected, fmt.Sprintf("Content-Type: %q", kind), e)
	}
	return holds(e)
}
