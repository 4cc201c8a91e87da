package exchange_test

import (
	"bytes"
	"encoding/json"
	"fmt"
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

	got, _, err := exchange.ReadRecording(bytes.NewReader(file), secrets)
	require.NoError(t, err)
	want.Number = 1
	assert.Empty(t, cmp.Diff([]*exchange.Exchange{want}, got))
}

func TestWhoLacksASecretKnowsThatBytesAreMissing(t *testing.T) {
	t.Parallel()
	_, file := recorded(t, map[string]string{"SECOND_D24_CASHOUTS_API_PASSPHRASE": "s3cre/t"})
	got, _, err := exchange.ReadRecording(bytes.NewReader(file), map[string]string{"D24_CASHOUTS_API_KEY": "a-login"})
	require.NoError(t, err)
	assert.True(t, got[0].Request.Truncated)
}

func TestAnEmptyRecordingIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n", `{"log":{"entries":[]}}`} {
		_, _, err := exchange.ReadRecording(strings.NewReader(text), nil)
		assert.ErrorContains(t, err, "holds no exchange", "%q", text)
	}
}

// TestAHAR reads what browsers write: HTTP/2 names, bodies as text, no answer.
func TestAHAR(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join("testdata", "create.har"))
	require.NoError(t, err)
	defer file.Close()
	list, _, err := exchange.ReadRecording(file, nil)
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

// TestWhatChromiumLists has entries as DevTools of Chromium 156 write them, cut down to
// what is read. Whole recordings are in internal/cli/testdata/recording.
func TestWhatChromiumLists(t *testing.T) {
	t.Parallel()
	const answer = `"response": {"status": 201, "headers": [], "content": {"size": 0}}`
	harOf := func(entries ...string) string {
		return `{"log": {"creator": {"name": "WebInspector"}, "entries": [
			{"request": {"method": "GET", "headers": [{"name": "Host", "value": "h"}, {"name": "Authorization", "value": "x"}], "bodySize": 0}, ` + answer + `},
			` + strings.Join(entries, ",") + `]}}`
	}
	for name, tt := range map[string]struct {
		entry        string
		sent, broken bool
	}{
		"a body that is there": {`{"request": {"method": "POST", "bodySize": 2, "postData": {"text": "{}"},
			"headers": [{"name": ":authority", "value": "h"}, {"name": "content-length", "value": "2"}]}, ` + answer + `}`, true, false},
		"Latin-1, read as something else": {`{"request": {"method": "POST", "bodySize": 4, "postData": {"text": "\"é\""},
			"headers": [{"name": ":authority", "value": "h"}, {"name": "content-length", "value": "3"}]}, ` + answer + `}`, true, true},
		"a stream, of which nothing is kept": {`{"request": {"method": "POST", "bodySize": 0,
			"headers": [{"name": ":authority", "value": "h"}]}, ` + answer + `}`, true, true},
		"a stream, and a sentence of Chromium's in its place": {`{"request": {"method": "POST", "bodySize": 12, "postData": {"text": "No post data"},
			"headers": [{"name": ":authority", "value": "h"}]}, ` + answer + `}`, true, true},
		"sent, and not answered": {`{"request": {"method": "POST", "bodySize": 2, "postData": {"text": "{}"},
			"headers": [{"name": "Host", "value": "h"}, {"name": "Content-Length", "value": "2"}]}, "response": {"status": 0, "_error": "net::ERR_EMPTY_RESPONSE"}}`, true, false},
		"answered by the cache": {`{"_fromCache": "disk", "request": {"method": "GET", "bodySize": 0,
			"headers": [{"name": "Host", "value": "h"}]}, ` + answer + `}`, false, false},
		"not let out by the browser": {`{"request": {"method": "GET", "bodySize": 0,
			"headers": [{"name": "Authorization", "value": "Bearer x"}]}, "response": {"status": 0, "_error": "net::ERR_FAILED"}}`, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, unsent, err := exchange.ReadRecording(strings.NewReader(harOf(tt.entry)), nil)
			require.NoError(t, err)
			if !tt.sent {
				assert.Equal(t, 1, unsent)
				assert.Len(t, list, 1)
				return
			}
			assert.Zero(t, unsent)
			require.Len(t, list, 2)
			assert.Equal(t, tt.broken, list[1].Request.Truncated)
		})
	}
	list, _, err := exchange.ReadRecording(strings.NewReader(harOf(`{"_fromCache": "memory", "request": {}, `+answer+`}`,
		`{"request": {"method": "GET", "headers": [{"name": "Host", "value": "h"}]}, `+answer+`}`)), nil)
	require.NoError(t, err)
	assert.Equal(t, 3, list[1].Number, "of its entry, whatever is left out before")
}

func TestAHARWithoutCredentialsIsRefused(t *testing.T) {
	t.Parallel()
	// Payload-Signature stays when Chromium leaves Authorization out.
	mixed := `{"log": {"entries": [{"request": {"headers": [{"name": "Payload-Signature", "value": "x"}]}, "response": {}}, {"request": {"headers": [%s]}, "response": {}}]}}`
	_, _, err := exchange.ReadRecording(strings.NewReader(fmt.Sprintf(mixed, `{"name": "X-Login", "value": "x"}`)), nil)
	require.ErrorIs(t, err, exchange.ErrSanitizedHAR)
	_, _, err = exchange.ReadRecording(strings.NewReader(fmt.Sprintf(mixed, ``)), nil)
	require.NoError(t, err, "a client of cashouts has no Authorization")

	text, err := os.ReadFile(filepath.Join("testdata", "create.har"))
	require.NoError(t, err)
	sanitized := strings.NewReplacer("Authorization", "Accept-Language").Replace(string(text))
	_, _, err = exchange.ReadRecording(strings.NewReader("\xef\xbb\xbf"+sanitized), nil)
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
		_, _, err := exchange.ReadRecording(strings.NewReader(text), nil)
		assert.ErrorContains(t, err, want)
	}
}
