package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/localca"
)

// A server verifies the creations of one turn, in a process of its own: what it has
// counted is what was verified, and what it used of the CPU is the server's side. It keeps
// nothing of them: the mock keeps 50,000 deposits, and looking through these for garbage
// was a quarter of its CPU and all of the tail that the generators were to be compared by.
type server struct {
	ready  ready
	held   time.Time // when its clock stands still; zero while it goes
	child  *exec.Cmd
	prints *json.Decoder
}

// ready is what a server prints first, and counts what it prints at its end.
type (
	ready struct {
		BaseURL string `json:"base_url"`
		CAFile  string `json:"ca_file"`
	}
	counts struct {
		Arrived  int64 `json:"arrived"`
		Verified int64 `json:"verified"`
	}
)

// The keys of the only merchant.
const (
	login  = "peers-login"
	secret = "peers-secret"
)

// startServer starts this program once more. With held its clock stands still, for
// requests that were signed beforehand: after five seconds they would be refused.
func (p *program) startServer(held bool) (*server, error) {
	args := []string{"serve", "-ca", filepath.Join(p.scratch, "ca.pem")}
	s := &server{}
	if held {
		s.held = time.Now().UTC().Truncate(time.Second)
		args = append(args, "-hold", d24.FormatDate(s.held))
	}
	s.child = exec.Command(p.self, args...) //nolint:noctx // it is interrupted at the end of the turn
	s.child.Stderr = p.stderr
	out, err := s.child.StdoutPipe()
	if err == nil {
		err = s.child.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	s.prints = json.NewDecoder(out)
	if err := s.prints.Decode(&s.ready); err != nil {
		return nil, errors.Join(fmt.Errorf("start the server: %w", err), s.child.Process.Kill(), s.child.Wait())
	}
	return s, nil
}

// stop ends it, and returns what it counted and what it used of the CPU.
func (s *server) stop() (seen counts, cpu time.Duration, err error) {
	if err = s.child.Process.Signal(os.Interrupt); err == nil {
		err = s.prints.Decode(&seen)
	}
	if err := errors.Join(err, s.child.Wait()); err != nil {
		return seen, 0, fmt.Errorf("stop the server: %w", err)
	}
	return seen, cpuOf(s.child), nil
}

func cpuOf(child *exec.Cmd) time.Duration {
	return child.ProcessState.UserTime() + child.ProcessState.SystemTime()
}

// serve is the other process, until ctx ends.
func serve(ctx context.Context, authorityFile string, held time.Time, stdout io.Writer) error {
	debug.SetGCPercent(400) // it keeps nothing, and memory is not what is measured
	now := time.Now()
	authority, err := localca.New(now)
	if err != nil {
		return err
	}
	certificate, err := authority.Issue(localca.Loopback(now))
	if err != nil {
		return err
	}
	if err := os.WriteFile(authorityFile, authority.CertificatePEM(), 0o600); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	v := &verifier{key: d24.NewKey(secret), now: time.Now}
	if !held.IsZero() {
		v.now = func() time.Time { return held }
	}
	says := json.NewEncoder(stdout)
	if err := says.Encode(ready{BaseURL: "https://" + listener.Addr().String(), CAFile: authorityFile}); err != nil {
		return err
	}
	quiet := log.New(io.Discard, "", 0) // tools hang up as they like
	s := &http.Server{Handler: v, ReadHeaderTimeout: 10 * time.Second, ErrorLog: quiet, TLSConfig: &tls.Config{
		Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"},
	}}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	if err := s.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return says.Encode(counts{v.arrived.Load(), v.verified.Load()})
}

// A verifier accepts every creation that is signed right.
type verifier struct {
	key               *d24.Key
	now               func() time.Time
	bodies            sync.Pool
	arrived, verified atomic.Int64
}

func (v *verifier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != d24.PathDeposits {
		// What warms a connection up; an error below means that the client has gone.
		w.Header().Set(d24.HeaderContentType, d24.ContentTypeJSON)
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"code":%d,"description":"Deposit not found"}`, d24.CodeResourceNotFound)
		return
	}
	v.arrived.Add(1)
	if !v.holds(r) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	answer := strconv.AppendInt(append(make([]byte, 0, 64), `{"deposit_id":`...), v.verified.Add(1), 10)
	w.Header().Set(d24.HeaderContentType, d24.ContentTypeJSON)
	w.WriteHeader(http.StatusCreated)
	w.Write(append(answer, '}'))
}

// holds says whether the request is dated and signed as it has to be.
func (v *verifier) holds(r *http.Request) bool {
	if r.ContentLength < 0 || r.ContentLength > 1<<20 {
		return false
	}
	pooled, _ := v.bodies.Get().(*[]byte)
	if pooled == nil {
		pooled = new([]byte)
	}
	defer v.bodies.Put(pooled)
	if int64(cap(*pooled)) < r.ContentLength {
		*pooled = make([]byte, r.ContentLength)
	}
	body := (*pooled)[:r.ContentLength]
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return false
	}
	text := r.Header.Get(d24.HeaderDate)
	date, err := d24.ParseDate(text)
	if err != nil || v.now().Sub(date).Abs() > d24.Window || r.Header.Get(d24.HeaderLogin) != login || r.Header.Get(d24.HeaderIdempotencyKey) == "" {
		return false
	}
	return v.key.VerifyAuthorization(r.Header.Get(d24.HeaderAuthorization), text, login, body)
}
