package selftest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/d24conform/d24conform/internal/d24"
	peer "github.com/d24conform/d24conform/internal/peers/receiver"
	"github.com/d24conform/d24conform/internal/target"
)

// A Subject is a receiver in this process that can be killed: its connections break, and
// what it has written to its journal by then is all that the next one knows. It goes on
// listening throughout, so that nobody else gets its port.
type Subject struct {
	dir     string
	options peer.Options
	server  *http.Server
	address string

	mu       sync.Mutex
	life     int    // how often it was started
	left     []byte // what the last one had written when it was killed
	receiver *peer.Receiver
	former   []*peer.Receiver // that may still be at something
	open     map[net.Conn]bool
	died     error
}

// NewSubject starts a receiver whose journals are in a folder. Close it.
func NewSubject(dir string, opts peer.Options) (*Subject, error) {
	s := &Subject{dir: dir, options: opts, open: map[net.Conn]bool{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s.address = listener.Addr().String()
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: patience, ConnState: func(conn net.Conn, state http.ConnState) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if state == http.StateClosed || state == http.StateHijacked {
			delete(s.open, conn)
		} else {
			s.open[conn] = true
		}
	}}
	go func() { _ = s.server.Serve(listener) }() // ends when it is closed
	return s, nil
}

// URL is where it takes notifications.
func (s *Subject) URL() string { return "http://" + s.address + "/notifications" }

// Close ends it, and all that were killed before.
func (s *Subject) Close() {
	_ = s.server.Close()
	s.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, former := range s.former {
		_ = former.Close()
	}
}

// ServeHTTP hands a request to the receiver, if there is one.
func (s *Subject) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	current := s.receiver
	s.mu.Unlock()
	if current == nil {
		panic(http.ErrAbortHandler)
	}
	current.ServeHTTP(w, r)
}

func (s *Subject) journal() string { return filepath.Join(s.dir, fmt.Sprint("journal-", s.life)) }

// Start starts the receiver on what the last one left.
func (s *Subject) Start(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.life++
	if err := os.WriteFile(s.journal(), s.left, 0o600); err != nil {
		return err
	}
	opts := s.options
	opts.Journal, opts.Exit = s.journal(), s.exit
	started, err := peer.New(opts)
	if err != nil {
		return err
	}
	s.receiver, s.died = started, nil
	return nil
}

// exit is how a mutant ends the process.
func (s *Subject) exit() {
	s.mu.Lock()
	s.died = fmt.Errorf("%w: exit status 1", target.ErrDied)
	s.mu.Unlock()
}

// Stop breaks every connection off. What is under way ends without an answer. The journal is
// taken before: who is killed does not notice, and writes nothing for that.
func (s *Subject) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.receiver != nil {
		if left, err := os.ReadFile(s.journal()); err == nil {
			s.left = left
		}
		s.former, s.receiver = append(s.former, s.receiver), nil
	}
	s.died = nil
	for conn := range s.open {
		_ = conn.Close()
	}
}

// Restart kills it and starts it again.
func (s *Subject) Restart(ctx context.Context) error {
	s.Stop()
	return s.Start(ctx)
}

// Died says that a mutant has ended the process.
func (s *Subject) Died() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.died
}

// AwaitEnd has nothing to wait for.
func (s *Subject) AwaitEnd(context.Context) {}

// Releases is what an observer is told.
func (s *Subject) Releases(o target.Object) (int, error) {
	s.mu.Lock()
	current := s.receiver
	s.mu.Unlock()
	if current == nil {
		return 0, io.ErrUnexpectedEOF
	}
	return current.Releases(o.Kind, d24.ID(o.ID), o.ExternalID), nil
}
