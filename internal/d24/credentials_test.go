package d24_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

func marked() d24.Credentials {
	return d24.Credentials{
		Deposits: d24.DepositsCredentials{APIKey: "MARK-1", APISignature: "MARK-2", ReadOnlyKey: "MARK-3"},
		Cashouts: d24.CashoutsCredentials{APIKey: "MARK-4", APIPassphrase: "MARK-5", APISignature: "MARK-6"},
	}
}

func TestCredentialsNeverPrint(t *testing.T) {
	t.Parallel()
	all := marked()
	key := d24.NewKey("MARK-2")
	for name, value := range map[string]any{
		"all": all, "deposits": all.Deposits, "cashouts": all.Cashouts,
		"a pointer": &all, "a pointer to one": &all.Deposits, "a list": []d24.Credentials{all},
		"inside another struct": struct{ C d24.Credentials }{all},
		"a key":                 key,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t"} {
				fmt.Fprintf(&out, verb+"\n", value)
			}
			fmt.Fprintln(&out, value, fmt.Errorf("with %v", value))
			for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
				logger := slog.New(handler)
				logger.Info("attribute", "value", value)
				logger.Info("group", slog.Group("g", "value", value))
			}
			if encoded, err := json.Marshal(value); err == nil {
				out.Write(encoded)
			}
			if encoded, err := xml.Marshal(value); err == nil {
				out.Write(encoded)
			}
			text := out.String()
			assert.NotContains(t, text, "MARK")
			assert.NotContains(t, strings.ToLower(text), "4d41524b", "in hexadecimal")
			assert.NotContains(t, text, "115 104 97 3", "a key's state, whose first bytes are sha and 3")
			assert.Contains(t, text, "(redacted)")
		})
	}
}

func TestCredentialsMarshalAsOneWord(t *testing.T) {
	t.Parallel()
	encoded, err := json.Marshal(map[string]any{"credentials": marked(), "deposits": marked().Deposits, "cashouts": marked().Cashouts})
	require.NoError(t, err)
	assert.JSONEq(t, `{"credentials":"(redacted)","deposits":"(redacted)","cashouts":"(redacted)"}`, string(encoded))
}

func TestNamed(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	marked().Named(func(name, value string) { names[name] = value })
	assert.Equal(t, map[string]string{
		"D24_DEPOSITS_API_KEY": "MARK-1", "D24_DEPOSITS_API_SIGNATURE": "MARK-2", "D24_READ_ONLY_KEY": "MARK-3",
		"D24_CASHOUTS_API_KEY": "MARK-4", "D24_CASHOUTS_API_PASSPHRASE": "MARK-5", "D24_CASHOUTS_API_SIGNATURE": "MARK-6",
	}, names)

	names = map[string]string{}
	d24.Credentials{Deposits: d24.DepositsCredentials{APIKey: "k"}}.Named(func(name, value string) { names[name] = value })
	assert.Equal(t, []string{"D24_DEPOSITS_API_KEY"}, slices.Collect(maps.Keys(names)), "what is not set has no name")
}
