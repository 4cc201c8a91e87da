package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
)

// A survey is what is found out about a server before its scenarios run, where the
// documents leave it open and scenarios depend on it. Nothing of it is judged.
type survey struct {
	done     bool
	away     map[string]bool          // kinds of requests that the second environment does not take
	lacking  map[string]bool          // operations, by their shapes, that the second environment answers 404 although they are right
	readOnly merchant.Auth            // how the read-only endpoints are called (reading AMB-03)
	slash    map[string]bool          // kinds of requests that are taken with a slash at the end of the path
	forms    map[string][]requestForm // in which a kind of request is taken, the usual one apart
	largest  int                      // the size of the largest body that was taken
	// first are the first requests of the run that have a key and a stored result, by kind.
	first map[string]remembered
}

// A remembered request was sent at the beginning of the run, and has a stored answer.
type remembered struct {
	request merchant.Request
	answer  *exchange.Exchange
	deposit deposit // that it is about, if it is
	cashout cashout // likewise
}

// Found is what the suite found out about a server before its scenarios ran: where it
// differs, two runs send other requests. It is for comparison alone.
func (s *Suite) Found() string {
	return fmt.Sprint(s.survey.readOnly, s.survey.slash, s.survey.forms, s.survey.away, s.survey.largest)
}

// takes says whether a body of a size can be sent.
func (s survey) takes(size int) bool { return size <= s.largest }

// look finds out what a survey tells. What the server answers to it is in the log alone.
func (s *Suite) look(ctx context.Context) survey {
	found := survey{readOnly: merchant.ReadOnlyBearer, slash: map[string]bool{}, forms: map[string][]requestForm{}, away: map[string]bool{}, lacking: map[string]bool{}, first: map[string]remembered{}}
	w := &world{scene: &scene{suite: s}, server: s.Server}
	if s.Server.Has(rules.Deposits) && s.Server.Credentials.Deposits.ReadOnlyKey != "" {
		for _, auth := range []merchant.Auth{merchant.ReadOnlyBearer, merchant.SignedDeposit, merchant.ReadOnlyBasic, merchant.KeyBasic} {
			if w.surveyed(ctx, lookup("payment methods", auth)) {
				found.readOnly = auth
				break
			}
		}
		for _, kind := range readOnlyKinds() {
			r := lookup(kind, found.readOnly)
			r.Path = withSlash(r.Path)
			found.slash[kind] = w.surveyed(ctx, r)
		}
	}
	s.survey = found
	if s.Level == target.Observe {
		return found
	}
	for _, kind := range changingKinds() {
		if !s.Server.Has(productOf(kind)) {
			continue
		}
		st, err := w.newStage(ctx, kind)
		if err != nil { // the scenarios about it will say why
			continue
		}
		if err := w.lookAtForms(ctx, kind, st, &found); err != nil {
			continue
		}
		found.first[kind] = remembered{request: st.stored, answer: st.control, deposit: st.deposit, cashout: madeBy(st.control)}
	}
	found.slash[hostedDeposit], found.forms[hostedDeposit] = found.slash["deposit"], found.forms["deposit"]
	w.rememberMore(ctx, found.first)
	w.lookAway(ctx, &found)
	found.done = true
	return found
}

// lookAtForms finds out in which forms the target takes a kind of request, and how large a
// body may be.
func (w *world) lookAtForms(ctx context.Context, kind string, st *stage, found *survey) error {
	r, err := st.each()
	if err != nil {
		return err
	}
	r.Path = withSlash(r.Path)
	found.slash[kind] = w.surveyed(ctx, r)
	for _, form := range formsOf(kind, len(r.Body) > 0) {
		if r, err = st.each(); err == nil && w.surveyed(ctx, form.of(r)) {
			found.forms[kind] = append(found.forms[kind], form)
		}
	}
	if kind != "deposit" && (kind != "cashout" || found.largest > 0) {
		return nil
	}
	for _, size := range bodySizes() {
		own, _ := st.each()
		own.Body = merchant.Padded(own.Body, size)
		if !w.surveyed(ctx, own) {
			break
		}
		found.largest = size
	}
	return nil
}

