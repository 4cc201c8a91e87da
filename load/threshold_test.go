package load

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestThresholdsAreReadWithTheirUnits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Threshold{
		"p99 < 50ms":            {Metric: "p99", Operator: "<", Value: 50, Unit: Milliseconds},
		" p99.9<=1.5s ":         {Metric: "p99.9", Operator: "<=", Value: 1500, Unit: Milliseconds},
		"create.p95 < 800us":    {Metric: "create.p95", Operator: "<", Value: 0.8, Unit: Milliseconds},
		"refund.send.max < 1s":  {Metric: "refund.send.max", Operator: "<", Value: 1000, Unit: Milliseconds},
		"first.mean < 3ms":      {Metric: "first.mean", Operator: "<", Value: 3, Unit: Milliseconds},
		"late.p99.9 < 10ms":     {Metric: "late.p99.9", Operator: "<", Value: 10, Unit: Milliseconds},
		"achieved >= 99%":       {Metric: "achieved", Operator: ">=", Value: 99, Unit: Percent},
		"stale.errors == 0%":    {Metric: "stale.errors", Operator: "==", Value: 0, Unit: Percent},
		"rate > 900/s":          {Metric: "rate", Operator: ">", Value: 900, Unit: PerSecond},
		"duplicates == 0":       {Metric: "duplicates", Operator: "==", Value: 0, Unit: Count},
		"cashout.attempts != 0": {Metric: "cashout.attempts", Operator: "!=", Value: 0, Unit: Count},
	} {
		got, err := ParseThreshold(text)
		require.NoError(t, err, text)
		want.Text = got.Text
		assert.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		"p99":                  "is not a metric, a comparison and a number",
		"p99 < fast":           "is not a metric, a comparison and a number",
		"p99 => 5ms":           "is not a metric, a comparison and a number",
		"p97 < 5ms":            `there is no metric "p97"`,
		"pay.p99 < 5ms":        `there is no metric "pay.p99"`,
		"create.late.p99 < 1s": `there is no metric "create.late.p99"`,
		"create.achieved > 1%": `there is no metric "create.achieved"`,
		"send. < 1s":           `there is no metric "send."`,
		"errors < 1":           "errors is compared with a percentage such as 99%",
		"duplicates == 0%":     "duplicates is compared with a whole number",
		"rate > 5ms":           "rate is compared with a rate such as 900/s",
	} {
		_, err := ParseThreshold(text)
		assert.ErrorContains(t, err, want, text)
	}
}

func TestThresholdsCompare(t *testing.T) {
	t.Parallel()
	for text, holds := range map[string][3]bool{ // of 4, 5, 6
		"lost < 5": {true, false, false}, "lost <= 5": {true, true, false}, "lost == 5": {false, true, false},
		"lost != 5": {true, false, true}, "lost >= 5": {false, true, true}, "lost > 5": {false, false, true},
	} {
		threshold, err := ParseThreshold(text)
		require.NoError(t, err)
		for i, want := range holds {
			assert.Equal(t, want, threshold.Holds(float64(4+i)), "%d: %s", 4+i, text)
		}
	}
}
