package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/selftest"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/load"
)

// politeLoad is how many requests a second a host that is not this machine gets, unless
// its configuration says otherwise.
const politeLoad = 50

// loadTarget is where the load goes, and what lets go of it.
func (a *app) loadTarget(ctx context.Context, flags loadFlags, profile *load.Profile, explicit bool) (*load.Target, func(), error) {
	file, err := config.Load(flags.configFile, explicit)
	if err != nil {
		return nil, nil, err
	}
	chosen, ok, err := file.Select(flags.target, a.env)
	switch {
	case err != nil:
		return nil, nil, err
	case !ok:
		return a.childMock(ctx, flags.mutant)
	case flags.mutant != "":
		return nil, nil, usagef("--mutant is a defect of the bundled mock, and the target is another server").
			withHint("d24conform mock --mutant %s starts one", flags.mutant)
	}
	here, most := target.OnThisMachine(ctx, chosen.BaseURL), 0.0
	if !here {
		if most, err = flags.mayLoadIt(chosen, profile); err != nil {
			return nil, nil, err
		}
	}
	if len(chosen.Products) == 0 {
		chosen.Products = productsOf(profile)
	}
	cfg, err := a.targetConfig(chosen, runFlags{timeout: config.DefaultTimeout})
	if err != nil {
		return nil, nil, err
	}
	server, err := target.NewServer(cfg)
	if err != nil {
		return nil, nil, usagef("%w", err)
	}
	if err := server.Reach(ctx); err != nil {
		server.Close()
		return nil, nil, unreachable(err)
	}
	return &load.Target{
		Name: server.Title(), BaseURL: server.BaseURL, Credentials: server.Credentials, Roots: server.Roots,
		Loopback: here, Proxied: proxied(server.BaseURL), ManageURL: flags.manage, Most: most, Now: server.Now,
	}, server.Close, nil
}

// mayLoadIt refuses a host that nobody allowed load on, and more than it is to take,
// which it returns.
func (f loadFlags) mayLoadIt(t config.Target, profile *load.Profile) (most float64, err error) {
	host := t.BaseURL
	if u, err := url.Parse(t.BaseURL); err == nil {
		host = u.Hostname()
	}
	if t.Environment == config.Production || t.Environment == config.Unsaid && target.LooksLikeProduction(t.BaseURL) {
		return 0, usagef("%s has to be taken for production, which never takes load", host).
			withHint("say environment: staging in %s if it is not", config.DefaultPath)
	}
	if !strings.EqualFold(f.mayLoad, host) {
		return 0, usagef("%s is not this machine: load on it has to be allowed", host).withHint("--i-may-load %s if you may", host)
	}
	most = politeLoad
	if t.MaxRPS > 0 {
		most = t.MaxRPS
	}
	if peak := load.NewSchedule(profile.Stages, 0).Peak(); peak > most {
		return 0, usagef("profile %s asks for %g requests a second, and %s takes %g", profile.Name, peak, host, most).
			withHint("--rate %g, or max_rps in %s", most, config.DefaultPath)
	}
	return most, nil
}

// productsOf are the products whose keys a profile needs.
func productsOf(p *load.Profile) []rules.Product {
	var products []rules.Product
	for op, weight := range p.Operations {
		product := rules.Deposits
		if load.Op(op) == load.Cashout {
			product = rules.Cashouts
		}
		if weight > 0 && (len(products) == 0 || products[len(products)-1] != product) {
			products = append(products, product)
		}
	}
	return products
}

// proxied says whether the environment puts a proxy between us and the target.
func proxied(baseURL string) bool {
	u, err := url.Parse(baseURL)
	if err != nil {
		return false
	}
	through, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	return err == nil && through != nil
}

// stopTimeout is how long the mock has to end; it takes five seconds at most itself.
const stopTimeout = 10 * time.Second

// childMock starts this program once more, as a mock on free ports.
func (a *app) childMock(ctx context.Context, mutant string) (where *load.Target, stop func(), err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find this program, to start the mock: %w", err)
	}
	folder, err := os.MkdirTemp("", "d24conform-load-")
	if err != nil {
		return nil, nil, fmt.Errorf("start the mock: %w", err)
	}
	removed := func() { _ = os.RemoveAll(folder) } // a certificate of a mock that is gone
	const anyPort = "127.0.0.1:0"
	args := []string{
		"mock", "--json", "--ca-out", filepath.Join(folder, "ca.pem"),
		"--addr", anyPort, "--plain-addr", anyPort, "--manage-addr", anyPort, "--second-addr", anyPort,
	}
	if mutant != "" {
		if _, err := selftest.Choose([]string{mutant}, rules.RoleServer); err != nil {
			removed()
			return nil, nil, unknownMutant("--mutant", err, rules.RoleServer)
		}
		args = append(args, "--mutant", mutant)
	}
	// Not CommandContext: an interrupt ends the load, and the mock is still asked what
	// became of it.
	child := exec.Command(program, args...) //nolint:noctx // see above
	child.Args[0] = "d24conform"
	child.Stderr = a.stderr
	own(child)
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		removed()
		return nil, nil, fmt.Errorf("start the mock: %w", err)
	}
	stop = func() {
		defer removed()
		_ = child.Process.Signal(os.Interrupt) // it may have ended already
		kill := time.AfterFunc(stopTimeout, func() { _ = child.Process.Kill() })
		defer kill.Stop()
		_ = child.Wait() // what it says as it ends stands on stderr
	}
	// A signal while it starts ends it, and with it the reading.
	release := context.AfterFunc(ctx, func() { _ = child.Process.Kill() })
	var ready mockReady
	err = json.NewDecoder(out).Decode(&ready)
	if !release() {
		err = ctx.Err()
	}
	if err == nil {
		where, err = a.targetOf(ready)
	}
	if err != nil {
		stop()
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("it ended before it was ready (%s)", child.ProcessState)
		}
		return nil, nil, fmt.Errorf("start the mock: %w", err)
	}
	if mutant != "" {
		where.Name += " with mutant " + mutant // reports, plots and comparisons say so too
	}
	return where, stop, nil
}

// targetOf is the mock that printed what it is.
func (a *app) targetOf(ready mockReady) (*load.Target, error) {
	roots, err := authority(ready.CAFile)
	if err != nil {
		return nil, err
	}
	// What the mock made up it printed; what was given to it, it named.
	credentials, err := config.ResolveCredentials("", func(name string) (string, bool) {
		if value, ok := ready.Credentials[name]; ok {
			return value, true
		}
		return a.env(name)
	})
	if err != nil {
		return nil, err
	}
	if credentials == (d24.Credentials{}) {
		return nil, fmt.Errorf("the mock printed no credentials")
	}
	return &load.Target{
		Name: target.EmbeddedName, BaseURL: ready.BaseURL, Credentials: credentials, Roots: roots, Loopback: true, ManageURL: ready.ManageURL,
	}, nil
}
