package receiver

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// Mutants are those that were written by hand: real defects, told as such. What belongs to
// which rule: DEP-SIG-04 the text that is signed, NOTIF-02 the digits, NOTIF-03 that there
// are some every time, NOTIF-05 releases beyond the first, NOTIF-07 and NOTIF-10 releases
// before their time, NOTIF-08 releases that never come, NOTIF-09 control, NOTIF-11 what else
// a repeat does. One that no page forbids breaks nothing, and shows in the report.
func Mutants() []Mutant {
	list := slices.Concat(signatureMutants(), statusMutants(), repeatMutants())
	for _, m := range derived() {
		if name, ok := familiar()[m.Name]; ok {
			m.Name = name
			list = append(list, m)
		}
	}
	return list
}

// familiar are derived mutants that have a name of their own, by the one that is derived:
// those that real receivers have most.
func familiar() map[string]string {
	return map[string]string{
		"authorization-first-half": "signature-prefix", "authorization-in-any-case": "signature-in-any-case",
		"authorization-with-cashouts-signature": "signature-with-cashouts-key",
		"cashout-control-if-sent":               "control-if-sent", "control-in-any-case": "control-in-any-case",
		"deposit-status-left-out": "status-unasked", "deposit-pending-counts": "pending-released",
		"cashout-status-left-out": "cashout-status-unasked", "cashout-delivered-counts": "delivered-is-paid",
		"deposit-race": "check-then-insert-race", "deposit-forgets-at-restart": "forgets-at-restart",
		"cashout-never-remembered": "cashouts-settled-again",
	}
}

func signatureMutants() []Mutant {
	return []Mutant{
		{"signature-unverified", "looks at no signature of deposits", []string{"DEP-SIG-04", "NOTIF-02", "NOTIF-03"}, func(r *rules) {
			for _, c := range []check{authorization, login, date} {
				r.skips[c] = always
			}
		}},
		{"signature-if-sent", "verifies a signature only where there is one", []string{"NOTIF-03"}, func(r *rules) {
			r.skips[authorization] = func(_ *Receiver, n *notification) bool { return n.header.Get(d24.HeaderAuthorization) == "" }
		}},
		{"first-signature-only", "verifies the first notification of a deposit and trusts those that follow", []string{"DEP-SIG-04", "NOTIF-02", "NOTIF-03"}, func(r *rules) {
			r.skips[authorization] = whenKnown
		}},
		{"signature-reserialised", "verifies over the JSON as it would write it itself", []string{"DEP-SIG-04"}, func(r *rules) {
			r.body = func(body []byte) []byte {
				var compact bytes.Buffer
				if json.Compact(&compact, body) != nil {
					return body
				}
				return compact.Bytes()
			}
		}},
		{"yesterdays-notification", "takes a notification of any age", nil, func(r *rules) {
			r.skips[date] = func(r *Receiver, n *notification) bool {
				when, err := d24.ParseDate(n.header.Get(d24.HeaderDate))
				return err == nil && when.Before(r.Now())
			}
		}},
		{"tomorrows-notification", "takes a notification that is dated ahead of its time", nil, func(r *rules) {
			r.skips[date] = func(r *Receiver, n *notification) bool {
				when, err := d24.ParseDate(n.header.Get(d24.HeaderDate))
				return err == nil && when.After(r.Now())
			}
		}},
		{"control-unverified", "looks at no control of cashouts", []string{"NOTIF-03", "NOTIF-09"}, func(r *rules) {
			r.skips[control], r.skips[payloadSignature] = always, always
		}},
		{"refused-remembered", "takes a deposit as handled when it has refused a notification of it", []string{"NOTIF-08"}, func(r *rules) {
			r.refused = func(r *Receiver, n *notification) {
				if n.kind == d24.DepositNotification {
					r.remember("handled " + keyOf(n.kind, n.id))
				}
			}
			r.handle = func(r *Receiver, ctx context.Context, n *notification) error {
				if r.remembered("handled " + keyOf(n.kind, n.id)) {
					return nil
				}
				return handle(r, ctx, n)
			}
		}},
	}
}

