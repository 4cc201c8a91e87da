package judge

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/mistakes"
)

func keyOf(e *exchange.Exchange) string { return e.Request.Header.Get(d24.HeaderIdempotencyKey) }

// SendsKeys judges that what creates something can be retried.
func (Client) SendsKeys(operations []Operation) Finding {
	return each(operations, "a request that creates a deposit or a refund", isCreation, "X-Idempotency-Key on every POST that creates something",
		lacking(d24.HeaderIdempotencyKey))
}

// KeysOnlyOnPosts judges that keys are not sent where they mean nothing.
func (Client) KeysOnlyOnPosts(operations []Operation) Finding {
	without := func(e *exchange.Exchange) bool {
		return isDeposits(e) && (e.Request.Method == http.MethodGet || e.Request.Method == http.MethodDelete)
	}
	return each(operations, "a GET or a DELETE", without, "no X-Idempotency-Key on GET and DELETE", func(e *exchange.Exchange) string {
		if _, sent := e.Request.Header.Lookup(d24.HeaderIdempotencyKey); sent {
			return "with X-Idempotency-Key"
		}
		return ""
	})
}

// creations are the operations that create something, each with those of its requests
// that try to. What comes over plain HTTP is judged for that alone.
func creations(operations []Operation) []Operation {
	var list []Operation
	for _, o := range operations {
		o = slices.DeleteFunc(slices.Clone(o), func(e *exchange.Exchange) bool { return !isCreation(e) || isPlain(e) })
		if len(o) > 0 {
			list = append(list, o)
		}
	}
	return list
}

// KeysForOneOperation judges that no key serves two operations: the second would be
// answered with the first one's result.
func (Client) KeysForOneOperation(operations []Operation) Finding {
	const expected = "a key of its own for each operation"
	owner := map[string]*exchange.Exchange{}
	var keyed []*exchange.Exchange
	for _, o := range creations(operations) {
		for _, e := range o {
			key := keyOf(e)
			if key == "" {
				continue
			}
			first := owner[key]
			switch {
			case repeated(e, d24.HeaderIdempotencyKey):
				return broken(expected, name(e)+": X-Idempotency-Key comes twice", e)
			case first == nil:
				owner[key] = e
				keyed = append(keyed, e)
			case slices.Contains(o, first): // a retry
			case isSameOrder(first, o[0]): // the same once more
			case path(first) != path(e):
				return broken(expected, fmt.Sprintf("a deposit and a refund have the key %s", quote(key)), first, e)
			default:
				return broken(expected, fmt.Sprintf("two operations have the key %s", quote(key)), first, e)
			}
		}
	}
	if len(keyed) < 2 {
		return unseen("two operations with keys")
	}
	return holds(keyed...)
}

// leastBits is how much chance a key must hold. A version 4 UUID has 122 bits; with half
// of that, four billion keys collide with a probability of one half.
const leastBits = 64

// leastTelling is how long a number of the merchant's must be to be found in the middle
// of a key: one of six digits stands in a UUID by chance once in 600,000 times, one of a
// single digit in nearly all.
const leastTelling = 6

