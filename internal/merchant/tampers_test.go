package merchant_test

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
)

const orderBody = `{"amount":1.50,"name":"São"}`

// straight is what arrives of a request that nobody tampers with, apart from what the
// transport adds.
func straight(auth merchant.Auth) exchange.Header {
	h := exchange.Header{{Name: "User-Agent", Value: "d24conform"}}
	switch auth {
	case merchant.SignedDeposit:
		return append(h, exchange.Header{
			{Name: "Authorization", Value: "D24 " + hmacOf("dep-secret", noonText, "dep-login", orderBody)},
			{Name: "Content-Type", Value: "application/json"},
			{Name: "X-Date", Value: noonText},
			{Name: "X-Login", Value: "dep-login"},
		}...)
	case merchant.SignedCashout:
		return append(h, exchange.Header{
			{Name: "Authorization", Value: basicOfTheCashouts},
			{Name: "Content-Type", Value: "application/json"},
			{Name: "Payload-Signature", Value: hmacOf("cash-secret", orderBody)},
		}...)
	case merchant.ReadOnlyBearer:
		return append(h, exchange.Header{
			{Name: "Authorization", Value: "Bearer read-key"}, {Name: "Content-Type", Value: "application/json"},
		}...)
	case merchant.Unsigned:
	}
	return append(h, exchange.Field{Name: "Content-Type", Value: "application/json"})
}

// basicOfTheCashouts is "cash-login:cash-pass" in base64.
const basicOfTheCashouts = "Basic Y2FzaC1sb2dpbjpjYXNoLXBhc3M="

// A change is what a tamper makes of a straight request: fields that have another
// value, fields that are gone (without a value) or new, and the body.
type change struct {
	fields map[string]string
	body   string // as it was when empty
}

const gone = "\x00gone"

