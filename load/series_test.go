package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// plotted is the series of a schedule of 40 requests a second for two seconds, of which
// the journal has these records.
func plotted(t *testing.T, records ...record) *Series {
	t.Helper()
	e := &engine{Options: Options{Journal: journalOf(t, records...)}, schedule: NewSchedule([]Stage{{40, 40, 2 * time.Second}}, 1)}
	var stats statistics
	for _, r := range records {
		if r.try == 0 && r.marks&markResolve == 0 {
			stats.classes[r.op].due.add(r.late + r.took)
		}
	}
	s, err := e.series(&stats)
	require.NoError(t, err)
	return s
}

// points are a list of numbers with -1 for none.
func points(list []*float64) []float64 {
	all := make([]float64, len(list))
	for i, p := range list {
		all[i] = -1
		if p != nil {
			all[i] = *p
		}
	}
	return all
}

func TestLatencyIsDrawnWhereTheRequestWasDue(t *testing.T) {
	t.Parallel()
	s := plotted(
		t,
		// Connections hand over their pages as they are full: the order is not that of time.
		record{seq: 60, op: Create, status: 201, scheduled: 600 * ms, late: 1100 * ms, took: 100 * ms},
		record{seq: 0, op: Create, status: 201, scheduled: 0, took: 2 * ms},
		record{seq: 1, op: Create, outcome: lost, scheduled: 10 * ms, late: ms, took: 3 * ms},
		record{seq: 1, try: 1, op: Create, status: 201, scheduled: 10 * ms, late: 24 * ms, took: 3 * ms},
		record{seq: 2, op: Status, status: 404, marks: markError, scheduled: 20 * ms, late: 5 * ms, took: ms},
		record{seq: 9, op: Create, status: 201, marks: markResolve | markAccepted},
	)
	assert.InDelta(t, 500, s.StepMS, 0, "80 requests in two seconds are twenty in half a one")
	assert.Equal(t, []float64{40, 40, 40, 40}, s.Asked)
	assert.Equal(t, []float64{6, 0, 0, 2}, s.Sent, "where its sending began, and tries are no requests of the schedule")
	assert.Equal(t, []float64{6, 1200, -1, -1}, points(s.P50))
	assert.Equal(t, []float64{27, 1200, -1, -1}, points(s.P99), "from when it was due, the retry included")
	assert.Equal(t, points(s.P99), points(s.P95))
	assert.Equal(t, points(s.P99), points(s.Max))
	assert.Equal(t, []float64{5, 1100, -1, -1}, points(s.Late))
	assert.Equal(t, []OutcomeSeries{{"201", []int{2, 0, 0, 1}}, {"404", []int{1, 0, 0, 0}}, {"lost", []int{1, 0, 0, 0}}}, s.Outcomes)
	assert.Equal(t, []int{1, 0, 0, 0}, s.Errors)
}

func TestARequestThatWasNotSentLeavesAGap(t *testing.T) {
	t.Parallel()
	s := plotted(t, record{seq: 0, took: ms}, record{seq: 2, took: 3 * ms, scheduled: 20 * ms})
	assert.Equal(t, []float64{1}, points(s.P50))
	assert.Equal(t, []float64{3}, points(s.Max))
	empty := plotted(t)
	assert.Empty(t, empty.Asked)
	assert.Empty(t, empty.Quantiles)
}

func TestPercentilesEndWhereNoRequestIsBeyond(t *testing.T) {
	t.Parallel()
	var records []record
	for i := range uint32(1000) {
		records = append(records, record{seq: i, op: Create, took: time.Duration(i+1) * ms})
	}
	records = append(records, record{seq: 1000, op: Refund, took: 5 * ms})
	s := plotted(t, records...)
	require.Len(t, s.Percentiles, 49)
	assert.InDelta(t, 90, s.Percentiles[8], 0)
	assert.InDelta(t, 99.9, s.Percentiles[24], 0)
	assert.InDelta(t, 99.9999, s.Percentiles[48], 0)
	require.Len(t, s.Quantiles["create"], 25, "one of a thousand is beyond 99.9")
	assert.InEpsilon(t, 900, s.Quantiles["create"][8], 0.01)
	assert.InEpsilon(t, 990, s.Quantiles["create"][16], 0.01)
	assert.Len(t, s.Quantiles["refund"], 1)
	assert.Len(t, s.Quantiles[all], 25)
}

func TestAStepSuitsTheRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		length   time.Duration
		requests uint64
		want     time.Duration
	}{
		{2 * time.Second, 4000, 100 * ms},
		{2 * time.Second, 200, 200 * ms},
		{30 * time.Second, 30_000, 100 * ms},
		{31 * time.Second, 31_000, 200 * ms},
		{30 * time.Second, 30, time.Second},
		{30 * time.Minute, 1_000_000, 10 * time.Second},
		{200 * time.Hour, 1_000_000, 40 * time.Minute},
	} {
		assert.Equal(t, c.want, stepOf(c.length, c.requests), "%s, %d requests", c.length, c.requests)
	}
}

// A server of a thousand statuses and a try that comes an hour late have as much room as
// there is.
func TestSeriesStaySmall(t *testing.T) {
	t.Parallel()
	var records []record
	for i := range uint32(1000) {
		records = append(records, record{seq: i, op: Create, status: uint16(i), scheduled: time.Duration(i) * ms, took: ms})
	}
	records = append(records, record{seq: 3, try: 1, late: time.Hour, took: ms, status: 201})
	s := plotted(t, records...)
	assert.Len(t, s.Outcomes, maxOutcomes+1)
	assert.Len(t, s.Sent, 2*maxSteps)
	assert.Equal(t, "others", s.Outcomes[maxOutcomes].Name)
}

func TestTheScheduleIsDrawnAsItIs(t *testing.T) {
	t.Parallel()
	s := NewSchedule([]Stage{{0, 100, 2 * time.Second}, {100, 100, time.Second}, {10, 10, 500 * ms}}, 8)
	for at, want := range map[time.Duration]float64{0: 0, time.Second: 25, 2 * time.Second: 100, 2500 * ms: 150, 3 * time.Second: 200, time.Hour: 205} {
		assert.InDelta(t, want, s.due(at), 1e-9, "%s", at)
	}
}
