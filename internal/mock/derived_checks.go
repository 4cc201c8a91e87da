package mock

import (
	"net/http"
	"sync"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// faultOf says what a check finds wrong, after "although".
func (op derivedOperation) faultOf(checkName string) string {
	if op.product == cashouts {
		switch checkName {
		case "login":
			return "login is wrong"
		case "signature":
			return "Payload-Signature is wrong"
		}
	}
	return map[string]string{
		"address":             "the caller's address is not on the whitelist",
		"authorization":       "Authorization is missing",
		"login-header":        "X-Login is missing",
		"date-header":         "X-Date is missing",
		"date-form":           "X-Date is malformed",
		"content-type-header": "Content-Type is missing",
		"content-type":        "Content-Type is not application/json",
		"login":               "X-Login is unknown",
		"date-fresh":          "X-Date is outside the window",
		"signature":           "the signature is wrong",
		"key":                 "the read-only key is wrong",
		"control":             "Payload-Signature is missing",
		"login-sent":          "the body has no login",
		"pass-sent":           "the body has no pass",
		"pass":                "pass is wrong",
		"completed":           "the deposit is not COMPLETED",
		"amount":              "less is left of the deposit",
		"external-id":         "its external_id was used before",
		"funds":               "the balance is too small",
		"transition":          "the cashout's status forbids it",
	}[checkName]
}

// A neglect is one way in which a check is not made.
type neglect struct {
	name    string
	says    string
	concern func(op derivedOperation, business bool) bool
	apply   func(r *rulebook, op derivedOperation, checkName string, business bool)
}

func neglects() []neglect {
	all := func(derivedOperation, bool) bool { return true }
	where := func(applies func(c *call) bool) func(*rulebook, derivedOperation, string, bool) {
		return func(r *rulebook, op derivedOperation, checkName string, _ bool) {
			excuse(r, op.name, checkName, applies)
		}
	}
	list := []neglect{
		{"left-out", "", all, where(always)},
		{
			"after-the-effect", ", and refuses it afterwards", func(op derivedOperation, _ bool) bool { return op.changes() },
			func(r *rulebook, op derivedOperation, checkName string, business bool) {
				tooLate(r, op, checkName, business, always)
			},
		},
		{
			"stored-all-the-same", ", refuses it afterwards, keeps the result under its key, and takes an invoice twice",
			// What is refused for the state of things is stored as refused.
			func(op derivedOperation, business bool) bool { return op.name == "deposit" && !business },
			func(r *rulebook, op derivedOperation, checkName string, business bool) {
				r.invoiceUsed = func(*store.Tx, *merchant, string) bool { return false }
				tooLate(r, op, checkName, business, always)
			},
		},
		{
			"when-the-key-is-known", ", if it knows the idempotency key",
			// Nothing is done for a known key, so no business check is made of it.
			func(op derivedOperation, business bool) bool { return op.keyed() && !business }, whenKeyKnown,
		},
		{"in-the-first-environment", ", in the first environment only", all, where(func(c *call) bool { return c.env.name == firstName })},
		{"in-the-second-environment", ", in the second environment only", all, where(func(c *call) bool { return c.env.name == secondName })},
	}
	for _, form := range forms() {
		concern := all
		if form.name != "with-a-trailing-slash" {
			concern = func(op derivedOperation, business bool) bool { return op.method != http.MethodGet && !business }
		}
		if form.name == "with-its-voucher" {
			concern = func(op derivedOperation, _ bool) bool { return op.name == "refund-status" }
		}
		list = append(list, neglect{form.name, form.says, concern, where(form.has)})
	}
	return list
}

// derivedFromChecks neglect each check of each operation in each way.
func derivedFromChecks() []Mutant {
	var list []Mutant
	for _, op := range derivedOperations() {
		for _, each := range op.checks() {
			broken := op.brokenBy(each.name)
			if broken == nil {
				continue
			}
			_, business := indexOf(op.business, each.name)
			for _, n := range neglects() {
				if n.concern(op, business) && !harmless(each.name, n.name) {
					list = append(list, Mutant{
						op.name + "/" + each.name + "/" + n.name,
						op.does + " although " + op.faultOf(each.name) + n.says,
						op.brokenWhen(each.name, n.name),
						func(r *rulebook) { n.apply(r, op, each.name, business) },
					})
				}
			}
		}
	}
	return list
}

// harmless says whether a check may be neglected in a way: what has no effect under a known
// key, and leaves no doubt who calls, may be answered with the stored result.
func harmless(checkName, way string) bool {
	return way == "when-the-key-is-known" && (checkName == "content-type" || checkName == "content-type-header")
}

// tooLate has a check made when the operation has had its effect. What a business check
// refuses is stored under the key, as every result is.
func tooLate(r *rulebook, op derivedOperation, checkName string, business bool, applies func(c *call) bool) {
	excuse(r, op.name, checkName, applies)
	refused := func(c *call, a answer) answer {
		if c.pardoned != nil && c.pardoned.check == checkName {
			return *c.pardoned.refusal
		}
		return a
	}
	if business {
		outcome := r.outcome
		r.outcome = func(c *call, a answer) answer { return refused(c, outcome(c, a)) }
		return
	}
	admit := r.admit
	r.admit = func(c *call, identify func(*call) *answer) answer { return refused(c, admit(c, identify)) }
}

// whenKeyKnown has a check left out for a key that has an answer.
func whenKeyKnown(r *rulebook, op derivedOperation, checkName string, _ bool) {
	var known sync.Map
	type named struct{ environment, key string }
	name := func(c *call) named { return named{c.env.name, c.header(d24.HeaderIdempotencyKey)} }
	excuse(r, op.name, checkName, func(c *call) bool {
		_, there := known.Load(name(c))
		return there
	})
	admit := r.admit
	r.admit = func(c *call, identify func(*call) *answer) answer {
		a := admit(c, identify)
		if c.op.name == op.name && c.ticket != nil && !c.abandoned {
			known.Store(name(c), true)
		}
		return a
	}
}

// derivedFromPlainHTTP process each operation over plain HTTP.
func derivedFromPlainHTTP() []Mutant {
	var list []Mutant
	for _, op := range derivedOperations() {
		if op.name == "states" {
			continue
		}
		list = append(list, Mutant{
			op.name + "/plain-http/processed", op.does + " over plain HTTP", op.brokenByPlainHTTP(),
			func(r *rulebook) {
				processPlain(r, op.name, func(w http.ResponseWriter) http.ResponseWriter { return w })
			},
		})
		if op.changes() {
			list = append(list, Mutant{
				op.name + "/plain-http/refused-too-late", op.does + " over plain HTTP, and refuses it afterwards", op.brokenByPlainHTTP(),
				func(r *rulebook) {
					processPlain(r, op.name, func(http.ResponseWriter) http.ResponseWriter { return nil })
				},
			})
		}
	}
	return list
}

// processPlain has the plain-HTTP listener carry an operation out. The answer goes where
// answerTo says; nil = the refusal is answered.
func processPlain(r *rulebook, operationName string, answerTo func(http.ResponseWriter) http.ResponseWriter) {
	plain := r.plain
	r.plain = func(e *environment, api string) http.Handler {
		refusal := plain(e, api)
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			found, _ := e.routes.find(req.URL.Path)
			if found == nil {
				refusal.ServeHTTP(w, req)
				return
			}
			op := found.operation(req.Method)
			if op == nil || op.name != operationName {
				refusal.ServeHTTP(w, req)
				return
			}
			if to := answerTo(w); to != nil {
				e.ServeHTTP(to, req)
				return
			}
			e.ServeHTTP(&heldAnswer{header: http.Header{}}, req)
			refusal.ServeHTTP(w, req)
		})
	}
}
