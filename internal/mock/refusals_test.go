package mock_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
)

// A refusalCase is one fault in an otherwise good request, and the documented
// answer to it.
type refusalCase struct {
	name   string
	send   func(c *client) *http.Request
	status int
	code   int
	kind   string // type of a deposits error
	says   string // part of the description or message
}

func TestDepositsRefusals(t *testing.T) {
	post := func(body string, tweaks ...tweak) func(*client) *http.Request {
		return func(c *client) *http.Request { return c.signed(http.MethodPost, d24.PathDeposits, body, tweaks...) }
	}
	get := func(path string) func(*client) *http.Request {
		return func(c *client) *http.Request { return c.signed(http.MethodGet, path, "") }
	}
	lookup := func(path string, tweaks ...tweak) func(*client) *http.Request {
		return func(c *client) *http.Request { return c.lookup(path, tweaks...) }
	}
	good := hosted("inv")
	field := func(field, value string) func(*client) *http.Request {
		return post(fmt.Sprintf(`{"amount":100,"country":"BR","currency":"BRL",%q:%s}`, field, value))
	}
	cases := []refusalCase{
		{"no Authorization", post(good, without("Authorization")), 400, 101, "MISSING_REQUIRED_HEADER", "Authorization"},
		{"an empty Authorization", post(good, with("Authorization", "")), 400, 101, "MISSING_REQUIRED_HEADER", "Authorization"},
		{"Basic", post(good, with("Authorization", "Basic eDo=")), 400, 101, "MISSING_REQUIRED_HEADER", "Authorization"},
		{"no X-Login", post(good, without("X-Login")), 400, 101, "MISSING_REQUIRED_HEADER", "X-Login"},
		{"no X-Date", post(good, without("X-Date")), 400, 101, "MISSING_REQUIRED_HEADER", "X-Date"},
		{"a malformed X-Date", post(good, with("X-Date", "20 Nov 2026")), 400, 101, "MISSING_REQUIRED_HEADER", "X-Date"},
		{"X-Date with an offset", post(good, with("X-Date", "2026-11-20T12:00:00+00:00")), 400, 101, "MISSING_REQUIRED_HEADER", "X-Date"},
		{"X-Date with a fraction", post(good, with("X-Date", "2026-11-20T12:00:00.000Z")), 400, 101, "MISSING_REQUIRED_HEADER", "X-Date"},
		{"X-Date twice", post(good, func(r *http.Request) { r.Header.Add("X-Date", r.Header.Get("X-Date")) }), 400, 101, "MISSING_REQUIRED_HEADER", "X-Date"},
		{"no Content-Type on a body", post(good, without("Content-Type")), 400, 101, "MISSING_REQUIRED_HEADER", "Content-Type"},
		{"another Content-Type", post(good, with("Content-Type", "text/plain")), 400, 101, "MISSING_REQUIRED_HEADER", "Content-Type"},
		{"a blank idempotency key", post(good, key("  ")), 400, 105, "EMPTY_HEADER_VALUE", "X-Idempotency-Key"},
		{"two idempotency keys", post(good, func(r *http.Request) { r.Header["X-Idempotency-Key"] = []string{"a", "b"} }), 400, 101, "MISSING_REQUIRED_HEADER", "X-Idempotency-Key"},
		{"an unknown login", post(good, with("X-Login", "fake-stg-deposits-kez")), 401, 100, "INVALID_CREDENTIALS", ""},
		{"the read-only key as login", post(good, with("X-Login", mock.DefaultCredentials().Deposits.ReadOnlyKey)), 401, 100, "INVALID_CREDENTIALS", ""},
		{"the second environment's login", post(good, with("X-Login", mock.DefaultSecondCredentials().Deposits.APIKey)), 401, 100, "INVALID_CREDENTIALS", ""},
		{"a date 6 s old", func(c *client) *http.Request {
			return c.signedAt(base.Add(-6*time.Second), http.MethodPost, d24.PathDeposits, good)
		}, 400, 103, "INVALID_DATE_RANGE", ""},
		{"a date 6 s early", func(c *client) *http.Request {
			return c.signedAt(base.Add(6*time.Second), http.MethodPost, d24.PathDeposits, good)
		}, 400, 103, "INVALID_DATE_RANGE", ""},
		{"the last digit of the signature changed", post(good, func(r *http.Request) {
			value := r.Header.Get("Authorization")
			r.Header.Set("Authorization", value[:len(value)-1]+string("01"[strings.Count(value[len(value)-1:], "0")]))
		}), 400, 102, "INVALID_SIGNATURE", ""},
		{"a signature over another date", post(good, with("X-Date", d24.FormatDate(base.Add(time.Second)))), 400, 102, "INVALID_SIGNATURE", ""},
		{"an upper-case signature", post(good, func(r *http.Request) {
			r.Header.Set("Authorization", d24.Scheme+strings.ToUpper(strings.TrimPrefix(r.Header.Get("Authorization"), d24.Scheme)))
		}), 400, 102, "INVALID_SIGNATURE", ""},
		{"another scheme word", post(good, func(r *http.Request) {
			r.Header.Set("Authorization", "TUPAY "+strings.TrimPrefix(r.Header.Get("Authorization"), d24.Scheme))
		}), 400, 102, "INVALID_SIGNATURE", ""},
		{"the read-only key as Bearer on a POST", post(good, with("Authorization", "Bearer "+mock.DefaultCredentials().Deposits.ReadOnlyKey)), 400, 102, "INVALID_SIGNATURE", ""},
		{"a body in Latin-1, rightly signed", post("{\"amount\":1,\"country\":\"BR\",\"currency\":\"BRL\",\"description\":\"Jos\xe9\"}"), 400, 102, "INVALID_SIGNATURE", ""},

		{"another method", func(c *client) *http.Request { return c.signed(http.MethodPut, d24.PathDeposits, good) }, 405, 200, "METHOD_NOT_ALLOWED", "PUT"},
		{"DELETE of a deposit", func(c *client) *http.Request { return c.signed(http.MethodDelete, d24.PathDeposits+"/1", "") }, 405, 200, "METHOD_NOT_ALLOWED", ""},
		{"an unknown path", get("/v3/withdrawals"), 404, 208, "RESOURCE_NOT_FOUND", ""},
		{"two slashes at the end", get("/v3/deposits//"), 404, 208, "RESOURCE_NOT_FOUND", ""},
		{"a body over 1 MiB", post(`{"description":"` + strings.Repeat("x", 1<<20) + `"}`), 413, 201, "BEAN_VALIDATION_ERROR", ""},

		{"malformed JSON", post(`{"amount":`), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"JSON that is no object", post(`[]`), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"an empty body", post(``), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"something after the JSON", post(good + "{}"), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"a number for a string", field("invoice_id", "12"), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"an amount with three decimals", field("amount", "1.001"), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"an amount in words", field("amount", `"many"`), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"an amount of nothing", field("amount", "0"), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"a negative amount", field("amount", "-5"), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"a country in full", field("country", `"Brazil"`), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"no currency", field("currency", "null,\"currency\":\"\""), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"an invoice_id with a space", field("invoice_id", `"a b"`), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"an invoice_id of 129 characters", field("invoice_id", `"`+strings.Repeat("a", 129)+`"`), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"a plain-HTTP notification_url", field("notification_url", `"http://merchant.example/"`), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"an e-mail address without an at", field("payer", `{"email":"maria"}`), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"a client_ip that is none", field("client_ip", `"localhost"`), 400, 201, "BEAN_VALIDATION_ERROR", ""},
		{"an e-mail address of a kilobyte and more", field("payer", `{"email":"`+strings.Repeat("a", 1024)+`@x"}`), 400, 201, "BEAN_VALIDATION_ERROR", "payer.email"},
		{"a logo of a kilobyte and more", field("logo", `"https://merchant.example/`+strings.Repeat("a", 1024)+`"`), 400, 201, "BEAN_VALIDATION_ERROR", "logo"},
		{"a payment method that is no code", field("payment_method", `"bank transfer"`), 400, 401, "PAYMENT_METHOD_NOT_FOUND", ""},

		{"the status of an unknown deposit", get(d24.PathDeposits + "/299999999"), 404, 208, "RESOURCE_NOT_FOUND", "Deposit"},
		{"the status of something that is no id", get(d24.PathDeposits + "/abc"), 400, 201, "BEAN_VALIDATION_ERROR", "deposit_id"},
		{"the status of an unknown refund", get(d24.PathRefunds + "/1"), 404, 208, "RESOURCE_NOT_FOUND", "Refund"},
		{"a refund of an unknown deposit", func(c *client) *http.Request {
			return c.signed(http.MethodPost, d24.PathRefunds, `{"deposit_id":1,"invoice_id":"x","bank_account":{}}`)
		}, 404, 208, "RESOURCE_NOT_FOUND", "Deposit"},
		{"a refund without ids", func(c *client) *http.Request { return c.signed(http.MethodPost, d24.PathRefunds, `{}`) }, 400, 201, "BEAN_VALIDATION_ERROR", ""},

		{"a lookup without a key", lookup("/v3/banks?country=BR", without("Authorization")), 400, 101, "MISSING_REQUIRED_HEADER", "Authorization"},
		{"a lookup with a wrong key", lookup("/v3/banks?country=BR", with("Authorization", "Bearer no")), 401, 100, "", "Invalid credentials"},
		{"a lookup with the deposits key", lookup("/v3/banks?country=BR", with("Authorization", "Bearer "+mock.DefaultCredentials().Deposits.APIKey)), 401, 100, "", ""},
		{"a signed lookup", get("/v3/banks?country=BR"), 401, 100, "", ""},
		{"banks of nowhere", lookup("/v3/banks?country=XX"), 400, 201, "BEAN_VALIDATION_ERROR", "country"},
		{"an exchange rate without a country", lookup("/v3/exchange_rates"), 400, 201, "BEAN_VALIDATION_ERROR", "country"},
		{"an exchange rate of no amount", lookup("/v3/exchange_rates?country=BR&amount=x"), 400, 201, "BEAN_VALIDATION_ERROR", "amount"},
	}
	c := newClient(t, start(t, mock.Options{}))
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			got := c.send(test.send(c))
			assert.Equal(t, []any{test.status, test.code, test.kind}, []any{got.Status, got.code(), got.field("type")}, "%s", got.Body)
			assert.Contains(t, string(got.Body), test.says)
			assert.Equal(t, "application/json", got.Header.Get("Content-Type"))
		})
	}
}

