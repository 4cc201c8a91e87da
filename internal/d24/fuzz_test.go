package d24_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

// Of all values of an Authorization header exactly one is right: the scheme word, a
// space, and the digest that the standard library's own HMAC gives. The corpora of these
// targets stand in testdata/fuzz, each input under the name of what it is.
func FuzzAuthorization(f *testing.F) {
	f.Fuzz(func(t *testing.T, value, secret, xDate, xLogin string, body []byte) {
		key := d24.NewKey(secret)
		want := "D24 " + reference(secret, xDate+xLogin+string(body))
		require.Equal(t, want, key.Authorization(xDate, xLogin, body))
		require.True(t, key.VerifyAuthorization(want, xDate, xLogin, body))
		require.Equal(t, value == want, key.VerifyAuthorization(value, xDate, xLogin, body))
		for _, wrong := range []string{value + want, want + value} {
			require.Equal(t, wrong == want, key.VerifyAuthorization(wrong, xDate, xLogin, body), "%q", wrong)
		}
		require.False(t, key.VerifyAuthorization(want, xDate, xLogin, append([]byte("x"), body...)))
	})
}

// So it is with the control of a cashout notification, in upper case, and the
// Payload-Signature over its form or over a request's JSON, in lower case.
func FuzzControlAndPayload(f *testing.F) {
	f.Fuzz(func(t *testing.T, value, secret, externalID string, body []byte) {
		key := d24.NewKey(secret)
		control, payload := strings.ToUpper(reference(secret, "Be4"+externalID+"Bo7")), reference(secret, string(body))
		require.Equal(t, control, key.Control(externalID))
		require.Equal(t, payload, key.Payload(body))
		require.True(t, key.VerifyControl(control, externalID))
		require.True(t, key.VerifyPayload(payload, body))
		require.Equal(t, value == control, key.VerifyControl(value, externalID))
		require.Equal(t, value == payload, key.VerifyPayload(value, body))
		require.False(t, key.VerifyControl(control, externalID+"x"))
	})
}

// A body of any kind is read without a panic, and what was read is written as something
// that reads the same: ids in both spellings, amounts, statuses.
func FuzzBodies(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		readsBack[d24.DepositRequest](t, body)
		readsBack[d24.DepositAnswer](t, body)
		readsBack[d24.DepositStatusAnswer](t, body)
		readsBack[d24.RefundRequest](t, body)
		readsBack[d24.CashoutRequest](t, body)
		readsBack[d24.CashoutStatusAnswer](t, body)
		readsBack[d24.DepositError](t, body)
		readsBack[d24.CashoutError](t, body)
	})
}

func readsBack[T any](t *testing.T, body []byte) {
	t.Helper()
	var first, second T
	if json.Unmarshal(body, &first) != nil {
		return
	}
	written, err := json.Marshal(first)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(written, &second), "%T is written as %s", first, written)
	again, err := json.Marshal(second)
	require.NoError(t, err)
	require.Equal(t, string(written), string(again), "%T", first)
}

// A notification's body is read as one of its kinds or not at all, and what was read is
// written as something that reads the same.
func FuzzNotifications(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		if kind, id, err := d24.ParseNotification(body); err == nil {
			kindAgain, again, err := d24.ParseNotification(d24.EncodeNotification(kind, id))
			require.NoError(t, err)
			require.Equal(t, kind, kindAgain)
			require.Equal(t, id, again)
		}
		if form, err := d24.ParseCashoutForm(body); err == nil {
			again, err := d24.ParseCashoutForm(form.Encode())
			require.NoError(t, err)
			require.Equal(t, form, again)
		}
	})
}
