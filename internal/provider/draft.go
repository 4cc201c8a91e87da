package provider

import (
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// userAgent is what the provider calls itself.
const userAgent = "d24conform"

// A Draft is a notification that is being made. Tampers change it.
type Draft struct {
	Kind   d24.NotificationKind
	ID     string
	Form   d24.CashoutForm // cashouts: what the body is written from
	Date   string          // X-Date; deposits and refunds
	Login  string          // X-Login; deposits and refunds
	Secret string          // the API signature, which is the HMAC key
	// Control is the secret of a form's control where that is another one than Secret.
	Control *string
	Header  exchange.Header
	Body    []byte // what is sent
	Signed  []byte // what is signed; nil = what is sent
	// Text is the whole text under Authorization, or under control; nil = as it ought to be.
	Text func() []byte
	Now  time.Time
}

// A Tamper makes one step of a notification go wrong. Its functions may be nil.
type Tamper struct {
	Before func(*Draft) // before the body is written, and a form's control made
	At     func(*Draft) // when the body is there, and not yet signed
	After  func(*Draft) // when everything is signed
}

// draft takes a notification through writing, signing and the tampers. made is when the
// notification came about, now when it is sent.
func (p *Provider) draft(n Notification, made, now time.Time, tampers []Tamper) *Draft {
	d := &Draft{Kind: n.Kind, ID: n.ID, Now: now}
	if n.Kind == d24.CashoutNotification {
		d.Secret = p.Credentials.Cashouts.APISignature
		d.Form = d24.CashoutForm{
			Date: made.UTC().Format(d24.CashoutDateLayout), ExternalID: n.ExternalID, CashoutID: d24.ID(n.ID), StatusReason: n.StatusReason,
		}
	} else {
		d.Secret = p.Credentials.Deposits.APISignature
		d.Date, d.Login = d24.FormatDate(now), p.Credentials.Deposits.APIKey
	}
	step(d, tampers, func(t Tamper) func(*Draft) { return t.Before })
	d.write()
	step(d, tampers, func(t Tamper) func(*Draft) { return t.At })
	d.sign()
	step(d, tampers, func(t Tamper) func(*Draft) { return t.After })
	return d
}

func step(d *Draft, tampers []Tamper, of func(Tamper) func(*Draft)) {
	for _, t := range tampers {
		if change := of(t); change != nil {
			change(d)
		}
	}
}

// write makes the body. A form has its control in it.
func (d *Draft) write() {
	d.Header.Set(d24.HeaderUserAgent, userAgent)
	if d.Kind == d24.CashoutNotification {
		d.Header.Set(d24.HeaderContentType, d24.ContentTypeForm)
		secret := d.Secret
		if d.Control != nil {
			secret = *d.Control
		}
		d.Form.Control = d24.NewKey(secret).Control(d.Form.ExternalID)
		if d.Text != nil {
			d.Form.Control = strings.ToUpper(d24.NewKey(secret).Payload(d.Text()))
		}
		d.Body = d.Form.Encode()
		return
	}
	d.Header.Set(d24.HeaderContentType, d24.ContentTypeJSON)
	d.Body = d24.EncodeNotification(d.Kind, d24.ID(d.ID))
}

// sign makes the header's signature: Authorization over date, login and body, or
// Payload-Signature over the raw form.
func (d *Draft) sign() {
	signed := d.Signed
	if signed == nil {
		signed = d.Body
	}
	key := d24.NewKey(d.Secret)
	if d.Kind == d24.CashoutNotification {
		d.Header.Set(d24.HeaderPayloadSignature, key.Payload(signed))
		return
	}
	d.Header.Set(d24.HeaderDate, d.Date)
	d.Header.Set(d24.HeaderLogin, d.Login)
	if d.Text != nil {
		d.Header.Set(d24.HeaderAuthorization, d24.Scheme+key.Payload(d.Text()))
		return
	}
	d.Header.Set(d24.HeaderAuthorization, key.Authorization(d.Date, d.Login, signed))
}
