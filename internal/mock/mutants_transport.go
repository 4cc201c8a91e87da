package mock

import (
	"net/http"
	"net/netip"
	"strings"
)

// transportMutants go wrong before the request is looked at: plain HTTP and
// whitelists.
func transportMutants() []Mutant {
	return []Mutant{
		{
			"plain-http-deposits", "serves deposits over plain HTTP",
			[]string{"DEP-SEC-01", "DEP-SEC-02"},
			func(r *rulebook) { servePlain(r, deposits) },
		},
		{
			"plain-http-cashouts", "serves cashouts over plain HTTP",
			[]string{"CASH-SEC-01", "CASH-SEC-02"},
			func(r *rulebook) { servePlain(r, cashouts) },
		},
		{
			"plain-http-refused-too-late", "refuses plain HTTP, when it has done what was asked",
			[]string{"DEP-SEC-01", "DEP-SEC-02", "CASH-SEC-01", "CASH-SEC-02"},
			func(r *rulebook) {
				refuse := r.plain
				r.plain = func(e *environment, api string) http.Handler {
					refusal := refuse(e, api)
					return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
						e.ServeHTTP(&heldAnswer{header: http.Header{}}, req) // nobody gets this answer
						refusal.ServeHTTP(w, req)
					})
				}
			},
		},
		{
			"forwarded-for-deposits", "takes the caller's word in X-Forwarded-For for its address on deposits",
			[]string{"DEP-SEC-04", "DEP-IP-01"},
			func(r *rulebook) { believeForwardedFor(r, deposits) },
		},
		{
			"forwarded-for-cashouts", "takes the caller's word in X-Forwarded-For for its address on cashouts",
			[]string{"CASH-SEC-04", "CASH-IP-01"},
			func(r *rulebook) { believeForwardedFor(r, cashouts) },
		},
		{
			"whitelist-for-creations", "asks the whitelists only about creations",
			[]string{"DEP-SEC-04", "DEP-IP-01", "CASH-SEC-04", "CASH-IP-01", "ENV-12", "PANEL-07", "PANEL-08"},
			func(r *rulebook) {
				ask := r.whitelisted
				r.whitelisted = func(c *call, address netip.Addr) bool {
					creation := c.op.method == http.MethodPost && !strings.HasSuffix(c.endpoint.path, "/status")
					return !creation || ask(c, address)
				}
			},
		},
		{
			"deposits-whitelist-for-cashouts", "asks the whitelist of deposits about cashouts",
			[]string{"PANEL-07", "CASH-SEC-04", "CASH-IP-01"},
			func(r *rulebook) {
				r.whitelisted = func(c *call, address netip.Addr) bool { return c.env.whitelist.contains(deposits, address) }
			},
		},
		{
			"cashouts-from-deposits-addresses", "lets cashouts come from the addresses of deposits as well",
			[]string{"PANEL-07"},
			func(r *rulebook) { askBoth(r, cashouts, deposits) },
		},
		{
			"deposits-from-cashouts-addresses", "lets deposits come from the addresses of cashouts as well",
			[]string{"PANEL-08"},
			func(r *rulebook) { askBoth(r, deposits, cashouts) },
		},
	}
}

// servePlain has the plain-HTTP listener do what a product's request asks for.
func servePlain(r *rulebook, p product) {
	refuse := r.plain
	r.plain = func(e *environment, api string) http.Handler {
		refusal := refuse(e, api)
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if productOf(req.URL.Path) == p {
				e.ServeHTTP(w, req)
				return
			}
			refusal.ServeHTTP(w, req)
		})
	}
}

func believeForwardedFor(r *rulebook, p product) {
	ask := r.whitelisted
	r.whitelisted = func(c *call, address netip.Addr) bool {
		claimed, err := netip.ParseAddr(c.header("X-Forwarded-For"))
		if c.op.product == p && err == nil {
			address = claimed
		}
		return ask(c, address)
	}
}

func askBoth(r *rulebook, asked, too product) {
	ask := r.whitelisted
	r.whitelisted = func(c *call, address netip.Addr) bool {
		return ask(c, address) || c.op.product == asked && c.env.whitelist.contains(too, address)
	}
}