func TestCashoutsRefusals(t *testing.T) {
	create := func(change map[string]any, tweaks ...tweak) func(*client) *http.Request {
		return func(c *client) *http.Request {
			fields := cashoutFields("out", 10)
			for name, value := range change {
				if fields[name] = value; value == nil {
					delete(fields, name)
				}
			}
			return c.cashout(http.MethodPost, d24.PathCashout, fields, tweaks...)
		}
	}
	text := func(method, path, body string) func(*client) *http.Request {
		return func(c *client) *http.Request { return c.cashoutText(method, path, body) }
	}
	call := func(method, path string, fields map[string]any) func(*client) *http.Request {
		return func(c *client) *http.Request { return c.cashout(method, path, fields) }
	}
	cases := []refusalCase{
		{"no Payload-Signature", create(nil, without("Payload-Signature")), 401, 302, "", "control"},
		{"a wrong Payload-Signature", create(nil, with("Payload-Signature", strings.Repeat("0", 64))), 401, 302, "", "control"},
		{"an upper-case Payload-Signature", create(nil, func(r *http.Request) {
			r.Header.Set("Payload-Signature", strings.ToUpper(r.Header.Get("Payload-Signature")))
		}), 401, 302, "", "control"},
		{"no User-Agent", create(nil, with("User-Agent", "")), 412, 300, "", "User-Agent"},
		{"no Content-Type", create(nil, without("Content-Type")), 412, 300, "", "Content-Type"},
		{"an unknown login", create(map[string]any{"login": "nobody"}), 401, 401, "", ""},
		{"a wrong passphrase", create(map[string]any{"pass": "wrong"}), 401, 401, "", ""},
		{"no credentials", text(http.MethodPost, d24.PathCashout, `{"external_id":"out"}`), 401, 401, "", ""},
		{"a deposits key as login", create(map[string]any{"login": mock.DefaultCredentials().Deposits.APIKey}), 401, 401, "", ""},
		{"malformed JSON", text(http.MethodPost, d24.PathCashout, `{"login":`), 400, 502, "", ""},
		{"an empty body", text(http.MethodPost, d24.PathCashout, ``), 400, 502, "", ""},
		{"another method", text(http.MethodPut, d24.PathCashout, `{}`), 405, 200, "", "PUT"},
		{"an unknown path", text(http.MethodPost, "/v3/cashout/list", `{}`), 404, 300, "", ""},
		{"a body over 1 MiB", text(http.MethodPost, d24.PathCashout, strings.Repeat(" ", 1<<20+1)), 413, 502, "", ""},

		{"no external_id", create(map[string]any{"external_id": nil}), 412, 300, "", "external_id"},
		{"no country", create(map[string]any{"country": nil}), 412, 300, "", "country"},
		{"no document_id", create(map[string]any{"document_id": nil}), 412, 300, "", "document_id"},
		{"no beneficiary_name", create(map[string]any{"beneficiary_name": nil}), 412, 300, "", "beneficiary_name"},
		{"no notification_url", create(map[string]any{"notification_url": nil}), 412, 300, "", "notification_url"},
		{"an amount in words", create(map[string]any{"amount": "ten"}), 412, 300, "", "amount"},
		{"an object for a name", create(map[string]any{"beneficiary_name": map[string]any{}}), 412, 300, "", "beneficiary_name"},
		{"no amount", create(map[string]any{"amount": nil}), 412, 533, "", ""},
		{"a negative amount", create(map[string]any{"amount": -1}), 412, 533, "", ""},
		{"a currency in full", create(map[string]any{"currency": "reais"}), 412, 526, "", ""},
		{"more than there is", create(map[string]any{"amount": 1_000_000.01}), 412, 514, "", "Insufficient funds"},

		{"the status of nothing", call(http.MethodPost, d24.PathCashoutStatus, nil), 412, 300, "", "cashout_id"},
		{"the status of an unknown cashout", call(http.MethodPost, d24.PathCashoutStatus, map[string]any{"cashout_id": 1}), 412, 509, "", ""},
		{"the update of an unknown cashout", call(http.MethodPut, d24.PathCashoutStatus, map[string]any{"cashout_id": 1, "status": "ON_HOLD"}), 412, 509, "", ""},
		{"an update to COMPLETED", call(http.MethodPut, d24.PathCashoutStatus, map[string]any{"cashout_id": 1, "status": "COMPLETED"}), 400, 521, "", ""},
		{"a cancel without external_id", call(http.MethodDelete, d24.PathCashoutCancel, map[string]any{"cashout_id": 1}), 412, 300, "", "external_id"},
		{"the cancel of an unknown cashout", call(http.MethodDelete, d24.PathCashoutCancel, map[string]any{"cashout_id": 1, "external_id": "x"}), 412, 509, "", ""},
	}
	c := newClient(t, start(t, mock.Options{}))
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			got := c.send(test.send(c))
			assert.Equal(t, []any{test.status, test.code}, []any{got.Status, got.code()}, "%s", got.Body)
			assert.Contains(t, got.field("message"), test.says)
			assert.Empty(t, got.field("description"), "cashouts say message")
		})
	}
}

