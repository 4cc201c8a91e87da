package mock

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// notificationMutants notify wrongly. Those that break nothing do what the documents show
// otherwise and demand nowhere: it has to show in a report.
func notificationMutants() []Mutant {
	return append([]Mutant{
		{
			"notification-unsigned", "sends notifications of deposits without Authorization",
			[]string{"NOTIF-01"},
			func(r *rulebook) {
				alsoSends(r, func(_ *merchant, _ time.Time, _ []byte, h http.Header) { delete(h, d24.HeaderAuthorization) })
			},
		},
		{
			"notification-with-cashouts-key", "signs notifications of deposits with the API signature of cashouts",
			[]string{"DEP-SIG-04"},
			func(r *rulebook) {
				alsoSends(r, func(m *merchant, _ time.Time, body []byte, h http.Header) {
					if bytes.Contains(body, []byte("deposit_id")) { // of refunds the documents name no key (AMB-31)
						h[d24.HeaderAuthorization] = []string{m.cashouts.Authorization(h.Get(d24.HeaderDate), h.Get(d24.HeaderLogin), body)}
					}
				})
			},
		},
		{
			"notification-reserialised", "signs notifications of deposits as another JSON library writes them",
			[]string{"DEP-SIG-04"},
			func(r *rulebook) {
				alsoSends(r, func(m *merchant, _ time.Time, body []byte, h http.Header) {
					spaced := bytes.ReplaceAll(body, []byte(":"), []byte(": "))
					h[d24.HeaderAuthorization] = []string{m.deposits.Authorization(h.Get(d24.HeaderDate), h.Get(d24.HeaderLogin), spaced)}
				})
			},
		},
		{
			"repeat-signature-kept", "dates the repeat of a notification anew and keeps its first signature",
			[]string{"DEP-SIG-04"},
			func(r *rulebook) {
				alsoSends(r, func(m *merchant, made time.Time, body []byte, h http.Header) {
					h[d24.HeaderAuthorization] = []string{m.deposits.Authorization(d24.FormatDate(made), h.Get(d24.HeaderLogin), body)}
				})
			},
		},
		{
			"control-of-cashout-id", "computes control over cashout_id instead of external_id",
			[]string{"CASH-SIG-03"},
			func(r *rulebook) {
				r.notificationControl = func(m *merchant, c *store.Cashout) string { return m.cashouts.Control(idText(c.ID)) }
			},
		},
		{
			"control-lower-case", "writes control in lower case",
			[]string{"CASH-SIG-03"},
			func(r *rulebook) {
				control := r.notificationControl
				r.notificationControl = func(m *merchant, c *store.Cashout) string { return strings.ToLower(control(m, c)) }
			},
		},
		{
			"control-with-deposits-key", "makes control with the API signature of deposits",
			[]string{"CASH-SIG-03"},
			func(r *rulebook) {
				r.notificationControl = func(m *merchant, c *store.Cashout) string { return m.deposits.Control(c.ExternalID) }
			},
		},
		{
			"form-signed-without-control", "makes Payload-Signature over the form before control is in it",
			[]string{"CASH-SIG-03"},
			func(r *rulebook) {
				r.signCashoutNotification = func(m *merchant, body []byte, h http.Header) {
					form, err := d24.ParseCashoutForm(body)
					if err == nil {
						form.Control = ""
					}
					signCashoutForm(m, form.Encode(), h)
				}
			},
		},
	}, oddNotifiers()...)
}

// oddNotifiers break no rule.
func oddNotifiers() []Mutant {
	return []Mutant{
		{
			"repeat-date-kept", "sends the repeat of a notification with its first date and signature", nil,
			func(r *rulebook) {
				sign := r.signNotification
				r.signNotification = func(m *merchant, made, _ time.Time, body []byte, h http.Header) { sign(m, made, made, body, h) }
			},
		},
		{
			"notification-as-text", "calls notifications of deposits text/plain", nil,
			func(r *rulebook) {
				alsoSends(r, func(_ *merchant, _ time.Time, _ []byte, h http.Header) {
					h[d24.HeaderContentType] = []string{"text/plain; charset=utf-8"}
				})
			},
		},
		{
			"cashout-notification-as-text", "calls notifications of cashouts text/plain", nil,
			func(r *rulebook) {
				sign := r.signCashoutNotification
				r.signCashoutNotification = func(m *merchant, body []byte, h http.Header) {
					sign(m, body, h)
					h[d24.HeaderContentType] = []string{"text/plain; charset=utf-8"}
				}
			},
		},
		{
			"notification-after-2xx", "goes on sending a notification that was answered 2xx", nil,
			func(r *rulebook) { r.notificationTaken = func(d24.NotificationKind, int) bool { return false } },
		},
		{
			"notification-never-repeated", "sends a notification once, whatever is answered", nil,
			func(r *rulebook) { r.notificationRepeats = 0 },
		},
		{
			"repeats-every-5-minutes", "repeats a notification every 5 minutes", nil,
			func(r *rulebook) { r.notificationGap = func(int) time.Duration { return firstGap } },
		},
	}
}

// alsoSends changes a notification of a deposit or a refund when it is signed.
func alsoSends(r *rulebook, change func(m *merchant, made time.Time, body []byte, h http.Header)) {
	sign := r.signNotification
	r.signNotification = func(m *merchant, made, now time.Time, body []byte, h http.Header) {
		sign(m, made, now, body, h)
		change(m, made, body, h)
	}
}
