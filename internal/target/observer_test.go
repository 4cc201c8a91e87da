package target

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

// observed makes an observer that sleeps in no time and counts it.
func observed(t *testing.T, text string) (o *Observer, slept *time.Duration) {
	t.Helper()
	o, err := NewObserver(text, nil, 0)
	require.NoError(t, err)
	slept = new(time.Duration)
	o.now = func() time.Time { return time.Time{}.Add(*slept) }
	o.sleep = func(ctx context.Context, d time.Duration) error {
		*slept += d
		return ctx.Err()
	}
	return o, slept
}

func TestAnObserverIsAskedOverHTTP(t *testing.T) {
	t.Parallel()
	status, answer := http.StatusOK, `{"releases":1}`
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.RequestURI
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}))
	defer server.Close()
	o, _ := observed(t, server.URL+"/releases?token=secret-token")
	n, err := o.Releases(t.Context(), Object{Kind: d24.DepositNotification, ID: "300000001", InvoiceID: "d24c-1"})
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.Equal(t, "GET /releases?id=300000001&invoice_id=d24c-1&kind=deposit&token=secret-token", asked)

	for _, wrong := range []string{``, `1`, `{}`, `{"releases":null}`, `{"releases":"1"}`, `{"releases":1.5}`, `{"releases":-1}`, `{"releases":true}`, `<html>`} {
		answer = wrong
		_, err := o.Releases(t.Context(), Object{Kind: d24.CashoutNotification, ID: "1"})
		require.ErrorContains(t, err, "observer: ", wrong)
	}
	answer = `{"releases":1}`
	for _, status = range []int{201, 302, 404, 500} {
		_, err := o.Releases(t.Context(), Object{Kind: d24.CashoutNotification, ID: "1"})
		require.ErrorContains(t, err, fmt.Sprintf("it answers %d", status))
	}
	server.Close()
	_, err = o.Releases(t.Context(), Object{Kind: d24.DepositNotification, ID: "1"})
	require.ErrorContains(t, err, "refused")
	assert.NotContains(t, err.Error(), "secret-token")
}

func TestAnObserverIsACommand(t *testing.T) {
	t.Parallel()
	for arguments, want := range map[string]int{"count 3": 3, "count '  0\n'": 0} {
		o, _ := observed(t, "'"+os.Args[0]+"' hook "+arguments)
		n, err := o.Releases(t.Context(), Object{Kind: d24.DepositNotification, ID: "300000001"})
		require.NoError(t, err, arguments)
		assert.Equal(t, want, n)
	}
	for arguments, want := range map[string]string{
		"count 1.0": "no whole number", "count ''": "no whole number", "count '1 2'": "no whole number", "exit 3": "exit status 3",
		"count -1": "released -1 times", "say x": "no whole number",
	} {
		o, _ := observed(t, "'"+os.Args[0]+"' hook "+arguments)
		_, err := o.Releases(t.Context(), Object{Kind: d24.DepositNotification, ID: "1"})
		require.ErrorContains(t, err, want, arguments)
	}
	o, _ := observed(t, "/nowhere/observe")
	_, err := o.Releases(t.Context(), Object{Kind: d24.DepositNotification, ID: "1"})
	require.ErrorContains(t, err, "observer: /nowhere/observe")
	// Nothing that a target says becomes an option, or more than a word.
	for _, id := range []string{"", "-rf", "a b", "$(x)", "../x"} {
		_, err := o.Releases(t.Context(), Object{Kind: d24.DepositNotification, ID: id})
		require.ErrorContains(t, err, "not asked about")
	}
	for _, wrong := range []string{"", "'", "https://", "http://%zz"} {
		_, err := NewObserver(wrong, nil, 0)
		require.ErrorContains(t, err, "observer ", wrong)
	}
}

