package merchant

import (
	"crypto/tls"
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

	connecting, handshaking, ready, written time.Time
}

// trace reports to the watch. signed runs when the connection is up and before
// anything is written on it.
func (w *watch) trace(signed func()) *httptrace.ClientTrace {
	w.begun = time.Now()
	return &httptrace.ClientTrace{
		ConnectStart: func(_, _ string) { w.note(func(now time.Time) { w.connecting = now }) },
		ConnectDone: func(_, _ string, _ error) {
			w.note(func(now time.Time) { w.timing.Connect = now.Sub(w.connecting) })
		},
		TLSHandshakeStart: func() { w.note(func(now time.Time) { w.handshaking = now }) },
		TLSHandshakeDone: func(tls.ConnectionState, error) {
			w.note(func(now time.Time) { w.timing.TLS = now.Sub(w.handshaking) })
		},
		GotConn: func(info httptrace.GotConnInfo) {
			w.note(func(now time.Time) {
				w.ready, w.reused = now, info.Reused
				w.peer = info.Conn.RemoteAddr().String()
				if conn, ok := info.Conn.(*tls.Conn); ok {
					w.tls = tls.VersionName(conn.ConnectionState().Version)
				}
			})
			signed()
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

func (w *watch) note(what func(now time.Time)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	what(time.Now())
}

// fill copies what was noted into the record.
func (w *watch) fill(e *exchange.Exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.Started = w.begun
	if !w.ready.IsZero() {
		e.Started = w.ready
	}
	e.Request.Header = append(exchange.Header(nil), w.header...)
	e.Timing = w.timing
	e.Timing.Total = time.Since(e.Started)
	e.TLS, e.Peer = w.tls, w.peer
}

// reusedAndSilent says that the attempt ended on a connection used before and that
// not a byte of it had been written there.
func (w *watch) reusedAndSilent() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reused && len(w.header) == 0
}
