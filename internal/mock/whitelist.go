package mock

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A product has credentials, a whitelist and an error shape of its own.
type product int

const (
	deposits product = iota
	cashouts
	products // how many there are
)

func (p product) String() string {
	if p == cashouts {
		return "cashouts"
	}
	return "deposits"
}

func parseProduct(name string) (product, error) {
	for p := range products {
		if p.String() == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("unknown product %q: it is deposits or cashouts", name)
}

// whitelists are the addresses that may call, for each product apart ("Deposit IP
// Address" and "Cashouts IP Address" on the panel). An empty list lets nobody in
// (reading AMB-46).
type whitelists struct {
	mu    sync.Mutex // one change at a time
	lists [products]atomic.Pointer[[]netip.Prefix]
}

func newWhitelists() *whitelists {
	w := &whitelists{}
	w.reset()
	return w
}

// reset lists this machine under its two usual addresses, singly: 127.0.0.2 stays
// outside, so that one machine can play a caller that nobody has listed.
func (w *whitelists) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p := range products {
		w.lists[p].Store(&[]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("::1/128")})
	}
}

func (w *whitelists) list(p product) []netip.Prefix { return *w.lists[p].Load() }

func (w *whitelists) contains(p product, address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	for _, prefix := range w.list(p) {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

func (w *whitelists) add(productName, ip string) error {
	p, prefix, err := parseEntry(productName, ip)
	if err != nil {
		return fmt.Errorf("add to whitelist: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.list(p)
	if !slices.Contains(list, prefix) {
		list = append(slices.Clone(list), prefix)
		w.lists[p].Store(&list)
	}
	return nil
}

// remove takes an entry off the list. That it was not there is no error, since
// what was asked for holds; that a wider entry still lets it in is one.
func (w *whitelists) remove(productName, ip string) error {
	p, prefix, err := parseEntry(productName, ip)
	if err != nil {
		return fmt.Errorf("remove from whitelist: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(w.list(p)), func(each netip.Prefix) bool { return each == prefix })
	w.lists[p].Store(&list)
	for _, each := range list {
		if each.Bits() < prefix.Bits() && each.Contains(prefix.Addr()) {
			return fmt.Errorf("remove from whitelist: %s is still let in by %s", ip, each)
		}
	}
	return nil
}

func parseEntry(productName, ip string) (product, netip.Prefix, error) {
	p, err := parseProduct(productName)
	if err != nil {
		return 0, netip.Prefix{}, err
	}
	prefix, err := parsePrefix(ip)
	return p, prefix, err
}

// parsePrefix reads an address or a CIDR range.
func parsePrefix(ip string) (netip.Prefix, error) {
	if strings.Contains(ip, "/") {
		prefix, err := netip.ParsePrefix(ip)
		if err != nil {
			return netip.Prefix{}, fmt.Errorf("%q is no address range", ip)
		}
		return prefix.Masked(), nil
	}
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no address", ip)
	}
	address = address.Unmap().WithZone("")
	return netip.PrefixFrom(address, address.BitLen()), nil
}
