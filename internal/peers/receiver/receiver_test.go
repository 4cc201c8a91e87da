package receiver_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/peers/receiver"
	"github.com/d24conform/d24conform/internal/provider"
)

// A bench is a receiver between the mock, which it asks, and a provider, which notifies
// it. All of them live by one clock, which stands still unless it is moved.
type bench struct {
	t       *testing.T
	seconds atomic.Int64
	mock    *mock.Mock
	client  *merchant.Client
	orders  merchant.Orders
	notify  *provider.Provider
	journal string
	subject *receiver.Receiver
	server  *httptest.Server
	dead    atomic.Bool

	waiting chan struct{} // one for each status call that is held back
	release chan time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, waiting: make(chan struct{}, 100), release: make(chan time.Time)}
	b.orders.Run = "peer"
	var err error
	b.mock, err = mock.Start(mock.Options{Now: b.now, After: func(time.Duration) <-chan time.Time {
		b.waiting <- struct{}{}
		return b.release
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.mock.Close()) })
	b.client, err = merchant.New(merchant.Options{BaseURL: b.mock.BaseURL(), Credentials: b.mock.Credentials(), Roots: b.mock.Roots(), Now: b.now, Timeout: time.Minute})
	require.NoError(t, err)
	t.Cleanup(b.client.Close)
	b.notify = provider.New(provider.Options{Credentials: b.mock.Credentials(), Now: b.now, Timeout: time.Minute})
	t.Cleanup(b.notify.Close)
	b.start(filepath.Join(t.TempDir(), "journal"))
	t.Cleanup(b.stop)
	return b
}

func (b *bench) now() time.Time {
	return time.Date(2026, 11, 20, 12, 0, int(b.seconds.Load()), 0, time.UTC)
}

// start starts the receiver on a journal.
func (b *bench) start(journal string) {
	b.t.Helper()
	var err error
	b.journal = journal
	b.subject, err = receiver.New(receiver.Options{
		BaseURL: b.mock.BaseURL(), Roots: b.mock.Roots(), Credentials: b.mock.Credentials(), Journal: journal,
		Now: b.now, StatusTimeout: time.Minute, Exit: func() { b.dead.Store(true) },
	})
	require.NoError(b.t, err)
	b.server = httptest.NewServer(b.subject)
	b.dead.Store(false)
}

func (b *bench) stop() {
	b.server.Close()
	_ = b.subject.Close()
}

func (b *bench) restart() {
	b.t.Helper()
	b.stop()
	b.start(b.journal)
}

// deliver notifies, of a receiver that runs, and returns the status of its answer.
func (b *bench) deliver(n provider.Notification, tampers ...provider.Tamper) int {
	b.t.Helper()
	if b.dead.Load() {
		b.restart()
	}
	return b.notify.Deliver(b.t.Context(), b.server.URL+"/notify", n, tampers...).Status()
}

func (b *bench) released(n provider.Notification) int {
	return b.subject.Releases(n.Kind, d24.ID(n.ID), n.ExternalID)
}

// deposit makes a deposit, and its notification.
func (b *bench) deposit(approved bool) provider.Notification {
	b.t.Helper()
	id := b.create(merchant.CreateDeposit(b.orders.Deposit(100_00)), "deposit_id")
	if approved {
		require.NoError(b.t, b.mock.Admin().ApproveDeposit(id))
	}
	return provider.Notification{Kind: d24.DepositNotification, ID: id}
}

// cashout makes a cashout, and its notification.
func (b *bench) cashout(move func(id string) error) provider.Notification {
	b.t.Helper()
	order := b.orders.Cashout(10_00)
	id := b.create(b.client.CreateCashout(order), "cashout_id")
	if move != nil {
		require.NoError(b.t, move(id))
	}
	return provider.Notification{Kind: d24.CashoutNotification, ID: id, ExternalID: order.ExternalID}
}

func (b *bench) create(r merchant.Request, field string) string {
	b.t.Helper()
	e := b.client.Do(b.t.Context(), r)
	require.Equal(b.t, 2, e.Status()/100, "%+v", e.Response)
	_, rest, found := bytes.Cut(e.Response.Body, []byte(`"`+field+`":`))
	require.True(b.t, found)
	return strings.Trim(string(rest[:bytes.IndexAny(rest, ",}")]), `"`)
}

