package mock_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
)

func TestWindowAtItsExactBoundary(t *testing.T) {
	m := start(t, mock.Options{})
	c, admin := newClient(t, m), m.Admin()
	for _, test := range []struct {
		age  time.Duration
		want int
	}{
		{0, 201}, {5 * time.Second, 201}, {5*time.Second + time.Millisecond, 400}, {-5 * time.Second, 201}, {-5*time.Second - time.Millisecond, 400},
	} {
		admin.FreezeClock(base.Add(test.age))
		got := c.send(c.signedAt(base, http.MethodPost, d24.PathDeposits, `{"amount":1,"country":"BR","currency":"BRL"}`))
		assert.Equal(t, test.want, got.Status, "%s old: %s", test.age, got.Body)
	}
}

func TestClockOffset(t *testing.T) {
	m := start(t, mock.Options{Now: func() time.Time { return base }})
	c, admin := newClient(t, m), m.Admin()
	admin.SetClockOffset(-3 * time.Minute)
	got := c.send(c.signedAt(base.Add(-3*time.Minute), http.MethodGet, d24.PathDeposits+"/1", ""))
	assert.Equal(t, http.StatusNotFound, got.Status, "%s", got.Body)
	assert.Equal(t, "Fri, 20 Nov 2026 11:57:00 GMT", got.Header.Get("Date"))
	got = c.send(c.signedAt(base, http.MethodGet, d24.PathDeposits+"/1", ""))
	assert.Equal(t, 103, got.code())
	admin.FreezeClock(base)
	admin.UnfreezeClock()
	assert.Equal(t, base.Add(-3*time.Minute), admin.Now(), "the offset stays")
	admin.Reset()
	assert.Equal(t, base, admin.Now())
}

func TestUnpaidDepositExpiresAndIsCancelled(t *testing.T) {
	m := start(t, mock.Options{})
	c, admin := newClient(t, m), m.Admin()
	id, opened := c.deposit(oneShot("inv")), c.deposit(hosted("hosted"))
	for _, test := range []struct {
		after time.Duration
		want  string
	}{
		{72*time.Hour - time.Second, "PENDING"},
		{72 * time.Hour, "EXPIRED"},
		{72*time.Hour + 7*24*time.Hour - time.Second, "EXPIRED"},
		{72*time.Hour + 7*24*time.Hour, "CANCELLED"},
	} {
		admin.FreezeClock(base.Add(test.after))
		assert.Equal(t, test.want, c.depositStatus(id), test.after)
	}
	assert.Equal(t, "CREATED", c.depositStatus(opened))
	require.NoError(t, admin.ApproveDeposit(id), "a late payment is completed by hand")
	assert.Equal(t, "COMPLETED", c.depositStatus(id))
}

func TestDepositTransitions(t *testing.T) {
	m := start(t, mock.Options{Funds: 10_00})
	c, admin := newClient(t, m), m.Admin()
	id := c.deposit(oneShot("inv"))
	require.NoError(t, admin.CancelDeposit(id))
	require.ErrorIs(t, admin.CancelDeposit(id), mock.ErrTransition)
	require.NoError(t, admin.ApproveDeposit(id))
	require.ErrorIs(t, admin.ApproveDeposit(id), mock.ErrTransition)
	require.ErrorIs(t, admin.CancelDeposit(id), mock.ErrTransition)
	require.ErrorIs(t, admin.ApproveDeposit("1"), mock.ErrNotFound)
	require.ErrorIs(t, admin.ApproveDeposit("x"), mock.ErrNotFound)
	assert.Equal(t, d24.Amount(110_50), admin.Funds(), "approved once")

	test := c.deposit(`{"amount":7,"country":"BR","currency":"BRL","test":true}`)
	require.NoError(t, admin.ApproveDeposit(test))
	assert.Equal(t, d24.Amount(110_50), admin.Funds(), "a test deposit does not fill the balance")
}

