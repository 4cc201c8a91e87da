package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// A server is the mock of one round, in a process of its own: what it has counted is
// what was verified, and what it used of the CPU is the server's side.
type server struct {
	ready struct {
		BaseURL     string            `json:"base_url"`
		ManageURL   string            `json:"manage_url"`
		CAFile      string            `json:"ca_file"`
		Credentials map[string]string `json:"credentials"`
	}
	held   time.Time // when its clock stands still; zero while it goes
	child  *exec.Cmd
	client *http.Client
}

func (p *program) startMock() (*server, error) {
	const anyPort = "127.0.0.1:0"
	m := &server{child: exec.Command( //nolint:noctx // it is interrupted at the end of the round
		p.d24conform, "mock", "--json", "--ca-out", filepath.Join(p.scratch, "ca.pem"),
		"--addr", anyPort, "--plain-addr", anyPort, "--manage-addr", anyPort, "--second-addr", anyPort,
	)}
	m.child.Env = withoutOurs(os.Environ())
	m.child.Stderr = p.stderr
	out, err := m.child.StdoutPipe()
	if err == nil {
		err = m.child.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start the mock: %w", err)
	}
	if err := json.NewDecoder(out).Decode(&m.ready); err != nil {
		return nil, errors.Join(fmt.Errorf("start the mock: %w", err), m.child.Process.Kill(), m.child.Wait())
	}
	authority, err := os.ReadFile(m.ready.CAFile)
	if err != nil {
		return nil, fmt.Errorf("start the mock: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	m.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	return m, nil
}

// stop ends it, and says what it used of the CPU.
func (m *server) stop() (time.Duration, error) {
	m.client.CloseIdleConnections()
	if err := m.child.Process.Signal(os.Interrupt); err != nil {
		return 0, fmt.Errorf("stop the mock: %w", err)
	}
	if err := m.child.Wait(); err != nil {
		return 0, fmt.Errorf("stop the mock: %w", err)
	}
	return cpuOf(m.child), nil
}

func cpuOf(child *exec.Cmd) time.Duration {
	return child.ProcessState.UserTime() + child.ProcessState.SystemTime()
}

// hold stops its clock, for requests that were signed beforehand: after five seconds
// they would be refused.
func (m *server) hold(ctx context.Context) error {
	m.held = time.Now().UTC().Truncate(time.Second)
	return m.call(ctx, http.MethodPut, "/clock", map[string]any{"freeze": m.held}, nil)
}

// counts are what arrived at it, and the deposits that came into being.
type counts struct{ Arrived, Deposits int }

func (m *server) counts(ctx context.Context) (c counts, err error) {
	return c, m.call(ctx, http.MethodGet, "/counts", nil, &c)
}

func (m *server) call(ctx context.Context, method, path string, body, into any) error {
	var sent io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("management API: %w", err)
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, m.ready.ManageURL+"/manage/v1"+path, sent)
	if err != nil {
		return fmt.Errorf("management API: %w", err)
	}
	request.GetBody = nil
	request.Header.Set(d24.HeaderContentType, d24.ContentTypeJSON)
	response, err := m.client.Do(request)
	if err != nil {
		return fmt.Errorf("management API: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // it is read
	switch {
	case response.StatusCode != http.StatusOK:
		err = fmt.Errorf("%s answers %d", path, response.StatusCode)
	case into != nil:
		err = json.NewDecoder(response.Body).Decode(into)
	}
	if err != nil {
		return fmt.Errorf("management API: %w", err)
	}
	return nil
}
