package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/machine"
)

// A sample is one tool's turn in one round.
type sample struct {
	report

	perSec    float64 // creations that the server verified, while the tool ran
	cpu       float64 // seconds of the tool for a thousand of them, its start included
	serverCPU float64 // the same of the server
}

// A turn from which the machine's host took more than this share of the CPU, in percent,
// is taken again, so often at most: on a machine that is shared a figure may be twice
// another for that alone.
const (
	disturbed = 2
	patience  = 5
)

// measure gives a tool its turn against a server of its own. An answer that was not
// expected, or an arrival that became nothing, makes the turn an error: what was not
// verified is not counted, and a comparison with it says nothing.
func (p *program) measure(ctx context.Context, t tool, l load) (s sample, err error) {
	for try := range patience {
		before := machine.Now()
		s, err = p.turn(ctx, t, l)
		stolen := machine.Now().Stolen(before)
		if stolen <= disturbed || try == patience-1 || ctx.Err() != nil {
			p.stolen = max(p.stolen, stolen)
			break
		}
		p.again++
		fmt.Fprintf(p.stderr, "%s again: this machine's host took %.0f %% of its CPU\n", t.name, stolen)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", t.name, err)
	}
	return s, nil
}

func (p *program) turn(ctx context.Context, t tool, l load) (s sample, err error) {
	m, err := p.startServer(t.held)
	if err != nil {
		return s, err
	}
	running := true
	defer func() {
		if running {
			_, _, stopped := m.stop()
			err = errors.Join(err, stopped)
		}
	}()
	command, err := t.command(m, l)
	if err != nil {
		return s, err
	}
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Env = environment(m)
	var output, words bytes.Buffer
	child.Stdout, child.Stderr = &output, &words
	began := time.Now()
	if err := child.Run(); err != nil {
		if ctx.Err() != nil {
			return s, context.Cause(ctx)
		}
		return s, fmt.Errorf("%w: %s%s", err, lastLine(words.String()), unheld(output.Bytes()))
	}
	took := time.Since(began)
	if s.report, err = t.check(ctx, output.Bytes()); err != nil {
		return s, err
	}
	running = false
	seen, serverCPU, err := m.stop()
	if err != nil {
		return s, err
	}
	if seen.Verified == 0 || seen.Verified != seen.Arrived || s.sent > 0 && s.sent != seen.Arrived {
		return s, fmt.Errorf("it says that it sent %d, %d creations arrived, and %d were signed right", s.sent, seen.Arrived, seen.Verified)
	}
	thousands := float64(seen.Verified) / 1000
	s.perSec = float64(seen.Verified) / took.Seconds()
	s.cpu, s.serverCPU = cpuOf(child).Seconds()/thousands, serverCPU.Seconds()/thousands
	return s, nil
}

// unheld is what does not hold in a results.json of ours; nothing in any other text.
func unheld(output []byte) string {
	var r struct {
		Invariants []struct {
			Name    string `json:"name"`
			Verdict string `json:"verdict"`
			Says    string `json:"says"`
		} `json:"invariants"`
		Thresholds []struct {
			Text    string `json:"text"`
			Verdict string `json:"verdict"`
		} `json:"thresholds"`
	}
	if json.Unmarshal(output, &r) != nil {
		return ""
	}
	var says strings.Builder
	for _, i := range r.Invariants {
		if i.Verdict == "broken" || i.Verdict == "inconclusive" {
			fmt.Fprintf(&says, "; %s: %s", i.Name, i.Says)
		}
	}
	for _, t := range r.Thresholds {
		if t.Verdict == "broken" || t.Verdict == "inconclusive" {
			fmt.Fprintf(&says, "; %s", t.Text)
		}
	}
	return says.String()
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// median of one figure of the samples.
func median(samples []sample, of func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	return middle(values)
}

// ratios is the median over the rounds of one figure held against another tool's of the
// same round, with the smallest and the largest.
func ratios(samples, against []sample, of func(sample) float64) (mid, least, most float64) {
	values := make([]float64, len(samples))
	for i := range samples {
		values[i] = of(samples[i]) / of(against[i])
	}
	mid = middle(values)
	return mid, values[0], values[len(values)-1]
}

func middle(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
