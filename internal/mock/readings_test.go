package mock_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
)

// Each row is a request on which two readings differ, and what each answers.
func TestReadings(t *testing.T) {
	post := func(tweaks ...tweak) func(*client) *http.Request {
		return func(c *client) *http.Request {
			return c.signed(http.MethodPost, d24.PathDeposits, hosted("inv"), tweaks...)
		}
	}
	redated := func(date string) func(*client) *http.Request {
		return func(c *client) *http.Request {
			signature := d24.NewKey(c.keys.Deposits.APISignature).Authorization(date, c.keys.Deposits.APIKey, []byte(hosted("inv")))
			return c.signed(http.MethodPost, d24.PathDeposits, hosted("inv"), with("X-Date", date), with("Authorization", signature))
		}
	}
	upper := func(r *http.Request) {
		value := []byte(r.Header.Get("Authorization"))
		for i, c := range value {
			if c >= 'a' && c <= 'f' {
				value[i] = c - 'a' + 'A'
			}
		}
		r.Header.Set("Authorization", "d24  "+string(value[len(d24.Scheme):]))
	}
	// twice sends one keyed request before the one that is looked at.
	twice := func(first, second func(*client) *http.Request) func(*client) *http.Request {
		return func(c *client) *http.Request {
			c.send(first(c))
			return second(c)
		}
	}
	keyed := func(path, body string) func(*client) *http.Request {
		return func(c *client) *http.Request { return c.signed(http.MethodPost, path, body, key("k")) }
	}
	for _, test := range []struct {
		id, name           string
		send               func(*client) *http.Request
		standard, switched int // HTTP status
	}{
		{"AMB-01", "basic-ok", post(with("Authorization", "Basic ZmFrZS1zdGctZGVwb3NpdHMta2V5Og=="), without("X-Date"), without("X-Login")), 400, 201},
		{"AMB-02", "basic-required", func(c *client) *http.Request {
			return c.cashout(http.MethodPost, d24.PathCashout, cashoutFields("o", 1))
		}, 200, 401},
		{"AMB-02", "basic-required", func(c *client) *http.Request {
			return c.cashout(http.MethodPost, d24.PathCashout, cashoutFields("o", 1),
				func(r *http.Request) { r.SetBasicAuth(c.keys.Cashouts.APIKey, c.keys.Cashouts.APIPassphrase) })
		}, 200, 200},
		{"AMB-03", "hmac-also", func(c *client) *http.Request {
			return c.signed(http.MethodGet, "/v3/banks?country=BR", "")
		}, 401, 200},
		{"AMB-05", "reject", twice(keyed(d24.PathDeposits, hosted("a")), keyed(d24.PathDeposits, hosted("b"))), 201, 400},
		{"AMB-04", "reject", twice(keyed(d24.PathDeposits, hosted("a")), keyed(d24.PathDeposits, hosted("a"))), 201, 201},
		{"AMB-06", "global", twice(keyed(d24.PathDeposits, hosted("a")), keyed(d24.PathRefunds, `{"deposit_id":1,"invoice_id":"x"}`)), 404, 201},
		{"AMB-09", "store-all", twice(post(key("k"), without("X-Date")), post(key("k"))), 201, 400},
		{"AMB-14", "strict", func(c *client) *http.Request {
			return c.signedAt(base.Add(-5*time.Second), http.MethodPost, d24.PathDeposits, hosted("a"))
		}, 201, 400},
		{"AMB-16", "rfc3339", redated("2026-11-20T12:00:00.250Z"), 400, 201},
		{"AMB-17", "rfc3339", redated("2026-11-20T09:00:00-03:00"), 400, 201},
		{"AMB-18", "case-insensitive", post(upper), 400, 201},
		{"AMB-19", "case-insensitive", post(upper), 400, 201},
		{"AMB-21", "strict", post(with("Content-Type", "application/json; charset=utf-8")), 201, 400},
		{"AMB-27", "200", post(), 201, 200},
		{"AMB-41", "lenient", func(c *client) *http.Request {
			return c.cashout(http.MethodPost, d24.PathCashout, cashoutFields("o", 1), with("User-Agent", ""))
		}, 412, 200},
	} {
		t.Run(test.id+"="+test.name, func(t *testing.T) {
			for _, side := range []struct {
				readings map[string]string
				want     int
			}{{nil, test.standard}, {map[string]string{test.id: test.name}, test.switched}} {
				m := start(t, mock.Options{Readings: side.readings})
				c := newClient(t, m)
				got := c.send(test.send(c))
				assert.Equal(t, side.want, got.Status, "%v: %s", side.readings, got.Body)
			}
		})
	}
}

