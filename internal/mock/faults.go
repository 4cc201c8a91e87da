package mock

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// A FaultKind is what goes wrong with a request, or with a notification. A fault of
// requests strikes a known caller only, and never a replay: the stored answer of a key
// stays what it was.
type FaultKind string

// Kinds of fault.
const (
	FaultRespond500      FaultKind = "respond-500"       // no effect; answered 500, and that answer is stored
	FaultDropBefore      FaultKind = "drop-before"       // no effect; the connection is closed, the key stays free
	FaultDropAfterCommit FaultKind = "drop-after-commit" // effect and stored answer; the connection is closed before its first byte
	FaultHalfBody        FaultKind = "half-body"         // effect and stored answer; the connection is closed after half the body
	FaultDelay           FaultKind = "delay"             // waits before the effect, while the key is under way
	FaultDelayAnswer     FaultKind = "delay-answer"      // waits after the effect, when the answer is already stored

	// FaultDuplicateNotification strikes no request but a notification: it is sent twice
	// at once. Its Path is where the object was created.
	FaultDuplicateNotification FaultKind = "duplicate-notification"

	// What a client has to get along with. Those without an effect leave the key free.
	FaultRefuseDate    FaultKind = "refuse-date"    // no effect; 103, as if the clocks had come apart
	FaultKeyInUse      FaultKind = "key-in-use"     // no effect; 104, as if another request with the key were under way
	FaultRefuseCaller  FaultKind = "refuse-caller"  // no effect; 401 or the status that the fault names, as if the keys were not known
	FaultRespond429    FaultKind = "respond-429"    // no effect; 429 with Retry-After
	FaultHTMLError     FaultKind = "html-error"     // no effect; what a gateway says: 502 and a page
	FaultRedirectPlain FaultKind = "redirect-plain" // no effect; a redirect to the plain-HTTP address
	FaultAnswer200     FaultKind = "answer-200"     // effect; 200 where it would be 201 (AMB-27)
	FaultExtraFields   FaultKind = "extra-fields"   // effect; fields in the answer that nobody knows
	FaultAnswer        FaultKind = "answer"         // no effect; the status, media type and body that the fault names
)

// A Fault is a script: what goes wrong, with which request, how often.
type Fault struct {
	ID      int       `json:"id"`
	Kind    FaultKind `json:"kind"`
	Key     string    `json:"key,omitempty"`      // only requests with this X-Idempotency-Key
	Method  string    `json:"method,omitempty"`   // only this method
	Path    string    `json:"path,omitempty"`     // only this path; without its id, /v3/deposits/ is the status of any deposit
	Nth     int       `json:"nth,omitempty"`      // only from the n-th such request on, counted from 1; 0 = the next
	Times   int       `json:"times,omitempty"`    // how often; 0 = once
	DelayMS int64     `json:"delay_ms,omitempty"` // of the delays; whatever else goes wrong may come late, too
	Status  int       `json:"status,omitempty"`   // of a redirect, 0 = 307; of a refused caller, 0 = 401; of an answer
	Object  string    `json:"object,omitempty"`   // only about this id: of the path, or the cashout_id or external_id of the body
	Type    string    `json:"type,omitempty"`     // of an answer: its media type; empty = JSON
	Body    string    `json:"body,omitempty"`     // of an answer

	creations bool // POST to deposits or refunds
	seen      int
	done      int
}

// An InjectedFault is a line of the ledger: one fault that struck.
type InjectedFault struct {
	Fault  int       `json:"fault"`
	Kind   FaultKind `json:"kind"`
	Time   time.Time `json:"time"` // by the mock's clock
	Method string    `json:"method,omitempty"`
	Path   string    `json:"path"`
	Key    string    `json:"key,omitempty"`
}

const (
	// maxLedger bounds the ledger. A run that injects more has long made its point.
	maxLedger = 10_000
	// maxFaults bounds the scripts; each costs a comparison on every request.
	maxFaults = 1_000
	// maxStatus is the last status that an answer can have.
	maxStatus = 599
	// maxDelay is longer than any client waits.
	maxDelay = 10 * time.Minute
)

// faults are the scripts of one environment and the ledger of what they did.
type faults struct {
	armed  atomic.Int64 // how many scripts; 0 spares every request the lock
	mu     sync.Mutex
	nextID int
	list   []*Fault
	ledger []InjectedFault
}

