package target

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

func TestAReceiverLearnsOfItsOrders(t *testing.T) {
	t.Parallel()
	status, asked := http.StatusNoContent, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = fmt.Sprint(r.Method, " ", r.URL, " ", string(body))
		w.WriteHeader(status)
	}))
	defer server.Close()
	order := Object{Kind: d24.CashoutNotification, ID: "8400001", ExternalID: "order-1"}
	prepare, err := NewPrepare(server.URL+"/orders", nil)
	require.NoError(t, err)
	require.NoError(t, prepare(t.Context(), order))
	assert.Equal(t, `POST /orders {"external_id":"order-1","id":"8400001","invoice_id":"","kind":"cashout"}`, asked)
	status = http.StatusConflict
	var unprepared *PrepareError
	require.ErrorAs(t, prepare(t.Context(), order), &unprepared)
	assert.Equal(t, "--prepare does not take cashout 8400001: it answers 409", unprepared.Text)

	prepare, err = NewPrepare("'"+os.Args[0]+"' hook count 3", nil)
	require.NoError(t, err)
	require.NoError(t, prepare(t.Context(), order))
	prepare, err = NewPrepare("'"+os.Args[0]+"' hook exit 3", nil)
	require.NoError(t, err)
	require.ErrorAs(t, prepare(t.Context(), order), &unprepared)
	for _, wrong := range []string{"", "'", "https://"} {
		_, err := NewPrepare(wrong, nil)
		require.ErrorContains(t, err, "prepare ", wrong)
	}
}
