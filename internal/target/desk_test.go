package target

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
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
		IsRejected: d24.CashoutRejected, IsCancelled: d24.CashoutCancelled, IsOnHold: d24.CashoutOnHold,
	} {
		n, err := desk.Cashout(t.Context(), status)
		require.NoError(t, err)
		assert.Equal(t, d24.CashoutNotification, n.Kind)
		assert.NotEmpty(t, n.ExternalID)
		assert.Equal(t, want, statusOf[d24.CashoutStatusAnswer](t, desk, n).Status, status)
	}
	for _, status := range []string{IsPending, "INCORRECT_DETAILS", IsDelivered, IsCompleted, IsRejected, IsCancelled} {
		n, err := desk.Make(t.Context(), d24.RefundNotification, status)
		require.NoError(t, err)
		assert.Equal(t, status, string(statusOf[d24.RefundStatusAnswer](t, desk, n).Status))
	}
	_, err := desk.Deposit(t.Context(), IsDelivered)
	require.ErrorIs(t, err, mock.ErrTransition)
	_, err = desk.Cashout(t.Context(), IsExpired)
	require.EqualError(t, err, "nothing moves a cashout into EXPIRED")
}

func TestADeskRefundsWhatWasPaid(t *testing.T) {
	t.Parallel()
	desk, _ := openDesk(t)
	paid, err := desk.Deposit(t.Context(), IsCompleted)
	require.NoError(t, err)
	refund, err := desk.RefundOf(t.Context(), paid)
	require.NoError(t, err)
	assert.Equal(t, d24.RefundNotification, refund.Kind)
	assert.Equal(t, paid.ID, string(statusOf[d24.RefundStatusAnswer](t, desk, refund).DepositID))

	unpaid, err := desk.Deposit(t.Context(), IsPending)
	require.NoError(t, err)
	_, err = desk.RefundOf(t.Context(), unpaid)
	require.ErrorContains(t, err, "the provider's own mock answers 4")
	_, err = desk.RefundOf(t.Context(), desk.UnknownDeposit())
	require.ErrorContains(t, err, "the provider's own mock answers 4")
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

func TestADeskIsSlowOnce(t *testing.T) {
	t.Parallel()
	desk, waited := openDesk(t)
	deposit, err := desk.Deposit(t.Context(), IsCompleted)
	require.NoError(t, err)
	refund, err := desk.RefundOf(t.Context(), deposit)
	require.NoError(t, err)
	cashout, err := desk.Cashout(t.Context(), IsCompleted)
	require.NoError(t, err)
	all := []provider.Notification{deposit, refund, cashout}
	for _, about := range all {
		require.NoError(t, desk.SlowStatus(about.Kind))
		assert.Equal(t, http.StatusOK, ask(t.Context(), desk.client, about).Status(), about.Kind)
		require.Len(t, waited, 1, about.Kind)
		assert.Equal(t, slowStatus, <-waited)
	}
	require.NoError(t, desk.AnswerStatus(deposit, IsCompleted, "500", 1))
	desk.Release()
	assert.Equal(t, http.StatusOK, ask(t.Context(), desk.client, deposit).Status(), "what has not happened is taken back")
}

func TestADeskAnswersTheStatusOfOneAsTheFeaturesSay(t *testing.T) {
	t.Parallel()
	desk, waited := openDesk(t)
	for _, kind := range []d24.NotificationKind{d24.DepositNotification, d24.RefundNotification, d24.CashoutNotification} {
		other, err := desk.Make(t.Context(), kind, IsPending)
		require.NoError(t, err)
		for way, want := range map[string]string{
			"500": "500 {", "503 without a body": "503 ", "401": "401 {", "429": "429 {", "502 with an HTML page": "502 <html>",
			"200 with an HTML page": "200 <html>", "200 without a body": "200 ", "200 with an empty object": "200 {}", "200 with an error": `200 {"code":`,
			"the connection breaks": "0 ", "half of it, and the connection breaks": "0 ", "none in time": "0 ",
		} {
			n, err := desk.Make(t.Context(), kind, IsPending)
			require.NoError(t, err)
			require.NoError(t, desk.AnswerStatus(n, IsPending, way, 9)) // net/http asks again where a connection broke early
			assert.Equal(t, http.StatusOK, ask(t.Context(), desk.client, other).Status(), way)
			e := ask(t.Context(), desk.client, n)
			text := fmt.Sprintf("%d ", e.Status())
			if e.Failure == nil {
				text += string(e.Response.Body)
			} else {
				text = "0 "
			}
			assert.True(t, strings.HasPrefix(text, want), "%s: %s", way, text)
		}
		for range cap(waited) { // as often as it was asked
			select {
			case d := <-waited:
				assert.Equal(t, never, d)
			default:
			}
		}
	}
	require.EqualError(t, desk.AnswerStatus(desk.UnknownDeposit(), IsPending, "in Latin", 1), `no status call is answered "in Latin"`)
}

func TestADeskGivesIDsOfOnesOwn(t *testing.T) {
	t.Parallel()
	desk, _ := openDesk(t)
	for kind, read := range map[d24.NotificationKind]func(provider.Notification) int{
		d24.DepositNotification: func(n provider.Notification) int { return ask(t.Context(), desk.client, n).Status() },
		d24.CashoutNotification: func(n provider.Notification) int { return ask(t.Context(), desk.client, n).Status() },
	} {
		made, err := desk.Make(t.Context(), kind, IsPending)
		require.NoError(t, err)
		for _, id := range []string{"3000000001", "9007199254740993"} {
			renamed, err := desk.Rename(made, id)
			require.NoError(t, err)
			assert.Equal(t, http.StatusOK, read(renamed))
			assert.NotEqual(t, http.StatusOK, read(made), "it has no other id any more")
			require.NoError(t, err)
			made = renamed
		}
		require.NoError(t, desk.Move(made, IsCompleted))
		other, err := desk.Make(t.Context(), kind, IsPending)
		require.NoError(t, err)
		_, err = desk.Rename(other, made.ID)
		require.ErrorContains(t, err, "or there is one of that id already")
		_, err = desk.Rename(other, "x")
		require.ErrorContains(t, err, "is not an id")
	}
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
