package mock_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
)

// A notice is a notification as it arrived.
type notice struct {
	Method string
	URI    string
	Header http.Header
	Body   []byte
}

// receive runs a receiver on loopback. Each notification that arrives is in the channel
// before answer says what becomes of it.
func receive(t *testing.T, answer func(notice) int) (url string, arrived chan notice) {
	t.Helper()
	arrived = make(chan notice, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n := notice{r.Method, r.RequestURI, r.Header, body}
		arrived <- n
		w.WriteHeader(answer(n))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/notify?from=d24", arrived
}

func always(status int) func(notice) int { return func(notice) int { return status } }

// fixed is a mock whose true time stands still.
func fixed(t *testing.T, opts mock.Options) (*mock.Mock, *client) {
	t.Helper()
	opts.Now = func() time.Time { return base }
	m := start(t, opts)
	return m, newClient(t, m)
}

func notified(body, url string) string {
	return strings.ReplaceAll(body, "https://merchant.example/notify", url)
}

// settled waits until there are n notifications and none is under way, or waiting.
func settled(t *testing.T, m *mock.Mock, n int) []mock.Notification {
	t.Helper()
	return await(t, m, func(list []mock.Notification) bool {
		for _, each := range list {
			if each.State == mock.NotificationSending || each.State == mock.NotificationWaiting {
				return false
			}
		}
		return len(list) == n
	})
}

func await(t *testing.T, m *mock.Mock, enough func([]mock.Notification) bool) (list []mock.Notification) {
	t.Helper()
	require.NoError(t, m.Admin().AwaitNotifications(t.Context(), func(now []mock.Notification) bool {
		list = now
		return enough(now)
	}))
	return list
}

// refundable makes a completed deposit and a refund of it.
func (c *client) refund(m *mock.Mock, url string) string {
	c.t.Helper()
	deposit := c.deposit(oneShot("refunded"))
	require.NoError(c.t, m.Admin().ApproveDeposit(deposit))
	got := c.send(c.signed(http.MethodPost, d24.PathRefunds, fmt.Sprintf(
		`{"deposit_id":%s,"invoice_id":"refunded","bank_account":{},"notification_url":%q}`, deposit, url)))
	require.Equal(c.t, http.StatusOK, got.Status, "%s", got.Body)
	return got.field("refund_id")
}

func (c *client) cashoutID(externalID, url string) string {
	c.t.Helper()
	fields := cashoutFields(externalID, 10)
	fields["notification_url"] = url
	got := c.send(c.cashout(http.MethodPost, d24.PathCashout, fields))
	require.Equal(c.t, http.StatusOK, got.Status, "%s", got.Body)
	return got.field("cashout_id")
}

func TestEveryChangeOfADepositIsNotified(t *testing.T) {
	url, arrived := receive(t, always(http.StatusNoContent))
	m, c := fixed(t, mock.Options{})
	admin, key := m.Admin(), d24.NewKey(m.Credentials().Deposits.APISignature)
	m.Admin().SetClockOffset(time.Hour) // the mock's clock is wrong, notifications are dated right
	late := *c
	late.now = admin.Now
	approved, cancelled, expired := late.deposit(notified(oneShot("a"), url)), late.deposit(notified(oneShot("b"), url)), late.deposit(notified(oneShot("c"), url))
	assert.Empty(t, admin.Notifications(), "a creation is no change")

	require.NoError(t, admin.ApproveDeposit(approved))
	n := <-arrived
	assert.Equal(t, http.MethodPost, n.Method)
	assert.Equal(t, "/notify?from=d24", n.URI)
	assert.Equal(t, `{"deposit_id":`+approved+`}`, string(n.Body))
	assert.Equal(t, d24.ContentTypeJSON, n.Header.Get("Content-Type"))
	assert.Equal(t, d24.FormatDate(base), n.Header.Get("X-Date"))
	require.NoError(t, key.VerifyNotification(n.Header.Get, n.Body, m.Credentials().Deposits.APIKey, base))
	require.Error(t, admin.ApproveDeposit(approved), "which changes nothing")

	require.NoError(t, admin.ExpireDeposit(cancelled))
	require.NoError(t, admin.CancelDeposit(cancelled))
	admin.SetClockOffset(73 * time.Hour) // the other one's time runs out by itself
	list := settled(t, m, 4)
	var told []string
	for _, each := range list {
		assert.Equal(t, d24.DepositNotification, each.Kind)
		assert.Equal(t, mock.NotificationDelivered, each.State)
		require.Len(t, each.Attempts, 1)
		assert.Equal(t, http.StatusNoContent, each.Attempts[0].HTTPStatus)
		assert.Len(t, each.Attempts[0].BodySHA256, 64)
		told = append(told, each.Object+" "+each.Status)
	}
	assert.Equal(t, []string{approved + " COMPLETED", cancelled + " EXPIRED", cancelled + " CANCELLED", expired + " EXPIRED"}, told)
	assert.Equal(t, d24.DepositExpired, d24.DepositStatus(late.depositStatus(expired)))
	assert.Len(t, admin.Notifications(), 4, "looking at it again is no change")
}

func TestRefundsAndCashoutsAreNotified(t *testing.T) {
	url, arrived := receive(t, always(http.StatusOK))
	m, c := fixed(t, mock.Options{})
	deposits, cashouts := d24.NewKey(m.Credentials().Deposits.APISignature), d24.NewKey(m.Credentials().Cashouts.APISignature)

	refund := c.refund(m, url)
	require.NoError(t, m.Admin().MoveRefund(refund, d24.RefundDelivered))
	n := <-arrived
	assert.Equal(t, `{"refund_id":`+refund+`}`, string(n.Body))
	require.NoError(t, deposits.VerifyNotification(n.Header.Get, n.Body, m.Credentials().Deposits.APIKey, base))

	cashout := c.cashoutID("order 17/é", url)
	require.NoError(t, m.Admin().RejectCashout(cashout))
	for range 2 { // delivered, then rejected; in whatever order they arrive
		n = <-arrived
		assert.Equal(t, d24.ContentTypeForm, n.Header.Get("Content-Type"))
		assert.Empty(t, n.Header.Get("Authorization"))
		assert.NotEmpty(t, n.Header.Get("Payload-Signature"))
		form, err := cashouts.VerifyCashoutNotification(n.Header.Get, n.Body)
		require.NoError(t, err)
		assert.Equal(t, "order 17/é", form.ExternalID)
		assert.Equal(t, d24.ID(cashout), form.CashoutID)
		assert.Equal(t, "2026-11-20 12:00:00", form.Date)
	}
	// What the merchant changes through the API is a change as well.
	held := c.cashoutID("held", url)
	got := c.send(c.cashout(http.MethodPut, d24.PathCashoutStatus, map[string]any{"cashout_id": held, "status": "ON_HOLD"}))
	require.Equal(t, http.StatusOK, got.Status)
	assert.Contains(t, string((<-arrived).Body), "cashout_id="+held)
}

// timers are what the outbox waits for: each wait is told, and ends when it is let go.
type timers struct {
	asked chan time.Duration
	ring  chan time.Time
}

func newTimers() timers {
	return timers{asked: make(chan time.Duration, 100), ring: make(chan time.Time)}
}

func (w timers) after(d time.Duration) <-chan time.Time {
	w.asked <- d
	return w.ring
}

func TestRepeatsFollowTheDocumentedSchedule(t *testing.T) {
	minutes := func(list ...int) (waits []time.Duration) {
		for _, n := range list {
			waits = append(waits, time.Duration(n)*time.Minute)
		}
		return waits
	}
	for _, test := range []struct {
		name     string
		opts     mock.Options
		answers  []int // one for each attempt
		waits    []time.Duration
		state    mock.NotificationState
		ofRefund bool
	}{
		{
			name: "five attempts", answers: []int{500, 404, 302, 401, 503}, waits: minutes(5, 25, 125, 625),
			state: mock.NotificationGivenUp,
		},
		{
			name: "a sixth", opts: mock.Options{Readings: map[string]string{"AMB-33": "six"}},
			answers: []int{500, 500, 500, 500, 500, 500}, waits: minutes(5, 25, 125, 625, 3125), state: mock.NotificationGivenUp,
		},
		{name: "a deposit stops at the first 2xx", answers: []int{500, 204}, waits: minutes(5), state: mock.NotificationDelivered},
		{
			name: "a refund stops at 200 alone", ofRefund: true, answers: []int{204, 201, 200}, waits: minutes(5, 25),
			state: mock.NotificationDelivered,
		},
		{
			name: "a refund stops at any 2xx", ofRefund: true, opts: mock.Options{Readings: map[string]string{"AMB-34": "2xx"}},
			answers: []int{204}, state: mock.NotificationDelivered,
		},
		{
			name: "time goes 1500 times as fast", opts: mock.Options{TimeScale: 1500}, answers: []int{500, 500, 200},
			waits: []time.Duration{200 * time.Millisecond, time.Second}, state: mock.NotificationDelivered,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var count atomic.Int64
			url, arrived := receive(t, func(notice) int {
				return test.answers[min(int(count.Add(1)), len(test.answers))-1]
			})
			waits := newTimers()
			test.opts.After = waits.after
			m, c := fixed(t, test.opts)
			if test.ofRefund {
				require.NoError(t, m.Admin().MoveRefund(c.refund(m, url), d24.RefundDelivered))
			} else {
				require.NoError(t, m.Admin().ApproveDeposit(c.deposit(notified(oneShot("i"), url))))
			}
			var last []mock.Notification
			for i := range test.answers {
				<-arrived
				if i < len(test.waits) {
					assert.Equal(t, test.waits[i], <-waits.asked)
					await(t, m, func(list []mock.Notification) bool { return list[len(list)-1].State == mock.NotificationWaiting })
					waits.ring <- base
				}
			}
			last = await(t, m, func(list []mock.Notification) bool { return list[len(list)-1].State == test.state })
			attempts := last[len(last)-1].Attempts
			require.Len(t, attempts, len(test.answers))
			for i, status := range test.answers {
				assert.Equal(t, status, attempts[i].HTTPStatus)
			}
			assert.Empty(t, waits.asked)
			assert.Empty(t, arrived)
		})
	}
}

