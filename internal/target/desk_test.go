package target

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/provider"
)

// openDesk opens one whose delays are over at once. waited are those that were injected.
func openDesk(t *testing.T) (desk *Desk, waited chan time.Duration) {
	t.Helper()
	waited = make(chan time.Duration, 10)
	desk, err := OpenDesk(mock.Options{Credentials: keys, After: func(delay time.Duration) <-chan time.Time {
		waited <- delay
		over := make(chan time.Time)
		close(over)
		return over
	}}, orders())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, desk.Close()) })
	return desk, waited
}

// ask asks for the status of what a notification is about, as a receiver does.
func ask(ctx context.Context, client *merchant.Client, about provider.Notification) *exchange.Exchange {
	switch about.Kind {
	case d24.RefundNotification:
		return client.Do(ctx, merchant.RefundStatus(about.ID))
	case d24.CashoutNotification:
		return client.Do(ctx, client.CashoutStatus(about.ID, about.ExternalID))
	default:
		return client.Do(ctx, merchant.DepositStatus(about.ID))
	}
}

// statusOf is what the desk says to its own merchant.
func statusOf[T any](t *testing.T, desk *Desk, about provider.Notification) (answer T) {
	t.Helper()
	e := ask(t.Context(), desk.client, about)
	require.Equal(t, http.StatusOK, e.Status())
	require.NoError(t, json.Unmarshal(e.Response.Body, &answer))
	return answer
}

func TestADeskMakesWhatItIsAskedFor(t *testing.T) {
	t.Parallel()
	desk, _ := openDesk(t)
	for _, status := range []string{IsPending, IsCompleted, IsExpired, IsCancelled} {
		n, err := desk.Deposit(t.Context(), status)
		require.NoError(t, err)
		assert.Equal(t, d24.DepositNotification, n.Kind)
		assert.Equal(t, status, string(statusOf[d24.DepositStatusAnswer](t, desk, n).Status))
	}
	for status, want := range map[string]d24.CashoutStatus{
		IsPending: d24.CashoutPending, IsDelivered: d24.CashoutDelivered, IsCompleted: d24.CashoutCompleted,
		IsRejected: d24.CashoutRejected, IsCancelled: d24.CashoutCancelled,
	} {
		n, err := desk.Cashout(t.Context(), status)
		require.NoError(t, err)
		assert.Equal(t, d24.CashoutNotification, n.Kind)
		assert.NotEmpty(t, n.ExternalID)
		assert.Equal(t, want, statusOf[d24.CashoutStatusAnswer](t, desk, n).Status, status)
	}
	_, err := desk.Deposit(t.Context(), IsDelivered)
	require.EqualError(t, err, "nothing moves a deposit into DELIVERED")
	_, err = desk.Cashout(t.Context(), IsExpired)
	require.EqualError(t, err, "nothing moves a cashout into EXPIRED")
}

func TestADeskRefundsWhatWasPaid(t *testing.T) {
	t.Parallel()
	desk, _ := openDesk(t)
	paid, err := desk.Deposit(t.Context(), IsCompleted)
	require.NoError(t, err)
	refund, err := desk.Refund(t.Context(), paid)
	require.NoError(t, err)
	assert.Equal(t, d24.RefundNotification, refund.Kind)
	assert.Equal(t, paid.ID, string(statusOf[d24.RefundStatusAnswer](t, desk, refund).DepositID))

	unpaid, err := desk.Deposit(t.Context(), IsPending)
	require.NoError(t, err)
	_, err = desk.Refund(t.Context(), unpaid)
	require.ErrorContains(t, err, "the provider's own mock answers 4")
	_, err = desk.Refund(t.Context(), desk.UnknownDeposit())
	require.EqualError(t, err, "the mock has no deposit "+unknownDeposit)
}