func statusMutants() []Mutant {
	return []Mutant{
		{"status-in-body", "believes a status that stands in the body", []string{"NOTIF-07"}, func(r *rules) {
			r.skips[status] = func(_ *Receiver, n *notification) bool {
				var body struct {
					Status string `json:"status"`
				}
				return json.Unmarshal(n.body, &body) == nil && body.Status == string(d24.DepositCompleted)
			}
		}},
		{"status-in-form", "believes a status that stands in a cashout's form", []string{"NOTIF-10"}, func(r *rules) {
			r.skips[status] = func(_ *Receiver, n *notification) bool {
				return n.isForm && bytes.Contains(n.body, []byte("status=COMPLETED"))
			}
		}},
		{"completed-anywhere", "looks for COMPLETED anywhere in the answer of the status endpoint", []string{"NOTIF-07"}, func(r *rules) {
			r.completed[d24.DepositNotification] = func(a statusAnswer) bool { return bytes.Contains(a.body, []byte("COMPLETED")) }
		}},
		{"cashout-id-believed", "asks by external_id alone, and marks the cashout_id of the form as paid", []string{"NOTIF-10"}, func(r *rules) {
			r.due = func(r *Receiver, ctx context.Context, n *notification) (bool, error) {
				asked := *n
				if n.isForm {
					asked.id = ""
				}
				return due(r, ctx, &asked)
			}
		}},
		{"external-id-believed", "asks by cashout_id alone, and marks the cashout of the external_id as paid", []string{"NOTIF-10"}, func(r *rules) {
			r.due = func(r *Receiver, ctx context.Context, n *notification) (bool, error) {
				asked := *n
				asked.form.ExternalID = ""
				return due(r, ctx, &asked)
			}
			r.key = func(n *notification) string {
				if n.isForm {
					return byExternalID(n.form.ExternalID)
				}
				return keyOf(n.kind, n.id)
			}
			r.release = func(r *Receiver, n *notification) error {
				if !n.isForm {
					return release(r, n)
				}
				r.mu.Lock()
				defer r.mu.Unlock()
				key := r.rules.key(n)
				if r.isDone(key) {
					return nil
				}
				return r.journal.release(key, key, r.Now())
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
		{"busy-forgets", "answers 200 and does nothing while it deals with another deposit", []string{"NOTIF-08"}, func(r *rules) {
			r.handle = func(r *Receiver, ctx context.Context, n *notification) error {
				if n.kind != d24.DepositNotification {
					return handle(r, ctx, n)
				}
				key := keyOf(n.kind, n.id)
				r.mu.Lock()
				if r.busy != "" && r.busy != key {
					r.mu.Unlock()
					return nil
				}
				r.busy = key
				r.mu.Unlock()
				err := handle(r, ctx, n)
				r.mu.Lock()
				r.busy = ""
				r.mu.Unlock()
				return err
			}
		}},
	}
}

func repeatMutants() []Mutant {
	return []Mutant{
		{"dedupes-notifications", "knows a notification again by its date, not a deposit by its id", []string{"NOTIF-05", "NOTIF-11"}, func(r *rules) {
			r.key = func(n *notification) string { return keyOf(n.kind, n.id) + " " + n.header.Get(d24.HeaderDate) }
		}},
		{"repeat-refused", "answers a repeat with 409", nil, func(r *rules) {
			r.repeated = func(*Receiver, *notification) error { return errRepeated }
		}},
		{"repeat-fails", "answers a repeat with 503", []string{"NOTIF-11"}, func(r *rules) {
			r.repeated = func(*Receiver, *notification) error { return &callError{failure: serverError, err: errRepeatedRow} }
		}},
		{"repeat-kills", "dies of a repeat", []string{"NOTIF-11"}, func(r *rules) {
			r.repeated = func(r *Receiver, _ *notification) error {
				r.die()
				return nil
			}
		}},
	}
}

func always(*Receiver, *notification) bool { return true }

// whenKnown skips a check of something that was verified before.
func whenKnown(r *Receiver, n *notification) bool {
	key := "verified " + keyOf(n.kind, n.id)
	if r.remembered(key) {
		return true
	}
	if r.holds(authorizationOf(n), n) {
		r.remember(key)
	}
	return false
}

func authorizationOf(n *notification) check {
	if n.isForm {
		return control
	}
	return authorization
}

// handledBefore does nothing about a deposit once it was handled in a certain way.
func handledBefore(handled func(released bool, err error) bool) func(*Receiver, context.Context, *notification) error {
	return func(r *Receiver, ctx context.Context, n *notification) error {
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
func seenFirst(r *Receiver, ctx context.Context, n *notification) error { //nolint:revive // the receiver comes first in every rule
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
	return release(r, n)
}

func (r *Receiver) note(word, key string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.journal.write(strings.Join([]string{word, key}, "\t"))
}