// Every step between two cashout statuses is tried through the API and the panel.
func TestCashoutTransitions(t *testing.T) {
	m := start(t, mock.Options{})
	c, admin := newClient(t, m), m.Admin()
	update := func(id, _ string, status string) int {
		return c.send(c.cashout(http.MethodPut, d24.PathCashoutStatus, map[string]any{"cashout_id": id, "status": status})).Status
	}
	steps := map[string]func(id, externalID string) int{
		"hold":   func(id, x string) int { return update(id, x, "ON_HOLD") },
		"unhold": func(id, x string) int { return update(id, x, "PENDING") },
		"cancel": func(id, x string) int {
			return c.send(c.cashout(http.MethodDelete, d24.PathCashoutCancel, map[string]any{"cashout_id": id, "external_id": x})).Status
		},
	}
	reach := map[string]func(id, externalID string){
		"Pending":   func(string, string) {},
		"On Hold":   func(id, x string) { steps["hold"](id, x) },
		"Canceled":  func(id, x string) { steps["cancel"](id, x) },
		"Delivered": func(id, _ string) { require.NoError(t, admin.DeliverCashout(id)) },
		"Completed": func(id, _ string) { require.NoError(t, admin.CompleteCashout(id)) },
		"Rejected":  func(id, _ string) { require.NoError(t, admin.RejectCashout(id)) },
	}
	for from, allowed := range map[string]map[string]int{
		"Pending":   {"hold": 200, "unhold": 400, "cancel": 200},
		"On Hold":   {"hold": 400, "unhold": 200, "cancel": 200},
		"Canceled":  {"hold": 400, "unhold": 400, "cancel": 412},
		"Delivered": {"hold": 400, "unhold": 400, "cancel": 412},
		"Completed": {"hold": 400, "unhold": 400, "cancel": 412},
		"Rejected":  {"hold": 400, "unhold": 400, "cancel": 412},
	} {
		for step, want := range allowed {
			x := "x-" + from[:2] + "-" + step
			id := c.send(c.cashout(http.MethodPost, d24.PathCashout, cashoutFields(x, 1))).field("cashout_id")
			reach[from](id, x)
			status := func() string {
				return c.send(c.cashout(http.MethodPost, d24.PathCashoutStatus, map[string]any{"external_id": x})).field("cashout_status_description")
			}
			require.Equal(t, from, status())
			assert.Equal(t, want, steps[step](id, x), "%s from %s", step, from)
			if want != http.StatusOK {
				assert.Equal(t, from, status(), "a refused step changes nothing")
			}
		}
	}
	held := c.send(c.cashout(http.MethodPost, d24.PathCashout, func() map[string]any {
		f := cashoutFields("held", 1)
		f["on_hold"] = true
		return f
	}())).field("cashout_id")
	require.ErrorIs(t, admin.CompleteCashout(held), mock.ErrTransition)
	require.NoError(t, admin.SetFunds(0))
	require.NoError(t, admin.RejectCashout(idOf(t, admin, "x-Pe-unhold")))
	assert.Equal(t, d24.Amount(1_00), admin.Funds(), "a rejected cashout gives its amount back")
	rejected := c.send(c.cashout(http.MethodPost, d24.PathCashoutStatus, map[string]any{"external_id": "x-Re-hold"}))
	assert.JSONEq(t, `{"cashout_status":3,"cashout_status_description":"Rejected","rejection_code":807,"rejection_reason":"ERROR_REJECTED_BY_BANK"}`, string(rejected.Body))
}

// However many draw at once, the balance never goes below zero, and one external id
// makes one cashout.
func TestParallelCashoutsNeverOverdraw(t *testing.T) {
	m := start(t, mock.Options{Funds: 10_00})
	c, admin := newClient(t, m), m.Admin()
	var made atomic.Int64
	var group sync.WaitGroup
	for worker := range 20 {
		group.Go(func() {
			for i := range 5 {
				got, err := c.try(c.cashout(http.MethodPost, d24.PathCashout, cashoutFields(fmt.Sprintf("p-%d-%d", worker/2, i), 1)))
				if err == nil && got.Status == http.StatusOK {
					made.Add(1)
				}
			}
		})
	}
	group.Wait()
	assert.Equal(t, int64(10), made.Load())
	assert.Zero(t, admin.Funds())
	assert.Equal(t, 10, admin.CashoutCount())
}

