package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed" // the peers' scripts
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
)

//go:embed k6.js
var k6Script []byte

//go:embed sign.lua
var wrkScript []byte

//go:embed saturation.yaml
var saturation []byte

// A tool is something that can sign and send.
type tool struct {
	name string
	// command is what to run for that long, or at a rate that is not 0.
	command func(m *server, l load) ([]string, error)
	// held says that its requests were signed beforehand, so that the server's clock is held.
	held bool
	// check reads what it printed: an answer that was not expected is an error.
	check func(ctx context.Context, output []byte) (report, error)
}

// A load is how much is asked for.
type load struct {
	connections int
	duration    time.Duration
	rate        float64 // requests a second; 0 = as many as there is time for
}

// A report is what a tool says of itself.
type report struct {
	rate, p99, late, send float64 // a second, and milliseconds
	connections           float64
	sent                  int64   // 0 where it does not say
	rss                   float64 // MB
	short                 bool    // it did not do all that was asked for
}

// bodyBytes is the size of the bodies: a deposit with its payer.
const bodyBytes = 512

// template is a deposit with {id} in the place of its invoice id.
func template() string {
	deposit := (&merchant.Orders{}).Deposit(100_00)
	deposit.InvoiceID = "{id}"
	deposit.BackURL, deposit.SuccessURL, deposit.ErrorURL, deposit.NotificationURL = "", "", "", ""
	deposit.Payer.Address, deposit.Payer.Phone, deposit.Payer.BirthDate = nil, "", ""
	deposit.Description += strings.Repeat("-", bodyBytes-len(merchant.CreateDeposit(deposit).Body))
	return string(merchant.CreateDeposit(deposit).Body)
}

// tools are those that there are, ours first: everything is held against it.
func (p *program) tools() []tool {
	ours := tool{name: "d24conform", command: p.ours(p.d24conform), check: checkOurs}
	if p.baseline != "" {
		return []tool{ours, {name: "baseline", command: p.ours(p.baseline), check: checkOurs}}
	}
	return []tool{
		ours,
		{name: "k6", command: p.k6, check: checkK6},
		{name: "vegeta, signing Targeter", command: p.vegeta, check: checkNothing},
		{name: "vegeta CLI, pre-signed", command: p.presigned, check: p.checkPresigned, held: true},
		{name: "wrk, signing in Lua", command: p.wrk, check: checkWrk},
	}
}

// bin is a peer: in the folder, or else wherever the system has it.
func (p *program) bin(name string) string {
	path := filepath.Join(p.folder, name)
	if _, err := os.Stat(path); err != nil {
		return name
	}
	return path
}

func (p *program) write(name string, data []byte) (string, error) {
	path := filepath.Join(p.scratch, name)
	return path, os.WriteFile(path, data, 0o600)
}

func (p *program) ours(binary string) func(*server, load) ([]string, error) {
	return func(_ *server, l load) ([]string, error) {
		profile, err := p.write("saturation.yaml", saturation)
		return []string{
			binary, "load", profile, "--out", filepath.Join(p.scratch, "out"), "--json",
			"--rate", number(cmp.Or(l.rate, 100_000)), "--duration", l.duration.String(), "--connections", strconv.Itoa(l.connections),
		}, err
	}
}

func checkOurs(_ context.Context, output []byte) (report, error) {
	var r struct {
		Numbers   map[string]float64 `json:"numbers"`
		Generator struct {
			RSS float64 `json:"max_rss_mb"`
		} `json:"generator"`
	}
	if err := json.Unmarshal(output, &r); err != nil {
		return report{}, fmt.Errorf("read what it printed: %w", err)
	}
	n := r.Numbers
	return report{
		rate: n["rate"], p99: n["p99"], late: n["late.p99"], send: n["send.p99"], connections: n["connections"] + n["reconnects"], sent: int64(n["attempts"]), rss: r.Generator.RSS,
		short: n["achieved"] < 99,
	}, nil
}

func (p *program) k6(_ *server, l load) ([]string, error) {
	script, err := p.write("k6.js", k6Script)
	args := []string{p.bin("k6"), "run", "--quiet", "--no-usage-report", "-e", "PEER_CONNECTIONS=" + strconv.Itoa(l.connections), "-e", "PEER_DURATION=" + l.duration.String()}
	if l.rate > 0 {
		args = append(args, "-e", "PEER_RATE="+number(l.rate))
	}
	return append(args, script), err
}