func TestARepeatCanBeHastened(t *testing.T) {
	answers := []int{500, 500, 204}
	var count atomic.Int64
	url, arrived := receive(t, func(notice) int { return answers[count.Add(1)-1] })
	m, c := fixed(t, mock.Options{After: func(time.Duration) <-chan time.Time { return nil }}) // time does not pass
	admin := m.Admin()
	gap, err := admin.HastenNotification(t.Context(), url)
	require.NoError(t, err)
	assert.Zero(t, gap, "there is none")

	require.NoError(t, admin.ApproveDeposit(c.deposit(notified(oneShot("i"), url))))
	late := base
	for i, want := range []time.Duration{0, 5 * time.Minute, 25 * time.Minute} {
		if i > 0 { // right after the first has been sent, answered or not
			gap, err := admin.HastenNotification(t.Context(), url)
			require.NoError(t, err)
			assert.Equal(t, want, gap)
		}
		late = late.Add(want)
		n := <-arrived
		assert.Equal(t, d24.FormatDate(late), n.Header.Get("X-Date"), "as if the time had passed")
		require.NoError(t, d24.NewKey(m.Credentials().Deposits.APISignature).VerifyNotification(n.Header.Get, n.Body, m.Credentials().Deposits.APIKey, late))
	}
	gap, err = admin.HastenNotification(t.Context(), url)
	require.NoError(t, err)
	assert.Zero(t, gap, "it was taken")
	attempts := admin.Notifications()[0].Attempts
	require.Len(t, attempts, 3)
	assert.Equal(t, 30*time.Minute, attempts[2].Time.Sub(attempts[0].Time))

	// Of one that is being sent nobody knows yet whether it will be repeated.
	hold := make(chan struct{})
	slow, under := receive(t, func(notice) int { <-hold; return http.StatusInternalServerError })
	require.NoError(t, admin.ApproveDeposit(c.deposit(notified(oneShot("j"), slow))))
	<-under
	hasty, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = admin.HastenNotification(hasty, slow)
	require.ErrorIs(t, err, context.Canceled)
	close(hold)
	gap, err = admin.HastenNotification(t.Context(), slow)
	require.NoError(t, err)
	assert.Equal(t, 5*time.Minute, gap)
	<-under
}