func TestADeskHasAMerchantWhoseDepositsAreNotOurs(t *testing.T) {
	t.Parallel()
	desk, _ := openDesk(t)
	foreign, err := desk.ForeignDeposit(t.Context())
	require.NoError(t, err)
	for _, theirs := range []provider.Notification{foreign, desk.UnknownDeposit()} {
		assert.Equal(t, http.StatusNotFound, ask(t.Context(), desk.client, theirs).Status())
	}
	assert.Equal(t, http.StatusOK, ask(t.Context(), desk.other, foreign).Status())

	secrets := desk.Secrets()
	assert.Equal(t, keys.Deposits.APISignature, secrets["D24_DEPOSITS_API_SIGNATURE"])
	assert.Equal(t, desk.Foreign().Deposits.APISignature, secrets["SECOND_D24_DEPOSITS_API_SIGNATURE"])
	assert.NotEqual(t, keys.Deposits.APISignature, desk.Foreign().Deposits.APISignature)
	require.NoError(t, desk.Admin().Settle(t.Context()))
	assert.Len(t, desk.Calls(), 4)
}

func TestADeskFailsOnceAndIsSlowOnce(t *testing.T) {
	t.Parallel()
	desk, waited := openDesk(t)
	deposit, err := desk.Deposit(t.Context(), IsCompleted)
	require.NoError(t, err)
	refund, err := desk.Refund(t.Context(), deposit)
	require.NoError(t, err)
	cashout, err := desk.Cashout(t.Context(), IsCompleted)
	require.NoError(t, err)
	all := []provider.Notification{deposit, refund, cashout}
	for _, about := range all {
		require.NoError(t, desk.FailStatus(about.Kind))
		for _, other := range all {
			if other.Kind != about.Kind {
				assert.Equal(t, http.StatusOK, ask(t.Context(), desk.client, other).Status(), "%s fails, and not %s", about.Kind, other.Kind)
			}
		}
		assert.Equal(t, http.StatusInternalServerError, ask(t.Context(), desk.client, about).Status(), about.Kind)
		assert.Equal(t, http.StatusOK, ask(t.Context(), desk.client, about).Status(), about.Kind)

		require.NoError(t, desk.SlowStatus(about.Kind))
		assert.Equal(t, http.StatusOK, ask(t.Context(), desk.client, about).Status(), about.Kind)
		require.Len(t, waited, 1, about.Kind)
		assert.Equal(t, slowStatus, <-waited)
	}
	require.NoError(t, desk.FailStatus(deposit.Kind))
	desk.Release()
	assert.Equal(t, http.StatusOK, ask(t.Context(), desk.client, deposit).Status(), "what has not happened is taken back")
}

func TestADeskHoldsCallsBackUntilTheyAreReleased(t *testing.T) {
	t.Parallel()
	desk, _ := openDesk(t)
	deposit, err := desk.Deposit(t.Context(), IsCompleted)
	require.NoError(t, err)
	const calls = 2
	hold, err := desk.HoldStatus(deposit.Kind, calls)
	require.NoError(t, err)
	answered := make(chan int, calls)
	for range calls {
		go func() { answered <- ask(context.WithoutCancel(t.Context()), desk.client, deposit).Status() }()
	}
	for range calls {
		<-hold.Arrived
	}
	assert.Equal(t, http.StatusOK, ask(t.Context(), desk.client, deposit).Status(), "no more are held than were to be")
	assert.Empty(t, answered)
	desk.Release()
	for range calls {
		assert.Equal(t, http.StatusOK, <-answered)
	}
	desk.Release() // nothing is held any more
}

func TestADeskNotifiesBeforeItAnswersTheCreation(t *testing.T) {
	t.Parallel()
	desk, _ := openDesk(t)
	deposit, answer, err := desk.Unanswered(t.Context())
	require.NoError(t, err)
	assert.Equal(t, d24.DepositCompleted, statusOf[d24.DepositStatusAnswer](t, desk, deposit).Status)
	creations := func() (n int) {
		for _, call := range desk.Calls() {
			if call.Request.Method == http.MethodPost {
				n++
			}
		}
		return n
	}
	assert.Zero(t, creations(), "it is not over")
	require.NoError(t, answer())
	require.NoError(t, desk.Admin().Settle(t.Context()))
	assert.Equal(t, 1, creations())
	created := desk.Admin().Deposits()
	require.Len(t, created, 1)
	assert.Equal(t, deposit.ID, created[0].ID)
}

func TestADeskThatCannotListen(t *testing.T) {
	t.Parallel()
	taken := listener(t, nil)
	_, err := OpenDesk(mock.Options{Addr: taken}, orders())
	require.ErrorContains(t, err, "address already in use")
}
