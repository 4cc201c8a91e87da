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
// [Server.Lacks] says so in words, and the scenario is not tested rather than green.
//
// # Before a run
//
// [Server.Preflight] tells an unreachable or unwilling target from one that breaks
// rules, and estimates its clock.
package target

import (
	"crypto/x509"
	"errors"
	"fmt"
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
	// UnlistedIP is an address that we can call from and that is in no whitelist.
	UnlistedIP netip.Addr
	// Readings are those that the target declares, by id; only our own mock does.
	Readings rules.Readings
	Log      *exchange.Log // every exchange goes here
}

// A Server is a server under test.
type Server struct {
	Config
	Second *Server // nil without one

	clock    judge.Clock
	loopback bool
	client   *merchant.Client
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
	s := &Server{Config: cfg}
	client, err := merchant.New(s.clientOptions())
	if err != nil {
		return nil, err
	}
	s.client = client
	if cfg.Second != nil {
		second := *cfg.Second
		second.Log = cfg.Log
		second.Products = cfg.Products
		if s.Second, err = NewServer(second); err != nil {
			return nil, fmt.Errorf("second environment: %w", err)
		}
	}
	return s, nil
}

func productsWithKeys(c d24.Credentials) []rules.Product {
	var products []rules.Product
	if c.Deposits.APIKey != "" && c.Deposits.APISignature != "" {
		products = append(products, rules.Deposits)
	}
	if c.Cashouts.APIKey != "" && c.Cashouts.APIPassphrase != "" && c.Cashouts.APISignature != "" {
		products = append(products, rules.Cashouts)
	}
	return products
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
	if s.Second != nil {
		s.Second.Close()
	}
}

// Now is the time by the server's clock, as well as we know it.
func (s *Server) Now() time.Time {
	return time.Now().Add(s.clock.Offset)
}

// Clock is what [Server.Preflight] found out about the server's clock.
func (s *Server) Clock() judge.Clock {
	return s.clock
}

// Loopback says whether the server is on this machine, decided on the address that
// [Server.Reach] dialled.
func (s *Server) Loopback() bool {
	return s.loopback
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
	s.Credentials.Named(func(name, value string) { secrets[name] = value })
	if s.Second != nil {
		s.Second.Credentials.Named(func(name, value string) { secrets["SECOND_"+name] = value })
	}
	// Inside HTTP Basic the parts of a credential cannot be recognised any more.
	deposits, cashouts := s.Credentials.Deposits, s.Credentials.Cashouts
	secrets["D24_DEPOSITS_BASIC"] = strings.TrimPrefix(merchant.BasicAuth(deposits.APIKey, ""), "Basic ")
	secrets["D24_CASHOUTS_BASIC"] = strings.TrimPrefix(merchant.BasicAuth(cashouts.APIKey, cashouts.APIPassphrase), "Basic ")
	return secrets
}
