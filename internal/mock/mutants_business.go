package mock

import (
	"net/http"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// textMutants have trouble with types and letters.
func textMutants() []Mutant {
	return []Mutant{
		{
			"errors-called-html", "sends its errors as text/html",
			[]string{"DEP-CT-01"},
			func(r *rulebook) {
				present := r.present
				r.present = func(c *call, header http.Header, a answer) answer {
					a = present(c, header, a)
					if a.Status >= http.StatusBadRequest {
						header[d24.HeaderContentType] = []string{"text/html; charset=utf-8"}
					}
					return a
				}
			},
		},
		{
			"latin-1-echo", "writes names in Latin-1",
			[]string{"DEP-CT-01", "NOTIF-04"},
			func(r *rulebook) {
				present := r.present
				r.present = func(c *call, header http.Header, a answer) answer {
					a.Body = latin1(a.Body)
					return present(c, header, a)
				}
			},
		},
		{
			"three-byte-letters", "refuses letters of four bytes in a deposit, such as emoji",
			[]string{"NOTIF-04"},
			func(r *rulebook) {
				refuseToo(r, func(c *call) *answer {
					if c.creates(d24.PathDeposits) && hasLetterBeyond(c.body, '\uffff') {
						return beanValidation("payer: incorrect string value")
					}
					return nil
				})
			},
		},
		{
			"latin-1-beneficiaries", "refuses cashouts whose beneficiary Latin-1 cannot write",
			[]string{"NOTIF-04"},
			func(r *rulebook) {
				refuseToo(r, func(c *call) *answer {
					if c.creates(d24.PathCashout) && hasLetterBeyond(c.body, unicode.MaxLatin1) {
						return invalid(d24.CashoutInvalidParameter, "beneficiary_name: Invalid beneficiary name")
					}
					return nil
				})
			},
		},
	}
}

// latin1 writes UTF-8 in Latin-1, as far as that goes.
func latin1(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		if r > unicode.MaxLatin1 {
			out = utf8.AppendRune(out, r)
			continue
		}
		out = append(out, byte(r)) //nolint:gosec // larger ones went the other way
	}
	return out
}

func hasLetterBeyond(text []byte, last rune) bool {
	for _, r := range string(text) {
		if r > last {
			return true
		}
	}
	return false
}

// refundMutants give too much back, or have a panel that does not work.
func refundMutants() []Mutant {
	return []Mutant{
		{
			"refund-of-cancelled", "refunds a deposit that was cancelled",
			[]string{"DEP-REF-01"},
			func(r *rulebook) {
				allow := r.refundOf
				r.refundOf = func(d *store.Deposit) bool { return allow(d) || d.Status == d24.DepositCancelled }
			},
		},
		{
			"refund-while-any-left", "refunds any amount as long as something is left",
			[]string{"DEP-REF-02"},
			func(r *rulebook) {
				r.refundable = func(_ *call, d *store.Deposit, _ d24.Amount) bool { return d.Refunded < d.Amount }
			},
		},
		{
			"refund-race", "looks at what is left and takes it in two steps, so that refunds at once all find enough",
			[]string{"DEP-REF-02"},
			raceForRefunds,
		},
		{
			"cancellation-not-shown", "goes on saying PENDING of a deposit that was cancelled on the panel",
			[]string{"PANEL-02"},
			func(r *rulebook) {
				r.shownStatus = func(d *store.Deposit) d24.DepositStatus {
					if d.Status == d24.DepositCancelled {
						return d24.DepositPending
					}
					return d.Status
				}
			},
		},
	}
}

