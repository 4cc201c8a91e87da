package receiver

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// derivedMeanwhile go wrong only when something happens while a notification is dealt with.
func derivedMeanwhile() []Mutant {
	var list []Mutant
	for kind, breaks := range map[d24.NotificationKind]string{
		d24.DepositNotification: "NOTIF-05", d24.RefundNotification: "NOTIF-11", d24.CashoutNotification: "NOTIF-11",
	} {
		list = append(list, Mutant{
			string(kind) + "-unremembered-after-hang-up", "does not remember what it did about a " + string(kind) + " whose sender hung up",
			[]string{breaks},
			ofKind(kind, unlessHungUp),
		})
	}
	return append(
		list,
		Mutant{
			"deposit-known-by-its-answer", "knows a deposit again only while its status answer stays the same",
			[]string{"NOTIF-05"},
			ofKind(d24.DepositNotification, knownByAnswer),
		},
		Mutant{
			"deposit-forgotten-by-a-failed-repeat", "forgets that it has released a deposit when it cannot ask for its status at a repeat",
			[]string{"NOTIF-05"},
			ofKind(d24.DepositNotification, forgottenByFailure),
		},
		Mutant{
			"secret-by-login", "looks its secret up by X-Login, and finds none for another's",
			[]string{"NOTIF-02"},
			func(rules *rules) {
				unknown := func(r *Receiver, n *notification) bool {
					return n.header.Get(d24.HeaderLogin) != r.Credentials.Deposits.APIKey
				}
				rules.skips[login] = always
				rules.skips[authorization] = func(r *Receiver, n *notification) bool {
					digits, _ := rules.digits(n.header.Get(d24.HeaderAuthorization))
					return unknown(r, n) && equal(digits, digest("", signedText(n)))
				}
			},
		},
		Mutant{
			"cashout-json-unverified", "takes a cashout's notification as JSON, too, and looks at no control of it",
			[]string{"NOTIF-03"},
			func(rules *rules) {
				rules.json = func(body []byte) (d24.CashoutForm, bool) {
					var form struct {
						CashoutID  d24.ID `json:"cashout_id"`
						ExternalID string `json:"external_id"`
					}
					err := json.Unmarshal(body, &form)
					return d24.CashoutForm{CashoutID: form.CashoutID, ExternalID: form.ExternalID}, err == nil && form.CashoutID != ""
				}
			},
		},
		Mutant{
			"deposit-last-status-when-failed", "takes a deposit's last known status when it cannot ask for it",
			[]string{"NOTIF-08"},
			ofKind(d24.DepositNotification, lastStatus),
		},
		Mutant{
			"deposit-taken-while-in-work", "answers 200 to a notification of a deposit that it is dealing with",
			[]string{"NOTIF-08"},
			ofKind(d24.DepositNotification, whileInWork),
		},
	)
}

// A handler is what is done about a notification.
type handler func(r *Receiver, ctx context.Context, n *notification) error

// ofKind replaces what is done about one kind.
func ofKind(kind d24.NotificationKind, with handler) func(*rules) {
	return func(rules *rules) {
		rules.handle = func(r *Receiver, ctx context.Context, n *notification) error {
			if n.kind != kind {
				return handle(r, ctx, n)
			}
			return with(r, ctx, n)
		}
	}
}

// noticed is how long it takes at most to notice that a sender has hung up.
const noticed = 20 * time.Millisecond

// unlessHungUp goes on without its sender, whose end ends the entry that is made last.
func unlessHungUp(r *Receiver, ctx context.Context, n *notification) error { //nolint:revive // the receiver comes first in every rule
	if r.released(r.rules.key(n)) {
		return r.rules.repeated(r, n)
	}
	due, err := r.rules.due(r, context.WithoutCancel(ctx), n)
	if err != nil || !due {
		return err
	}
	select {
	case <-ctx.Done():
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.journal.release("", keyOf(n.kind, n.id), r.Now())
	case <-time.After(noticed):
	}
	return r.rules.release(r, n)
}

// lastStatus remembers that a deposit was not completed.
func lastStatus(r *Receiver, ctx context.Context, n *notification) error { //nolint:revive // likewise
	due, err := r.rules.due(r, ctx, n)
	r.mu.Lock()
	known := "known " + string(n.id)
	if err == nil {
		r.memory[known] = true
	}
	old := r.memory[known]
	r.mu.Unlock()
	_, failed := errors.AsType[*callError](err)
	switch {
	case failed && old:
		return nil
	case err != nil || !due:
		return err
	}
	return r.rules.release(r, n)
}

// knownByAnswer asks at each notification, and looks whether it has done something about
// that answer.
func knownByAnswer(r *Receiver, ctx context.Context, n *notification) error { //nolint:revive // likewise
	answer, err := r.ask(ctx, n)
	if err != nil || !r.rules.completed[n.kind](answer) {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := "answered " + string(n.id) + " " + string(answer.body)
	if r.memory[key] {
		return nil
	}
	r.memory[key] = true
	return r.journal.release(r.rules.key(n), keyOf(n.kind, n.id), r.Now())
}

// forgottenByFailure takes back what it noted before, whenever that was.
func forgottenByFailure(r *Receiver, ctx context.Context, n *notification) error { //nolint:revive // likewise
	due, err := r.rules.due(r, ctx, n)
	r.mu.Lock()
	gone := "gone " + string(n.id)
	if err != nil {
		r.memory[gone] = true
	}
	again := err == nil && due && r.memory[gone] && r.isDone(r.rules.key(n))
	if again {
		delete(r.memory, gone)
		err = r.journal.release(r.rules.key(n), keyOf(n.kind, n.id), r.Now())
	}
	r.mu.Unlock()
	if err != nil || !due || again {
		return err
	}
	return r.rules.release(r, n)
}

// whileInWork deals with a deposit once at a time.
func whileInWork(r *Receiver, ctx context.Context, n *notification) error { //nolint:revive // likewise
	work := "in work " + string(n.id)
	r.mu.Lock()
	if r.memory[work] {
		r.mu.Unlock()
		return nil
	}
	r.memory[work] = true
	r.mu.Unlock()
	err := handle(r, ctx, n)
	r.mu.Lock()
	delete(r.memory, work)
	r.mu.Unlock()
	return err
}
