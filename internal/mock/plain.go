package mock

import (
	"net/http"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// The plain-HTTP listener exists to show that plain HTTP fails (DEP-SEC-02,
// CASH-SEC-02). Nothing that arrives on it reaches the API: these handlers look at
// the path for the shape of the error and at nothing else.

// plainError tells a person what is wrong. It is not a redirect on purpose: many
// clients would follow one and send their credentials along (reading AMB-24).
func plainError(string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Upgrade", "TLS/1.2, HTTP/1.1") // RFC 9110 wants it on a 426
		w.Header().Set("Connection", "Upgrade, close")
		a := refuseFor(productOf(r.URL.Path), http.StatusUpgradeRequired, d24.CodeGeneric, d24.CashoutInvalidParameter,
			"Plain HTTP is not served: use HTTPS")
		w.WriteHeader(a.Status)
		w.Write(a.Body)
	})
}

// plainRefusal closes the connection without an answer (AMB-24 refuse).
func plainRefusal(string) http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

// plainRedirect points at the same path under https (AMB-24 redirect).
func plainRedirect(api string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", api+r.URL.RequestURI())
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusMovedPermanently)
	})
}

// productOf is whose error shape a path has.
func productOf(path string) product {
	if path == d24.PathCashout || strings.HasPrefix(path, d24.PathCashout+"/") {
		return cashouts
	}
	return deposits
}