// raceForRefunds looks at what is left before a refund is done, and believes it then.
func raceForRefunds(r *rulebook) {
	var gap meetings
	var seen sync.Map // what was left, by call
	admit, allow := r.admit, r.refundable
	r.admit = func(c *call, identify func(*call) *answer) answer {
		defer seen.Delete(c)
		return admit(c, func(c *call) *answer {
			refusal := identify(c)
			if refusal != nil || !c.creates(d24.PathRefunds) {
				return refusal
			}
			var body refundBody
			if decode(c.body, &body) != "" || body.Amount == nil {
				return nil
			}
			id, _ := parseID(string(body.DepositID))
			scarce := false
			c.peek(func(tx *store.Tx) {
				if d := tx.Deposit(id); d != nil {
					left := d.Amount - d.Refunded
					scarce = isScarce(left, *body.Amount)
					seen.Store(c, left)
				}
			})
			if scarce {
				gap.join(c, string(body.DepositID))
			}
			return nil
		})
	}
	r.refundable = func(c *call, d *store.Deposit, amount d24.Amount) bool {
		if left, ok := seen.Load(c); ok {
			return amount <= left.(d24.Amount)
		}
		return allow(c, d, amount)
	}
}

// isScarce says whether a few requests at once would use the money up. Only then the
// gap has to be wide: nobody could tell a race for more than is there otherwise.
func isScarce(left, amount d24.Amount) bool {
	const few = 20
	return left/few < amount
}

// cashoutMutants pay what is not there, pay twice, or lose track of a status.
func cashoutMutants() []Mutant {
	return []Mutant{
		{
			"external-id-after-cancel", "takes the external id of a cancelled cashout again",
			nil,
			func(r *rulebook) {
				used := r.externalIDUsed
				r.externalIDUsed = func(c *call, tx *store.Tx, id string) bool {
					first := tx.CashoutByExternalID(c.caller.number, id)
					return used(c, tx, id) && (first == nil || first.Status != d24.CashoutCancelled)
				}
			},
		},
		{
			"external-id-race", "looks for an external id and stores it in two steps, so that two cashouts at once both find none",
			[]string{"CASH-EXT-01"},
			raceForExternalIDs,
		},
		{
			"negative-balance-race", "looks at the balance and draws on it in two steps, so that cashouts at once all find enough",
			[]string{"CASH-BAL-01"},
			raceForBalance,
		},
		{
			"rounded-balance", "compares a cashout with the balance in whole units",
			[]string{"CASH-BAL-01"},
			func(r *rulebook) {
				const unit d24.Amount = 100
				enough := r.enoughFunds
				r.enoughFunds = func(c *call, balance, amount d24.Amount) bool {
					return enough(c, balance, amount) || balance > 0 && balance/unit >= amount/unit
				}
			},
		},
		{
			"hold-frees-funds", "does not keep the amount of a cashout on hold reserved",
			[]string{"CASH-BAL-01"},
			func(r *rulebook) {
				set := r.setCashout
				r.setCashout = func(tx *store.Tx, cashout *store.Cashout, to d24.CashoutStatus) {
					from := cashout.Status
					set(tx, cashout, to)
					switch {
					case to == d24.CashoutOnHold:
						tx.Credit(cashout.Merchant, cashout.Amount)
					case from == d24.CashoutOnHold && to == d24.CashoutPending:
						tx.Credit(cashout.Merchant, -cashout.Amount)
					}
				}
			},
		},
		{
			"cancel-keeps-funds", "does not give the amount of a cancelled cashout back",
			nil,
			func(r *rulebook) {
				set := r.setCashout
				r.setCashout = func(tx *store.Tx, cashout *store.Cashout, to d24.CashoutStatus) {
					set(tx, cashout, to)
					if to == d24.CashoutCancelled {
						tx.Credit(cashout.Merchant, -cashout.Amount)
					}
				}
			},
		},
		{
			"cancel-after-delivery", "cancels a cashout that was delivered",
			[]string{"CASH-STAT-01", "CASH-STAT-02", "CASH-BAL-01"},
			func(r *rulebook) { alsoMoves(r, d24.CashoutDelivered, d24.CashoutCancelled) },
		},
		{
			"hold-after-delivery", "holds a cashout that was delivered",
			[]string{"CASH-STAT-02"},
			func(r *rulebook) { alsoMoves(r, d24.CashoutDelivered, d24.CashoutOnHold) },
		},
		{
			"approval-without-funds", "adds nothing to the balance when a deposit is approved",
			[]string{"PANEL-09"},
			func(r *rulebook) { r.fillsBalance = func(*environment, *store.Deposit) bool { return false } },
		},
	}
}

