package judge

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/mistakes"
)

// isDepositSigned says whether a request carries a signature that can be looked at.
func isDepositSigned(e *exchange.Exchange) bool {
	scheme, _, _ := strings.Cut(e.Request.Header.Get(d24.HeaderAuthorization), " ")
	return isSigned(e) && isWhole(e) && scheme != "" && !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "Basic")
}

// isCashoutSigned is the same for cashouts.
func isCashoutSigned(e *exchange.Exchange) bool {
	return isCashout(e) && isWhole(e) && has(d24.HeaderPayloadSignature)(e)
}

// A Memory keeps what was found out about signatures. To try all usual mistakes on one that
// has none of them takes 12 ms, and a dozen sentences are about it. It is for one
// goroutine at a time.
type Memory map[*exchange.Exchange]mistakes.Diagnosis

// diagnose finds out what is wrong with the signature of a request.
func (c Client) diagnose(e *exchange.Exchange) mistakes.Diagnosis {
	if found, ok := c.Memory[e]; ok {
		return found
	}
	found := c.examine(e)
	if c.Memory != nil {
		c.Memory[e] = found
	}
	return found
}

func (c Client) examine(e *exchange.Exchange) mistakes.Diagnosis {
	r := mistakes.Request{
		Value: e.Request.Header.Get(d24.HeaderAuthorization), Cashouts: isCashout(e),
		Date: e.Request.Header.Get(d24.HeaderDate), Login: e.Request.Header.Get(d24.HeaderLogin), Body: e.Request.Body,
		Method: e.Request.Method, Path: pathOf(e), Idempotency: e.Request.Header.Get(d24.HeaderIdempotencyKey),
		Key: c.Credentials.Deposits.APISignature, Others: map[string]string{},
	}
	if u, err := url.Parse(e.Request.URL); err == nil {
		r.Path, r.Query = u.Path, u.RawQuery
	}
	if r.Cashouts {
		r.Value, r.Key = e.Request.Header.Get(d24.HeaderPayloadSignature), c.Credentials.Cashouts.APISignature
	}
	c.Credentials.Named(func(name, value string) {
		if value != r.Key {
			r.Others[name] = value
		}
	})
	return mistakes.Explain(r)
}

// told is a diagnosis in the words of a report.
func told(d mistakes.Diagnosis) string {
	if d.About == mistakes.Unknown {
		return "the signature is not the one of these bytes, and no usual mistake makes it"
	}
	return "the signature is wrong: " + d.What
}

// faultOf is a check for signatures that are wrong in one of these respects.
func (c Client) faultOf(respects ...mistakes.About) check {
	return func(e *exchange.Exchange) string {
		if d := c.diagnose(e); slices.Contains(respects, d.About) {
			return told(d)
		}
		return ""
	}
}

// IsSigned judges that signatures of deposits are the digest that the deposits' API
// Signature gives.
func (c Client) IsSigned(operations []Operation) Finding {
	return each(operations, "a deposits request with Authorization", both(both(isSigned, isWhole), has(d24.HeaderAuthorization)), "the digest made with the deposits API Signature", func(e *exchange.Exchange) string {
		if !isDepositSigned(e) {
			return "Authorization is not a signature"
		}
		return c.faultOf(mistakes.Key, mistakes.Algorithm, mistakes.Date, mistakes.Text, mistakes.Charset, mistakes.Unknown)(e)
	})
}

// SignsWhatItSends judges that signatures of deposits are over X-Date, X-Login and the
// body as they were sent.
func (c Client) SignsWhatItSends(operations []Operation) Finding {
	return each(operations, "a signed deposits request", isDepositSigned, "a signature over X-Date, X-Login and the bytes that were sent",
		c.faultOf(mistakes.Text, mistakes.Charset, mistakes.Date, mistakes.Unknown))
}

// charsetFault is a signature over another encoding of the letters that were sent.
func (c Client) charsetFault(e *exchange.Exchange) string {
	if !isDepositSigned(e) && !isCashoutSigned(e) {
		return ""
	}
	return c.faultOf(mistakes.Charset)(e)
}

// PaysWithItsKey judges that Payload-Signature is made with the cashouts' API Signature.
func (c Client) PaysWithItsKey(operations []Operation) Finding {
	return each(operations, "a signed cashouts request", isCashoutSigned, "a Payload-Signature made with the cashouts API Signature",
		c.faultOf(mistakes.Key))
}

// SignsPayload judges that Payload-Signature is the HMAC of the body that was sent.
func (c Client) SignsPayload(operations []Operation) Finding {
	return each(operations, "a signed cashouts request", isCashoutSigned, "the HMAC-SHA-256 of the body, made with the cashouts API Signature",
		c.faultOf(mistakes.Key, mistakes.Algorithm, mistakes.Text, mistakes.Charset, mistakes.Unknown))
}

