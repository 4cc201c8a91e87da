package mock

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// An environment is one whole provider: merchants, whitelists, transactions,
// balances, idempotency records. Two environments share the rulebook and the
// clock, and nothing else (ENV-09).
type environment struct {
	name      string
	rules     *rulebook
	routes    routes
	clock     *clock
	state     *store.State
	directory atomic.Pointer[directory]
	adding    sync.Mutex // one change of the directory at a time
	original  *directory // what Reset goes back to
	whitelist *whitelists
	faults    *faults
	outbox    *outbox
	exchanges *recorder
	funds     d24.Amount
	wait      func(d time.Duration, gone <-chan struct{}) // or until gone, or the mock closes
	underWay  tally                                       // requests that have arrived and are not recorded yet
	meeting   atomic.Int64                                // requests in the gap of a race mutant
	plainURL  string                                      // where plain HTTP fails, and where a redirect can lead
	unused    *unusedConns                                // to its listener
	fixed     fixedHeaders
	log       *slog.Logger
}

// The names of the environments.
const (
	firstName  = "stg"
	secondName = "second"
)

// A merchant is one caller. Its number stands for it in the store.
type merchant struct {
	number      int
	credentials d24.Credentials
	deposits    *d24.Key
	cashouts    *d24.Key
}

// A directory finds merchants by the key they show. It is never changed, only
// replaced, so that a request reads it without a lock.
type directory struct {
	all       []*merchant
	byLogin   map[string]*merchant // X-Login
	byReadKey map[string]*merchant // Bearer
	byCashout map[string]*merchant // login in the body
}

// with is the directory and one merchant more.
func (d *directory) with(c d24.Credentials) (*directory, *merchant, error) {
	if err := checkCredentials(c); err != nil {
		return nil, nil, err
	}
	m := &merchant{
		credentials: c,
		deposits:    d24.NewKey(c.Deposits.APISignature),
		cashouts:    d24.NewKey(c.Cashouts.APISignature),
	}
	next := &directory{
		byLogin:   make(map[string]*merchant),
		byReadKey: make(map[string]*merchant),
		byCashout: make(map[string]*merchant),
	}
	if d != nil {
		m.number = len(d.all)
		next.all = append(next.all, d.all...)
	}
	next.all = append(next.all, m)
	for _, each := range next.all {
		for _, entry := range []struct {
			index map[string]*merchant
			key   string
		}{
			{next.byLogin, each.credentials.Deposits.APIKey},
			{next.byReadKey, each.credentials.Deposits.ReadOnlyKey},
			{next.byCashout, each.credentials.Cashouts.APIKey},
		} {
			if entry.key == "" {
				continue
			}
			if entry.index[entry.key] != nil {
				return nil, nil, errors.New("another merchant of this environment has one of these keys")
			}
			entry.index[entry.key] = each
		}
	}
	return next, m, nil
}

// addMerchant makes another caller known, with the starting funds.
func (e *environment) addMerchant(c d24.Credentials) error {
	e.adding.Lock()
	defer e.adding.Unlock()
	next, m, err := e.directory.Load().with(c)
	if err != nil {
		return fmt.Errorf("add merchant: %w", err)
	}
	e.state.Update(func(tx *store.Tx) { tx.SetBalance(m.number, e.funds) })
	e.directory.Store(next)
	return nil
}

// reset brings the environment back to how it started. Requests under way end in
// the state that they began in or in the new one, never in half of each: each has
// its effect in one critical section.
func (e *environment) reset() {
	e.adding.Lock()
	defer e.adding.Unlock()
	e.faults.reset()
	e.state.Reset()
	e.outbox.reset()
	e.directory.Store(e.original)
	e.refill()
	e.whitelist.reset()
	e.exchanges.reset()
}

// refill gives every merchant the starting funds.
func (e *environment) refill() {
	for _, m := range e.directory.Load().all {
		e.state.Update(func(tx *store.Tx) { tx.SetBalance(m.number, e.funds) })
	}
}

// countFrom forgets all transactions and keys and has ids go on from these.
func (e *environment) countFrom(bases store.Bases) (before store.Bases) {
	e.adding.Lock()
	defer e.adding.Unlock()
	before = e.state.CountFrom(bases)
	e.refill()
	return before
}
