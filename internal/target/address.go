package target

import (
	"context"
	"net"
	"net/netip"
	"net/url"
)

// OnThisMachine says whether every address that the base URL's host stands for is a
// loopback one. What is dialled in the end is checked again by [Server.Reach].
func OnThisMachine(ctx context.Context, baseURL string) bool {
	u, err := url.Parse(baseURL)
	if err != nil {
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
