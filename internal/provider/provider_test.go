package provider_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/provider"
)

var (
	now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

	deposit = provider.Notification{Kind: d24.DepositNotification, ID: "300000001", Label: "probe", Scenario: "s"}
	cashout = provider.Notification{Kind: d24.CashoutNotification, ID: "8400001", ExternalID: "order 17", StatusReason: "x"}
)

func credentials() d24.Credentials {
	return d24.Credentials{
		Deposits: d24.DepositsCredentials{APIKey: "login", APISignature: "deposits-FAKE"},
		Cashouts: d24.CashoutsCredentials{APIKey: "c", APIPassphrase: "p", APISignature: "cashouts-FAKE"},
	}
}

// deliver sends a notification to a receiver and returns what it makes of it, beside the
// exchange.
func deliver(t *testing.T, n provider.Notification, tampers ...provider.Tamper) (*exchange.Exchange, d24.CashoutForm, error) {
	t.Helper()
	var (
		verdict error
		form    d24.CashoutForm
		arrived []byte
		header  http.Header
	)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived, _ = io.ReadAll(r.Body)
		header = r.Header
		if n.Kind == d24.CashoutNotification {
			form, verdict = d24.NewKey("cashouts-FAKE").VerifyCashoutNotification(r.Header.Get, arrived)
		} else {
			verdict = d24.NewKey("deposits-FAKE").VerifyNotification(r.Header.Get, arrived, "login", now)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	p := provider.New(provider.Options{Credentials: credentials(), Now: func() time.Time { return now }})
	defer p.Close()
	e := p.Deliver(t.Context(), server.URL+"/notify", n, tampers...)
	require.Nil(t, e.Failure)
	assert.Equal(t, http.StatusAccepted, e.Status())
	assert.Equal(t, string(arrived), string(e.Request.Body), "recorded as it arrived")
	for _, name := range []string{"X-Date", "Authorization", "Payload-Signature", "Content-Type"} {
		assert.Equal(t, header.Get(name), e.Request.Header.Get(name))
	}
	return e, form, verdict
}

func TestWhatIsDeliveredVerifies(t *testing.T) {
	t.Parallel()
	e, _, err := deliver(t, deposit)
	require.NoError(t, err)
	assert.Equal(t, `{"deposit_id":300000001}`, string(e.Request.Body))
	assert.Equal(t, []string{"probe", "s"}, []string{e.Label, e.Scenario})
	assert.Equal(t, d24.ContentTypeJSON, e.Request.Header.Get("Content-Type"))

	e, form, err := deliver(t, cashout)
	require.NoError(t, err)
	assert.Equal(t, d24.ContentTypeForm, e.Request.Header.Get("Content-Type"))
	assert.NotEmpty(t, e.Request.Header.Get("Payload-Signature"))
	form.Control = ""
	assert.Equal(t, d24.CashoutForm{Date: "2026-11-20 12:00:00", ExternalID: "order 17", CashoutID: "8400001", StatusReason: "x"}, form)
}

func TestEachTamperIsOneFault(t *testing.T) {
	t.Parallel()
	flip := func(digest string) string { return digest[:63] + "x" }
	spaced := func(body []byte) []byte { return []byte(strings.ReplaceAll(string(body), ":", " : ")) }
	for name, test := range map[string]struct {
		tamper           provider.Tamper
		deposit, cashout error
	}{
		"signature missing":            {provider.WithoutSignature(), d24.ErrNotificationSignature, d24.ErrNotificationControl},
		"signature wrong":              {provider.WithSignature(flip), d24.ErrNotificationSignature, d24.ErrNotificationControl},
		"signature in other case":      {provider.InOtherCase(), d24.ErrNotificationSignature, d24.ErrNotificationControl},
		"signature of another key":     {provider.SignedWith("another"), d24.ErrNotificationSignature, d24.ErrPayloadSignature},
		"signature of other bytes":     {provider.SigningOther(spaced), d24.ErrNotificationSignature, nil},
		"body changed on its way":      {provider.BodyAfterSigning(func(b []byte) []byte { return append(b, ' ') }), d24.ErrNotificationSignature, d24.ErrPayloadSignature},
		"id changed on its way":        {provider.WithID("300000002"), d24.ErrNotificationSignature, nil},
		"external_id changed":          {provider.WithExternalID("order 18"), nil, d24.ErrNotificationControl},
		"another scheme":               {provider.WithScheme("TUPAY "), d24.ErrNotificationSignature, nil},
		"an hour old":                  {provider.Dated(-time.Hour), d24.ErrNotificationDate, nil},
		"an hour early":                {provider.Dated(time.Hour), d24.ErrNotificationDate, nil},
		"date moved on its way":        {provider.DateAfterSigning(time.Second), d24.ErrNotificationSignature, nil},
		"another merchant's":           {provider.WithLogin("another"), d24.ErrNotificationLogin, nil},
		"no Payload-Signature":         {provider.WithoutPayloadSignature(), nil, nil},
		"white space that is signed":   {provider.WithBody(spaced), nil, nil},
		"no change of the signature's": {provider.WithSignature(func(s string) string { return s }), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := deliver(t, deposit, test.tamper)
			require.ErrorIs(t, err, test.deposit)
			_, _, err = deliver(t, cashout, test.tamper)
			require.ErrorIs(t, err, test.cashout)
		})
	}
}

func TestANotificationIsDatedWhenItsConnectionIsUp(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	var seconds atomic.Int64
	p := provider.New(provider.Options{Credentials: credentials(), Now: func() time.Time {
		return now.Add(time.Duration(seconds.Add(1)) * time.Second)
	}})
	defer p.Close()
	e := p.Deliver(t.Context(), server.URL, deposit)
	assert.Equal(t, d24.FormatDate(now.Add(2*time.Second)), e.Request.Header.Get("X-Date"), "not the time at which it was begun")
	e = p.Deliver(t.Context(), server.URL, cashout)
	require.NoError(t, func() error {
		_, err := d24.NewKey("cashouts-FAKE").VerifyCashoutNotification(e.Request.Header.Get, e.Request.Body)
		return err
	}(), "the form keeps its date, so that Payload-Signature fits")
}

func TestFailuresAndTheLog(t *testing.T) {
	t.Parallel()
	var log exchange.Log
	hang := make(chan struct{})
	arrivals := atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrivals.Add(1)
		switch r.URL.Path {
		case "/dies":
			panic(http.ErrAbortHandler)
		case "/redirects":
			http.Redirect(w, r, "/", http.StatusPermanentRedirect)
		case "/hangs":
			<-hang
		}
	}))
	defer server.Close()
	defer close(hang)
	p := provider.New(provider.Options{Credentials: credentials(), Log: &log, Timeout: time.Minute})
	defer p.Close()
	assert.Nil(t, p.Deliver(t.Context(), server.URL, deposit).Failure)
	assert.Equal(t, exchange.FailureClosed, p.Deliver(t.Context(), server.URL+"/dies", deposit).Failure.Kind)
	assert.Equal(t, http.StatusPermanentRedirect, p.Deliver(t.Context(), server.URL+"/redirects", deposit).Status())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, exchange.FailureCancelled, p.Deliver(ctx, server.URL, deposit).Failure.Kind)
	assert.EqualValues(t, 3, arrivals.Load(), "nothing is sent twice")

	short := provider.New(provider.Options{Credentials: credentials(), Log: &log, Timeout: time.Millisecond})
	defer short.Close()
	assert.Equal(t, exchange.FailureTimeout, short.Deliver(t.Context(), server.URL+"/hangs", deposit).Failure.Kind)
	assert.Equal(t, 5, log.Len())
}
