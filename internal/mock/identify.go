package mock

import (
	"crypto/subtle"
	"encoding/base64"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/d24conform/d24conform/internal/d24"
)

// signedCaller finds out who sent a deposits request: headers there and
// well-formed, then login, date and signature (reading AMB-45).
func signedCaller(c *call) *answer {
	rules := c.env.rules
	authorization := c.header(d24.HeaderAuthorization)
	if login, basic := rules.basicLogin(authorization); basic {
		if c.caller = rules.depositsLogin(c.env, login); c.caller == nil {
			return unknownLogin()
		}
		return nil
	}
	date, refusal := c.signedHeaders(authorization)
	if refusal != nil {
		return refusal
	}
	m := rules.depositsLogin(c.env, c.header(d24.HeaderLogin))
	if m == nil {
		return unknownLogin()
	}
	if !rules.dateFresh(c.now, date) {
		return refuse(http.StatusBadRequest, d24.CodeInvalidDateRange, "X-Date is out of the valid range")
	}
	if !rules.depositsSignature(m, c) {
		return invalidSignature()
	}
	c.caller = m
	return nil
}

// signedHeaders checks that the headers of a signed request are there once and
// well-formed, and reads the date.
func (c *call) signedHeaders(authorization string) (date time.Time, refusal *answer) {
	rules := c.env.rules
	switch {
	case authorization == "":
		return date, rules.noAuthorization()
	case repeated(c.request, d24.HeaderAuthorization) || schemeIs(authorization, "Basic"):
		return date, missingHeader(d24.HeaderAuthorization)
	case c.header(d24.HeaderLogin) == "" || repeated(c.request, d24.HeaderLogin):
		return date, missingHeader(d24.HeaderLogin)
	case repeated(c.request, d24.HeaderDate):
		return date, missingHeader(d24.HeaderDate)
	}
	date, err := rules.parseDate(c.header(d24.HeaderDate))
	if err != nil {
		return date, missingHeader(d24.HeaderDate)
	}
	if !rules.contentType(c) {
		return date, missingHeader(d24.HeaderContentType)
	}
	if key, sent := c.request.Header[d24.HeaderIdempotencyKey]; sent && c.request.Method == http.MethodPost {
		if len(key) > 1 {
			return date, missingHeader(d24.HeaderIdempotencyKey)
		}
		if strings.TrimSpace(key[0]) == "" {
			return date, refuse(http.StatusBadRequest, d24.CodeEmptyHeaderValue, "Empty value of header: "+d24.HeaderIdempotencyKey)
		}
	}
	return date, nil
}

// repeated headers are refused rather than read: which of two values counts is
// exactly what an attacker would like to be in doubt.
func repeated(r *http.Request, name string) bool { return len(r.Header[name]) > 1 }

func unknownLogin() *answer {
	return refuse(http.StatusUnauthorized, d24.CodeInvalidCredentials, "Invalid credentials")
}

// readOnlyCaller finds out who sent a read-only request.
func readOnlyCaller(c *call) *answer { return c.env.rules.readerCaller(c) }

// bearerCaller takes the read-only key and nothing else. Its refusal has no type,
// as in the example of the currency exchange page.
func bearerCaller(c *call) *answer {
	authorization := c.header(d24.HeaderAuthorization)
	if authorization == "" || repeated(c.request, d24.HeaderAuthorization) {
		return missingHeader(d24.HeaderAuthorization)
	}
	if !c.env.rules.contentType(c) {
		return missingHeader(d24.HeaderContentType)
	}
	key, bearer := strings.CutPrefix(authorization, d24.BearerScheme)
	if bearer {
		c.caller = c.env.rules.readKey(c.env, key)
	}
	if c.caller == nil {
		a := respond(http.StatusUnauthorized, d24.DepositError{Code: d24.CodeInvalidCredentials, Description: "Invalid credentials"})
		return &a
	}
	return nil
}

// bearerOrSigned also takes a signed request (AMB-03 hmac-also).
func bearerOrSigned(c *call) *answer {
	if strings.HasPrefix(c.header(d24.HeaderAuthorization), d24.Scheme) {
		return signedCaller(c)
	}
	return bearerCaller(c)
}