func TestReadingsOfNotifications(t *testing.T) {
	for reading, check := range map[string]func(*testing.T, *mock.Mock, notice){
		"AMB-30=body-only": func(t *testing.T, m *mock.Mock, n notice) {
			t.Helper()
			key := d24.NewKey(m.Credentials().Deposits.APISignature)
			assert.Equal(t, d24.Scheme+key.Payload(n.Body), n.Header.Get("Authorization"))
			assert.Empty(t, n.Header.Get("X-Date"))
		},
		"AMB-31=none": func(t *testing.T, _ *mock.Mock, n notice) {
			t.Helper()
			assert.Empty(t, n.Header.Get("Authorization")+n.Header.Get("X-Date")+n.Header.Get("X-Login"))
		},
		"AMB-32=control-only": func(t *testing.T, _ *mock.Mock, n notice) {
			t.Helper()
			assert.Empty(t, n.Header.Get("Payload-Signature"))
			assert.Contains(t, string(n.Body), "control=")
		},
		"AMB-29=string-ids": func(t *testing.T, _ *mock.Mock, n notice) {
			t.Helper()
			assert.Regexp(t, `^{"deposit_id":"\d+"}$`, string(n.Body))
		},
	} {
		t.Run(reading, func(t *testing.T) {
			id, name, _ := strings.Cut(reading, "=")
			url, arrived := receive(t, always(http.StatusOK))
			m, c := fixed(t, mock.Options{Readings: map[string]string{id: name}})
			if id == "AMB-32" {
				require.NoError(t, m.Admin().DeliverCashout(c.cashoutID("x", url)))
			} else {
				require.NoError(t, m.Admin().ApproveDeposit(c.deposit(notified(oneShot("i"), url))))
			}
			check(t, m, <-arrived)
		})
	}
}

