package mock

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

// A deliberate defect replaces one entry of the rulebook, and the normal path shows
// it: here a mock that forgets the 500s it should replay.
func TestOneEntryMakesOneDefect(t *testing.T) {
	for name, test := range map[string]struct {
		changes []func(*rulebook)
		want    int
	}{
		"as documented": {nil, http.StatusInternalServerError},
		"forgets 500s": {[]func(*rulebook){func(r *rulebook) {
			r.storeOutcome = func(a answer) bool { return a.Status < 500 }
		}}, http.StatusCreated},
	} {
		m, err := start(Options{}, test.changes...)
		require.NoError(t, err)
		m.Admin().Respond500Once()
		post := func() int {
			w := httptest.NewRecorder()
			r := benchRequest(m, m.BaseURL())
			r.Header.Set(d24.HeaderIdempotencyKey, "k")
			m.first.ServeHTTP(w, r)
			return w.Code
		}
		assert.Equal(t, http.StatusInternalServerError, post(), name)
		assert.Equal(t, test.want, post(), name)
		require.NoError(t, m.Close())
	}
}

// A defect of ours in a handler is a 500, is logged, and frees nobody else's key.
func TestPanicIsAnswered(t *testing.T) {
	m, err := start(Options{}, func(r *rulebook) { r.invoiceUsed = nil })
	require.NoError(t, err)
	defer m.Close()
	body := `{"invoice_id":"x","amount":1,"country":"BR","currency":"BRL"}`
	for range 2 {
		r := benchRequestOf(m, m.BaseURL(), body)
		r.Header.Set(d24.HeaderIdempotencyKey, "k")
		w := httptest.NewRecorder()
		m.first.ServeHTTP(w, r)
		assert.Equal(t, http.StatusInternalServerError, w.Code)
		assert.JSONEq(t, `{"code":500,"description":"Generic error","type":"GENERIC_ERROR"}`, w.Body.String())
	}
}