// What is unusual and right must pass: the other half of the refusals.
func TestAccepted(t *testing.T) {
	m := start(t, mock.Options{})
	c := newClient(t, m)
	for i, test := range []struct {
		name string
		send *http.Request
	}{
		{"Content-Type with a charset", c.signed(http.MethodPost, d24.PathDeposits, hosted("a1"), with("Content-Type", "application/json; charset=utf-8"))},
		{"an unknown field", c.signed(http.MethodPost, d24.PathDeposits, `{"amount":1,"country":"BR","currency":"BRL","tomorrow":{"x":[1]}}`)},
		{"a quoted amount", c.signed(http.MethodPost, d24.PathDeposits, `{"amount":"1000","country":"BR","currency":"BRL"}`)},
		{"a bank code in digits", c.signed(http.MethodPost, d24.PathDeposits, `{"amount":1,"country":"BR","currency":"BRL","bank_account":{"bank_code":1}}`)},
		{"UTF-8", c.signed(http.MethodPost, d24.PathDeposits, `{"amount":1,"country":"BR","currency":"BRL","payer":{"first_name":"José"}}`)},
		{"a date 5 s old", c.signedAt(base.Add(-5*time.Second), http.MethodPost, d24.PathDeposits, hosted("a2"))},
		{"a date 5 s early", c.signedAt(base.Add(5*time.Second), http.MethodPost, d24.PathDeposits, hosted("a3"))},
		{"a body in chunks", c.signed(http.MethodPost, d24.PathDeposits, hosted("a4"), func(r *http.Request) { r.ContentLength = -1 })},
		{"a blank key on GET", c.lookup("/v3/payment_methods", key(""))},
		{"a cashout with a leading zero in its bank code", c.cashout(http.MethodPost, d24.PathCashout, func() map[string]any {
			f := cashoutFields("a5", "10.5")
			f["bank_code"] = "001"
			return f
		}())},
		{"a cashout with a blank key", c.cashout(http.MethodPost, d24.PathCashout, cashoutFields("a6", 1), key(""))},
		{"a slash at the end", c.cashout(http.MethodPost, d24.PathCashout+"/", cashoutFields("a7", 1))},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := c.send(test.send)
			assert.Less(t, got.Status, 300, "case %d: %s", i, got.Body)
		})
	}
}

