package mock

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// The body that is written by hand is the one that encoding/json writes of the
// contract's type.
func TestCreatedBodyIsTheContracts(t *testing.T) {
	created := time.Date(2026, 11, 20, 12, 0, 0, 0, time.FixedZone("BRT", -3*60*60))
	c := &call{env: &environment{rules: newRulebook()}}
	for _, d := range []store.Deposit{
		{ID: 300000001, Checkout: d24.CheckoutHosted, InvoiceID: "inv"},
		{
			ID: 300000002, Checkout: d24.CheckoutOneShot, InvoiceID: "inv-2", Amount: 100_50, Currency: "BRL", Country: "BR",
			PaymentMethod: "IX", UserID: `a"b\c<é>` + "\n\x7f\xff", Created: created, Expires: created.Add(time.Hour),
		},
		{
			ID: 300000003, Checkout: d24.CheckoutOneShot, InvoiceID: "inv-3", Amount: 1, Currency: "CLP", Country: "XX",
			PaymentMethod: "ZZ", UserID: "123", Created: created, Expires: created,
		},
	} {
		want := d24.DepositAnswer{
			CheckoutType: d.Checkout, RedirectURL: checkoutURL + idText(d.ID), Iframe: true,
			DepositID: d24.ID(idText(d.ID)), UserID: d.UserID, MerchantInvoiceID: d.InvoiceID,
		}
		if d.Checkout == d24.CheckoutOneShot {
			method := paymentMethodOf(d.Country, d.PaymentMethod)
			want.PaymentInfo = &d24.PaymentInfo{
				Type: method.Type, PaymentMethod: method.Code, PaymentMethodName: method.Name, Amount: d.Amount, Currency: d.Currency,
				ExpirationDate: d.Expires.UTC().Format(paymentDate), CreatedAt: d.Created.UTC().Format(paymentDate),
				Metadata: map[string]string{"reference": "100000000042"},
			}
		}
		text, err := json.Marshal(want)
		require.NoError(t, err)
		assert.Equal(t, string(text), string(c.createdBody(&d, 42)))
	}
}

// BenchmarkCreatedBody is what writing it by hand is for.
func BenchmarkCreatedBody(b *testing.B) {
	now := time.Now()
	c := &call{env: &environment{rules: newRulebook()}}
	d := store.Deposit{
		ID: 300000001, Checkout: d24.CheckoutOneShot, InvoiceID: "inv-2", Amount: 100_50, Currency: "BRL", Country: "BR",
		PaymentMethod: "IX", UserID: "u1", Created: now, Expires: now.Add(time.Hour),
	}
	var same d24.DepositAnswer
	if err := json.Unmarshal(c.createdBody(&d, 42), &same); err != nil {
		b.Fatal(err)
	}
	b.Run("by-hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.createdBody(&d, 42)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			encode(same)
		}
	})
}
