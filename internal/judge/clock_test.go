package judge_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

// told is an exchange that began so long after the first, took a journey, and was
// answered with a Date.
func told(after, journey time.Duration, date string) *exchange.Exchange {
	e := with(deposit(201, `{"deposit_id":1}`), "Date", date)
	e.Started = begun.Add(after)
	e.Timing.Total = journey
	return e
}

const ms = time.Millisecond

func TestEstimateClock(t *testing.T) {
	t.Parallel()
	const noon, nextSecond = "Fri, 20 Nov 2026 12:00:00 GMT", "Fri, 20 Nov 2026 12:00:01 GMT"
	cached := with(told(0, 0, "Fri, 20 Nov 2026 11:00:00 GMT"), "Age", "3600")
	for _, row := range []struct {
		name      string
		exchanges []*exchange.Exchange
		want      judge.Clock
		ok        bool
	}{
		{
			"one answer leaves the second that Date has, and the journey",
			[]*exchange.Exchange{told(0, 200*ms, noon)},
			judge.Clock{Offset: 400 * ms, Error: 600 * ms},
			true,
		},
		{
			"a second that begins between two answers leaves their journeys",
			[]*exchange.Exchange{told(990*ms, 10*ms, noon), told(1000*ms, 10*ms, nextSecond)},
			judge.Clock{Offset: 0, Error: 10 * ms},
			true,
		},
		{
			"several phases narrow it down",
			[]*exchange.Exchange{told(0, 0, noon), told(250*ms, 0, noon), told(750*ms, 0, noon)},
			judge.Clock{Offset: 125 * ms, Error: 125 * ms},
			true,
		},
		{
			"a clock three minutes fast",
			[]*exchange.Exchange{told(0, 0, "Fri, 20 Nov 2026 12:03:00 GMT")},
			judge.Clock{Offset: 180*time.Second + 500*ms, Error: 500 * ms},
			true,
		},
		{
			"a clock an hour slow",
			[]*exchange.Exchange{told(0, 0, "Fri, 20 Nov 2026 11:00:00 GMT")},
			judge.Clock{Offset: -time.Hour + 500*ms, Error: 500 * ms},
			true,
		},
		{"answers without a Date tell nothing and disturb nothing", []*exchange.Exchange{made, silent, told(0, 0, noon)}, judge.Clock{Offset: 500 * ms, Error: 500 * ms}, true},
		{"what a cache kept has the Date of another time", []*exchange.Exchange{cached, told(0, 0, noon)}, judge.Clock{Offset: 500 * ms, Error: 500 * ms}, true},
		{"what a cache passed on at once has its Date", []*exchange.Exchange{with(told(0, 0, noon), "Age", "0")}, judge.Clock{Offset: 500 * ms, Error: 500 * ms}, true},
		{"answers that contradict one another tell nothing", []*exchange.Exchange{told(0, 0, noon), told(0, 0, "Fri, 20 Nov 2026 12:00:05 GMT")}, judge.Clock{}, false},
		{"no Date", []*exchange.Exchange{made}, judge.Clock{}, false},
		{"a Date that cannot be read", []*exchange.Exchange{told(0, 0, "yesterday")}, judge.Clock{}, false},
		{"no answer", []*exchange.Exchange{silent}, judge.Clock{}, false},
		{"nothing", nil, judge.Clock{}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			clock, ok := judge.EstimateClock(row.exchanges...)
			assert.Equal(t, row.ok, ok)
			assert.Equal(t, row.want.Offset, clock.Offset, "offset")
			assert.LessOrEqual(t, (clock.Error - row.want.Error).Abs(), time.Nanosecond, "error %s, not %s", clock.Error, row.want.Error)
		})
	}
}

// dated is a request with an X-Date so far from begun, whose journey took a while.
func dated(by, journey time.Duration, like *exchange.Exchange) *exchange.Exchange {
	e := *like
	e.Started, e.Timing.Total = begun, journey
	e.Request.Header.Set(d24.HeaderDate, d24.FormatDate(begun.Add(by)))
	return &e
}

func TestAge(t *testing.T) {
	t.Parallel()
	clock := judge.Clock{Offset: 2 * time.Second, Error: 100 * ms}
	least, most, ok := clock.Age(dated(-3*time.Second, 500*ms, made))
	assert.True(t, ok)
	assert.Equal(t, 4900*ms, least, "the clock's error off, and no journey")
	assert.Equal(t, 5600*ms, most, "the clock's error and the whole journey")

	_, _, ok = clock.Age(made)
	assert.False(t, ok, "without a date")
	odd := dated(0, 0, made)
	odd.Request.Header.Set(d24.HeaderDate, "2026-11-20T12:00:00+00:00")
	_, _, ok = clock.Age(odd)
	assert.False(t, ok, "with a date in another form")
}

