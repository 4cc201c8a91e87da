package judge_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

var (
	noon     = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	notifier = judge.Notifier{Credentials: d24.Credentials{
		Deposits: d24.DepositsCredentials{APIKey: "login-FAKE", APISignature: "deposits-FAKE"},
		Cashouts: d24.CashoutsCredentials{APIKey: "clogin-FAKE", APIPassphrase: "cpass-FAKE", APISignature: "cashouts-FAKE"},
	}}
	aDeposit = judge.Notified{Kind: d24.DepositNotification, ID: "300000001"}
	aRefund  = judge.Notified{Kind: d24.RefundNotification, ID: "168001"}
	aCashout = judge.Notified{Kind: d24.CashoutNotification, ID: "8400001", ExternalID: "order-17"}
)

// received is a notification that is right, but for what change does to it.
func received(about judge.Notified, change func(*exchange.Request)) *exchange.Exchange {
	e := &exchange.Exchange{Started: noon, Response: &exchange.Response{Status: http.StatusOK}, Request: exchange.Request{
		Method: http.MethodPost, URL: "https://hooks.example/d24/TOKEN", Body: d24.EncodeNotification(about.Kind, d24.ID(about.ID)),
	}}
	h := &e.Request.Header
	if about.Kind == d24.CashoutNotification {
		key := d24.NewKey("cashouts-FAKE")
		form := d24.CashoutForm{Date: "2026-11-20 12:00:00", ExternalID: about.ExternalID, CashoutID: d24.ID(about.ID), Control: key.Control(about.ExternalID)}
		e.Request.Body = form.Encode()
		h.Set("Content-Type", d24.ContentTypeForm)
		h.Set("Payload-Signature", key.Payload(e.Request.Body))
	} else {
		h.Set("Content-Type", d24.ContentTypeJSON)
		h.Set("X-Date", d24.FormatDate(noon))
		h.Set("X-Login", "login-FAKE")
		sign(&e.Request, "deposits-FAKE", e.Request.Body)
	}
	if change != nil {
		change(&e.Request)
	}
	return e
}

// sign signs with the date and the login that are there.
func sign(r *exchange.Request, key string, body []byte) {
	r.Header.Set("Authorization", d24.NewKey(key).Authorization(r.Header.Get("X-Date"), r.Header.Get("X-Login"), body))
}

func TestWhatCoversANotification(t *testing.T) {
	t.Parallel()
	spaced := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(":"), []byte(": ")) }
	for _, tt := range []struct {
		name   string
		about  judge.Notified
		change func(*exchange.Request)
		seen   string // what is wrong; empty = nothing
		reads  string // AMB-30
	}{
		{"as requests are signed", aDeposit, nil, "", "full"},
		{"a refund", aRefund, nil, "", "full"},
		{"a refund under the other key (AMB-31)", aRefund, func(r *exchange.Request) { sign(r, "cashouts-FAKE", r.Body) }, "", "full"},
		{"the body alone (AMB-30)", aDeposit, func(r *exchange.Request) {
			r.Header.Delete("X-Date")
			r.Header.Delete("X-Login")
			sign(r, "deposits-FAKE", r.Body)
		}, "", "body-only"},
		{"the body alone beside a date", aDeposit, func(r *exchange.Request) {
			r.Header.Set("Authorization", d24.NewKey("deposits-FAKE").Authorization("", "", r.Body))
		}, "", "body-only"},
		{"upper case", aDeposit, func(r *exchange.Request) {
			r.Header.Set("Authorization", "D24 "+strings.ToUpper(r.Header.Get("Authorization")[4:]))
		}, "", "full"},
		{"nothing at all, which is another sentence's", aDeposit, func(r *exchange.Request) { r.Header.Delete("Authorization") }, "", "none"},
		{"another key", aDeposit, func(r *exchange.Request) { sign(r, "cashouts-FAKE", r.Body) }, "the signature is wrong: the D24_CASHOUTS_API_SIGNATURE was used as the signing key", ""},
		{"a key that nobody has", aDeposit, func(r *exchange.Request) { sign(r, "x", r.Body) }, "the signature is not the one of these bytes, and no usual mistake makes it", ""},
		{"other bytes", aDeposit, func(r *exchange.Request) { sign(r, "deposits-FAKE", spaced(r.Body)) }, "the signature is wrong: the body was signed with a space after each colon", ""},
		{"a date changed on its way", aDeposit, func(r *exchange.Request) { r.Header.Set("X-Date", "2026-11-20T12:00:01Z") }, "the signature is wrong: the clock was read twice", ""},
		{"something else", aDeposit, func(r *exchange.Request) { r.Header.Set("Authorization", "Basic bG9naW4tRkFLRTo=") }, "the signature is not the one of these bytes", ""},
	} {
		e := received(tt.about, tt.change)
		f := notifier.Signs(tt.about, []*exchange.Exchange{e})
		if tt.seen == "" {
			assert.Equal(t, judge.Holds, f.Outcome, "%s: %s", tt.name, f.Seen)
		} else {
			assert.Equal(t, judge.Broken, f.Outcome, tt.name)
			assert.Contains(t, f.Seen, tt.seen, tt.name)
		}
		assert.Equal(t, tt.reads, notifier.ReadsSignature(tt.about, e), tt.name)
	}
	assert.Equal(t, judge.Unseen, notifier.Signs(aDeposit, nil).Outcome)

	first := received(aDeposit, nil)
	repeat := received(aDeposit, func(r *exchange.Request) { r.Header.Set("X-Date", "2026-11-20T12:05:00Z") })
	f := notifier.Signs(aDeposit, []*exchange.Exchange{first, repeat})
	assert.Equal(t, "delivery 2 of 2: the Authorization of the delivery before, and another X-Date", f.Seen)
	assert.Equal(t, []*exchange.Exchange{repeat}, f.Exchanges)

	wrong := received(aDeposit, func(r *exchange.Request) { sign(r, "deposits-FAKE", spaced(r.Body)) })
	signed, right := notifier.Sides(aDeposit, wrong)
	assert.Equal(t, `2026-11-20T12:00:00Zlogin-FAKE{"deposit_id": 300000001}`, string(signed))
	assert.Equal(t, `2026-11-20T12:00:00Zlogin-FAKE{"deposit_id":300000001}`, string(right))
}

