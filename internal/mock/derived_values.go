package mock

import (
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// A comparison is a careless one: it takes for ours what is not.
type comparison struct {
	name  string
	says  string // with the value's name for %s, after "a server that"
	equal func(ours, shown string) bool
}

// How much of a value a careless comparison looks at.
const (
	fewCharacters = 8
	columnWidth   = 64
)

func comparisons() []comparison {
	return []comparison{
		{"first-8-characters", "compares the first 8 characters of %s", func(ours, shown string) bool { return sameStart(ours, shown, fewCharacters) }},
		{"first-half", "compares the first half of %s", func(ours, shown string) bool { return sameStart(ours, shown, len(ours)/2) }}, //nolint:mnd // a half
		{"cut", "takes the beginning of %s for the whole", func(ours, shown string) bool { return shown != "" && strings.HasPrefix(ours, shown) }},
		{"longer", "takes whatever begins with %s", func(ours, shown string) bool { return len(shown) > len(ours) && strings.HasPrefix(shown, ours) }},
		{"other-case", "compares %s without its case", strings.EqualFold},
		{"trimmed", "trims %s before the comparison", func(ours, shown string) bool { return strings.TrimSpace(shown) == ours }},
		{"empty", "accepts an empty value for %s", func(_, shown string) bool { return shown == "" }},
		{"last-character-ignored", "does not compare the last character of %s", func(ours, shown string) bool {
			return len(shown) == len(ours) && sameStart(ours, shown, len(ours)-1)
		}},
		{"first-character-ignored", "does not compare the first character of %s", func(ours, shown string) bool {
			return shown != "" && len(shown) == len(ours) && shown[1:] == ours[1:]
		}},
		{"first-64-characters", "compares the first 64 characters of %s", func(ours, shown string) bool { return sameStart(ours, shown, columnWidth) }},
	}
}

func sameStart(a, b string, n int) bool {
	return n > 0 && len(a) >= n && len(b) >= n && a[:n] == b[:n]
}

// A comparedValue is a value of a request that the server compares with one that it has.
type comparedValue struct {
	name, text string
	broken     func(comparison string) []string // nil where the comparison is no mutant
	apply      func(r *rulebook, c comparison)
}

// derivedFromValues compare each value in each careless way.
func derivedFromValues() []Mutant {
	var list []Mutant
	for _, v := range comparedValues() {
		for _, c := range comparisons() {
			if broken := v.broken(c.name); broken != nil {
				list = append(list, Mutant{
					v.name + "/compared/" + c.name, strings.ReplaceAll(c.says, "%s", v.text), broken,
					func(r *rulebook) { v.apply(r, c) },
				})
			}
		}
	}
	for _, name := range []string{"deposit", "refund"} {
		op := operationNamed(name)
		list = append(list, Mutant{
			name + "-key/compared/stored-cut-at-64", "stores the first 64 characters of a " + name + "'s idempotency key, and compares all of them",
			op.brokenByConfusedKeys(), func(r *rulebook) { storeKeysCut(r, name) },
		})
	}
	return append(list, Mutant{
		"external-ids/stored-cut-at-64", "stores the first 64 characters of an external_id, and compares all of them",
		[]string{"CASH-EXT-01"},
		func(r *rulebook) {
			used := r.externalIDUsed
			r.externalIDUsed = func(c *call, tx *store.Tx, id string) bool { return len(id) <= columnWidth && used(c, tx, id) }
		},
	})
}

// broken breaks the rules with these comparisons.
func brokenWith(rules map[string][]string) func(string) []string {
	return func(comparison string) []string { return rules[comparison] }
}

// allBut breaks the same rules with every comparison but these.
func allBut(rules []string, but ...string) func(string) []string {
	return func(comparison string) []string {
		if slices.Contains(but, comparison) {
			return nil
		}
		return rules
	}
}

// comparedValues are the values with the rules that a careless comparison breaks. Which
// comparisons are left out, and why, stands in [Equivalents].
func comparedValues() []comparedValue {
	const longest = "first-64-characters" // no credential is as long
	values := []comparedValue{
		{
			"x-login", "X-Login",
			func(comparison string) []string {
				if comparison == "empty" {
					return []string{"DEP-HDR-01", "DEP-HDR-03"}
				}
				return allBut([]string{"DEP-AUTH-06"}, "trimmed", longest)(comparison)
			},
			func(r *rulebook, c comparison) {
				if c.name == "empty" {
					excuse(r, "", "login-header", func(c *call) bool { return c.sends(d24.HeaderLogin) })
					return
				}
				find := r.depositsLogin
				r.depositsLogin = func(e *environment, login string) *merchant {
					if m := find(e, login); m != nil || !c.equal(e.only().credentials.Deposits.APIKey, login) {
						return m
					}
					return e.only()
				}
			},
		},
		{
			"read-only-key", "the read-only key",
			func(comparison string) []string {
				if comparison == "empty" {
					return []string{"DEP-SEC-03"}
				}
				return allBut([]string{"DEP-AUTH-03"}, "trimmed", longest)(comparison)
			},
			func(r *rulebook, c comparison) {
				excuse(r, "", "key", func(call *call) bool {
					// HTTP drops the space at the end of "Bearer ".
					key, bearer := strings.CutPrefix(call.header(d24.HeaderAuthorization)+" ", d24.BearerScheme)
					return bearer && c.equal(call.env.only().credentials.Deposits.ReadOnlyKey, strings.TrimSuffix(key, " "))
				})
			},
		},
		{
			"cashouts-login", "login", brokenByComparedCredential,
			func(r *rulebook, c comparison) {
				find := r.cashoutsLogin
				r.cashoutsLogin = func(e *environment, login string) *merchant {
					if m := find(e, login); m != nil || !c.equal(e.only().credentials.Cashouts.APIKey, login) {
						return m
					}
					return e.only()
				}
			},
		},
		{
			"cashouts-pass", "pass", brokenByComparedCredential,
			func(r *rulebook, c comparison) {
				right := r.cashoutsPass
				r.cashoutsPass = func(m *merchant, pass string) bool {
					return right(m, pass) || c.equal(m.credentials.Cashouts.APIPassphrase, pass)
				}
			},
		},
		{
			"deposits-signature", "the signature of deposits",
			brokenWith(map[string][]string{
				"first-8-characters": {"DEP-SIG-02", "DEP-SIG-03"}, "first-half": {"DEP-SIG-02", "DEP-SIG-03"},
				"cut": {"DEP-SIG-02"}, "longer": {"DEP-SIG-02"}, "empty": {"DEP-HDR-01", "DEP-HDR-02", "DEP-SEC-03"},
				"last-character-ignored": {"DEP-SIG-03"}, "first-character-ignored": {"DEP-SIG-03"},
			}),
			func(r *rulebook, c comparison) {
				verify := r.depositsSignature
				r.depositsSignature = func(m *merchant, call *call) bool {
					digest, scheme := strings.CutPrefix(call.header(d24.HeaderAuthorization)+" ", d24.Scheme)
					return verify(m, call) || scheme &&
						c.equal(m.deposits.Deposit(call.header(d24.HeaderDate), call.header(d24.HeaderLogin), call.body), strings.TrimSuffix(digest, " "))
				}
			},
		},
		{
			"payload-signature", "Payload-Signature",
			brokenWith(map[string][]string{
				"first-8-characters": {"CASH-SIG-02"}, "first-half": {"CASH-SIG-02"}, "cut": {"CASH-SIG-02"}, "longer": {"CASH-SIG-02"},
				"other-case": {"CASH-SIG-04"}, "empty": {"CASH-SEC-03", "CASH-SIG-01", "CASH-HDR-01"},
				"last-character-ignored": {"CASH-SIG-02"}, "first-character-ignored": {"CASH-SIG-02", "CASH-SIG-04"},
			}),
			func(r *rulebook, c comparison) {
				if c.name == "empty" {
					excuse(r, "", "control", func(c *call) bool { return c.sends(d24.HeaderPayloadSignature) })
					return
				}
				verify := r.cashoutsSignature
				r.cashoutsSignature = func(m *merchant, call *call) bool {
					return verify(m, call) || c.equal(m.cashouts.Payload(call.body), call.header(d24.HeaderPayloadSignature))
				}
			},
		},
	}
	for _, name := range []string{"deposit", "refund"} {
		values = append(values, comparedValue{
			name + "-key", "a " + name + "'s idempotency key", operationNamed(name).brokenByComparedKey,
			func(r *rulebook, c comparison) { confuseKeys(r, name, c) },
		})
	}
	for _, p := range []product{deposits, cashouts} {
		values = append(values, comparedValue{
			p.String() + "-address", "the addresses on the whitelist of " + p.String() + ", as text,",
			p.brokenByComparedAddress,
			func(r *rulebook, c comparison) { confuseAddresses(r, p, c) },
		})
	}
	return values
}

func operationNamed(name string) derivedOperation {
	list := derivedOperations()
	return list[slices.IndexFunc(list, func(op derivedOperation) bool { return op.name == name })]
}

// confuseKeys has an operation take a key for one that it has seen.
func confuseKeys(r *rulebook, operationName string, compare comparison) {
	var mu sync.Mutex
	seen := map[string][]string{} // by environment
	spellKeys(r, func(c *call, key string) string {
		if c.op.name != operationName {
			return key
		}
		mu.Lock()
		defer mu.Unlock()
		for _, ours := range seen[c.env.name] {
			if compare.equal(ours, key) {
				return ours
			}
		}
		seen[c.env.name] = append(seen[c.env.name], key)
		return key
	})
}

// storeKeysCut stores what a narrow column holds of a key, so that a longer one is never
// found again.
func storeKeysCut(r *rulebook, operationName string) {
	var extra serial
	spellKeys(r, func(c *call, key string) string {
		if c.op.name == operationName && len(key) > columnWidth {
			return extra.next(key)
		}
		return key
	})
	r.invoiceUsed = func(*store.Tx, *merchant, string) bool { return false } // stored in the same way
}

// confuseAddresses lets in whose address looks like one of a product's list.
func confuseAddresses(r *rulebook, p product, compare comparison) {
	ask := r.whitelisted
	r.whitelisted = func(c *call, address netip.Addr) bool {
		if ask(c, address) || c.op.product != p {
			return ask(c, address)
		}
		return slices.ContainsFunc(c.env.whitelist.list(p), func(each netip.Prefix) bool {
			return compare.equal(each.Addr().String(), address.Unmap().String())
		})
	}
}
