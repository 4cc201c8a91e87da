package mock

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

const wholeUnit d24.Amount = 100

// derivedFromMoney get a sum wrong.
func derivedFromMoney() []Mutant {
	sum, balance := []string{"DEP-REF-02"}, []string{"CASH-BAL-01"}
	sums := append(brokenWithoutRefundSum(), "DEP-REF-02")
	ofFirstRefundOnly := slices.DeleteFunc(slices.Clone(sums), func(rule string) bool { return rule == "DEP-IDEM-05" || rule == "ENV-10" })
	list := []Mutant{
		{"refund-sum/last-refund-left-out", "leaves a deposit's last refund out of the sum", sums, func(r *rulebook) {
			excuse(r, "refund", "amount", func(c *call) bool {
				last := lastRefund(c)
				return last != nil && c.about.amount > 0 && c.about.amount <= c.about.deposit.Amount-c.about.deposit.Refunded+last.Amount
			})
		}},
		{"refund-sum/first-refund-only", "adds only a deposit's first refund to the sum", ofFirstRefundOnly, func(r *rulebook) {
			excuse(r, "refund", "amount", func(c *call) bool {
				var first *store.Refund
				c.about.tx.Refunds(func(each *store.Refund) {
					if first == nil && each.DepositID == c.about.deposit.ID {
						first = each
					}
				})
				return first != nil && c.about.amount > 0 && c.about.amount <= c.about.deposit.Amount-first.Amount
			})
		}},
		{"refund-sum/each-alone", "compares each refund with the deposit's amount alone", sums, func(r *rulebook) {
			excuse(r, "refund", "amount", func(c *call) bool {
				return c.about.deposit.Refunded > 0 && c.about.amount > 0 && c.about.amount <= c.about.deposit.Amount
			})
		}},
		{"refund-sum/cents-ignored", "compares a refund with what is left in whole units", sums, func(r *rulebook) {
			excuse(r, "refund", "amount", func(c *call) bool {
				left := c.about.deposit.Amount - c.about.deposit.Refunded
				return c.about.amount > 0 && c.about.amount/wholeUnit <= left/wholeUnit
			})
		}},
		{"refund-sum/first-refund-not-compared", "does not compare the first refund of a deposit with its amount", sum, func(r *rulebook) {
			excuse(r, "refund", "amount", func(c *call) bool { return c.about.deposit.Refunded == 0 && c.about.amount > 0 })
		}},
		{"refund-sum/absent-amount-refunds-all", "refunds the whole deposit when the amount is absent, whatever was refunded before", sum, func(r *rulebook) {
			replace(r, "refund", "amount", func(refuse func(c *call) *answer) func(c *call) *answer {
				return func(c *call) *answer {
					if hasField(c.body, "amount") {
						return refuse(c)
					}
					c.about.amount = c.about.deposit.Amount
					return nil
				}
			})
		}},
		{"refund-sum/delivered-left-out", "leaves the refunds that are delivered out of the sum", sum, withoutRefundsThatAre(d24.RefundDelivered)},
		{"refund-sum/completed-left-out", "leaves the refunds that are completed out of the sum", sum, withoutRefundsThatAre(d24.RefundCompleted)},
		{"refund-sum/in-32-bits", "compares a refund with its deposit in 32-bit floating point", sum, func(r *rulebook) {
			excuse(r, "refund", "amount", func(c *call) bool {
				d := c.about.deposit
				return c.about.amount > d.Amount-d.Refunded && d.Refunded == 0 && float32(c.about.amount)/float32(wholeUnit) <= float32(d.Amount)/float32(wholeUnit)
			})
		}},
		{"refund-sum/refused-refund-counted", "counts a refund that it refused", sum, func(r *rulebook) {
			onRefusal(r, "refund", "amount", func(c *call) {
				c.about.deposit.Refunded = min(c.about.deposit.Refunded+max(c.about.amount, 0), c.about.deposit.Amount)
			})
		}},
		{"balance/refused-for-funds-taken", "takes what is left of the balance for a cashout that it refuses for want of it", balance, func(r *rulebook) {
			onRefusal(r, "cashout", "funds", takeAmount)
		}},
		{"balance/refused-external-id-taken", "takes the amount of a cashout whose external_id it refuses", []string{"CASH-EXT-01"}, func(r *rulebook) {
			onRefusal(r, "cashout", "external-id", takeAmount)
		}},
		{"balance/refused-cancel-gives-back", "gives the amount of a cashout back when it refuses to cancel it", balance, func(r *rulebook) {
			onRefusal(r, "cashout-cancel", "transition", giveBack)
		}},
		{"balance/refused-hold-gives-back", "gives the amount of a cashout back when it refuses to hold or release it", balance, func(r *rulebook) {
			onRefusal(r, "cashout-hold", "transition", giveBack)
		}},
		{"balance/kept-in-32-bits", "compares cashouts with the balance in 32 bits", balance, func(r *rulebook) {
			excuse(r, "cashout", "funds", func(c *call) bool {
				return c.about.cashout.Amount > math.MaxInt32 && d24.Amount(int32(c.about.cashout.Amount)) <= c.about.tx.Balance(c.caller.number) //nolint:gosec // this is the defect
			})
		}},
		{"balance/text-amounts-free", "does not compare an amount that is written as text with the balance", balance, func(r *rulebook) {
			excuse(r, "cashout", "funds", func(c *call) bool {
				var body struct {
					Amount json.RawMessage `json:"amount"`
				}
				return json.Unmarshal(c.body, &body) == nil && bytes.HasPrefix(body.Amount, []byte{'"'})
			})
		}},
		{"balance/cancel-gives-twice", "gives the amount of a cancelled cashout back twice", balance, creditOn(d24.CashoutCancelled, 1)},
		{"balance/reject-gives-twice", "gives the amount of a rejected cashout back twice", balance, creditOn(d24.CashoutRejected, 1)},
		{"balance/deliver-gives-back", "gives the amount of a delivered cashout back", balance, creditOn(d24.CashoutDelivered, 1)},
		{"balance/complete-gives-back", "gives the amount of a completed cashout back", balance, creditOn(d24.CashoutCompleted, 1)},
		{"balance/hold-takes-again", "takes the amount of a cashout again when it is held", balance, creditOn(d24.CashoutOnHold, -1)},
		{"balance/release-takes-again", "takes the amount of a cashout again when it is released", balance, creditOn(d24.CashoutPending, -1)},
		{"balance/cashout-free", "takes nothing from the balance for a cashout", append(balance, "CASH-EXT-01", "ENV-09"), func(r *rulebook) {
			afterCashout(r, func(c *call) d24.Amount { return c.about.cashout.Amount })
		}},
		{"balance/cents-free", "takes whole units from the balance for a cashout", balance, func(r *rulebook) {
			afterCashout(r, func(c *call) d24.Amount { return c.about.cashout.Amount % wholeUnit })
		}},
		{"balance/on-hold-free", "takes nothing from the balance for a cashout that is made on hold", balance, func(r *rulebook) {
			afterCashout(r, func(c *call) d24.Amount {
				if c.about.cashout.Status == d24.CashoutOnHold {
					return c.about.cashout.Amount
				}
				return 0
			})
		}},
	}
	for _, status := range []d24.CashoutStatus{d24.CashoutDelivered, d24.CashoutCompleted} {
		for _, change := range []struct{ operation, says string }{{"cashout-cancel", "cancel it"}, {"cashout-hold", "hold or release it"}} {
			list = append(list, Mutant{
				"balance/refused-" + strings.TrimPrefix(change.operation, "cashout-") + "-gives-back-of/" + slug(status.String()),
				"gives the amount of a cashout that is " + status.String() + " back when it refuses to " + change.says, balance,
				func(r *rulebook) {
					onRefusal(r, change.operation, "transition", func(c *call) {
						if c.about.cashout.Status == status {
							giveBack(c)
						}
					})
				},
			})
		}
	}
	return list
}

