package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/mock"
)

// A Phase is one run of an observed command, and what it meets there.
type Phase string

// Phases.
const (
	PhasePlain       Phase = "plain"       // nothing goes wrong
	PhaseCertificate Phase = "certificate" // every connection shows an unknown authority
	PhaseTrouble     Phase = "trouble"     // requests fail, by a plan
)

// DefaultPhases are those that leave no client of the rules in doubt of what to do.
func DefaultPhases() []Phase { return []Phase{PhasePlain, PhaseCertificate} }

// ParsePhases reads names of phases. Each is run once, in the order of the names.
func ParsePhases(names []string) ([]Phase, error) {
	var phases []Phase
	for _, name := range names {
		phase := Phase(strings.TrimSpace(name))
		if !slices.Contains([]Phase{PhasePlain, PhaseCertificate, PhaseTrouble}, phase) {
			return nil, fmt.Errorf("there is no phase %q: they are plain, certificate and trouble", name)
		}
		if !slices.Contains(phases, phase) {
			phases = append(phases, phase)
		}
	}
	return phases, nil
}

// CommandTimeout is how long an observed command may run, in each phase: somebody's whole
// test suite, and it ends all the same in a job that nobody watches.
const CommandTimeout = 10 * time.Minute

// Observed is a client that is some command: it is run once in each phase, against a
// mock of its own with nothing in it, and is judged by what it sent. It is a [Source]
// once it has run.
type Observed struct {
	Command     []string // an argument list, never a shell's
	Phases      []Phase
	Credentials d24.Credentials // of the mock, and of the command; the zero ones are made up
	Seed        uint64          // of the trouble, and of the mock
	Timeout     time.Duration   // of each phase
	Output      io.Writer       // gets what the command writes
	Say         func(sentence string)
	Log         *exchange.Log

	phases     map[Phase]*Recorded
	handshakes int // with the wrong certificate
	output     *tail
}

// A CommandError says that a command cannot be run at all.
type CommandError struct{ Text string }

func (e *CommandError) Error() string { return e.Text }

// Run runs the command in each phase. What the command does with itself is no error.
func (o *Observed) Run(ctx context.Context) error {
	o.phases, o.output = map[Phase]*Recorded{}, newTail(maxOutput)
	for _, phase := range o.Phases {
		if err := o.run(ctx, phase); err != nil {
			return err
		}
	}
	return nil
}

