package mock

import (
	"net/http"
	"net/netip"

	"github.com/d24conform/d24conform/internal/mock/store"
)

// A window is through which one environment sees what is the other's.
type window struct {
	from  string       // the environment that sees
	own   *environment // that environment
	other *environment
}

// open opens a window from one environment to the other when both are there.
func (w *window) open(r *rulebook) {
	connect := r.connect
	r.connect = func(first, second *environment) {
		connect(first, second)
		w.own, w.other = second, first
		if w.from == firstName {
			w.own, w.other = first, second
		}
	}
}

// sees says whether the environment is the one that sees the other's things.
func (w *window) sees(e *environment) bool { return e.name == w.from }

// A sharedStore is a store that an environment takes for its own as well.
type sharedStore struct {
	name, says string // after "a server whose … environment"
	broken     []string
	apply      func(r *rulebook, w *window)
}

// derivedFromEnvironments share each store, in each direction, and have each path differ.
func derivedFromEnvironments() []Mutant {
	var list []Mutant
	for _, shared := range sharedStores() {
		for _, direction := range []struct{ from, name, says string }{
			{secondName, "seen-in-the-second", "in the second environment "},
			{firstName, "seen-in-the-first", "in the first environment "},
		} {
			list = append(list, Mutant{
				"environments/" + shared.name + "/" + direction.name, direction.says + shared.says, shared.broken,
				func(r *rulebook) {
					w := &window{from: direction.from}
					w.open(r)
					shared.apply(r, w)
				},
			})
		}
	}
	for _, e := range endpoints() {
		name := e.operations[0].name
		if name == "states" {
			continue
		}
		list = append(list, Mutant{
			"environments/" + name + "/other-path-in-the-second", "has " + e.path + " under another path in the second environment",
			[]string{"ENV-04"},
			func(r *rulebook) {
				find := r.route
				r.route = func(env *environment, path string) (*endpoint, string) {
					found, id := find(env, path)
					if found != nil && found.path == e.path && env.name == secondName {
						return nil, ""
					}
					return found, id
				}
			},
		})
	}
	return list
}

func sharedStores() []sharedStore {
	list := append(sharedCredentials(), []sharedStore{
		{"balance", "takes cashouts from the other's balance as well", []string{"ENV-09"}, func(r *rulebook, w *window) {
			outcome := r.outcome
			r.outcome = func(c *call, a answer) answer {
				a = outcome(c, a)
				if w.sees(c.env) && c.op.name == "cashout" && a.Status < http.StatusBadRequest {
					w.other.state.Update(func(tx *store.Tx) { tx.Credit(c.caller.number, -c.about.cashout.Amount) })
				}
				return a
			}
		}},
		{"approvals", "adds the other's approved deposits to the balance as well", []string{"ENV-09"}, func(r *rulebook, w *window) {
			fills := r.fillsBalance
			r.fillsBalance = func(e *environment, d *store.Deposit) bool {
				if !w.sees(e) {
					w.own.state.Update(func(tx *store.Tx) { tx.Credit(d.Merchant, d.Amount) })
				}
				return fills(e, d)
			}
		}},
		{"external-ids", "refuses the external_ids that the other has used", []string{"ENV-09"}, func(r *rulebook, w *window) {
			used := r.externalIDUsed
			r.externalIDUsed = func(c *call, tx *store.Tx, id string) (taken bool) {
				if w.sees(c.env) {
					w.other.state.Update(func(tx *store.Tx) { taken = used(c, tx, id) })
				}
				return taken || used(c, tx, id)
			}
		}},
	}...)
	for _, name := range []string{"deposit", "refund"} {
		list = append(list, sharedStore{
			name + "-keys", "answers a " + name + "'s idempotency key with what the other has stored",
			[]string{"ENV-09"},
			func(r *rulebook, w *window) { claimAcross(r, w, name) },
		})
	}
	for _, p := range []product{deposits, cashouts} {
		list = append(list, sharedStore{
			p.String() + "-whitelist", "lets in who is on the other's whitelist of " + p.String(),
			[]string{"ENV-12"},
			func(r *rulebook, w *window) {
				ask := r.whitelisted
				r.whitelisted = func(c *call, address netip.Addr) bool {
					return ask(c, address) || w.sees(c.env) && c.op.product == p && w.other.whitelist.contains(p, address)
				}
			},
		})
	}
	for _, across := range []struct{ operation, name, says string }{
		{"deposit-status", "deposits", "shows the other's deposits"},
		{"refund-status", "refunds", "shows the other's refunds"},
		{"cashout-status", "cashouts", "shows the other's cashouts"},
		{"refund", "refunds-of-deposits", "refunds the other's deposits"},
		{"cashout-hold", "cashouts-held", "holds and releases the other's cashouts"},
		{"cashout-cancel", "cashouts-cancelled", "cancels the other's cashouts"},
	} {
		list = append(list, sharedStore{
			across.name, across.says,
			[]string{"ENV-10"},
			func(r *rulebook, w *window) { runAcross(r, w, across.operation) },
		})
	}
	return list
}