// isPart says whether a key was made from a value: it holds it as a word of its own, or it
// is too long to be there by chance.
func isPart(key, value string) bool {
	words := strings.FieldsFunc(key, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return value != "" && (key == value || slices.Contains(words, value) || strings.HasSuffix(key, "-"+value) ||
		len(value) >= leastTelling && strings.Contains(key, value))
}

// KeysAreRandom judges that keys could not be guessed or met twice: made of chance, and
// not of a counter, the time or the order's own number.
func (Client) KeysAreRandom(operations []Operation) Finding {
	const expected = "keys of at least 64 random bits, such as version 4 UUIDs"
	var keys []string
	var keyed []*exchange.Exchange
	for _, o := range creations(operations) {
		e := o[0]
		key := keyOf(e)
		if key == "" || slices.Contains(keys, key) {
			continue
		}
		keys, keyed = append(keys, key), append(keyed, e)
		for _, field := range []string{"invoice_id", "deposit_id"} {
			if value := requestField(e, field); isPart(key, value) {
				return broken(expected, fmt.Sprintf("the key %s holds the %s", quote(key), field), e)
			}
		}
	}
	if len(keys) == 0 {
		return unseen("an operation with a key")
	}
	for i, key := range keys {
		if bits := randomBits([]string{key}); bits < leastBits {
			return broken(expected, fmt.Sprintf("the key %s, which holds at most %.0f bits", quote(key), bits), keyed[i])
		}
	}
	if bits := randomBits(keys); bits < leastBits {
		return broken(expected, fmt.Sprintf("at most %.0f bits change from key to key, such as %s", bits, quotes(keys)), keyed...)
	}
	return holds(keyed...)
}

func quotes(keys []string) string {
	list := make([]string, 0, 2)
	for _, key := range keys[:min(2, len(keys))] {
		list = append(list, quote(key))
	}
	return strings.Join(list, " and ")
}

// randomBits is how much chance there can be at most in keys: what differs between them,
// as many bits for each character as its alphabet has. Of a single key it is the whole.
func randomBits(keys []string) float64 {
	var digits, hex, lower, upper, other bool
	for _, r := range strings.Join(keys, "") {
		switch {
		case r >= '0' && r <= '9':
			digits = true
		case r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F':
			hex = true
		case unicode.IsLower(r):
			lower = true
		case unicode.IsUpper(r):
			upper = true
		case r != '-':
			other = true
		}
	}
	alphabet := 10.0
	switch {
	case other || lower && upper:
		alphabet = 64
	case lower || upper:
		alphabet = 36
	case hex:
		alphabet = 16
	case !digits:
		return 0
	}
	changing := 0
	for i := range slices.MaxFunc(keys, func(a, b string) int { return len(a) - len(b) }) {
		at := func(key string) string {
			if i < len(key) {
				return key[i : i+1]
			}
			return ""
		}
		if at(keys[0]) == "-" {
			continue
		}
		if len(keys) == 1 || slices.ContainsFunc(keys[1:], func(key string) bool { return at(key) != at(keys[0]) }) {
			changing++
		}
	}
	return float64(changing) * math.Log2(alphabet)
}

// isUnknown says whether a client cannot know what became of a request: it got no
// answer, or half of one.
func isUnknown(e *exchange.Exchange) bool {
	return e.Failure != nil || e.Response == nil || e.Response.Truncated
}

// RetriesSafely judges what follows a creation whose answer was lost: the same key and
// the same body, with a date and a signature of the retry's own. A client that does not
// try again breaks no rule.
func (c Client) RetriesSafely(operations []Operation) Finding {
	var retried []*exchange.Exchange
	lost, because := false, "a retry"
	for _, o := range creations(operations) {
		first := slices.IndexFunc(o, isUnknown)
		if first < 0 {
			continue
		}
		lost = true
		for _, retry := range o[first+1:] {
			switch f := c.isSafeRetry(o[first], retry); f.Outcome {
			case Holds:
				retried = append(retried, o[first], retry)
			case Unseen:
				because = f.Expected
			case Broken, Unclear:
				return f
			}
		}
	}
	switch {
	case !lost:
		return unseen("a request whose answer was lost")
	case len(retried) == 0:
		return unseen(because)
	}
	return holds(retried...)
}

func (c Client) isSafeRetry(first, retry *exchange.Exchange) Finding {
	const expected = "a retry with the same key and body, dated and signed afresh"
	key, again := keyOf(first), keyOf(retry)
	switch {
	case again == "" && key == "":
		return broken(expected, "a retry without a key, which the server takes for another operation", first, retry)
	case key != again:
		return broken(expected, fmt.Sprintf("another key: %s after %s", quote(again), quote(key)), first, retry)
	case !isWhole(first) || !isWhole(retry):
		return unseen("a retry that was recorded byte for byte")
	case !bytes.Equal(first.Request.Body, retry.Request.Body):
		return broken(expected, "another body: "+difference(first.Request.Body, retry.Request.Body), first, retry)
	}
	date, dateAgain := first.Request.Header.Get(d24.HeaderDate), retry.Request.Header.Get(d24.HeaderDate)
	switch {
	case date != dateAgain:
		// Where the first was signed wrong, the retry tells nothing new about signing.
		if c.diagnose(first).About == mistakes.Nothing && c.diagnose(retry).About != mistakes.Nothing {
			return broken(expected, told(c.diagnose(retry)), first, retry)
		}
		return holds(first, retry)
	case first.Timing.Total >= time.Second:
		return broken(expected, fmt.Sprintf("the X-Date of the first attempt, whose answer was lost %s later", first.Timing.Total.Round(time.Millisecond)), first, retry)
	}
	return unseen("a retry in another second than the first attempt") // within one second a fresh date is the same
}

// Retried is what a client did after its first attempt, in words, for what is observed.
func Retried(operations []Operation) (text string, over []*exchange.Exchange) {
	all := slices.Concat(operations...)
	switch {
	case len(all) == 0:
		return "it sent nothing", nil
	case len(all) == 1:
		return "it did not try again", all
	}
	what := []string{}
	first, last := all[0], all[len(all)-1]
	if isCreation(first) {
		same := map[bool]string{true: "the same", false: "another"}
		what = append(what, same[keyOf(first) == keyOf(last)]+" key", same[bytes.Equal(first.Request.Body, last.Request.Body)]+" body")
	}
	text = fmt.Sprintf("it tried %d times in %s", len(all), last.Started.Sub(first.Started).Round(time.Millisecond))
	if len(what) > 0 {
		text += ", with " + strings.Join(what, " and ")
	}
	return text + "; the last answer was " + Describe(last), all
}
