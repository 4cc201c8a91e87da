package exchange_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/exchange"
)

func sample() *exchange.Exchange {
	return &exchange.Exchange{
		Number: 3, Scenario: "a <scenario> & its name", Label: "probe",
		Started: time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC),
		Request: exchange.Request{
			Method: "POST", URL: "https://127.0.0.1:8443/v3/deposits?a=1&b=2", Proto: "HTTP/1.1",
			Header: exchange.Header{{"X-Two", "first"}, {"x-two", "second"}, {"A", ""}},
			Body:   []byte(`{"name":"São Paulo"}` + "\n"),
		},
		Response: &exchange.Response{
			Status: 201, Proto: "HTTP/1.1", Header: exchange.Header{{"Date", "now"}}, Body: []byte("\u2028<&>\x00"), Truncated: true,
		},
		Timing: exchange.Timing{Connect: time.Millisecond, TLS: 2 * time.Microsecond, FirstByte: time.Second, Total: time.Minute},
		TLS:    "TLS 1.3", Peer: "127.0.0.1:8443",
	}
}

func roundTrip(t *testing.T, in ...*exchange.Exchange) []*exchange.Exchange {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, exchange.Write(&file, in, nil))
	assert.Equal(t, len(in), strings.Count(file.String(), "\n"), "one line for each")
	out, err := exchange.Read(&file)
	require.NoError(t, err)
	return out
}

func TestALogSurvivesItsFile(t *testing.T) {
	t.Parallel()
	failed := &exchange.Exchange{
		Number: 4, Started: sample().Started, Request: exchange.Request{Method: "GET", URL: "https://x/"},
		Failure: &exchange.Failure{Kind: exchange.FailureTimeout, Text: "no answer in time"},
	}
	in := []*exchange.Exchange{sample(), failed}
	assert.Empty(t, cmp.Diff(in, roundTrip(t, in...), cmpopts.EquateEmpty()))
	assert.Empty(t, roundTrip(t))
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte(`{"a":1}`), []byte("plain"), "value")
	f.Add([]byte{0xff, 0xfe, 0x00}, []byte("S\xe3o Paulo"), "S\xe3o")
	f.Add([]byte("\xef\xbb\xbf{}"), []byte("\u2028\u2029</script>"), "\ufffd")
	f.Add([]byte(""), []byte("\xed\xa0\x80"), "\x00\x7f")
	f.Fuzz(func(t *testing.T, sent, got []byte, value string) {
		e := sample()
		e.Request.Body, e.Response.Body = sent, got
		e.Request.Header, e.Response.Header = exchange.Header{{"X", value}}, exchange.Header{{"X", value}, {"X", value}}
		out := roundTrip(t, e)
		require.Empty(t, cmp.Diff([]*exchange.Exchange{e}, out, cmpopts.EquateEmpty()))
	})
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	good := `{"n":1,"started":"2026-01-02T03:04:05Z","request":{"method":"GET","url":"https://x/"},"timing_us":{"total":1},"new":{"a":[1]}}`
	read, err := exchange.Read(strings.NewReader(good + "\n\n" + good))
	require.NoError(t, err, "unknown fields and empty lines do no harm")
	assert.Len(t, read, 2)

	for name, bad := range map[string]string{
		"no JSON":            `nonsense`,
		"cut short":          good[:50],
		"not an object":      `[1]`,
		"a wrong type":       `{"n":"one"}`,
		"a body, not base64": `{"request":{"body_base64":"%%"}}`,
		"an answer, too":     `{"response":{"body_base64":"%%"}}`,
		"a header value":     `{"request":{"header":[{"name":"X-A","value_base64":"%%"}]}}`,
	} {
		_, err := exchange.Read(strings.NewReader(good + "\n" + good + "\n" + bad + "\n" + good))
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), "read exchange 3: ", name)
	}
}

func TestALogNumbersInOrder(t *testing.T) {
	t.Parallel()
	var (
		log exchange.Log
		all sync.WaitGroup
	)
	for i := range 8 {
		all.Go(func() {
			for j := range 50 {
				log.Add(&exchange.Exchange{Label: fmt.Sprint(i, j)})
				log.Len()
				log.All()
			}
		})
	}
	all.Wait()
	require.Equal(t, 400, log.Len())
	seen := map[string]bool{}
	for i, e := range log.All() {
		assert.Equal(t, i+1, e.Number)
		seen[e.Label] = true
	}
	assert.Len(t, seen, 400)

	list := log.All()
	list[0] = nil
	assert.NotNil(t, log.All()[0], "the list is the caller's own")
}

func TestEnded(t *testing.T) {
	t.Parallel()
	e := sample()
	assert.Equal(t, e.Started.Add(time.Minute), e.Ended())
	assert.Equal(t, 201, e.Status())
	e.Response = nil
	assert.Zero(t, e.Status())
}

// A writer that fails, such as a full disk, is not a log that was written.
func TestAWriteThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, exchange.Write(full{}, []*exchange.Exchange{sample()}, nil), errFull)
	long := sample()
	long.Request.Body = make([]byte, 1<<20)
	err := exchange.Write(full{}, []*exchange.Exchange{long}, nil)
	require.ErrorIs(t, err, errFull)
	assert.Contains(t, err.Error(), "write exchange 3: ")
}

type full struct{}

var errFull = fmt.Errorf("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }
