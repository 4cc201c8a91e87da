package mock

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// idempotencyMutants do something twice, or answer a retry with something else.
//
// Two traps are no mutants. Keys that are shared by merchants cannot be seen by one
// merchant, and a suite has the keys of one. Keys that are used up before the
// signature is verified are a reading (AMB-09 store-all).
func idempotencyMutants() []Mutant {
	return []Mutant{
		{
			"hosted-without-keys", "does not look at the keys of hosted deposits",
			[]string{"DEP-IDEM-01", "DEP-IDEM-02", "DEP-IDEM-05"},
			func(r *rulebook) {
				key := r.key
				r.key = func(c *call) (string, bool) {
					if c.creates(d24.PathDeposits) && !bytes.Contains(c.body, []byte(`"payment_method"`)) {
						return "", false
					}
					return key(c)
				}
			},
		},
		{
			"check-then-insert-race", "looks for a key and stores it in two steps, so that two requests at once both find none",
			[]string{"DEP-IDEM-02", "DEP-IDEM-05"},
			raceForKeys,
		},
		{
			"lost-answer-forgotten", "stores an answer when it has been sent, so that a lost one is not there for the retry",
			[]string{"DEP-IDEM-02"},
			forgetLostAnswers,
		},
		{
			"key-without-case", "compares keys without their case",
			[]string{"DEP-IDEM-03", "DEP-IDEM-07"},
			func(r *rulebook) { spellKeys(r, func(_ *call, key string) string { return strings.ToLower(key) }) },
		},
		{
			"refund-key-cut", "compares 32 characters of a refund's key",
			[]string{"DEP-IDEM-07"},
			func(r *rulebook) {
				const kept = 32
				spellKeys(r, func(c *call, key string) string {
					if c.endpoint.path != d24.PathRefunds {
						return key
					}
					return key[:min(kept, len(key))]
				})
			},
		},
		{
			"refunds-without-keys", "does not look at the keys of refunds",
			[]string{"DEP-IDEM-01", "DEP-IDEM-02", "DEP-IDEM-04", "DEP-IDEM-05", "DEP-IDEM-07"},
			func(r *rulebook) {
				key := r.key
				r.key = func(c *call) (string, bool) {
					if c.endpoint.path == d24.PathRefunds {
						return "", false
					}
					return key(c)
				}
			},
		},
		{
			"refusals-forgotten", "stores no 4xx",
			[]string{"DEP-IDEM-04", "DEP-IDEM-05"},
			func(r *rulebook) {
				r.storeOutcome = func(a answer) bool {
					return a.Status < http.StatusBadRequest || a.Status >= http.StatusInternalServerError
				}
			},
		},
		{
			"errors-forgotten", "stores no 500",
			[]string{"DEP-IDEM-05"},
			func(r *rulebook) {
				r.storeOutcome = func(a answer) bool { return a.Status < http.StatusInternalServerError }
			},
		},
		{
			"fresh-body-on-500", "repeats a 500 in other words",
			[]string{"DEP-IDEM-05"},
			func(r *rulebook) {
				r.replay = func(c *call, stored answer) answer {
					if stored.Status != http.StatusInternalServerError {
						return stored
					}
					return *refuse(stored.Status, d24.CodeGeneric, "Generic error at "+c.now.Format(time.RFC3339Nano))
				}
			},
		},
		{
			"replay-of-present-state", "repeats the answer of a deposit that has been paid as it would be now",
			[]string{"DEP-IDEM-05"},
			func(r *rulebook) { r.replay = presentState },
		},
		{
			"replay-with-fresh-time", "repeats a deposit's answer with a created_at of its own",
			[]string{"DEP-IDEM-01", "DEP-IDEM-02", "DEP-IDEM-03", "DEP-IDEM-04", "DEP-IDEM-05"},
			func(r *rulebook) {
				const milliseconds = paymentDate + ".000"
				r.replay = func(c *call, stored answer) answer {
					return withField(stored, "created_at", strconv.Quote(c.now.UTC().Format(milliseconds)))
				}
			},
		},
		{
			"effect-before-dedupe", "takes a refund's money again on every retry, and repeats the first answer",
			[]string{"DEP-IDEM-01", "DEP-IDEM-02", "DEP-IDEM-04", "DEP-IDEM-07", "DEP-IDEM-05"},
			func(r *rulebook) {
				r.replay = func(c *call, stored answer) answer {
					if c.endpoint.path == d24.PathRefunds {
						c.op.run(c) // has its effect; nobody learns of its answer
					}
					return stored
				}
			},
		},
		{
			"keyed-get", "answers GET by its key, too",
			[]string{"DEP-IDEM-08"},
			func(r *rulebook) {
				r.key = func(c *call) (string, bool) {
					key := c.header(d24.HeaderIdempotencyKey)
					return key, key != "" && c.op.product == deposits
				}
			},
		},
	}
}

// spellKeys has keys compared as another text.
func spellKeys(r *rulebook, spell func(c *call, key string) string) {
	scope := r.keyScope
	r.keyScope = func(c *call, key string) string { return scope(c, spell(c, key)) }
}

// presentState makes the replay of a creation anew: what has been paid has no payment
// instructions any more.
func presentState(c *call, stored answer) answer {
	var created struct {
		DepositID anyText `json:"deposit_id"`
	}
	if json.Unmarshal(stored.Body, &created) != nil {
		return stored
	}
	id, _ := parseID(string(created.DepositID))
	paid := false
	c.peek(func(tx *store.Tx) {
		d := tx.Deposit(id)
		paid = d != nil && d.Status == d24.DepositCompleted
	})
	if !paid {
		return stored
	}
	return withField(stored, "payment_info", "null")
}

// withField is an answer with a value of its JSON replaced, however deep it stands; one
// without that field stays as it is.
func withField(a answer, name, value string) answer {
	before, after, found := bytes.Cut(a.Body, []byte(`"`+name+`":`))
	if !found {
		return a
	}
	var old json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(after))
	if decoder.Decode(&old) != nil {
		return a
	}
	rest := after[decoder.InputOffset():]
	a.Body = bytes.Join([][]byte{before, []byte(`"` + name + `":` + value), rest}, nil)
	return a
}

// raceForKeys lets requests with one key pass each other between the look for the key
// and its storing. The invoice is no safety net: it is looked for in the same way.
func raceForKeys(r *rulebook) {
	var gap meetings
	var extra serial
	look := r.claim
	r.claim = func(c *call, scope, fingerprint string) store.Claim {
		claim := look(c, scope, fingerprint)
		if claim.Standing == store.Stored {
			return claim
		}
		gap.join(c, scope)
		if claim.Standing == store.Busy { // the other one has not stored it yet: nobody knows
			claim = look(c, extra.next(scope), fingerprint)
		}
		return claim
	}
	r.invoiceUsed = func(*store.Tx, *merchant, string) bool { return false }
}

// forgetLostAnswers lets the first retry after a lost answer do the work again.
func forgetLostAnswers(r *rulebook) {
	var lost sync.Map // scopes
	var extra serial
	scopes, admit, look := r.keyScope, r.admit, r.claim
	r.admit = func(c *call, identify func(*call) *answer) answer {
		a := admit(c, identify)
		if key, keyed := r.key(c); keyed && c.ticket != nil && c.ending == dropped {
			lost.Store(scopes(c, key), true)
		}
		return a
	}
	r.claim = func(c *call, scope, fingerprint string) store.Claim {
		if _, forgotten := lost.LoadAndDelete(scope); forgotten {
			return look(c, extra.next(scope), fingerprint)
		}
		return look(c, scope, fingerprint)
	}
}
