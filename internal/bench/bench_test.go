package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

func keys() d24.Credentials {
	return d24.Credentials{
		Deposits: d24.DepositsCredentials{APIKey: "login", APISignature: "marked-deposits"},
		Cashouts: d24.CashoutsCredentials{APIKey: "login", APISignature: "marked-cashouts"},
	}
}

// honest signs as it should, and knows no other operation.
func honest(_ context.Context, op string, fields map[string]any) (string, error) {
	body := []byte(fields["body_text"].(string))
	switch Op(op) {
	case SignDeposit:
		return d24.NewKey("marked-deposits").Authorization(fields["x_date"].(string), "login", body), nil
	case SignCashout:
		return d24.NewKey("marked-cashouts").Payload(body), nil
	}
	return "", nil
}

// measured is a run. Tests with one are not parallel: its threads wait for each other
// without sleeping, and two runs at once wait for each other's turn on the CPU.
func measured(t *testing.T) *Results {
	t.Helper()
	r, err := Run(t.Context(), Options{
		Rounds: 2, Rate: 500, Credentials: keys(), Adapter: "te\x1bst 1", Ask: honest, Offers: Ops(), Machine: Machine{"linux/amd64", "go1.26", "a CPU", 2},
	})
	require.NoError(t, err)
	return r
}

func TestEveryRowIsMeasuredAndHasTheFormOfTheSchema(t *testing.T) {
	r := measured(t)
	rows := map[string]bool{}
	for _, row := range r.Rows {
		rows[row.Name()] = true
		if row.Via == InProcess {
			assert.Positive(t, row.NS.Low, row.Name())
			assert.Positive(t, row.SHA256.Low, row.Name())
			assert.NotNil(t, row.Allocs, row.Name())
			assert.Nil(t, row.Cost, row.Name())
		} else {
			assert.Nil(t, row.Allocs, row.Name())
			assert.Positive(t, *row.Cost, row.Name())
		}
	}
	assert.Len(t, rows, len(r.Rows), "a name that two rows have")
	assert.Contains(t, rows, "in-process sign_deposit 1 KiB × 1")
	assert.Contains(t, rows, "adapter sign_cashout 0 B × 1")

	require.NoError(t, r.Compare("b.json", r))
	var b bytes.Buffer
	require.NoError(t, WriteJSON(&b, r))
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(ResultsSchema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("results.schema.json", doc))
	schema, err := c.Compile("results.schema.json")
	require.NoError(t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b.Bytes()))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(v))
	var keys map[string]any
	require.NoError(t, json.Unmarshal(b.Bytes(), &keys))
	for key := range keys {
		assert.Contains(t, doc.(map[string]any)["required"], key)
	}
	v.(map[string]any)["rows"].([]any)[0].(map[string]any)["op"] = "sign_nothing"
	require.Error(t, schema.Validate(v))
}

func TestWhatIsPrintedHoldsNoEscapesAndNoKeys(t *testing.T) {
	r := measured(t)
	var terminal, markdown bytes.Buffer
	require.NoError(t, WriteTerminal(&terminal, r, "out/1"))
	require.NoError(t, WriteMarkdown(&markdown, r))
	for _, text := range []string{terminal.String(), markdown.String()} {
		assert.NotContains(t, text, "\x1b")
		assert.NotContains(t, text, "marked")
		assert.Contains(t, text, "at 500 requests a second signing takes ")
		assert.Contains(t, text, "sign_cashout")
	}
	assert.Contains(t, terminal.String(), "report: out/1\n")
}

func TestAnAdapterThatSignsWronglyIsNotMeasured(t *testing.T) {
	for want, answer := range map[string]string{
		"the adapter answered sign_deposit over a body of 256 B with a wrong signature": "D24 marked",
		"the adapter answered sign_deposit over a body of 256 B with no signature":      "",
	} {
		_, err := Run(t.Context(), Options{
			Rounds: 1, Rate: 1, Credentials: keys(), Offers: Ops(),
			Ask: func(ctx context.Context, op string, fields map[string]any) (string, error) {
				if Op(op) == SignDeposit && len(fields["body_text"].(string)) == 256 {
					return answer, nil
				}
				return honest(ctx, op, fields)
			},
		})
		var wrong *WrongSignatureError
		require.ErrorAs(t, err, &wrong)
		require.EqualError(t, err, want)
	}
	gone := errors.New("gone")
	_, err := Run(t.Context(), Options{
		Rounds: 1, Rate: 1, Credentials: keys(), Offers: Ops(),
		Ask: func(context.Context, string, map[string]any) (string, error) { return "", gone },
	})
	require.ErrorIs(t, err, gone)
}

func TestARunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Run(ctx, Options{Rounds: 1, Rate: 1, Credentials: keys()})
	require.ErrorIs(t, err, context.Canceled)
}

// Of a hundred samples of a known distribution some ninety-five intervals hold its median.
func TestAnIntervalHoldsTheMedianNineteenTimesOfTwenty(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	held := 0
	const tries = 2000
	for range tries {
		values := make([]float64, 100)
		for i := range values {
			values[i] = random.ExpFloat64()
		}
		const median = 0.6931471805599453 // of this distribution: ln 2
		if i := IntervalOf(values); i.Low <= median && median <= i.High {
			held++
		}
	}
	assert.InDelta(t, 0.955, float64(held)/tries, 0.02)
	assert.Equal(t, Interval{2, 1, 3}, IntervalOf([]float64{3, 1, 2}))
	assert.Equal(t, Interval{1, 1, 1}, IntervalOf([]float64{1}))
	assert.InDelta(t, 2.5, Median([]float64{1, 2, 3, 4}), 0)
}

// row is one of a deposit of 256 B, whose ratio is known within a tenth.
func row(ratio, allocs float64) *Results {
	return &Results{Schema: Schema, Started: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), Rows: []Row{{
		Via: InProcess, Op: SignDeposit, Bytes: 256, Threads: 1, Allocs: &allocs, SHA256: Interval{ratio, 0.9 * ratio, 1.1 * ratio},
	}}}
}

func TestSlowerIsWhatNoiseDoesNotExplain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		ratio, allocs float64
		want          string
	}{
		{"as before", 1.5, 0, ""},
		{"faster", 1, 0, ""},
		{"within the noise of both runs and the margin", 2.02, 0, ""},
		{"beyond it", 2.04, 0, "36.0 % slower, where 35.0 % may be noise"},
		{"as fast, but it allocates", 1.5, 1, "1 allocations, and it had 0"},
	} {
		r := row(c.ratio, c.allocs)
		require.NoError(t, r.Compare("b.json", row(1.5, 0)))
		require.Len(t, r.Comparison.Rows, 1, c.name)
		assert.Equal(t, c.want, r.Comparison.Rows[0].Says, c.name)
		assert.Equal(t, c.want != "", r.Comparison.Slower == 1, c.name)
		var b bytes.Buffer
		require.NoError(t, WriteTerminal(&b, r, ""))
		assert.Contains(t, b.String(), fmt.Sprintf("against b.json of 2026-11-01 12:00: %d of 1 rows slower", r.Comparison.Slower))
	}
}

func TestABaselineHasToBeOne(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{}":                              `it says schema "", and not "d24conform/bench/v1"`,
		`{"schema":"d24conform/load/v1"}`: `it says schema "d24conform/load/v1"`,
		"no":                              "it is no results.json of bench signing",
	} {
		_, err := ReadBaseline([]byte(text))
		require.ErrorContains(t, err, want)
	}
	empty := row(1, 0)
	empty.Rows = nil
	require.ErrorContains(t, row(1, 0).Compare("b.json", empty), "no row is in both runs")
	lost := row(1, 0)
	lost.Rows[0].SHA256.Low = -1
	require.ErrorContains(t, row(1, 0).Compare("b.json", lost), "no row is in both runs", "noise is no baseline")
}

func TestASentenceIsAboutOneCore(t *testing.T) {
	t.Parallel()
	r := &Results{Rate: 5000, Adapter: "mine 1", Rows: []Row{
		{Via: InProcess, Op: SignDeposit, Bytes: usual, Threads: 1, NS: Interval{1200, 1100, 1300}},
		{Via: ViaAdapter, Op: SignDeposit, Bytes: usual, Threads: 1, NS: Interval{30_000, 1, 2}},
		{Via: ViaAdapter, Op: SignDeposit, Bytes: usual, Threads: 1, NS: Interval{30_000, -1, 2}},
	}}
	r.say()
	assert.Equal(t, []string{
		"at 5000 requests a second signing takes 0.6 % of one core here (1 KiB bodies)",
		"at 5000 requests a second signing in mine 1 takes 15 % of one core here (1 KiB bodies)",
		"signing in mine 1 is lost in the noise of the protocol: more --rounds may show it",
	}, r.Says)
}