func alsoMoves(r *rulebook, from, to d24.CashoutStatus) {
	allowed := r.cashoutTransition
	r.cashoutTransition = func(is, wanted d24.CashoutStatus) bool {
		return allowed(is, wanted) || is == from && wanted == to
	}
}

func raceForExternalIDs(r *rulebook) {
	var gap meetings
	used, create := r.externalIDUsed, r.makeCashout
	r.makeCashout = func(c *call, cashout *store.Cashout) answer {
		taken := false
		c.peek(func(tx *store.Tx) { taken = used(c, tx, cashout.ExternalID) })
		if taken {
			return *externalIDTaken()
		}
		gap.join(c, cashout.ExternalID)
		return create(c, cashout)
	}
	r.externalIDUsed = func(*call, *store.Tx, string) bool { return false }
}

func raceForBalance(r *rulebook) {
	var gap meetings
	enough, create := r.enoughFunds, r.makeCashout
	r.makeCashout = func(c *call, cashout *store.Cashout) answer {
		var balance d24.Amount
		c.peek(func(tx *store.Tx) { balance = tx.Balance(c.caller.number) })
		if !enough(c, balance, cashout.Amount) {
			return *insufficientFunds()
		}
		if isScarce(balance, cashout.Amount) {
			gap.join(c, "balance")
		}
		return create(c, cashout)
	}
	r.enoughFunds = func(_ *call, _, _ d24.Amount) bool { return true }
}

// environmentMutants let one environment show in the other.
func environmentMutants() []Mutant {
	return []Mutant{
		{
			"second-without-lookups", "has its payment methods under another path in the second environment",
			[]string{"ENV-04"},
			func(r *rulebook) {
				find := r.route
				r.route = func(e *environment, path string) (*endpoint, string) {
					if e.name == secondName && path == d24.PathPaymentMethods {
						return nil, ""
					}
					return find(e, path)
				}
			},
		},
		{
			"keys-across-environments", "keeps the idempotency keys of both environments in one place",
			[]string{"ENV-09"},
			shareKeys,
		},
		{
			"one-database", "keeps the transactions of both environments in one place",
			[]string{"ENV-09", "ENV-10"},
			func(r *rulebook) { r.connect = func(first, second *environment) { second.state = first.state } },
		},
		{
			"deposits-across-environments", "shows a deposit of the first environment in the second",
			[]string{"ENV-10"},
			showAcross,
		},
		{
			"credentials-across-environments", "takes the first environment's keys in the second",
			[]string{"ENV-11"},
			func(r *rulebook) {
				r.connect = func(first, second *environment) {
					// Where both have the same keys there is nothing to add.
					if both, _, err := second.original.with(first.original.all[0].credentials); err == nil {
						second.original = both
						second.reset()
					}
				}
			},
		},
		{
			"whitelist-across-environments", "has one whitelist for both environments",
			[]string{"ENV-12"},
			func(r *rulebook) { r.connect = func(first, second *environment) { second.whitelist = first.whitelist } },
		},
	}
}

func shareKeys(r *rulebook) {
	var shared *store.State
	r.connect = func(first, _ *environment) { shared = first.state }
	r.keyScope = func(c *call, key string) string { return c.op.method + " " + c.endpoint.path + "\n" + key }
	claim := r.claim
	r.claim = func(c *call, scope, fingerprint string) store.Claim {
		if c.env.state != shared {
			there := shared.Claim(scope, fingerprint, c.now)
			if there.Standing != store.Mine {
				return there
			}
			shared.Abandon(there.Ticket)
		}
		return claim(c, scope, fingerprint)
	}
}

func showAcross(r *rulebook) {
	var other *store.State
	r.connect = func(first, _ *environment) { other = first.state }
	own := r.visibleDeposit
	r.visibleDeposit = func(c *call, tx *store.Tx, id int64) *store.Deposit {
		found := own(c, tx, id)
		if found != nil || c.env.state == other {
			return found
		}
		// The second environment waits for the first here, and never the other way round.
		other.Update(func(tx *store.Tx) {
			if d := tx.Deposit(id); d != nil {
				seen := *d
				found = &seen
			}
		})
		return found
	}
}
