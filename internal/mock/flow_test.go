package mock_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
)

func TestDepositFromCreationToRefund(t *testing.T) {
	m := start(t, mock.Options{Funds: 5_000_00})
	c, admin := newClient(t, m), m.Admin()

	created := c.send(c.signed(http.MethodPost, "/v3/deposits/", oneShot("inv-1")))
	require.Equal(t, http.StatusCreated, created.Status, "%s", created.Body)
	id := created.field("deposit_id")
	assert.JSONEq(t, `{"checkout_type":"ONE_SHOT","redirect_url":"https://checkout.mock.invalid/`+id+`","iframe":true,
		"deposit_id":300000001,"user_id":"u1","merchant_invoice_id":"inv-1","payment_info":{"type":"BANK_TRANSFER",
		"payment_method":"IX","payment_method_name":"Mock Pix","amount":100.5,"currency":"BRL",
		"expiration_date":"2026-11-23 12:00:00","created_at":"2026-11-20 12:00:00",
		"metadata":`+created.nested(t, "payment_info", "metadata")+`}}`, string(created.Body))
	assert.Equal(t, "d24conform-mock", created.Header.Get("Server"))
	assert.Equal(t, "Fri, 20 Nov 2026 12:00:00 GMT", created.Header.Get("Date"))
	assert.Equal(t, "application/json", created.Header.Get("Content-Type"))
	assert.Equal(t, "PENDING", c.depositStatus(id))

	refund := `{"deposit_id":` + id + `,"invoice_id":"inv-1","amount":60,"bank_account":{"bank_code":341}}`
	early := c.send(c.signed(http.MethodPost, d24.PathRefunds, refund))
	assert.Equal(t, []int{400, 802}, []int{early.Status, early.code()}, "%s", early.Body)

	require.NoError(t, admin.ApproveDeposit(id))
	assert.Equal(t, "COMPLETED", c.depositStatus(id))
	assert.Equal(t, d24.Amount(5_100_50), admin.Funds())

	first := c.send(c.signed(http.MethodPost, d24.PathRefunds, refund))
	require.Equal(t, http.StatusOK, first.Status, "%s", first.Body)
	status := c.send(c.signed(http.MethodGet, d24.PathRefunds+"/"+first.field("refund_id"), ""))
	assert.JSONEq(t, `{"deposit_id":300000001,"merchant_invoice_id":"inv-1","status":"PENDING","amount":60}`, string(status.Body))
	tooMuch := c.send(c.signed(http.MethodPost, d24.PathRefunds, refund))
	assert.Equal(t, []int{400, 802}, []int{tooMuch.Status, tooMuch.code()})
	rest := c.send(c.signed(http.MethodPost, d24.PathRefunds, `{"deposit_id":"`+id+`","invoice_id":"inv-1","bank_account":{}}`))
	require.Equal(t, http.StatusOK, rest.Status, "%s", rest.Body)
	assert.Equal(t, d24.Amount(40_50), admin.Refunds()[1].Amount, "no amount refunds what is left")
	assert.Equal(t, 2, admin.RefundCount())
}

func TestHostedDeposit(t *testing.T) {
	m := start(t, mock.Options{})
	c := newClient(t, m)
	got := c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("inv-2")))
	require.Equal(t, http.StatusCreated, got.Status, "%s", got.Body)
	assert.Equal(t, "HOSTED", got.field("checkout_type"))
	assert.Empty(t, got.field("payment_info"))
	assert.Equal(t, "CREATED", c.depositStatus(got.field("deposit_id")))
}

func TestCashoutLife(t *testing.T) {
	m := start(t, mock.Options{Funds: 150_00})
	c, admin := newClient(t, m), m.Admin()

	created := c.send(c.cashout(http.MethodPost, d24.PathCashout, cashoutFields("out-1", 100)))
	require.Equal(t, http.StatusOK, created.Status, "%s", created.Body)
	id := created.field("cashout_id")
	assert.JSONEq(t, `{"cashout_id":"`+id+`"}`, string(created.Body))
	assert.Equal(t, d24.Amount(50_00), admin.Funds())

	short := c.send(c.cashout(http.MethodPost, d24.PathCashout, cashoutFields("out-2", 100)))
	assert.Equal(t, []int{412, 514}, []int{short.Status, short.code()})
	require.NoError(t, admin.SetFunds(100_00))
	cured := c.send(c.cashout(http.MethodPost, d24.PathCashout, cashoutFields("out-2", 100)))
	assert.Equal(t, http.StatusOK, cured.Status, "a refusal for money does not use the external id up")

	hold := c.send(c.cashout(http.MethodPut, d24.PathCashoutStatus, map[string]any{"cashout_id": id, "status": "ON_HOLD"}))
	assert.JSONEq(t, `{"cashout_status":5,"cashout_status_description":"On Hold"}`, string(hold.Body))
	assert.Equal(t, d24.Amount(0), admin.Funds(), "on hold stays reserved")
	cancel := c.send(c.cashout(http.MethodDelete, d24.PathCashoutCancel, map[string]any{"cashout_id": id, "external_id": "out-1"}))
	assert.JSONEq(t, `{"cashout_status":2,"cashout_status_description":"Canceled"}`, string(cancel.Body))
	assert.Equal(t, d24.Amount(100_00), admin.Funds(), "a cancelled cashout gives its amount back")
	again := c.send(c.cashout(http.MethodPost, d24.PathCashout, cashoutFields("out-1", 1)))
	assert.Equal(t, []int{412, 511}, []int{again.Status, again.code()}, "an external id stays used")
}