func TestNotificationsStayOnThisMachine(t *testing.T) {
	stranger, strangers := receive(t, always(http.StatusOK))
	url, arrived := receive(t, always(http.StatusOK))
	redirecting := httptest.NewServer(http.RedirectHandler(stranger, http.StatusTemporaryRedirect))
	t.Cleanup(redirecting.Close)
	var log strings.Builder
	waits := newTimers()
	m, c := fixed(t, mock.Options{After: waits.after, AllowNotify: []string{"receiver.test"}, Logger: textLogger(&log)})
	approve := func(invoice, url string) {
		require.NoError(t, m.Admin().ApproveDeposit(c.deposit(notified(oneShot(invoice), url))))
	}
	approve("elsewhere", "https://merchant.example/secret-path")
	approve("elsewhere-again", "https://merchant.example/secret-path")
	approve("an-address-elsewhere", "https://192.0.2.1/")
	approve("by-name", strings.Replace(url, "127.0.0.1", "localhost", 1))
	<-arrived
	approve("a-redirect", redirecting.URL)
	<-waits.asked
	list := await(t, m, func(list []mock.Notification) bool {
		return len(list) == 5 && list[3].State == mock.NotificationDelivered && list[4].State == mock.NotificationWaiting
	})
	for _, refused := range list[:3] {
		assert.Equal(t, mock.NotificationRefused, refused.State)
		assert.Empty(t, refused.Attempts)
	}
	assert.Equal(t, http.StatusTemporaryRedirect, list[4].Attempts[0].HTTPStatus)
	assert.Empty(t, strangers, "a redirect is not followed")
	assert.Equal(t, 1, strings.Count(log.String(), "host=merchant.example"), "%s", &log)
	assert.NotContains(t, log.String(), "secret-path")

	for url, want := range map[string]int{
		"http://merchant.example/":   http.StatusBadRequest, // plain HTTP goes nowhere else
		"http://receiver.test/":      http.StatusCreated,
		"http://127.0.0.1.example/":  http.StatusBadRequest,
		"https://merchant.example/":  http.StatusCreated,
		"ftp://127.0.0.1/":           http.StatusBadRequest,
		"http://127.0.0.1:1/x":       http.StatusCreated,
		"http://[::1]:1/x":           http.StatusCreated,
		"http://2130706433/loopback": http.StatusBadRequest,
	} {
		body := notified(oneShot(fmt.Sprintf("u%x", url)), url)
		assert.Equal(t, want, c.send(c.signed(http.MethodPost, d24.PathDeposits, body)).Status, url)
	}
	for _, wrong := range []string{"", "https://receiver.test", "receiver.test:443", "10.0.0.0/99"} {
		_, err := mock.Start(mock.Options{AllowNotify: []string{wrong}})
		require.ErrorContains(t, err, "no host name, address or CIDR range", wrong)
	}
	_, err := mock.Start(mock.Options{TimeScale: -1})
	require.ErrorContains(t, err, "time scale")
}

