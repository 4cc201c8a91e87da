package mock

import (
	"crypto/tls"
	"fmt"
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
)

// expiredFor is how long ago the expired certificate ran out: more than any two clocks
// of one machine differ.
const expiredFor = time.Hour

// presented is the certificate that a listener shows in the place of its own.
type presented struct {
	bad        atomic.Pointer[tls.Config] // nil = its own
	handshakes atomic.Int64
}

// choose is called for every handshake.
func (p *presented) choose(*tls.ClientHelloInfo) (*tls.Config, error) {
	p.handshakes.Add(1)
	return p.bad.Load(), nil
}

// Present changes the certificate of the API's address for all connections to come, and
// ends those that there are. A client must not send a request over what it cannot trust.
func (m *Mock) Present(c Certificate) error {
	config, err := m.configFor(c)
	if err != nil {
		return fmt.Errorf("present certificate: %w", err)
	}
	m.api.bad.Store(config)
	m.api.open.closeAll()
	return nil
}

func (m *Mock) configFor(c Certificate) (*tls.Config, error) {
	authority, leaf := m.authority, m.leaf
	switch c {
	case GoodCertificate:
		return nil, nil //nolint:nilnil // no config is the listener's own
	case UnknownAuthority:
		stranger, err := localca.New(time.Now())
		if err != nil {
			return nil, err
		}
		authority = stranger
	case WrongName:
		leaf.Names, leaf.Addresses = []string{"other.invalid"}, nil
	case ExpiredCertificate:
		leaf.NotAfter = time.Now().Add(-expiredFor)
	default:
		return nil, fmt.Errorf("there is no certificate %q", c)
	}
	certificate, err := authority.Issue(leaf)
	if err != nil {
		return nil, err
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
