package target

import (
	"context"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/inbox"
)

// Notifications are how the notifications of a server come to us.
type Notifications struct {
	Listen    string // where we listen; empty = a free port of 127.0.0.1
	PublicURL string // how the server reaches that; empty = plain HTTP and where we listen
	// Settle is how long one may take to come; 0 = [DefaultNotified]. Where the server's
	// time cannot be moved, it is also how long a repeat is waited for.
	Settle time.Duration
	// Hasten has the server send what waits to be repeated to a URL at once, and tells what
	// it would have waited; 0 when nothing is sent there any more. Nil where its time
	// cannot be moved.
	Hasten func(ctx context.Context, url string) (time.Duration, error)
}

// DefaultNotified is how long a notification may take to come. Servers that we know of
// send it at once; a provider's staging may take minutes, and has to be given them.
const DefaultNotified = 10 * time.Second

// mailroom is where notifications come in, once that was asked for.
type mailroom struct {
	mu    sync.Mutex
	inbox *inbox.Inbox
}

// Inbox is where the server's notifications come in. It is open from the first call until
// the server is closed, and nil where they do not come to us.
func (s *Server) Inbox() (*inbox.Inbox, error) {
	if s.Notifications == nil {
		return nil, nil //nolint:nilnil // that is no error
	}
	s.mailroom.mu.Lock()
	defer s.mailroom.mu.Unlock()
	if s.mailroom.inbox != nil {
		return s.mailroom.inbox, nil
	}
	opened, err := inbox.Open(inbox.Options{Listen: s.Notifications.Listen, PublicURL: s.Notifications.PublicURL, Log: s.Log})
	s.mailroom.inbox = opened
	return opened, err
}

func (m *mailroom) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.inbox != nil {
		_ = m.inbox.Close() // nobody waits for anything there any more
	}
}
