package receiver

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// Mutants are all there are. What belongs to which rule: DEP-SIG-04 the bytes that are
// signed, NOTIF-02 the value and its date, NOTIF-03 that it is looked at every time,
// NOTIF-05 releases beyond the first, NOTIF-07 and NOTIF-10 releases before their time,
// NOTIF-08 releases that never come, NOTIF-09 control, NOTIF-11 what else a repeat does.
func Mutants() []Mutant {
	return append(append(signatureMutants(), statusMutants()...), repeatMutants()...)
}

func signatureMutants() []Mutant {
	return []Mutant{
		{"signature-unverified", "looks at no signature of deposits", []string{"DEP-SIG-04", "NOTIF-02", "NOTIF-03"}, func(r *rules) {
			r.verify = func(*Receiver, http.Header, []byte) bool { return true }
		}},
		{"signature-if-sent", "verifies a signature only where there is one", []string{"NOTIF-03"}, func(r *rules) {
			r.verify = func(r *Receiver, header http.Header, body []byte) bool {
				return header.Get(d24.HeaderAuthorization) == "" || verify(r, header, body)
			}
		}},
		{"first-signature-only", "verifies the first notification of a deposit and trusts those that follow", []string{"NOTIF-03"}, func(r *rules) {
			r.verify = func(r *Receiver, header http.Header, body []byte) bool {
				kind, id, err := d24.ParseNotification(body)
				if err != nil || r.remembered(keyOf(kind, id)) {
					return err == nil
				}
				ok := verify(r, header, body)
				if ok {
					r.remember(keyOf(kind, id))
				}
				return ok
			}
		}},
		{"signature-reserialised", "verifies over the JSON as it would write it itself", []string{"DEP-SIG-04"}, func(r *rules) {
			r.verify = func(r *Receiver, header http.Header, body []byte) bool {
				var compact bytes.Buffer
				return json.Compact(&compact, body) == nil && verify(r, header, compact.Bytes())
			}
		}},
		{"signature-prefix", "compares the first 32 digits of a signature", []string{"NOTIF-02"}, func(r *rules) {
			r.verify = func(r *Receiver, header http.Header, body []byte) bool {
				right := r.deposits.Authorization(header.Get(d24.HeaderDate), header.Get(d24.HeaderLogin), body)
				const compared = len(d24.Scheme) + 32
				given := header.Get(d24.HeaderAuthorization)
				return len(given) >= compared && given[:compared] == right[:compared] && verify(r, with(header, d24.HeaderAuthorization, right), body)
			}
		}},
		{"signature-in-any-case", "compares signatures without their case", []string{"NOTIF-02"}, func(r *rules) {
			r.verify = func(r *Receiver, header http.Header, body []byte) bool {
				digest := strings.TrimPrefix(header.Get(d24.HeaderAuthorization), d24.Scheme)
				return verify(r, with(header, d24.HeaderAuthorization, d24.Scheme+strings.ToLower(digest)), body)
			}
		}},
		{"signature-with-cashouts-key", "takes signatures made with the API signature of cashouts", []string{"NOTIF-02"}, func(r *rules) {
			r.verify = func(r *Receiver, header http.Header, body []byte) bool {
				return verify(r, header, body) || r.cashouts.VerifyNotification(header.Get, body, r.Credentials.Deposits.APIKey, r.Now()) == nil
			}
		}},
		{"yesterdays-notification", "takes a notification of any age", []string{"NOTIF-02"}, func(r *rules) {
			r.verify = verifyAt(earlier)
		}},
		{"tomorrows-notification", "takes a notification that is dated ahead of its time", []string{"NOTIF-02"}, func(r *rules) {
			r.verify = verifyAt(later)
		}},
		{"control-unverified", "looks at no control of cashouts", []string{"NOTIF-03", "NOTIF-09"}, func(r *rules) {
			r.verifyForm = func(_ *Receiver, _ http.Header, body []byte) (d24.CashoutForm, error) {
				return d24.ParseCashoutForm(body)
			}
		}},
		{"control-if-sent", "verifies control only where there is one", []string{"NOTIF-03"}, func(r *rules) {
			r.verifyForm = func(r *Receiver, header http.Header, body []byte) (d24.CashoutForm, error) {
				form, err := d24.ParseCashoutForm(body)
				if err == nil && form.Control == "" {
					return form, nil
				}
				return verifyForm(r, header, body)
			}
		}},
		{"control-in-any-case", "compares control without its case", []string{"NOTIF-09"}, func(r *rules) {
			r.verifyForm = func(r *Receiver, header http.Header, body []byte) (d24.CashoutForm, error) {
				form, err := d24.ParseCashoutForm(body)
				if err == nil && r.cashouts.VerifyControl(strings.ToUpper(form.Control), form.ExternalID) {
					return form, nil
				}
				return verifyForm(r, header, body)
			}
		}},
	}
}