func TestNothingIsSentAfterAReset(t *testing.T) {
	hold := make(chan struct{})
	url, arrived := receive(t, func(notice) int { <-hold; return http.StatusInternalServerError })
	failing, failed := receive(t, always(http.StatusInternalServerError))
	waits := newTimers()
	m, c := fixed(t, mock.Options{After: waits.after})
	require.NoError(t, m.Admin().ApproveDeposit(c.deposit(notified(oneShot("waiting"), failing))))
	<-failed
	<-waits.asked
	require.NoError(t, m.Admin().ApproveDeposit(c.deposit(notified(oneShot("under-way"), url))))
	<-arrived
	m.Admin().Reset() // returns although the second has no answer
	assert.Empty(t, m.Admin().Notifications())
	select {
	case waits.ring <- base:
		t.Error("somebody still waits to send again")
	default:
	}
	close(hold)
	assert.Empty(t, failed)
	// and the next round begins
	require.NoError(t, m.Admin().ApproveDeposit(c.deposit(notified(oneShot("new"), failing))))
	<-failed
}

func TestCloseEndsNotifications(t *testing.T) {
	hold := make(chan struct{})
	url, arrived := receive(t, func(notice) int { <-hold; return http.StatusOK })
	failing, failed := receive(t, always(http.StatusInternalServerError))
	before := runtime.NumGoroutine()
	waits := newTimers()
	m, err := mock.Start(mock.Options{After: waits.after})
	require.NoError(t, err)
	c := newClient(t, m)
	require.NoError(t, m.Admin().ApproveDeposit(c.deposit(notified(oneShot("under-way"), url))))
	<-arrived
	require.NoError(t, m.Admin().ApproveDeposit(c.deposit(notified(oneShot("waiting"), failing))))
	<-failed
	<-waits.asked
	c.http.CloseIdleConnections()
	require.NoError(t, m.Close())
	m.Admin().Reset() // which does not open it again
	close(hold)
	deadline, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for runtime.NumGoroutine() > before {
		require.NoError(t, deadline.Err(), "goroutines are left")
		runtime.Gosched()
	}
	_, err = m.Admin().ResendNotification(1)
	require.ErrorIs(t, err, mock.ErrNotFound)
}

func TestNotificationsByManagementAPI(t *testing.T) {
	url, arrived := receive(t, always(http.StatusOK))
	m, c := fixed(t, mock.Options{})
	id := c.deposit(notified(oneShot("i"), url))
	require.Equal(t, 200, c.manage(m, http.MethodPost, "/faults", `{"kind":"duplicate-notification","path":"/v3/deposits","nth":2}`).Status)
	assert.Equal(t, 400, c.manage(m, http.MethodPost, "/faults", `{"kind":"duplicate-notification","key":"k"}`).Status)

	require.Equal(t, 200, c.manage(m, http.MethodPost, "/deposits/"+id+"/expire", "").Status)
	first := <-arrived
	require.Equal(t, 200, c.manage(m, http.MethodPost, "/deposits/"+id+"/approve", "").Status)
	second, again := <-arrived, <-arrived
	assert.Equal(t, string(second.Body), string(again.Body), "twice")
	assert.Equal(t, string(first.Body), string(second.Body))
	await(t, m, func(list []mock.Notification) bool { return len(list) == 2 && len(list[1].Attempts) == 2 })
	ledger := m.Admin().InjectedFaults()
	require.Len(t, ledger, 1)
	assert.Equal(t, mock.FaultDuplicateNotification, ledger[0].Kind)

	got := c.manage(m, http.MethodPost, "/notifications/1/resend", "")
	require.Equal(t, 200, got.Status, "%s", got.Body)
	assert.Equal(t, "1", got.field("resends"))
	<-arrived
	settled(t, m, 3)
	var list []struct {
		Object   string `json:"object"`
		State    string `json:"state"`
		Attempts []struct {
			SHA256 string `json:"body_sha256"`
		} `json:"attempts"`
	}
	require.NoError(t, json.Unmarshal(c.manage(m, http.MethodGet, "/notifications", "").Body, &list))
	require.Len(t, list, 3)
	assert.Equal(t, id, list[2].Object)
	assert.Equal(t, "delivered", list[2].State)
	assert.Equal(t, list[0].Attempts[0].SHA256, list[2].Attempts[0].SHA256)
	for _, path := range []string{"/notifications/99/resend", "/notifications/x/resend"} {
		assert.Equal(t, 404, c.manage(m, http.MethodPost, path, "").Status)
	}
	assert.Empty(t, arrived)
}
