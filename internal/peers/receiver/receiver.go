// Package receiver is a receiver of notifications that keeps every documented rule: small
// enough to be read as an example, and written from the documents alone. Of the project
// it knows d24, the wire contract, and neither the mock nor the harness.
//
// # A notification's way
//
// The signature is verified over the bytes as they came, before anything is parsed; the
// date has to be fresh. Of the body nothing counts but the id: the status endpoint is
// asked, and a deposit is released when that says COMPLETED, once for its deposit_id. The
// release is in the journal, and on the disk, before the answer is a 2xx; whatever fails
// on the way is answered by a 503, so that the notification comes again.
//
// # What it shows
//
// GET /releases?kind=deposit&id=300000001 answers {"releases":1}, for an observer; of a
// cashout (kind=cashout, by its cashout_id) it counts how often it was marked as paid.
// Every POST is taken for a notification.
//
// # Mutants
//
// [Mutants] are the same receiver with one defect each, such as real receivers have.
package receiver

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
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
	j, err := openJournal(opts.Journal, rules.remembers)
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
		fmt.Fprintf(w, `{"releases":%d}`, r.Releases(d24.NotificationKind(query.Get("kind")), d24.ID(query.Get("id"))))
	case request.Method == http.MethodPost:
		w.WriteHeader(r.receive(w, request))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// Releases is how often a deposit was released, or a cashout marked as paid.
func (r *Receiver) Releases(kind d24.NotificationKind, id d24.ID) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.journal.released[keyOf(kind, id)]
}

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
	switch {
	case errors.Is(err, errUnknown):
		return http.StatusNotFound
	case errors.Is(err, errRepeated):
		return http.StatusConflict
	case err != nil:
		return r.rules.failure
	}
	return http.StatusOK
}

// A notification is one that was verified.
type notification struct {
	kind       d24.NotificationKind
	id         d24.ID
	externalID string
	header     http.Header
	body       []byte
}

// read verifies a notification, then parses it; status says why it is not taken.
func (r *Receiver) read(header http.Header, body []byte) (n notification, status int) {
	n.header, n.body = header, body
	if mediaType, _, _ := mime.ParseMediaType(header.Get(d24.HeaderContentType)); mediaType == d24.ContentTypeForm {
		form, err := r.rules.verifyForm(r, header, body)
		if err != nil {
			return n, http.StatusUnauthorized
		}
		n.kind, n.id, n.externalID = d24.CashoutNotification, form.CashoutID, form.ExternalID
		return n, 0
	}
	if !r.rules.verify(r, header, body) {
		return n, http.StatusUnauthorized
	}
	var err error
	if n.kind, n.id, err = d24.ParseNotification(body); err != nil {
		return n, http.StatusBadRequest
	}
	return n, 0
}

// verify checks Authorization over the raw bytes, X-Login and X-Date.
func verify(r *Receiver, header http.Header, body []byte) bool {
	return r.deposits.VerifyNotification(header.Get, body, r.Credentials.Deposits.APIKey, r.Now()) == nil
}

// verifyForm checks control, and Payload-Signature where it is there.
func verifyForm(r *Receiver, header http.Header, body []byte) (d24.CashoutForm, error) {
	return r.cashouts.VerifyCashoutNotification(header.Get, body)
}

// handle does what a notification asks for: to look at the status.
func handle(r *Receiver, ctx context.Context, n notification) error { //nolint:revive // the receiver comes first in every rule
	key := r.rules.dedupeBy(n)
	if r.released(key) {
		return r.rules.repeated(r, n)
	}
	due, err := r.rules.due(r, ctx, n)
	if err != nil || !due {
		return err
	}
	return r.rules.release(r, key, n)
}

func (r *Receiver) released(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.journal.done[key]
}

// keyOf names what is released once.
func keyOf(kind d24.NotificationKind, id d24.ID) string { return string(kind) + " " + string(id) }

// release enters a release into the journal unless it is there: look and entry are one.
func release(r *Receiver, key string, n notification) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal.done[key] {
		return nil
	}
	return r.journal.release(key, keyOf(n.kind, n.id))
}

// errUnknown is about something that the provider does not know; errRepeated is what one
// mutant says to a repeat.
var (
	errUnknown  = errors.New("the provider knows no such thing")
	errRepeated = errors.New("it came before")
)

// due asks the status endpoint whether there is something to release. A refund is only
// looked at.
func due(r *Receiver, ctx context.Context, n notification) (bool, error) { //nolint:revive // as above
	switch n.kind {
	case d24.DepositNotification:
		var answer d24.DepositStatusAnswer
		err := r.get(ctx, d24.PathDeposits, n.id, &answer)
		return err == nil && r.rules.releasable(answer.Status), err
	case d24.RefundNotification:
		var answer d24.RefundStatusAnswer
		return false, r.get(ctx, d24.PathRefunds, n.id, &answer)
	case d24.CashoutNotification:
	}
	var answer d24.CashoutStatusAnswer
	err := r.askCashout(ctx, n, &answer)
	return err == nil && r.rules.paid(answer.Status), err
}

func (r *Receiver) get(ctx context.Context, path string, id d24.ID, answer any) error {
	date, login := d24.FormatDate(r.Now()), r.Credentials.Deposits.APIKey
	return r.ask(ctx, http.MethodGet, path+"/"+string(id), nil, answer, http.Header{
		d24.HeaderDate: {date}, d24.HeaderLogin: {login}, d24.HeaderAuthorization: {r.deposits.Authorization(date, login, nil)},
	})
}

// askCashout asks with both ids: control covers external_id alone, and a cashout_id that
// belongs to another is not found.
func (r *Receiver) askCashout(ctx context.Context, n notification, answer any) error {
	body, err := json.Marshal(d24.CashoutReference{ //nolint:gosec // the documents want the passphrase in the body
		Login: r.Credentials.Cashouts.APIKey, Pass: r.Credentials.Cashouts.APIPassphrase, CashoutID: n.id, ExternalID: n.externalID,
	})
	if err != nil {
		return err
	}
	return r.ask(ctx, http.MethodPost, d24.PathCashoutStatus, body, answer, http.Header{d24.HeaderPayloadSignature: {r.cashouts.Payload(body)}})
}

func (r *Receiver) ask(ctx context.Context, method, path string, body []byte, answer any, header http.Header) error {
	ctx, cancel := context.WithTimeout(ctx, r.StatusTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, r.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = header
	header.Set(d24.HeaderContentType, d24.ContentTypeJSON)
	header.Set(d24.HeaderUserAgent, "receiver/1")
	response, err := r.transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return json.NewDecoder(io.LimitReader(response.Body, maxStatus)).Decode(answer)
	case http.StatusNotFound, http.StatusPreconditionFailed: // of deposits and refunds, of cashouts
		return errUnknown
	}
	return fmt.Errorf("status call: %d", response.StatusCode)
}

// die ends the program, as a defect of its own would.
func (r *Receiver) die() {
	r.dead.Store(true)
	if r.Exit != nil {
		r.Exit()
	}
	panic(http.ErrAbortHandler)
}
