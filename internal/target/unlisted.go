package target

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"

	"github.com/d24conform/d24conform/internal/merchant"
)

// FromUnlisted returns a client that calls from where no whitelist knows: another address
// of this machine, or a proxy. from is that address; it is zero for a proxy, whose address
// nobody tells us. ok is false where the target names neither.
func (s *Server) FromUnlisted() (client *merchant.Client, from netip.Addr, ok bool, err error) {
	switch {
	case s.UnlistedIP.IsValid():
		client, err = s.ClientFrom(func(o *merchant.Options) { o.LocalIP, o.NoProxy = s.UnlistedIP, true })
		return client, s.UnlistedIP, true, err
	case s.UnlistedProxy != nil:
		client, err = s.ClientFrom(func(o *merchant.Options) { o.Proxy = s.UnlistedProxy })
		return client, netip.Addr{}, true, err
	}
	return nil, netip.Addr{}, false, nil
}

// CheckSource says why requests to the base URL cannot come from an address, or would come
// from there anyway. Nothing is sent but what finding the host's address takes.
func CheckSource(ctx context.Context, from netip.Addr, baseURL string) error {
	if !canCallFrom(from) {
		return fmt.Errorf("this machine has no address %s", from)
	}
	u, err := url.Parse(baseURL)
	if err != nil {
		return fmt.Errorf("base url %q: %w", baseURL, err)
	}
	usual, err := sourceTo(ctx, netip.Addr{}, u)
	if err != nil {
		return nil //nolint:nilerr // whether the host can be reached is found out by calling it
	}
	if usual == from {
		return fmt.Errorf("%s is the address from which all other requests come", from)
	}
	if _, err := sourceTo(ctx, from, u); err != nil {
		return fmt.Errorf("there is no route from %s to %s: %w", from, u.Host, err)
	}
	return nil
}

// sourceTo returns the address from which this machine calls a URL's host. A zero from
// lets the system choose. To connect a UDP socket sends nothing.
func sourceTo(ctx context.Context, from netip.Addr, u *url.URL) (netip.Addr, error) {
	port := u.Port()
	if port == "" {
		port = u.Scheme
	}
	var dialer net.Dialer
	if from.IsValid() {
		dialer.LocalAddr = &net.UDPAddr{IP: from.AsSlice()}
	}
	conn, err := dialer.DialContext(ctx, "udp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = conn.Close() }()
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	return local.Addr().Unmap(), err
}
