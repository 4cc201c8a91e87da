package mock

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/localca"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// Options are what a Mock is started with. The zero Options are a mock on four
// random ports of this machine.
type Options struct {
	// Addresses to listen on, host:port; empty means a random port of 127.0.0.1.
	Addr       string // first environment, HTTPS
	PlainAddr  string // plain HTTP, which must fail
	ManageAddr string // management API, HTTPS
	SecondAddr string // second environment, HTTPS

	// The keys of both environments; a product without any gets obviously fake ones.
	Credentials, SecondCredentials d24.Credentials

	// Readings are ambiguity ids with the name of the reading to take; what is
	// missing is the default.
	Readings map[string]string

	// Mutant is the name of one deliberate defect, of [Mutants] or [Derived]; empty means none.
	Mutant string

	Now   func() time.Time                     // nil = time.Now; what the mock's clock starts from
	After func(time.Duration) <-chan time.Time // nil = time.After; what injected delays and repeats of notifications wait for
	Seed  uint64                               // of everything decided by chance; 0 = a fixed one

	Limits IdempotencyLimits
	// Transactions is how many deposits, refunds and cashouts of each kind are kept;
	// 0 = 50,000.
	Transactions int
	// Funds is the starting balance of each merchant; 0 = 1,000,000.
	Funds d24.Amount
	// AllowNotify are hosts beyond this machine that notifications may go to: names,
	// addresses, CIDR ranges.
	AllowNotify []string
	NotifyRoots *x509.CertPool // of receivers' certificates; nil = the system's
	// TimeScale divides what repeats of notifications wait; 0 = 1. It touches nothing
	// else: notifications are dated by true time.
	TimeScale float64
	// AdminToken must come as Bearer with every call of the management API; required
	// when that is not on a loopback address.
	AdminToken string
	Logger     *slog.Logger // nil = discard
}

// IdempotencyLimits bound the memory of idempotency records of each environment;
// the oldest go first. A zero field means its default.
type IdempotencyLimits struct {
	Records  int           // 50,000
	Bytes    int64         // 64 MiB, keys and bookkeeping included
	Lifetime time.Duration // 24 h
}

// Defaults of Options. 50,000 records are ten seconds of 5,000 creations a second,
// longer than any client goes on retrying, and with everything that belongs to them
// fit into 130 MB.
const (
	defaultRecords      = 50_000
	defaultRecordBytes  = 64 << 20
	defaultLifetime     = 24 * time.Hour
	defaultTransactions = 50_000
	defaultFunds        = d24.Amount(1_000_000_00)
	defaultSeed         = 0xd24
	// usedExternalIDs are kept at 8 bytes each when their cashouts have gone: "for
	// ever" as far as bounded memory can.
	usedExternalIDs = 1 << 20
)

// Timeouts of all listeners.
const (
	// readTimeout is for a TLS handshake, and again for a whole request: a mebibyte over a
	// bad line, or hundreds of clients that connect at once on a busy machine. It is also
	// how long a new connection may lie unused, as a pool's spare one does.
	readTimeout = time.Minute
	idleTimeout = 2 * time.Minute
	// closeTimeout bounds Close: a handler that takes longer is left to its fate.
	closeTimeout = 5 * time.Second
	// maxHeaderBytes is far above any signed request's 1 KB.
	maxHeaderBytes = 64 << 10
)

// A Mock is a running reference server.
type Mock struct {
	readings  map[string]string
	authority *localca.Authority
	leaf      localca.Leaf // what the authority's certificate is for
	clock     *clock
	log       *slog.Logger
	after     func(time.Duration) <-chan time.Time
	closing   chan struct{}
	first     *environment
	second    *environment

	api, plain, manage, secondAPI *listener

	close    sync.Once
	closeErr error
}

// Start listens on all four addresses and serves. What it returns answers at once.
func Start(opts Options) (*Mock, error) {
	m, err := start(opts)
	if err != nil {
		return nil, fmt.Errorf("start mock: %w", err)
	}
	return m, nil
}