// hold has the next status calls of deposits wait.
func (b *bench) hold(calls int) {
	b.t.Helper()
	_, err := b.mock.Admin().AddFault(mock.Fault{Kind: mock.FaultDelay, Method: http.MethodGet, Path: d24.PathDeposits + "/", DelayMS: 1, Times: calls})
	require.NoError(b.t, err)
}

// broken are the rules that a receiver breaks, as far as these situations show.
func broken(t *testing.T) []string {
	t.Helper()
	b := newBench(t)
	found := map[string]bool{}
	check := func(rule string, kept bool) {
		if !kept {
			found[rule] = true
		}
	}
	never := func(rule string, n provider.Notification, tampers ...provider.Tamper) {
		b.deliver(n, tampers...)
		check(rule, b.released(n) == 0)
	}
	b.signatures(never, check)
	b.statuses(never, check)
	b.repeats(check)
	list := []string{}
	for rule := range found {
		list = append(list, rule)
	}
	slices.Sort(list)
	return list
}

func lastDigit(digest string) string { return merchant.FlipDigit(digest, len(digest)-1) }

func spaced(body []byte) []byte { return bytes.ReplaceAll(body, []byte(":"), []byte(" : ")) }

func (b *bench) signatures(never func(string, provider.Notification, ...provider.Tamper), check func(string, bool)) {
	paid := b.mock.Admin().CompleteCashout
	never("NOTIF-03", b.deposit(true), provider.WithoutSignature())
	later := b.deposit(false)
	require.NoError(b.t, b.mock.Admin().ExpireDeposit(later.ID))
	b.deliver(later)
	before := b.released(later)
	require.NoError(b.t, b.mock.Admin().ApproveDeposit(later.ID))
	b.deliver(later, provider.WithoutSignature())
	check("NOTIF-03", b.released(later) == before)
	never("NOTIF-03", b.cashout(paid), provider.WithoutSignature())

	never("NOTIF-02", b.deposit(true), provider.WithSignature(lastDigit))
	never("NOTIF-02", b.deposit(true), provider.InOtherCase())
	never("NOTIF-02", b.deposit(true), provider.SignedWith(b.mock.Credentials().Cashouts.APISignature))
	never("NOTIF-02", b.deposit(true), provider.Dated(-24*time.Hour))
	never("NOTIF-02", b.deposit(true), provider.Dated(time.Hour))

	never("DEP-SIG-04", b.deposit(true), provider.SigningOther(spaced))
	never("DEP-SIG-04", b.deposit(true), provider.BodyAfterSigning(spaced))
	white := b.deposit(true)
	b.deliver(white, provider.WithBody(spaced))
	check("DEP-SIG-04", b.released(white) == 1)

	never("NOTIF-09", b.cashout(paid), provider.WithSignature(lastDigit))
	never("NOTIF-09", b.cashout(paid), provider.InOtherCase())
	never("NOTIF-09", b.cashout(paid), provider.WithExternalID("another"))
}

func (b *bench) statuses(never func(string, provider.Notification, ...provider.Tamper), check func(string, bool)) {
	never("NOTIF-07", b.deposit(false))
	never("NOTIF-07", b.deposit(false), provider.WithBody(func(body []byte) []byte { return merchant.SetField(body, "status", "COMPLETED") }))
	never("NOTIF-07", provider.Notification{Kind: d24.DepositNotification, ID: "999999999"})
	never("NOTIF-10", b.cashout(nil))
	never("NOTIF-10", b.cashout(b.mock.Admin().DeliverCashout))
	never("NOTIF-10", b.cashout(b.mock.Admin().RejectCashout))
	other := b.cashout(nil)
	b.deliver(b.cashout(b.mock.Admin().CompleteCashout), provider.WithID(other.ID))
	check("NOTIF-10", b.released(other) == 0)

	failing := b.deposit(true)
	_, err := b.mock.Admin().AddFault(mock.Fault{Kind: mock.FaultRespond500, Method: http.MethodGet, Path: d24.PathDeposits + "/"})
	require.NoError(b.t, err)
	if b.deliver(failing)/100 != 2 {
		b.deliver(failing)
	}
	check("NOTIF-08", b.released(failing) == 1)
	b.mock.Admin().ClearFaults() // who did not ask has left it there

	late := b.deposit(false)
	require.NoError(b.t, b.mock.Admin().ExpireDeposit(late.ID))
	b.deliver(late)
	require.NoError(b.t, b.mock.Admin().ApproveDeposit(late.ID))
	b.deliver(late)
	check("NOTIF-08", b.released(late) == 1)
	b.killed(check)
}