func TestReadingOfMissingAuthorization(t *testing.T) {
	c := newClient(t, start(t, mock.Options{Readings: map[string]string{"AMB-22": "102"}}))
	got := c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("a"), without("Authorization")))
	assert.Equal(t, []int{400, 102}, []int{got.Status, got.code()})
}

func TestReadingOfIDs(t *testing.T) {
	for name, want := range map[string]string{"small-ids": "300000001", "large-ids": "10300000001", "string-ids": `"300000001"`} {
		c := newClient(t, start(t, mock.Options{Readings: map[string]string{"AMB-29": name}}))
		got := c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("a")))
		assert.Contains(t, string(got.Body), `"deposit_id":`+want+`,`, name)
		assert.Equal(t, "CREATED", c.depositStatus(got.field("deposit_id")), name)
	}
}

func TestReadingOfTwoAtOnce(t *testing.T) {
	for name, want := range map[string]int{"wait": http.StatusCreated, "reject": http.StatusBadRequest} {
		timer := newGate()
		m := start(t, mock.Options{After: timer.after, Readings: map[string]string{"AMB-08": name}})
		c := newClient(t, m)
		_, err := m.Admin().AddFault(mock.Fault{Kind: mock.FaultDelay, DelayMS: 1})
		require.NoError(t, err)
		first, second := make(chan reply), make(chan reply)
		post := func(into chan reply) {
			into <- c.send(c.signed(http.MethodPost, d24.PathDeposits, hosted("a"), key("k")))
		}
		go post(first)
		<-timer.begun
		go post(second)
		if name == "reject" {
			got := <-second
			assert.Equal(t, []int{want, 104}, []int{got.Status, got.code()})
			close(timer.open)
			assert.Equal(t, http.StatusCreated, (<-first).Status)
		} else {
			close(timer.open)
			assert.Equal(t, (<-first).Body, (<-second).Body)
		}
		assert.Equal(t, 1, m.Admin().DepositCount())
	}
}

func TestReadingsOfPlainHTTP(t *testing.T) {
	for name, check := range map[string]func(got reply, err error, m *mock.Mock){
		"error": func(got reply, err error, _ *mock.Mock) {
			require.NoError(t, err)
			assert.Equal(t, []int{426, 500}, []int{got.Status, got.code()})
			assert.Equal(t, "d24conform-mock", got.Header.Get("Server"))
		},
		"refuse": func(_ reply, err error, _ *mock.Mock) { assert.Error(t, err) },
		"redirect": func(got reply, err error, m *mock.Mock) {
			require.NoError(t, err)
			assert.Equal(t, http.StatusMovedPermanently, got.Status)
			assert.Equal(t, m.BaseURL()+"/v3/deposits", got.Header.Get("Location"))
		},
	} {
		m := start(t, mock.Options{Readings: map[string]string{"AMB-24": name}})
		c := newClient(t, m)
		c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		c.base = m.PlainURL()
		got, err := c.try(c.signed(http.MethodPost, d24.PathDeposits, oneShot("inv")))
		check(got, err, m)
		assert.Zero(t, m.Admin().DepositCount(), name)
		require.Len(t, m.Admin().Exchanges(), 1)
		arrived := m.Admin().Exchanges()[0]
		assert.Equal(t, c.base+"/v3/deposits", arrived.Request.URL)
		assert.Empty(t, arrived.Request.Body)
		assert.Equal(t, got.Status, arrived.Status(), name)
	}
}

func TestReadingsAreChecked(t *testing.T) {
	for _, test := range []struct {
		readings map[string]string
		says     string
	}{
		{map[string]string{"AMB-05": "maybe"}, "AMB-05 can be replay, reject"},
		{map[string]string{"AMB-99": "x"}, "no AMB-99"},
		{map[string]string{"AMB-40": "per-day"}, "AMB-40 can be for-ever"},
		{map[string]string{"AMB-04": "replay", "AMB-05": "reject"}, "contradict"},
	} {
		_, err := mock.Start(mock.Options{Readings: test.readings})
		require.ErrorContains(t, err, test.says)
	}
	m := start(t, mock.Options{Readings: map[string]string{"AMB-05": "reject", "AMB-30": "body-only", "AMB-10": "match-on-key"}})
	readings := m.Readings()
	assert.Equal(t, []string{"reject", "reject", "body-only", "body-only", "201"},
		[]string{readings["AMB-04"], readings["AMB-05"], readings["AMB-30"], readings["AMB-31"], readings["AMB-27"]})
	assert.Len(t, readings, 55)
}
