package provider

import (
	"bytes"
	"net/url"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// Where it says signature below, that is what a receiver must verify: Authorization of
// deposits and refunds, and the control of a cashout's form. Payload-Signature, which a
// receiver need not look at (reading AMB-32), goes on fitting the form, so that a wrong
// control is the only fault.

// WithSignature replaces the digits of the signature, made from the right ones.
func WithSignature(change func(digest string) string) Tamper {
	return Tamper{
		At: func(d *Draft) {
			if d.Kind == d24.CashoutNotification {
				d.Body = bytes.Replace(d.Body, []byte("control="+d.Form.Control), []byte("control="+url.QueryEscape(change(d.Form.Control))), 1)
			}
		},
		After: func(d *Draft) {
			if d.Kind != d24.CashoutNotification {
				d.Header.Set(d24.HeaderAuthorization, d24.Scheme+change(strings.TrimPrefix(d.Header.Get(d24.HeaderAuthorization), d24.Scheme)))
			}
		},
	}
}

// WithoutSignature leaves the signature out; a form has no Payload-Signature then
// either, since that would sign it as well.
func WithoutSignature() Tamper {
	return Tamper{
		At: func(d *Draft) {
			d.Body = bytes.Replace(d.Body, []byte("&control="+d.Form.Control), nil, 1)
		},
		After: func(d *Draft) {
			d.Header.Delete(d24.HeaderAuthorization)
			d.Header.Delete(d24.HeaderPayloadSignature)
		},
	}
}

// InOtherCase writes the digits of the signature in upper case where they belong in lower
// case, and the other way round.
func InOtherCase() Tamper {
	return WithSignature(func(digest string) string {
		if upper := strings.ToUpper(digest); upper != digest {
			return upper
		}
		return strings.ToLower(digest)
	})
}

// WithScheme puts the digits of Authorization behind another word.
func WithScheme(scheme string) Tamper {
	return Tamper{After: func(d *Draft) {
		if digest, there := strings.CutPrefix(d.Header.Get(d24.HeaderAuthorization), d24.Scheme); there {
			d.Header.Set(d24.HeaderAuthorization, scheme+digest)
		}
	}}
}

// SignedWith signs under another secret, everything that is signed.
func SignedWith(secret string) Tamper {
	return Tamper{Before: func(d *Draft) { d.Secret = secret }}
}

// SigningOther signs other bytes than those that are sent. A form's control does not
// cover them.
func SigningOther(change func(body []byte) []byte) Tamper {
	return Tamper{At: func(d *Draft) { d.Signed = change(bytes.Clone(d.Body)) }}
}

// WithBody sends another body, signed as it is sent: white space, other fields.
func WithBody(change func(body []byte) []byte) Tamper {
	return Tamper{At: func(d *Draft) { d.Body = change(d.Body) }}
}

// BodyAfterSigning changes the body on its way.
func BodyAfterSigning(change func(body []byte) []byte) Tamper {
	return Tamper{After: func(d *Draft) { d.Body = change(d.Body) }}
}

// WithID changes the deposit_id or refund_id on its way; of a form the cashout_id, with a
// Payload-Signature that fits, since control does not cover it.
func WithID(id string) Tamper {
	return Tamper{
		Before: func(d *Draft) { d.Form.CashoutID = d24.ID(id) },
		After: func(d *Draft) {
			if d.Kind != d24.CashoutNotification {
				d.Body = d24.EncodeNotification(d.Kind, d24.ID(id))
			}
		},
	}
}

// WithExternalID changes the external_id of a form and leaves the control of the old one.
func WithExternalID(id string) Tamper {
	return Tamper{At: func(d *Draft) {
		d.Form.ExternalID = id
		if d.Kind == d24.CashoutNotification {
			d.Body = d.Form.Encode()
		}
	}}
}

// WithoutPayloadSignature sends a form as one reading of AMB-32 has it.
func WithoutPayloadSignature() Tamper {
	return Tamper{After: func(d *Draft) { d.Header.Delete(d24.HeaderPayloadSignature) }}
}

// Dated moves X-Date, and signs it as it is sent: a notification that was held up, or
// kept and sent again.
func Dated(by time.Duration) Tamper {
	return Tamper{Before: func(d *Draft) {
		if d.Kind != d24.CashoutNotification {
			d.Date = d24.FormatDate(d.Now.Add(by))
		}
	}}
}

// DateAfterSigning moves X-Date on its way: the signature is that of the old one.
func DateAfterSigning(by time.Duration) Tamper {
	return Tamper{After: func(d *Draft) {
		if d.Kind != d24.CashoutNotification {
			d.Header.Set(d24.HeaderDate, d24.FormatDate(d.Now.Add(by)))
		}
	}}
}

// WithLogin sends and signs another X-Login: another merchant's notification.
func WithLogin(login string) Tamper {
	return Tamper{Before: func(d *Draft) { d.Login = login }}
}
