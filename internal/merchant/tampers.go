package merchant

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// WithoutHeader leaves a header out. What is left out of the request is left out of
// the string-to-sign too, or there would be two faults.
func WithoutHeader(name string) Tamper {
	return Tamper{
		Before: func(d *Draft) { signAs(d, name, "") },
		After:  func(d *Draft) { d.Header.Delete(name) },
	}
}

// WithHeader sends another value; a login or a date is signed as it is sent.
func WithHeader(name, value string) Tamper {
	return Tamper{
		Before: func(d *Draft) { signAs(d, name, value) },
		After:  func(d *Draft) { d.Header.Set(name, value) },
	}
}

// signAs changes the part of the string-to-sign that a header stands for.
func signAs(d *Draft, name, value string) {
	switch name {
	case d24.HeaderDate:
		d.Sign.Date = value
	case d24.HeaderLogin:
		d.Sign.Login = value
	}
}

// Dated sends and signs another date, made from the time on the server's clock.
func Dated(date func(now time.Time) string) Tamper {
	return Tamper{Before: func(d *Draft) { d.SetDate(date(d.Now)) }}
}

// SignedWith signs under another secret.
func SignedWith(secret string) Tamper {
	return Tamper{At: func(s *Signing) { s.Secret = secret }}
}

// SigningOther signs something else than what is sent.
func SigningOther(change func(*Signing)) Tamper {
	return Tamper{At: change}
}

// WithSignature replaces the digits of the signature, made from the right ones and
// from what they sign. A request that has no signature stays as it is.
func WithSignature(change func(digest string, s Signing) string) Tamper {
	return Tamper{After: func(d *Draft) {
		var name, scheme string
		switch d.Auth {
		case SignedDeposit:
			name, scheme = d24.HeaderAuthorization, d24.Scheme
		case SignedCashout:
			name = d24.HeaderPayloadSignature
		case ReadOnlyBearer, ReadOnlyBasic, KeyBasic, Unsigned:
			return
		}
		digest := strings.TrimPrefix(d.Header.Get(name), scheme)
		d.Header.Set(name, scheme+change(digest, d.Sign))
	}}
}

// WithScheme puts the digits of a deposits signature behind another word.
func WithScheme(scheme string) Tamper {
	return Tamper{After: func(d *Draft) {
		d.Header.Set(d24.HeaderAuthorization, scheme+strings.TrimPrefix(d.Header.Get(d24.HeaderAuthorization), d24.Scheme))
	}}
}

// WithBody sends another body, signed as it is sent.
func WithBody(change func([]byte) []byte) Tamper {
	return Tamper{Before: func(d *Draft) { d.SetBody(change(d.Body)) }}
}

// BodyAfterSigning changes the body on its way: the signature is that of the old one.
func BodyAfterSigning(change func([]byte) []byte) Tamper {
	return Tamper{After: func(d *Draft) { d.Body = change(d.Body) }}
}

// DateAfterSigning moves the date on its way: the signature is that of the old one.
func DateAfterSigning(by time.Duration) Tamper {
	return Tamper{After: func(d *Draft) {
		if date, err := d24.ParseDate(d.Header.Get(d24.HeaderDate)); err == nil {
			d.Header.Set(d24.HeaderDate, d24.FormatDate(date.Add(by)))
		}
	}}
}

// SignedAsDeposit adds the headers of a deposits signature to a request that has
// others.
func SignedAsDeposit(ours d24.DepositsCredentials) Tamper {
	return Tamper{After: func(d *Draft) {
		date := d24.FormatDate(d.Now)
		d.Header.Set(d24.HeaderLogin, ours.APIKey)
		d.Header.Set(d24.HeaderDate, date)
		d.Header.Set(d24.HeaderAuthorization, d24.NewKey(ours.APISignature).Authorization(date, ours.APIKey, d.Body))
	}}
}

// WithCashoutCredentials sends other cashouts credentials wherever they stand, in the
// body and in HTTP Basic, signed as they are sent.
func WithCashoutCredentials(login, pass string) Tamper {
	return Tamper{Before: func(d *Draft) {
		d.SetBody(SetField(SetField(d.Body, "login", login), "pass", pass))
		d.Header.Set(d24.HeaderAuthorization, BasicAuth(login, pass))
	}}
}

// AsMerchant sends another merchant's credentials wherever ours stand, and signs with
// them.
func AsMerchant(c d24.Credentials) Tamper {
	return Tamper{Before: func(d *Draft) {
		switch d.Auth {
		case SignedDeposit:
			d.SetLogin(c.Deposits.APIKey)
			d.Sign.Secret = c.Deposits.APISignature
		case SignedCashout:
			WithCashoutCredentials(c.Cashouts.APIKey, c.Cashouts.APIPassphrase).Before(d)
			d.Sign.Secret = c.Cashouts.APISignature
		case ReadOnlyBearer:
			d.Header.Set(d24.HeaderAuthorization, d24.BearerScheme+c.Deposits.ReadOnlyKey)
		case ReadOnlyBasic:
			d.Header.Set(d24.HeaderAuthorization, BasicAuth(c.Deposits.ReadOnlyKey, ""))
		case KeyBasic:
			d.Header.Set(d24.HeaderAuthorization, BasicAuth(c.Deposits.APIKey, ""))
		case Unsigned:
		}
	}}
}

// WithoutSecrets keeps what must not travel in the open out of a request: the Bearer
// key and the passphrase become made-up ones. An API key, which names us, and a
// signature, which proves one request, may travel.
func WithoutSecrets() Tamper {
	return Tamper{Before: func(d *Draft) {
		switch d.Auth {
		case ReadOnlyBearer:
			d.Header.Set(d24.HeaderAuthorization, d24.BearerScheme+"made-up-for-plain-http")
		case ReadOnlyBasic, KeyBasic:
			d.Header.Set(d24.HeaderAuthorization, BasicAuth("made-up-for-plain-http", ""))
		case SignedCashout:
			d.SetBody(SetField(d.Body, "pass", "made-up-for-plain-http"))
			d.Header.Delete(d24.HeaderAuthorization)
		case SignedDeposit, Unsigned:
		}
	}}
}

// BasicAuth is the value of an HTTP Basic Authorization.
func BasicAuth(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
