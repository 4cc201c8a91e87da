package mock

import (
	"net/http"
	"net/url"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// Notifications: every change of a status is told to the notification_url of the
// request (deposits, refunds and cashouts, "Notifications"). None of them says what
// the status is; the receiver has to ask.
//
// The functions below run in the critical section in which the status changes, so that
// a reset either comes before the change or forgets its notification as well.

// ageDeposit lets time have its effect on a deposit.
func (e *environment) ageDeposit(d *store.Deposit, now time.Time) {
	before := d.Status
	if e.rules.ageDeposit(d, now); d.Status != before {
		e.depositChanged(d)
	}
}

// ageDeposits does so with all of them: the clock was moved.
func (e *environment) ageDeposits() {
	now := e.clock.now()
	e.state.Update(func(tx *store.Tx) {
		tx.Deposits(func(d *store.Deposit) { e.ageDeposit(d, now) })
	})
}

func (e *environment) depositChanged(d *store.Deposit) {
	body := append(append([]byte(`{"deposit_id":`), e.rules.wireID(d.ID)...), '}')
	e.notify(d24.DepositNotification, d.ID, e.merchant(d.Merchant), string(d.Status), d.NotificationURL, body)
}

func (e *environment) refundChanged(r *store.Refund) {
	body := append(append([]byte(`{"refund_id":`), e.rules.wireID(r.ID)...), '}')
	e.notify(d24.RefundNotification, r.ID, e.merchant(r.Merchant), string(r.Status), r.NotificationURL, body)
}

// setCashout brings a cashout into another status.
func (e *environment) setCashout(tx *store.Tx, cashout *store.Cashout, to d24.CashoutStatus) {
	e.rules.setCashout(tx, cashout, to)
	m := e.merchant(cashout.Merchant)
	if m == nil {
		return
	}
	form := d24.CashoutForm{
		Date:       e.clock.source().UTC().Format(d24.CashoutDateLayout),
		ExternalID: cashout.ExternalID,
		Control:    e.rules.notificationControl(m, cashout),
		CashoutID:  d24.ID(idText(cashout.ID)),
	}
	if cashout.Status == d24.CashoutRejected {
		form.StatusReason = rejectionReason
	}
	e.notify(d24.CashoutNotification, cashout.ID, m, cashout.Status.String(), cashout.NotificationURL, form.Encode())
}

func (e *environment) notify(kind d24.NotificationKind, id int64, m *merchant, status, to string, body []byte) {
	if to == "" || m == nil { // the merchant asked for none, or is known no more
		return
	}
	copies := 1
	if e.faults.duplicates(e.clock.now(), kind) {
		copies = 2
	}
	// An error means that the mock is closing.
	_, _ = e.outbox.add(Notification{Kind: kind, Object: idText(id), Status: status, URL: to}, m, body, copies)
}

// merchant is the one of that number; nil when a reset has forgotten it.
func (e *environment) merchant(number int) *merchant {
	if all := e.directory.Load().all; number < len(all) {
		return all[number]
	}
	return nil
}

// signNotification dates and signs deposit and refund notifications like a request, with
// the API Signature of deposits (readings AMB-30 and AMB-31).
func signNotification(m *merchant, _, now time.Time, body []byte, h http.Header) {
	date, login := d24.FormatDate(now), m.credentials.Deposits.APIKey
	h[d24.HeaderDate] = []string{date}
	h[d24.HeaderLogin] = []string{login}
	h[d24.HeaderAuthorization] = []string{m.deposits.Authorization(date, login, body)}
}

// signNotificationBody signs the body alone (AMB-30 body-only).
func signNotificationBody(m *merchant, _, _ time.Time, body []byte, h http.Header) {
	h[d24.HeaderAuthorization] = []string{m.deposits.Authorization("", "", body)}
}

// signCashoutForm signs the raw form; it has its control in any case (reading AMB-32).
func signCashoutForm(m *merchant, body []byte, h http.Header) {
	h[d24.HeaderPayloadSignature] = []string{m.cashouts.Payload(body)}
}

// controlOf is a cashout's control: it covers the external id alone.
func controlOf(m *merchant, c *store.Cashout) string { return m.cashouts.Control(c.ExternalID) }

// documentedGap is how long the repeat of that number, from 1, waits.
func documentedGap(repeat int) time.Duration {
	gap := firstGap
	for range repeat - 1 {
		gap *= gapFactor
	}
	return gap
}

// stopsAt says which answer ends the repeats: any 2xx, of refunds 200 alone (reading
// AMB-34).
func stopsAt(kind d24.NotificationKind, status int) bool {
	if kind == d24.RefundNotification {
		return status == http.StatusOK
	}
	return successful(kind, status)
}

func successful(_ d24.NotificationKind, status int) bool { return status/100 == 2 }

// notifiable says whether a notification_url is one that the provider would use: an
// HTTPS one, as documented. Where the mock may send to, plain HTTP will do: a receiver
// under test seldom has a certificate.
func (e *environment) notifiable(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && e.outbox.courier.allows(u.Hostname()))
}