// SignsWholePayload judges that Payload-Signature covers every byte.
func (c Client) SignsWholePayload(operations []Operation) Finding {
	return each(operations, "a signed cashouts request", isCashoutSigned, "a Payload-Signature over every byte that was sent",
		c.faultOf(mistakes.Text, mistakes.Charset, mistakes.Unknown))
}

// SendsPayloadSignature judges that Payload-Signature is there.
func (Client) SendsPayloadSignature(operations []Operation) Finding {
	return each(operations, "a cashouts request", isCashout, "Payload-Signature on every request", lacking(d24.HeaderPayloadSignature))
}

var payloadForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// WritesPayloadSignature judges the form of Payload-Signature.
func (Client) WritesPayloadSignature(operations []Operation) Finding {
	return each(operations, "a signed cashouts request", isCashoutSigned, "Payload-Signature: 64 lower-case hexadecimal digits", func(e *exchange.Exchange) string {
		if repeated(e, d24.HeaderPayloadSignature) {
			return "Payload-Signature comes twice"
		}
		if value := e.Request.Header.Get(d24.HeaderPayloadSignature); !payloadForm.MatchString(value) {
			return "Payload-Signature: " + quote(value)
		}
		return ""
	})
}

// SendsCashoutsHeaders judges that the mandatory headers are there.
func (Client) SendsCashoutsHeaders(operations []Operation) Finding {
	return each(operations, "a cashouts request", isCashout, "Payload-Signature, Content-Type and User-Agent",
		lacking(d24.HeaderPayloadSignature, d24.HeaderContentType, d24.HeaderUserAgent))
}

// SendsCashoutsType judges that a cashouts body is declared as JSON.
func (Client) SendsCashoutsType(operations []Operation) Finding {
	return each(operations, "a cashouts request with a body", both(isCashout, hasBody), "Content-Type: application/json", wrongType)
}

// NamesItself judges that User-Agent is there.
func (Client) NamesItself(operations []Operation) Finding {
	return each(operations, "a cashouts request", isCashout, "User-Agent", lacking(d24.HeaderUserAgent))
}

// bodyCredentials are login and pass of a cashouts body.
func bodyCredentials(e *exchange.Exchange) (login, pass string) {
	var body struct {
		Login string `json:"login"`
		Pass  string `json:"pass"`
	}
	_ = json.Unmarshal(e.Request.Body, &body) // what is not there stays empty
	return body.Login, body.Pass
}

// AuthenticatesCashouts judges that a cashouts request has all three: login, pass and a
// signature.
func (Client) AuthenticatesCashouts(operations []Operation) Finding {
	return each(operations, "a cashouts request", both(isCashout, isWhole), "login, pass and Payload-Signature", func(e *exchange.Exchange) string {
		login, pass := bodyCredentials(e)
		switch {
		case login == "":
			return "without login in the body"
		case pass == "":
			return "without pass in the body"
		}
		return lacking(d24.HeaderPayloadSignature)(e)
	})
}

// SendsCashoutsLogin judges that login is the cashouts API Key.
func (c Client) SendsCashoutsLogin(operations []Operation) Finding {
	withLogin := func(e *exchange.Exchange) bool {
		login, _ := bodyCredentials(e)
		return isCashout(e) && isWhole(e) && login != ""
	}
	return each(operations, "a cashouts request with login", withLogin, "login is the cashouts API Key", func(e *exchange.Exchange) string {
		switch login, _ := bodyCredentials(e); login {
		case c.Credentials.Cashouts.APIKey:
			return ""
		case c.Credentials.Deposits.APIKey:
			return "login is the deposits API Key"
		}
		return "login is something else"
	})
}

// SendsPassphrase judges that pass is the API Passphrase.
func (c Client) SendsPassphrase(operations []Operation) Finding {
	withPass := func(e *exchange.Exchange) bool {
		_, pass := bodyCredentials(e)
		return isCashout(e) && isWhole(e) && pass != ""
	}
	return each(operations, "a cashouts request with pass", withPass, "pass is the API Passphrase", func(e *exchange.Exchange) string {
		switch _, pass := bodyCredentials(e); pass {
		case c.Credentials.Cashouts.APIPassphrase:
			return ""
		case c.Credentials.Cashouts.APISignature:
			return "pass is the API Signature, the signing secret"
		}
		return "pass is something else"
	})
}

// A Belief is what a client made of a notification that it was shown.
type Belief struct {
	Says     string // what it is
	Right    bool
	Accepted bool
}

// AcceptsRightOnly judges a client that verifies notifications: it believes those that are
// right and no others.
func AcceptsRightOnly(beliefs []Belief) Finding {
	if len(beliefs) == 0 {
		return unseen("a notification that the client looked at")
	}
	var wrong []string
	for _, b := range beliefs {
		switch {
		case b.Right && !b.Accepted:
			wrong = append(wrong, b.Says+" is refused")
		case !b.Right && b.Accepted:
			wrong = append(wrong, b.Says+" is accepted")
		}
	}
	if len(wrong) > 0 {
		return broken("notifications that are right are accepted, and no others", strings.Join(wrong, "; "))
	}
	return holds()
}
