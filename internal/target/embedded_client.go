package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
)

// An AdapterProgram speaks the adapter protocol in this process, until stdin ends.
type AdapterProgram func(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error

// EmbedClient makes a Client of a program in this process, against a mock of its own. Mock,
// harness and, if it was told so, the program live by the same clock. Operations have no
// limit: the program has to end them, and a crash of it ends all.
//
// stop of the result ends program and mock. It says what went wrong with the program, then
// or before.
func EmbedClient(
	ctx context.Context, program AdapterProgram, clock *Pastime, opts mock.Options, orders *merchant.Orders, log *exchange.Log,
) (*Client, func() error, error) {
	opts.Now, opts.After = clock.Now, clock.After
	m, err := mock.Start(opts) //nolint:contextcheck // as long as the mock lives, not the call
	if err != nil {
		return nil, nil, fmt.Errorf("start the embedded mock: %w", err)
	}
	adapter, ended := converse(ctx, program)
	var driven *Driven
	lifetime := ctx
	restart := func(ctx context.Context) (*Adapter, error) {
		adapter.Kill()
		<-ended                                      //nolint:errcheck // whatever it says of a pipe that broke
		adapter, ended = converse(lifetime, program) // it outlives the scenario
		return adapter, meet(ctx, adapter, m)
	}
	stop := func() error { //nolint:contextcheck // closing a mock has a time of its own
		broken := adapter.Broken()
		adapter.Close()
		ending := <-ended
		if driven != nil {
			driven.Close()
		}
		_ = m.Close() // there is nobody left to talk to
		if ending != nil {
			return ending
		}
		return broken
	}
	if err := meet(ctx, adapter, m); err != nil {
		return nil, nil, cmp.Or(stop(), err)
	}
	driven, err = NewDriven(Driven{Adapter: adapter, Mock: m, Orders: orders, Log: log, Restart: restart, Now: clock.Now, Sleep: clock.Sleep})
	if err != nil {
		return nil, nil, cmp.Or(stop(), err)
	}
	return &Client{
		Name: adapter.Title(), BaseURL: m.BaseURL(), Products: rules.Products(), Credentials: m.Credentials(), Source: driven,
	}, stop, nil
}

// converse starts the program with an adapter at its other end.
func converse(ctx context.Context, program AdapterProgram) (adapter *Adapter, ended <-chan error) {
	requests, stdin := io.Pipe()
	stdout, answers := io.Pipe()
	ending := make(chan error, 1)
	go func() {
		var err error
		defer func() {
			if crash := recover(); crash != nil {
				err = fmt.Errorf("the program crashed: %v", crash)
			}
			_ = requests.Close()
			_ = answers.Close()
			ending <- err
		}()
		err = program(ctx, requests, answers, io.Discard)
	}()
	never := func(time.Duration) <-chan time.Time { return nil }
	return NewAdapter(stdin, stdout, never), ending
}

// meet says hello. Programs in this process read the CA file while they answer.
func meet(ctx context.Context, adapter *Adapter, m *mock.Mock) error {
	file, err := os.CreateTemp("", "d24conform-ca-*.pem")
	if err != nil {
		return fmt.Errorf("make the CA file: %w", err)
	}
	defer func() { _ = os.Remove(file.Name()) }() // in the machine's own folder for such files
	_, err = file.Write(m.CertificatePEM())
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the CA file: %w", err)
	}
	return adapter.Hello(ctx, m.BaseURL(), file.Name(), m.Credentials())
}
