package wire

import (
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
)

// watch notes what net/http tells of one attempt. Some of it comes from goroutines
// that outlive the attempt (a dial that lost its race, a write that was given up),
// so everything stands under a lock and is copied once.
type watch struct {
	mu     sync.Mutex
	begun  time.Time
	header exchange.Header
	timing exchange.Timing
	tls    string
	peer   string
	reused bool
	over   bool // nothing is noted any more
	resent bool // net/http wanted to send again what had left

	socket *socket
	before int64 // what had been written on the socket when it was got

	dialling, handshaking, ready, written time.Time
	noHandshake                           bool
}

// trace reports to the watch. use runs when the connection is up and before net/http
// writes on it. stop has to end the attempt.
func (w *watch) trace(use func(net.Conn), stop func()) *httptrace.ClientTrace {
	w.begun = time.Now()
	dialling := func(now time.Time) {
		if w.dialling.IsZero() {
			w.dialling = now
		}
	}
	return &httptrace.ClientTrace{
		GetConn: func(string) {
			if w.left() {
				w.note(func(time.Time) { w.resent = true })
				stop()
			}
		},
		DNSStart: func(httptrace.DNSStartInfo) { w.note(dialling) },
		ConnectStart: func(_, address string) {
			w.note(func(now time.Time) { dialling(now); w.peer = address })
		},
		ConnectDone: func(_, _ string, err error) {
			w.note(func(now time.Time) {
				if err == nil {
					w.timing.Connect = now.Sub(w.dialling)
				}
			})
		},
		TLSHandshakeStart: func() { w.note(func(now time.Time) { w.handshaking = now }) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			w.note(func(now time.Time) { w.timing.TLS, w.noHandshake = now.Sub(w.handshaking), err != nil })
		},
		GotConn: func(info httptrace.GotConnInfo) {
			if w.left() { // GetConn's stop came too late: the connection had been waiting
				w.note(func(time.Time) { w.over = true })
				_ = info.Conn.Close() // so that nothing more can leave on it
				return
			}
			w.got(info)
			use(info.Conn)
		},
		WroteHeaderField: func(name string, values []string) {
			w.note(func(time.Time) {
				for _, value := range values {
					w.header = append(w.header, exchange.Field{Name: name, Value: value})
				}
			})
		},
		WroteRequest: func(httptrace.WroteRequestInfo) { w.note(func(now time.Time) { w.written = now }) },
		GotFirstResponseByte: func() {
			w.note(func(now time.Time) {
				if !w.written.IsZero() {
					w.timing.FirstByte = now.Sub(w.written)
				}
			})
		},
	}
}

func (w *watch) got(info httptrace.GotConnInfo) {
	w.note(func(now time.Time) {
		w.ready, w.reused = now, info.Reused
		w.header = nil // net/http tries another connection if nothing has left on the first
		w.peer = info.Conn.RemoteAddr().String()
		if conn, ok := info.Conn.(*tls.Conn); ok {
			w.tls = tls.VersionName(conn.ConnectionState().Version)
		}
		if w.socket = socketOf(info.Conn); w.socket != nil {
			w.before = w.socket.written.Load()
		}
		if w.reused { // what was noted is of a dial that was not needed in the end
			w.timing.Connect, w.timing.TLS = 0, 0
		}
	})
}

func (w *watch) note(what func(now time.Time)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		what(time.Now())
	}
}

// finish copies what was noted into the record, and notes nothing more.
func (w *watch) finish(e *exchange.Exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	e.Started = w.begun
	if !w.ready.IsZero() {
		e.Started = w.ready
	}
	e.Request.Header = w.header.Clone()
	e.Timing = w.timing
	e.Timing.Total = time.Since(e.Started)
	e.TLS, e.Peer = w.tls, w.peer
}

// left says that something of the request has left this machine.
func (w *watch) left() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.socket != nil && w.socket.written.Load() > w.before
}

// stale says that the attempt ended on a connection used before, and that nothing has
// left on it: the server had closed it while it was idle.
func (w *watch) stale() bool {
	left := w.left()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reused && !left
}

// explain is the error of the attempt, with what only the watch knows.
func (w *watch) explain(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == nil:
	case w.resent:
		return errBroken
	case w.noHandshake && w.ready.IsZero():
		return &handshakeError{err}
	}
	return err
}
