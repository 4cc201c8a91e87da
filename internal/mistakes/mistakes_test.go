package mistakes_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/mistakes"
	"github.com/d24conform/d24conform/vectors"
)

// notFound are mistakes that cannot be tried without knowing more: a normal form of
// Unicode, what a parser did with something that is no character or stands twice.
var notFound = []string{
	"unicode-nfd", "unicode-nfc", "replacement-character", "duplicate-keys-merged", "percent-encoded", "first-attempt-date",
	// One language's own habits with keys that are numbers, exponents, leading zeros and
	// raw control characters.
	"deposits/numeric-key-order reordered-keys", "deposits/number-exponent numbers-rewritten", "cashouts/leading-zeros numbers-rewritten",
	"deposits/quotes-and-backslashes decoded-escapes", "deposits/nul-escape decoded-escapes",
}

// spelling are mistakes in writing the right digest down.
var spelling = []string{"upper-case", "base64", "base64-of-hex", "no-scheme", "scheme-lower-case", "scheme-tupay", "scheme-added"}

// TestEveryMistakeOfTheVectorsIsFoundByItsName takes the wrong answers that other tools
// made, and asks what was done wrong.
func TestEveryMistakeOfTheVectorsIsFoundByItsName(t *testing.T) {
	t.Parallel()
	set, err := vectors.Load()
	require.NoError(t, err)
	tried, told := 0, 0
	for _, c := range set.Signatures {
		if !c.Accepted() || c.Reading != "" || c.Kind != vectors.KindDepositRequest && c.Kind != vectors.KindCashoutRequest {
			continue
		}
		request := mistakes.Request{
			Value: c.Signature, Cashouts: c.Kind == vectors.KindCashoutRequest, Date: c.XDate, Login: c.XLogin, Body: c.Body(),
			Key: c.Key, Idempotency: "idem-FAKE-0001",
		}
		assert.Equal(t, mistakes.Diagnosis{}, mistakes.Explain(request), c.ID)
		for _, m := range c.Mistakes {
			request := request
			request.Value = m.Answer
			withContext(t, &request, m)
			got := mistakes.Explain(request)
			tried++
			if got.Signed != nil {
				assert.Equal(t, m.StringToSignHex, hex.EncodeToString(got.Signed), "%s %s", c.ID, m.Name)
				told++
			}
			switch {
			case slices.Contains(notFound, m.Name), slices.Contains(notFound, c.ID+" "+m.Name):
			case slices.Contains(spelling, m.Name):
				assert.Equal(t, mistakes.Nothing, got.About, "%s %s: the digest itself is right", c.ID, m.Name)
			case strings.HasPrefix(m.Name, "wrong-key"):
				assert.Equal(t, mistakes.Key, got.About, "%s %s", c.ID, m.Name)
			default:
				assert.Contains(t, alike(got.Name), m.Name, "%s %s (%s): %+v", c.ID, m.Name, m.What, got)
			}
		}
	}
	assert.Greater(t, tried, 100)
	assert.Greater(t, told, 100)
}

// alike are the names that one and the same text can have: of a body without letters
// beyond ASCII, or with its white space and escapes gone, more than one is true.
func alike(name string) []string {
	names := strings.Split(name, "+")
	for _, group := range [][]string{
		{"compacted", "decoded-escapes", "trimmed", "numbers-rewritten", "line-endings"},
		{"latin-1", "question-marks"},
		{"offset", "local-time"},
		{"trailing-newline", "trimmed"},
		{"query-signed", "path-signed"},
	} {
		if slices.ContainsFunc(names, func(n string) bool { return slices.Contains(group, n) }) {
			return append(group, names...)
		}
	}
	return names
}

// withContext adds what the vector does not say in fields of its own: the path that was
// signed, and the key that was mistaken for the right one.
func withContext(t *testing.T, r *mistakes.Request, m vectors.Mistake) {
	t.Helper()
	text, err := hex.DecodeString(m.StringToSignHex)
	require.NoError(t, err)
	key, err := hex.DecodeString(m.KeyHex)
	require.NoError(t, err)
	switch {
	case m.Name == "query-signed":
		r.Query = "voucher=true"
	case m.Name == "path-signed":
		signed := string(text)
		signed = strings.TrimPrefix(signed, r.Date+r.Login)
		signed = strings.TrimSuffix(signed, string(r.Body))
		method, target, _ := strings.Cut(signed, "/")
		r.Method = method
		r.Path, r.Query, _ = strings.Cut("/"+target, "?")
	case strings.HasPrefix(m.Name, "wrong-key"):
		r.Others = map[string]string{"other key": string(key)}
	case m.Name == "deposit-formula":
		r.Date, r.Login = string(text[:20]), strings.TrimSuffix(string(text[20:]), string(r.Body))
	}
}

func TestWhatNobodyKnowsIsNotGuessed(t *testing.T) {
	t.Parallel()
	r := mistakes.Request{Date: "2020-06-21T12:33:20Z", Login: "login", Body: []byte(`{"a":1}`), Key: "secret", Method: "POST", Path: "/v3/deposits"}
	for _, value := range []string{"", "D24 ", "D24 " + strings.Repeat("0", 64), "Bearer key", "D24 nonsense", "\xff"} {
		r.Value = value
		assert.Equal(t, mistakes.Diagnosis{About: mistakes.Unknown}, mistakes.Explain(r), value)
	}
}
