package steps

import (
	"context"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/repro"
	"github.com/d24conform/d24conform/internal/target"
)

// The parts of a scenario by which its requests are labelled, where more than the log
// depends on them.
const (
	partControl = "control"
	partProbe   = "probe"
	partSetup   = "setup"
	partAtOnce  = "at once"
	partRetry   = "retry"
	partAfter   = "afterwards"
	partSmaller = "smaller"
)

// sent notes a request with the draft that it was made of.
func (w *world) sent(client *merchant.Client, e *exchange.Exchange, draft *merchant.Draft) {
	if draft == nil { // it never came to signing
		return
	}
	call := &repro.Call{Exchange: e, Part: e.Label, Draft: draft}
	if client.LocalIP.IsValid() {
		call.From = client.LocalIP.String()
	}
	if client.Proxy != nil {
		call.From = client.Proxy.String()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e.Label {
	case partAtOnce:
		call.AtOnce = len(w.story.answers) + 1 // the same for all of them: their answers come together
	case partProbe, partSmaller:
		call.Moved = w.twin.moved
	}
	w.acts = append(w.acts, repro.Act{Call: call})
}

// giveUp sends a request and hangs up without waiting for the answer.
func (w *world) giveUp(ctx context.Context, client *merchant.Client, r merchant.Request) {
	r.Scenario, r.Label = w.scenario.Name, "given up"
	var draft *merchant.Draft
	r.Drafted = func(d *merchant.Draft) { draft = d }
	e := client.Abandon(ctx, r)
	w.logged(e)
	if draft != nil {
		w.acts = append(w.acts, repro.Act{Call: &repro.Call{Exchange: e, Part: e.Label, Draft: draft, Abandoned: true}})
	}
}

// hooked notes what the target was made to do, or will be at the end.
func (w *world) hooked(h target.Hook, arguments map[string]string, undo bool) {
	hook := &repro.Hook{Name: string(h), Second: w.server != w.suite.Server, Undo: undo}
	for _, spec := range target.HookSpecs() {
		if spec.Name != h {
			continue
		}
		for _, parameter := range spec.Parameters {
			hook.Arguments = append(hook.Arguments, arguments[parameter])
		}
	}
	w.acts = append(w.acts, repro.Act{Hook: hook})
}
