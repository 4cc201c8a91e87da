package d24_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

func TestIDs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, read, written string
		id                  d24.ID
	}{
		{"a number", `300000025`, `300000025`, "300000025"},
		{"a number in a string is written as a number", `"300000025"`, `300000025`, "300000025"},
		{"beyond 32 bits", `4294967297`, `4294967297`, "4294967297"},
		{"beyond 64 bits", `184467440737095516170`, `184467440737095516170`, "184467440737095516170"},
		{"beyond what a float64 holds", `9007199254740993`, `9007199254740993`, "9007199254740993"},
		{"leading zeros are kept", `"001"`, `"001"`, "001"},
		{"zero", `0`, `0`, "0"},
		{"a word", `"dep_7f"`, `"dep_7f"`, "dep_7f"},
		{"an empty string", `""`, `""`, ""},
		{"an escape", `"\u0061"`, `"a"`, "a"},
		{"a negative number is no id of ours", `-5`, `"-5"`, "-5"},
		{"a fraction is kept as it was written", `1.50`, `"1.50"`, "1.50"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var id d24.ID
			require.NoError(t, json.Unmarshal([]byte(c.read), &id))
			assert.Equal(t, c.id, id)
			written, err := json.Marshal(id)
			require.NoError(t, err)
			assert.Equal(t, c.written, string(written))
		})
	}
	for _, text := range []string{`true`, `{}`, `[1]`, `01`} {
		var id d24.ID
		require.Error(t, json.Unmarshal([]byte(text), &id), text)
	}
	require.Error(t, new(d24.ID).UnmarshalJSON(nil), "nothing at all is no JSON")
	id := d24.ID("kept")
	require.NoError(t, json.Unmarshal([]byte(`null`), &id))
	assert.Equal(t, d24.ID("kept"), id)
}

// The documents show the cashout_id as a string in one answer and as a number in
// every other place; a deposit_id as a number.
func TestAnswersOfTheDocumentsAreRead(t *testing.T) {
	t.Parallel()
	var deposit d24.DepositAnswer
	require.NoError(t, json.Unmarshal([]byte(`{"checkout_type":"ONE_SHOT","redirect_url":"https://x","iframe":true,"deposit_id":300000025,
		"user_id":"11","merchant_invoice_id":"MP_1","payment_info":{"type":"VOUCHER","payment_method":"BL","payment_method_name":"Boleto",
		"amount":"83.68","currency":"BRL","expiration_date":"2020-02-14 18:34:21","created_at":"2020-02-07 18:34:21",
		"metadata":{"reference":"7"}},"something_new":{"a":[1]}}`), &deposit))
	assert.Empty(t, cmp.Diff(d24.DepositAnswer{
		CheckoutType: d24.CheckoutOneShot, RedirectURL: "https://x", Iframe: true, DepositID: "300000025", UserID: "11", MerchantInvoiceID: "MP_1",
		PaymentInfo: &d24.PaymentInfo{
			Type: "VOUCHER", PaymentMethod: "BL", PaymentMethodName: "Boleto", Amount: 8368, Currency: "BRL",
			ExpirationDate: "2020-02-14 18:34:21", CreatedAt: "2020-02-07 18:34:21", Metadata: map[string]string{"reference": "7"},
		},
	}, deposit))

	var cashout d24.CashoutStatusAnswer
	require.NoError(t, json.Unmarshal([]byte(`{"cashout_status":3,"cashout_status_description":"Rejected","rejection_code":800,
		"rejection_reason":"ERROR_ACCOUNT_INCORRECT"}`), &cashout))
	assert.Equal(t, d24.CashoutRejected, cashout.Status)
	assert.Equal(t, cashout.Description, cashout.Status.String())
	assert.Equal(t, 800, cashout.RejectionCode)

	reference, err := json.Marshal(d24.CashoutReference{Login: "l", Pass: "p", CashoutID: "8405147"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"login":"l","pass":"p","cashout_id":8405147}`, string(reference))
}

func TestStatusesAreThoseOfTheDocuments(t *testing.T) {
	t.Parallel()
	for number, words := range []string{"Pending", "Completed", "Canceled", "Rejected", "Delivered", "On Hold"} {
		assert.Equal(t, words, d24.CashoutStatus(number).String())
		written, err := json.Marshal(d24.CashoutStatus(number))
		require.NoError(t, err)
		assert.Equal(t, string(rune('0'+number)), string(written), "a number on the wire")
	}
	assert.Equal(t, "Unknown", d24.CashoutStatus(6).String())
	assert.Equal(t, "Unknown", d24.CashoutStatus(-1).String())
}

func TestEveryCodeHasItsWord(t *testing.T) {
	t.Parallel()
	for _, code := range []d24.Code{
		d24.CodeInvalidCredentials, d24.CodeMissingRequiredHeader, d24.CodeInvalidSignature, d24.CodeInvalidDateRange,
		d24.CodeIdempotencyKeyUsed, d24.CodeEmptyHeaderValue, d24.CodeMethodNotAllowed, d24.CodeBeanValidation, d24.CodeInvalidIP,
		d24.CodeVelocityCheck, d24.CodeResourceNotFound, d24.CodePaymentMethodNotFound, d24.CodeInvoiceAlreadyUsed,
		d24.CodeMissingRequiredFields, d24.CodeGeneric, d24.CodeInvalidAmountToRefund, d24.CodeMissingBankAccount,
	} {
		assert.NotEmpty(t, code.Type(), "code %d", code)
	}
	assert.Equal(t, "INVALID_DATE_RANGE", d24.Code(103).Type())
	assert.Empty(t, d24.Code(999).Type())
}
