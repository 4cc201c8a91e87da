package mock

import (
	"net/http"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// An operation is one thing that the API does.
type operation struct {
	method   string
	product  product
	identify func(*call) *answer // finds out who calls, or refuses
	run      func(*call) answer  // does the work for a known caller
}

// An endpoint is what stands under one path.
type endpoint struct {
	path       string // normalised: without trailing slash, the id as {id}
	operations []operation
}

// routes are all endpoints by their path. One ending in a slash takes an id after
// it.
type routes map[string]*endpoint

func newRoutes() routes {
	signed := func(method string, run func(*call) answer) operation {
		return operation{method, deposits, signedCaller, run}
	}
	readOnly := func(run func(*call) answer) operation {
		return operation{http.MethodGet, deposits, readOnlyCaller, run}
	}
	cashout := func(method string, run func(*call) answer) operation {
		return operation{method, cashouts, cashoutCaller, run}
	}
	list := []*endpoint{
		{d24.PathDeposits, []operation{signed(http.MethodPost, createDeposit)}},
		{d24.PathDeposits + "/", []operation{signed(http.MethodGet, depositStatus)}},
		{d24.PathRefunds, []operation{signed(http.MethodPost, createRefund)}},
		{d24.PathRefunds + "/", []operation{signed(http.MethodGet, refundStatus)}},
		{d24.PathPaymentMethods, []operation{readOnly(paymentMethods)}},
		{d24.PathExchangeRates, []operation{readOnly(exchangeRate)}},
		{d24.PathCryptoExchangeRates, []operation{readOnly(cryptoExchangeRate)}},
		{d24.PathBanks, []operation{readOnly(banks)}},
		{d24.PathStates, []operation{readOnly(states)}},
		{d24.PathCashout, []operation{cashout(http.MethodPost, createCashout)}},
		{d24.PathCashoutStatus, []operation{cashout(http.MethodPost, cashoutStatus), cashout(http.MethodPut, updateCashout)}},
		{d24.PathCashoutCancel, []operation{cashout(http.MethodDelete, cancelCashout)}},
	}
	table := make(routes, len(list))
	for _, e := range list {
		table[e.path] = e
	}
	return table
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
