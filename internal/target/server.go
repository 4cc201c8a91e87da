// Package target is what is under test: where it is, who we are to it, what it can be
// made to do, and what its clock says.
//
// # Server
//
// A [Server] is one environment of a server, with a second one behind [Server.Second]
// where there is one. [NewServer] takes it as configured; [Embed] starts the bundled
// mock and makes a Server of it. Everything that differs between the two is behind
// [Hooks].
//
// # Hooks and capabilities
//
// A black box has to be told that a customer paid, or that a bank rejected a payout.
// A [Hook] is one such thing. What a target has no hook for it cannot be tested on:
// [Hook.Capability] says so in words, and the scenario is not tested rather than
// green. The second environment has hooks of its own. [Hooks.Counts] is for what a
// refused request must not have made.
//
// # Whitelists
//
// [Server.FromUnlisted] calls from where no whitelist knows: another address of this
// machine, or a proxy.
//
// # Notifications
//
// What a server sends by itself comes to [Server.Inbox], if it can reach us. A repeat is
// minutes away; [Notifications.Hasten] is for servers whose time can be moved.
//
// # Receiver
//
// A [Receiver] is what receives notifications: we are the provider to it. What a delivery
// brought about is read from an [Observer]. Its command, if it is ours to start, is a
// [Program], and [Environ] tells it where the server is.
//
// # Before a run
//
// [OnThisMachine] and [LooksLikeProduction] say what a run may do, before anything is
// sent. [Server.Reach] tells a target that cannot be reached from one that breaks
// rules, and estimates its clock. [Server.Admit] sees whether it lets us in, and
// [Server.AdmitToObserve] does so without creating anything. [Server.MeasureWindow] finds
// out which dates it takes.
package target

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/rules"
)

// Config describes a server under test.
type Config struct {
	Name         string // for people; empty = its address
	BaseURL      string
	PlainHTTPURL string // where plain HTTP must fail; empty = not known
	Credentials  d24.Credentials
	Products     []rules.Product // empty = those whose keys are there
	Roots        *x509.CertPool  // nil = the system's
	Timeout      time.Duration   // of one request
	MaxRPS       float64         // 0 = no limit
	Second       *Config         // an environment that shares nothing with this one
	Hooks        Hooks           // nil = none
	// Notifications say how the server's notifications come to us; nil = they do not.
	Notifications *Notifications
	// UnlistedIP is an address that we can call from and that is in no whitelist.
	UnlistedIP netip.Addr
	// UnlistedProxy is an HTTP proxy whose address is in no whitelist, where there is no
	// such address of our own.
	UnlistedProxy *url.URL
	// Readings are those that the target declares, by id; only our own mock does.
	Readings rules.Readings
	Log      *exchange.Log // every exchange goes here
}

// A Server is a server under test.
type Server struct {
	Config
	Second *Server // nil without one

	clock       judge.Clock
	clockSource string
	loopback    bool
	latency     time.Duration
	mailroom    mailroom
	client      *merchant.Client
	redactor    *exchange.Redactor
	sleep       func(ctx context.Context, d time.Duration) error
	proxy       func(*http.Request) (*url.URL, error)
}

// NewServer makes a Server of a configuration. Errors are configuration errors.
func NewServer(cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = &exchange.Log{}
	}
	if cfg.Hooks == nil {
		cfg.Hooks = noHooks{}
	}
	if len(cfg.Products) == 0 {
		cfg.Products = productsWithKeys(cfg.Credentials)
	}
	if len(cfg.Products) == 0 {
		return nil, errors.New("no credentials: set D24_DEPOSITS_API_KEY and D24_DEPOSITS_API_SIGNATURE, or the D24_CASHOUTS_… ones")
	}
	for _, product := range cfg.Products {
		if names := missingKeys(product, cfg.Credentials); len(names) > 0 {
			return nil, fmt.Errorf("no credentials for %s: set %s", product, strings.Join(names, " and "))
		}
	}
	s := &Server{Config: cfg, sleep: Sleep, proxy: http.ProxyFromEnvironment}
	client, err := merchant.New(s.clientOptions())
	if err != nil {
		return nil, err
	}
	s.client = client
	if cfg.Second != nil {
		second := *cfg.Second
		second.Log = cfg.Log
		second.Products = cfg.Products
		second.UnlistedIP, second.UnlistedProxy = cfg.UnlistedIP, cfg.UnlistedProxy
		if s.Second, err = NewServer(second); err != nil {
			return nil, fmt.Errorf("second environment: %w", err)
		}
	}
	s.redactor = exchange.NewRedactor(s.Secrets())
	return s, nil
}

