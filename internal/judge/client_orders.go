package judge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// What is made, in words.
const (
	Deposits = "deposits"
	Refunds  = "refunds"
	Cashouts = "cashouts"
)

// A Count is how many of something a server made of how many orders.
type Count struct {
	What   string // Deposits, Refunds or Cashouts
	Orders int
	Made   int
}

// MadeNoMore tells whether more was made than was ordered.
func MadeNoMore(counts []Count, what ...string) Finding {
	var said, more []string
	for _, c := range counts {
		if !slices.Contains(what, c.What) {
			continue
		}
		text := fmt.Sprintf("%d orders, %d %s", c.Orders, c.Made, c.What)
		said = append(said, text)
		if c.Made > c.Orders {
			more = append(more, text+" were made")
		}
	}
	switch {
	case len(said) == 0:
		return unseen("an order for " + strings.Join(what, " or "))
	case len(more) > 0:
		return broken("no more "+strings.Join(what, " and ")+" than orders", strings.Join(more, "; "))
	}
	return holds()
}

// isPayout says whether a request makes a cashout.
func isPayout(e *exchange.Exchange) bool {
	return e.Request.Method == http.MethodPost && path(e) == d24.PathCashout
}

// PaysOnce tells what follows a cashouts request whose answer was lost. A cashout has no
// idempotency key: its external_id is all by which a server knows it again.
func (Client) PaysOnce(operations []Operation) Finding {
	const expected = "a retry with the external_id of the first attempt"
	lost, retried := false, []*exchange.Exchange{}
	for _, o := range operations {
		first := slices.IndexFunc(o, func(e *exchange.Exchange) bool { return isCashout(e) && isUnknown(e) })
		if first < 0 {
			continue
		}
		lost = true
		for _, retry := range o[first+1:] {
			if path(retry) != path(o[first]) || retry.Request.Method != o[first].Request.Method {
				continue // it asks for the status, as it should
			}
			for _, field := range []string{"external_id", fieldCashout} {
				was, is := requestField(o[first], field), requestField(retry, field)
				switch {
				case was == is:
				case isPayout(retry):
					return broken(expected, fmt.Sprintf("another external_id: %s after %s, which pays twice where the first attempt was carried out", quote(is), quote(was)), o[first], retry)
				default:
					return broken("a retry about the same cashout", fmt.Sprintf("another %s: %s after %s", field, quote(is), quote(was)), o[first], retry)
				}
			}
			retried = append(retried, o[first], retry)
		}
	}
	switch {
	case !lost:
		return unseen("a cashouts request whose answer was lost")
	case len(retried) == 0:
		return unseen("a retry")
	}
	return holds(retried...)
}

// KeepsKeyOverStarts judges a client that makes an order again after it was killed. The key
// has to be the one that the order had, where the client keeps keys at all: one that has
// another for an order that it was asked for twice in one life leaves that to its caller.
func (Client) KeepsKeyOverStarts(lives [][]Operation) Finding {
	for at, life := range lives {
		for _, o := range creations(life) {
			var before []Operation
			for _, earlier := range lives[:at] {
				before = append(before, slices.DeleteFunc(creations(earlier), func(each Operation) bool { return !isSameOrder(each[0], o[0]) })...)
			}
			switch {
			case len(before) == 0 || keyOf(before[0][0]) == "":
				continue
			case len(before) > 1 && keyOf(before[0][0]) != keyOf(before[1][0]):
				return unseen("a client that keeps keys: it made a new one whenever it was asked, so its caller has to keep them")
			case !slices.ContainsFunc(slices.Concat(before...), func(e *exchange.Exchange) bool { return keyOf(e) == keyOf(o[0]) }):
				return broken("the order's key, kept where a restart does not lose it",
					fmt.Sprintf("%s: another key, %s after %s", name(o[0]), quote(keyOf(o[0])), quote(keyOf(before[0][0]))), before[0][0], o[0])
			}
			return holds(before[0][0], o[0])
		}
	}
	return unseen("an order that is made again after a restart")
}

// isSameOrder says whether two creations are of one order.
func isSameOrder(a, b *exchange.Exchange) bool {
	return path(a) == path(b) && about(a) != "" && about(a) == about(b) && (!isRefund(a) || bytes.Equal(a.Request.Body, b.Request.Body))
}

func isRefund(e *exchange.Exchange) bool { return path(e) == d24.PathRefunds }

// KeysOverStarts judges that no key comes back for something else when a client is started
// again.
func (Client) KeysOverStarts(lives [][]Operation) Finding {
	owner, in := map[string]*exchange.Exchange{}, map[string]int{}
	var keyed []*exchange.Exchange
	starts := 0
	for at, life := range lives {
		begun := false
		for _, e := range slices.Concat(creations(life)...) {
			key := keyOf(e)
			if key == "" {
				continue
			}
			begun = true
			first := owner[key]
			switch {
			case first == nil:
				owner[key], in[key] = e, at
				keyed = append(keyed, e)
			case in[key] != at && !isSameOrder(first, e):
				return broken("keys that no other start of the client has had", "two starts have the key "+quote(key), first, e)
			}
		}
		if begun {
			starts++
		}
	}
	if starts < 2 {
		return unseen("two starts of the client that create something")
	}
	return holds(keyed...)
}

// AsGiven judges that a text arrived wherever it was given, or every text with letters
// beyond ASCII where none is named. told are the bodies that the client was asked to send,
// one for each operation. Without them the text has to be somewhere.
func (c Client) AsGiven(operations []Operation, told []json.RawMessage, text string) Finding {
	expected := "every text as it was given"
	if text != "" {
		expected = "the text as it was given: " + quote(text)
	}
	switch unknown := len(told) != len(operations) || len(told) == 0; {
	case unknown && text == "":
		return unseen("what the client was asked to send")
	case unknown:
		return c.Says(operations, text)
	}
	given := map[*exchange.Exchange]any{}
	for i, o := range operations {
		var body any
		if json.Unmarshal(told[i], &body) != nil {
			continue
		}
		for _, e := range o {
			given[e] = body
		}
	}
	return each(operations, "a request with a body", both(anything, hasBody), expected, func(e *exchange.Exchange) string {
		var body any
		if json.Unmarshal(e.Request.Body, &body) != nil {
			return "the body is not JSON"
		}
		return lost(given[e], body, "", text)
	})
}

// lost is where in what arrived a text is another than was given; empty where it is not.
func lost(given, arrived any, at, text string) string {
	switch g := given.(type) {
	case string:
		meant := g == text || text == "" && strings.ContainsFunc(g, func(r rune) bool { return r > unicode.MaxASCII })
		if said, _ := arrived.(string); meant && said != g {
			return fmt.Sprintf("%s is %s", at, quote(said))
		}
	case map[string]any:
		a, _ := arrived.(map[string]any)
		for name, each := range g {
			if where := lost(each, a[name], strings.TrimPrefix(at+"."+name, "."), text); where != "" {
				return where
			}
		}
	}
	return ""
}
