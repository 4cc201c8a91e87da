package d24_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/vectors"
)

// header makes the Get of a header with these fields, given as name, value, name …
func header(fields ...string) func(string) string {
	h := http.Header{}
	for i := 0; i < len(fields); i += 2 {
		h.Set(fields[i], fields[i+1])
	}
	return h.Get
}

func TestNotificationsAreThoseOfTheVectors(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, c := range loadVectors(t).Signatures {
		if c.Reading != "" || !strings.HasPrefix(c.ID, "notifications/") {
			continue
		}
		seen[c.Kind]++
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			key, body := d24.NewKey(c.Key), c.Body()
			switch c.Kind {
			case vectors.KindCashoutControl:
				form, err := key.VerifyCashoutNotification(header(), body)
				if !c.Accepted() {
					require.ErrorIs(t, err, d24.ErrNotificationControl)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, c.ExternalID, form.ExternalID)
				assert.Equal(t, string(body), string(form.Encode()), "written as it was read")
			case vectors.KindCashoutNotificationPayload:
				_, err := key.VerifyCashoutNotification(header(d24.HeaderPayloadSignature, c.Presented), body)
				switch {
				case c.Reason == "missing":
					require.NoError(t, err, "it need not be there")
				case !c.Accepted():
					require.ErrorIs(t, err, d24.ErrPayloadSignature)
				default:
					require.NoError(t, err)
				}
			default:
				now, err := d24.ParseDate(c.XDate)
				require.NoError(t, err)
				verify := func(authorization string) error {
					return key.VerifyNotification(header(d24.HeaderDate, c.XDate, d24.HeaderLogin, c.XLogin, d24.HeaderAuthorization, authorization), body, c.XLogin, now)
				}
				if c.Accepted() {
					require.NoError(t, verify(c.Presented))
					_, _, err := d24.ParseNotification(body)
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, verify(c.Presented), d24.ErrNotificationSignature)
				}
				for _, mistake := range c.Mistakes {
					assert.ErrorIs(t, verify(mistake.Answer), d24.ErrNotificationSignature, mistake.Name)
				}
			}
		})
	}
	assert.Len(t, seen, 4, "deposits, refunds, control and Payload-Signature: %v", seen)
}

func TestANotificationIsFreshAndOurs(t *testing.T) {
	t.Parallel()
	key := d24.NewKey(benchKey)
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	body := []byte(`{"deposit_id":3000000001}`)
	verify := func(xDate, login string) error {
		return key.VerifyNotification(header(
			d24.HeaderDate, xDate, d24.HeaderLogin, login, d24.HeaderAuthorization, key.Authorization(xDate, login, body),
		), body, benchLogin, now)
	}
	for age, want := range map[time.Duration]error{
		0: nil, 5 * time.Second: nil, -5 * time.Second: nil,
		6 * time.Second: d24.ErrNotificationDate, -6 * time.Second: d24.ErrNotificationDate, 24 * time.Hour: d24.ErrNotificationDate,
	} {
		require.ErrorIs(t, verify(d24.FormatDate(now.Add(-age)), benchLogin), want, "%s old", age)
	}
	require.ErrorIs(t, verify("", benchLogin), d24.ErrNotificationDate)
	require.ErrorIs(t, verify("2026-11-20T12:00:00.000Z", benchLogin), d24.ErrNotificationDate)
	require.ErrorIs(t, verify(d24.FormatDate(now), "another"), d24.ErrNotificationLogin)
	require.ErrorIs(t, key.VerifyNotification(header(), body, benchLogin, now), d24.ErrNotificationSignature)
}

func TestNotificationBodies(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		kind d24.NotificationKind
		id   d24.ID
	}{
		`{"deposit_id":3000000001}`:             {d24.DepositNotification, "3000000001"},
		`{"deposit_id":"3000000001","more":[]}`: {d24.DepositNotification, "3000000001"},
		`{"refund_id":168284}`:                  {d24.RefundNotification, "168284"},
	} {
		kind, id, err := d24.ParseNotification([]byte(text))
		require.NoError(t, err, text)
		assert.Equal(t, want.kind, kind)
		assert.Equal(t, want.id, id)
	}
	for _, text := range []string{``, `[]`, `{}`, `{"deposit_id":null}`, `{"deposit_id":""}`, `{"deposit_id":1,"refund_id":2}`, `{"deposit_id":{}}`, `{"deposit_id":1`} {
		_, _, err := d24.ParseNotification([]byte(text))
		require.ErrorContains(t, err, "notification: ", text)
	}
	assert.Equal(t, `{"refund_id":168284}`, string(d24.EncodeNotification(d24.RefundNotification, "168284")), "these bytes, as in the documents")
	assert.JSONEq(t, `{"deposit_id":"a\"b"}`, string(d24.EncodeNotification(d24.DepositNotification, `a"b`)))
}

func TestCashoutForms(t *testing.T) {
	t.Parallel()
	form := d24.CashoutForm{
		Date: "2020-06-21 12:33:20", Comments: "José & Co / 50%", ExternalID: "a+b c", Control: "00", CashoutID: "11954", StatusReason: "x=y",
	}
	assert.Equal(t, "date=2020-06-21+12%3A33%3A20&bank_reference_id=&comments=Jos%C3%A9+%26+Co+%2F+50%25&external_id=a%2Bb+c&control=00&cashout_id=11954&status_reason=x%3Dy",
		string(form.Encode()))
	read, err := d24.ParseCashoutForm(form.Encode())
	require.NoError(t, err)
	assert.Equal(t, form, read)

	for text, want := range map[string]string{
		"external_id=a&external_id=b": "external_id is there 2 times",
		"control=A&control=A":         "control is there 2 times",
		"external_id=%zz":             "not a form",
	} {
		_, err := d24.ParseCashoutForm([]byte(text))
		require.ErrorContains(t, err, want)
	}
}
