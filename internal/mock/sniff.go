package mock

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
)

// A sniffer tells of connections to an HTTPS port that begin with something else: a
// client with http:// in its base URL. TLS gives up on them before anybody has seen the
// request, and such a client would look like one that never called.
type sniffer struct {
	net.Listener
	heard func(c net.Conn, first []byte)
}

func (s *sniffer) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &sniffedConn{Conn: c, heard: s.heard}, nil
}

type sniffedConn struct {
	net.Conn
	heard func(c net.Conn, first []byte)
	begun bool // only ever touched by the one who reads
}

// recordHandshake is the first byte of every TLS connection.
const recordHandshake = 22

func (c *sniffedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.begun {
		c.begun = true
		if b[0] != recordHandshake {
			c.heard(c.Conn, b[:n])
		}
	}
	return n, err
}

// tlsExpected is what net/http says to such a client.
const tlsExpected = "Client sent an HTTP request to an HTTPS server.\n"

// recordPlain keeps what can be read of a request that came to the API without TLS: its
// first line and such headers as came with it. Nothing of it is processed.
func (e *environment) recordPlain(c net.Conn, first []byte) {
	end := []byte("\r\n")
	head := first[:bytes.LastIndex(first, end)+1]
	if i := bytes.Index(first, []byte("\r\n\r\n")); i >= 0 {
		head = first[:i+1]
	}
	if len(head) == 0 {
		return
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(append(bytes.Clone(head), "\n\r\n"...))))
	if err != nil {
		return // neither TLS nor HTTP
	}
	r.RemoteAddr = c.RemoteAddr().String()
	e.exchanges.add(newRecordedRequest(r, nil, e.clock.now()), answer{Status: http.StatusBadRequest, Body: []byte(tlsExpected)}, nil, whole, 0)
}
