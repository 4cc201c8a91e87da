package mock

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/d24conform/d24conform/internal/d24"
)

// whoCalls makes the operation's checks of the caller.
func whoCalls(c *call) *answer { return c.meets(c.op.caller) }

// repeated headers are refused rather than read: which of two values counts is
// exactly what an attacker would like to be in doubt.
func repeated(r *http.Request, name string) bool { return len(r.Header[name]) > 1 }

func unknownLogin() *answer {
	return refuse(http.StatusUnauthorized, d24.CodeInvalidCredentials, "Invalid credentials")
}

// orSigned also takes a signed request where a read-only key is asked for (AMB-03
// hmac-also).
func orSigned(identify func(*call) *answer) func(*call) *answer {
	signed := signedChecks()
	return func(c *call) *answer {
		if c.op.readOnly && strings.HasPrefix(c.header(d24.HeaderAuthorization), d24.Scheme) {
			return c.meets(signed)
		}
		return identify(c)
	}
}

// orBasic takes the key as the user name of a Basic header where a signature is asked
// for; the password does not count (AMB-01 basic-ok).
func orBasic(identify func(*call) *answer) func(*call) *answer {
	return func(c *call) *answer {
		authorization := c.header(d24.HeaderAuthorization)
		if c.op.product != deposits || c.op.readOnly || !schemeIs(authorization, "Basic") {
			return identify(c)
		}
		login, _ := decodeBasic(authorization)
		if c.caller = c.env.rules.depositsLogin(c.env, login); c.caller == nil {
			return unknownLogin()
		}
		return nil
	}
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

// hasField says whether a JSON object has the field, whatever its value.
func hasField(body []byte, name string) bool {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(body, &fields) // one that is no object has no fields
	_, there := fields[name]
	return there
}

func unknownCashoutsCaller() *answer {
	return refuseCashout(http.StatusUnauthorized, d24.CashoutInvalidCredentials, "Invalid credentials")
}

func invalidControl() *answer {
	return refuseCashout(http.StatusUnauthorized, d24.CashoutInvalidControl, "Invalid control string")
}
