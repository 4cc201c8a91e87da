package target

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/provider"
	"github.com/d24conform/d24conform/internal/rules"
)

// A Runner is what starts and stops a receiver.
type Runner interface {
	Start(ctx context.Context) error
	// Stop ends it as a kill does, in the middle of whatever it does.
	Stop()
	Restart(ctx context.Context) error
	// Died says why it ended by itself, if it did. AwaitEnd gives one that is about to
	// end the time for it.
	Died() error
	AwaitEnd(ctx context.Context)
}

// A Receiver is a program under test that receives notifications. We play the provider
// to it: the notifications are ours, and so is the server that it asks for a status.
type Receiver struct {
	Name     string
	URL      string
	Products []rules.Product
	Provider *provider.Provider
	Desk     *Desk     // where it asks for a status
	Observer *Observer // nil = nobody tells what was released
	Program  Runner    // nil = somebody else runs it
	// TimeScale divides what the provider waits between the deliveries of a notification.
	TimeScale float64
	// Meeting is how long the first of several calls at once waits for the second; a
	// receiver need not make two.
	Meeting time.Duration
	// Pass moves the clock of all sides, where it is ours; nil = time passes by itself.
	Pass func(d time.Duration)
	// Prepare lets the receiver know an order before it is notified of; nil = nobody does.
	Prepare func(ctx context.Context, o Object) error

	mu     sync.Mutex // starting again
	deaths []error
}

// NewReceiver checks where a receiver is. Errors are configuration errors.
func NewReceiver(address string, p *provider.Provider, o *Observer, program *Program) (*Receiver, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("receiver url %q is not of the form http://host/path", address)
	}
	r := &Receiver{Name: "receiver", URL: address, Products: rules.Products(), Provider: p, Observer: o, TimeScale: 1, Meeting: meeting}
	if program != nil {
		program.Address = AddressOf(u)
		r.Program = program
	}
	return r, nil
}

// meeting is far above what two deliveries on one machine lie apart, and little for who
// asks once and has the others wait.
const meeting = time.Second

// Schedule is how long the provider waits before each repeat of a notification that was
// not taken (deposits, "Notifications").
func (r *Receiver) Schedule() []time.Duration {
	gaps := []time.Duration{5 * time.Minute, 25 * time.Minute, 125 * time.Minute, 625 * time.Minute}
	for i := range gaps {
		gaps[i] = time.Duration(float64(gaps[i]) / r.TimeScale)
	}
	return gaps
}

// Make makes something at the provider, and lets the receiver know it.
func (r *Receiver) Make(ctx context.Context, kind d24.NotificationKind, status string) (provider.Notification, error) {
	n, err := r.Desk.Make(ctx, kind, status)
	if err == nil {
		err = r.Tell(ctx, n)
	}
	return n, err
}

// Tell lets the receiver know an order, if anything does.
func (r *Receiver) Tell(ctx context.Context, n provider.Notification) error {
	if r.Prepare == nil {
		return nil
	}
	return r.Prepare(ctx, ObjectOf(n))
}

// Reach sees whether the receiver takes a notification that is right. Its errors are
// EnvironmentErrors, or the context's. One that dies of it is not refused: that breaks a
// rule.
func (r *Receiver) Reach(ctx context.Context) error {
	kind := d24.DepositNotification
	if len(r.Products) == 1 && r.Products[0] == rules.Cashouts {
		kind = d24.CashoutNotification
	}
	n, err := r.Make(ctx, kind, IsCompleted)
	if unprepared, ok := errors.AsType[*PrepareError](err); ok {
		return &EnvironmentError{Text: unprepared.Text, Hint: "it is asked before the first notification of each order, and has 10 s"}
	}
	if err != nil {
		return err
	}
	n.Label = "admission"
	e, err := r.Deliver(ctx, n)
	if err != nil {
		return err
	}
	if e.Failure != nil {
		if err := r.Recover(ctx); err != nil || len(r.Deaths()) > 0 {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		hint := "is it running, and is --url where it takes notifications?"
		if e.Failure.Kind == exchange.FailureCertificate {
			hint = "name the authority that signed it with D24_CA_FILE"
		}
		return &EnvironmentError{Text: fmt.Sprintf("the receiver does not answer a notification: %s", e.Failure.Text), Hint: hint}
	}
	if status := e.Status(); status/100 == 4 {
		return &EnvironmentError{
			Text: fmt.Sprintf("the receiver refuses a notification that is right: it answers %d", status),
			Hint: "is --url where it takes notifications, and has it the keys of this run? One that takes only orders that it knows needs --prepare",
		}
	}
	return nil
}

// Recover is for when a delivery got no answer: a command that is about to end has the
// time to, and is started again.
func (r *Receiver) Recover(ctx context.Context) error {
	if r.Program == nil {
		return nil
	}
	r.mu.Lock()
	r.Program.AwaitEnd(ctx)
	r.mu.Unlock()
	return r.Revive(ctx)
}

// Start starts the receiver's command, if it is ours. Its errors are EnvironmentErrors,
// or the context's.
func (r *Receiver) Start(ctx context.Context) error {
	if r.Program == nil {
		return nil
	}
	return r.environment(ctx, r.Program.Start(ctx))
}

func (r *Receiver) environment(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	return &EnvironmentError{Text: err.Error(), Hint: "does the command listen where --url says? What it wrote is in the report"}
}

// Close stops the receiver's command.
func (r *Receiver) Close() {
	if r.Program != nil {
		r.Program.Stop()
	}
	r.Provider.Close()
}

// CanRestart says whether the receiver's command is ours to start again.
func (r *Receiver) CanRestart() bool { return r.Program != nil }

// Restart starts the receiver's command again, with the same arguments.
func (r *Receiver) Restart(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Program == nil {
		return errors.New("restart the receiver: we did not start it")
	}
	r.Provider.Close() // connections to what is killed
	return r.environment(ctx, r.Program.Restart(ctx))
}

// Revive starts a command again that has ended by itself, once for each time.
func (r *Receiver) Revive(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Program == nil {
		return nil
	}
	died := r.Program.Died()
	if died == nil {
		return nil
	}
	r.deaths = append(r.deaths, died)
	r.Provider.Close() // connections to what has died
	return r.environment(ctx, r.Program.Restart(ctx))
}

// Deaths are the ends that the command came to by itself, as far as [Receiver.Revive]
// has seen.
func (r *Receiver) Deaths() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.deaths)
}

// Deliver delivers a notification, to a command that runs: one that died before is
// revived. It is safe for concurrent use.
func (r *Receiver) Deliver(ctx context.Context, n provider.Notification, tampers ...provider.Tamper) (*exchange.Exchange, error) {
	if err := r.Revive(ctx); err != nil {
		return nil, err
	}
	return r.Provider.Deliver(ctx, r.URL, n, tampers...), nil
}
