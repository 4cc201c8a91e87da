package cli

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/vectors"
)

// TestSignAgreesWithEveryVector signs each vector by the command. The vectors are
// computed again by openssl, node and python beside them, so all four agree.
func TestSignAgreesWithEveryVector(t *testing.T) {
	t.Parallel()
	set, err := vectors.Load()
	require.NoError(t, err)
	signed := 0
	for _, c := range set.Signatures {
		env := map[string]string{
			d24.EnvDepositsAPIKey: c.XLogin, d24.EnvDepositsAPISignature: c.Key, d24.EnvCashoutsAPISignature: c.Key,
		}
		var args []string
		switch {
		case c.Signature == "" || c.Reading != "" || c.Key == "":
			continue // nothing can be right, another reading than the default, or a secret that is none
		case strings.ContainsFunc(c.Key+c.XLogin, unicode.IsControl):
			continue // cannot stand in the environment
		case c.Kind == vectors.KindCashoutControl && c.ExternalID == "":
			continue // sign refuses an id that is none
		case c.Kind == vectors.KindCashoutControl:
			args = []string{"sign", "control", c.ExternalID}
		case c.Kind == vectors.KindCashoutRequest || c.Kind == vectors.KindCashoutNotificationPayload:
			args = []string{"sign", "cashout"}
		default:
			if _, err := d24.ParseDate(c.XDate); err != nil || c.XLogin == "" {
				continue // sign refuses to make such a request at all
			}
			args = []string{"sign", "deposit", "--date", c.XDate}
		}
		a, stdout, stderr := testApp(env, bytes.NewReader(c.Body()), args...)
		if assert.Equal(t, ExitOK, a.run(t.Context()), "%s: %s", c.ID, stderr) {
			assert.Contains(t, stdout.String(), c.Signature+"\n", c.ID)
		}
		signed++
	}
	t.Logf("%d of %d vectors signed", signed, len(set.Signatures))
	assert.Greater(t, signed, len(set.Signatures)*8/10, "nearly all vectors can be signed by the command")
}
