package d24_test

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d24conform/d24conform/internal/d24"
)

// An amount survives being written and read, as text, as a JSON number and in quotes,
// with any number of zeros behind it.
func TestAmountsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	const most = 1e18 - 1 // 16 digits and two decimals
	rapid.Check(t, func(t *rapid.T) {
		amount := d24.Amount(rapid.Int64Range(-most, most).Draw(t, "cents"))
		text := amount.String()
		for _, spelling := range []string{text, decimals(amount), decimals(amount) + "000"} {
			got, err := d24.ParseAmount(spelling)
			require.NoError(t, err, spelling)
			require.Equal(t, amount, got, spelling)
		}
		for _, spelling := range []string{text, strconv.Quote(text)} {
			var got d24.Amount
			require.NoError(t, json.Unmarshal([]byte(spelling), &got), spelling)
			require.Equal(t, amount, got, spelling)
		}
	})
}

// decimals writes an amount with both decimals, in another way than the package does.
func decimals(amount d24.Amount) string {
	sign := ""
	if amount < 0 {
		sign, amount = "-", -amount
	}
	cents := strconv.FormatInt(int64(amount)+100, 10) // so that there are three digits at least
	whole, _ := strconv.ParseInt(cents[:len(cents)-2], 10, 64)
	return sign + strconv.FormatInt(whole-1, 10) + "." + cents[len(cents)-2:]
}

// A date survives too, to the second, from whatever zone; and what is one second apart
// is written apart.
func TestDatesAreReadAsWritten(t *testing.T) {
	t.Parallel()
	first, last := time.Date(0, 1, 2, 0, 0, 0, 0, time.UTC).Unix(), time.Date(9999, 12, 30, 23, 59, 59, 0, time.UTC).Unix()
	rapid.Check(t, func(t *rapid.T) {
		second := rapid.Int64Range(first, last).Draw(t, "second")
		fraction := rapid.Int64Range(0, int64(time.Second)-1).Draw(t, "fraction")
		zone := time.FixedZone("", rapid.IntRange(-12*3600, 14*3600).Draw(t, "zone"))
		text := d24.FormatDate(time.Unix(second, fraction).In(zone))
		got, err := d24.ParseDate(text)
		require.NoError(t, err)
		require.Equal(t, second, got.Unix(), text)
		require.Less(t, text, d24.FormatDate(time.Unix(second+1, 0)))
	})
}

// The window is as wide to both sides, and does not depend on where it is asked.
func TestTheWindowIsSymmetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		date := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "date"), 0)
		apart := time.Duration(rapid.OneOf(
			rapid.Int64Range(0, int64(10*time.Second)),
			rapid.Int64Range(0, math.MaxInt64),
		).Draw(t, "apart"))
		want := apart <= d24.Window
		require.Equal(t, want, d24.InWindow(date.Add(apart), date), "%s later", apart)
		require.Equal(t, want, d24.InWindow(date, date.Add(apart)), "%s earlier", apart)
	})
}
