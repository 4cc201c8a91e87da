package d24_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

func TestDatesReadLoosely(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"2020-06-21T12:33:20Z":           time.Date(2020, 6, 21, 12, 33, 20, 0, time.UTC),
		"2020-06-21T12:33:20.442Z":       time.Date(2020, 6, 21, 12, 33, 20, 442e6, time.UTC),
		"2020-06-21T09:33:20-03:00":      time.Date(2020, 6, 21, 12, 33, 20, 0, time.UTC),
		"2020-06-21T12:33:20+00:00":      time.Date(2020, 6, 21, 12, 33, 20, 0, time.UTC),
		"2020-06-21T18:03:20.5+05:30":    time.Date(2020, 6, 21, 12, 33, 20, 5e8, time.UTC),
		"2020-06-21T12:33:20.123456789Z": time.Date(2020, 6, 21, 12, 33, 20, 123456789, time.UTC),
	} {
		got, err := d24.ParseDateLoosely(text)
		require.NoError(t, err, text)
		assert.True(t, want.Equal(got), "%s is read as %s", text, got)
	}
	for _, text := range []string{
		"", "now", "1592742800", "2020-06-21", "2020-06-21 12:33:20Z", "2020-06-21T12:33:20", "2020-06-21T12:33:20+0000",
		"2020-06-21T1:33:20Z", "2020-06-21T12:33:20,5Z", "2020-06-21T12:33:20.Z", "2020-06-21T12:33:20+24:00",
		"2020-06-21T24:00:00Z", "2020-02-30T12:00:00Z", "2020-06-21T12:33:60Z", "2020-06-21T12:33:20Z ", "Sun, 21 Jun 2020 12:33:20 GMT",
	} {
		_, err := d24.ParseDateLoosely(text)
		require.Error(t, err, text)
		assert.Contains(t, err.Error(), "is not an RFC 3339 date and time")
	}
}

func TestAppendDateAllocatesNothing(t *testing.T) { // not parallel: it counts everybody's allocations
	dst, now := make([]byte, 0, 32), time.Date(2020, 6, 21, 9, 33, 20, 7, time.FixedZone("", -3*3600))
	assert.Zero(t, testing.AllocsPerRun(100, func() { dst = d24.AppendDate(dst[:0], now) }))
	assert.Equal(t, "2020-06-21T12:33:20Z", string(dst))
}

// The window is closed on both sides, to the nanosecond, and no distance overflows it.
func TestWindow(t *testing.T) {
	t.Parallel()
	date := time.Date(2020, 6, 21, 12, 33, 20, 0, time.UTC)
	for difference, want := range map[time.Duration]bool{
		0: true, 5 * time.Second: true, -5 * time.Second: true,
		5*time.Second + 1: false, -5*time.Second - 1: false, 24 * time.Hour: false,
	} {
		assert.Equal(t, want, d24.InWindow(date.Add(difference), date), "%s", difference)
	}
	assert.False(t, d24.InWindow(date, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)))
	assert.False(t, d24.InWindow(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}))
}

// Only what FormatDate itself would write is read, and it is read strictly.
func FuzzParseDate(f *testing.F) {
	for _, text := range []string{
		"2020-06-21T12:33:20Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2020-06-21T12:33:20.442Z", "2020-06-21T1:33:20.5Z",
		"2020-06-21T12:33:20+00:00", "2020-06-21t12:33:20z", "2020-06-21T12:33:60Z", "2020-02-29T00:00:00Z", "2021-02-29T00:00:00Z",
		"2020-06-21T1:33:2.00Z", "2020-06-21T12:33:2,0Z", "+020-06-21T12:33:20Z",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		date, err := d24.ParseDate(text)
		if err != nil {
			return
		}
		require.Equal(t, text, d24.FormatDate(date))
		require.Equal(t, text, string(d24.AppendDate(nil, date)))
		loosely, err := d24.ParseDateLoosely(text)
		require.NoError(t, err, "what is read strictly is read loosely")
		require.True(t, date.Equal(loosely))
	})
}
