package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/repro"
	"github.com/d24conform/d24conform/internal/target"
)

// A sweep sends a request with every fault of a kind, each in several states: without an
// idempotency key, with a fresh one, with a used one; with and without a slash at the end
// of the path; in every form of the request, such as a large body; in either environment. At full depth every pair of a fault and a state, and
// of two states, is sent; at quick depth every fault once, over the rows of the outline.
// It costs a control before, a question after, and one request for each row. What deviates
// is followed up by itself, as a twin.
type sweep struct {
	kind   string // of faults
	faults []fault
	status string // what an object must still be, where an effect was found by its status
	only   *bool  // the one environment to look at, by whether it is the second; nil = both
}

var (
	stepEvery      = regexp.MustCompile(`^it is sent with every (.+)$`)
	stepEveryState = regexp.MustCompile(`^it is sent (over plain HTTP|from an address that is not whitelisted) in every state$`)
	stepEach       = regexp.MustCompile(`^each is refused(?: because of (.+?))?, and none has an effect$`)
	stepEachFails  = regexp.MustCompile(`^each fails, and none has an effect$`)
)

func sweepSteps(w *world, sc vocabulary) {
	sc.Step(stepEvery, w.every)
	sc.Step(stepEveryState, w.every)
	sc.Step(stepEach, func(ctx context.Context, because string) error {
		reason, err := w.reason(because)
		if err != nil {
			return err
		}
		return w.sweepAll(ctx, func(elsewhere bool) judgement { return w.refusedFor(reason, elsewhere) })
	})
	sc.Step(stepEachFails, func(ctx context.Context) error {
		return w.sweepAll(ctx, func(bool) judgement { return judge.FailsOnPlainHTTP })
	})
}

// every chooses the kind of faults.
func (w *world) every(kind string) error {
	faults, ok := faultKinds()[kind]
	if !ok {
		return fmt.Errorf("there is no kind of faults called %q", kind)
	}
	w.sweep.kind, w.sweep.faults = kind, faults
	return nil
}

// A keyState is what a request has as its idempotency key.
type keyState int

const (
	noKey    keyState = iota
	usedKey           // one under which a result was stored just before
	freshKey          // one that nobody has used
	firstKey          // the first one of the run, used long ago
)

func (k keyState) String() string {
	return [...]string{"", "with a used key", "with a fresh key", "with the first key of the run"}[k]
}

// A row is one probe of a sweep.
type row struct {
	fault  fault
	key    keyState
	slash  bool
	form   requestForm
	second bool // in the second environment
	put    spoilt
	sent   *exchange.Exchange
}

// String is what is wrong with the row's request, in a few words.
func (r row) String() string {
	text := r.fault.name
	if r.key != noKey {
		text += ", " + r.key.String()
	}
	if r.slash {
		text += ", with a slash at the end of its path"
	}
	if r.form != asUsual {
		text += ", with " + r.form.String()
	}
	if r.second {
		text += ", in the second environment"
	}
	return text
}

// sweepAll sends every row, environment by environment, and judges what came of it.
func (w *world) sweepAll(ctx context.Context, judging func(elsewhere bool) judgement) error {
	sent := 0
	var lacking error
	for _, second := range []bool{false, true} {
		if w.sweep.only != nil && *w.sweep.only != second {
			continue
		}
		rows := w.rowsIn(second)
		if len(rows) == 0 {
			continue
		}
		n, err := w.sweepIn(ctx, rows, judging)
		if lacks, ok := errors.AsType[*missing](err); ok {
			lacking = lacks
			continue
		}
		if err != nil {
			return err
		}
		sent += n
	}
	w.server = w.suite.Server
	switch {
	case sent > 0:
		return nil
	case lacking != nil:
		return lacking
	case w.suite.Depth == Quick:
		return &noted{"at quick depth other requests are sent with every " + w.sweep.kind}
	}
	return &missing{"no " + w.sweep.kind + " can be made with these credentials and addresses"}
}

// rowsIn are the rows of the scenario's covering array in one environment.
func (w *world) rowsIn(second bool) []row {
	keys, slashes, environments := w.keyStates(), []bool{false}, []bool{false}
	if w.suite.survey.slash[w.twin.kind] {
		slashes = append(slashes, true)
	}
	if w.suite.Server.Second != nil && !w.suite.survey.away[w.twin.kind] {
		environments = append(environments, true)
	}
	forms := append([]requestForm{asUsual}, w.suite.survey.forms[w.twin.kind]...)
	array := coverPairs
	if w.suite.Depth == Quick {
		array = coverOnce
	}
	var rows []row
	all := array(len(w.sweep.faults), len(keys), len(slashes), len(forms), len(environments))
	for i, values := range all {
		if w.suite.Depth == Quick && !w.hasShare(i, len(all)) {
			continue
		}
		r := row{fault: w.sweep.faults[values[0]], key: keys[values[1]], slash: slashes[values[2]], form: forms[values[3]], second: environments[values[4]]}
		if r.form == largeBody && r.key == usedKey && w.replays() {
			r.key = freshKey // another body under a used key is another matter
		}
		if r.key == usedKey && i%2 == 1 && !r.second {
			r.key = firstKey
		}
		if r.second == second {
			rows = append(rows, r)
		}
	}
	return rows
}