func statusMutants() []Mutant {
	return []Mutant{
		{"status-unasked", "releases every deposit that is notified, without asking for its status", []string{"NOTIF-07"}, func(r *rules) {
			r.due = unasked(d24.DepositNotification, r.due)
		}},
		{"status-in-body", "believes a status that stands in the body", []string{"NOTIF-07"}, func(r *rules) {
			r.due = func(r *Receiver, ctx context.Context, n notification) (bool, error) {
				var body struct {
					Status d24.DepositStatus `json:"status"`
				}
				if json.Unmarshal(n.body, &body) == nil && body.Status != "" {
					return r.rules.releasable(body.Status), nil
				}
				return due(r, ctx, n)
			}
		}},
		{"pending-released", "releases a deposit that is PENDING", []string{"NOTIF-07"}, func(r *rules) {
			r.releasable = func(status d24.DepositStatus) bool {
				return status == d24.DepositCompleted || status == d24.DepositPending
			}
		}},
		{"cashout-status-unasked", "marks every cashout that is notified as paid, without asking for its status", []string{"NOTIF-10"}, func(r *rules) {
			r.due = unasked(d24.CashoutNotification, r.due)
		}},
		{"cashout-id-believed", "asks by external_id alone, and marks the cashout_id of the form as paid", []string{"NOTIF-10"}, func(r *rules) {
			r.due = func(r *Receiver, ctx context.Context, n notification) (bool, error) {
				if n.kind == d24.CashoutNotification {
					n.id = ""
				}
				return due(r, ctx, n)
			}
		}},
		{"delivered-is-paid", "marks a cashout as paid that was sent to the bank", []string{"NOTIF-10"}, func(r *rules) {
			r.paid = func(status d24.CashoutStatus) bool {
				return status == d24.CashoutCompleted || status == d24.CashoutDelivered
			}
		}},
		{"200-on-failure", "answers 200 when it could not ask for the status", []string{"NOTIF-08"}, func(r *rules) {
			r.failure = http.StatusOK
		}},
		{"failure-remembered", "takes a deposit whose status it could not ask for as handled", []string{"NOTIF-08"}, func(r *rules) {
			r.handle = handledBefore(func(_ bool, err error) bool { return err != nil })
		}},
		{"first-status-counts", "looks at a deposit's status once, whatever it is, and never again", []string{"NOTIF-08"}, func(r *rules) {
			r.handle = handledBefore(func(released bool, err error) bool { return err == nil && !released })
		}},
		{"seen-before-released", "notes that it has seen a deposit before it releases it, and loses it when it is killed between", []string{"NOTIF-08"}, func(r *rules) {
			r.handle = seenFirst
		}},
	}
}

