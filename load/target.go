package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// A Target is where the requests go.
type Target struct {
	Name        string // for people
	BaseURL     string
	Credentials d24.Credentials
	Roots       *x509.CertPool // nil = the system's
	// Loopback says that nobody allowed more than this machine: a connection to any other
	// address is not opened, whatever its name stands for.
	Loopback bool
	// Proxied says that a proxy of the environment stands between us and the target.
	Proxied bool
	// ManageURL is the management API of a mock; empty for any other server, of which
	// counts, balance and faults are out of reach.
	ManageURL string
	// Most is how many requests a second it gets; 0 = as many as the profile asks for.
	Most float64
	// Now is the time by the target's clock; nil = time.Now.
	Now func() time.Time
}

// address is what to dial, and path what stands before every path.
func (t *Target) address() (host, address, path string, err error) {
	base, err := url.Parse(t.BaseURL)
	if err != nil || base.Scheme != "https" || base.Host == "" {
		return "", "", "", fmt.Errorf("base url %q is not of the form https://host", t.BaseURL)
	}
	port := base.Port()
	if port == "" {
		port = "443"
	}
	return base.Host, net.JoinHostPort(base.Hostname(), port), base.Path, nil
}

func (t *Target) tls(protocols ...string) *tls.Config {
	base, _ := url.Parse(t.BaseURL) // address has read it
	return &tls.Config{RootCAs: t.Roots, ServerName: base.Hostname(), NextProtos: protocols, MinVersion: tls.VersionTLS12}
}

// managementTLS trusts the same authority under the name of the management API.
func (t *Target) managementTLS() *tls.Config {
	return &tls.Config{RootCAs: t.Roots, MinVersion: tls.VersionTLS12}
}

// errElsewhere keeps a run on this machine.
var errElsewhere = errors.New("the address that was dialled is not on this machine, and nobody allowed load on any other")

// dial opens a TCP connection to where the run may go.
func (t *Target) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if t.Loopback {
		peer, err := netip.ParseAddrPort(conn.RemoteAddr().String())
		if err != nil || !peer.Addr().Unmap().IsLoopback() {
			_ = conn.Close() // nothing was said on it
			return nil, errElsewhere
		}
	}
	return conn, nil
}
