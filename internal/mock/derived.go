package mock

import (
	"net/http"
	"slices"
	"strings"
)

// Derived are the mutants that follow from the rulebook: each check of each operation left
// out or made too late, each value compared carelessly, each memory too short, each store
// shared by the environments, each status taken for another. Their names are
// what/which/how, such as deposit/signature/left-out.
//
// What the documents leave open is no mutant; see [Equivalents].
func Derived() []Mutant {
	var list []Mutant
	for _, derive := range []func() []Mutant{
		derivedFromChecks, derivedFromPlainHTTP, derivedFromValues, derivedFromEnvironments, derivedFromBodies, derivedFromDates,
		derivedFromUsedKeys, derivedFromMemories, derivedFromStatuses, derivedFromMoney, derivedFromForms, derivedFromHistories,
	} {
		made := derive()
		slices.SortStableFunc(made, func(a, b Mutant) int { return strings.Compare(a.Name, b.Name) }) // a seed repeats a sample
		list = append(list, made...)
	}
	return list
}

// A derivedOperation is an operation as its mutants see it.
type derivedOperation struct {
	*operation
	path string
	does string // what it does, after "a server that"
}

// derivedOperations are all operations in the order of the routes.
func derivedOperations() []derivedOperation {
	does := map[string]string{
		"deposit": "creates a deposit", "deposit-status": "shows a deposit",
		"refund": "makes a refund", "refund-status": "shows a refund",
		"payment-methods": "lists payment methods", "exchange-rates": "quotes exchange rates",
		"crypto-exchange-rates": "quotes crypto exchange rates", "banks": "lists banks", "states": "lists states",
		"cashout": "makes a cashout", "cashout-status": "shows a cashout",
		"cashout-hold": "holds or releases a cashout", "cashout-cancel": "cancels a cashout",
	}
	var list []derivedOperation
	for _, e := range endpoints() {
		for i := range e.operations {
			op := &e.operations[i]
			list = append(list, derivedOperation{op, e.path, does[op.name]})
		}
	}
	return list
}

// kind says which of the three ways of authenticating the operation has.
func (op derivedOperation) kind() string {
	switch {
	case op.product == cashouts:
		return "cashouts"
	case op.readOnly:
		return "read-only"
	}
	return "signed"
}

// changes says whether the operation has an effect.
func (op derivedOperation) changes() bool {
	return op.method != http.MethodGet && op.name != "cashout-status"
}

// keyed says whether the operation takes idempotency keys.
func (op derivedOperation) keyed() bool {
	return op.product == deposits && op.method == http.MethodPost
}

// checks are all checks of the operation in their order.
func (op derivedOperation) checks() []check { return slices.Concat(op.arrival, op.caller, op.business) }
