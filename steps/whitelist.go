package steps

import (
	"context"
	"net/netip"
	"regexp"

	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
)

var (
	stepWhitelisted = regexp.MustCompile(`^another address is whitelisted for (deposits|cashouts)(?: in the (first|second) environment)?$`)
	stepTakenOff    = regexp.MustCompile(`^the address is taken off the whitelist$`)
	stepFromLike    = regexp.MustCompile(`^it is refused from addresses that begin like that$`)
	stepFromThere   = regexp.MustCompile(`^it is (accepted|refused) from there$`)
)

func whitelistSteps(w *world, sc vocabulary) {
	sc.Step(stepWhitelisted, w.whitelisted)
	sc.Step(stepTakenOff, func(ctx context.Context) error { return w.hook(ctx, target.WhitelistRemove, w.story.listed) })
	sc.Step(stepFromLike, w.refusedFromLike)
	sc.Step(stepFromThere, func(ctx context.Context, how string) error {
		if how == "accepted" {
			return w.run(ctx, judge.IsAcceptedToo)
		}
		return w.refused(ctx, judge.Reason{})
	})
}

// whitelisted puts another address of ours on a whitelist of an environment, and has the
// probe come from there. It is taken off both whitelists first, whatever an earlier run left
// there.
func (w *world) whitelisted(ctx context.Context, product, environment string) error {
	if err := w.fromElsewhere(); err != nil {
		return err
	}
	if !w.twin.probe.LocalIP.IsValid() {
		return &missing{"the target's unlisted_via is a proxy, and nobody says which address to whitelist: name an address of this machine"}
	}
	ip := w.twin.probe.LocalIP.String()
	asked := w.server
	defer func() { w.server = asked }()
	for _, second := range []bool{false, true} {
		w.enterEnvironment(second)
		if w.server == nil || second && !w.server.Hooks.Offers(target.WhitelistRemove) && environment != environmentSecond {
			continue
		}
		for _, h := range []target.Hook{target.WhitelistAdd, target.WhitelistRemove} {
			if err := w.needs(h); err != nil {
				return err
			}
		}
		for _, p := range rules.Products() {
			if err := w.hook(ctx, target.WhitelistRemove, map[string]string{"product": string(p), "ip": ip}); err != nil {
				return err
			}
		}
	}
	w.enterEnvironment(environment == environmentSecond)
	w.story.listed = map[string]string{"product": product, "ip": ip}
	w.later(target.WhitelistRemove, w.story.listed)
	return w.hook(ctx, target.WhitelistAdd, w.story.listed)
}

// fromElsewhere sends the probe from another address of ours, or through a proxy. A
// connection that breaks behind a proxy may be the proxy's fault, so only an answer is a
// refusal there.
func (w *world) fromElsewhere() error {
	put, ok := w.unlisted()
	if !ok {
		return &missing{"the target does not offer second-ip: no unlisted_via names an address or a proxy that is not whitelisted"}
	}
	w.twin.probe, w.twin.elsewhere = put.client, put.elsewhere
	return nil
}

// refusedFromLike judges requests from other addresses of this machine whose text begins as
// the whitelisted one's, or is its beginning: 127.0.0.20 beside 127.0.0.2.
func (w *world) refusedFromLike(ctx context.Context) error {
	looked := false
	for _, like := range []string{w.story.listed["ip"] + "0", w.story.listed["ip"] + "01"} {
		ip, err := netip.ParseAddr(like)
		if err != nil || !ip.IsLoopback() || target.CheckSource(ctx, ip, w.server.BaseURL) != nil {
			continue
		}
		client, err := w.server.ClientFrom(func(o *merchant.Options) { o.LocalIP, o.NoProxy = ip, true })
		if err != nil {
			return err
		}
		defer client.Close()
		looked = true
		w.twin.probe = client
		if err := w.refused(ctx, judge.Reason{}); err != nil {
			return err
		}
	}
	if !looked {
		return &noted{"this machine has no address that begins like the whitelisted one"}
	}
	return nil
}