// hasShare says whether the scenario sends row i of n at quick depth. The first request of
// an outline has every part that a fault can be in, and is sent with all of them; the
// others share them, and each has at least one.
func (w *world) hasShare(i, n int) bool {
	s := w.scenario
	return s.row == 0 || i%s.rows == s.row || n <= s.row && i == s.row%n
}

// keyStates are the states that make a difference to a kind of request: the documents give
// keys a meaning on POST to deposits and refunds, and none elsewhere.
func (w *world) keyStates() []keyState {
	switch {
	case w.replays() && slices.Contains(faultsOfKnownCallers(), w.sweep.kind):
		return []keyState{noKey, freshKey}
	case w.replays():
		return []keyState{noKey, usedKey, freshKey}
	}
	return []keyState{noKey, usedKey}
}

// replays says whether a request of the scenario's kind gets a stored result under a used
// key.
func (w *world) replays() bool {
	return slices.Contains([]string{"deposit", hostedDeposit, "refund"}, w.twin.kind)
}

// faultsOfKnownCallers are kinds of faults that leave no doubt who calls: under a used key
// a server may replay the stored result, whatever else is wrong (AMB-05).
func faultsOfKnownCallers() []string {
	return []string{"missing Content-Type", "other Content-Type", "body that is no JSON object"}
}