func (o *Observed) run(ctx context.Context, phase Phase) error {
	server, err := mock.Start(mock.Options{Credentials: o.Credentials, Seed: o.Seed}) //nolint:contextcheck // a mock has a life of its own
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }() //nolint:contextcheck // closing it has a time of its own, and nobody calls it any more
	dir, err := os.MkdirTemp("", "d24conform-")
	if err != nil {
		return fmt.Errorf("make a folder for the command's files: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	env, err := Environ{BaseURL: server.BaseURL(), CA: server.CertificatePEM(), Credentials: server.Credentials(), Dir: dir}.Variables(os.Environ())
	if err != nil {
		return err
	}
	o.Credentials = server.Credentials()
	o.Say(fmt.Sprintf("phase %s: %s", phase, strings.Join(o.Command, " ")))
	if err := o.prepare(server, phase); err != nil {
		return err
	}
	before := server.Handshakes()
	how, err := o.execute(ctx, phase, env)
	if err != nil {
		return err
	}
	if err := server.Admin().Settle(ctx); err != nil {
		return err
	}
	seen := server.Admin().Exchanges()
	for _, e := range seen {
		e.Label = string(phase)
		o.Log.Add(e)
	}
	if lost := server.Admin().Arrived() - len(seen); lost > 0 {
		how += fmt.Sprintf("; the first %d of its requests were too many to keep", lost)
	}
	if phase == PhaseCertificate {
		o.handshakes = server.Handshakes() - before
	}
	o.Say(fmt.Sprintf("phase %s: requests: %d; %s", phase, len(seen), how))
	o.phases[phase] = o.recorded(seen)
	return nil
}

// prepare has the mock do what the phase is about.
func (o *Observed) prepare(server *mock.Mock, phase Phase) error {
	switch phase {
	case PhaseCertificate:
		return server.Present(mock.UnknownAuthority)
	case PhaseTrouble:
		for _, p := range plans(o.Seed) {
			o.Say(p.String())
			for _, fault := range p.faults() {
				if _, err := server.Admin().AddFault(fault); err != nil {
					return err
				}
			}
		}
	case PhasePlain:
	}
	return nil
}

// execute runs the command to its end, and says how it ended.
func (o *Observed) execute(ctx context.Context, phase Phase, env []string) (how string, err error) {
	limited, kill := context.WithCancel(ctx)
	defer kill()
	cmd := exec.CommandContext(limited, o.Command[0], o.Command[1:]...)
	endWithChildren(cmd)
	cmd.Env, cmd.WaitDelay = env, hookOutputDelay
	fmt.Fprintf(o.output, "--- phase %s\n", phase)
	both := io.MultiWriter(o.output, o.Output)
	cmd.Stdout, cmd.Stderr = both, both
	if err := cmd.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			return "", &CommandError{fmt.Sprintf("the program %s cannot be found", o.Command[0])}
		}
		return "", &CommandError{fmt.Sprintf("the program %s cannot be run: %s", o.Command[0], err)}
	}
	defer time.AfterFunc(o.Timeout, kill).Stop() // its time begins when it has
	err = cmd.Wait()
	_ = cmd.Cancel() // what it leaves behind
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case limited.Err() != nil:
		how = fmt.Sprintf("the command was killed, since it had not ended after %s", o.Timeout)
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // it ended with status 0, whoever still holds its output
		how = "the command ended with exit status 0"
	default:
		how = "the command ended with " + err.Error()
	}
	fmt.Fprintf(o.output, "--- %s\n", how)
	return how, nil
}

// recorded is what the command did in a phase.
func (o *Observed) recorded(seen []*exchange.Exchange) *Recorded {
	r := NewRecorded("the command's traffic", seen)
	r.untroubled = "it met no trouble: run it with --phases plain,certificate,trouble"
	if slices.Contains(o.Phases, PhaseTrouble) {
		r.untroubled = "the trouble did not come so far: have the command do more of the same, or try another --seed"
	}
	return r
}

// Written is the end of what the command wrote, over all phases.
func (o *Observed) Written() string {
	if o.output == nil {
		return ""
	}
	return o.output.String()
}

// Exercise finds a situation in the phase that it belongs to.
func (o *Observed) Exercise(ctx context.Context, s Situation) (Traffic, error) {
	plain, trouble := o.phases[PhasePlain], o.phases[PhaseTrouble]
	switch {
	case s.Certificate != "":
		return o.mistrusted(ctx, s)
	case plain == nil && trouble == nil:
		return Traffic{}, &UnexercisedError{"it was not run with --phases plain"}
	case s.Trouble != "" && trouble != nil:
		return trouble.Exercise(ctx, s)
	case plain != nil:
		return plain.Exercise(ctx, s)
	}
	return trouble.Exercise(ctx, s)
}

func (o *Observed) mistrusted(ctx context.Context, s Situation) (Traffic, error) {
	met := o.phases[PhaseCertificate]
	switch {
	case s.Certificate != UnknownAuthority:
		return Traffic{}, &UnexercisedError{"a command meets an unknown authority only, since it is run once: a client that is driven by an adapter meets the others too"}
	case met == nil:
		return Traffic{}, &UnexercisedError{"it was not run with --phases plain,certificate"}
	}
	if plain := o.phases[PhasePlain]; plain != nil {
		// Who sends nothing does not show what it would have sent.
		if _, err := plain.Exercise(ctx, Situation{Does: s.Does}); err != nil {
			return Traffic{}, err
		}
	}
	var arrived []judge.Operation
	return Traffic{Operations: append(arrived, met.operations...), Handshakes: o.handshakes}, nil
}
