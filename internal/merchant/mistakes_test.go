package merchant_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
)

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func TestWrongDigests(t *testing.T) {
	t.Parallel()
	s := merchant.Signing{Secret: "key", Date: "The quick brown fox ", Login: "jumps over ", Body: []byte("the lazy dog")}
	assert.Equal(t, "The quick brown fox jumps over the lazy dog", string(s.StringToSign()))
	// The well-known test values of this sentence.
	assert.Equal(t, "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9", merchant.SHA1Digest("", s))
	assert.Equal(t, "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592", merchant.UnkeyedDigest("", s))
	assert.Len(t, merchant.SHA1Digest("", s), 2*sha1.Size)
	sum := sha256.Sum256(s.StringToSign())
	assert.Equal(t, base64Of(sum[:]), merchant.Base64Digest(hex.EncodeToString(sum[:]), s))
	assert.Equal(t, "not hex", merchant.Base64Digest("not hex", s))
}

func TestSmallChanges(t *testing.T) {
	t.Parallel()
	for digest, want := range map[string]string{"abc": "ab0", "ab0": "ab1", "": ""} {
		assert.Equal(t, want, merchant.FlipDigit(digest, len(digest)-1))
	}
	assert.Equal(t, "0bc", merchant.FlipDigit("abc", 0))
	assert.Equal(t, "abc", merchant.FlipDigit("abc", 3))

	for text, want := range map[string]string{"login": "logix", "max": "may", "": "x", "x": "y"} {
		assert.Equal(t, want, merchant.ChangeLast(text))
	}
	for body, want := range map[string]string{
		`{"a":"b"}`: `{"a":"c"}`, `{"a":"z"}`: `{"a":"y"}`, `{"a":9}`: `{"a":8}`, `{"a":10}`: `{"a":11}`, `{"a":"Z"}`: `{"a":"Y"}`, `{"a":"B…"}`: `{"a":"C…"}`, `{}`: `{}`, ``: ``,
	} {
		before := strings.Clone(body)
		assert.Equal(t, want, string(merchant.ChangeLastField([]byte(body))))
		assert.Equal(t, before, body)
	}
}

// The same value in other bytes.
func TestSpellings(t *testing.T) {
	t.Parallel()
	const text = `{"b":{"y":[1,2],"x":12345678901234567890},"a":"é😀\u00e9"}`
	for name, changed := range map[string][]byte{
		"Pretty": merchant.Pretty([]byte(text)), "Reverse": merchant.Reverse([]byte(text)), "EscapeUnicode": merchant.EscapeUnicode([]byte(text)),
	} {
		assert.NotEqual(t, text, string(changed), name)
		assert.JSONEq(t, text, string(changed), name)
	}
	for _, c := range []struct{ got, want string }{
		{string(merchant.Reverse([]byte(text))), `{"a":"é😀\u00e9","b":{"y":[1,2],"x":12345678901234567890}}`},
		{string(merchant.EscapeUnicode([]byte(text))), `{"b":{"y":[1,2],"x":12345678901234567890},"a":"\u00e9\ud83d\ude00\u00e9"}`},
	} {
		assert.Equal(t, c.want, c.got)
	}
	for _, none := range []string{`[1,2]`, `nonsense`, ``, `{"a":1`} {
		assert.Equal(t, none, string(merchant.Reverse([]byte(none))))
	}
	assert.Equal(t, "nonsense", string(merchant.Pretty([]byte("nonsense"))))
	assert.Equal(t, "S\xe3o ?", string(merchant.Latin1([]byte("São …"))))
}

func TestReplaceAndRename(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "a-X-b", string(merchant.Replace([]byte("a-b-b"), "none", "N", "b", "X")))
	assert.Equal(t, "abc", string(merchant.Replace([]byte("abc"), "none", "N", "odd")))

	orders := &merchant.Orders{Run: "test"}
	c, err := merchant.New(merchant.Options{BaseURL: "https://x", Credentials: credentials()})
	require.NoError(t, err)
	for _, r := range []merchant.Request{merchant.CreateDeposit(orders.Deposit(100)), c.CreateCashout(orders.Cashout(100))} {
		before := string(r.Body)
		renamed := string(merchant.Rename(r.Body, `Zoë "Z"`))
		assert.Equal(t, strings.Replace(before, `"Maria"`, `"Zoë \"Z\""`, 1), renamed)
		assert.Equal(t, before, string(r.Body))
	}
}

