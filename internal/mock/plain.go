package mock

import (
	"net/http"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// The plain-HTTP listener exists to show that plain HTTP fails (DEP-SEC-02,
// CASH-SEC-02). Nothing that arrives on it reaches the API: these handlers look at
// the path for the shape of the error and at nothing else.

// plainHandler keeps a record of who came the wrong way, headers only: the body is
// not read.
func plainHandler(e *environment, inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := e.clock.now()
		held := &heldAnswer{header: w.Header(), how: dropped}
		held.header["Server"] = e.fixed.server
		held.header["Content-Type"] = e.fixed.contentType
		held.header["Date"] = e.clock.dateOf(now)
		defer func() {
			e.exchanges.add(newRecordedRequest(r, nil, now), held.answer, held.header, held.how, 0)
			if held.how == whole { // not when the handler closes the connection instead
				w.WriteHeader(held.Status)
				_, _ = w.Write(held.Body)
			}
		}()
		inner.ServeHTTP(held, r)
		held.how = whole
	})
}

// A heldAnswer holds an answer back until it has been recorded, so that whoever has
// it finds the record.
type heldAnswer struct {
	answer
	header http.Header
	how    ending
}

func (h *heldAnswer) Header() http.Header    { return h.header }
func (h *heldAnswer) WriteHeader(status int) { h.Status = status }

func (h *heldAnswer) Write(b []byte) (int, error) {
	h.Body = append(h.Body, b...)
	return len(b), nil
}

// plainError tells a person what is wrong. It is not a redirect on purpose: many
// clients would follow one and send their credentials along (reading AMB-24).
func plainError(*environment, string) http.Handler {
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
func plainRefusal(*environment, string) http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

// plainRedirect points at the same path under https (AMB-24 redirect).
func plainRedirect(_ *environment, api string) http.Handler {
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
