package target

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
)

func TestHookSpecs(t *testing.T) {
	t.Parallel()
	var got []string
	for _, spec := range HookSpecs() {
		got = append(got, spec.String())
	}
	assert.Equal(t, []string{
		"approve_deposit{deposit_id}", "cancel_deposit{deposit_id}", "expire_deposit{deposit_id}",
		"deliver_refund{refund_id}", "complete_refund{refund_id}", "reject_refund{refund_id}",
		"deliver_cashout{cashout_id}", "complete_cashout{cashout_id}", "reject_cashout{cashout_id}", "cancel_cashout{cashout_id}",
		"set_funds{amount}", "respond_500_once", "drop_after_commit_once", "set_clock_offset{ms}",
		"whitelist_add{product,ip}", "whitelist_remove{product,ip}", "count_deposits{invoice_id}",
	}, got, "as the documentation has them, in its order")
}

func TestEveryHookHasACapability(t *testing.T) {
	t.Parallel()
	for _, spec := range append(HookSpecs(), HookSpec{Name: FreezeClock}) {
		assert.NotEqual(t, string(spec.Name), spec.Name.Capability(), "in words and not by its name")
		assert.Equal(t, spec.Name == FreezeClock, spec.Does == "", "%s is explained", spec.Name)
	}
	assert.Equal(t, "new_hook", Hook("new_hook").Capability())
}

func TestNoHooks(t *testing.T) {
	t.Parallel()
	s := newServer(t, Config{BaseURL: "https://127.0.0.1", Credentials: keys})
	assert.False(t, s.Hooks.Offers(ApproveDeposit))
	require.EqualError(t, s.Hooks.Call(t.Context(), ApproveDeposit, nil), "hook approve_deposit: the target has none")
	_, err := s.Hooks.Counts(t.Context(), "d24c-1")
	require.EqualError(t, err, "hook count_deposits: the target has none")
}

// A hook that falls through in the mock would turn its scenarios inconclusive.
func TestTheMockHasEveryHook(t *testing.T) {
	t.Parallel()
	s := embed(t, mock.Options{})
	for _, spec := range append(HookSpecs(), HookSpec{Name: FreezeClock}) {
		assert.True(t, s.Hooks.Offers(spec.Name))
		// Without arguments: what it says then is about them.
		if err := s.Hooks.Call(t.Context(), spec.Name, nil); err != nil {
			assert.NotContains(t, err.Error(), "the mock has none", spec.Name)
		}
	}
	require.EqualError(t, s.Hooks.Call(t.Context(), "new_hook", nil), "hook new_hook: the mock has none")
	require.ErrorContains(t, s.Hooks.Call(t.Context(), SetClockOffset, map[string]string{"ms": "soon"}), "hook set_clock_offset")
	require.ErrorContains(t, s.Hooks.Call(t.Context(), FreezeClock, map[string]string{"at": "noon"}), "hook freeze_clock")
	require.ErrorContains(t, s.Hooks.Call(t.Context(), SetFunds, map[string]string{"amount": "much"}), "much")
	require.ErrorIs(t, s.Hooks.Call(t.Context(), ApproveDeposit, map[string]string{"deposit_id": "1"}), mock.ErrNotFound)
}

// wire is a mock as its merchant sees it.
type wire struct {
	*Server
	t *testing.T
}

func onWire(t *testing.T) wire {
	t.Helper()
	s := embed(t, mock.Options{})
	require.NoError(t, s.Reach(t.Context()))
	return wire{s, t}
}

func (w wire) do(r merchant.Request) *exchange.Exchange { return w.Client().Do(w.t.Context(), r) }

func (w wire) hook(h Hook, arguments ...string) {
	w.t.Helper()
	by := map[string]string{}
	for i := 0; i < len(arguments); i += 2 {
		by[arguments[i]] = arguments[i+1]
	}
	require.NoError(w.t, w.Hooks.Call(w.t.Context(), h, by))
}

func (w wire) created(r merchant.Request) string {
	w.t.Helper()
	e := w.do(r)
	require.Equal(w.t, judge.Accepted, judge.Read(e).Kind, judge.Describe(e))
	return judge.Read(e).ObjectID
}

func (w wire) status(r merchant.Request) string { return judge.Read(w.do(r)).Status }

func TestMockHooksOnDeposits(t *testing.T) {
	t.Parallel()
	w, o := onWire(t), orders()
	paid := w.created(merchant.CreateDeposit(o.Deposit(100_00)))
	w.hook(ApproveDeposit, "deposit_id", paid)
	assert.Equal(t, "COMPLETED", w.status(merchant.DepositStatus(paid)))

	given := w.created(merchant.CreateDeposit(o.Deposit(100_00)))
	w.hook(CancelDeposit, "deposit_id", given)
	assert.Equal(t, "CANCELLED", w.status(merchant.DepositStatus(given)))

	late := w.created(merchant.CreateDeposit(o.Deposit(100_00)))
	w.hook(ExpireDeposit, "deposit_id", late)
	assert.Equal(t, "EXPIRED", w.status(merchant.DepositStatus(late)))
}

func TestMockHooksOnRefunds(t *testing.T) {
	t.Parallel()
	w, o := onWire(t), orders()
	for _, row := range []struct {
		hooks []Hook
		want  string
	}{
		{[]Hook{DeliverRefund}, "DELIVERED"},
		{[]Hook{CompleteRefund}, "COMPLETED"},
		{[]Hook{RejectRefund}, "REJECTED"},
		{[]Hook{DeliverRefund, CompleteRefund}, "COMPLETED"},
	} {
		order := o.Deposit(100_00)
		deposit := w.created(merchant.CreateDeposit(order))
		w.hook(ApproveDeposit, "deposit_id", deposit)
		refund := w.created(merchant.CreateRefund(deposit, order.InvoiceID, nil))
		for _, h := range row.hooks {
			w.hook(h, "refund_id", refund)
		}
		assert.Equal(t, row.want, w.status(merchant.RefundStatus(refund)), "%v", row.hooks)
	}
}

