package exchange_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/exchange"
)

// awkward has what JSON, URLs and languages escape in different ways.
const awkward = `"k/ey <é&+😀>\z`

func TestEveryFormOfASecret(t *testing.T) {
	t.Parallel()
	redactor := exchange.NewRedactor(map[string]string{"KEY": awkward, "WIDE": "ÿþ>>>???"})
	raw := []byte(awkward)
	for _, c := range []struct{ name, text, want string }{
		{"plain", awkward, "{{KEY}}"},
		{"JSON", `\"k/ey <é&+😀>\\z`, "{{KEY:json}}"},
		{"JSON by Go", `\"k/ey \u003cé\u0026+😀\u003e\\z`, "{{KEY:json-html}}"},
		{"JSON by Python", `\"k/ey <\u00e9&+\ud83d\ude00>\\z`, "{{KEY:json-ascii}}"},
		{"JSON by PHP", `\"k\/ey <\u00e9&+\ud83d\ude00>\\z`, "{{KEY:json-php}}"},
		{"JSON with slashes escaped only", `\"k\/ey <é&+😀>\\z`, "{{KEY:json-slash}}"},
		{"a query", url.QueryEscape(awkward), "{{KEY:url}}"},
		{"a path", url.PathEscape(awkward), "{{KEY:path}}"},
		{"hex", hex.EncodeToString(raw), "{{KEY:hex}}"},
		{"HEX", strings.ToUpper(hex.EncodeToString(raw)), "{{KEY:HEX}}"},
		{"base64", "w7/Dvj4+Pj8/Pw==", "{{WIDE:base64}}=="},
		{"base64 without padding", "w7/Dvj4+Pj8/Pw", "{{WIDE:base64}}"},
		{"base64url", "w7_Dvj4-Pj8_Pw==", "{{WIDE:base64url}}=="},
		{"its last character changed", awkward[:len(awkward)-1] + "X", "{{KEY:but-last}}X"},
		{"that, in JSON", `\"k/ey <é&+😀>\\X`, "{{KEY:but-last:json}}X"},
		{"cut in other places it is no secret", awkward[1:], awkward[1:]},
	} {
		assert.Equal(t, "("+c.want+")", redactor.String("("+c.text+")"), c.name)
	}
}

// Wherever a secret stands in a text that goes into base64, a digit of its own at most
// survives at each end.
func TestSecretsInsideBase64(t *testing.T) {
	t.Parallel()
	const secret = "pass-FAKE-0123456789??>>"
	redactor := exchange.NewRedactor(map[string]string{"PASS": secret})
	for before := range 7 {
		for after := range 4 {
			text := strings.Repeat("u", before) + secret + strings.Repeat("v", after)
			for name, encoding := range map[string]*base64.Encoding{"base64": base64.StdEncoding, "base64url": base64.URLEncoding} {
				encoded := encoding.EncodeToString([]byte(text))
				got := redactor.String("Basic " + encoded)
				assert.Contains(t, got, "{{PASS:base64", "%d before, %d after, %s", before, after, name)
				ahead, rest, _ := strings.Cut(strings.TrimPrefix(got, "Basic "), "{{")
				_, behind, _ := strings.Cut(rest, "}}")
				digits := len(ahead) + len(strings.TrimRight(behind, "="))
				assert.LessOrEqual(t, digits, (before*8+5)/6+(after*8+5)/6+2, got)
			}
		}
	}
}

func TestSecretsThatContainOneAnother(t *testing.T) {
	t.Parallel()
	redactor := exchange.NewRedactor(map[string]string{
		"SHORT": "key-12345", "LONG": "key-12345~67890", "OTHER": "XkeyX", "SAME_B": "equal-secret", "SAME_A": "equal-secret",
	})
	assert.Equal(t, "{{LONG}} {{SHORT}} {{SHORT}}~6", redactor.String("key-12345~67890 key-12345 key-12345~6"))
	assert.Equal(t, "a{{OTHER}}b", redactor.String("aXkeyXb"))
	assert.Equal(t, "{{SAME_A}}", redactor.String("equal-secret"), "of two names the first, always")

	// The name that was put in is not searched again.
	redactor = exchange.NewRedactor(map[string]string{"D24_KEY": "secret-one", "X": "D24_KEY"})
	assert.Equal(t, "{{D24_KEY}} {{X}}", redactor.String("secret-one D24_KEY"))
}

