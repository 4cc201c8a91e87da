package judge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/d24conform/d24conform/internal/exchange"
)

// A Reason is why a request ought to be refused, and with which of the documented
// codes. Without codes any refusal will do: what only third parties or our own
// inference know is not judged.
type Reason struct {
	Because string // "its signature", after "refused because of"
	Codes   []int
	AnyCode bool // the documented codes are known and not judged
}

// expected is what a request with this fault ought to meet.
func (r Reason) expected() string {
	if r.Because == "" {
		return "refused with an HTTP 4xx and an error body"
	}
	return "refused because of " + r.Because
}

// judgesCode says whether a refusal must carry one of the codes.
func (r Reason) judgesCode() bool { return len(r.Codes) > 0 && !r.AnyCode }

// codes are the documented codes in words.
func (r Reason) codes() string {
	words := make([]string, len(r.Codes))
	for i, code := range r.Codes {
		words[i] = strconv.Itoa(code)
	}
	return strings.Join(words, " or ")
}

// IsRefused judges a twin: the probe differs from both controls in exactly one
// fault. It is refused for that fault only if the controls are accepted and it is
// refused, with the documented code where there is one.
func IsRefused(control, probe, again *exchange.Exchange, reason Reason) Finding {
	over := []*exchange.Exchange{control, probe, again}
	if f := controlsHold(control, again, over); f.Outcome != Holds {
		return f
	}
	return isRefused(probe, reason, over)
}

// IsShutOut judges a probe from an address that is not let in. A connection that is closed
// or never made is a refusal like any other: who is not listed does not reach the API.
// Where a code is documented, an answer has to have it.
func IsShutOut(control, probe, again *exchange.Exchange, reason Reason) Finding {
	over := []*exchange.Exchange{control, probe, again}
	if f := controlsHold(control, again, over); f.Outcome != Holds {
		return f
	}
	shut := probe.Failure != nil && slices.Contains([]exchange.FailureKind{
		exchange.FailureClosed, exchange.FailureRefused, exchange.FailureUnreachable, exchange.FailureTLS, exchange.FailureTimeout,
	}, probe.Failure.Kind)
	if shut {
		return holds(over...)
	}
	return isRefused(probe, reason, over)
}

func isRefused(e *exchange.Exchange, reason Reason, over []*exchange.Exchange) Finding {
	switch answer := Read(e); {
	case answer.Kind == Busy:
		return unclear(reason.expected(), Describe(e), over...)
	case answer.Kind != Refusal:
		return broken(reason.expected(), Describe(e), over...)
	case reason.judgesCode() && (!answer.HasCode || !slices.Contains(reason.Codes, answer.Code)):
		return broken(fmt.Sprintf("%s, with code %s", reason.expected(), reason.codes()), Describe(e), over...)
	}
	return holds(over...)
}

// IsAcceptedToo judges a variation that the rules allow: it must be accepted if the
// request without it is.
func IsAcceptedToo(control, probe, again *exchange.Exchange) Finding {
	over := []*exchange.Exchange{control, probe, again}
	if f := controlsHold(control, again, over); f.Outcome != Holds {
		return f
	}
	f := IsAccepted(probe)
	if f.Outcome == Holds && tells(probe) != tells(control) {
		f = broken("accepted", Describe(probe)+", the answer of another request")
	}
	f.Exchanges = over
	return f
}

// tells is which objects an answer names: what creates one names another than a lookup does.
func tells(e *exchange.Exchange) (ids struct{ deposit, refund, cashout bool }) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(e.Response.Body, &fields) != nil {
		return ids
	}
	_, ids.deposit = fields["deposit_id"]
	_, ids.refund = fields["refund_id"]
	_, ids.cashout = fields["cashout_id"]
	return ids
}

// IsVerified judges a request whose signature is right: it is accepted, or refused for
// something else than its signature, such as its size.
func IsVerified(control, probe, again *exchange.Exchange, reason Reason) Finding {
	over := []*exchange.Exchange{control, probe, again}
	if f := controlsHold(control, again, over); f.Outcome != Holds {
		return f
	}
	if answer := Read(probe); answer.Kind == Refusal && slices.Contains(reason.Codes, answer.Code) {
		return broken("not "+reason.expected()+": it is signed as it is sent", Describe(probe), over...)
	}
	return IsClear(control, probe, again)
}

// IsClear judges nothing but that a twin can be read: both controls were accepted, and
// the probe was accepted or refused.
func IsClear(control, probe, again *exchange.Exchange) Finding {
	over := []*exchange.Exchange{control, probe, again}
	if f := controlsHold(control, again, over); f.Outcome != Holds {
		return f
	}
	f := IsAnswered(probe)
	f.Exchanges = over
	return f
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
// redirect, an error: anything goes but an object or a success. The controls went
// over HTTPS.
func FailsOnPlainHTTP(control, probe, again *exchange.Exchange) Finding {
	const expected = "fails, with nothing processed"
	over := []*exchange.Exchange{control, probe, again}
	if f := controlsHold(control, again, over); f.Outcome != Holds {
		return f
	}
	if probe.Response == nil {
		if probe.Failure != nil && probe.Failure.Kind == exchange.FailureCancelled {
			return unclear(expected, Describe(probe), over...)
		}
		return holds(over...)
	}
	answer, status := Read(probe), probe.Response.Status
	if answer.ObjectID != "" || (status >= 200 && status < 300 && (answer.Kind == Accepted || !answer.isError())) {
		return broken(expected, Describe(probe), over...)
	}
	return holds(over...)
}
