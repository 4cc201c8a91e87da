package client

import (
	"net/http"

	"github.com/d24conform/d24conform/internal/d24"
)

// credentialMutants put a credential where another belongs, or where none does.
func credentialMutants() []Mutant {
	return []Mutant{
		{
			"lookups-without-key", "asks the read-only endpoints without any key",
			[]string{"DEP-AUTH-01"},
			func(h *habits) {
				h.finish = func(op *operation, r *http.Request) {
					if op.caller == readOnlyCaller {
						r.Header.Del(d24.HeaderAuthorization)
					}
				}
			},
		},
		{
			"read-only-key-on-post", "creates deposits and refunds with the read-only key instead of a signature",
			[]string{"DEP-AUTH-02", "DEP-AUTH-03", "DEP-HDR-02", "DEP-SIG-01"},
			func(h *habits) {
				headers := h.headers
				h.headers = func(c *client, d *draft) http.Header {
					header := headers(c, d)
					if d.op.caller == depositsCaller && d.op.method == http.MethodPost {
						header.Set(d24.HeaderAuthorization, d24.BearerScheme+c.credentials.Deposits.ReadOnlyKey)
					}
					return header
				}
			},
		},
		{
			"lookups-with-deposits-key", "asks the read-only endpoints with the API Key of deposits",
			[]string{"DEP-AUTH-03"},
			func(h *habits) {
				headers := h.headers
				h.headers = func(c *client, d *draft) http.Header {
					header := headers(c, d)
					if d.op.caller == readOnlyCaller {
						header.Set(d24.HeaderAuthorization, d24.BearerScheme+c.credentials.Deposits.APIKey)
					}
					return header
				}
			},
		},
		{
			"login-missing", "sends and signs no X-Login",
			[]string{"DEP-AUTH-06", "DEP-HDR-01"},
			func(h *habits) { h.xLogin = func(d24.Credentials) string { return "" } },
		},
		{
			"login-of-cashouts", "sends the API Key of cashouts as X-Login",
			[]string{"DEP-AUTH-06", "DEP-HDR-03"},
			func(h *habits) { h.xLogin = func(keys d24.Credentials) string { return keys.Cashouts.APIKey } },
		},
		{
			"status-without-credentials", "leaves login and pass out when it asks for the status of a cashout",
			[]string{"CASH-AUTH-01", "CASH-AUTH-06"},
			func(h *habits) {
				login := h.login
				h.login = func(keys d24.Credentials, operation string) (string, string) {
					if operation == "cashout_status" {
						return "", ""
					}
					return login(keys, operation)
				}
			},
		},
		{
			"deposits-key-as-login", "sends the API Key of deposits as login",
			[]string{"CASH-AUTH-02"},
			func(h *habits) {
				h.login = func(keys d24.Credentials, _ string) (string, string) {
					return keys.Deposits.APIKey, keys.Cashouts.APIPassphrase
				}
			},
		},
		{
			"secret-as-pass", "sends the API Signature of cashouts as pass",
			[]string{"CASH-AUTH-03", "CLI-SECRET-01"},
			func(h *habits) {
				h.login = func(keys d24.Credentials, _ string) (string, string) {
					return keys.Cashouts.APIKey, keys.Cashouts.APISignature
				}
			},
		},
		{
			"credentials-in-url", "sends login and pass in the URL of a cashouts call as well",
			[]string{"CASH-AUTH-06"},
			func(h *habits) {
				headers := h.headers
				var keys d24.CashoutsCredentials
				h.headers = func(c *client, d *draft) http.Header {
					keys = c.credentials.Cashouts
					return headers(c, d)
				}
				h.finish = func(op *operation, r *http.Request) {
					if op.caller == cashoutsCaller {
						addToQuery(r, "login", keys.APIKey)
						addToQuery(r, "pass", keys.APIPassphrase)
					}
				}
			},
		},
		{
			"secret-in-header", "sends the API Signature of deposits in a header, for the server to check",
			[]string{"CLI-SECRET-01"},
			func(h *habits) {
				headers := h.headers
				h.headers = func(c *client, d *draft) http.Header {
					header := headers(c, d)
					if d.op.caller == depositsCaller {
						header.Set("X-Api-Signature", c.credentials.Deposits.APISignature)
					}
					return header
				}
			},
		},
		{
			"secret-in-url", "sends the API Signature of deposits in the URL of a status request",
			[]string{"CLI-SECRET-01"},
			func(h *habits) {
				headers := h.headers
				var secret string
				h.headers = func(c *client, d *draft) http.Header {
					secret = c.credentials.Deposits.APISignature
					return headers(c, d)
				}
				h.finish = func(op *operation, r *http.Request) {
					if op.caller == depositsCaller && op.method == http.MethodGet {
						addToQuery(r, "api_signature", secret)
					}
				}
			},
		},
	}
}

func addToQuery(r *http.Request, name, value string) {
	query := r.URL.Query()
	query.Set(name, value)
	r.URL.RawQuery = query.Encode()
}

// headerMutants leave a header out, or say something else in it.
func headerMutants() []Mutant {
	return []Mutant{
		{
			"content-type-missing", "sends a body without Content-Type",
			[]string{"DEP-HDR-01", "DEP-HDR-05", "CASH-HDR-01", "CASH-HDR-02"},
			func(h *habits) {
				h.finish = func(_ *operation, r *http.Request) { r.Header.Del(d24.HeaderContentType) }
			},
		},
		{
			"content-type-form", "sends its JSON as a form, as many HTTP libraries do when nobody tells them",
			[]string{"DEP-HDR-05", "DEP-CT-02", "CASH-HDR-02"},
			func(h *habits) {
				h.finish = func(_ *operation, r *http.Request) { r.Header.Set(d24.HeaderContentType, d24.ContentTypeForm) }
			},
		},
		{
			"user-agent-missing", "sends no User-Agent with cashouts",
			[]string{"CASH-HDR-01", "CASH-HDR-03"},
			func(h *habits) {
				h.finish = func(op *operation, r *http.Request) {
					if op.caller == cashoutsCaller {
						r.Header[d24.HeaderUserAgent] = nil // net/http would set its own
					}
				}
			},
		},
		{
			"status-unsigned", "sends no Payload-Signature when it asks for the status of a cashout",
			[]string{"CASH-AUTH-01", "CASH-HDR-01", "CASH-SIG-01"},
			func(h *habits) {
				h.finish = func(op *operation, r *http.Request) {
					if op.method == http.MethodPost && op.path == d24.PathCashoutStatus {
						r.Header.Del(d24.HeaderPayloadSignature)
					}
				}
			},
		},
	}
}
