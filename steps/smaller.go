package steps

import (
	"context"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/repro"
	"github.com/d24conform/d24conform/internal/target"
)

// reduce sends the trio again with less and less in it, as long as the verdict stays.
// It holds off where requests are counted: a target that is not on this machine, or has a
// limit.
func (s *Suite) reduce(ctx context.Context, f *failure) {
	w := f.world
	over := f.finding.Exchanges
	if s.Smaller == 0 || f.smaller != nil || w.twin.judged == nil || len(over) != trioLength || len(w.undo) > 0 || w.scenario.Has(tagAlone) ||
		s.Level != target.Sandbox || s.Server.MaxRPS > 0 || !s.Server.Loopback() {
		return
	}
	probe := f.probe()
	control := f.callOf(over[0])
	if probe == nil || control == nil {
		return
	}
	var without []merchant.Tamper
	for i, removal := range removals(control.Draft, probe.Draft) {
		if i == s.Smaller || ctx.Err() != nil {
			return
		}
		acts, verdict := w.trioWithout(ctx, append(slices.Clip(without), removal))
		if acts == nil {
			return
		}
		if verdict.Outcome == judge.Broken {
			without = append(without, removal)
			f.smaller = acts
		}
	}
}

func (f *failure) callOf(e *exchange.Exchange) *repro.Call {
	for _, act := range f.acts {
		if act.Call != nil && act.Call.Exchange == e {
			return act.Call
		}
	}
	return nil
}

// removals leave out one part of a request each that may be left out: a header in which
// control and probe are alike, or a field of the body.
func removals(control, probe *merchant.Draft) []merchant.Tamper {
	var list []merchant.Tamper
	for _, name := range optionalHeaders(control.Auth) {
		_, there := control.Header.Lookup(name)
		_, too := probe.Header.Lookup(name)
		same := name == d24.HeaderIdempotencyKey || control.Header.Get(name) == probe.Header.Get(name)
		if there && too && same {
			list = append(list, merchant.Tamper{After: func(d *merchant.Draft) { d.Header.Delete(name) }})
		}
	}
	for _, name := range merchant.FieldNames(control.Body) {
		if slices.Contains(optionalFields(control.Path), name) {
			list = append(list, merchant.Tamper{Before: func(d *merchant.Draft) { d.SetBody(merchant.RemoveField(d.Body, name)) }})
		}
	}
	return list
}

// optionalHeaders are those that the documents do not ask for. What they do ask for stays
// even where this target does not look: once it does, the control would be refused.
func optionalHeaders(auth merchant.Auth) []string {
	if auth == merchant.SignedCashout {
		return []string{d24.HeaderAuthorization} // reading AMB-02: the keys are in the body
	}
	return []string{d24.HeaderIdempotencyKey, d24.HeaderUserAgent}
}

// optionalFields are those of a request that may be left out.
func optionalFields(path string) []string {
	switch path {
	case d24.PathDeposits:
		return []string{"description", "back_url", "success_url", "error_url", "notification_url"}
	case d24.PathRefunds:
		return []string{"comments", "notification_url"}
	case d24.PathCashout:
		return []string{
			"currency", "document_type", "beneficiary_lastname", "email", "phone",
			"bank_code", "bank_account", "bank_branch", "account_type",
		}
	}
	return nil
}

// trioWithout sends control, probe and control with something left out of each, and
// judges them. It returns nil where the target cannot be asked any more.
func (w *world) trioWithout(ctx context.Context, without []merchant.Tamper) ([]repro.Act, judge.Finding) {
	begin := len(w.acts)
	probing := w.twin.probe
	if probing == nil {
		probing = w.server.Client()
	}
	var trio [trioLength]*exchange.Exchange
	for i := range trio {
		client, tampers := w.server.Client(), without
		if i == 1 {
			client, tampers = probing, slices.Concat(without, w.twin.tampers)
		}
		e, err := w.twinRequest(ctx, client, partSmaller, tampers...)
		if err != nil || e.Response == nil && i != 1 {
			return nil, judge.Finding{}
		}
		trio[i] = e
		if i == 0 && judge.Read(e).Kind != judge.Accepted {
			return []repro.Act{}, judge.Finding{Outcome: judge.Unclear} // not without this; the others can be spared
		}
	}
	acts := slices.Clone(w.acts[begin:])
	part := 0
	for i, act := range acts {
		if act.Call == nil || act.Call.Part != partSmaller {
			continue
		}
		call := *act.Call
		call.Part = partControl
		if part == 1 {
			call.Part = partProbe
		} else {
			call.Moved = nil
		}
		part++
		acts[i].Call = &call
	}
	return acts, w.twin.judged(trio[0], trio[1], trio[2])
}

// smallest is the smallest request that shows it, line by line: the last probe that was
// still wrongly answered. Nil where none was looked for.
func (f *failure) smallest() []string {
	var probe *repro.Call
	for _, act := range f.smaller {
		if act.Call != nil && act.Call.Part == partProbe {
			probe = act.Call
		}
	}
	if probe == nil {
		return nil
	}
	lines := []string{probe.Draft.Method + " " + probe.Draft.Path}
	for _, field := range probe.Draft.Header {
		lines = append(lines, field.Name+": "+field.Value)
	}
	if len(probe.Draft.Body) > 0 {
		lines = append(append(lines, ""), strings.Split(string(probe.Draft.Body), "\n")...)
	}
	return lines
}
