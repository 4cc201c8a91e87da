package steps

import (
	"context"
	"regexp"

	"github.com/cucumber/godog"

	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
)

var (
	stepFromElsewhere = regexp.MustCompile(`^only it is sent from an address that is not whitelisted(?:, with our own in (X-Forwarded-For|X-Real-IP|Forwarded))?$`)
	stepWhitelisted   = regexp.MustCompile(`^another address is whitelisted for (deposits|cashouts)$`)
	stepFromThere     = regexp.MustCompile(`^(?:it is )?(accepted|refused) from there( once it is taken off the list)?$`)
)

func whitelistSteps(w *world, sc *godog.ScenarioContext) {
	sc.Step(stepFromElsewhere, func(ctx context.Context, header string) error {
		if err := w.fromElsewhere(ctx); err != nil {
			return err
		}
		switch header {
		case "":
		case "Forwarded": // RFC 7239
			w.only(merchant.WithHeader(header, "for=127.0.0.1"))
		default:
			w.only(merchant.WithHeader(header, "127.0.0.1"))
		}
		return nil
	})
	sc.Step(stepWhitelisted, func(ctx context.Context, product string) error {
		for _, h := range []target.Hook{target.WhitelistAdd, target.WhitelistRemove} {
			if err := w.needs(h); err != nil {
				return err
			}
		}
		if err := w.fromElsewhere(ctx); err != nil {
			return err
		}
		w.story.listed = map[string]string{"product": product, "ip": w.suite.Server.UnlistedIP.String()}
		w.later(target.WhitelistRemove, w.story.listed)
		return w.hook(ctx, target.WhitelistAdd, w.story.listed)
	})
	sc.Step(stepFromThere, func(ctx context.Context, how, takenOff string) error {
		if takenOff != "" {
			if err := w.hook(ctx, target.WhitelistRemove, w.story.listed); err != nil {
				return err
			}
		}
		if how == "accepted" {
			return w.run(ctx, judge.IsAcceptedToo)
		}
		return w.refused(ctx, judge.Reason{})
	})
}

// fromElsewhere sends the probe from another address of ours. Where the whitelists can
// be changed, it is taken off them first, whatever an earlier run left there.
func (w *world) fromElsewhere(ctx context.Context) error {
	ip := w.suite.Server.UnlistedIP
	if !ip.IsValid() {
		return &missing{"the target does not offer second-ip: there is no address to call from that is known not to be whitelisted"}
	}
	if w.suite.Server.Hooks.Offers(target.WhitelistRemove) && w.scenario.Has(tagAlone) {
		for _, product := range rules.Products() {
			if err := w.hook(ctx, target.WhitelistRemove, map[string]string{"product": string(product), "ip": ip.String()}); err != nil {
				return err
			}
		}
	}
	client, err := w.server.ClientFrom(func(o *merchant.Options) { o.LocalIP, o.NoProxy = ip, true })
	w.twin.probe, w.twin.elsewhere = client, true
	return err
}
