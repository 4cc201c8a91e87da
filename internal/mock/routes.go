package mock

import (
	"net/http"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// An operation is one thing that the API does, with its checks in the order in which they
// are made.
type operation struct {
	name     string
	method   string
	product  product
	readOnly bool               // takes the read-only key
	arrival  []check            // of the request, whoever sends it
	caller   []check            // that find out who calls
	business []check            // of what is asked for; made in the store's critical section
	run      func(*call) answer // does the work for a known caller
}

// An endpoint is what stands under one path.
type endpoint struct {
	path       string // normalised: without trailing slash, the id as {id}
	operations []operation
}

// routes are all endpoints by their path. One ending in a slash takes an id after
// it.
type routes map[string]*endpoint

func newRoutes(change func(op *operation)) routes {
	table := make(routes)
	for _, e := range endpoints() {
		table[e.path] = e
		for i := range e.operations {
			change(&e.operations[i])
		}
	}
	return table
}

// endpoints are all endpoints, as documented.
func endpoints() []*endpoint {
	signed := func(name, method string, run func(*call) answer, business ...check) operation {
		return operation{name, method, deposits, false, arrivalChecks(), signedChecks(), business, run}
	}
	readOnly := func(name string, run func(*call) answer) operation {
		return operation{name, http.MethodGet, deposits, true, arrivalChecks(), readOnlyChecks(), nil, run}
	}
	cashout := func(name, method string, run func(*call) answer, business ...check) operation {
		return operation{name, method, cashouts, false, arrivalChecks(), cashoutChecks(), business, run}
	}
	return []*endpoint{
		{d24.PathDeposits, []operation{
			signed("deposit", http.MethodPost, createDeposit, check{"invoice", invoiceUnused}),
		}},
		{d24.PathDeposits + "/", []operation{signed("deposit-status", http.MethodGet, depositStatus)}},
		{d24.PathRefunds, []operation{
			signed("refund", http.MethodPost, createRefund, check{"completed", depositCompleted}, check{"amount", refundLeft}),
		}},
		{d24.PathRefunds + "/", []operation{signed("refund-status", http.MethodGet, refundStatus)}},
		{d24.PathPaymentMethods, []operation{readOnly("payment-methods", paymentMethods)}},
		{d24.PathExchangeRates, []operation{readOnly("exchange-rates", exchangeRate)}},
		{d24.PathCryptoExchangeRates, []operation{readOnly("crypto-exchange-rates", cryptoExchangeRate)}},
		{d24.PathBanks, []operation{readOnly("banks", banks)}},
		{d24.PathStates, []operation{readOnly("states", states)}},
		{d24.PathCashout, []operation{
			cashout("cashout", http.MethodPost, createCashout, check{"external-id", externalIDUnused}, check{"funds", fundsEnough}),
		}},
		{d24.PathCashoutStatus, []operation{
			cashout("cashout-status", http.MethodPost, cashoutStatus),
			cashout("cashout-hold", http.MethodPut, updateCashout, check{"transition", transitionAllowed(invalidTransition)}),
		}},
		{d24.PathCashoutCancel, []operation{
			cashout("cashout-cancel", http.MethodDelete, cancelCashout, check{"transition", transitionAllowed(notPending)}),
		}},
	}
}

// find is the endpoint of a path, with and without a trailing slash (the official
// SDKs have used both), and the id in it.
func (table routes) find(path string) (e *endpoint, id string) {
	path = strings.TrimSuffix(path, "/")
	if strings.HasSuffix(path, "/") {
		return nil, ""
	}
	if e := table[path]; e != nil {
		return e, ""
	}
	if i := strings.LastIndexByte(path, '/'); i >= 0 && i+1 < len(path) {
		return table[path[:i+1]], path[i+1:]
	}
	return nil, ""
}

// operation is what the endpoint does under a method; nil when it does nothing.
func (e *endpoint) operation(method string) *operation {
	for i := range e.operations {
		if e.operations[i].method == method {
			return &e.operations[i]
		}
	}
	return nil
}

// allow is the Allow header that a 405 must have.
func (e *endpoint) allow() string {
	methods := make([]string, 0, len(e.operations))
	for _, op := range e.operations {
		methods = append(methods, op.method)
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}
