package target

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"time"
)

// A Program is a receiver that we start ourselves, and start again with the same
// arguments. Its process group is killed when it is stopped. It is for one goroutine at a
// time.
type Program struct {
	Args []string // the command and its arguments
	Env  []string
	Dir  string // where it runs; empty = the working directory
	// Address is where it has to listen, host:port.
	Address string

	sleep   func(ctx context.Context, d time.Duration) error // nil = Sleep
	output  *tail
	running *running
}

// A running program is one process of it.
type running struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	ended  chan struct{} // closed when it has
	err    error         // how it ended; after ended
}

const (
	// listenTimeout is how long a program may take until it listens.
	listenTimeout = 10 * time.Second
	// listenEvery is how long lies between two looks whether it does.
	listenEvery = 50 * time.Millisecond
	// endTimeout is how long a program that has broken a connection off may take to end,
	// which is microseconds of its own and the turn of a busy machine.
	endTimeout = 2 * time.Second
	// dialTimeout ends one look. Loopback answers or refuses at once.
	dialTimeout = time.Second
)

// ErrDied says that a program ended by itself.
var ErrDied = errors.New("the command has ended by itself")

// Start starts the program and waits until it listens, at most 10 s.
func (p *Program) Start(ctx context.Context) error {
	if p.output == nil {
		p.output = newTail(maxOutput)
	}
	if p.listens(ctx) {
		return fmt.Errorf("start %s: something listens on %s already", p.Args[0], p.Address)
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx)) // Stop ends it, whatever becomes of ctx
	cmd := exec.CommandContext(life, p.Args[0], p.Args[1:]...)
	endWithChildren(cmd)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = p.Env, p.Dir, p.output, p.output
	cmd.WaitDelay = hookOutputDelay
	if err := cmd.Start(); err != nil {
		cancel()
		return fmt.Errorf("start %s: %w", p.Args[0], err)
	}
	r := &running{cmd: cmd, cancel: cancel, ended: make(chan struct{})}
	go func() {
		r.err = cmd.Wait()
		close(r.ended)
	}()
	p.running = r
	if err := p.awaitPort(ctx); err != nil {
		p.Stop()
		return fmt.Errorf("start %s: %w", p.Args[0], err)
	}
	return nil
}

func (p *Program) awaitPort(ctx context.Context) error {
	sleep := p.sleep
	if sleep == nil {
		sleep = Sleep
	}
	for waited := time.Duration(0); ; waited += listenEvery {
		switch {
		case p.Died() != nil:
			return p.Died()
		case p.listens(ctx):
			return nil
		case waited >= listenTimeout:
			return fmt.Errorf("it does not listen on %s after %s", p.Address, listenTimeout)
		}
		if err := sleep(ctx, listenEvery); err != nil {
			return err
		}
	}
}

// listens says whether something accepts connections at the address.
func (p *Program) listens(ctx context.Context) bool {
	dialer := &net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", p.Address)
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was sent
	// Where nobody listens, the system may give us that very port to call from, and connect
	// us with ourselves.
	return conn.LocalAddr().String() != conn.RemoteAddr().String()
}

// Died is an ErrDied when the program has ended by itself, and nil while it runs and
// after it was stopped.
func (p *Program) Died() error {
	if p.running == nil {
		return nil
	}
	select {
	case <-p.running.ended:
		if p.running.err != nil {
			return fmt.Errorf("%w: %w", ErrDied, p.running.err)
		}
		return fmt.Errorf("%w: exit status 0", ErrDied)
	default:
		return nil
	}
}

// AwaitEnd waits until the process is known to have ended, after a connection of its has
// broken: its sockets are closed before that is, the one that it listens on not always
// first. One that goes on listening is waited for 2 s, any other as long as for a start.
func (p *Program) AwaitEnd(ctx context.Context) {
	if p.running == nil {
		return
	}
	patience := endTimeout
	if !p.listens(ctx) {
		patience = listenTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-p.running.ended:
	case <-ctx.Done():
	}
}

// Stop kills the program with all its children, and waits for it. Stopping it again does
// nothing.
func (p *Program) Stop() {
	if p.running == nil {
		return
	}
	r := p.running
	p.running = nil
	r.cancel()
	<-r.ended
	_ = r.cmd.Cancel() // children that outlived it; there may be none
}

// Restart stops the program, if it has not ended already, and starts it again.
func (p *Program) Restart(ctx context.Context) error {
	p.Stop()
	return p.Start(ctx)
}

// Output is the end of what the program has written, on stdout and stderr, over all its
// starts.
func (p *Program) Output() string {
	if p.output == nil {
		return ""
	}
	return p.output.String()
}

// AddressOf is the host:port that a URL connects to.
func AddressOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