// sharedCredentials are keys, all of a set or one of it.
func sharedCredentials() []sharedStore {
	return []sharedStore{
		{"deposits-credentials", "takes the other's deposits API key and signature", []string{"ENV-11"}, func(r *rulebook, w *window) {
			find := r.depositsLogin
			r.depositsLogin = func(e *environment, login string) *merchant {
				if m := find(e, login); m != nil || !w.sees(e) {
					return m
				}
				return find(w.other, login)
			}
		}},
		{"x-login", "takes the other's deposits API key, and its own signature", []string{"ENV-11"}, func(r *rulebook, w *window) {
			find := r.depositsLogin
			r.depositsLogin = func(e *environment, login string) *merchant {
				if m := find(e, login); m != nil || !w.sees(e) || find(w.other, login) == nil {
					return m
				}
				return e.only()
			}
		}},
		{"deposits-signature", "takes signatures of deposits made with the other's API signature", []string{"ENV-11"}, func(r *rulebook, w *window) {
			verify := r.depositsSignature
			r.depositsSignature = func(m *merchant, c *call) bool { return verify(m, c) || w.sees(c.env) && verify(w.other.only(), c) }
		}},
		{"read-only-key", "takes the other's read-only key", []string{"ENV-11"}, func(r *rulebook, w *window) {
			find := r.readKey
			r.readKey = func(e *environment, key string) *merchant {
				if m := find(e, key); m != nil || !w.sees(e) {
					return m
				}
				return find(w.other, key)
			}
		}},
		{"cashouts-credentials", "takes the other's three credentials of cashouts", []string{"ENV-11"}, func(r *rulebook, w *window) {
			find := r.cashoutsLogin
			r.cashoutsLogin = func(e *environment, login string) *merchant {
				if m := find(e, login); m != nil || !w.sees(e) {
					return m
				}
				return find(w.other, login)
			}
		}},
		{"cashouts-login", "takes the other's login, and its own pass", []string{"ENV-11"}, func(r *rulebook, w *window) {
			find := r.cashoutsLogin
			r.cashoutsLogin = func(e *environment, login string) *merchant {
				if m := find(e, login); m != nil || !w.sees(e) || find(w.other, login) == nil {
					return m
				}
				return e.only()
			}
		}},
		{"cashouts-pass", "takes the other's pass", []string{"ENV-11"}, func(r *rulebook, w *window) {
			excuse(r, "", "pass", func(c *call) bool {
				return w.sees(c.env) && c.env.rules.cashoutsPass(w.other.only(), c.cashout.Pass)
			})
		}},
		{"cashouts-signature", "takes Payload-Signatures made with the other's API signature", []string{"ENV-11"}, func(r *rulebook, w *window) {
			verify := r.cashoutsSignature
			r.cashoutsSignature = func(m *merchant, c *call) bool { return verify(m, c) || w.sees(c.env) && verify(w.other.only(), c) }
		}},
	}
}

// claimAcross looks a key up in the other environment first. Its name there has no caller,
// since nobody has the same login in both.
func claimAcross(r *rulebook, w *window, operationName string) {
	scope := r.keyScope
	r.keyScope = func(c *call, key string) string {
		if c.op.name == operationName {
			return c.op.name + "\n" + key
		}
		return scope(c, key)
	}
	claim := r.claim
	r.claim = func(c *call, scope, fingerprint string) store.Claim {
		if w.sees(c.env) && c.op.name == operationName {
			there := w.other.state.Claim(scope, fingerprint, c.now)
			if there.Standing != store.Mine {
				return there
			}
			w.other.state.Abandon(there.Ticket)
		}
		return claim(c, scope, fingerprint)
	}
}

// runAcross has an operation that finds nothing in its own environment work in the other.
func runAcross(r *rulebook, w *window, operationName string) {
	change := r.checks
	r.checks = func(op *operation) {
		change(op)
		if op.name != operationName {
			return
		}
		run := op.run
		op.run = func(c *call) answer {
			a := run(c)
			notFound := a.Status == http.StatusNotFound || a.Status == http.StatusPreconditionFailed
			if !w.sees(c.env) || !notFound {
				return a
			}
			there := *c
			there.env, there.ticket = w.other, nil
			if found := run(&there); found.Status < http.StatusMultipleChoices {
				return found
			}
			return a
		}
	}
}