func TestFreshness(t *testing.T) {
	t.Parallel()
	exact, rough := judge.Clock{}, judge.Clock{Error: 500 * ms}
	for _, row := range []struct {
		name string
		got  judge.Freshness
		want judge.Freshness
	}{
		{"now", exact.Freshness(dated(0, 0, made)), judge.Fresh},
		{"4 s old", exact.Freshness(dated(-4*time.Second, 0, made)), judge.Fresh},
		{"4 s old after a journey of 1 ms", exact.Freshness(dated(-4*time.Second, ms, made)), judge.Boundary},
		{"4 s in the future", exact.Freshness(dated(4*time.Second, 0, made)), judge.Fresh},
		{"5 s old", exact.Freshness(dated(-5*time.Second, 0, made)), judge.Boundary},
		{"5 s in the future", exact.Freshness(dated(5*time.Second, 0, made)), judge.Boundary},
		{"6 s old", exact.Freshness(dated(-6*time.Second, 0, made)), judge.Stale},
		{"6 s old after a journey of a minute", exact.Freshness(dated(-6*time.Second, time.Minute, made)), judge.Stale},
		{"6 s in the future", exact.Freshness(dated(6*time.Second, 0, made)), judge.Stale},
		{"6 s in the future after a journey of 1 ms", exact.Freshness(dated(6*time.Second, ms, made)), judge.Boundary},
		{"3 s old by a clock that is half a second off", rough.Freshness(dated(-3*time.Second, 0, made)), judge.Fresh},
		{"4 s old by a clock that is half a second off", rough.Freshness(dated(-4*time.Second, 0, made)), judge.Boundary},
		{"6 s old by a clock that is half a second off", rough.Freshness(dated(-6*time.Second, 0, made)), judge.Boundary},
		{"7 s old by a clock that is half a second off", rough.Freshness(dated(-7*time.Second, 0, made)), judge.Stale},
		{"no date", exact.Freshness(made), judge.Boundary},
		{"6 s old by a clock 6 s slow", judge.Clock{Offset: -6 * time.Second}.Freshness(dated(-6*time.Second, 0, made)), judge.Fresh},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, row.want, row.got)
		})
	}
}

func TestIsFresh(t *testing.T) {
	t.Parallel()
	const expected = "accepted: its date is at most 4 s from the server's clock"
	old := -3 * time.Second
	judged := func(probe *exchange.Exchange) judge.Finding { return judge.Clock{}.IsFresh(made, probe, madeToo) }
	read(t, []sentence{
		{"accepted", judged(dated(old, 100*ms, made)), judge.Holds, "", ""},
		{"accepted after a slow journey", judged(dated(old, time.Minute, made)), judge.Holds, "", ""},
		{"refused", judged(dated(old, 100*ms, tooOld)), judge.Broken, expected, "400 code 103 (Date out of range)"},
		{"refused after a slow journey", judged(dated(old, 2*time.Second, tooOld)), judge.Unclear, expected, "400 code 103 (Date out of range), after a journey too slow to tell"},
		{"busy", judged(dated(old, 100*ms, full)), judge.Unclear, expected, "503 with a body that is not JSON"},
		{
			"refused, by a clock that is not known well enough",
			judge.Clock{Error: 2 * time.Second}.IsFresh(made, dated(old, 0, tooOld), made), judge.Unclear,
			expected, "400 code 103 (Date out of range), after a journey too slow to tell",
		},
		{
			"refused, as the control is", judge.Clock{}.IsFresh(tooOld, dated(old, 0, tooOld), made), judge.Unclear,
			"the same request without the fault is accepted", "400 code 103 (Date out of range)",
		},
	})
}

func TestIsStale(t *testing.T) {
	t.Parallel()
	reason := judge.Reason{Because: "its date", Codes: []int{103}}
	old, early := -6*time.Second, 6*time.Second
	judged := func(probe *exchange.Exchange) judge.Finding {
		return judge.Clock{}.IsStale(made, probe, madeToo, reason)
	}
	read(t, []sentence{
		{"refused", judged(dated(old, 100*ms, tooOld)), judge.Holds, "", ""},
		{"refused after a slow journey", judged(dated(early, time.Minute, tooOld)), judge.Holds, "", ""},
		{"accepted", judged(dated(old, 100*ms, made)), judge.Broken, "refused because of its date", "201 with deposit_id 300000025"},
		{"accepted, from the future", judged(dated(early, 0, made)), judge.Broken, "refused because of its date", "201 with deposit_id 300000025"},
		{
			"accepted, since a slow journey brought it in time", judged(dated(early, 3*time.Second, made)), judge.Unclear,
			"a date more than 6 s from the server's clock on arrival", "a journey too slow to tell",
		},
		{
			"refused for another reason", judged(dated(old, 0, wrongSig)), judge.Broken,
			"refused because of its date, with code 103", "400 code 102 (Invalid signature)",
		},
		{"busy", judged(dated(old, 0, tooMany)), judge.Unclear, "refused because of its date", "429 code 203 (Too many)"},
		{
			"the second control is refused too", judge.Clock{}.IsStale(made, dated(old, 0, tooOld), tooOld, reason), judge.Unclear,
			"the same request without the fault is accepted", "400 code 103 (Date out of range)",
		},
	})
}