func TestSetField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, object, want string }{
		{"in its place", `{"a":1,"x":2,"b":3}`, `{"a":1,"x":"new","b":3}`},
		{"a new one at the end", `{"a":1}`, `{"a":1,"x":"new"}`},
		{"the first one", `{}`, `{"x":"new"}`},
		{"white space stays", "\n{ \"a\" : 1 ,\t\"x\" : [2, 3] , \"b\":4 }\n", "\n{ \"a\" : 1 ,\t\"x\" : \"new\" , \"b\":4 }\n"},
		{"white space before the end", "{ \"a\" : 1 }", "{ \"a\" : 1,\"x\":\"new\" }"},
		{"white space alone", "{ }", "{ \"x\":\"new\"}"},
		{"every duplicate", `{"x":1,"a":2,"x":3}`, `{"x":"new","a":2,"x":"new"}`},
		{"not the nested ones", `{"a":{"x":1},"x":{"x":{"x":2}},"b":[{"x":3}]}`, `{"a":{"x":1},"x":"new","b":[{"x":3}]}`},
		{"numbers as they are", `{"a":12345678901234567890.10e+5,"x":1,"b":1.0}`, `{"a":12345678901234567890.10e+5,"x":"new","b":1.0}`},
		{"escapes as they are", `{"\u0061":"\u00e9\/<&","x":1}`, `{"\u0061":"\u00e9\/<&","x":"new"}`},
		{"a name that is escaped", `{"\u0078":1}`, `{"\u0078":"new"}`},
		{"braces in strings", `{"a":"}{\"","x":1}`, `{"a":"}{\"","x":"new"}`},
		{"an array", `[1]`, `[1]`},
		{"a string", `"x"`, `"x"`},
		{"cut short", `{"a":1`, `{"a":1`},
		{"with something behind", `{"a":1} {}`, `{"a":1} {}`},
		{"nothing", ``, ``},
	} {
		before := strings.Clone(c.object)
		assert.Equal(t, c.want, string(merchant.SetField([]byte(c.object), "x", "new")), c.name)
		assert.Equal(t, before, c.object, c.name)
	}
	assert.JSONEq(t, `{"x":1.5}`, string(merchant.SetField([]byte(`{"x":1}`), "x", d24.Amount(150))))
	assert.Contains(t, string(merchant.SetField([]byte(`{}`), "<&>", "<&>")), `"<&>":"<&>"`, "nothing is escaped that need not be")
}

func TestRemoveField(t *testing.T) {
	t.Parallel()
	for object, want := range map[string]string{
		`{"x":1}`:                              `{}`,
		`{"x":1,"a":2}`:                        `{"a":2}`,
		`{"a":2,"x":1}`:                        `{"a":2}`,
		`{"a":1,"x":{"x":2},"b":{"x":3.10}}`:   `{"a":1,"b":{"x":3.10}}`,
		`{"x":1,"a":"\u00e9","x":2,"b":1e400}`: `{"a":"\u00e9","b":1e400}`,
		`{ "a" : 1 }`:                          `{ "a" : 1 }`,
		`[1]`:                                  `[1]`,
		`{"x":1`:                               `{"x":1`,
	} {
		assert.Equal(t, want, string(merchant.RemoveField([]byte(object), "x")))
	}
}