// lookAway finds out which requests the second environment does not take: other scenarios
// than those about the environments leave it out then.
func (w *world) lookAway(ctx context.Context, found *survey) {
	if w.suite.Server.Second == nil {
		return
	}
	defer w.enterEnvironment(false)
	for _, kind := range append(changingKinds(), readOnlyKinds()...) {
		if !w.suite.Server.Has(productOf(kind)) {
			continue
		}
		w.enterEnvironment(true)
		w.twin = twin{kind: kind}
		_, err := w.newStage(ctx, kind)
		found.away[kind] = err != nil
		var refused *judged
		if !errors.As(err, &refused) {
			continue
		}
		for _, e := range refused.finding.Exchanges {
			if e != nil && e.Status() == http.StatusNotFound {
				found.lacking[shapeOf(e)] = true
			}
		}
	}
	found.away[hostedDeposit] = found.away["deposit"]
}

// digits are the ids in a path.
var digits = regexp.MustCompile(`/\d+`)

// shapeOf is the operation of a request: its method, and its path without ids, query and
// slash at the end.
func shapeOf(e *exchange.Exchange) string {
	path := e.Request.URL
	if u, err := url.Parse(e.Request.URL); err == nil {
		path = strings.TrimSuffix(u.Path, "/")
	}
	return e.Request.Method + " " + digits.ReplaceAllString(path, "/#")
}

// madeBy is the cashout that an exchange made.
func madeBy(e *exchange.Exchange) cashout {
	if answer := judge.Read(e); answer.ObjectField == "cashout_id" {
		return cashout{id: answer.ObjectID, external: judge.ExternalIDOf(e)}
	}
	return cashout{}
}

// rememberMore sends first requests whose results are no successes: a refund that came too
// early and would succeed by now, a deposit and a refund that met an error 500.
func (w *world) rememberMore(ctx context.Context, first map[string]remembered) {
	w.rememberCashouts(ctx, first)
	w.rememberUnlisted(ctx)
	if !w.server.Has(rules.Deposits) {
		return
	}
	if w.depositThatIs(ctx, "100", "cancelled") == nil {
		first["cancelled deposit"] = remembered{deposit: w.story.deposit}
	}
	if st, err := w.newStage(ctx, hostedDeposit); err == nil {
		first[hostedDeposit] = remembered{request: st.stored, answer: st.control}
	}
	keyed := func(name string, r merchant.Request, expected func(*exchange.Exchange) bool) {
		r.IdempotencyKey = w.suite.Orders.NewKey()
		e := w.send(ctx, w.server.Client(), r, "survey")
		w.keep(e)
		if expected(e) {
			first[name] = remembered{request: r, answer: e}
		}
	}
	if w.server.Hooks.Offers(target.ApproveDeposit) {
		w.rememberRefunded(ctx, first)
		if d, err := w.createDeposit(ctx, depositAmount); err == nil {
			amount := refundedAtOnce
			keyed("refused refund", merchant.CreateRefund(d.id, d.invoice, &amount), func(e *exchange.Exchange) bool {
				return judge.Read(e).Kind == judge.Refusal && !judge.RefusesCaller(e) && w.approve(ctx, d) == nil
			})
		}
	}
	fails := func(name string, r merchant.Request) {
		if w.hook(ctx, target.Respond500Once, nil) == nil {
			keyed(name, r, func(e *exchange.Exchange) bool { return e.Status() == http.StatusInternalServerError })
		}
	}
	if !w.server.Hooks.Offers(target.Respond500Once) {
		return
	}
	fails("failed deposit", merchant.CreateDeposit(w.suite.Orders.Deposit(depositAmount)))
	if d, err := w.payDeposit(ctx, depositAmount); err == nil {
		amount := refundedAtOnce
		fails("failed refund", merchant.CreateRefund(d.id, d.invoice, &amount))
	}
}

// rememberRefunded refunds 60 of a deposit of 100 that is completed.
func (w *world) rememberRefunded(ctx context.Context, first map[string]remembered) {
	if d, err := w.payDeposit(ctx, depositAmount); err == nil {
		w.story.deposit = d
		if w.refund(ctx, "60", true) == nil {
			first["refunded deposit"] = remembered{deposit: d}
		}
	}
}

// surveyed says whether a request was accepted.
func (w *world) surveyed(ctx context.Context, r merchant.Request) bool {
	var e *exchange.Exchange
	for range tries {
		if e = w.send(ctx, w.server.Client(), r, "survey"); judge.Read(e).Kind != judge.Busy {
			break
		}
	}
	w.keep(e)
	return judge.Read(e).Kind == judge.Accepted
}

// readOnlyKinds are the requests that take the read-only key.
func readOnlyKinds() []string {
	return []string{"payment methods", "exchange rates", "crypto exchange rates", "banks", "states"}
}

// productOf is the product whose API takes a kind of request.
func productOf(kind string) rules.Product {
	if strings.HasPrefix(kind, "cashout") {
		return rules.Cashouts
	}
	return rules.Deposits
}

// changingKinds are all other requests.
func changingKinds() []string {
	return []string{
		"deposit", "deposit status", "refund", "refund status",
		"cashout", "cashout status", "cashout hold", "cashout release", "cashout cancel",
	}
}

// lookup is a request to a read-only endpoint.
func lookup(kind string, auth merchant.Auth) merchant.Request {
	path, query, _ := readOnlyEndpoint(kind)
	r := merchant.ReadOnly(path, query)
	r.Auth = auth
	return r
}

// rememberCashouts takes a cashout to each status that it does not leave.
func (w *world) rememberCashouts(ctx context.Context, first map[string]remembered) {
	if !w.server.Has(rules.Cashouts) {
		return
	}
	for _, status := range []string{"delivered", "completed", "rejected", "cancelled"} {
		if w.cashoutThatIs(ctx, "", status, "") == nil {
			first["cashout that is "+status] = remembered{cashout: w.story.cashout}
		}
	}
}

// rememberUnlisted puts the other address on both whitelists and takes it off again: it
// must not come back.
func (w *world) rememberUnlisted(ctx context.Context) {
	put, ok := w.unlisted()
	if !ok || !put.client.LocalIP.IsValid() || !w.server.Hooks.Offers(target.WhitelistAdd) || !w.server.Hooks.Offers(target.WhitelistRemove) {
		return
	}
	for _, p := range rules.Products() {
		if !w.server.Has(p) {
			continue
		}
		listed := map[string]string{"product": string(p), "ip": put.client.LocalIP.String()}
		if w.hook(ctx, target.WhitelistAdd, listed) == nil {
			_ = w.hook(ctx, target.WhitelistRemove, listed) // scenarios will see what came of it
		}
	}
}

// A clientCache keeps the clients that call from another address, one for each
// environment.
type clientCache struct {
	mu   sync.Mutex
	from map[*target.Server]*merchant.Client
}

// unlistedClient is a client of a server that calls from an address that no whitelist has,
// or through a proxy. It reports false where there is neither.
func (s *Suite) unlistedClient(server *target.Server) (*merchant.Client, bool) {
	c := &s.clients
	c.mu.Lock()
	defer c.mu.Unlock()
	if client := c.from[server]; client != nil {
		return client, true
	}
	client, _, ok, err := server.FromUnlisted()
	if err != nil || !ok {
		return nil, false
	}
	if c.from == nil {
		c.from = map[*target.Server]*merchant.Client{}
	}
	c.from[server] = client
	return client, true
}

func (c *clientCache) close() {
	for _, client := range c.from {
		client.Close()
	}
}
