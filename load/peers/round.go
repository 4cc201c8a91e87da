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
)

// A sample is one tool's turn in one round.
type sample struct {
	report

	verified int     // creations that the mock counted
	perSec   float64 // of these, while the tool ran
	cpu      float64 // seconds of the tool for a thousand of them, its start included
	mockCPU  float64 // the same of the mock
}

// measure gives a tool its turn against a mock of its own. An answer that was not
// expected, or an arrival that became nothing, makes the turn an error: what was not
// verified is not counted, and a comparison with it says nothing.
func (p *program) measure(ctx context.Context, t tool, l load) (sample, error) {
	s, err := p.turn(ctx, t, l)
	if err != nil {
		return s, fmt.Errorf("%s: %w", t.name, err)
	}
	return s, nil
}

func (p *program) turn(ctx context.Context, t tool, l load) (s sample, err error) {
	m, err := p.startMock()
	if err != nil {
		return s, err
	}
	running := true
	defer func() {
		if running {
			_, stopped := m.stop()
			err = errors.Join(err, stopped)
		}
	}()
	if t.held {
		if err := m.hold(ctx); err != nil {
			return s, err
		}
	}
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
		return s, fmt.Errorf("%w: %s%s", err, lastLine(words.String()), unheld(output.Bytes()))
	}
	took := time.Since(began)
	if s.report, err = t.check(ctx, output.Bytes()); err != nil {
		return s, err
	}
	seen, err := m.counts(ctx)
	if err != nil {
		return s, err
	}
	running = false
	mockCPU, err := m.stop()
	if err != nil {
		return s, err
	}
	// One question on each connection warms ours up; of those that are cut short at the
	// end, as many may arrive as there are connections.
	if extra := seen.Arrived - seen.Deposits; seen.Deposits == 0 || extra > 2*l.connections {
		return s, fmt.Errorf("%d requests arrived, and %d deposits came of them", seen.Arrived, seen.Deposits)
	}
	thousands := float64(seen.Deposits) / 1000
	s.verified = seen.Deposits
	s.perSec = float64(seen.Deposits) / took.Seconds()
	s.cpu, s.mockCPU = cpuOf(child).Seconds()/thousands, mockCPU.Seconds()/thousands
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
