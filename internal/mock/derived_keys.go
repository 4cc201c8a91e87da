package mock

import (
	"net/http"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// derivedFromUsedKeys have a key count where it has no effect: on each GET of deposits.
func derivedFromUsedKeys() []Mutant {
	broken := []string{"DEP-IDEM-08"}
	var list []Mutant
	for _, op := range derivedOperations() {
		if op.product != deposits || op.method != http.MethodGet || op.name == "states" {
			continue
		}
		list = append(list, Mutant{
			op.name + "/used-key/first-answer-repeated", op.does + " as it did first under the same idempotency key", broken,
			func(r *rulebook) {
				key := r.key
				r.key = func(c *call) (string, bool) {
					if c.op.name != op.name {
						return key(c)
					}
					given := c.header(d24.HeaderIdempotencyKey)
					return given, given != ""
				}
			},
		})
		for _, creation := range []derivedOperation{operationNamed("deposit"), operationNamed("refund")} {
			list = append(list, Mutant{
				op.name + "/used-key/" + creation.name + "-repeated", op.does + ", or the stored answer of a " + creation.name + " with the same idempotency key", broken,
				func(r *rulebook) { answerFromCreation(r, op, creation) },
			})
		}
	}
	return list
}

// answerFromCreation has an operation answered with what a creation has stored under the
// request's key.
func answerFromCreation(r *rulebook, op, creation derivedOperation) {
	change := r.checks
	r.checks = func(each *operation) {
		change(each)
		if each.name != op.name {
			return
		}
		run := each.run
		each.run = func(c *call) answer {
			key := c.header(d24.HeaderIdempotencyKey)
			if key == "" {
				return run(c)
			}
			as := *c
			as.op, as.endpoint = creation.operation, &endpoint{path: creation.path}
			claim := c.env.state.Claim(c.env.rules.keyScope(&as, key), "", c.now)
			switch claim.Standing {
			case store.Stored:
				return claim.Answer
			case store.Mine:
				c.env.state.Abandon(claim.Ticket)
			case store.Busy:
			}
			return run(c)
		}
	}
}