func TestLookups(t *testing.T) {
	c := newClient(t, start(t, mock.Options{}))
	for path, want := range map[string]string{
		"/v3/exchange_rates?country=BR":                                `{"fx_rate":5,"currency":"BRL","converted_amount":5}`,
		"/v3/exchange_rates?country=MX&amount=2.50":                    `{"fx_rate":20,"currency":"MXN","converted_amount":50}`,
		"/v3/exchange_rates/crypto?currency=BRL&amount=10&crypto=USDT": `{"fx_rate":0.20000000,"converted_amount":2.00000000,"fee":0}`,
		"/v3/banks?country=CO":                                         `[{"code":7,"name":"Mock Bank CO"}]`,
		"/v3/states?country=PE":                                        `[{"iso":"PE-LMA","name":"Lima"}]`,
		"/v3/payment_methods?country=DE":                               `[]`,
		"/v3/payment_methods/?country=CL":                              `[{"country":"CL","code":"WP","name":"Mock Webpay","type":"BANK_TRANSFER","status":"OK","logo":"https://static.mock.invalid/WP.svg","daily_average":100,"monthly_average":3000}]`,
	} {
		got := c.send(c.lookup(path))
		assert.Equal(t, http.StatusOK, got.Status, path)
		assert.JSONEq(t, want, string(got.Body), path)
	}
}

func TestMethodNotAllowedSaysWhatIs(t *testing.T) {
	c := newClient(t, start(t, mock.Options{}))
	got := c.send(c.cashoutText(http.MethodDelete, d24.PathCashoutStatus, "{}"))
	assert.Equal(t, "POST, PUT", got.Header.Get("Allow"))
}