func TestMockCountsDeposits(t *testing.T) {
	t.Parallel()
	w, o := onWire(t), orders()
	order := o.Deposit(100_00)
	n, err := w.Hooks.Counts(t.Context(), order.InvoiceID)
	require.NoError(t, err)
	assert.Zero(t, n)
	w.created(merchant.CreateDeposit(order))
	w.created(merchant.CreateDeposit(o.Deposit(100_00)))
	n, err = w.Hooks.Counts(t.Context(), order.InvoiceID)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	n, err = w.Second.Hooks.Counts(t.Context(), order.InvoiceID)
	require.NoError(t, err)
	assert.Zero(t, n, "the second environment has deposits of its own")
}

// The second environment's hooks must not reach into the first.
func TestTheSecondEnvironmentHasHooksOfItsOwn(t *testing.T) {
	t.Parallel()
	w, o := onWire(t), orders()
	second := wire{w.Second, t}
	here, there := w.created(merchant.CreateDeposit(o.Deposit(100_00))), second.created(merchant.CreateDeposit(o.Deposit(100_00)))
	require.ErrorIs(t, w.Hooks.Call(t.Context(), ApproveDeposit, map[string]string{"deposit_id": there}), mock.ErrNotFound)
	second.hook(ApproveDeposit, "deposit_id", there)
	assert.Equal(t, "COMPLETED", second.status(merchant.DepositStatus(there)))
	assert.Equal(t, "PENDING", w.status(merchant.DepositStatus(here)))
	for _, h := range []Hook{SetClockOffset, FreezeClock} {
		assert.False(t, w.Second.Hooks.Offers(h), "one clock for both: %s", h)
		require.EqualError(t, w.Second.Hooks.Call(t.Context(), h, nil), "hook "+string(h)+": the target has none")
	}
}

func TestMockHooksOnCashouts(t *testing.T) {
	t.Parallel()
	w, o := onWire(t), orders()
	for _, row := range []struct {
		hook Hook
		want string
	}{{DeliverCashout, "4"}, {CompleteCashout, "1"}, {RejectCashout, "3"}, {CancelCashout, "2"}} {
		id := w.created(w.Client().CreateCashout(o.Cashout(10_00)))
		w.hook(row.hook, "cashout_id", id)
		assert.Equal(t, row.want, w.status(w.Client().CashoutStatus(id, "")), row.hook)
	}
	w.hook(SetFunds, "amount", "10")
	w.created(w.Client().CreateCashout(o.Cashout(10_00)))
	assert.Equal(t, int(d24.CashoutInsufficientFunds), judge.Read(w.do(w.Client().CreateCashout(o.Cashout(1)))).Code, "the balance was exactly 10")
}

func TestMockHooksOnFaults(t *testing.T) {
	t.Parallel()
	w, o := onWire(t), orders()
	r := merchant.CreateDeposit(o.Deposit(100_00))
	r.IdempotencyKey = o.NewKey()
	w.hook(Respond500Once)
	first := w.do(r)
	assert.Equal(t, judge.Holds, judge.IsServerError(first).Outcome)
	assert.Equal(t, judge.Holds, judge.Replays(first, w.do(r)).Outcome, "it is stored")
	w.created(merchant.CreateDeposit(o.Deposit(100_00)))

	r = merchant.CreateDeposit(o.Deposit(100_00))
	r.IdempotencyKey = o.NewKey()
	w.hook(DropAfterCommitOnce)
	assert.Equal(t, judge.Holds, judge.IsLost(w.do(r)).Outcome)
	w.created(r)
}

func TestMockHooksOnTheClock(t *testing.T) {
	t.Parallel()
	w, o := onWire(t), orders()
	code := func() int { return judge.Read(w.do(merchant.CreateDeposit(o.Deposit(100_00)))).Code }
	w.hook(SetClockOffset, "ms", "-180000")
	assert.Equal(t, int(d24.CodeInvalidDateRange), code())
	w.hook(SetClockOffset, "ms", "0")
	assert.Zero(t, code())
	w.hook(FreezeClock, "at", time.Now().Add(time.Hour).Format(time.RFC3339Nano))
	assert.Equal(t, int(d24.CodeInvalidDateRange), code())
	w.hook(FreezeClock, "at", "")
	assert.Zero(t, code())
}

func TestMockHooksOnTheWhitelist(t *testing.T) {
	t.Parallel()
	w := onWire(t)
	if !w.UnlistedIP.IsValid() {
		t.Skip("this machine has no second loopback address")
	}
	elsewhere, err := w.ClientFrom(func(o *merchant.Options) { o.LocalIP = w.UnlistedIP })
	require.NoError(t, err)
	defer elsewhere.Close()
	status := func() int {
		return elsewhere.Do(context.WithoutCancel(t.Context()), merchant.DepositStatus(unknownID)).Status()
	}
	assert.NotEqual(t, http.StatusNotFound, status(), "it is in no list at first")
	w.hook(WhitelistAdd, "product", "deposits", "ip", w.UnlistedIP.String())
	assert.Equal(t, http.StatusNotFound, status())
	w.hook(WhitelistRemove, "product", "deposits", "ip", w.UnlistedIP.String())
	assert.NotEqual(t, http.StatusNotFound, status())
	w.hook(WhitelistAdd, "product", "cashouts", "ip", w.UnlistedIP.String())
	assert.NotEqual(t, http.StatusNotFound, status(), "cashouts have a list of their own")
}
