package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// A manager speaks to a mock's management API: what a panel would do, and what only the
// server knows.
type manager struct {
	base   string
	client *http.Client
}

// newManager is nil for a target that has none.
func newManager(t *Target) *manager {
	if t.ManageURL == "" {
		return nil
	}
	return &manager{
		base: t.ManageURL + "/manage/v1",
		client: &http.Client{
			Timeout:   defaultTimeout,
			Transport: &http.Transport{TLSClientConfig: t.managementTLS(), DialContext: t.dial},
		},
	}
}

// counts are what the mock has seen since it began.
type counts struct {
	Arrived  int `json:"arrived"`
	Deposits int `json:"deposits"`
	Refunds  int `json:"refunds"`
	Cashouts int `json:"cashouts"`
}

func (c counts) minus(other counts) counts {
	return counts{c.Arrived - other.Arrived, c.Deposits - other.Deposits, c.Refunds - other.Refunds, c.Cashouts - other.Cashouts}
}

func (m *manager) counts(ctx context.Context) (c counts, err error) {
	return c, m.call(ctx, http.MethodGet, "/counts", nil, &c)
}

func (m *manager) funds(ctx context.Context) (d24.Amount, error) {
	var body struct {
		Amount d24.Amount `json:"amount"`
	}
	return body.Amount, m.call(ctx, http.MethodGet, "/funds", nil, &body)
}

func (m *manager) setFunds(ctx context.Context, amount d24.Amount) error {
	return m.call(ctx, http.MethodPut, "/funds", map[string]d24.Amount{"amount": amount}, nil)
}

func (m *manager) approve(ctx context.Context, depositID string) error {
	return m.call(ctx, http.MethodPost, "/deposits/"+depositID+"/approve", nil, nil)
}

// A script is a fault in the management API's words.
type script struct {
	Kind    string `json:"kind"`
	Method  string `json:"method"`
	Nth     int    `json:"nth"`
	DelayMS int64  `json:"delay_ms,omitempty"`
}

func (m *manager) addFault(ctx context.Context, s script) error {
	return m.call(ctx, http.MethodPost, "/faults", s, nil)
}

func (m *manager) clearFaults(ctx context.Context) error {
	return m.call(ctx, http.MethodDelete, "/faults", nil, nil)
}

// injected counts the faults that struck, by kind. The ledger ends at 10,000.
func (m *manager) injected(ctx context.Context) (map[string]int, error) {
	var ledger []struct {
		Kind string    `json:"kind"`
		Time time.Time `json:"time"`
	}
	if err := m.call(ctx, http.MethodGet, "/faults/ledger", nil, &ledger); err != nil {
		return nil, err
	}
	struck := map[string]int{}
	for _, fault := range ledger {
		struck[fault.Kind]++
	}
	return struck, nil
}

func (m *manager) call(ctx context.Context, method, path string, body, into any) error {
	var sent io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("management API: %w", err)
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, m.base+path, sent)
	if err != nil {
		return fmt.Errorf("management API: %w", err)
	}
	request.GetBody = nil
	request.Header.Set(d24.HeaderContentType, d24.ContentTypeJSON)
	response, err := m.client.Do(request)
	if err != nil {
		return fmt.Errorf("management API: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // it is read to its end
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
	case response.StatusCode != http.StatusOK:
		err = fmt.Errorf("%s %s: %d", method, path, response.StatusCode)
	case into != nil:
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("management API: %w", err)
	}
	return nil
}

func (m *manager) close() {
	if m != nil {
		m.client.CloseIdleConnections()
	}
}
