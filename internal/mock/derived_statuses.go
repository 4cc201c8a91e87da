package mock

import (
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// A confusion is one way in which a status is taken for another: done instead of refused,
// refused and done all the same, or said to be done and not done.
type confusion struct {
	name, says string // says follows what is done
	apply      func(r *rulebook, op derivedOperation, checkName string, applies func(c *call) bool, success func(c *call) answer)
}

func confusions() []confusion {
	return []confusion{
		{"done", "", func(r *rulebook, op derivedOperation, checkName string, applies func(c *call) bool, _ func(*call) answer) {
			excuse(r, op.name, checkName, applies)
		}},
		{"refused-and-done", ", and refuses it afterwards", func(r *rulebook, op derivedOperation, checkName string, applies func(c *call) bool, _ func(*call) answer) {
			tooLate(r, op, checkName, true, applies)
		}},
		{"said-to-be-done", ", so it says, and does not", func(r *rulebook, op derivedOperation, _ string, applies func(c *call) bool, success func(*call) answer) {
			outcome := r.outcome
			r.outcome = func(c *call, a answer) answer {
				a = outcome(c, a)
				asked := c.about.deposit != nil || c.about.cashout != nil
				if c.op.name == op.name && asked && a.Status >= http.StatusBadRequest && applies(c) {
					return success(c)
				}
				return a
			}
		}},
	}
}

// derivedFromStatuses take each status for another.
func derivedFromStatuses() []Mutant {
	var list []Mutant
	refund := operationNamed("refund")
	for _, status := range []d24.DepositStatus{
		d24.DepositCreated, d24.DepositPending, d24.DepositEarlyReleased, d24.DepositExpired, d24.DepositCancelled,
	} {
		paidLater := status != d24.DepositExpired && status != d24.DepositCancelled
		for _, how := range confusions() {
			if how.name == "refused-and-done" && !paidLater {
				continue
			}
			list = append(list, Mutant{
				"refund/of-" + slug(string(status)) + "/" + how.name, "refunds a deposit that is " + string(status) + how.says, brokenByEarlyRefund(status, how.name),
				func(r *rulebook) {
					how.apply(r, refund, "completed", func(c *call) bool { return c.about.deposit.Status == status }, func(c *call) answer {
						return respond(http.StatusOK, refundAnswer{RefundID: c.env.rules.wireID(1)})
					})
				},
			})
		}
	}
	for _, move := range []struct {
		operation, name, does string
		to                    d24.CashoutStatus
	}{
		{"cashout-cancel", "cancel", "cancels", d24.CashoutCancelled},
		{"cashout-hold", "hold", "holds", d24.CashoutOnHold},
		{"cashout-hold", "release", "releases", d24.CashoutPending},
	} {
		op := operationNamed(move.operation)
		for _, status := range []d24.CashoutStatus{d24.CashoutDelivered, d24.CashoutCompleted, d24.CashoutRejected, d24.CashoutCancelled} {
			for _, how := range confusions() {
				list = append(list, Mutant{
					fmt.Sprintf("%s/of-%s/%s", "cashout-"+move.name, slug(status.String()), how.name),
					fmt.Sprintf("%s a cashout that is %s%s", move.does, status, how.says), brokenByMove(op, status, how.name),
					func(r *rulebook) {
						before := func(c *call) bool { return c.about.cashout.Status == status && c.about.to == move.to }
						how.apply(r, op, "transition", before, func(c *call) answer {
							return respond(http.StatusOK, c.cashoutStatusAnswer(move.to))
						})
					},
				})
			}
		}
	}
	list = append(list, onceHeld()...)
	for word, status := range map[string]d24.CashoutStatus{
		"COMPLETED": d24.CashoutCompleted, "CANCELLED": d24.CashoutCancelled, "DELIVERED": d24.CashoutDelivered, "REJECTED": d24.CashoutRejected,
	} {
		list = append(list, Mutant{
			"cashout-hold/sets/" + strings.ToLower(word), "makes a cashout " + status.String() + " by an update to " + word,
			[]string{"CASH-STAT-02"},
			func(r *rulebook) {
				update := r.cashoutUpdate
				r.cashoutUpdate = func(asked string) (d24.CashoutStatus, bool) {
					if asked == word {
						return status, true
					}
					return update(asked)
				}
				excuse(r, "cashout-hold", "transition", func(c *call) bool { return c.about.to == status })
			},
		})
	}
	return append(list, shownAsAnother()...)
}

// onceHeld forget that a cashout has left the open statuses, if it was ever held.
func onceHeld() []Mutant {
	var list []Mutant
	for _, change := range []struct{ operation, name, does, rule string }{
		{"cashout-cancel", "cancel", "cancels", "CASH-STAT-01"}, {"cashout-hold", "hold", "holds and releases", "CASH-STAT-02"},
	} {
		for _, status := range []d24.CashoutStatus{d24.CashoutDelivered, d24.CashoutCompleted, d24.CashoutRejected} {
			list = append(list, Mutant{
				"cashout-" + change.name + "/of-" + slug(status.String()) + "/once-held", change.does + " a cashout that is " + status.String() + " and was held before",
				[]string{change.rule},
				func(r *rulebook) {
					var held sync.Map
					set := r.setCashout
					r.setCashout = func(tx *store.Tx, cashout *store.Cashout, to d24.CashoutStatus) {
						set(tx, cashout, to)
						if to == d24.CashoutOnHold {
							held.Store(cashout, true)
						}
					}
					excuse(r, change.operation, "transition", func(c *call) bool {
						_, was := held.Load(c.about.cashout)
						return was && c.about.cashout.Status == status
					})
				},
			})
		}
	}
	return append(list, Mutant{
		"cashout-cancel/at-once/race", "looks at a cashout's status and cancels it in two steps, so that cancels at once all find it open",
		[]string{"CASH-STAT-01", "CASH-BAL-01"},
		raceForCancels,
	})
}

// raceForCancels looks at the status before a cancel is done, and believes it then.
func raceForCancels(r *rulebook) {
	var gap meetings
	var open sync.Map // calls that found the cashout open
	refuseToo(r, func(c *call) *answer {
		if c.op.name != "cashout-cancel" {
			return nil
		}
		pending := false
		c.peek(func(tx *store.Tx) {
			cashout := c.env.rules.findCashout(c, tx)
			pending = cashout != nil && cashout.Status == d24.CashoutPending
		})
		if pending {
			open.Store(c, true)
			gap.join(c, string(c.cashout.CashoutID))
		}
		return nil
	})
	excuse(r, "cashout-cancel", "transition", func(c *call) bool {
		_, was := open.LoadAndDelete(c)
		return was
	})
}

// shownAsAnother show a status to which the panel has brought a transaction as another.
func shownAsAnother() []Mutant {
	var list []Mutant
	for _, is := range []d24.DepositStatus{d24.DepositCompleted, d24.DepositCancelled} {
		for _, shown := range []d24.DepositStatus{d24.DepositPending, d24.DepositExpired, d24.DepositCompleted, d24.DepositCancelled} {
			if is == shown {
				continue
			}
			list = append(list, Mutant{
				"deposit-status/" + slug(string(is)) + "/shown-as-" + slug(string(shown)), fmt.Sprintf("shows a %s deposit as %s", is, shown),
				brokenByShownDeposit(is),
				func(r *rulebook) {
					show := r.shownStatus
					r.shownStatus = func(d *store.Deposit) d24.DepositStatus {
						if d.Status == is {
							return shown
						}
						return show(d)
					}
				},
			})
		}
	}
	for _, is := range []d24.CashoutStatus{d24.CashoutCompleted, d24.CashoutRejected, d24.CashoutCancelled} {
		for _, shown := range []d24.CashoutStatus{d24.CashoutPending, d24.CashoutDelivered, d24.CashoutRejected, d24.CashoutCompleted, d24.CashoutCancelled} {
			if is == shown {
				continue
			}
			list = append(list, Mutant{
				"cashout-status/" + slug(is.String()) + "/shown-as-" + slug(shown.String()), fmt.Sprintf("shows a %s cashout as %s", is, shown),
				brokenByShownCashout(is),
				func(r *rulebook) {
					show := r.shownCashout
					r.shownCashout = func(status d24.CashoutStatus) d24.CashoutStatus {
						if status == is {
							return shown
						}
						return show(status)
					}
				},
			})
		}
	}
	return list
}