func productsWithKeys(c d24.Credentials) []rules.Product {
	return slices.DeleteFunc(rules.Products(), func(p rules.Product) bool { return len(missingKeys(p, c)) > 0 })
}

// missingKeys are the names of what a product cannot be called without.
func missingKeys(p rules.Product, c d24.Credentials) []string {
	names := []string{d24.EnvDepositsAPIKey, d24.EnvDepositsAPISignature}
	if p == rules.Cashouts {
		names = []string{d24.EnvCashoutsAPIKey, d24.EnvCashoutsAPIPassphrase, d24.EnvCashoutsAPISignature}
	}
	c.Named(func(set, _ string) {
		names = slices.DeleteFunc(names, func(name string) bool { return name == set })
	})
	return names
}

func (s *Server) clientOptions() merchant.Options {
	return merchant.Options{
		BaseURL: s.BaseURL, Credentials: s.Credentials, Roots: s.Roots, Timeout: s.Timeout,
		Now: s.Now, Log: s.Log, Limit: merchant.NewLimit(s.MaxRPS),
	}
}

// Client is our client of this server. It is shared: its connections stay open
// between scenarios.
func (s *Server) Client() *merchant.Client {
	return s.client
}

// ClientFrom is a client that differs from [Server.Client] in some options.
func (s *Server) ClientFrom(change func(*merchant.Options)) (*merchant.Client, error) {
	return s.client.From(change)
}

// Close lets go of the connections.
func (s *Server) Close() {
	s.client.Close()
	s.mailroom.close()
	if s.Second != nil {
		s.Second.Close()
	}
}

// Now is the time by the server's clock, as well as we know it.
func (s *Server) Now() time.Time {
	return time.Now().Add(s.clock.Offset)
}

// MoveClock says that the server's clock was moved on by so much. Nothing else may be sent
// to the server meanwhile.
func (s *Server) MoveClock(by time.Duration) { s.clock.Offset += by }

// Clock is what [Server.Reach] found out about the server's clock.
func (s *Server) Clock() judge.Clock {
	return s.clock
}

// ClockSource says in words where [Server.Clock] comes from.
func (s *Server) ClockSource() string {
	return s.clockSource
}

// Loopback says whether the server is on this machine, decided on the address that
// [Server.Reach] dialled.
func (s *Server) Loopback() bool {
	return s.loopback
}

// Latency is how long an answer took to come when [Server.Reach] asked: the median of
// several; 0 before that.
func (s *Server) Latency() time.Duration {
	return s.latency
}

// Rate is how many requests a second the server gets at most, if it is on this machine or
// not; 0 is no limit.
func (s *Server) Rate(loopback bool) float64 {
	if s.MaxRPS == 0 && !loopback {
		return politeRate
	}
	return s.MaxRPS
}

// Has says whether the target offers the product.
func (s *Server) Has(p rules.Product) bool {
	return slices.Contains(s.Products, p)
}

// Title is the target's name, or its host.
func (s *Server) Title() string {
	if s.Name != "" {
		return s.Name
	}
	if u, err := url.Parse(s.BaseURL); err == nil {
		return u.Host
	}
	return s.BaseURL
}

// Secrets are the credentials by the names that stand for them in everything that is
// written down.
func (s *Server) Secrets() map[string]string {
	secrets := map[string]string{}
	addSecrets(secrets, "", s.Credentials)
	if s.Second != nil {
		addSecrets(secrets, "SECOND_", s.Second.Credentials)
	}
	return secrets
}

// minMisspelt is from which length on a part of a credential, or one that is misspelt, is
// looked for: shorter ones stand in other texts by chance.
const minMisspelt = 8

func addSecrets(secrets map[string]string, prefix string, c d24.Credentials) {
	c.Named(func(name, value string) {
		secrets[prefix+name] = value
		for i, s := range merchant.Spellings() {
			// What begins with the whole of it, or all but its last character, is found anyway.
			if text := s.Change(value); len(text) >= minMisspelt && text != value && !strings.HasPrefix(text, value[:len(value)-1]) {
				secrets[fmt.Sprintf("%s%s_MISSPELT_%d", prefix, name, i)] = text
			}
		}
	})
	// Inside HTTP Basic the parts of a credential cannot be recognised any more.
	basic := func(name, user, password string) {
		if user != "" {
			secrets[prefix+name] = strings.TrimPrefix(merchant.BasicAuth(user, password), "Basic ")
		}
	}
	basic("D24_DEPOSITS_BASIC", c.Deposits.APIKey, "")
	basic("D24_CASHOUTS_BASIC", c.Cashouts.APIKey, c.Cashouts.APIPassphrase)
}
