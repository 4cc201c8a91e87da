package load

import (
	"bytes"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func someSnapshot() Snapshot {
	return Snapshot{
		Elapsed: 5 * time.Second, Left: 10 * time.Second, Asked: 1000, Sent: 998.7, P50: 1230 * time.Microsecond, P95: 3 * ms, P99: 9 * ms,
		Late: 500 * time.Microsecond, Hits: 4993, Errors: 1234, Lost: 2, Replays: 3120, Duplicates: 1, Different: 2, Broken: 3,
		Classes: []ErrorCount{{"create 503", 1200}, {"refund \x1b[2J", 34}},
	}
}

func TestASnapshotIsOneLine(t *testing.T) {
	t.Parallel()
	s := someSnapshot()
	assert.Equal(t, "  5 s  asked 1000/s  sent 999/s  p50 1.2 ms  p95 3 ms  p99 9 ms  late p99 0.5 ms  1,234 errors  2 answers lost  3 keys BROKEN  10 s left", s.String())
}

func TestAViewIsWrittenOver(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	v := NewView(&b)
	v.Show(someSnapshot())
	assert.Equal(t, strings.Join([]string{
		"\x1b[?7l" + "  ██████████░░░░░░░░░░░░░░░░░░░░  5s, 10s left\x1b[K",
		"  rate     asked 1000/s   sent 999/s   late p99 0.5 ms\x1b[K",
		"  latency  p50 1.2 ms   p95 3 ms   p99 9 ms\x1b[K",
		"  money    1 duplicates   2 different   3,120 replays\x1b[K",
		"  answers  4,993 requests   2 lost   1,234 errors\x1b[K",
		"    1,200  create 503\x1b[K",
		`    34  refund \u{1b}[2J` + "\x1b[K",
		"\x1b[?7h",
	}, "\n"), b.String())
	b.Reset()
	v.Show(Snapshot{})
	assert.True(t, strings.HasPrefix(b.String(), "\x1b[7A\r\x1b[J"), "the seven lines before are gone")
	assert.Contains(t, b.String(), "\n  latency  p50 0 ms")
	b.Reset()
	v.Clear()
	assert.Equal(t, "\x1b[5A\r\x1b[J", b.String())
	b.Reset()
	v.Clear()
	assert.Empty(t, b.String())
}

func TestAViewHasRoom(t *testing.T) {
	t.Parallel()
	s := someSnapshot()
	s.Left = 0
	for range 50 {
		s.Classes = append(s.Classes, ErrorCount{"x", 1})
	}
	lines := s.lines()
	assert.Len(t, lines, 5+shownClasses+1)
	assert.Equal(t, "    … and 47 more classes", lines[len(lines)-1])
	assert.Contains(t, lines[0], strings.Repeat("█", 30)+"  ")
	for _, line := range lines {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 80)
	}
}

// A run looks at itself when its ticks say so, by its own clock. Percentiles are of what
// came since it last looked: a server that has become slow is seen at once.
func TestASnapshotIsOfThisMoment(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var clock atomic.Int64 // seconds since then
	now := func() time.Time { return began.Add(time.Duration(clock.Load()) * time.Second) }
	l := &lane{counter: &counter{}}
	ticks, shown := make(chan time.Time), make(chan Snapshot)
	profile := &Profile{Operations: [operations]int{Create: 1}}
	schedule := NewSchedule([]Stage{{100, 100, 10 * time.Second}}, 1)
	e := &engine{
		Options:  Options{Profile: profile, Ticks: ticks, Progress: func(s Snapshot) { shown <- s }},
		schedule: schedule, pacer: &pacer{Schedule: schedule, now: now}, counters: []*counter{l.counter}, live: newLive(profile, 1000), journal: &journal{},
	}
	e.pacer.began.Store(&began)
	over := make(chan struct{})
	defer close(over)
	look := func(n int, took time.Duration) Snapshot {
		for range n {
			l.done(Create, ms, took)
		}
		clock.Add(1)
		ticks <- now()
		return <-shown
	}
	go e.watch(over)
	look(1, ms) // from here on it has begun
	first := look(100, 10*ms)
	assert.InDelta(t, 100, first.Sent, 0)
	assert.InDelta(t, 100, first.Asked, 0)
	assert.Equal(t, uint64(101), first.Hits)
	assert.Equal(t, 8*time.Second, first.Left)
	assert.InEpsilon(t, 10*ms, first.P50, 0.01)
	e.live.take(&record{op: Create, key: 1, marks: markAccepted | markResult, object: 7, answer: 1})
	e.live.take(&record{op: Create, key: 1, marks: markAccepted | markResult, object: 7, answer: 1})
	e.live.take(&record{op: Create, key: 1, marks: markAccepted | markResult, object: 8, answer: 2})
	l.mu.Lock()
	l.stats.errors = map[string]uint64{"create 500": 1, "create 503": 7}
	l.mu.Unlock()
	second := look(50, 200*ms)
	assert.InDelta(t, 50, second.Sent, 0)
	assert.InEpsilon(t, 200*ms, second.P50, 0.01, "and not the 10 ms of the seconds before")
	assert.InEpsilon(t, 200*ms, second.P95, 0.01)
	assert.Equal(t, []uint64{1, 1, 1, 2}, []uint64{second.Replays, second.Duplicates, second.Different, second.Broken})
	assert.Equal(t, []ErrorCount{{"create 503", 7}, {"create 500", 1}}, second.Classes)
	third := look(0, 0)
	require.Zero(t, third.P99, "nothing came")
	assert.Zero(t, third.Sent)
}