func TestANotificationHasAuthorization(t *testing.T) {
	t.Parallel()
	without := received(aDeposit, func(r *exchange.Request) { r.Header.Delete("Authorization") })
	assert.Equal(t, judge.Holds, notifier.CarriesAuthorization([]*exchange.Exchange{received(aDeposit, nil)}).Outcome)
	f := notifier.CarriesAuthorization([]*exchange.Exchange{received(aDeposit, nil), without})
	assert.Equal(t, judge.Broken, f.Outcome)
	assert.Equal(t, "delivery 2 of 2: without Authorization", f.Seen)
}

func TestWhatSealsACashoutsNotification(t *testing.T) {
	t.Parallel()
	control := func(value string) func(*exchange.Request) {
		return func(r *exchange.Request) {
			form, _ := d24.ParseCashoutForm(r.Body)
			form.Control = value
			r.Body = form.Encode()
			r.Header.Set("Payload-Signature", d24.NewKey("cashouts-FAKE").Payload(r.Body))
		}
	}
	right := d24.NewKey("cashouts-FAKE").Control("order-17")
	for _, tt := range []struct {
		name   string
		change func(*exchange.Request)
		seen   string
		reads  string // AMB-32
	}{
		{"both", nil, "", "control-and-signature"},
		{"control alone", func(r *exchange.Request) { r.Header.Delete("Payload-Signature") }, "", "control-only"},
		{"JSON that is signed, as the security page has it", func(r *exchange.Request) {
			r.Body = []byte(`{"external_id":"order-17"}`)
			r.Header.Set("Payload-Signature", d24.NewKey("cashouts-FAKE").Payload(r.Body))
		}, "", "signature-only"},
		{"neither", func(r *exchange.Request) {
			r.Body = []byte("external_id=order-17")
			r.Header.Delete("Payload-Signature")
		}, "neither control nor Payload-Signature", ""},
		{"control of the other id", control(d24.NewKey("cashouts-FAKE").Control("8400001")), "control: it covers cashout_id instead of external_id", "control-and-signature"},
		{"control in lower case", control(strings.ToLower(right)), "control: the digest is right and not written in upper case", "control-and-signature"},
		{"control under the other key", control(d24.NewKey("deposits-FAKE").Control("order-17")), "control: the D24_DEPOSITS_API_SIGNATURE was used as the signing key", "control-and-signature"},
		{"control of nothing", control(strings.Repeat("0", 64)), "no usual mistake makes it", "control-and-signature"},
		{"a signature of other bytes", func(r *exchange.Request) { r.Body = append(r.Body, "&paid=yes"...) }, "Payload-Signature: the signature is not the one of these bytes", "control-and-signature"},
		{"a signature in upper case", func(r *exchange.Request) {
			r.Header.Set("Payload-Signature", strings.ToUpper(r.Header.Get("Payload-Signature")))
		}, "Payload-Signature: the digest is right and not written in lower case", "control-and-signature"},
		{"another's external_id", func(r *exchange.Request) {
			r.Body = bytes.Replace(r.Body, []byte("order-17"), []byte("order-18"), 1)
			r.Header.Delete("Payload-Signature")
		}, `control fits, and external_id is "order-18"`, "control-only"},
	} {
		e := received(aCashout, tt.change)
		f := notifier.Seals(aCashout, []*exchange.Exchange{e})
		if tt.seen == "" {
			assert.Equal(t, judge.Holds, f.Outcome, "%s: %s", tt.name, f.Seen)
		} else {
			assert.Equal(t, judge.Broken, f.Outcome, tt.name)
			assert.Contains(t, f.Seen, tt.seen, tt.name)
		}
		assert.Equal(t, tt.reads, notifier.ReadsControl(e), tt.name)
	}
}