func TestRefundsGiveBackWhatWasNotPaid(t *testing.T) {
	m := start(t, mock.Options{})
	c, admin := newClient(t, m), m.Admin()
	id := c.deposit(oneShot("inv"))
	require.NoError(t, admin.ApproveDeposit(id))
	refund := func() reply {
		return c.send(c.signed(http.MethodPost, d24.PathRefunds, `{"deposit_id":`+id+`,"invoice_id":"inv","bank_account":{}}`))
	}
	first := refund().field("refund_id")
	require.Equal(t, 802, refund().code())
	require.ErrorIs(t, admin.MoveRefund(first, d24.RefundCompleted), mock.ErrTransition)
	require.NoError(t, admin.MoveRefund(first, d24.RefundDelivered))
	require.NoError(t, admin.MoveRefund(first, d24.RefundRejected))
	assert.Equal(t, http.StatusOK, refund().Status)

	wrong := c.send(c.signed(http.MethodPost, d24.PathRefunds, `{"deposit_id":`+id+`,"invoice_id":"other","bank_account":{}}`))
	assert.Equal(t, 208, wrong.code())
	card := c.deposit(`{"amount":1,"country":"BR","currency":"BRL","invoice_id":"card","payment_method":"CC"}`)
	require.NoError(t, admin.ApproveDeposit(card))
	got := c.send(c.signed(http.MethodPost, d24.PathRefunds, `{"deposit_id":`+card+`,"invoice_id":"card"}`))
	assert.Equal(t, http.StatusOK, got.Status, "a card refund needs no bank account: %s", got.Body)
	plain := c.deposit(oneShot("plain"))
	require.NoError(t, admin.ApproveDeposit(plain))
	got = c.send(c.signed(http.MethodPost, d24.PathRefunds, `{"deposit_id":`+plain+`,"invoice_id":"plain"}`))
	assert.Equal(t, []int{400, 804}, []int{got.Status, got.code()})
}

func TestWhitelists(t *testing.T) {
	m := start(t, mock.Options{})
	c, admin := newClient(t, m), m.Admin()
	deposit := func(c *client) reply {
		return c.send(c.signed(http.MethodPost, d24.PathDeposits, `{"amount":1,"country":"BR","currency":"BRL"}`, with("X-Forwarded-For", "127.0.0.1")))
	}
	status := func(c *client) reply {
		return c.send(c.cashout(http.MethodPost, d24.PathCashoutStatus, map[string]any{"external_id": "none"}))
	}
	stranger := dialFrom(c, m, "127.0.0.2")
	assert.Equal(t, []int{401, 202}, []int{deposit(stranger).Status, deposit(stranger).code()})
	assert.Equal(t, []int{401, 402}, []int{status(stranger).Status, status(stranger).code()})
	assert.Equal(t, http.StatusUnauthorized, stranger.send(stranger.lookup("/v3/payment_methods")).Status)

	require.NoError(t, admin.WhitelistAdd("deposits", "127.0.0.2"))
	assert.Equal(t, http.StatusCreated, deposit(stranger).Status)
	assert.Equal(t, 402, status(stranger).code(), "each product has its own list")
	require.NoError(t, admin.WhitelistAdd("cashouts", "127.0.0.0/8"))
	assert.Equal(t, 509, status(stranger).code())
	require.ErrorContains(t, admin.WhitelistRemove("cashouts", "127.0.0.2"), "127.0.0.0/8")
	require.NoError(t, admin.WhitelistRemove("deposits", "127.0.0.2"))
	assert.Equal(t, 202, deposit(stranger).code())

	require.NoError(t, admin.WhitelistRemove("deposits", "127.0.0.1"))
	require.NoError(t, admin.WhitelistRemove("deposits", "::1"))
	assert.Equal(t, 202, deposit(c).code(), "an empty list lets nobody in")
	admin.Reset()
	admin.FreezeClock(base)
	assert.Equal(t, http.StatusCreated, deposit(c).Status)
	for _, bad := range [][2]string{{"deposits", "localhost"}, {"deposits", "1.2.3.4/33"}, {"cards", "127.0.0.1"}} {
		require.Error(t, admin.WhitelistAdd(bad[0], bad[1]))
		require.Error(t, admin.WhitelistRemove(bad[0], bad[1]))
	}
}