// Whatever the object is, one field changes and the others keep every byte.
func FuzzSetField(f *testing.F) {
	for _, object := range []string{`{"a":1,"x":2}`, ` { "x" : [ 1 ] } `, `{"x":1,"x":2}`, `{"a":{"x":"}"}}`, `[]`, `{}`, "{\"\xff\":1}"} {
		f.Add([]byte(object))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		var before map[string]json.RawMessage
		changed := merchant.SetField(object, "x", "new")
		if json.Unmarshal(object, &before) != nil || before == nil {
			require.Equal(t, object, changed)
			return
		}
		var after map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(changed, &after))
		before["x"] = json.RawMessage(`"new"`)
		require.Empty(t, cmp.Diff(before, after))

		var removed map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(merchant.RemoveField(changed, "x"), &removed))
		delete(before, "x")
		require.Empty(t, cmp.Diff(before, removed))
	})
}

func TestOrders(t *testing.T) {
	t.Parallel()
	orders := &merchant.Orders{Run: "r1"}
	assert.Equal(t, "d24c-r1-1", orders.NextID())
	assert.Equal(t, "d24c-r1-2", orders.Deposit(100).InvoiceID)
	assert.Equal(t, "d24c-r1-3", orders.Cashout(100).ExternalID)
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, orders.NewKey())
	one, two := orders.NewKey(), orders.NewKey()
	assert.NotEqual(t, one, two)

	// A run can be repeated: keys come from its seed, also from many goroutines.
	seeded := func() []string {
		o := &merchant.Orders{Run: "r", Random: rand.NewChaCha8([32]byte{1})}
		var (
			all   sync.WaitGroup
			start = make(chan struct{})
			keys  = make([]string, 800)
		)
		for part := range slices.Chunk(keys, 100) {
			all.Go(func() {
				<-start
				for i := range part {
					part[i] = o.NewKey()
				}
			})
		}
		close(start)
		all.Wait()
		slices.Sort(keys)
		return keys
	}
	first := seeded()
	assert.Len(t, slices.Compact(slices.Clone(first)), 800)
	assert.Equal(t, first, seeded())
}

func TestRequestsOfTheDocuments(t *testing.T) {
	t.Parallel()
	c, err := merchant.New(merchant.Options{BaseURL: "https://x", Credentials: credentials()})
	require.NoError(t, err)
	amount := d24.Amount(250)
	for _, want := range []struct {
		request            merchant.Request
		method, path, body string
		auth               merchant.Auth
	}{
		{merchant.DepositStatus("300000001"), "GET", "/v3/deposits/300000001", "", merchant.SignedDeposit},
		{merchant.RefundStatus("7"), "GET", "/v3/refunds/7", "", merchant.SignedDeposit},
		{merchant.CreateRefund("300000001", "inv", &amount), "POST", "/v3/refunds", `{"deposit_id":300000001,"invoice_id":"inv","amount":2.5,` +
			`"bank_account":{"beneficiary":"Maria Silva","bank_code":"001","branch":"0001","account_number":"12345678","account_type":"C"},` +
			`"comments":"d24conform refund","notification_url":"https://merchant.example/notify"}`, merchant.SignedDeposit},
		{c.CashoutStatus("", "ext"), "POST", "/v3/cashout/status", `{"login":"cash-login","pass":"cash-pass","external_id":"ext"}`, merchant.SignedCashout},
		{c.UpdateCashout("5", "order-5", "ON_HOLD"), "PUT", "/v3/cashout/status", `{"login":"cash-login","pass":"cash-pass","cashout_id":5,"external_id":"order-5","status":"ON_HOLD"}`, merchant.SignedCashout},
		{c.CancelCashout("5", "ext"), "DELETE", "/v3/cashout/cancel", `{"login":"cash-login","pass":"cash-pass","cashout_id":5,"external_id":"ext"}`, merchant.SignedCashout},
		{merchant.ReadOnly("/v3/banks", nil), "GET", "/v3/banks", "", merchant.ReadOnlyBearer},
	} {
		assert.Equal(t, want.method+" "+want.path, want.request.Method+" "+want.request.Path)
		assert.Equal(t, want.body, string(want.request.Body))
		assert.Equal(t, want.auth, want.request.Auth)
	}
	assert.NotContains(t, string(merchant.CreateRefund("1", "i", nil).Body), "amount\"", "all that is left")
}
