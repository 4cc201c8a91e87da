package d24_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

func TestAmounts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]d24.Amount{
		"0": 0, "12": 1200, "12.5": 1250, "12.50": 1250, "0.01": 1, "0.10": 10, "-0.01": -1, "-7": -700,
		"1.2300000":           123, // zeros beyond the cents say nothing
		"007":                 700,
		"9999999999999999":    999999999999999900,
		"9999999999999999.99": 999999999999999999,
	} {
		got, err := d24.ParseAmount(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
}

func TestWhatIsNoAmount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                       "is not a decimal number",
		"-":                                      "is not a decimal number",
		".":                                      "is not a decimal number",
		".5":                                     "is not a decimal number",
		"5.":                                     "is not a decimal number",
		"-.5":                                    "is not a decimal number",
		"--5":                                    "is not a decimal number",
		"+5":                                     "is not a decimal number",
		"1.2.3":                                  "is not a decimal number",
		"1,5":                                    "is not a decimal number",
		"1e3":                                    "is not a decimal number",
		"1E-2":                                   "is not a decimal number",
		"0x10":                                   "is not a decimal number",
		"NaN":                                    "is not a decimal number",
		"Infinity":                               "is not a decimal number",
		" 1":                                     "is not a decimal number",
		"1 ":                                     "is not a decimal number",
		"١":                                      "is not a decimal number", // a digit, but not one of ours
		"1.001":                                  "has more than two decimals",
		"-0.019":                                 "has more than two decimals",
		"10000000000000000":                      "has more than 16 digits",
		"99999999999999999999999999999999999999": "has more than 16 digits",
	} {
		_, err := d24.ParseAmount(text)
		require.Error(t, err, text)
		assert.Contains(t, err.Error(), want, text)
		assert.Contains(t, err.Error(), "amount ", text)
	}
}

func TestAmountsInWords(t *testing.T) {
	t.Parallel()
	for amount, want := range map[d24.Amount]string{
		0: "0", 1: "0.01", 10: "0.1", 99: "0.99", 100: "1", 1250: "12.5", -1: "-0.01", -120: "-1.2",
		math.MaxInt64: "92233720368547758.07", math.MinInt64: "-92233720368547758.08",
	} {
		assert.Equal(t, want, amount.String())
	}
}

func TestAmountsInJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]d24.Amount{`12.5`: 1250, `"12.5"`: 1250, `"1000"`: 100000, `0`: 0, `-3`: -300} {
		var got d24.Amount
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{`""`, `"`, `"1`, `1e2`, `true`, `{}`, `[1]`, `"a"`, `"null"`, `" 1"`} {
		got := d24.Amount(7)
		require.Error(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, d24.Amount(7), got, text)
	}
	var order struct {
		Given *d24.Amount `json:"given"`
		Null  *d24.Amount `json:"null"`
		Kept  d24.Amount  `json:"kept"`
	}
	order.Kept = 7
	require.NoError(t, json.Unmarshal([]byte(`{"given":"0.5","null":null,"kept":null}`), &order))
	assert.Equal(t, d24.Amount(50), *order.Given)
	assert.Nil(t, order.Null)
	assert.Equal(t, d24.Amount(7), order.Kept, "null changes nothing, as everywhere in encoding/json")

	written, err := json.Marshal(map[string]d24.Amount{"amount": 1005})
	require.NoError(t, err)
	assert.JSONEq(t, `{"amount":10.05}`, string(written), "a number, not a string")
}

// What is read is written back as the same amount, and what is written is read.
func FuzzParseAmount(f *testing.F) {
	for _, text := range []string{"0", "-0", "12.5", "1.230", "9999999999999999.99", "1e3", "NaN", "-", ".5", "00.00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		amount, err := d24.ParseAmount(text)
		if err != nil {
			return
		}
		again, err := d24.ParseAmount(amount.String())
		require.NoError(t, err, "%q is read and written as %q", text, amount)
		require.Equal(t, amount, again)
		var number json.Number
		require.NoError(t, json.Unmarshal([]byte(amount.String()), &number), "%q is no JSON number", amount)
	})
}