func TestEnvironmentsShareNothing(t *testing.T) {
	m := start(t, mock.Options{})
	first := newClient(t, m)
	second := *first
	second.base, second.keys = m.SecondURL(), m.SecondCredentials()
	id := first.deposit(oneShot("inv"))
	got := second.send(second.signed(http.MethodGet, d24.PathDeposits+"/"+id, ""))
	assert.Equal(t, http.StatusNotFound, got.Status)
	strange := *first
	strange.base = m.SecondURL()
	got = strange.send(strange.signed(http.MethodGet, d24.PathDeposits+"/"+id, ""))
	assert.Equal(t, 100, got.code(), "keys differ")
	require.ErrorIs(t, m.SecondAdmin().ApproveDeposit(id), mock.ErrNotFound)
	require.NoError(t, m.Admin().SetFunds(0))
	assert.Positive(t, m.SecondAdmin().Funds())
}

func TestMerchantsSeeTheirOwnOnly(t *testing.T) {
	m := start(t, mock.Options{})
	require.NoError(t, m.Admin().AddMerchant(otherMerchant()))
	require.Error(t, m.Admin().AddMerchant(otherMerchant()), "keys are unique")
	require.Error(t, m.Admin().AddMerchant(d24.Credentials{}))
	mine, theirs := newClient(t, m), newClient(t, m)
	theirs.keys = otherMerchant()
	id := mine.deposit(oneShot("inv"))
	assert.Equal(t, 208, theirs.send(theirs.signed(http.MethodGet, d24.PathDeposits+"/"+id, "")).code())
	mine.send(mine.cashout(http.MethodPost, d24.PathCashout, cashoutFields("x", 1)))
	assert.Equal(t, 509, theirs.send(theirs.cashout(http.MethodPost, d24.PathCashoutStatus, map[string]any{"external_id": "x"})).code())
	assert.Equal(t, http.StatusOK, theirs.send(theirs.cashout(http.MethodPost, d24.PathCashout, cashoutFields("x", 1))).Status)
}

func TestResetForgetsEverythingButTheNextID(t *testing.T) {
	m := start(t, mock.Options{Funds: 5_00})
	c, admin := newClient(t, m), m.Admin()
	first := c.send(c.signed(http.MethodPost, d24.PathDeposits, oneShot("inv"), key("k"))).field("deposit_id")
	require.NoError(t, admin.AddMerchant(otherMerchant()))
	require.NoError(t, admin.SetFunds(0))
	admin.Respond500Once()
	admin.Reset()
	admin.FreezeClock(base)
	assert.Empty(t, admin.Deposits())
	assert.Empty(t, admin.Exchanges())
	assert.Empty(t, admin.PendingFaults())
	assert.Len(t, admin.Merchants(), 1)
	assert.Equal(t, d24.Amount(5_00), admin.Funds())
	second := c.send(c.signed(http.MethodPost, d24.PathDeposits, oneShot("inv"), key("k"))).field("deposit_id")
	assert.Equal(t, "300000001", first)
	assert.Equal(t, "300000002", second)
}

// idOf is the id of a cashout by its external id.
func idOf(t *testing.T, admin *mock.Admin, externalID string) string {
	t.Helper()
	for _, cashout := range admin.Cashouts() {
		if cashout.ExternalID == externalID {
			return cashout.ID
		}
	}
	t.Fatalf("no cashout %s", externalID)
	return ""
}
