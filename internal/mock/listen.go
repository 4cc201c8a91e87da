package mock

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/localca"
)

// A listener is one port and the server on it.
type listener struct {
	net.Listener
	purpose string
	host    string // as configured; empty means every address
	server  *http.Server
	served  chan struct{} // closed when Serve has returned
	unused  unusedConns
	open    openConns
	presented
}

func open(purpose, addr string) (*listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("address %q of the %s is not host:port", addr, purpose)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the %s: %w", purpose, err)
	}
	return &listener{Listener: l, purpose: purpose, host: host}, nil
}

func (l *listener) serve(handler http.Handler, config *tls.Config, errorLog *log.Logger) {
	l.server = &http.Server{
		Handler:        handler,
		TLSConfig:      config.Clone(), // net/http writes into it, and there are three servers
		ReadTimeout:    readTimeout,
		IdleTimeout:    idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       errorLog,
		ConnState: func(c net.Conn, state http.ConnState) {
			l.unused.track(c, state)
			l.open.track(c, state)
		},
	}
	l.served = make(chan struct{})
	go func() {
		defer close(l.served)
		if config == nil {
			_ = l.server.Serve(l.Listener) // ErrServerClosed once close was called
		} else {
			_ = l.server.ServeTLS(l.Listener, "", "")
		}
	}()
}

// close waits for the requests under way, no longer than ctx, and closes all
// connections.
func (l *listener) close(ctx context.Context) error {
	if l.server == nil {
		return l.Listener.Close()
	}
	l.unused.close()
	err := l.server.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("close the %s: %w", l.purpose, err)
		_ = l.server.Close() // what is left has had its time
	}
	<-l.served
	return err
}

// port is the one that was given or found.
func (l *listener) port() int { return l.Addr().(*net.TCPAddr).Port }

// name is a host:port under which a client on this machine reaches the listener.
func (l *listener) name() string {
	host := l.host
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, fmt.Sprint(l.port()))
}

// addTo puts the listener's own name into the certificate.
func (l *listener) addTo(leaf localca.Leaf) localca.Leaf {
	switch ip := net.ParseIP(l.host); {
	case l.host == "" || l.host == "localhost":
	case ip == nil:
		leaf.Names = append(leaf.Names, l.host)
	case !ip.IsUnspecified() && !ip.IsLoopback():
		leaf.Addresses = append(leaf.Addresses, ip)
	case ip.IsLoopback():
		leaf.Addresses = append(leaf.Addresses, ip) // 127.0.0.2 is not among the usual names
	}
	return leaf
}

// unusedConns are connections on which no request has come yet. Shutdown gives each
// of them five seconds; clients open connections to spare, so nearly every Close
// would take that long.
type unusedConns struct {
	mu     sync.Mutex
	conns  map[net.Conn]time.Time // since when
	closed bool
}

func (u *unusedConns) track(c net.Conn, state http.ConnState) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if state != http.StateNew {
		delete(u.conns, c)
		return
	}
	if u.closed {
		_ = c.Close()
		return
	}
	if u.conns == nil {
		u.conns = make(map[net.Conn]time.Time)
	}
	u.conns[c] = time.Now()
}

// youngerThan says whether there is one that was opened less than so long ago: its
// request is probably on the way.
func (u *unusedConns) youngerThan(age time.Duration) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, since := range u.conns {
		if time.Since(since) < age {
			return true
		}
	}
	return false
}

func (u *unusedConns) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	for c := range u.conns {
		_ = c.Close()
	}
	clear(u.conns)
}

// openConns are all connections of a listener, so that they can be ended at once.
type openConns struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

func (o *openConns) track(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.conns == nil {
			o.conns = make(map[net.Conn]bool)
		}
		o.conns[c] = true
	case http.StateClosed, http.StateHijacked:
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.conns, c)
	case http.StateActive, http.StateIdle:
	}
}

// closeAll ends every connection, whatever it is doing.
func (o *openConns) closeAll() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for c := range o.conns {
		_ = c.Close()
	}
}

// loopback reports whether an address to listen on is reachable from this machine
// only. A name other than localhost is not trusted to be.
func loopback(addr string) (bool, error) {
	if addr == "" {
		return true, nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false, err
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback(), nil
}

// checkManageAddr keeps the management API from the network unless it is guarded.
func checkManageAddr(addr, token string) error {
	local, err := loopback(addr)
	if err != nil {
		return fmt.Errorf("address %q of the management API is not host:port", addr)
	}
	if !local && token == "" {
		return errors.New("the management API on " + addr + " can be reached from other machines: that takes an admin token")
	}
	return nil
}
