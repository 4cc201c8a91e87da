package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/steps"
)

// forecast says what a run will create on its target, by carrying it out on the bundled
// mock first, with no more than the target offers. It takes less than a second.
func forecast(ctx context.Context, suite *steps.Suite) (string, error) {
	if suite.Level == target.Observe {
		return "it will create nothing", nil
	}
	judged := suite.Server
	server, stop, err := target.Embed(mock.Options{}, &exchange.Log{})
	if err != nil {
		return "", err
	}
	defer stop()
	server.Hooks = offered{Hooks: server.Hooks, by: judged.Hooks}
	server.Products = judged.Products
	if !judged.UnlistedIP.IsValid() {
		server.UnlistedIP = judged.UnlistedIP
	}
	if judged.Second == nil {
		server.Second = nil
	}
	if judged.Notifications == nil {
		server.Notifications = nil
	}
	if err := server.Reach(ctx); err != nil {
		return "", err
	}
	rehearsal := &steps.Suite{
		Server: server, Ledger: suite.Ledger, Features: suite.Features, Manifest: suite.Manifest, Tags: suite.Tags,
		Level: suite.Level, Orders: &merchant.Orders{Run: "rehearsal"}, Meta: suite.Meta,
	}
	rehearsal.Meta.Started = time.Now()
	if _, err := rehearsal.Run(ctx); err != nil {
		return "", err
	}
	created := rehearsal.Created()
	return fmt.Sprintf("it will create about %d deposits, %d refunds and %d cashouts, and cancel afterwards what can be cancelled",
		created["deposit_id"], created["refund_id"], created["cashout_id"]), nil
}

// offered are the mock's hooks as far as the real target has them too.
type offered struct {
	target.Hooks
	by target.Hooks
}

func (o offered) Offers(h target.Hook) bool { return o.by.Offers(h) }

// dryRun prints what a run would do, and sends the target nothing.
func (a *app) dryRun(ctx context.Context, suite *steps.Suite, flags runFlags) error {
	level, err := flags.levelFor(target.OnThisMachine(ctx, suite.Server.BaseURL))
	if err != nil {
		return err
	}
	suite.Level = level
	created, err := forecast(ctx, suite)
	if err != nil {
		return err
	}
	if flags.asJSON {
		return a.printJSON(map[string]any{
			"target": suite.Server.BaseURL, "level": level, "scenarios": suite.Selected(), "creates": created,
		})
	}
	return a.printf("%s at level %s: %d scenarios\n%s\n", suite.Server.BaseURL, level, suite.Selected(), created)
}
