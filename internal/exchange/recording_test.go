package exchange_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/exchange"
)

// recorded is the recording of one signed creation, redacted by its secrets.
func recorded(t *testing.T, secrets map[string]string) (*exchange.Exchange, []byte) {
	t.Helper()
	e := &exchange.Exchange{
		Started: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC),
		Request: exchange.Request{
			Method: "POST", URL: "https://127.0.0.1:8443/v3/cashout",
			Header: exchange.Header{{Name: "Payload-Signature", Value: "d1gest"}, {Name: "X-Key", Value: "73336372652f74"}},
			Body:   []byte(`{"login":"a-login","pass":"s3cre/t","slashed":"s3cre\/t"}`),
		},
		Response: &exchange.Response{Status: 200, Header: exchange.Header{{Name: "Server", Value: "x"}}, Body: []byte(`{}`)},
	}
	var file bytes.Buffer
	require.NoError(t, exchange.Write(&file, []*exchange.Exchange{e}, exchange.NewRedactor(secrets)))
	return e, file.Bytes()
}

func TestWhoHasTheSecretsGetsTheExactBytesBack(t *testing.T) {
	t.Parallel()
	secrets := map[string]string{"D24_CASHOUTS_API_KEY": "a-login", "D24_CASHOUTS_API_PASSPHRASE": "s3cre/t"}
	want, file := recorded(t, secrets)
	assert.NotContains(t, string(file), "s3cre")

	got, err := exchange.ReadRecording(bytes.NewReader(file), secrets)
	require.NoError(t, err)
	want.Number = 1
	assert.Empty(t, cmp.Diff([]*exchange.Exchange{want}, got))
}

func TestWhoLacksASecretKnowsThatBytesAreMissing(t *testing.T) {
	t.Parallel()
	_, file := recorded(t, map[string]string{"SECOND_D24_CASHOUTS_API_PASSPHRASE": "s3cre/t"})
	got, err := exchange.ReadRecording(bytes.NewReader(file), map[string]string{"D24_CASHOUTS_API_KEY": "a-login"})
	require.NoError(t, err)
	assert.True(t, got[0].Request.Truncated)
}

func TestAnEmptyRecordingIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n", `{"log":{"entries":[]}}`} {
		_, err := exchange.ReadRecording(strings.NewReader(text), nil)
		assert.ErrorContains(t, err, "holds no exchange", "%q", text)
	}
}

// TestAHAR reads what browsers write: HTTP/2 names, bodies as text, no answer.
func TestAHAR(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join("testdata", "create.har"))
	require.NoError(t, err)
	defer file.Close()
	list, err := exchange.ReadRecording(file, nil)
	require.NoError(t, err)
	require.Len(t, list, 4)

	whole := list[0]
	assert.Equal(t, 1, whole.Number)
	assert.Equal(t, time.Date(2026, 11, 21, 10, 0, 0, 250e6, time.UTC), whole.Started.UTC())
	assert.Len(t, whole.Request.Body, 19, "é is two bytes")
	assert.False(t, whole.Request.Truncated)
	assert.Equal(t, "D24 00ff", whole.Request.Header.Get("Authorization"))
	assert.Empty(t, whole.Request.Header.Get(":method"))
	assert.Equal(t, 201, whole.Status())
	assert.Equal(t, 80*time.Millisecond, whole.Timing.Total)
	assert.Equal(t, `{"deposit_id":300000001}`, string(whole.Response.Body))
	assert.False(t, whole.Response.Truncated)

	assert.True(t, list[1].Request.Truncated, "its text is shorter than its Content-Length says")
	assert.False(t, list[1].Response.Truncated, "its answer was left out, and not lost")
	assert.True(t, list[2].Request.Truncated, "bytes that are not UTF-8 came as U+FFFD")
	require.NotNil(t, list[3].Failure)
	assert.Equal(t, "no answer was recorded: net::ERR_CONNECTION_CLOSED", list[3].Failure.Text)
	assert.False(t, list[3].Request.Truncated, "a GET has no body")
}

func TestAHARWithoutCredentialsIsRefused(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "create.har"))
	require.NoError(t, err)
	sanitized := strings.NewReplacer("Authorization", "Accept-Language").Replace(string(text))
	_, err = exchange.ReadRecording(strings.NewReader("\xef\xbb\xbf"+sanitized), nil)
	assert.ErrorIs(t, err, exchange.ErrSanitizedHAR)
}

func TestAMalformedHARIsNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"log":{"entries":[{"startedDateTime":"yesterday"}]}}`:                                                     "yesterday",
		`{"log":{"entries":[{"request":{"postData":{"text":"?","encoding":"base64"}}}]}}`:                           "entry 1: request body",
		`{"log":{"entries":[{"request":{},"response":{"status":200,"content":{"text":"?","encoding":"base64"}}}]}}`: "entry 1: response body",
		`{"log":{"entries":{}}}`: "cannot unmarshal object",
	} {
		require.True(t, json.Valid([]byte(text)), text)
		_, err := exchange.ReadRecording(strings.NewReader(text), nil)
		assert.ErrorContains(t, err, want)
	}
}
