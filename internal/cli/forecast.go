package cli

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/steps"
)

// An expectation is what a run will probably do to its target.
type expectation struct {
	depth    steps.Depth
	requests int
	took     time.Duration // 0 where nothing tells
	rate     float64       // requests a second at most; 0 = no limit
	creates  string
}

// String is the expectation in two lines.
func (e expectation) String() string {
	text := fmt.Sprintf("at depth %s it will send about %d requests", e.depth, e.requests)
	if e.took > 0 {
		text += ", which takes about " + roughly(e.took)
	}
	if e.rate > 0 {
		text += fmt.Sprintf(" at no more than %g a second", e.rate)
	}
	return text + "\n" + e.creates
}

// lasts returns how long the requests take: as the target answers, or as its limit allows.
func (e expectation) lasts(latency time.Duration, concurrency int) time.Duration {
	took := latency * time.Duration(e.requests) / time.Duration(concurrency)
	if e.rate > 0 {
		took = max(took, time.Duration(float64(e.requests)/e.rate*float64(time.Second)))
	}
	return took
}

// roughly is a time in the words of an estimate.
func roughly(d time.Duration) string {
	const longest = 90 * time.Second // that is told in seconds
	if d > longest {
		return plural(int(math.Round(d.Minutes())), "minute")
	}
	return plural(max(1, int(math.Round(d.Seconds()))), "second")
}

// forecast says what a run will do to its target, by carrying it out on the bundled mock
// first, with no more than the target offers. How long it takes follows from the target's
// limit, from how fast it answered so far and from how old the first answers have to be;
// waiting for notifications is not in it.
func forecast(ctx context.Context, suite *steps.Suite) (expectation, error) {
	judged := suite.Server
	log := &exchange.Log{}
	server, stop, err := target.Embed(mock.Options{}, log)
	if err != nil {
		return expectation{}, err
	}
	defer stop()
	offerAsMuch(server, judged)
	if err := server.Reach(ctx); err != nil {
		return expectation{}, err
	}
	rehearsal := &steps.Suite{
		Server: server, Ledger: suite.Ledger, Features: suite.Features, Manifest: suite.Manifest, Tags: suite.Tags,
		Level: suite.Level, Depth: suite.Depth, Source: suite.Source, Orders: &merchant.Orders{Run: "rehearsal"}, Meta: suite.Meta,
	}
	rehearsal.Meta.Started = time.Now()
	if _, err := rehearsal.Run(ctx); err != nil {
		return expectation{}, err
	}
	expected := expectation{
		depth: rehearsal.Depth, requests: len(log.All()), rate: judged.Rate(target.OnThisMachine(ctx, judged.BaseURL)),
		creates: "it will create nothing",
	}
	if suite.Level != target.Observe {
		created := rehearsal.Created()
		expected.requests += created["cashout_id"] // each is cancelled through the API at the end
		expected.creates = fmt.Sprintf("it will create about %d deposits, %d refunds and %d cashouts, and cancel afterwards what can be cancelled",
			created["deposit_id"], created["refund_id"], created["cashout_id"])
	}
	expected.took = max(suite.Age, expected.lasts(judged.Latency(), cmp.Or(suite.Concurrency, rehearsal.Concurrency)))
	return expected, nil
}

// offerAsMuch takes from the mock what the judged target does not offer.
func offerAsMuch(server, judged *target.Server) {
	server.Hooks = offered{Hooks: server.Hooks, by: judged.Hooks}
	server.Products = judged.Products
	if !judged.UnlistedIP.IsValid() && judged.UnlistedProxy == nil {
		server.UnlistedIP, server.Second.UnlistedIP = judged.UnlistedIP, judged.UnlistedIP
	}
	if judged.Second == nil {
		server.Second = nil
	} else {
		server.Second.Hooks = offered{Hooks: server.Second.Hooks, by: judged.Second.Hooks}
		server.Second.Products = judged.Products
	}
	if judged.Notifications == nil {
		server.Notifications = nil
	}
}

// offered are the mock's hooks as far as the real target has them too.
type offered struct {
	target.Hooks
	by target.Hooks
}

func (o offered) Offers(h target.Hook) bool { return o.by.Offers(h) && o.Hooks.Offers(h) }

// dryRun prints what a run would do, and sends the target nothing.
func (a *app) dryRun(ctx context.Context, suite *steps.Suite, flags runFlags) error {
	here := target.OnThisMachine(ctx, suite.Server.BaseURL)
	level, err := flags.levelFor(here)
	if err != nil {
		return err
	}
	suite.Level, suite.Depth = level, flags.depthFor(here)
	expected, err := forecast(ctx, suite)
	if err != nil {
		return err
	}
	if flags.asJSON {
		return a.printJSON(map[string]any{
			"target": suite.Server.BaseURL, "level": level, "depth": suite.Depth, "source": flags.source,
			"scenarios": suite.Selected(), "requests": expected.requests, "seconds": math.Round(expected.took.Seconds()),
			"creates": expected.creates,
		})
	}
	return a.printf("%s at level %s: %d scenarios\n%s\n", suite.Server.BaseURL, level, suite.Selected(), expected)
}
