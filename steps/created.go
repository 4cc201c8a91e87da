package steps

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/target"
)

// Created is an object that a run made on the target.
type Created struct {
	Environment string `json:"environment"` // base URL
	Kind        string `json:"kind"`        // deposit_id, refund_id or cashout_id
	ID          string `json:"id"`
	Reference   string `json:"reference"` // our own id for it: invoice_id or external_id
}

// Created counts what the run created, by kind: deposit_id, refund_id, cashout_id.
func (s *Suite) Created() map[string]int {
	counts := map[string]int{}
	for _, c := range s.created.all() {
		counts[c.Kind]++
	}
	return counts
}

// CleanUp cancels what the run created, where the target allows it, and lists what is
// left there. The bundled mock is not cleaned: it ends with the run.
func (s *Suite) CleanUp(ctx context.Context) []Created {
	left := []Created{}
	if s.Server.Name == target.EmbeddedName {
		return left
	}
	for _, c := range s.created.all() {
		if !s.cancel(ctx, c) {
			left = append(left, c)
		}
	}
	return left
}

// cancel takes one object back: a cashout that is still pending through the API, a
// deposit where there is a hook for it.
func (s *Suite) cancel(ctx context.Context, c Created) bool {
	server := s.Server
	if server.Second != nil && c.Environment == server.Second.BaseURL {
		server = server.Second
	}
	switch {
	case c.Kind == "cashout_id":
		r := server.Client().CancelCashout(c.ID, c.Reference)
		r.Label = "clean-up"
		return judge.Read(server.Client().Do(ctx, r)).Kind == judge.Accepted
	case c.Kind == "deposit_id" && server.Hooks.Offers(target.CancelDeposit):
		return server.Hooks.Call(ctx, target.CancelDeposit, map[string]string{"deposit_id": c.ID}) == nil
	}
	return false
}

// ids collects what a run created, each once.
type ids struct {
	mu   sync.Mutex
	list map[Created]bool
}

// add notes an object that the target says it made.
func (i *ids) add(environment string, e *exchange.Exchange) {
	answer := judge.Read(e)
	if answer.ObjectID == "" { // an id beside an odd status is an object all the same
		return
	}
	var ours struct {
		Invoice  string `json:"invoice_id"`
		External string `json:"external_id"`
	}
	_ = json.Unmarshal(e.Request.Body, &ours) // a body that is no JSON has no reference
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.list == nil {
		i.list = map[Created]bool{}
	}
	i.list[Created{
		Environment: environment, Kind: answer.ObjectField, ID: answer.ObjectID, Reference: cmp.Or(ours.Invoice, ours.External),
	}] = true
}

func (i *ids) all() []Created {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := make([]Created, 0, len(i.list))
	for c := range i.list {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Created) int {
		return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	return list
}