func TestNotificationsAsTheDocumentsShowThem(t *testing.T) {
	t.Parallel()
	set := func(name, value string) func(*exchange.Request) {
		return func(r *exchange.Request) { r.Header.Set(name, value) }
	}
	for _, tt := range []struct {
		about  judge.Notified
		change func(*exchange.Request)
		ahead  time.Duration
		seen   string
	}{
		{aDeposit, nil, 0, ""},
		{aDeposit, set("Content-Type", "application/json; charset=utf-8"), 0, ""},
		{aDeposit, set("X-Date", "2026-11-20T12:05:00Z"), 5 * time.Minute, ""},
		{aRefund, nil, 0, ""},
		{aCashout, nil, 0, ""},
		{aDeposit, nil, 5 * time.Minute, "X-Date 5m0s from when it came"},
		{aDeposit, set("X-Date", "yesterday"), 0, `X-Date "yesterday"`},
		{aDeposit, set("Content-Type", "text/plain"), 0, `Content-Type "text/plain"`},
		{aDeposit, set("X-Login", "x"), 0, "another X-Login"},
		{aDeposit, set("Authorization", "d24 x"), 0, "Authorization written otherwise"},
		{aDeposit, func(r *exchange.Request) { r.Method = "PUT"; r.Header = nil }, 0, `PUT, Content-Type "", no X-Login, no X-Date, Authorization written otherwise`},
		{aDeposit, func(r *exchange.Request) { r.Body = []byte(`{"deposit_id":"300000001","status":"COMPLETED"}`) }, 0, `deposit_id "\"300000001\"", more fields than the id`},
		{aDeposit, func(r *exchange.Request) { r.Body = []byte("deposit_id=1") }, 0, "a body that is not a JSON object"},
		{aCashout, func(r *exchange.Request) { r.Body = []byte("date=today&external_id=x&cashout_id=1") }, 0, `date "today", external_id "x", cashout_id "1", no control`},
		{aCashout, func(r *exchange.Request) { r.Body = []byte("%%%") }, 0, "a body that is not a form"},
		{aCashout, set("Content-Type", "text/plain"), 0, `Content-Type "text/plain"`},
	} {
		e := received(tt.about, tt.change)
		f := notifier.IsAsShown(tt.about, []*exchange.Exchange{e}, []time.Duration{tt.ahead})
		assert.Equal(t, tt.seen, f.Seen)
		assert.Equal(t, tt.seen == "", f.Outcome == judge.Holds, tt.seen)
	}
	e := received(aDeposit, func(r *exchange.Request) { r.Truncated = true })
	assert.Equal(t, `POST application/json {"deposit_id":300000001}, cut off`, judge.DescribeNotification(e))
}

func TestTheScheduleOfRepeats(t *testing.T) {
	t.Parallel()
	minutes := func(list ...float64) (gaps []time.Duration) {
		for _, n := range list {
			gaps = append(gaps, time.Duration(n*float64(time.Minute)))
		}
		return gaps
	}
	f := judge.FollowsSchedule(minutes(5, 25), minutes(5.1, 24.8), nil)
	assert.Equal(t, judge.Holds, f.Outcome)
	f = judge.FollowsSchedule(minutes(5, 25), minutes(5, 5), nil)
	assert.Equal(t, []string{"repeats after 5, 25 minutes", "repeats after 5, 5 minutes"}, []string{f.Expected, f.Seen})
	f = judge.FollowsSchedule(minutes(5, 25), nil, nil)
	assert.Equal(t, "no repeat", f.Seen)
}
