// Command peers holds d24conform's load generator against others that can sign, and
// against its own goals. make bench-peers and make bench-load run it.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/machine"
)

// A program is one run of this command.
type program struct {
	d24conform string // the binary
	baseline   string // another one, to be held against in the place of the peers; may be empty
	self       string // this one, which is vegeta's library too
	folder     string // where the peers are
	scratch    string // removed at the end
	rounds     int
	load       load
	again      int     // turns that the machine's host disturbed
	stolen     float64 // percent of the CPU that it took of a turn that counts, at most
	stdout     io.Writer
	stderr     io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := start(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	flags.SetOutput(stderr)
	p := program{stdout: stdout, stderr: stderr}
	flags.StringVar(&p.d24conform, "d24conform", "bin/d24conform", "the binary that is measured")
	flags.StringVar(&p.baseline, "baseline", "", "another binary of d24conform, in the place of the peers")
	flags.StringVar(&p.folder, "peers", "bin/peers", "the folder with k6, vegeta and wrk")
	flags.IntVar(&p.rounds, "rounds", 5, "rounds, in each of which every tool has one turn")
	flags.IntVar(&p.load.connections, "connections", 16, "connections, workers or virtual users")
	flags.DurationVar(&p.load.duration, "duration", 5*time.Second, "of one turn")
	if len(args) > 0 && args[0] == "attack" {
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return attack(uint64(p.load.connections), p.load.duration) //nolint:gosec // a few
	}
	if len(args) > 0 && args[0] == "serve" {
		authority := flags.String("ca", "", "the file for the certificate of its authority")
		held := flags.String("hold", "", "the date at which its clock stands still")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		var at time.Time
		if *held != "" {
			var err error
			if at, err = d24.ParseDate(*held); err != nil {
				return err
			}
		}
		return serve(ctx, *authority, at, stdout)
	}
	goals := flags.Bool("goals", false, "measure the goals and not the table of peers")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if p.self, err = os.Executable(); err != nil {
		return err
	}
	// k6 resolves names from where its script is.
	for _, path := range []*string{&p.d24conform, &p.baseline, &p.folder} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	if p.scratch, err = os.MkdirTemp("", "d24conform-peers-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(p.scratch) }() // figures are printed, not kept
	if *goals {
		return p.goals(ctx)
	}
	return p.compare(ctx)
}

// inTurn has every tool take its turn in every round.
func (p *program) inTurn(ctx context.Context, tools []tool) ([][]sample, error) {
	samples := make([][]sample, len(tools))
	for round := range p.rounds {
		for i, t := range tools {
			fmt.Fprintf(p.stderr, "round %d of %d: %s\n", round+1, p.rounds, t.name)
			s, err := p.measure(ctx, t, p.load)
			if err != nil {
				return nil, err
			}
			samples[i] = append(samples[i], s)
		}
	}
	return samples, nil
}

// compare writes a table of all tools.
func (p *program) compare(ctx context.Context) error {
	tools := p.tools()
	samples, err := p.inTurn(ctx, tools)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s, %s. %d rounds in turn of %s at saturation, %d connections, TLS 1.3, HTTP/1.1, bodies of %d B; medians.\n\n",
		where(), time.Now().UTC().Format(time.DateOnly), p.rounds, p.load.duration, p.load.connections, len(template()))
	fmt.Fprintf(p.stdout, "| | CPU s for 1000 verified | times d24conform's (least to most) | verified/s | CPU s of the server for 1000 |\n|---|---:|---:|---:|---:|\n")
	for i, t := range tools {
		mid, least, most := ratios(samples[i], samples[0], cpuOfSample)
		fmt.Fprintf(p.stdout, "| %s | %.4f | %.2f (%.2f to %.2f) | %.0f | %.4f |\n", t.name, median(samples[i], cpuOfSample), mid, least, most,
			median(samples[i], func(s sample) float64 { return s.perSec }), median(samples[i], func(s sample) float64 { return s.serverCPU }))
	}
	fmt.Fprintf(p.stdout, "\n%s\n", p.weather())
	return nil
}

func cpuOfSample(s sample) float64 { return s.cpu }

// where is the machine that this runs on, in a few words.
func where() string {
	return fmt.Sprintf("%s, %d CPUs, %s/%s, %s", cmp.Or(machine.Processor(), "a processor without a name"), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// weather is how much others disturbed what was measured.
func (p *program) weather() string {
	return fmt.Sprintf("Of the turns that count, the machine's host took at most %.1f %% of the CPU; %d others it disturbed more, and they were taken again.", p.stolen, p.again)
}

// run runs a program that answers on stdout.
func run(ctx context.Context, name string, args ...string) ([]byte, error) {
	output, err := exec.CommandContext(ctx, name, args...).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("%s: %w: %s", filepath.Base(name), err, lastLine(string(exit.Stderr)))
	}
	return output, err
}
