package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
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
	PhaseCertificate Phase = "certificate" // each connection shows another bad certificate, the first an unknown authority
	PhaseTrouble     Phase = "trouble"     // requests fail, by a plan
	// PhaseTroubleHTTP1 is the same with a server that speaks HTTP/1.1 only.
	PhaseTroubleHTTP1 Phase = "trouble-http1"
	// PhaseRestart kills the command before the answer to its first creation, and starts it
	// again with the same arguments.
	PhaseRestart Phase = "restart"
)

func allPhases() []Phase {
	return []Phase{PhasePlain, PhaseCertificate, PhaseTrouble, PhaseTroubleHTTP1, PhaseRestart}
}

// DefaultPhases are those that leave no client of the rules in doubt of what to do.
func DefaultPhases() []Phase { return []Phase{PhasePlain, PhaseCertificate} }

// ParsePhases reads names of phases. Each is run once, in the order of the names.
func ParsePhases(names []string) ([]Phase, error) {
	var phases []Phase
	for _, name := range names {
		phase := Phase(strings.TrimSpace(name))
		if !slices.Contains(allPhases(), phase) {
			return nil, fmt.Errorf("there is no phase %q: they are plain, certificate, trouble, trouble-http1 and restart", name)
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

	phases map[Phase]*Recorded
	after  *Recorded // what came after the restart
	made   map[Phase][3]int
	shown  map[string]mock.Certificate // in the phase of certificates, by the peer's address
	output *tail
}

// A CommandError says that a command cannot be run at all.
type CommandError struct{ Text string }

func (e *CommandError) Error() string { return e.Text }

// Run runs the command in each phase. What the command does with itself is no error.
func (o *Observed) Run(ctx context.Context) error {
	o.phases, o.made, o.output = map[Phase]*Recorded{}, map[Phase][3]int{}, newTail(maxOutput)
	for _, phase := range o.Phases {
		if err := o.run(ctx, phase); err != nil {
			return err
		}
	}
	return nil
}

func (o *Observed) run(ctx context.Context, phase Phase) error {
	server, err := mock.Start(mock.Options{Credentials: o.Credentials, Seed: o.Seed, Readings: ClientReadings()}) //nolint:contextcheck // a mock has a life of its own
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }() //nolint:contextcheck // closing it has a time of its own, and nobody calls it any more
	dir, err := os.MkdirTemp("", "d24conform-")
	if err != nil {
		return fmt.Errorf("make a folder for the command's files: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	zone := Zones()[0]
	if phase == PhaseTrouble || phase == PhaseTroubleHTTP1 {
		zone = Zones()[1]
	}
	env, err := Environ{
		BaseURL: server.BaseURL(), CA: server.CertificatePEM(), Credentials: server.Credentials(), Dir: dir, Zone: zone,
	}.Variables(os.Environ())
	if err != nil {
		return err
	}
	o.Credentials = server.Credentials()
	o.Say(fmt.Sprintf("phase %s: %s", phase, strings.Join(o.Command, " ")))
	if err := o.prepare(server, phase); err != nil {
		return err
	}
	how, killedAfter, err := o.live(ctx, server, phase, env)
	if err != nil {
		return err
	}
	if err := server.Admin().Settle(ctx); err != nil {
		return err
	}
	admin := server.Admin()
	o.made[phase] = [3]int{admin.DepositCount(), admin.RefundCount(), admin.CashoutCount()}
	seen := admin.Exchanges()
	for _, e := range seen {
		e.Label = string(phase)
		o.Log.Add(e)
	}
	if lost := server.Admin().Arrived() - len(seen); lost > 0 {
		how += fmt.Sprintf("; the first %d of its requests were too many to keep", lost)
	}
	if phase == PhaseCertificate {
		o.shown = server.Shown()
	}
	o.Say(fmt.Sprintf("phase %s: requests: %d; %s", phase, len(seen), how))
	if phase == PhaseRestart {
		o.after = o.recorded(seen[min(killedAfter, len(seen)):])
		seen = seen[:min(killedAfter, len(seen))]
	}
	o.phases[phase] = o.recorded(seen)
	return nil
}

// live has the command live through a phase. killedAfter is how many requests had arrived
// when it was killed.
func (o *Observed) live(ctx context.Context, server *mock.Mock, phase Phase, env []string) (how string, killedAfter int, err error) {
	if phase != PhaseRestart {
		how, err = o.execute(ctx, phase, env, nil)
		return how, 0, err
	}
	struck, over := make(chan struct{}), make(chan struct{})
	go func() {
		tick := time.NewTicker(killEvery)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				if len(server.Admin().InjectedFaults()) > 0 {
					close(struck)
					return
				}
			}
		}
	}()
	how, err = o.execute(ctx, phase, env, struck)
	close(over)
	admin := server.Admin()
	admin.ClearFaults()
	if err == nil {
		err = admin.Settle(ctx)
	}
	if err != nil || len(admin.InjectedFaults()) == 0 {
		return how + ", and created nothing on the way", admin.Arrived(), err
	}
	killedAfter = admin.Arrived()
	how, err = o.execute(ctx, phase, env, nil)
	return "it was killed and started again; " + how, killedAfter, err
}

// killEvery is how often it is looked whether a command has come so far that it is killed;
// its request waits meanwhile, so nothing depends on it.
const killEvery = 10 * time.Millisecond

// prepare has the mock do what the phase is about.
func (o *Observed) prepare(server *mock.Mock, phase Phase) error {
	switch phase {
	case PhaseCertificate:
		return server.PresentInTurn()
	case PhaseRestart:
		for _, path := range []string{d24.PathDeposits, d24.PathRefunds} {
			fault := mock.Fault{Kind: mock.FaultDropAfterCommit, Method: http.MethodPost, Path: path, DelayMS: o.Timeout.Milliseconds()}
			fault.DelayMS = min(fault.DelayMS, longestHold)
			if _, err := server.Admin().AddFault(fault); err != nil {
				return err
			}
		}
	case PhaseTrouble, PhaseTroubleHTTP1:
		if phase == PhaseTroubleHTTP1 {
			if err := server.SpeakHTTP1(true); err != nil {
				return err
			}
		}
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

// longestHold is how long an answer is held back, in milliseconds, while the command is
// killed that waits for it.
const longestHold = 60_000

// execute runs the command to its end, or until it is to be killed, and says how it ended.
func (o *Observed) execute(ctx context.Context, phase Phase, env []string, killed <-chan struct{}) (how string, err error) {
	limited, kill := context.WithCancel(ctx)
	defer kill()
	go func() {
		select {
		case <-killed:
			kill()
		case <-limited.Done():
		}
	}()
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
	case isClosed(killed):
		how = "the command was killed, as planned"
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

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
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

// Exercise finds a situation in the phases that it belongs to. What every request must be
// is judged over all of them.
func (o *Observed) Exercise(ctx context.Context, s Situation) (Traffic, error) {
	switch {
	case s.Certificate != "":
		return o.mistrusted(ctx, s)
	case s.Trouble == Killed:
		return o.restarted(ctx, s)
	case o.phases[PhasePlain] == nil && o.phases[PhaseTrouble] == nil && o.phases[PhaseTroubleHTTP1] == nil && o.phases[PhaseRestart] == nil:
		return Traffic{}, &UnexercisedError{"it was not run with --phases plain"}
	case slices.Contains([]Activity{WorksWithDeposits, WorksWithCashouts, Works}, s.Does):
		return o.everything(ctx, s)
	}
	order := []Phase{PhasePlain, PhaseTrouble, PhaseTroubleHTTP1}
	if s.Trouble != "" {
		order = []Phase{PhaseTrouble, PhaseTroubleHTTP1, PhasePlain}
	}
	var first error
	for _, phase := range order {
		if o.phases[phase] == nil {
			continue
		}
		t, err := o.phases[phase].Exercise(ctx, s)
		if err == nil || !isUnexercised(err) {
			return t, err
		}
		first = cmp.Or(first, err)
	}
	return Traffic{}, cmp.Or(first, error(&UnexercisedError{"it was not run with --phases plain"}))
}

// everything is the work of all phases, each a start of the command.
func (o *Observed) everything(ctx context.Context, s Situation) (all Traffic, err error) {
	var first error
	for _, phase := range []*Recorded{o.phases[PhasePlain], o.phases[PhaseTrouble], o.phases[PhaseTroubleHTTP1], o.phases[PhaseRestart], o.after} {
		if phase == nil {
			continue
		}
		t, err := phase.Exercise(ctx, s)
		if err != nil {
			first = cmp.Or(first, err)
			continue
		}
		if len(all.Operations) > 0 {
			all.Starts = append(all.Starts, len(all.Operations))
		}
		all.Operations = append(all.Operations, t.Operations...)
	}
	if len(all.Operations) == 0 {
		return all, first
	}
	all.Made = o.compared()
	return all, nil
}

// compared is how much was made in trouble of how much was made where nothing went wrong.
func (o *Observed) compared() (counts []judge.Count) {
	plain, ran := o.made[PhasePlain]
	for _, phase := range []Phase{PhaseTrouble, PhaseTroubleHTTP1} {
		made, troubled := o.made[phase]
		for i, what := range []string{judge.Deposits, judge.Refunds, judge.Cashouts} {
			if ran && troubled && plain[i] > 0 {
				counts = append(counts, judge.Count{What: what, Orders: plain[i], Made: made[i]})
			}
		}
	}
	return counts
}

// restarted is what the command did before it was killed and after.
func (o *Observed) restarted(ctx context.Context, s Situation) (Traffic, error) {
	before := o.phases[PhaseRestart]
	if before == nil || o.after == nil {
		return Traffic{}, &UnexercisedError{"the command was not killed and started again: run it with --phases restart"}
	}
	s.Trouble = ""
	t, err := before.Exercise(ctx, s)
	if err != nil {
		return t, err
	}
	more, err := o.after.Exercise(ctx, s)
	t.Starts = []int{len(t.Operations)}
	t.Operations = append(t.Operations, more.Operations...)
	return t, err
}

// mistrusted is what came over connections with a bad certificate. Each shows another, so
// a command that ends with the first meets the others not at all.
func (o *Observed) mistrusted(ctx context.Context, s Situation) (t Traffic, err error) {
	met := o.phases[PhaseCertificate]
	if met == nil {
		return t, &UnexercisedError{"it was not run with --phases plain,certificate"}
	}
	for _, certificate := range o.shown {
		if certificate == s.Certificate.shown() {
			t.Handshakes++
		}
	}
	for _, operation := range met.operations {
		if certificate, secure := o.shown[operation[0].Peer]; !secure || certificate == s.Certificate.shown() {
			t.Operations = append(t.Operations, operation)
		}
	}
	if len(t.Operations) == 0 && t.Handshakes == 0 && len(o.shown) > 0 {
		return t, &UnexercisedError{fmt.Sprintf("the command made %d connections, and none met a certificate that %s: each shows another, so have it go on after the first", len(o.shown), s.Certificate)}
	}
	if plain := o.phases[PhasePlain]; plain != nil {
		// Who sends nothing does not show what it would have sent.
		control, err := plain.Exercise(ctx, Situation{Does: s.Does})
		if err != nil {
			return t, err
		}
		t.Control = control.Operations
	}
	return t, nil
}
