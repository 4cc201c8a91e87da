package mock

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

func derivedByName() map[string]Mutant {
	mutants := map[string]Mutant{}
	for _, m := range Derived() {
		mutants[m.Name] = m
	}
	return mutants
}

func theMock() Mutant { return Mutant{apply: func(*rulebook) {}} }

// altered are values that the careless comparison takes for ours.
func altered(comparison string) func(ours string) string {
	flipAt := func(text string, at int) string {
		other := byte('0')
		if text[at] == other {
			other = '1'
		}
		return text[:at] + string(other) + text[at+1:]
	}
	return map[string]func(string) string{
		"first-8-characters":      func(ours string) string { return ours[:8] + strings.Repeat("0", len(ours)-8) },
		"first-half":              func(ours string) string { return ours[:len(ours)/2] + strings.Repeat("0", len(ours)-len(ours)/2) },
		"cut":                     func(ours string) string { return ours[:len(ours)-1] },
		"longer":                  func(ours string) string { return ours + "0" },
		"other-case":              strings.ToUpper,
		"trimmed":                 func(ours string) string { return " " + ours },
		"empty":                   func(string) string { return "" },
		"last-character-ignored":  func(ours string) string { return flipAt(ours, len(ours)-1) },
		"first-character-ignored": func(ours string) string { return flipAt(ours, 0) },
	}[comparison]
}

// Each careless comparison of a credential or a signature takes a value that is not ours,
// and the mock as it is refuses it.
func TestCarelessComparisons(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	for value, operation := range map[string]string{
		"x-login": "deposit", "read-only-key": "banks", "cashouts-login": "cashout", "cashouts-pass": "cashout",
		"deposits-signature": "deposit", "payload-signature": "cashout",
	} {
		for _, c := range comparisons() {
			name := value + "/compared/" + c.name
			m, derived := mutants[name]
			if !derived {
				continue
			}
			request := draft{value: map[string]func(string) string{value: altered(c.name)}}
			assert.GreaterOrEqual(t, newProbe(t, theMock(), operationNamed(operation), false).send(request), 400, name)
			assert.Less(t, newProbe(t, m, operationNamed(operation), false).send(request), 300, name)
		}
	}
}

// Keys that a careless comparison confuses have one deposit between them; a key that is
// stored cut has two of its own.
func TestConfusedKeys(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	long := strings.Repeat("k", 64)
	made := func(m Mutant, keys ...string) int {
		p := newProbe(t, m, operationNamed("deposit"), false)
		for _, key := range keys {
			require.Less(t, p.send(draft{key: key, fields: map[string]any{"invoice_id": nil}}), 300)
		}
		return p.admin.DepositCount()
	}
	for _, c := range comparisons() {
		m, derived := mutants["deposit-key/compared/"+c.name]
		if !derived {
			continue
		}
		first, second := long+"a", long+"b"
		if c.name != "first-64-characters" {
			first = "6ba7b810-9dad-11d1"
			second = altered(c.name)(first)
		}
		assert.Equal(t, 2, made(theMock(), first, second), c.name)
		assert.Equal(t, 1, made(m, first, second), c.name)
	}
	assert.Equal(t, 1, made(theMock(), long+"a", long+"a"))
	assert.Equal(t, 2, made(mutants["deposit-key/compared/stored-cut-at-64"], long+"a", long+"a"))
	assert.Equal(t, 1, made(mutants["deposit-keys/keyed/by-64-characters"], long+"a", long+"b"))
}

// Stored cut, or forgotten, a used external_id is taken again.
func TestConfusedExternalIDs(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	long := strings.Repeat("e", 70)
	for _, name := range []string{"external-ids/stored-cut-at-64", "external-ids/once-only"} {
		p := newProbe(t, mutants[name], operationNamed("cashout"), false)
		again := draft{fields: map[string]any{"external_id": long}}
		require.Equal(t, http.StatusOK, p.send(again))
		p.send(again)
		assert.Equal(t, http.StatusOK, p.send(again), name)
	}
}

// Each careless comparison of an address lets in who is not on the list.
func TestConfusedAddresses(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	for name, from := range map[string]string{
		"first-8-characters": "127.0.0.9", "first-half": "127.9.9.9", "last-character-ignored": "127.0.0.2", "longer": "127.0.0.19",
	} {
		for product, operation := range map[string]string{"deposits": "banks", "cashouts": "cashout"} {
			for _, m := range []Mutant{theMock(), mutants[product+"-address/compared/"+name]} {
				p := newProbe(t, m, operationNamed(operation), false)
				require.NoError(t, p.admin.WhitelistAdd(product, "127.0.0.21"))
				assert.Equal(t, m.Name != "", p.send(draft{from: from}) < 300, "%s from %s", name, from)
			}
		}
	}
}