func checkK6(_ context.Context, output []byte) (report, error) {
	var r struct {
		Iterations float64 `json:"iterations"`
		Dropped    float64 `json:"dropped"`
		P99        float64 `json:"p99_ms"`
	}
	if err := json.Unmarshal(output, &r); err != nil {
		return report{}, fmt.Errorf("read what it printed: %w", err)
	}
	return report{p99: r.P99, short: r.Dropped > (r.Iterations+r.Dropped)/100}, nil
}

func (p *program) vegeta(_ *server, l load) ([]string, error) {
	return []string{p.self, "attack", "-connections", strconv.Itoa(l.connections), "-duration", l.duration.String()}, nil
}

func checkNothing(context.Context, []byte) (report, error) { return report{}, nil } // its exit code says it all

// presigned has so many targets written as can be sent in the time.
func (p *program) presigned(m *server, l load) ([]string, error) {
	const atMost = 40_000 // a second; on two cores nothing here does more
	targets := filepath.Join(p.scratch, "targets.json")
	if err := writeTargets(targets, m, int(atMost*l.duration.Seconds())); err != nil {
		return nil, err
	}
	return []string{
		p.bin("vegeta"), "attack", "-targets", targets, "-format", "json", "-lazy", "-rate", "0", "-max-workers", strconv.Itoa(l.connections),
		"-workers", strconv.Itoa(l.connections), "-duration", l.duration.String(), "-root-certs", m.ready.CAFile, "-http2=false", "-max-body", "0",
		"-output", filepath.Join(p.scratch, "results.bin"),
	}, nil
}

func (p *program) checkPresigned(ctx context.Context, _ []byte) (report, error) {
	output, err := run(ctx, p.bin("vegeta"), "report", "-type", "json", filepath.Join(p.scratch, "results.bin"))
	if err != nil {
		return report{}, err
	}
	var r struct {
		Codes map[string]int `json:"status_codes"`
	}
	if err := json.Unmarshal(output, &r); err != nil {
		return report{}, fmt.Errorf("read vegeta's report: %w", err)
	}
	if len(r.Codes) != 1 || r.Codes["201"] == 0 {
		return report{}, fmt.Errorf("it was answered with %v", r.Codes)
	}
	return report{}, nil
}

func (p *program) wrk(m *server, l load) ([]string, error) {
	script, err := p.write("sign.lua", wrkScript)
	return []string{
		p.bin("wrk"), "--threads", "2", "--connections", strconv.Itoa(l.connections), "--duration", fmt.Sprintf("%.0fs", l.duration.Seconds()),
		"--script", script, m.ready.BaseURL,
	}, err
}

func checkWrk(_ context.Context, output []byte) (report, error) {
	lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	var r struct {
		Answers int `json:"answers"`
		Refused int `json:"refused"`
		Broken  int `json:"broken"`
	}
	if err := json.Unmarshal(lines[len(lines)-1], &r); err != nil {
		return report{}, fmt.Errorf("read what it printed: %w", err)
	}
	if r.Refused+r.Broken > 0 {
		return report{}, fmt.Errorf("of %d requests %d were refused and %d broken", r.Answers, r.Refused, r.Broken)
	}
	return report{}, nil
}

// environment is what a tool finds its way by: the names of the project's own.
func environment(m *server) []string {
	env := os.Environ()
	set := func(name, value string) { env = append(env, name+"="+value) }
	set(d24.EnvDepositsAPIKey, login)
	set(d24.EnvDepositsAPISignature, secret)
	set(d24.EnvBaseURL, m.ready.BaseURL)
	set(d24.EnvCAFile, m.ready.CAFile)
	set("SSL_CERT_FILE", m.ready.CAFile) // k6 has no flag for it
	set("PEER_BODY", template())
	// HTTP/1.1 for everybody: in Go HTTP/2 costs 1.6 times as much on the client. k6 has
	// no flag for that either.
	set("GODEBUG", "http2client=0")
	return env
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