// killed kills the receiver while it waits for a status: what it has on the disk by then
// is what it wakes up with.
func (b *bench) killed(check func(string, bool)) {
	n := b.deposit(true)
	b.hold(1)
	image := filepath.Join(b.t.TempDir(), "image")
	first := make(chan int, 1)
	go func() { first <- b.deliver(n) }()
	select {
	case <-b.waiting:
	case status := <-first: // it does not ask
		first <- status
	}
	data, err := os.ReadFile(b.journal)
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(image, data, 0o600))
	b.mock.Admin().ClearFaults()
	select {
	case b.release <- time.Time{}:
		<-first
	case <-first:
	}
	b.stop()
	b.start(image)
	b.deliver(n)
	check("NOTIF-08", b.released(n) == 1)
}

func (b *bench) repeats(check func(string, bool)) {
	n := b.deposit(true)
	check("NOTIF-11", b.deliver(n) == http.StatusOK)
	check("NOTIF-11", b.deliver(n) == http.StatusOK && !b.dead.Load())
	b.seconds.Add(1)
	b.deliver(n)
	check("NOTIF-05", b.released(n) == 1)
	b.restart()
	b.deliver(n)
	check("NOTIF-05", b.released(n) == 1)

	paid := b.cashout(b.mock.Admin().CompleteCashout)
	b.deliver(paid)
	b.seconds.Add(1)
	b.deliver(paid)
	check("NOTIF-11", b.released(paid) == 1)

	// Twenty at once, of which the first two meet at the status endpoint.
	n = b.deposit(true)
	b.hold(2)
	if b.dead.Load() {
		b.restart()
	}
	ended := make(chan struct{}, 20)
	for range cap(ended) {
		go func() {
			b.notify.Deliver(b.t.Context(), b.server.URL, n)
			ended <- struct{}{}
		}()
	}
	over := 0
	for held := 0; held < 2 && held+over < cap(ended); { // who does not ask is not held
		select {
		case <-b.waiting:
			held++
		case <-ended:
			over++
		}
	}
	close(b.release)
	for ; over < cap(ended); over++ {
		<-ended
	}
	if b.dead.Load() {
		b.restart()
	}
	check("NOTIF-05", b.released(n) == 1)
}

func TestTheReceiverKeepsEveryRule(t *testing.T) {
	t.Parallel()
	assert.Empty(t, broken(t))
}

// That each mutant breaks its rules and no others is what package selftest finds out.
func TestMutantsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	names := map[string]bool{"": true}
	for _, m := range append(receiver.Mutants(), receiver.Derived()...) {
		require.False(t, names[m.Name], "%s is there twice", m.Name)
		names[m.Name] = true
		assert.NotEmpty(t, m.Says, m.Name)
		assert.True(t, slices.IsSorted(m.Breaks), m.Name)
		r, err := receiver.New(receiver.Options{Mutant: m.Name, Journal: filepath.Join(t.TempDir(), "journal")})
		require.NoError(t, err)
		require.NoError(t, r.Close())
	}
	assert.Greater(t, len(receiver.Mutants()), 20)
	assert.Greater(t, len(receiver.Derived()), 140)
	for _, equivalent := range receiver.Equivalents() {
		assert.NotEmpty(t, equivalent.Reason, equivalent.Name)
	}
	_, err := receiver.New(receiver.Options{Mutant: "none"})
	require.EqualError(t, err, `receiver: there is no mutant "none"`)
}