// Each mutant of dates takes what lies in its window, and what lies outside of it no more
// than the mock does.
func TestWideWindows(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	for _, op := range []string{"deposit", "deposit-status", "refund", "refund-status"} {
		for name, test := range map[string]struct{ taken, refused time.Duration }{
			"8-s-in-the-past": {8 * time.Second, -8 * time.Second}, "8-s-in-the-future": {-8 * time.Second, 8 * time.Second},
			"59-min-in-the-past": {59 * time.Minute, -59 * time.Minute}, "59-min-in-the-future": {-59 * time.Minute, 59 * time.Minute},
			"a-day-in-the-past": {24 * time.Hour, -24 * time.Hour}, "a-day-in-the-future": {-24 * time.Hour, 24 * time.Hour},
			"without-the-day": {48 * time.Hour, time.Hour},
		} {
			for _, m := range []Mutant{theMock(), mutants[op+"/window/"+name]} {
				p := newProbe(t, m, operationNamed(op), false)
				p.admin.FreezeClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
				p.prepare("")
				assert.Equal(t, m.Name != "", p.send(draft{age: test.taken}) < 300, "%s/%s", op, name)
				assert.GreaterOrEqual(t, p.send(draft{age: test.refused}), 400, "%s/%s", op, name)
			}
		}
	}
}

// Each mutant of bodies takes a signature over something else than the body.
func TestBodiesSignedOtherwise(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	padding := strings.Repeat("p", 5000)
	for _, op := range derivedOperations() {
		if op.method == http.MethodGet {
			continue
		}
		for name, signed := range map[string]func(string) string{
			"first-1-KiB": func(body string) string { return body[:1<<10] }, "first-4-KiB": func(body string) string { return body[:4<<10] },
			"without-the-last-byte":     func(body string) string { return body[:len(body)-1] },
			"not-verified-beyond-1-KiB": func(string) string { return "x" },
		} {
			for _, m := range []Mutant{theMock(), mutants[op.name+"/signed-body/"+name]} {
				p := newProbe(t, m, op, false)
				p.prepare("")
				p.serial = 1
				got := p.send(draft{signed: signed, fields: map[string]any{"padding": padding}})
				assert.Equal(t, m.Name != "", got < 300, "%s/%s answered %d", op.name, name, got)
			}
		}
	}
}

// What has no white space and its fields in order is signed in the same way before it is
// written.
func TestReserialisedBodies(t *testing.T) {
	t.Parallel()
	const sent = `{"b": 1, "a": 2}`
	assert.Equal(t, `{"b":1,"a":2}`, string(reserialised([]byte(sent))))
	assert.Equal(t, `{"a":2,"b":1}`, string(sorted([]byte(sent))))
}

// Each shared store shows what is one environment's in the other, in its direction.
func TestSharedStores(t *testing.T) {
	t.Parallel()
	mutants := derivedByName()
	for _, second := range []bool{false, true} {
		direction := "/seen-in-the-first"
		if second {
			direction = "/seen-in-the-second"
		}
		for name, test := range map[string]struct {
			operation string
			keys      func(own, other d24.Credentials) d24.Credentials
		}{
			"deposits-credentials": {"deposit", func(_, other d24.Credentials) d24.Credentials { return other }},
			"x-login": {"deposit", func(own, other d24.Credentials) d24.Credentials {
				own.Deposits.APIKey = other.Deposits.APIKey
				return own
			}},
			"deposits-signature": {"deposit", func(own, other d24.Credentials) d24.Credentials {
				own.Deposits.APISignature = other.Deposits.APISignature
				return own
			}},
			"read-only-key":        {"banks", func(_, other d24.Credentials) d24.Credentials { return other }},
			"cashouts-credentials": {"cashout", func(_, other d24.Credentials) d24.Credentials { return other }},
			"cashouts-login": {"cashout", func(own, other d24.Credentials) d24.Credentials {
				own.Cashouts.APIKey = other.Cashouts.APIKey
				return own
			}},
			"cashouts-pass": {"cashout", func(own, other d24.Credentials) d24.Credentials {
				own.Cashouts.APIPassphrase = other.Cashouts.APIPassphrase
				return own
			}},
			"cashouts-signature": {"cashout", func(own, other d24.Credentials) d24.Credentials {
				own.Cashouts.APISignature = other.Cashouts.APISignature
				return own
			}},
		} {
			for _, m := range []Mutant{theMock(), mutants["environments/"+name+direction]} {
				for _, here := range []bool{second, !second} {
					p := newProbe(t, m, operationNamed(test.operation), here)
					other := DefaultSecondCredentials()
					if here {
						other = DefaultCredentials()
					}
					keys := test.keys(p.keys, other)
					got := p.send(draft{keys: &keys})
					assert.Equal(t, m.Name != "" && here == second, got < 300, "%s%s in the second %t: %d", name, direction, here, got)
				}
			}
		}
	}
}