// jsonOnBodies wants application/json, with any parameters, where there is a body
// (reading AMB-21).
func jsonOnBodies(c *call) bool {
	if len(c.body) == 0 {
		return true
	}
	value := c.header(d24.HeaderContentType)
	if value == d24.ContentTypeJSON { // spares nearly everyone the parser, 200 ns
		return true
	}
	mediaType, _, err := mime.ParseMediaType(value)
	return err == nil && mediaType == d24.ContentTypeJSON
}

// bareJSONAlways wants exactly application/json on every request (AMB-21 strict).
func bareJSONAlways(c *call) bool { return c.header(d24.HeaderContentType) == d24.ContentTypeJSON }

// insideWindow refuses a difference of exactly 5 s as well (AMB-14 strict).
func insideWindow(now, date time.Time) bool { return now.Sub(date).Abs() < d24.Window }

// signatureInAnyCase accepts upper-case digits, another case of the scheme word
// and any number of spaces after it (AMB-18/19 case-insensitive).
func signatureInAnyCase(m *merchant, c *call) bool {
	scheme, digest, _ := strings.Cut(c.header(d24.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, strings.TrimSpace(d24.Scheme)) {
		return false
	}
	exact := d24.Scheme + strings.ToLower(strings.TrimSpace(digest))
	return utf8.Valid(c.body) && m.deposits.VerifyAuthorization(exact, c.header(d24.HeaderDate), c.header(d24.HeaderLogin), c.body)
}

// loginOfBasic is the user name of a Basic header; the password does not count
// (AMB-01 basic-ok).
func loginOfBasic(authorization string) (login string, ok bool) {
	if !schemeIs(authorization, "Basic") {
		return "", false
	}
	login, _ = decodeBasic(authorization)
	return login, true
}

// sameInBasic wants the body's credentials in a Basic header too (AMB-02
// basic-required).
func sameInBasic(r *http.Request, m *merchant) bool {
	login, pass := decodeBasic(r.Header.Get(d24.HeaderAuthorization))
	return login == m.credentials.Cashouts.APIKey &&
		subtle.ConstantTimeCompare([]byte(pass), []byte(m.credentials.Cashouts.APIPassphrase)) == 1
}

func decodeBasic(authorization string) (login, pass string) {
	_, encoded, _ := strings.Cut(authorization, " ")
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", ""
	}
	login, pass, _ = strings.Cut(string(text), ":")
	return login, pass
}

func schemeIs(authorization, scheme string) bool {
	word, _, _ := strings.Cut(authorization, " ")
	return strings.EqualFold(word, scheme)
}

// anyUserAgent does not ask for one (AMB-41 lenient).
func anyUserAgent(*http.Request) bool { return true }

// cashoutCaller finds out who sent a cashouts request. Its login stands in the
// body, so the body is parsed before the signature over it can be checked; what
// else is wrong with the body is said only to a known caller.
func cashoutCaller(c *call) *answer {
	rules := c.env.rules
	if !rules.contentType(c) {
		return refuseCashout(http.StatusPreconditionFailed, d24.CashoutInvalidParameter, "Content-Type: Invalid or missing Content-Type")
	}
	if !rules.userAgent(c.request) {
		return refuseCashout(http.StatusPreconditionFailed, d24.CashoutInvalidParameter, "User-Agent: Invalid or missing User-Agent")
	}
	if !rules.controlSent(c) {
		return invalidControl()
	}
	body, ok := parseCashout(c.body)
	if !ok {
		return refuseCashout(http.StatusBadRequest, d24.CashoutInvalidBody, "Invalid request body")
	}
	c.cashout = body
	m := rules.cashoutsLogin(c.env, body.Login, body.Pass)
	if m == nil || !rules.cashoutsBasic(c.request, m) {
		return refuseCashout(http.StatusUnauthorized, d24.CashoutInvalidCredentials, "Invalid credentials")
	}
	if !rules.cashoutsSignature(m, c) {
		return invalidControl()
	}
	c.caller = m
	return nil
}

func invalidControl() *answer {
	return refuseCashout(http.StatusUnauthorized, d24.CashoutInvalidControl, "Invalid control string")
}
