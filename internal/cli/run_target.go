package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
)

// server is the server that the command line, the environment and the configuration
// file choose, and what lets go of it. Nothing is sent to it yet.
func (a *app) server(ctx context.Context, flags runFlags, explicit bool, log *exchange.Log) (*target.Server, func(), error) {
	if flags.settle <= 0 {
		return nil, nil, usagef("--settle %s is not a time to wait", flags.settle)
	}
	products, err := config.ParseProducts(flags.products)
	if err != nil {
		return nil, nil, err
	}
	file, err := config.Load(flags.configFile, explicit)
	if err != nil {
		return nil, nil, err
	}
	chosen, ok, err := file.Select(flags.target, a.env)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		return a.embedded(products, log)
	}
	if len(products) > 0 {
		chosen.Products = products
	}
	if err := refuseProduction(ctx, chosen.BaseURL, chosen.Environment, flags.production); err != nil {
		return nil, nil, err
	}
	if second := chosen.Second; second != nil {
		// Two environments of one provider: what is said of the first holds for both.
		if err := refuseProduction(ctx, second.BaseURL, chosen.Environment, flags.production); err != nil {
			return nil, nil, err
		}
	}
	cfg, err := a.targetConfig(chosen, flags)
	if err != nil {
		return nil, nil, err
	}
	cfg.Log = log
	if err := a.unlisted(ctx, chosen, &cfg); err != nil {
		return nil, nil, err
	}
	server, err := target.NewServer(cfg)
	if err != nil {
		return nil, nil, usagef("%w", err)
	}
	return server, server.Close, nil
}

// unlisted says from where requests come that no whitelist may let in: as the target's
// unlisted_via says, or from a second loopback address where the target is on this machine
// and the address can be taken off its whitelists.
func (a *app) unlisted(ctx context.Context, chosen config.Target, cfg *target.Config) error {
	_, removable := chosen.Hooks[string(target.WhitelistRemove)]
	switch {
	case chosen.UnlistedProxy != "":
		proxy, err := url.Parse(chosen.UnlistedProxy)
		if err != nil {
			return usagef("unlisted_via: %w", err)
		}
		cfg.UnlistedProxy = proxy
	case chosen.UnlistedIP.IsValid():
		if err := target.CheckSource(ctx, chosen.UnlistedIP, chosen.BaseURL); err != nil {
			return usagef("unlisted_via of target %s: %w", chosen.Name, err).
				withHint("name another address of this machine that is in no whitelist, or the URL of an HTTP proxy")
		}
		cfg.UnlistedIP = chosen.UnlistedIP
	case removable && target.OnThisMachine(ctx, chosen.BaseURL):
		cfg.UnlistedIP = target.SecondLoopback()
	}
	return nil
}

// embedded is the bundled mock, on ports that are free. Its merchant's keys are those
// of the environment where there are any.
func (a *app) embedded(products []rules.Product, log *exchange.Log) (*target.Server, func(), error) {
	credentials, err := config.ResolveCredentials("", a.env)
	if err != nil {
		return nil, nil, err
	}
	server, stop, err := target.Embed(mock.Options{Credentials: credentials}, log)
	if err != nil {
		return nil, nil, err
	}
	if len(products) > 0 {
		server.Products, server.Second.Products = products, products
	}
	return server, stop, nil
}

// refuseProduction keeps a run off a host that has to be taken for production, unless
// the command line names it again.
func refuseProduction(ctx context.Context, baseURL string, environment config.Environment, named string) error {
	production := environment == config.Production ||
		(environment == config.Unsaid && target.LooksLikeProduction(baseURL))
	if !production || target.OnThisMachine(ctx, baseURL) {
		return nil
	}
	host := baseURL
	if u, err := url.Parse(baseURL); err == nil {
		host = u.Hostname()
	}
	if strings.EqualFold(named, host) {
		return nil
	}
	return usagef("%s has to be taken for production", host).
		withHint("say environment: staging in %s if it is not, or --production %s if you mean it", config.DefaultPath, host)
}

// targetConfig turns what a person wrote into what a Server needs.
func (a *app) targetConfig(t config.Target, flags runFlags) (target.Config, error) {
	credentials, err := config.ResolveCredentials(t.EnvPrefix, a.env)
	if err != nil {
		return target.Config{}, err
	}
	products, err := config.Require(t.Products, t.EnvPrefix, credentials)
	if err != nil {
		return target.Config{}, err
	}
	roots, err := authority(t.CAFile)
	if err != nil {
		return target.Config{}, err
	}
	timeout := t.Timeout
	if flags.timeoutSet {
		timeout = flags.timeout
	}
	if timeout <= 0 {
		return target.Config{}, usagef("--timeout %s is not a time to wait", timeout)
	}
	cfg := target.Config{
		Name: t.Name, BaseURL: t.BaseURL, PlainHTTPURL: t.PlainHTTPURL, Credentials: credentials, Products: products,
		Roots: roots, Timeout: timeout, MaxRPS: t.MaxRPS,
		Hooks: target.CommandHooks{Commands: t.Hooks, Dir: t.HookDir, Stderr: &lockedWriter{to: a.stderr}},
	}
	if n := t.Notifications; n != nil {
		cfg.Notifications = &target.Notifications{Listen: n.Listen, PublicURL: n.PublicURL, Settle: flags.settle}
	}
	if s := t.Second; s != nil {
		second := config.Target{
			Name: "second environment", BaseURL: s.BaseURL, PlainHTTPURL: s.PlainHTTPURL, CAFile: s.CAFile,
			EnvPrefix: s.EnvPrefix, Products: products, Timeout: timeout, MaxRPS: t.MaxRPS, Hooks: s.Hooks, HookDir: t.HookDir,
		}
		secondConfig, err := a.targetConfig(second, flags)
		if err != nil {
			return target.Config{}, err
		}
		cfg.Second = &secondConfig
	}
	return cfg, nil
}

// lockedWriter takes what several hooks say at once: scenarios run side by side.
type lockedWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *lockedWriter) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(text)
}

// authority reads the certificates that a target's may be signed by; nil are the
// system's.
func authority(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // no file is no error, and nil is what crypto/tls calls the system's roots
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			err = path.Err
		}
		return nil, usagef("the CA file %s cannot be read: %w", file, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, usagef("the CA file %s holds no certificate in PEM form", file)
	}
	return roots, nil
}
