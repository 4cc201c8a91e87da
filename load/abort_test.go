package load

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// halfway is an engine that has a schedule and statistics, and sends nothing.
func halfway(t require.TestingT, profile string) *engine {
	p, err := parseProfile("p.yaml", "p", []byte(profile))
	require.NoError(t, err)
	s := NewSchedule(p.Stages, 1)
	return &engine{
		Options: Options{Profile: p}, schedule: s, source: &source{plan: newPlan(p)}, live: newLive(p, s.Total()),
		abort: func(error) {},
	}
}

// What a number is at best is never above what it becomes, whatever comes: else a run
// would be ended that might still have passed.
func TestNothingEndsBelowItsBest(t *testing.T) {
	t.Parallel()
	metrics := []string{
		"p50", "p90", "p95", "p99", "p99.9", "max", "mean", "create.p99", "status.p99.9", "send.p99", "first.mean", "late.p99", "sign.p50",
		"create.send.max", "errors", "create.errors", "status.error_count", "error_count", "attempts", "lost", "timeouts",
	}
	rapid.Check(t, func(t *rapid.T) {
		e := halfway(t, "stages: [{rate: 50, for: 1s}]\noperations: {create: 3, status: 1}\nretries: {times: 2}")
		var stats statistics
		upTo := rapid.Uint64Range(0, e.schedule.Total()).Draw(t, "done")
		best := map[string]float64{}
		for seq := range e.schedule.Total() {
			if seq == upTo {
				for _, metric := range metrics {
					value, known := e.atBest(metric, &stats)
					require.True(t, known, metric)
					best[metric] = value
				}
			}
			op := e.source.plan.task(seq).op
			took := time.Duration(rapid.Uint64Range(0, 1e9).Draw(t, "took"))
			began := time.Unix(0, 0)
			for range 1 + rapid.IntRange(0, 2).Draw(t, "retries") {
				in := &incoming{outcome: rapid.SampledFrom([]outcome{answered, lost, timeout}).Draw(t, "outcome"), wrote: began, first: began.Add(took)}
				r := &record{marks: rapid.SampledFrom([]uint8{0, markError}).Draw(t, "marks")}
				stats.attempt(op, judgement{class: "x"}, in, r, began, began.Add(took/2), began.Add(took))
			}
			stats.hits++
			stats.late.add(took)
			stats.classes[op].due.add(took)
		}
		e.due.Store(e.schedule.Total())
		numbers := e.results(&stats, &Findings{}, time.Second, 1, 0).Numbers
		for metric, least := range best {
			value, ok := numbers[metric]
			require.True(t, ok || metric == "send.p99" || metric == "first.mean" || metric == "create.send.max", metric) // all lost
			require.True(t, !ok && least == 0 || least <= value, "%s: %v at best after %d, %v at the end", metric, least, upTo, value)
		}
	})
}

func TestAThresholdThatCanNoLongerBeMetEndsTheRun(t *testing.T) {
	t.Parallel()
	// 3 of 100 requests are done; each took 60 ms, and one in three failed.
	for text, want := range map[string]string{
		"p99 < 50ms":           "p99 < 50ms can no longer be met: it will be 60.031 ms at least",
		"p99 < 70ms":           "",
		"p95 < 50ms":           "", // 97 are to come
		"max <= 50ms":          "max <= 50ms can no longer be met: it will be 60.031 ms at least",
		"create.mean < 1ms":    "create.mean < 1ms can no longer be met: it will be 1.797 ms at least",
		"errors < 1%":          "errors < 1% can no longer be met: it will be 1% at least",
		"errors <= 1%":         "",
		"error_count == 0":     "error_count == 0 can no longer be met: it will be 1 at least",
		"error_count == 5":     "",
		"error_count > 50":     "",
		"error_count != 1":     "",
		"achieved >= 99%":      "",
		"rate < 1/s":           "",
		"duplicates == 0":      "",
		"unresolved == 0":      "",
		"reconnects < 1":       "",
		"status.error_count<1": "",
	} {
		threshold, err := ParseThreshold(text)
		require.NoError(t, err)
		e := halfway(t, "stages: [{rate: 100, for: 1s}]\nvalid: [late.p99 < 1us]\noperations: {create: 1}")
		e.Gate = []Threshold{threshold}
		ctx, abort := context.WithCancelCause(t.Context())
		e.abort = abort
		var stats statistics
		for i := range 3 {
			r := &record{}
			if i == 0 {
				r.marks = markError
			}
			stats.attempt(Create, judgement{}, &incoming{}, r, time.Time{}, time.Time{}, time.Time{})
			stats.late.add(time.Minute)
			stats.classes[Create].due.add(60 * time.Millisecond)
		}
		e.abortWhenSettled(&stats)
		assert.Equal(t, want, why(ctx), text)
	}
}

func TestABrokenInvariantEndsTheRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		records []record
		want    string
	}{
		{"a replay", []record{{marks: markAccepted | markResult, object: 1, answer: 2}, {marks: markAccepted | markResult, object: 1, answer: 2}}, ""},
		{"two keys in one place", []record{{marks: markAccepted, object: 1}, {key: 100, marks: markAccepted, object: 2}}, ""},
		{"two objects", []record{{marks: markAccepted, object: 1}, {marks: markAccepted, object: 2}}, "one-object-per-key is broken: a key has two objects"},
		{"two answers", []record{{marks: markResult, answer: 1}, {marks: markResult, answer: 2}}, "same-answer-per-key is broken: a key has two different answers"},
		{"a stale date", []record{{op: Stale, marks: markAccepted, object: 1}}, "no-stale-date-accepted is broken: a creation with a date a minute old was accepted"},
		{"a refused stale date", []record{{op: Stale}}, ""},
		{"a status", []record{{op: Status, object: 1, marks: markAccepted}, {op: Status, object: 2, marks: markAccepted}}, ""},
	} {
		e := halfway(t, "stages: [{rate: 100, for: 1s}]\noperations: {create: 1, stale: 1}")
		ctx, abort := context.WithCancelCause(t.Context())
		e.abort = abort
		for i := range c.records {
			e.live.take(&c.records[i])
		}
		e.abortWhenSettled(&statistics{})
		assert.Equal(t, c.want, why(ctx), c.name)
	}
}

// What is seen during a run is never more than what the journal says afterwards, and is
// seen whenever the journal says it of a key that was still looked at.
func TestWhatIsSeenLiveIsInTheJournal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := halfway(t, "stages: [{rate: 100, for: 1s}]\noperations: {create: 1, cashout: 1}")
		var f Findings
		var fates [spaces][]fate
		var extra []owner
		var records []record
		for range rapid.IntRange(0, 30).Draw(t, "attempts") {
			records = append(records, record{
				op: rapid.SampledFrom([]Op{Create, Cashout}).Draw(t, "op"), key: rapid.Uint32Range(0, 1).Draw(t, "key"),
				marks:  rapid.SampledFrom([]uint8{0, markAccepted, markResult, markAccepted | markResult}).Draw(t, "marks"),
				object: rapid.Uint64Range(0, 2).Draw(t, "object"), answer: rapid.Uint64Range(0, 2).Draw(t, "answer"),
			})
			e.live.take(&records[len(records)-1])
		}
		// Connections hand their records over in pages, so that the journal's order is another.
		for _, r := range rapid.Permutation(records).Draw(t, "journal") {
			extra = f.take(&r, &fates, extra)
		}
		f.count(&fates, extra)
		duplicates, different := int(e.live.duplicates.Load()), int(e.live.different.Load())
		require.LessOrEqual(t, duplicates, total(f.Duplicates))
		require.LessOrEqual(t, different, f.Different)
		require.Equal(t, total(f.Duplicates) > 0, duplicates > 0)
		require.Equal(t, f.Different > 0, different > 0)
		require.True(t, f.Different > 0 || f.Replays == int(e.live.replays.Load()))
	})
}

// A disk that is full ends the run at once, and not after the half hour that was asked for.
func TestARunWhoseJournalCannotBeWrittenEnds(t *testing.T) {
	t.Parallel()
	e := halfway(t, "stages: [{rate: 100, for: 1h}]")
	e.journal, e.pacer = &journal{err: syscall.ENOSPC}, &pacer{Schedule: e.schedule, now: time.Now}
	ticks := make(chan time.Time)
	e.Ticks = ticks
	ctx, abort := context.WithCancelCause(t.Context())
	e.abort = abort
	over, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		e.watch(over)
	}()
	ticks <- time.Time{}
	<-ctx.Done()
	require.ErrorIs(t, context.Cause(ctx), syscall.ENOSPC)
	require.ErrorContains(t, context.Cause(ctx), "write the journal: ")
	close(over)
	<-watched
}
