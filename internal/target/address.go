package target

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
)

// OnThisMachine says whether every address that the base URL's host stands for is a
// loopback one. What is dialled in the end is checked again by [Server.Reach].
func OnThisMachine(ctx context.Context, baseURL string) bool {
	u, err := url.Parse(baseURL)
	if err != nil || isProxied(http.ProxyFromEnvironment, baseURL) {
		return false
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		return addr.Unmap().IsLoopback()
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil || len(addresses) == 0 {
		return false
	}
	for _, addr := range addresses {
		if !addr.Unmap().IsLoopback() {
			return false
		}
	}
	return true
}

// meet takes in which address answered for the target.
func (s *Server) meet(peer string) {
	s.loopback = isLoopback(peer) && !isProxied(s.proxy, s.BaseURL)
	s.client.Limit.Set(s.Rate(s.loopback))
}

// isProxied says whether a proxy stands between us and the target: then the address
// that is dialled is the proxy's, which may well be on this machine.
func isProxied(proxy func(*http.Request) (*url.URL, error), baseURL string) bool {
	u, err := url.Parse(baseURL)
	if err != nil {
		return false
	}
	through, err := proxy(&http.Request{URL: u})
	return err != nil || through != nil
}

// isLoopback decides on the address that was dialled, since a name can point anywhere.
func isLoopback(peer string) bool {
	host, _, err := net.SplitHostPort(peer)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
