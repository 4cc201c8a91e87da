package mock_test

import (
	"bytes"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
)

func TestReplay(t *testing.T) {
	m := start(t, mock.Options{})
	c, admin := newClient(t, m), m.Admin()
	for _, test := range []struct {
		name string
		body string
		arm  func()
		want int
	}{
		{"a success", oneShot("r1"), func() {}, 201},
		{"a validation error", `{"amount":0}`, func() {}, 400},
		{"malformed JSON", `{`, func() {}, 400},
		{"a duplicate invoice", oneShot("r1"), func() {}, 409},
		{"an injected 500", oneShot("r2"), admin.Respond500Once, 500},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.arm()
			before := admin.DepositCount()
			first := c.send(c.signed(http.MethodPost, d24.PathDeposits, test.body, key(test.name)))
			require.Equal(t, test.want, first.Status, "%s", first.Body)
			admin.FreezeClock(admin.Now().Add(time.Minute)) // a retry is dated and signed afresh
			second := c.send(c.signed(http.MethodPost, d24.PathDeposits, test.body, key(test.name)))
			assert.Equal(t, [2]any{first.Status, string(first.Body)}, [2]any{second.Status, string(second.Body)})
			created := 0
			if test.want == 201 {
				created = 1
			}
			assert.Equal(t, before+created, admin.DepositCount())
			other := c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("other-body"), key(test.name)))
			assert.Equal(t, first.Body, other.Body, "the stored result, whatever the body")
		})
	}
}

func TestRefundKeys(t *testing.T) {
	m := start(t, mock.Options{})
	c, admin := newClient(t, m), m.Admin()
	id := c.deposit(oneShot("inv"))
	body := `{"deposit_id":` + id + `,"invoice_id":"inv","amount":1,"bank_account":{}}`

	early := c.send(c.signed(http.MethodPost, d24.PathRefunds, body, key("k")))
	require.NoError(t, admin.ApproveDeposit(id))
	late := c.send(c.signed(http.MethodPost, d24.PathRefunds, body, key("k")))
	assert.Equal(t, early.Body, late.Body, "the refusal is replayed although it would now be accepted")
	assert.Equal(t, 0, admin.RefundCount())

	deposit := c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("fresh"), key("k")))
	assert.Equal(t, http.StatusCreated, deposit.Status, "a key counts for one path")
}

// Refusals of an unknown caller leave the key free.
func TestUnknownCallersDoNotUseKeysUp(t *testing.T) {
	m := start(t, mock.Options{})
	c := newClient(t, m)
	for _, spoil := range []tweak{
		without("Authorization"),
		with("X-Login", "nobody"),
		with("X-Date", d24.FormatDate(base.Add(-time.Hour))),
		with("X-Date", d24.FormatDate(base.Add(time.Second))),
	} {
		refused := c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("free"), key("free"), spoil))
		require.GreaterOrEqual(t, refused.Status, 400)
	}
	got := c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("free"), key("free")))
	assert.Equal(t, http.StatusCreated, got.Status)
}

func TestKeysOfMerchantsAndEnvironmentsDoNotMeet(t *testing.T) {
	m := start(t, mock.Options{})
	another := otherMerchant()
	require.NoError(t, m.Admin().AddMerchant(another))
	first := newClient(t, m)
	second, third := *first, *first
	second.keys = another
	third.base, third.keys = m.SecondURL(), m.SecondCredentials()

	ids := map[string]bool{}
	for _, c := range []*client{first, &second, &third} {
		got := c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("same"), key("same")))
		require.Equal(t, http.StatusCreated, got.Status, "%s", got.Body)
		ids[got.field("deposit_id")] = true
	}
	assert.Len(t, ids, 3)
}

func TestKeysHaveNoEffectOnGet(t *testing.T) {
	m := start(t, mock.Options{})
	c := newClient(t, m)
	id := c.deposit(oneShot("inv"))
	status := func() string {
		return c.send(c.signed(http.MethodGet, d24.PathDeposits+"/"+id, "", key("k"))).field("status")
	}
	assert.Equal(t, "PENDING", status())
	require.NoError(t, m.Admin().ApproveDeposit(id))
	assert.Equal(t, "COMPLETED", status())
}