func TestEveryTamperChangesOneThing(t *testing.T) {
	t.Parallel()
	deposit := func(parts ...string) string { return "D24 " + hmacOf("dep-secret", parts...) }
	right := hmacOf("dep-secret", noonText, "dep-login", orderBody)
	upper := func(digest string, _ merchant.Signing) string { return strings.ToUpper(digest) }
	other := func([]byte) []byte { return []byte(`{"other":1}`) }
	rawRight, err := hex.DecodeString(right)
	require.NoError(t, err)
	for _, c := range []struct {
		name   string
		auth   merchant.Auth
		tamper merchant.Tamper
		change change
	}{
		{"nothing", merchant.SignedDeposit, merchant.Tamper{}, change{}},
		{"before: sent and signed", merchant.SignedDeposit, merchant.Tamper{Before: func(d *merchant.Draft) {
			d.SetBody([]byte("{}"))
			d.SetDate("a date")
			d.SetLogin("a login")
			d.Header.Set("X-New", "new")
		}}, change{map[string]string{
			"Authorization": deposit("a date", "a login", "{}"), "X-Date": "a date", "X-Login": "a login", "X-New": "new",
		}, "{}"}},
		{"at: signed only", merchant.SignedDeposit, merchant.Tamper{At: func(s *merchant.Signing) {
			s.Date, s.Login, s.Body, s.Secret = "a date", "a login", []byte("{}"), "a secret"
		}}, change{map[string]string{"Authorization": "D24 " + hmacOf("a secret", "a date", "a login", "{}")}, ""}},
		{"after: sent only", merchant.SignedDeposit, merchant.Tamper{After: func(d *merchant.Draft) {
			d.Body = []byte("{}")
			d.Header.Set("X-Date", "a date")
			d.Header.Delete("X-Login")
		}}, change{map[string]string{"X-Date": "a date", "X-Login": gone}, "{}"}},

		{
			"without X-Date", merchant.SignedDeposit, merchant.WithoutHeader("X-Date"),
			change{map[string]string{"X-Date": gone, "Authorization": deposit("", "dep-login", orderBody)}, ""},
		},
		{
			"without X-Login", merchant.SignedDeposit, merchant.WithoutHeader("X-Login"),
			change{map[string]string{"X-Login": gone, "Authorization": deposit(noonText, orderBody)}, ""},
		},
		{"without Authorization", merchant.SignedDeposit, merchant.WithoutHeader("Authorization"), change{map[string]string{"Authorization": gone}, ""}},
		{"without Content-Type", merchant.SignedDeposit, merchant.WithoutHeader("Content-Type"), change{map[string]string{"Content-Type": gone}, ""}},
		{"without User-Agent", merchant.SignedCashout, merchant.WithoutHeader("User-Agent"), change{map[string]string{"User-Agent": gone}, ""}},
		{"without Payload-Signature", merchant.SignedCashout, merchant.WithoutHeader("Payload-Signature"), change{map[string]string{"Payload-Signature": gone}, ""}},
		{"an empty User-Agent", merchant.SignedCashout, merchant.WithHeader("User-Agent", ""), change{map[string]string{"User-Agent": gone, "User-agent": ""}, ""}},
		{"another User-Agent", merchant.SignedCashout, merchant.WithHeader("User-Agent", "curl"), change{map[string]string{"User-Agent": "curl"}, ""}},
		{
			"an empty X-Date", merchant.SignedDeposit, merchant.WithHeader("X-Date", ""),
			change{map[string]string{"X-Date": "", "Authorization": deposit("", "dep-login", orderBody)}, ""},
		},
		{
			"another X-Login", merchant.SignedDeposit, merchant.WithHeader("X-Login", "else"),
			change{map[string]string{"X-Login": "else", "Authorization": deposit(noonText, "else", orderBody)}, ""},
		},
		{"another Content-Type", merchant.SignedDeposit, merchant.WithHeader("Content-Type", "text/plain"), change{map[string]string{"Content-Type": "text/plain"}, ""}},
		{"an empty idempotency key", merchant.SignedDeposit, merchant.WithHeader("X-Idempotency-Key", ""), change{map[string]string{"X-Idempotency-Key": ""}, ""}},
		{
			"another Authorization", merchant.SignedDeposit, merchant.WithHeader("Authorization", merchant.BasicAuth("u", "p")),
			change{map[string]string{"Authorization": "Basic dTpw"}, ""},
		},

		{
			"dated", merchant.SignedDeposit, merchant.Dated(func(now time.Time) string { return d24.FormatDate(now.Add(-6 * time.Second)) }),
			change{map[string]string{"X-Date": "2026-03-04T11:59:54Z", "Authorization": deposit("2026-03-04T11:59:54Z", "dep-login", orderBody)}, ""},
		},
		{"dated after signing", merchant.SignedDeposit, merchant.DateAfterSigning(time.Second), change{map[string]string{"X-Date": "2026-03-04T12:00:01Z"}, ""}},
		{"a date after signing, of what has none", merchant.SignedCashout, merchant.DateAfterSigning(time.Second), change{}},

		{
			"another secret", merchant.SignedDeposit, merchant.SignedWith("cash-secret"),
			change{map[string]string{"Authorization": "D24 " + hmacOf("cash-secret", noonText, "dep-login", orderBody)}, ""},
		},
		{"another secret, a cashout", merchant.SignedCashout, merchant.SignedWith("dep-secret"), change{map[string]string{"Payload-Signature": hmacOf("dep-secret", orderBody)}, ""}},
		{"no secret", merchant.SignedCashout, merchant.SignedWith(""), change{map[string]string{"Payload-Signature": hmacOf("", orderBody)}, ""}},
		{
			"another text", merchant.SignedDeposit, merchant.SigningOther(func(s *merchant.Signing) { s.Date, s.Login = s.Login, s.Date }),
			change{map[string]string{"Authorization": deposit("dep-login", noonText, orderBody)}, ""},
		},

		{"other digits", merchant.SignedDeposit, merchant.WithSignature(upper), change{map[string]string{"Authorization": "D24 " + strings.ToUpper(right)}, ""}},
		{
			"other digits, a cashout", merchant.SignedCashout, merchant.WithSignature(upper),
			change{map[string]string{"Payload-Signature": strings.ToUpper(hmacOf("cash-secret", orderBody))}, ""},
		},
		{"other digits of what has none", merchant.ReadOnlyBearer, merchant.WithSignature(upper), change{}},
		{
			"in base64", merchant.SignedDeposit, merchant.WithSignature(merchant.Base64Digest),
			change{map[string]string{"Authorization": "D24 " + base64Of(rawRight)}, ""},
		},
		{"another scheme", merchant.SignedDeposit, merchant.WithScheme("TUPAY "), change{map[string]string{"Authorization": "TUPAY " + right}, ""}},
		{"no scheme", merchant.SignedDeposit, merchant.WithScheme(""), change{map[string]string{"Authorization": right}, ""}},

		{
			"another body", merchant.SignedDeposit, merchant.WithBody(other),
			change{map[string]string{"Authorization": deposit(noonText, "dep-login", `{"other":1}`)}, `{"other":1}`},
		},
		{"another body after signing", merchant.SignedDeposit, merchant.BodyAfterSigning(other), change{nil, `{"other":1}`}},

		{
			"signed as a deposit", merchant.ReadOnlyBearer, merchant.SignedAsDeposit(credentials().Deposits),
			change{map[string]string{"Authorization": "D24 " + right, "X-Date": noonText, "X-Login": "dep-login"}, ""},
		},
		{"without secrets, Bearer", merchant.ReadOnlyBearer, merchant.WithoutSecrets(), change{map[string]string{"Authorization": "Bearer made-up-for-plain-http"}, ""}},
		{
			"other cashouts credentials", merchant.SignedCashout, merchant.WithCashoutCredentials("l", "p"),
			change{map[string]string{
				"Authorization": "Basic bDpw", "Payload-Signature": hmacOf("cash-secret", `{"amount":1.50,"name":"São","login":"l","pass":"p"}`),
			}, `{"amount":1.50,"name":"São","login":"l","pass":"p"}`},
		},
		{"without secrets, a deposit has none", merchant.SignedDeposit, merchant.WithoutSecrets(), change{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := onTheWire(t, answering)
			e := client(t, w).Do(t.Context(), merchant.Request{Method: http.MethodPost, Path: "/", Auth: c.auth, Body: []byte(orderBody)}, c.tamper)
			require.Nil(t, e.Failure)
			got := w.all()[0]
			assert.Empty(t, cmp.Diff(got.header, e.Request.Header))
			assert.Equal(t, got.body, string(e.Request.Body))
			want := orderBody
			if c.change.body != "" {
				want = c.change.body
			}
			assert.Equal(t, want, got.body)
			assert.Empty(t, cmp.Diff(apply(straight(c.auth), c.change.fields), sorted(got.header)))
		})
	}
}

