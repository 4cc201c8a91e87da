package selftest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	peer "github.com/d24conform/d24conform/internal/peers/receiver"
	"github.com/d24conform/d24conform/internal/provider"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
)

// patience is for what must not run out in this process, however busy the machine is.
const patience = time.Minute

func receiverMutants() []Mutant {
	var list []Mutant
	for _, m := range peer.Mutants() {
		list = append(list, Mutant{rules.RoleReceiver, m.Name, m.Says, m.Breaks})
	}
	return list
}

// playReceiver judges the reference receiver with one mutant, or with none, in this
// process. Nothing in it waits in real time: the clock that all sides live by stands still,
// and what the receiver releases is there when it answers.
func playReceiver(ctx context.Context, r runner, mutant string) outcome {
	noon := time.Now().UTC().Truncate(time.Second)
	now := func() time.Time { return noon }
	var crash lastError
	desk, err := target.OpenDesk(mock.Options{Logger: slog.New(&crash), Now: now, After: func(time.Duration) <-chan time.Time { //nolint:contextcheck // closing a mock has a time of its own
		over := make(chan time.Time, 1)
		over <- noon
		return over
	}}, &merchant.Orders{Run: "selftest"})
	if err != nil {
		return outcome{err: fmt.Errorf("the provider did not start: %w", err)}
	}
	defer func() { _ = desk.Close() }() //nolint:contextcheck // closing a mock has a time of its own
	dir, err := os.MkdirTemp("", "d24conform-")
	if err != nil {
		return outcome{err: err}
	}
	defer func() { _ = os.RemoveAll(dir) }()
	subject := &subject{dir: dir, options: peer.Options{
		BaseURL: desk.BaseURL(), Roots: desk.Roots(), Credentials: desk.Credentials(), Now: now, StatusTimeout: patience, Mutant: mutant,
	}}
	if err := subject.listen(); err != nil {
		return outcome{err: fmt.Errorf("it did not start: %w", err)}
	}
	defer subject.close()
	log := &exchange.Log{}
	sender := provider.New(provider.Options{Credentials: desk.Credentials(), Now: now, Timeout: patience, Log: log})
	judged, err := target.NewReceiver(subject.url(), sender, target.Witness(subject.releases), nil)
	if err != nil {
		return outcome{err: err}
	}
	defer judged.Close()
	judged.Desk, judged.Program, judged.Meeting = desk, subject, patience
	if err := judged.Start(ctx); err != nil {
		return outcome{err: fmt.Errorf("it did not start: %w", err)}
	}
	suite := r.suite()
	suite.Receiver = judged
	suite.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	results, err := suite.Run(ctx)
	if err != nil {
		return outcome{err: fmt.Errorf("the suite failed: %w", err)}
	}
	o := newOutcome(results, log.All())
	o.crashed = crash.text()
	return o
}

// A subject is a receiver in this process that can be killed: its connections break, and
// what it has written to its journal by then is all that the next one knows. It goes on
// listening throughout, so that nobody else gets its port.
type subject struct {
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

func (s *subject) listen() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.address, s.open = listener.Addr().String(), map[net.Conn]bool{}
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
	return nil
}

func (s *subject) url() string { return "http://" + s.address + "/notifications" }

func (s *subject) close() {
	_ = s.server.Close()
	s.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, former := range s.former {
		_ = former.Close()
	}
}

// ServeHTTP hands a request to the receiver, if there is one.
func (s *subject) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	current := s.receiver
	s.mu.Unlock()
	if current == nil {
		panic(http.ErrAbortHandler)
	}
	current.ServeHTTP(w, r)
}

func (s *subject) journal() string { return filepath.Join(s.dir, fmt.Sprint("journal-", s.life)) }

// Start starts the receiver on what the last one left.
func (s *subject) Start(context.Context) error {
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
func (s *subject) exit() {
	s.mu.Lock()
	s.died = fmt.Errorf("%w: exit status 1", target.ErrDied)
	s.mu.Unlock()
}

// Stop breaks every connection off. What is under way ends without an answer. The journal is
// taken before: who is killed does not notice, and writes nothing for that.
func (s *subject) Stop() {
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
func (s *subject) Restart(ctx context.Context) error {
	s.Stop()
	return s.Start(ctx)
}

// Died says that a mutant has ended the process.
func (s *subject) Died() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.died
}

// AwaitEnd has nothing to wait for.
func (s *subject) AwaitEnd(context.Context) {}

func (s *subject) releases(kind d24.NotificationKind, id string) (int, error) {
	s.mu.Lock()
	current := s.receiver
	s.mu.Unlock()
	if current == nil {
		return 0, io.ErrUnexpectedEOF
	}
	return current.Releases(kind, d24.ID(id)), nil
}