func TestShortSecrets(t *testing.T) {
	t.Parallel()
	redactor := exchange.NewRedactor(map[string]string{"EMPTY": "", "TWO": "ab", "THREE": "xyz"})
	assert.Equal(t, "ab {{THREE}} xy", redactor.String("ab xyz xy"), "one or two characters occur by chance")
	assert.Equal(t, "text", exchange.NewRedactor(nil).String("text"))
	assert.Equal(t, "text", (*exchange.Redactor)(nil).String("text"))
}

func TestARedactedExchange(t *testing.T) {
	t.Parallel()
	const secret = "sk-FAKE-0123456789"
	redactor := exchange.NewRedactor(map[string]string{"SECRET": secret})
	notUTF8 := []byte("S\xe3o " + secret + " Paulo\xff")
	original := func() *exchange.Exchange {
		e := sample()
		e.Request.URL = "https://x/" + secret
		e.Request.Header = exchange.Header{{"Authorization", "Bearer " + secret}, {"X-" + secret, "a"}, {"A", "b"}, {"A", "c"}}
		e.Request.Body = []byte(`{"pass":"` + secret + `"}`)
		e.Response.Header = exchange.Header{{"Echo", secret}}
		e.Response.Body = bytes.Clone(notUTF8)
		e.Failure = &exchange.Failure{Kind: exchange.FailureClosed, Text: "after " + secret}
		return e
	}
	e := original()
	want := original()
	want.Request.URL = "https://x/{{SECRET}}"
	want.Request.Header = exchange.Header{{"Authorization", "Bearer {{SECRET}}"}, {"X-{{SECRET}}", "a"}, {"A", "b"}, {"A", "c"}}
	want.Request.Body = []byte(`{"pass":"{{SECRET}}"}`)
	want.Response.Header = exchange.Header{{"Echo", "{{SECRET}}"}}
	want.Response.Body = []byte("S\xe3o {{SECRET}} Paulo\xff")
	want.Failure.Text = "after {{SECRET}}"

	got := redactor.Exchange(e)
	assert.Empty(t, cmp.Diff(want, got))
	assert.Empty(t, cmp.Diff(original(), e), "the original keeps its secrets")
	got.Request.Header[3].Value = "changed"
	assert.Empty(t, cmp.Diff(original(), e), "and shares nothing with the copy")
	assert.Same(t, e, (*exchange.Redactor)(nil).Exchange(e))

	var file bytes.Buffer
	require.NoError(t, exchange.Write(&file, []*exchange.Exchange{e}, redactor))
	assert.NotContains(t, file.String(), secret)
	assert.NotContains(t, file.String(), base64.RawStdEncoding.EncodeToString([]byte(secret))[:16], "nor inside the base64 of a body")
	read, err := exchange.Read(&file)
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff([]*exchange.Exchange{want}, read), "a body that was not UTF-8 is still its bytes")
}

// Whatever stands around a secret, in every spelling: it is found.
func FuzzRedact(f *testing.F) {
	f.Add("sk-FAKE-0123456789", `{"pass":"`, `"}`)
	f.Add(awkward, "\\u00", "\xff")
	f.Add("aaaaaaaa", "a", "aaa")
	f.Add("ééé", "\xc3", "\xa9")
	longestName := "{{NAME:but-last:json-ascii-html-php-slash-base64url+012-path-HEX-hex}}"
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(secret) < 3 || strings.Contains(longestName, secret) {
			return
		}
		redactor := exchange.NewRedactor(map[string]string{"NAME": secret})
		got := redactor.String(before + secret + after)
		if !strings.Contains(got, "{{NAME") {
			t.Fatalf("%q is not found in %q", secret, before+secret+after)
		}
		for part := range strings.SplitSeq(got, "{{NAME") { // what was put in may spell it again by chance
			if strings.Contains(part, secret) {
				t.Fatalf("%q survives in %q", secret, got)
			}
		}
	})
}
