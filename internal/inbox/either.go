package inbox

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// An either is a listener whose connections are TLS where the other side begins with TLS,
// and plain where it does not.
type either struct {
	net.Listener

	config *tls.Config
	places chan struct{} // one for each connection
	closed chan struct{}
	once   sync.Once
}

func newEither(l net.Listener, config *tls.Config) *either {
	return &either{Listener: l, config: config, places: make(chan struct{}, maxConnections), closed: make(chan struct{})}
}

func (l *either) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	raw, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &conn{Conn: raw, config: l.config, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

func (l *either) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// A conn finds out what it is at its first byte. That is read by the one who serves it, so
// that nobody who says nothing keeps others from being accepted.
type conn struct {
	net.Conn // as it came

	config *tls.Config
	leave  func()
	begin  sync.Once
	mu     sync.Mutex
	met    net.Conn // what to read from, TLS or not; nil until the first byte has come
}

// recordHandshake is the first byte of every TLS connection.
const recordHandshake = 22

func (c *conn) Read(p []byte) (int, error) {
	var err error
	c.begin.Do(func() { err = c.look() })
	if err != nil {
		return 0, err
	}
	return c.now().Read(p)
}

// look reads the first byte, and puts it back.
func (c *conn) look() error {
	first := make([]byte, 1)
	if _, err := c.Conn.Read(first); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.met = &unread{Conn: c.Conn, first: first}
	if first[0] == recordHandshake {
		c.met = tls.Server(c.met, c.config)
	}
	return nil
}

func (c *conn) now() net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.met == nil {
		return c.Conn
	}
	return c.met
}

func (c *conn) Write(p []byte) (int, error) { return c.now().Write(p) }

func (c *conn) Close() error {
	defer c.leave()
	return c.now().Close()
}

// version is that of TLS; empty for plain HTTP.
func (c *conn) version() string {
	if secure, ok := c.now().(*tls.Conn); ok {
		return tls.VersionName(secure.ConnectionState().Version)
	}
	return ""
}

// An unread is a connection with bytes that were read already.
type unread struct {
	net.Conn

	first []byte
}

func (u *unread) Read(p []byte) (int, error) {
	if len(u.first) > 0 && len(p) > 0 {
		n := copy(p, u.first)
		u.first = u.first[n:]
		return n, nil
	}
	return u.Conn.Read(p)
}

// connKey is where a request's context has its connection.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}