// sweepIn sends rows of one environment and returns how many could be sent.
func (w *world) sweepIn(ctx context.Context, rows []row, judging func(elsewhere bool) judgement) (int, error) {
	w.enterEnvironment(rows[0].second)
	st, err := w.newStage(ctx, w.twin.kind)
	if err != nil {
		return 0, w.unlessIncomplete(w.twin.kind, err)
	}
	sent := rows[:0]
	for _, r := range rows {
		var ok bool
		if r.put, ok = r.fault.put(w, st); !ok {
			continue
		}
		r.sent = w.sendRow(ctx, st, r)
		sent = append(sent, r)
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	if len(sent) == 0 {
		return 0, nil
	}
	last, final := st.finish(ctx)
	for _, r := range sent {
		again := last
		if final.Outcome != judge.Holds { // a row's effect would speak against the row
			again = st.control
		}
		f := judging(r.put.elsewhere)(st.control, r.sent, again)
		accepted := judge.Read(r.sent).Kind == judge.Accepted
		if !accepted && (final.Outcome != judge.Holds || f.Outcome == judge.Holds) {
			continue
		}
		if err := w.followUp(ctx, r, f, judging(r.put.elsewhere)); err != nil {
			return 0, err
		}
		if accepted && final.Outcome != judge.Holds { // which is no wonder
			return 0, held(asControl(judge.Finding{
				Outcome: judge.Broken, Expected: "refused", Seen: r.String() + ": " + judge.Describe(r.sent) + "; by itself it is refused",
				Exchanges: []*exchange.Exchange{st.control, r.sent, last},
			}))
		}
	}
	if final.Outcome != judge.Holds {
		return 0, w.findEffect(ctx, sent, final)
	}
	return len(sent), w.findStored(ctx, st, sent, last)
}

// enterEnvironment makes an environment the one that the scenario talks to; nil where the
// target has no second one.
func (w *world) enterEnvironment(second bool) {
	w.server = w.suite.Server
	if second {
		w.server = w.suite.Server.Second
	}
}

// rowRequest is the row's request without its fault: what base makes, in the row's state.
func (w *world) rowRequest(st *stage, r row, base merchant.Request) merchant.Request {
	keyed := w.replays()
	switch {
	case r.key == freshKey:
		base.IdempotencyKey = w.suite.Orders.NewKey()
	case r.key == firstKey && keyed && w.suite.survey.first[w.twin.kind].answer != nil:
		base = w.suite.survey.first[w.twin.kind].request
	case r.key != noKey && keyed:
		base = st.stored
	case r.key != noKey:
		base.IdempotencyKey = st.stored.IdempotencyKey
	}
	if r.slash {
		base.Path = withSlash(base.Path)
	}
	return r.form.of(base)
}

// sendRow sends the row's request. One that the target was too busy for is sent again.
func (w *world) sendRow(ctx context.Context, st *stage, r row) *exchange.Exchange {
	client := r.put.client
	if client == nil {
		client = w.server.Client()
	}
	var e *exchange.Exchange
	for range tries {
		e = w.send(ctx, client, w.rowRequest(st, r, st.request), partProbe, r.put.tampers...)
		w.keep(e)
		if e.Status() < http.StatusInternalServerError || ctx.Err() != nil {
			break
		}
	}
	return e
}

// followUp judges a row that deviates once more, as a twin of its own: what the report
// shows is then one fault, between two controls. found is what the sweep made of it, for a
// target that does not do it again.
func (w *world) followUp(ctx context.Context, r row, found judge.Finding, judging judgement) error {
	st, err := w.newStageFor(ctx, &r)
	if err != nil {
		return err
	}
	kind := w.twin.kind
	w.twin = twin{kind: kind, tampers: r.put.tampers, probe: r.put.client, elsewhere: r.put.elsewhere, moved: r.put.moved}
	err = w.control(ctx, func() (merchant.Request, error) {
		base, err := st.each()
		return w.rowRequest(st, r, base), err
	})
	if err == nil {
		err = w.run(ctx, judging)
	}
	var again *judged
	switch {
	case errors.As(err, &again):
		again.finding.Seen = r.String() + ": " + again.finding.Seen
		return again
	case err != nil || found.Outcome != judge.Broken:
		return err
	}
	found.Seen = r.String() + ": " + found.Seen
	return held(found)
}

// newStageFor prepares a stage for one row by itself, with what came before left out of the
// reproduction.
func (w *world) newStageFor(ctx context.Context, r *row) (*stage, error) {
	// What the sentences before had the panel do still holds.
	w.acts = slices.DeleteFunc(w.acts, func(a repro.Act) bool { return a.Hook == nil || !w.isListed(a.Hook) })
	w.enterEnvironment(r.second)
	st, err := w.newStage(ctx, w.twin.kind)
	if err == nil {
		r.put, _ = r.fault.put(w, st)
	}
	return st, err
}

// isListed says whether a hook is about a whitelist: the others are about objects of an
// earlier stage.
func (w *world) isListed(h *repro.Hook) bool {
	return h.Name == string(target.WhitelistAdd) || h.Name == string(target.WhitelistRemove)
}

// findEffect finds the row that had an effect although it was refused: the one after which
// the request without a fault is not accepted any more. A stage without any row is the
// control.
func (w *world) findEffect(ctx context.Context, rows []row, final judge.Finding) error {
	if final.Outcome != judge.Broken {
		return held(final)
	}
	empty, err := w.newStage(ctx, w.twin.kind)
	if err != nil {
		return err
	}
	if _, f := empty.finish(ctx); f.Outcome != judge.Holds {
		return held(asControl(f))
	}
	for _, r := range rows {
		st, err := w.newStageFor(ctx, &r)
		if err != nil {
			return err
		}
		r.sent = w.sendRow(ctx, st, r)
		last, f := st.finish(ctx)
		if f.Outcome == judge.Broken {
			w.sweep.status, _ = strings.CutPrefix(f.Expected, "status ")
			return held(judge.Finding{
				Outcome: judge.Broken, Expected: "refused, and nothing carried out",
				Seen:      fmt.Sprintf("%s: %s; the request without the fault is then answered %s", r, judge.Describe(r.sent), judge.Describe(last)),
				Exchanges: []*exchange.Exchange{st.control, r.sent, last},
			})
		}
	}
	final.Seen = fmt.Sprintf("after %d requests with faults: %s; after each of them alone it is accepted", len(rows), final.Seen)
	return held(asControl(final))
}

// findStored finds the row that was refused, and whose deposit is stored under its fresh
// key all the same: another order with that key then gets it. A server that takes an
// invoice twice shows such an effect in no other way. made is the deposit of the same
// invoice that was asked for in the end.
func (w *world) findStored(ctx context.Context, st *stage, rows []row, made *exchange.Exchange) error {
	for _, r := range rows {
		if w.storedDeposit(ctx, st, r, made) == nil {
			continue
		}
		alone, err := w.newStageFor(ctx, &r)
		if err != nil {
			return err
		}
		r.sent = w.sendRow(ctx, alone, r)
		made, _ = alone.finish(ctx)
		if next := w.storedDeposit(ctx, alone, r, made); next != nil {
			return held(judge.Finding{
				Outcome: judge.Broken, Expected: "refused, and nothing carried out",
				Seen:      fmt.Sprintf("%s: %s; another order with its key then gets the deposit that was refused", r, judge.Describe(r.sent)),
				Exchanges: []*exchange.Exchange{alone.control, r.sent, next},
			})
		}
	}
	return nil
}

// storedDeposit sends another order with a row's fresh key. It returns the answer if that is
// the row's own deposit, and nil otherwise.
func (w *world) storedDeposit(ctx context.Context, st *stage, r row, made *exchange.Exchange) *exchange.Exchange {
	invoice := judge.InvoiceOf(made)
	if r.key != freshKey || invoice == "" {
		return nil
	}
	order, err := st.each()
	if err != nil {
		return nil
	}
	order.IdempotencyKey = r.sent.Request.Header.Get(d24.HeaderIdempotencyKey)
	if r.slash {
		order.Path = withSlash(order.Path)
	}
	e := w.send(ctx, w.server.Client(), order, partQuestion)
	w.keep(e)
	if judge.DoesNotKnow(e, invoice).Outcome != judge.Broken {
		return nil
	}
	return e
}
