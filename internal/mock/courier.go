package mock

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

const (
	// deliveryTimeout is how long a receiver has to answer. The documents name no
	// figure; ten seconds is what most providers wait.
	deliveryTimeout = 10 * time.Second
	// maxDeliveries bounds the deliveries under way, and so the connections.
	maxDeliveries = 32
	// maxReceiverAnswer is how much of a receiver's answer is read. Nothing of it
	// counts but its status.
	maxReceiverAnswer = 64 << 10
)

// A courier takes notifications to receivers on this machine, and to the hosts that it
// was told. Anybody who may create a deposit chooses where its notifications go to, so
// this is decided on the address that is dialled, and no redirect is followed.
type courier struct {
	names     map[string]bool // in lower case
	prefixes  []netip.Prefix
	transport *http.Transport
	timeout   time.Duration
	places    chan struct{} // one for each delivery under way
}

// newCourier takes the hosts beyond this machine: names, addresses or CIDR ranges.
func newCourier(allowed []string, roots *x509.CertPool) (*courier, error) {
	c := &courier{names: make(map[string]bool), timeout: deliveryTimeout, places: make(chan struct{}, maxDeliveries)}
	for _, entry := range allowed {
		prefix, err := parsePrefix(entry)
		switch {
		case err == nil:
			c.prefixes = append(c.prefixes, prefix)
		case entry == "" || strings.ContainsAny(entry, "/:@?# "):
			return nil, fmt.Errorf("notifications cannot be allowed to %q: it is no host name, address or CIDR range", entry)
		default:
			c.names[strings.ToLower(entry)] = true
		}
	}
	c.transport = &http.Transport{
		DialContext:            c.dial,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    deliveryTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		// A connection for each attempt: minutes lie between them, and what is not
		// kept open need not be closed.
		DisableKeepAlives: true,
	}
	return c, nil
}

// errNotAllowed is what a receiver elsewhere is refused with.
var errNotAllowed = errors.New("is not on this machine and not among those that notifications may go to")

// allows says whether notifications may go to a host as far as its name tells. No other
// name is looked up: that alone would leave this machine.
func (c *courier) allows(host string) bool {
	host = strings.ToLower(host)
	address, err := netip.ParseAddr(host)
	return host == "localhost" || c.names[host] || err == nil && c.allowsAddress(address)
}

func (c *courier) allowsAddress(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	for _, prefix := range c.prefixes {
		if prefix.Contains(address) {
			return true
		}
	}
	return address.IsLoopback()
}

// dial connects to what may be connected to. Names that were allowed may stand for any
// address; localhost is a name as well.
func (c *courier) dial(ctx context.Context, network, hostport string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{}
	if !c.names[strings.ToLower(host)] {
		dialer.Control = func(_, dialled string, _ syscall.RawConn) error {
			address, err := netip.ParseAddrPort(dialled)
			if err != nil || !c.allowsAddress(address.Addr()) {
				return fmt.Errorf("%s %w", dialled, errNotAllowed)
			}
			return nil
		}
	}
	return dialer.DialContext(ctx, network, hostport)
}

// deliver posts a notification once and returns the status of the answer.
func (c *courier) deliver(ctx context.Context, target *url.URL, header http.Header, body []byte) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.GetBody = nil // each attempt has a date of its own; net/http must not send one twice
	request.Header = header
	// Not http.Client, which follows redirects and puts the URL into its errors.
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	// The receiver's answer is its status, wherever its body breaks off.
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxReceiverAnswer))
	return response.StatusCode, nil
}