// withoutRefundsThatAre leaves a deposit's refunds in a status out of their sum.
func withoutRefundsThatAre(status d24.RefundStatus) func(r *rulebook) {
	return func(r *rulebook) {
		excuse(r, "refund", "amount", func(c *call) bool {
			sum := c.about.deposit.Refunded
			c.about.tx.Refunds(func(each *store.Refund) {
				if each.DepositID == c.about.deposit.ID && each.Status == status {
					sum -= each.Amount
				}
			})
			return sum < c.about.deposit.Refunded && c.about.amount > 0 && c.about.amount <= c.about.deposit.Amount-sum
		})
	}
}

// replace replaces a check of an operation.
func replace(r *rulebook, operationName, checkName string, with func(refuse func(c *call) *answer) func(c *call) *answer) {
	change(r, operationName, func(list []check) {
		if at, found := indexOf(list, checkName); found {
			list[at].refuse = with(list[at].refuse)
		}
	})
}

// onRefusal has something done when a check refuses.
func onRefusal(r *rulebook, operationName, checkName string, do func(c *call)) {
	replace(r, operationName, checkName, func(refuse func(c *call) *answer) func(c *call) *answer {
		return func(c *call) *answer {
			refusal := refuse(c)
			if refusal != nil {
				do(c)
			}
			return refusal
		}
	})
}

func takeAmount(c *call) {
	number := c.caller.number
	c.about.tx.SetBalance(number, max(c.about.tx.Balance(number)-c.about.cashout.Amount, 0))
}

func giveBack(c *call) { c.about.tx.Credit(c.about.cashout.Merchant, c.about.cashout.Amount) }

// creditOn gives a cashout's amount so many times when it comes into a status.
func creditOn(status d24.CashoutStatus, times d24.Amount) func(*rulebook) {
	return func(r *rulebook) {
		set := r.setCashout
		r.setCashout = func(tx *store.Tx, cashout *store.Cashout, to d24.CashoutStatus) {
			set(tx, cashout, to)
			if to == status {
				tx.Credit(cashout.Merchant, times*cashout.Amount)
			}
		}
	}
}

// afterCashout gives back what a cashout ought to have cost.
func afterCashout(r *rulebook, back func(c *call) d24.Amount) {
	outcome := r.outcome
	r.outcome = func(c *call, a answer) answer {
		if a = outcome(c, a); c.op.name == "cashout" && a.Status < http.StatusBadRequest {
			c.about.tx.Credit(c.caller.number, back(c))
		}
		return a
	}
}