func (f *faults) add(fault Fault) (Fault, error) {
	if err := fault.check(); err != nil {
		return Fault{}, fmt.Errorf("add fault: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) >= maxFaults {
		return Fault{}, fmt.Errorf("add fault: there are %d already", maxFaults)
	}
	f.nextID++
	fault.ID, fault.Method = f.nextID, strings.ToUpper(fault.Method)
	fault.Nth, fault.Times = max(fault.Nth, 1), max(fault.Times, 1)
	f.list = append(f.list, &fault)
	f.armed.Store(int64(len(f.list)))
	return fault, nil
}

func (fault *Fault) check() error {
	shortest := int64(0)
	switch fault.Kind {
	case FaultRespond500, FaultRefuseDate, FaultKeyInUse, FaultRespond429, FaultHTMLError, FaultAnswer200, FaultExtraFields:
	case FaultRefuseCaller:
		if fault.Status != 0 && fault.Status != http.StatusUnauthorized && fault.Status != http.StatusForbidden {
			return fmt.Errorf("status %d does not refuse a caller: 401 and 403 do", fault.Status)
		}
	case FaultDropBefore, FaultDropAfterCommit, FaultHalfBody:
	case FaultDelay, FaultDelayAnswer:
		shortest = 1
	case FaultRedirectPlain:
		redirects := []int{0, http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect}
		if !slices.Contains(redirects, fault.Status) {
			return fmt.Errorf("status %d is no redirect", fault.Status)
		}
	case FaultAnswer:
		if fault.Status < http.StatusOK || fault.Status > maxStatus {
			return fmt.Errorf("status %d is no status of an answer", fault.Status)
		}
	case FaultDuplicateNotification:
		if fault.Key != "" || fault.Method != "" {
			return errors.New("a notification has neither key nor method")
		}
	default:
		return fmt.Errorf("unknown kind %q", fault.Kind)
	}
	if fault.DelayMS < shortest || time.Duration(fault.DelayMS) > maxDelay/time.Millisecond {
		return fmt.Errorf("delay_ms must be from %d to %d", shortest, maxDelay/time.Millisecond)
	}
	if fault.Nth < 0 || fault.Times < 0 {
		return errors.New("nth and times must not be negative")
	}
	return nil
}

// match finds the fault that strikes this call, if any, enters it into the ledger
// and uses it up. Of two that fit the older strikes; both count the call.
func (f *faults) match(c *call) *Fault {
	if f.armed.Load() == 0 {
		return nil
	}
	return f.strike(func(fault *Fault) bool { return fault.fits(c) }, InjectedFault{
		Time: c.now, Method: c.request.Method, Path: c.request.URL.Path, Key: c.header(d24.HeaderIdempotencyKey),
	})
}

// duplicates says whether a notification of that kind is struck.
func (f *faults) duplicates(now time.Time, kind d24.NotificationKind) bool {
	if f.armed.Load() == 0 {
		return false
	}
	path := map[d24.NotificationKind]string{
		d24.DepositNotification: d24.PathDeposits, d24.RefundNotification: d24.PathRefunds, d24.CashoutNotification: d24.PathCashout,
	}[kind]
	return f.strike(func(fault *Fault) bool {
		return fault.Kind == FaultDuplicateNotification && (fault.Path == "" || fault.Path == path)
	}, InjectedFault{Time: now, Path: path}) != nil
}

func (f *faults) strike(fits func(*Fault) bool, entry InjectedFault) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var struck *Fault
	for _, fault := range f.list {
		if !fits(fault) {
			continue
		}
		fault.seen++
		if struck == nil && fault.seen >= fault.Nth {
			fault.done++
			struck = fault
		}
	}
	if struck == nil {
		return nil
	}
	f.list = slices.DeleteFunc(f.list, func(each *Fault) bool { return each.done >= each.Times })
	f.armed.Store(int64(len(f.list)))
	if len(f.ledger) < maxLedger {
		entry.Fault, entry.Kind = struck.ID, struck.Kind
		f.ledger = append(f.ledger, entry)
	}
	return struck
}

func (fault *Fault) fits(c *call) bool {
	if fault.creations {
		return c.op.method == http.MethodPost && c.op.product == deposits
	}
	return fault.Kind != FaultDuplicateNotification && (fault.Method == "" || fault.Method == c.op.method) &&
		(fault.Path == "" || fault.Path == c.endpoint.path) &&
		(fault.Key == "" || fault.Key == c.header(d24.HeaderIdempotencyKey)) &&
		(fault.Object == "" || c.isAbout(fault.Object))
}

// isAbout says whether a call names a transaction, by its id or by the merchant's own.
func (c *call) isAbout(id string) bool {
	return c.id == id || c.cashout != nil && (string(c.cashout.CashoutID) == id || string(c.cashout.ExternalID) == id)
}

func (f *faults) pending() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Fault, 0, len(f.list))
	for _, fault := range f.list {
		list = append(list, *fault)
	}
	return list
}

func (f *faults) injected() []InjectedFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.ledger)
}

// clear disarms everything that has not struck yet.
func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
	f.armed.Store(0)
}

func (f *faults) reset() {
	f.clear()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ledger = nil
}