func repeatMutants() []Mutant {
	return []Mutant{
		{"check-then-insert-race", "looks for a release before it asks for the status, and enters one after that without another look", []string{"NOTIF-05"}, func(r *rules) {
			r.release = func(r *Receiver, key string, n notification) error {
				r.mu.Lock()
				defer r.mu.Unlock()
				return r.journal.release(key, keyOf(n.kind, n.id))
			}
		}},
		{"dedupes-notifications", "knows a notification again by its date, not a deposit by its id", []string{"NOTIF-05"}, func(r *rules) {
			r.dedupeBy = func(n notification) string { return keyOf(n.kind, n.id) + " " + n.header.Get(d24.HeaderDate) }
		}},
		{"forgets-at-restart", "forgets at a restart what it has released", []string{"NOTIF-05"}, func(r *rules) { r.remembers = false }},
		{"cashouts-settled-again", "marks a cashout as paid as often as it is notified", []string{"NOTIF-11"}, func(r *rules) {
			r.dedupeBy = func(n notification) string {
				if n.kind == d24.CashoutNotification {
					return ""
				}
				return keyOf(n.kind, n.id)
			}
			r.release = func(r *Receiver, key string, n notification) error {
				if key != "" {
					return release(r, key, n)
				}
				r.mu.Lock()
				defer r.mu.Unlock()
				if err := r.journal.release(key, keyOf(n.kind, n.id)); err != nil {
					return err
				}
				return r.journal.write("unseen\t" + key) // not done at the next start either
			}
		}},
		{"repeat-refused", "answers a repeat with 409", []string{"NOTIF-11"}, func(r *rules) {
			r.repeated = func(*Receiver, notification) error { return errRepeated }
		}},
		{"repeat-kills", "dies of a repeat", []string{"NOTIF-11"}, func(r *rules) {
			r.repeated = func(r *Receiver, _ notification) error {
				r.die()
				return nil
			}
		}},
	}
}

// with is a header with one field changed.
func with(header http.Header, name, value string) http.Header {
	changed := header.Clone()
	changed.Set(name, value)
	return changed
}

// verifyAt verifies as if it were another time.
func verifyAt(when func(now, date time.Time) time.Time) func(*Receiver, http.Header, []byte) bool {
	return func(r *Receiver, header http.Header, body []byte) bool {
		now := r.Now()
		if date, err := d24.ParseDate(header.Get(d24.HeaderDate)); err == nil {
			now = when(now, date)
		}
		return r.deposits.VerifyNotification(header.Get, body, r.Credentials.Deposits.APIKey, now) == nil
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// unasked releases what is notified of one kind.
func unasked(kind d24.NotificationKind, due func(*Receiver, context.Context, notification) (bool, error)) func(*Receiver, context.Context, notification) (bool, error) {
	return func(r *Receiver, ctx context.Context, n notification) (bool, error) {
		if n.kind == kind {
			return true, nil
		}
		return due(r, ctx, n)
	}
}

// handledBefore does nothing about a deposit once it was handled in a certain way.
func handledBefore(handled func(released bool, err error) bool) func(*Receiver, context.Context, notification) error {
	return func(r *Receiver, ctx context.Context, n notification) error {
		key := keyOf(n.kind, n.id)
		if n.kind == d24.DepositNotification && r.remembered(key) {
			return nil
		}
		err := handle(r, ctx, n)
		if handled(r.released(key), err) {
			r.remember(key)
		}
		return err
	}
}

// remembered and remember are what mutants keep in mind, until they are restarted.
func (r *Receiver) remembered(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.memory[key]
}

func (r *Receiver) remember(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memory[key] = true
}

// seenFirst enters a deposit as seen before anything else, and takes that back where it
// was not released. A process that is killed takes nothing back.
func seenFirst(r *Receiver, ctx context.Context, n notification) error { //nolint:revive // the receiver comes first in every rule
	key := keyOf(n.kind, n.id)
	if n.kind != d24.DepositNotification || r.released(key) {
		return handle(r, ctx, n)
	}
	if err := r.note("seen", key); err != nil {
		return err
	}
	due, err := r.rules.due(r, ctx, n)
	if unseen := r.note("unseen", key); unseen != nil {
		return unseen
	}
	if err != nil || !due {
		return err
	}
	return release(r, key, n)
}

func (r *Receiver) note(word, key string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.journal.write(word + "\t" + key)
}