// start takes changes of the rulebook beyond those that Options name, for tests.
func start(opts Options, changes ...func(*rulebook)) (*Mock, error) {
	m, rules, err := build(opts, changes...)
	if err != nil {
		return nil, err
	}
	if err := m.listen(rules, opts); err != nil {
		_ = m.Close() // the error that matters is why it could not start
		return nil, err
	}
	return m, nil
}

// build makes both environments and listens nowhere yet.
func build(opts Options, changes ...func(*rulebook)) (*Mock, *rulebook, error) {
	m := &Mock{
		log:     opts.Logger,
		after:   opts.After,
		closing: make(chan struct{}),
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	if m.after == nil {
		m.after = time.After
	}
	now := opts.Now
	if now == nil {
		now = time.Now
	}
	m.clock = newClock(now)

	rules := newRulebook()
	var err error
	if m.readings, err = applyReadings(rules, opts.Readings); err != nil {
		return nil, nil, err
	}
	if opts.Mutant != "" {
		if err := applyMutant(rules, opts.Mutant); err != nil {
			return nil, nil, err
		}
	}
	for _, change := range changes {
		change(rules)
	}
	if err := checkManageAddr(opts.ManageAddr, opts.AdminToken); err != nil {
		return nil, nil, err
	}
	if m.first, err = m.newEnvironment(firstName, rules, false, opts, orDefault(opts.Credentials, DefaultCredentials())); err != nil {
		return nil, nil, err
	}
	if m.second, err = m.newEnvironment(secondName, rules, true, opts, orDefault(opts.SecondCredentials, DefaultSecondCredentials())); err != nil {
		return nil, nil, err
	}
	m.clock.moved = func() {
		m.first.ageDeposits()
		m.second.ageDeposits()
	}
	rules.connect(m.first, m.second)
	return m, rules, nil
}

func (m *Mock) newEnvironment(name string, rules *rulebook, second bool, opts Options, credentials d24.Credentials) (*environment, error) {
	limits := store.Limits{
		Records:      positive(opts.Limits.Records, defaultRecords),
		Bytes:        positive(opts.Limits.Bytes, defaultRecordBytes),
		Lifetime:     positive(opts.Limits.Lifetime, defaultLifetime),
		Transactions: positive(opts.Transactions, defaultTransactions),
		ExternalIDs:  usedExternalIDs,
	}
	original, _, err := (*directory)(nil).with(credentials)
	if err != nil {
		return nil, fmt.Errorf("%s environment: %w", name, err)
	}
	courier, err := newCourier(opts.AllowNotify, opts.NotifyRoots)
	if err != nil {
		return nil, err
	}
	if opts.TimeScale < 0 {
		return nil, fmt.Errorf("time scale %v is negative", opts.TimeScale)
	}
	e := &environment{
		name:      name,
		rules:     rules,
		routes:    newRoutes(rules.checks),
		clock:     m.clock,
		state:     store.New(limits, rules.bases(second), positive(opts.Seed, defaultSeed)),
		original:  original,
		whitelist: newWhitelists(),
		faults:    &faults{},
		exchanges: &recorder{environment: name},
		funds:     positive(opts.Funds, defaultFunds),
		wait:      m.wait,
		log:       m.log,
		fixed:     fixedHeaders{server: []string{serverName}, contentType: []string{d24.ContentTypeJSON}},
	}
	e.outbox = newOutbox(rules, courier, m, cmp.Or(opts.TimeScale, 1))
	e.reset()
	return e, nil
}

// positive is the value, or the default where it is not set.
func positive[T int | int64 | uint64 | time.Duration | d24.Amount](value, standard T) T {
	if value <= 0 {
		return standard
	}
	return value
}

// wait holds a request back for an injected delay, or until gone, or until the mock
// closes.
func (m *Mock) wait(d time.Duration, gone <-chan struct{}) {
	select {
	case <-m.after(d):
	case <-gone:
	case <-m.closing:
	}
}

// listen opens all four listeners before the first is served, so that a port in use
// is known before anything was answered.
func (m *Mock) listen(rules *rulebook, opts Options) error {
	now := time.Now() // certificates are held against the clients' clocks, which nobody injects
	authority, err := localca.New(now)
	if err != nil {
		return err
	}
	m.authority = authority
	for _, each := range []struct {
		target  **listener
		purpose string
		addr    string
	}{
		{&m.api, "API", opts.Addr},
		{&m.plain, "plain HTTP", opts.PlainAddr},
		{&m.manage, "management API", opts.ManageAddr},
		{&m.secondAPI, "second environment", opts.SecondAddr},
	} {
		if *each.target, err = open(each.purpose, each.addr); err != nil {
			return err
		}
	}
	leaf := localca.Loopback(now)
	for _, l := range m.listeners() {
		leaf = l.addTo(leaf)
	}
	certificate, err := authority.Issue(leaf)
	if err != nil {
		return err
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	m.leaf = leaf
	apiConfig := config.Clone()
	apiConfig.GetConfigForClient = m.api.choose
	errorLog := slog.NewLogLogger(m.log.Handler(), slog.LevelDebug)

	m.first.unused, m.second.unused = &m.api.unused, &m.secondAPI.unused
	m.first.plainURL, m.second.plainURL = m.PlainURL(), m.PlainURL()
	m.api.Listener = &sniffer{m.api.Listener, m.first.recordPlain}
	m.secondAPI.Listener = &sniffer{m.secondAPI.Listener, m.second.recordPlain}
	m.api.serve(m.first, apiConfig, errorLog)
	m.secondAPI.serve(m.second, config, errorLog)
	m.plain.serve(plainHandler(m.first, rules.plain(m.first, m.BaseURL())), nil, errorLog)
	m.manage.serve(newManager(m, m.manage, opts.AdminToken), config, errorLog)
	return nil
}

func (m *Mock) listeners() []*listener {
	return slices.DeleteFunc([]*listener{m.api, m.plain, m.manage, m.secondAPI}, func(l *listener) bool { return l == nil })
}

// environments are those that there are: a start that failed may have none.
func (m *Mock) environments() []*environment {
	return slices.DeleteFunc([]*environment{m.first, m.second}, func(e *environment) bool { return e == nil })
}

// BaseURL is the first environment, such as https://127.0.0.1:8443.
func (m *Mock) BaseURL() string { return "https://" + m.api.name() }

// PlainURL is the plain-HTTP listener, on which nothing is processed.
func (m *Mock) PlainURL() string { return "http://" + m.plain.name() }

// SecondURL is the second environment.
func (m *Mock) SecondURL() string { return "https://" + m.secondAPI.name() }

// ManageURL is the management API.
func (m *Mock) ManageURL() string { return "https://" + m.manage.name() }

// CertificatePEM is the certificate of the authority that clients must trust.
func (m *Mock) CertificatePEM() []byte { return m.authority.CertificatePEM() }

// Roots is a pool that trusts that authority alone.
func (m *Mock) Roots() *x509.CertPool { return m.authority.Pool() }

// Credentials are the keys of the first environment's own merchant.
func (m *Mock) Credentials() d24.Credentials { return m.first.original.all[0].credentials }

// SecondCredentials are the keys of the second environment's own merchant.
func (m *Mock) SecondCredentials() d24.Credentials { return m.second.original.all[0].credentials }

// Readings are the readings in force, one for each id of the ambiguity register.
func (m *Mock) Readings() map[string]string {
	return maps.Clone(m.readings)
}

// Admin manages the first environment.
func (m *Mock) Admin() *Admin { return &Admin{env: m.first} }

// SecondAdmin manages the second environment.
func (m *Mock) SecondAdmin() *Admin { return &Admin{env: m.second} }

// Close stops listening, ends injected delays and notifications, waits for requests
// under way and closes every connection. It takes at most five seconds. Calling it again does
// nothing.
func (m *Mock) Close() error {
	m.close.Do(func() {
		close(m.closing)
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		var group sync.WaitGroup
		problems := make([]error, 4)
		for _, e := range m.environments() {
			group.Go(e.outbox.close)
		}
		for i, l := range m.listeners() {
			group.Go(func() { problems[i] = l.close(ctx) })
		}
		group.Wait()
		m.closeErr = errors.Join(problems...)
	})
	return m.closeErr
}