func TestEffectsHaveTheirTime(t *testing.T) {
	t.Parallel()
	releases := func(counts ...int) string {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"releases":%d}`, counts[min(asked, len(counts)-1)])
			asked++
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	one := func(_, n int) bool { return n >= 1 }
	first := []Object{{Kind: d24.DepositNotification, ID: "1"}}
	o, slept := observed(t, releases(0, 0, 1, 2))
	n, err := o.Await(t.Context(), first, one)
	require.NoError(t, err)
	assert.Equal(t, []int{1}, n)
	assert.Equal(t, 2*observeEvery, *slept)

	o, slept = observed(t, releases(0, 1))
	n, err = o.Await(t.Context(), append(first, first...), one)
	require.NoError(t, err)
	assert.Equal(t, []int{1, 1}, n)
	assert.Equal(t, observeEvery, *slept, "each is asked about until it has enough")

	o, slept = observed(t, releases(0, 1))
	n, err = o.Await(t.Context(), append(first, first...), nil)
	require.NoError(t, err)
	assert.Equal(t, []int{0, 1}, n)
	assert.Equal(t, DefaultSettle, *slept, "once, and only after it")

	o, slept = observed(t, releases(0))
	n, err = o.Await(t.Context(), first, one)
	require.NoError(t, err)
	assert.Equal(t, []int{0}, n)
	assert.Equal(t, DefaultSettle, *slept, "none is believed only after it")

	ctx, cancel := context.WithCancel(t.Context())
	o.sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	_, err = o.Await(ctx, first, one)
	require.ErrorIs(t, err, context.Canceled)
}

// How long no effect is waited for is learnt from the effects: their slowest counts ten times.
func TestAnObserverLearnsHowLongEffectsTake(t *testing.T) {
	t.Parallel()
	var o *Observer
	var slept *time.Duration
	due := map[string]time.Duration{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		releases := 0
		if at, ok := due[r.FormValue("id")]; ok && *slept >= at {
			releases = 1
		}
		fmt.Fprintf(w, `{"releases":%d}`, releases)
	}))
	defer server.Close()
	o, slept = observed(t, server.URL)
	shown := func(id string, after time.Duration) {
		due[id] = *slept + after
		_, err := o.Await(t.Context(), []Object{{Kind: d24.DepositNotification, ID: id}}, func(_, n int) bool { return n > 0 })
		require.NoError(t, err)
	}
	for i := range enoughEffects {
		assert.Equal(t, DefaultSettle, o.Patience(), "%d effects are too few to learn from", i)
		shown(fmt.Sprint(i), 0)
	}
	assert.Equal(t, leastPatience, o.Patience(), "they were there at once")

	shown("later", 60*time.Millisecond)
	assert.Equal(t, patienceFactor*2*observeEvery, o.Patience(), "one showed at the second look after the first")
	before := *slept
	numbers, err := o.Await(t.Context(), []Object{{Kind: d24.DepositNotification, ID: "none"}}, nil)
	require.NoError(t, err)
	assert.Equal(t, []int{0}, numbers)
	assert.Equal(t, o.Patience(), *slept-before)

	before = *slept
	_, err = o.Await(t.Context(), []Object{{Kind: d24.DepositNotification, ID: "none"}}, func(_, n int) bool { return n > 0 })
	require.NoError(t, err)
	assert.Equal(t, DefaultSettle, *slept-before, "an effect that there ought to be has its whole time")

	shown("late", time.Second)
	assert.Equal(t, DefaultSettle, o.Patience(), "at most that")
}

func TestAWitnessIsAskedOnce(t *testing.T) {
	t.Parallel()
	var asked []string
	released, failing := 0, error(nil)
	o := Witness(func(about Object) (int, error) {
		asked = append(asked, string(about.Kind)+" "+about.ID)
		return released, failing
	})
	assert.Zero(t, o.Settle())
	o.sleep = func(context.Context, time.Duration) error { return errors.New("it waits") }
	never := func(int, int) bool { return false }
	n, err := o.Await(t.Context(), []Object{{Kind: d24.CashoutNotification, ID: "8400001"}}, never)
	require.NoError(t, err)
	assert.Equal(t, []int{0}, n)
	released = 2
	n, err = o.Await(t.Context(), []Object{{Kind: d24.DepositNotification, ID: "300000001"}}, never)
	require.NoError(t, err)
	assert.Equal(t, []int{2}, n)
	assert.Equal(t, []string{"cashout 8400001", "deposit 300000001"}, asked)

	failing = errors.New("its journal is gone")
	_, err = o.Releases(t.Context(), Object{Kind: d24.DepositNotification, ID: "1"})
	require.EqualError(t, err, "observer: its journal is gone")
	released, failing = -1, nil
	_, err = o.Releases(t.Context(), Object{Kind: d24.DepositNotification, ID: "1"})
	require.ErrorContains(t, err, "was released -1 times")
	_, err = o.Releases(t.Context(), Object{Kind: d24.DepositNotification, ID: "-rf"})
	require.ErrorContains(t, err, "not asked about")
	assert.Len(t, asked, 4)
}
