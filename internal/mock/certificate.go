package mock

import (
	"crypto/tls"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d24conform/d24conform/internal/localca"
)

// A Certificate is what the API's address shows to who connects. All but the good one
// have to be refused, each for one reason.
type Certificate string

// Certificates.
const (
	GoodCertificate    Certificate = "good"
	UnknownAuthority   Certificate = "unknown-authority" // right in everything, from an authority that nobody was told about
	WrongName          Certificate = "wrong-name"        // from the right authority, for another host
	ExpiredCertificate Certificate = "expired"           // from the right authority, and an hour too old
	NotYetValid        Certificate = "not-yet-valid"     // from the right authority, and an hour too early
	NotForServers      Certificate = "not-for-servers"   // right in everything, and issued for clients
	UnknownChain       Certificate = "unknown-chain"     // from an authority that nobody was told about, whose own certificate comes along
)

// outOfDate is how long ago the expired certificate ran out, and in what time the other
// becomes valid: more than any two clocks of one machine differ.
const outOfDate = time.Hour

// presented is the certificate that a listener shows in the place of its own.
type presented struct {
	bad        atomic.Pointer[tls.Config]    // nil = its own
	turns      atomic.Pointer[[]*tls.Config] // shown in turn, a connection each; nil = bad
	handshakes atomic.Int64

	mu    sync.Mutex
	shown map[string]Certificate // by the address of who saw it, while they are shown in turn
}

// choose is called for every handshake.
func (p *presented) choose(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	n := p.handshakes.Add(1)
	turns := p.turns.Load()
	if turns == nil {
		return p.bad.Load(), nil
	}
	turn := int(n-1) % len(*turns)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown[hello.Conn.RemoteAddr().String()] = badCertificates()[turn]
	return (*turns)[turn], nil
}

// badCertificates are those that must be refused.
func badCertificates() []Certificate {
	return []Certificate{UnknownAuthority, WrongName, ExpiredCertificate, NotYetValid, UnknownChain, NotForServers}
}

// PresentInTurn shows each connection to come another of the bad certificates. Shown says
// which of them a peer saw.
func (m *Mock) PresentInTurn() error {
	var turns []*tls.Config
	for _, c := range badCertificates() {
		config, err := m.configFor(c)
		if err != nil {
			return fmt.Errorf("present certificates in turn: %w", err)
		}
		turns = append(turns, config)
	}
	m.api.mu.Lock()
	m.api.shown = map[string]Certificate{}
	m.api.mu.Unlock()
	m.api.turns.Store(&turns)
	m.api.open.closeAll()
	return nil
}

// Shown are the certificates that were shown in turn, by the addresses of the peers.
func (m *Mock) Shown() map[string]Certificate {
	m.api.mu.Lock()
	defer m.api.mu.Unlock()
	return maps.Clone(m.api.shown)
}

// SpeakHTTP1 has the API's address offer nothing but HTTP/1.1 to connections to come, or
// HTTP/2 again, and ends those that there are. The certificate is a good one.
func (m *Mock) SpeakHTTP1(only bool) error {
	if !only {
		return m.Present(GoodCertificate)
	}
	certificate, err := m.authority.Issue(m.leaf)
	if err != nil {
		return fmt.Errorf("speak HTTP/1.1: %w", err)
	}
	m.api.bad.Store(&tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	m.api.open.closeAll()
	return nil
}

// Present changes the certificate of the API's address for all connections to come, and
// ends those that there are. A client must not send a request over what it cannot trust.
func (m *Mock) Present(c Certificate) error {
	config, err := m.configFor(c)
	if err != nil {
		return fmt.Errorf("present certificate: %w", err)
	}
	m.api.turns.Store(nil)
	m.api.bad.Store(config)
	m.api.open.closeAll()
	return nil
}

func (m *Mock) configFor(c Certificate) (*tls.Config, error) {
	authority, leaf := m.authority, m.leaf
	switch c {
	case GoodCertificate:
		return nil, nil //nolint:nilnil // no config is the listener's own
	case UnknownAuthority, UnknownChain:
		stranger, err := localca.New(time.Now())
		if err != nil {
			return nil, err
		}
		authority = stranger
	case WrongName:
		leaf.Names, leaf.Addresses = []string{"other.invalid"}, nil
	case ExpiredCertificate:
		leaf.NotAfter = time.Now().Add(-outOfDate)
	case NotForServers:
		leaf.ForClients = true
	case NotYetValid:
		leaf.NotBefore = time.Now().Add(outOfDate)
	default:
		return nil, fmt.Errorf("there is no certificate %q", c)
	}
	certificate, err := authority.Issue(leaf)
	if err != nil {
		return nil, err
	}
	if c == UnknownChain {
		certificate.Certificate = append(certificate.Certificate, authority.DER())
	}
	return &tls.Config{
		Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		// A session that is taken up again shows no certificate: who has a ticket from
		// before would not see this one.
		SessionTicketsDisabled: true,
	}, nil
}

// Handshakes is how many connections to the API's address were begun: who tries and
// gives up at the certificate sends no request that could be counted.
func (m *Mock) Handshakes() int { return int(m.api.handshakes.Load()) }
