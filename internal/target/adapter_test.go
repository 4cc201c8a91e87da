package target_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/target"
)

// talkTo is an adapter whose program answers as answer says; what it returns goes out as
// it is, and false ends the program.
func talkTo(t *testing.T, after func(time.Duration) <-chan time.Time, answer func(request map[string]any) (string, bool)) *target.Adapter {
	t.Helper()
	requests, stdin := io.Pipe()
	stdout, out := io.Pipe()
	go func() {
		defer out.Close()
		lines := bufio.NewScanner(requests)
		for lines.Scan() {
			var request map[string]any
			if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
				return
			}
			text, ok := answer(request)
			if !ok {
				return
			}
			_, _ = io.WriteString(out, text)
		}
	}()
	a := target.NewAdapter(stdin, stdout, after)
	t.Cleanup(func() {
		a.Close()
		_ = requests.Close()
		_ = stdout.Close()
	})
	return a
}

func TestTheAdapterProtocol(t *testing.T) {
	t.Parallel()
	var seen []map[string]any
	a := talkTo(t, nil, func(request map[string]any) (string, bool) {
		seen = append(seen, request)
		switch request["op"] {
		case "hello":
			return `{"id":"1","name":"my-client","version":"1.4.2","ops":["create_deposit"],"unknown":[1]}` + "\n", true
		case "create_deposit":
			return `{"id":"2","status":201,"body":"{\"deposit_id\":1}"}` + "\n", true
		case "deposit_status":
			return `{"id":"3","error":"timeout"}` + "\n", true
		}
		return fmt.Sprintf(`{"id":%q,"unsupported":true}`+"\n", request["id"]), true
	})
	keys := d24.Credentials{Deposits: d24.DepositsCredentials{APIKey: "k"}, Cashouts: d24.CashoutsCredentials{APIPassphrase: "p"}}
	require.NoError(t, a.Hello(t.Context(), "https://127.0.0.1:1", "/ca.pem", keys))
	assert.Equal(t, "my-client 1.4.2", a.Title())
	assert.True(t, a.Offers(target.OpCreateDeposit))
	assert.False(t, a.Offers(target.OpBanks))
	for _, want := range []struct {
		op    target.Op
		reply target.Reply
	}{
		{target.OpCreateDeposit, target.Reply{Status: 201, Body: `{"deposit_id":1}`}},
		{target.OpDepositStatus, target.Reply{GaveUp: "timeout"}},
		{target.OpBanks, target.Reply{Unsupported: true}},
	} {
		reply, err := a.Do(t.Context(), want.op, map[string]any{"country": "BR"})
		require.NoError(t, err)
		assert.Equal(t, want.reply, reply)
	}
	assert.Equal(t, map[string]any{
		"id": "1", "op": "hello", "protocol": 1.0, "base_url": "https://127.0.0.1:1", "ca_file": "/ca.pem",
		"credentials": map[string]any{
			"deposits": map[string]any{"api_key": "k", "api_signature": "", "read_only_key": ""},
			"cashouts": map[string]any{"api_key": "", "api_passphrase": "p", "api_signature": ""},
		},
	}, seen[0])
	assert.Equal(t, map[string]any{"id": "4", "op": "banks", "country": "BR"}, seen[3])
}

func TestAnAdapterThatGoesWrongIsOneSentence(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, answer, want string }{
		{"it ends", "", "the adapter ended while it was asked for banks"},
		{"noise", "Listening…\n", `the adapter wrote a line on stdout that is no JSON object, where the answer to banks was due (logs belong on stderr): "Listening…"`},
		{"a list", "[1]\n", `the adapter wrote a line on stdout that is no JSON object, where the answer to banks was due (logs belong on stderr): "[1]"`},
		{"no id", `{"status":200}` + "\n", `the adapter answered banks without an id: "{\"status\":200}"`},
		{"another id", `{"id":"9"}` + "\n", `the adapter answered out of turn: request 1 (banks) with the id "9"`},
		{"a wrong type", `{"id":"1","status":"200"}` + "\n", `the adapter answered banks with a string in the field status: "{\"id\":\"1\",\"status\":\"200\"}"`},
		{"a long line", strings.Repeat("x", 5<<20) + "\n", "the adapter answered banks with a line of more than 4 MiB"},
		{"half a line", `{"id":"1","sta`, `the adapter wrote a line on stdout that is no JSON object, where the answer to banks was due (logs belong on stderr): "{\"id\":\"1\",\"sta"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			asked := false
			a := talkTo(t, nil, func(map[string]any) (string, bool) {
				again := asked
				asked = true
				return tt.answer, tt.answer != "" && !again
			})
			if tt.name == "half a line" {
				requests, stdin := io.Pipe()
				go io.Copy(io.Discard, requests)
				a = target.NewAdapter(stdin, strings.NewReader(tt.answer), nil)
				defer a.Close()
			}
			_, err := a.Do(t.Context(), target.OpBanks, nil)
			var broken *target.AdapterError
			require.ErrorAs(t, err, &broken)
			assert.Equal(t, tt.want, broken.Text)
			_, again := a.Do(t.Context(), target.OpBanks, nil)
			assert.Equal(t, err, again, "it is not asked again")
			assert.Equal(t, err, a.Broken())
		})
	}
}

func TestAnAdapterThatHangsIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	var waited time.Duration
	at := make(chan time.Time, 1)
	at <- time.Now()
	a := talkTo(t, func(d time.Duration) <-chan time.Time { waited = d; return at },
		func(map[string]any) (string, bool) { return "", true })
	_, err := a.Do(t.Context(), target.OpBanks, nil)
	require.EqualError(t, err, "the adapter did not answer banks within 30s")
	assert.Equal(t, 30*time.Second, waited)

	a = talkTo(t, nil, func(map[string]any) (string, bool) { return "", true })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = a.Do(ctx, target.OpBanks, nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = a.Do(t.Context(), target.OpBanks, nil)
	require.ErrorIs(t, err, context.Canceled, "what it answers now would be out of turn")
}

func TestAProgramThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, _, err := target.StartAdapter([]string{"no-such-program-anywhere"}, time.Minute, "")
	require.EqualError(t, err, "the program no-such-program-anywhere cannot be found")
	_, _, err = target.StartAdapter([]string{t.TempDir()}, time.Minute, "")
	require.ErrorContains(t, err, "cannot be run")
}
