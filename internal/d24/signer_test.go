package d24_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

// reference is the digest by the standard library's own HMAC, in one piece.
func reference(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// The vectors pin the signature; this pins that no length of date, login and body
// falls between two of the signer's writes.
func TestDepositAtEveryLength(t *testing.T) {
	t.Parallel()
	const secret = "sk-FAKE"
	signer := d24.NewKey(secret).Signer()
	letters := strings.Repeat("abcdefghijklmnopqrstuvwxyz0123456789", 40)
	for _, login := range []int{0, 1, 10, 43, 44, 45, 171, 172, 173, 235, 236, 255, 256, 257, 1000} {
		for _, body := range []int{0, 1, 33, 34, 35, 63, 64, 65, 127, 128, 129, 1300} {
			xLogin, payload := letters[:login], letters[len(letters)-body:]
			want := reference(secret, benchDate+xLogin+payload)
			require.Equal(t, want, string(signer.AppendDeposit(nil, benchDate, xLogin, []byte(payload))), "login of %d, body of %d", login, body)
			require.Equal(t, reference(secret, payload), string(signer.AppendPayload(nil, []byte(payload))), "body of %d", body)
		}
		id := letters[:login]
		require.Equal(t, strings.ToUpper(reference(secret, "Be4"+id+"Bo7")), string(signer.AppendControl(nil, id)), "external id of %d", login)
	}
}

func TestKeysOfEveryLength(t *testing.T) {
	t.Parallel()
	for _, length := range []int{0, 1, 63, 64, 65, 200} { // RFC 2104 hashes those over 64 bytes
		secret := strings.Repeat("k", length)
		assert.Equal(t, reference(secret, "{}"), d24.NewKey(secret).Payload([]byte("{}")), "key of %d", length)
	}
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	signer := d24.NewKey("sk-FAKE").Signer()
	body := []byte(`{"amount":1}`)
	assert.Equal(t, "D24 "+string(signer.AppendDeposit(nil, benchDate, benchLogin, body)),
		string(signer.AppendDeposit([]byte("D24 "), benchDate, benchLogin, body)))
	assert.Equal(t, "abc"+string(signer.AppendControl(nil, "x")), string(signer.AppendControl([]byte("abc"), "x")),
		"only the digits are made upper case")
}

func TestTheBodyIsOnlyRead(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte("0123456789"), 20)
	before := bytes.Clone(body)
	d24.NewKey("sk-FAKE").Signer().AppendDeposit(make([]byte, 0, 512), benchDate, benchLogin, body)
	assert.Equal(t, before, body)
}

func TestSigningAllocatesNothing(t *testing.T) { // not parallel: it counts everybody's allocations
	key := d24.NewKey(benchKey)
	signer, dst := key.Signer(), make([]byte, 0, d24.DigestHexLen)
	long := strings.Repeat("l", 300)
	for _, size := range []int{0, 256, 1 << 10, 64 << 10} {
		body := make([]byte, size)
		deposit, payload, control := key.Authorization(benchDate, long, body), key.Payload(body), key.Control(long)
		for name, op := range map[string]func() bool{
			"AppendDeposit":               func() bool { return len(signer.AppendDeposit(dst, benchDate, benchLogin, body)) > 0 },
			"AppendDeposit, a long login": func() bool { return len(signer.AppendDeposit(dst, benchDate, long, body)) > 0 },
			"AppendPayload":               func() bool { return len(signer.AppendPayload(dst, body)) > 0 },
			"AppendControl":               func() bool { return len(signer.AppendControl(dst, long)) > 0 },
			"VerifyAuthorization":         func() bool { return key.VerifyAuthorization(deposit, benchDate, long, body) },
			"VerifyPayload":               func() bool { return key.VerifyPayload(payload, body) },
			"VerifyControl":               func() bool { return key.VerifyControl(control, long) },
		} {
			ok := true
			// Under the race detector a pool forgets at random, so that Verify makes signers.
			if allocs := testing.AllocsPerRun(200, func() { ok = op() && ok }); allocs != 0 && !raceEnabled {
				t.Errorf("%s of %d bytes: %v allocations", name, size, allocs)
			}
			assert.True(t, ok, name)
		}
	}
}

func TestAKeyIsShared(t *testing.T) {
	t.Parallel()
	key := d24.NewKey(benchKey)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			body := fmt.Appendf(nil, `{"n":%d}`, i)
			want := d24.Scheme + reference(benchKey, benchDate+benchLogin+string(body))
			signer := key.Signer()
			for range 50 {
				assert.Equal(t, want, key.Authorization(benchDate, benchLogin, body))
				assert.Equal(t, want, string(signer.AppendDeposit([]byte(d24.Scheme), benchDate, benchLogin, body)))
				assert.True(t, key.VerifyAuthorization(want, benchDate, benchLogin, body))
				assert.False(t, key.VerifyAuthorization(want, benchDate, benchLogin, []byte("{}")))
				assert.True(t, key.VerifyControl(key.Control("id"), "id"))
				assert.True(t, key.VerifyPayload(key.Payload(body), body))
			}
		})
	}
	all.Wait()
}

func TestOnlyTheExactValueVerifies(t *testing.T) {
	t.Parallel()
	key := d24.NewKey(benchKey)
	body := []byte(`{"amount":1}`)
	right := key.Deposit(benchDate, benchLogin, body)
	for name, value := range map[string]string{
		"no scheme":         right,
		"another scheme":    "TUPAY " + right,
		"lower-case scheme": "d24 " + right,
		"two spaces":        "D24  " + right,
		"upper case":        "D24 " + strings.ToUpper(right),
		"a digit less":      "D24 " + right[:63],
		"a digit more":      "D24 " + right + "0",
		"a space behind":    "D24 " + right + " ",
		"nothing":           "",
		"the scheme alone":  "D24 ",
	} {
		assert.False(t, key.VerifyAuthorization(value, benchDate, benchLogin, body), name)
	}
	assert.True(t, key.VerifyAuthorization("D24 "+right, benchDate, benchLogin, body))
	assert.False(t, key.VerifyPayload("", nil))
	assert.False(t, key.VerifyPayload(strings.ToUpper(key.Payload(body)), body))
	assert.False(t, key.VerifyControl("", "id"))
	assert.False(t, key.VerifyControl(strings.ToLower(key.Control("id")), "id"))
}