// apply makes the changes, in the order of names that net/http writes.
func apply(h exchange.Header, fields map[string]string) exchange.Header {
	for name, value := range fields {
		h = slices.DeleteFunc(h, func(f exchange.Field) bool { return f.Name == name })
		if value != gone {
			h = append(h, exchange.Field{Name: name, Value: value})
		}
	}
	return sorted(h)
}

// sorted is the header without what depends on the server and the body.
func sorted(h exchange.Header) exchange.Header {
	h = slices.DeleteFunc(h.Clone(), func(f exchange.Field) bool { return f.Name == "Host" || f.Name == "Content-Length" })
	slices.SortFunc(h, func(a, b exchange.Field) int { return strings.Compare(a.Name, b.Name) })
	return h
}

func TestACashoutWithoutSecrets(t *testing.T) {
	t.Parallel()
	w := onTheWire(t, answering)
	c := client(t, w)
	orders := &merchant.Orders{Run: "test"}
	for _, r := range []merchant.Request{
		c.CreateCashout(orders.Cashout(100)), c.CashoutStatus("1", ""), c.UpdateCashout("1", "x", "ON_HOLD"), c.CancelCashout("1", "x"),
	} {
		require.Contains(t, string(r.Body), "cash-pass")
		e := c.Do(t.Context(), r, merchant.WithoutSecrets())
		got := w.all()[len(w.all())-1]
		assert.NotContains(t, got.body, "cash-pass")
		assert.Empty(t, got.header.Get("Authorization"))
		assert.Equal(t, strings.ReplaceAll(string(r.Body), "cash-pass", "made-up-for-plain-http"), got.body)
		assert.Equal(t, hmacOf("cash-secret", got.body), e.Request.Header.Get("Payload-Signature"), "one fault only")
	}
}

// Several tampers act in the order of the steps, and within one in their own.
func TestTampersTogether(t *testing.T) {
	t.Parallel()
	w := onTheWire(t, answering)
	var order []string
	note := func(name string) merchant.Tamper {
		return merchant.Tamper{
			Before: func(*merchant.Draft) { order = append(order, "before "+name) },
			At:     func(*merchant.Signing) { order = append(order, "at "+name) },
			After:  func(*merchant.Draft) { order = append(order, "after "+name) },
		}
	}
	client(t, w).Do(t.Context(), post("{}"), note("a"), note("b"))
	want := []string{"before a", "before b", "at a", "at b", "after a", "after b"}
	assert.Equal(t, append(want, want...), order, "once before there is a connection, once when it is up")
}
