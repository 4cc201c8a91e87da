package target

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/provider"
)

// A Receiver is a program under test that receives notifications. We play the provider
// to it: the notifications are ours, and so is the server that it asks for a status.
type Receiver struct {
	URL      string
	Provider *provider.Provider
	Observer *Observer // nil = nobody tells what was released
	Program  *Program  // nil = somebody else runs it

	mu     sync.Mutex // starting again
	deaths []error
}

// NewReceiver checks where a receiver is. Errors are configuration errors.
func NewReceiver(address string, p *provider.Provider, o *Observer, program *Program) (*Receiver, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("receiver url %q is not of the form http://host/path", address)
	}
	if program != nil {
		program.Address = AddressOf(u)
	}
	return &Receiver{URL: address, Provider: p, Observer: o, Program: program}, nil
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