// Derived mutants come from maps as well, and stand in one order all the same.
func TestDerivedMutantsStandInOneOrder(t *testing.T) {
	t.Parallel()
	order := func() (names []string) {
		for _, m := range receiver.Derived() {
			names = append(names, m.Name)
		}
		return names
	}
	first := order()
	for range 10 {
		again := order()
		require.Equal(t, first, again)
	}
}

// 10,000 duplicates over 256 connections.
func TestAFloodOfDuplicatesReleasesOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	n := b.deposit(true)
	recorded := httptest.NewServer(http.NotFoundHandler())
	defer recorded.Close()
	straight := provider.New(provider.Options{Credentials: b.mock.Credentials(), Now: b.now})
	defer straight.Close()
	request := straight.Deliver(t.Context(), recorded.URL, n).Request // one that is right, to be sent as it is

	const connections, duplicates = 256, 10_000
	var taken atomic.Int64
	transport := &http.Transport{MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections}
	defer transport.CloseIdleConnections()
	numbers := make(chan int)
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			for range numbers {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, b.server.URL, bytes.NewReader(request.Body))
				r.RequestURI = ""
				for _, field := range request.Header {
					r.Header.Set(field.Name, field.Value)
				}
				response, err := transport.RoundTrip(r)
				if err != nil {
					continue // it is missed below
				}
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if response.StatusCode == http.StatusOK {
					taken.Add(1)
				}
			}
		})
	}
	for i := range duplicates {
		numbers <- i
	}
	close(numbers)
	group.Wait()
	assert.EqualValues(t, duplicates, taken.Load())
	assert.Equal(t, 1, b.released(n))
}

func TestTheObserver(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	n := b.deposit(true)
	ask := func(query string) string {
		response, err := http.Get(b.server.URL + "/releases?" + query)
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return fmt.Sprint(response.StatusCode, " ", string(text))
	}
	assert.Equal(t, `200 {"releases":0}`, ask("kind=deposit&id="+n.ID))
	b.deliver(n)
	assert.Equal(t, `200 {"releases":1}`, ask("kind=deposit&id="+n.ID))
	assert.Equal(t, `200 {"releases":0}`, ask("kind=cashout&id="+n.ID))
}

func TestTheJournal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	n := b.deposit(true)
	b.deliver(n)
	b.stop()
	file, err := os.OpenFile(b.journal, os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = file.WriteString("released\tdeposit 1\tdepo") // broke off
	require.NoError(t, err)
	require.NoError(t, file.Close())
	b.start(b.journal)
	assert.Equal(t, 1, b.released(n))
	other := b.deposit(true)
	b.deliver(other)
	b.restart()
	assert.Equal(t, []int{1, 1}, []int{b.released(n), b.released(other)}, "nothing was written behind half a line")

	// Its own failure is answered so that the notification comes again.
	require.NoError(t, b.subject.Close())
	third := b.deposit(true)
	assert.Equal(t, http.StatusServiceUnavailable, b.deliver(third))
	_, err = receiver.New(receiver.Options{Journal: t.TempDir()})
	require.ErrorContains(t, err, "receiver: open journal: ")
}

func TestWhatIsNotANotification(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	body := func(text string) provider.Tamper {
		return provider.WithBody(func([]byte) []byte { return []byte(text) })
	}
	n := provider.Notification{Kind: d24.DepositNotification, ID: "1"}
	for text, want := range map[string]int{"{}": 400, "[]": 400, "x": 400, strings.Repeat(" ", 70_000): 400} {
		assert.Equal(t, want, b.deliver(n, body(text)), "%.10s", text)
	}
	assert.Equal(t, http.StatusNotFound, b.deliver(n), "the provider knows no such deposit")
	refund := provider.Notification{Kind: d24.RefundNotification, ID: "1"}
	assert.Equal(t, http.StatusNotFound, b.deliver(refund))
	assert.Equal(t, 401, b.deliver(b.deposit(true), provider.WithLogin("another")))
	response, err := http.Get(b.server.URL + "/")
	require.NoError(t, err)
	response.Body.Close()
	assert.Equal(t, 404, response.StatusCode)
}
