package mock_test

import (
	"encoding/json"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
)

// Each race mutant does the right thing with requests that come one after the other,
// and the wrong one with the same requests at once.
func TestRaceMutantsMisbehaveOnlyInARace(t *testing.T) {
	refund := func(c *client, id string) *http.Request {
		body, err := json.Marshal(map[string]any{
			"deposit_id": id, "invoice_id": "inv", "amount": 60, "bank_account": map[string]any{},
		})
		require.NoError(t, err)
		return c.signed(http.MethodPost, d24.PathRefunds, string(body))
	}
	for name, test := range map[string]struct {
		request func(c *client, id string, n int) *http.Request
		made    func(a *mock.Admin) int
	}{
		"check-then-insert-race": {
			func(c *client, _ string, _ int) *http.Request {
				return c.signed(http.MethodPost, d24.PathDeposits, oneShot("raced"), key("k"))
			},
			func(a *mock.Admin) int { return a.DepositCount() - 1 },
		},
		"refund-race": {
			func(c *client, id string, _ int) *http.Request { return refund(c, id) },
			(*mock.Admin).RefundCount,
		},
		"external-id-race": {
			func(c *client, _ string, _ int) *http.Request {
				return c.cashout(http.MethodPost, d24.PathCashout, cashoutFields("same", 1))
			},
			(*mock.Admin).CashoutCount,
		},
		"negative-balance-race": {
			func(c *client, _ string, n int) *http.Request {
				return c.cashout(http.MethodPost, d24.PathCashout, cashoutFields(string(rune('a'+n)), 60))
			},
			(*mock.Admin).CashoutCount,
		},
	} {
		for _, atOnce := range []bool{false, true} {
			// The gap is closed when all are in it, however long they take to come.
			const requests = 6
			meeting := make(chan *mock.Mock, 1)
			m := start(t, mock.Options{Mutant: name, After: func(time.Duration) <-chan time.Time {
				over := make(chan time.Time)
				go func() {
					defer close(over)
					m := <-meeting
					meeting <- m
					for atOnce && m.Meeting() < requests && t.Context().Err() == nil {
						runtime.Gosched()
					}
				}()
				return over
			}})
			meeting <- m
			c, admin := newClient(t, m), m.Admin()
			id := c.deposit(oneShot("inv"))
			require.NoError(t, admin.ApproveDeposit(id))
			require.NoError(t, admin.SetFunds(100_00))
			var group sync.WaitGroup
			for n := range requests {
				r := test.request(c, id, n)
				if !atOnce {
					c.send(r)
					continue
				}
				group.Go(func() { _, _ = c.try(r) })
			}
			group.Wait()
			if atOnce {
				assert.Greater(t, test.made(admin), 1, "%s, at once", name)
			} else {
				assert.Equal(t, 1, test.made(admin), "%s, one after the other", name)
			}
		}
	}
}

// What a race mutant waits for is the injected timer, so that a test need not wait.
func TestRaceMutantsWaitOnTheInjectedTimer(t *testing.T) {
	waited := make(chan time.Duration, 10)
	m := start(t, mock.Options{Mutant: "external-id-race", After: func(d time.Duration) <-chan time.Time {
		waited <- d
		over := make(chan time.Time)
		close(over)
		return over
	}})
	c := newClient(t, m)
	require.Equal(t, http.StatusOK, c.send(c.cashout(http.MethodPost, d24.PathCashout, cashoutFields("x", 1))).Status)
	assert.NotEmpty(t, waited)
}

// A mutant is one defect: readings stay as they were chosen.
func TestMutantsKeepReadings(t *testing.T) {
	m := start(t, mock.Options{Mutant: "window-7s", Readings: map[string]string{"AMB-27": "200"}})
	c := newClient(t, m)
	got := c.send(c.signedAt(base.Add(-7*time.Second), http.MethodPost, d24.PathDeposits, oneShot("inv")))
	assert.Equal(t, http.StatusOK, got.Status)
}
