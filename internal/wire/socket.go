package wire

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
)

// A socket counts what leaves through it. A request of which nothing has left may be
// sent again; any other may have arrived, whatever net/http thinks of it.
type socket struct {
	net.Conn

	written atomic.Int64
	deaf    atomic.Bool
}

// Read reads nothing any more once the socket is deaf: net/http complains in the
// process's log about an answer that it does not expect.
func (s *socket) Read(p []byte) (int, error) {
	for {
		n, err := s.Conn.Read(p)
		if err != nil || !s.deaf.Load() {
			return n, err
		}
	}
}

// Write counts.
func (s *socket) Write(p []byte) (int, error) {
	n, err := s.Conn.Write(p)
	s.written.Add(int64(n))
	return n, err
}

// dialSocket makes every connection of a transport a socket.
func dialSocket(dialer *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &socket{Conn: conn}, nil
	}
}

// socketOf is the socket under a connection's TLS; through a proxy there may be two
// layers of it.
func socketOf(conn net.Conn) *socket {
	for {
		switch c := conn.(type) {
		case *socket:
			return c
		case *tls.Conn:
			conn = c.NetConn()
		default:
			return nil
		}
	}
}