// 10,000 creations with 100 keys over 256 connections make 100 deposits.
func TestParallelCreationsMakeOneDepositPerKey(t *testing.T) {
	const requests, keys, connections = 10_000, 100, 256
	m := start(t, mock.Options{})
	c := newClient(t, m)
	c.http.Transport.(*http.Transport).MaxConnsPerHost = connections

	var mu sync.Mutex
	answers := make(map[string]reply)
	work := make(chan int)
	var group errgroup.Group
	for range connections {
		group.Go(func() error {
			for i := range work {
				name := fmt.Sprintf("key-%d", i%keys)
				got, err := c.try(c.signed(http.MethodPost, d24.PathDeposits, oneShot(fmt.Sprintf("inv-%d", i)), key(name)))
				if err != nil {
					return err
				}
				mu.Lock()
				first, seen := answers[name]
				if !seen {
					answers[name] = got
				}
				mu.Unlock()
				if seen && (first.Status != got.Status || !bytes.Equal(first.Body, got.Body)) {
					return fmt.Errorf("key %s: %s and %s", name, first.Body, got.Body)
				}
			}
			return nil
		})
	}
	for i := range requests {
		work <- i
	}
	close(work)
	require.NoError(t, group.Wait())
	assert.Equal(t, keys, m.Admin().DepositCount())
	assert.Len(t, answers, keys)
	for name, answer := range answers {
		assert.Equal(t, http.StatusCreated, answer.Status, name)
	}
}

// A gate is an injected timer: it says when a delay has begun and ends it when told.
type gate struct {
	begun chan time.Duration
	open  chan time.Time
}

func newGate() *gate {
	return &gate{begun: make(chan time.Duration, 10), open: make(chan time.Time)}
}

func (g *gate) after(d time.Duration) <-chan time.Time {
	g.begun <- d
	return g.open
}

func TestHangUpThenRetry(t *testing.T) {
	timer := newGate()
	m := start(t, mock.Options{After: timer.after})
	c, admin := newClient(t, m), m.Admin()
	_, err := admin.AddFault(mock.Fault{Kind: mock.FaultDelay, Key: "k", DelayMS: 5000})
	require.NoError(t, err)

	hangUp := make(chan struct{})
	gone := make(chan error)
	go func() {
		r := c.signed(http.MethodPost, d24.PathDeposits, hosted("inv"), key("k"))
		ctx, cancel := contextUntil(hangUp)
		defer cancel()
		_, err := c.try(r.WithContext(ctx))
		gone <- err
	}()
	assert.Equal(t, 5*time.Second, <-timer.begun, "the first request is at work")
	close(hangUp)
	require.Error(t, <-gone)
	assert.Zero(t, admin.DepositCount())

	retried := make(chan reply)
	go func() { retried <- c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("inv"), key("k"))) }()
	close(timer.open)
	first := <-retried
	assert.Equal(t, http.StatusCreated, first.Status)
	assert.Equal(t, 1, admin.DepositCount(), "one deposit, made for the client that hung up")
	assert.Len(t, admin.InjectedFaults(), 1, "the retry was a replay")
}

// A client that waits behind another one and gives up is let go at once.
func TestHangUpWhileWaiting(t *testing.T) {
	timer := newGate()
	m := start(t, mock.Options{After: timer.after})
	c, admin := newClient(t, m), m.Admin()
	_, err := admin.AddFault(mock.Fault{Kind: mock.FaultDelay, DelayMS: 1})
	require.NoError(t, err)
	first := make(chan reply)
	go func() { first <- c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("inv"), key("k"))) }()
	<-timer.begun
	hungUp, gone := make(chan struct{}), make(chan error)
	go func() {
		ctx, cancel := contextUntil(hungUp)
		defer cancel()
		_, err := c.try(c.signed(http.MethodPost, d24.PathDeposits, hosted("inv"), key("k")).WithContext(ctx))
		gone <- err
	}()
	close(hungUp)
	require.Error(t, <-gone)
	close(timer.open)
	assert.Equal(t, http.StatusCreated, (<-first).Status)
	assert.Equal(t, 1, admin.DepositCount())
}

