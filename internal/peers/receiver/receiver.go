// Package receiver is a receiver of notifications that keeps every documented rule: small
// enough to be read as an example, and written from the documents alone. Of the project
// it knows d24, the wire contract, and neither the mock nor the harness.
//
// # A notification's way
//
// The signature is verified over the bytes as they came; the date has to be fresh. Of the
// body nothing counts but the id: the status endpoint is asked, and a deposit is released,
// a refund booked and a cashout marked as paid when that says COMPLETED, once for its id.
// The release is in the journal, and on the disk, before the answer is a 2xx; whatever fails
// on the way is answered by a 503, so that the notification comes again.
//
// # What it shows
//
// GET /releases?kind=deposit&id=300000001 answers {"releases":1}, for an observer; of a
// cashout (kind=cashout, by its cashout_id) it counts how often it was marked as paid, of a
// refund (kind=refund) how often it was booked. Every POST is taken for a notification.
//
// # Mutants
//
// [Mutants] are the same receiver with one defect each, such as real receivers have;
// [Derived] are those that follow from its checks, values, memories and statuses.
package receiver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// Options are what a Receiver is started with.
type Options struct {
	BaseURL       string         // of the provider, for the status
	Roots         *x509.CertPool // nil = the system's
	Credentials   d24.Credentials
	Journal       string           // the file that remembers what was released
	Now           func() time.Time // nil = time.Now
	StatusTimeout time.Duration    // of a status call; 0 = 5 s, before the provider gives the notification up
	// Mutant is the name of one deliberate defect, of [Mutants]; empty means none.
	Mutant string
	// Exit ends the process, for the mutants that die. nil = no request is answered any more.
	Exit func()
}

const (
	// maxBody is far above a notification's 500 bytes.
	maxBody = 64 << 10
	// maxStatus is how much of a status answer is read.
	maxStatus = 1 << 20
	// statusTimeout is half of what the mock gives a receiver for its answer.
	statusTimeout = 5 * time.Second
)

// A Receiver is an http.Handler. Close it when it serves no more.
type Receiver struct {
	Options

	rules     *rules
	deposits  *d24.Key
	cashouts  *d24.Key
	transport *http.Transport
	dead      atomic.Bool

	mu      sync.Mutex // one release at a time
	journal *journal
	memory  map[string]bool // what mutants keep in mind
	busy    string          // what one of them is dealing with
}

// New opens the journal.
func New(opts Options) (*Receiver, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.StatusTimeout == 0 {
		opts.StatusTimeout = statusTimeout
	}
	rules, err := rulesOf(opts.Mutant)
	if err != nil {
		return nil, fmt.Errorf("receiver: %w", err)
	}
	j, err := openJournal(opts.Journal)
	if err != nil {
		return nil, fmt.Errorf("receiver: %w", err)
	}
	return &Receiver{
		Options: opts, rules: rules, journal: j, memory: make(map[string]bool),
		deposits: d24.NewKey(opts.Credentials.Deposits.APISignature), cashouts: d24.NewKey(opts.Credentials.Cashouts.APISignature),
		transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: opts.Roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 16, IdleConnTimeout: 2 * time.Second,
		},
	}, nil
}

// Close closes the journal and idle connections.
func (r *Receiver) Close() error {
	r.transport.CloseIdleConnections()
	return r.journal.close()
}

// ServeHTTP takes notifications, and tells what was released.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if r.dead.Load() {
		panic(http.ErrAbortHandler)
	}
	switch {
	case request.Method == http.MethodGet && request.URL.Path == "/releases":
		query := request.URL.Query()
		w.Header().Set("Content-Type", d24.ContentTypeJSON)
		fmt.Fprintf(w, `{"releases":%d}`, r.Releases(d24.NotificationKind(query.Get("kind")), d24.ID(query.Get("id")), query.Get("external_id")))
	case request.Method == http.MethodPost:
		w.WriteHeader(r.receive(w, request))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// Releases is how often a deposit was released, a refund booked, or a cashout marked as
// paid, which goes by its cashout_id; one mutant goes by its external_id.
func (r *Receiver) Releases(kind d24.NotificationKind, id d24.ID, externalID string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.journal.released[keyOf(kind, id)] + r.journal.released[byExternalID(externalID)]
}

// byExternalID names a cashout by the merchant's own id.
func byExternalID(id string) string { return "cashout by " + id }

// receive takes a notification and returns the status of the answer.
func (r *Receiver) receive(w http.ResponseWriter, request *http.Request) int {
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, maxBody))
	if err != nil {
		return http.StatusBadRequest
	}
	n, status := r.read(request.Header, body)
	if status != 0 {
		return status
	}
	err = r.rules.handle(r, request.Context(), n)
	failed, _ := errors.AsType[*callError](err)
	switch {
	case failed != nil && failed.failure == unknown:
		return http.StatusNotFound
	case errors.Is(err, errRepeated):
		return http.StatusConflict
	case err != nil:
		return r.rules.failure
	}
	return http.StatusOK
}

// A notification is one that came.
type notification struct {
	kind   d24.NotificationKind
	id     d24.ID
	isForm bool
	form   d24.CashoutForm
	header http.Header
	body   []byte
}

// read parses a notification and verifies it; status says why it is not taken.
func (r *Receiver) read(header http.Header, body []byte) (n *notification, status int) {
	n = &notification{header: header, body: body}
	mediaType, _, _ := mime.ParseMediaType(header.Get(d24.HeaderContentType))
	var err error
	if n.isForm = mediaType == d24.ContentTypeForm; n.isForm {
		n.form, err = d24.ParseCashoutForm(body)
		n.kind, n.id = d24.CashoutNotification, n.form.CashoutID
	} else {
		n.kind, n.id, err = d24.ParseNotification(body)
	}
	if r.rules.json != nil && !n.isForm {
		if form, ok := r.rules.json(body); ok {
			n.form, n.kind, n.id = form, d24.CashoutNotification, form.CashoutID
			return n, 0
		}
	}
	if !r.verified(n) {
		r.rules.refused(r, n)
		return n, http.StatusUnauthorized
	}
	if err != nil {
		return n, http.StatusBadRequest
	}
	return n, 0
}

// handle does what a notification asks for: to look at the status.
func handle(r *Receiver, ctx context.Context, n *notification) error { //nolint:revive // the receiver comes first in every rule
	if r.released(r.rules.key(n)) {
		return r.rules.repeated(r, n)
	}
	due, err := r.rules.due(r, ctx, n)
	if err != nil || !due {
		return err
	}
	return r.rules.release(r, n)
}

func (r *Receiver) released(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.isDone(key)
}

// isDone says whether something was released under a key; the caller holds the lock.
func (r *Receiver) isDone(key string) bool {
	e, ok := r.journal.done[key]
	return ok && key != "" && !r.rules.forgets(r, e)
}

// keyOf names what is released once.
func keyOf(kind d24.NotificationKind, id d24.ID) string { return string(kind) + " " + string(id) }

// release enters a release into the journal unless it is there: look and entry are one.
func release(r *Receiver, n *notification) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := r.rules.key(n)
	if r.isDone(key) {
		return nil
	}
	return r.journal.release(key, keyOf(n.kind, n.id), r.Now())
}

// errRepeated and errRepeatedRow are what two mutants make of a repeat.
var (
	errRepeated    = errors.New("it came before")
	errRepeatedRow = errors.New("duplicate key")
)

// die ends the program, as a defect of its own would.
func (r *Receiver) die() {
	r.dead.Store(true)
	if r.Exit != nil {
		r.Exit()
	}
	panic(http.ErrAbortHandler)
}