func TestDropAfterCommit(t *testing.T) {
	m := start(t, mock.Options{})
	c, admin := newClient(t, m), m.Admin()
	admin.DropAfterCommitOnce()
	_, err := c.try(c.signed(http.MethodPost, d24.PathDeposits, hosted("inv"), key("k")))
	require.Error(t, err)
	assert.Equal(t, 1, admin.DepositCount())
	got := c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("inv"), key("k")))
	assert.Equal(t, http.StatusCreated, got.Status)
	assert.Equal(t, 1, admin.DepositCount())

	exchanges := admin.Exchanges()
	require.Len(t, exchanges, 2)
	require.NotNil(t, exchanges[0].Failure)
	assert.Nil(t, exchanges[0].Response)
	assert.Equal(t, http.StatusCreated, exchanges[1].Status())
}

func TestFaults(t *testing.T) {
	timer := newGate()
	close(timer.open)
	m := start(t, mock.Options{After: timer.after})
	c, admin := newClient(t, m), m.Admin()
	post := func(invoice, name string) (reply, error) {
		return c.try(c.signed(http.MethodPost, d24.PathDeposits, hosted(invoice), key(name)))
	}
	arm := func(fault mock.Fault) {
		t.Helper()
		_, err := admin.AddFault(fault)
		require.NoError(t, err)
	}

	arm(mock.Fault{Kind: mock.FaultDropBefore, Path: d24.PathDeposits})
	_, err := post("f1", "drop-before")
	require.Error(t, err)
	assert.Zero(t, admin.DepositCount(), "no effect")
	got, err := post("f1", "drop-before")
	require.NoError(t, err)
	assert.Equal(t, http.StatusCreated, got.Status, "the key was left free")

	arm(mock.Fault{Kind: mock.FaultHalfBody, Method: "post"})
	_, err = post("f2", "half")
	require.Error(t, err)
	whole, err := post("f2", "half")
	require.NoError(t, err)
	assert.Equal(t, "HOSTED", whole.field("checkout_type"))

	arm(mock.Fault{Kind: mock.FaultDelayAnswer, DelayMS: 7})
	_, err = post("f3", "late")
	require.NoError(t, err)
	assert.Equal(t, 7*time.Millisecond, <-timer.begun)

	arm(mock.Fault{Kind: mock.FaultRespond500, Path: d24.PathDeposits, Nth: 2, Times: 2})
	statuses := []int{}
	for i := range 4 {
		got, err := post(fmt.Sprintf("f4-%d", i), fmt.Sprintf("nth-%d", i))
		require.NoError(t, err)
		statuses = append(statuses, got.Status)
	}
	assert.Equal(t, []int{201, 500, 500, 201}, statuses)

	admin.Respond500Once()
	unknown := c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("f5"), with("X-Login", "nobody")))
	assert.Equal(t, 401, unknown.Status, "a fault waits for a known caller")
	replayed, err := post("f3", "late")
	require.NoError(t, err)
	assert.Equal(t, http.StatusCreated, replayed.Status, "and does not strike a replay")
	struck := c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("f5")))
	assert.Equal(t, []int{500, 500}, []int{struck.Status, struck.code()}, "keyed or not")

	assert.Len(t, admin.InjectedFaults(), 6)
	assert.Empty(t, admin.PendingFaults())
	_, err = admin.AddFault(mock.Fault{Kind: "flood"})
	require.ErrorContains(t, err, "unknown kind")
	_, err = admin.AddFault(mock.Fault{Kind: mock.FaultDelay})
	require.ErrorContains(t, err, "delay_ms")
}

func TestRecordsAreBounded(t *testing.T) {
	m := start(t, mock.Options{Limits: mock.IdempotencyLimits{Records: 3, Lifetime: time.Hour}, Transactions: 3})
	c, admin := newClient(t, m), m.Admin()
	post := func(name string) string {
		return c.send(c.signed(http.MethodPost, d24.PathDeposits, `{"amount":1,"country":"BR","currency":"BRL"}`, key(name))).field("deposit_id")
	}
	first := post("1")
	for _, name := range []string{"2", "3"} {
		post(name)
	}
	assert.Equal(t, first, post("1"), "within the cap")
	post("4")
	assert.NotEqual(t, first, post("1"), "the oldest was pushed out")
	assert.Len(t, admin.Deposits(), 3)
	assert.Equal(t, 5, admin.DepositCount())

	last := post("last")
	admin.FreezeClock(base.Add(time.Hour))
	assert.Equal(t, last, post("last"), "within the lifetime")
	admin.FreezeClock(base.Add(time.Hour + time.Second))
	assert.NotEqual(t, last, post("last"), "beyond it")
}
