package mock

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// callerMutants take the wrong people for a deposits merchant.
func callerMutants() []Mutant {
	return []Mutant{
		{
			"lookups-without-key", "answers the read-only endpoints to anybody who sends no Authorization",
			[]string{"DEP-SEC-03"},
			func(r *rulebook) {
				letIn(r, func(c *call) *merchant {
					if !c.op.readOnly || c.sends(d24.HeaderAuthorization) {
						return nil
					}
					return c.env.only()
				})
			},
		},
		{
			"status-without-authorization", "tells a deposit's status without Authorization",
			[]string{"DEP-SEC-03", "DEP-HDR-02", "DEP-HDR-01"},
			func(r *rulebook) {
				letIn(r, func(c *call) *merchant {
					if c.endpoint.path != d24.PathDeposits+"/" || c.sends(d24.HeaderAuthorization) {
						return nil
					}
					return c.env.rules.depositsLogin(c.env, c.header(d24.HeaderLogin))
				})
			},
		},
		{
			"any-read-only-key", "takes any word for a read-only key",
			[]string{"DEP-AUTH-03", "ENV-11"},
			func(r *rulebook) { r.readKey = func(e *environment, _ string) *merchant { return e.only() } },
		},
		{
			"read-only-key-creates", "accepts the read-only key in place of a signature",
			[]string{"DEP-AUTH-02"},
			func(r *rulebook) {
				letIn(r, func(c *call) *merchant {
					key, bearer := strings.CutPrefix(c.header(d24.HeaderAuthorization), d24.BearerScheme)
					if c.op.method != http.MethodPost || !bearer {
						return nil
					}
					return c.env.directory.Load().byReadKey[key]
				})
			},
		},
		{
			"unknown-login", "looks only at the signature, and takes any X-Login",
			[]string{"DEP-AUTH-06", "ENV-11"},
			func(r *rulebook) { r.depositsLogin = func(e *environment, _ string) *merchant { return e.only() } },
		},
		{
			"status-not-verified", "verifies no signature on GET",
			[]string{"DEP-AUTH-01", "DEP-SIG-03", "DEP-HDR-01", "DEP-HDR-02", "DEP-SEC-03", "DEP-SIG-01", "DEP-SIG-02", "DEP-SIG-04", "ENV-11"},
			func(r *rulebook) {
				verify := r.depositsSignature
				r.depositsSignature = func(m *merchant, c *call) bool { return c.op.method == http.MethodGet || verify(m, c) }
			},
		},
	}
}

// headerMutants do without a header, or take too much in it.
func headerMutants() []Mutant {
	return []Mutant{
		{
			"empty-login", "takes an empty X-Login for its only merchant's",
			[]string{"DEP-HDR-03", "DEP-HDR-01"},
			func(r *rulebook) {
				letIn(r, func(c *call) *merchant {
					if !c.sends(d24.HeaderLogin) || c.header(d24.HeaderLogin) != "" || !c.env.rules.depositsSignature(c.env.only(), c) {
						return nil
					}
					return c.env.only()
				})
			},
		},
		{
			"undated-create", "creates deposits without X-Date",
			[]string{"DEP-DATE-01", "DEP-HDR-01"},
			func(r *rulebook) { takeUndated(r, func(c *call) bool { return c.creates(d24.PathDeposits) }) },
		},
		{
			"undated-status", "tells statuses without X-Date",
			[]string{"DEP-HDR-01", "DEP-DATE-01"},
			func(r *rulebook) { takeUndated(r, func(c *call) bool { return c.op.method == http.MethodGet }) },
		},
		{
			"epoch-date", "takes an X-Date in seconds since 1970",
			[]string{"DEP-HDR-04"},
			func(r *rulebook) {
				parse := r.parseDate
				r.parseDate = func(text string) (time.Time, error) {
					if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
						return time.Unix(seconds, 0), nil
					}
					return parse(text)
				}
			},
		},
		{
			"untyped-body", "takes a body without Content-Type for JSON",
			[]string{"DEP-HDR-05", "DEP-HDR-01"},
			func(r *rulebook) { excuse(r, "", "content-type-header", always) },
		},
		{
			"any-content-type", "does not look at what Content-Type says",
			[]string{"DEP-CT-02", "DEP-HDR-01", "DEP-HDR-05"},
			func(r *rulebook) {
				ask := r.contentType
				r.contentType = func(c *call) bool { return c.sends(d24.HeaderContentType) || ask(c) }
			},
		},
		{
			"key-demanded", "demands an idempotency key of a refund when one before it had one",
			[]string{"DEP-HDR-06"},
			demandKeys,
		},
	}
}

// takeUndated accepts requests that carry no X-Date and are signed without one.
func takeUndated(r *rulebook, concerns func(c *call) bool) {
	letIn(r, func(c *call) *merchant {
		if c.sends(d24.HeaderDate) || !concerns(c) {
			return nil
		}
		return c.signedBy()
	})
}

// demandKeys refuses a refund without a key of a deposit that had one with a key: who
// began with keys has to go on with them.
func demandKeys(r *rulebook) {
	var keyed sync.Map // deposits by their id
	allow := r.refundable
	r.refundable = func(c *call, d *store.Deposit, amount d24.Amount) bool {
		if !allow(c, d, amount) {
			return false
		}
		if c.header(d24.HeaderIdempotencyKey) != "" {
			keyed.Store(d.ID, true)
			return true
		}
		_, before := keyed.Load(d.ID)
		return !before
	}
}

// cashoutCallerMutants take the wrong people for a cashouts merchant.
func cashoutCallerMutants() []Mutant {
	return []Mutant{
		{
			"passphrase-unchecked", "does not look at the passphrase of cashouts",
			[]string{"CASH-AUTH-01", "CASH-AUTH-02", "CASH-AUTH-03", "CASH-AUTH-04", "CASH-AUTH-06", "ENV-11"},
			func(r *rulebook) {
				excuse(r, "", "pass-sent", always)
				excuse(r, "", "pass", always)
			},
		},
		{
			"passphrase-cut", "compares eight characters of the passphrase, as old password files did",
			[]string{"CASH-AUTH-01", "CASH-AUTH-02", "CASH-AUTH-03", "CASH-AUTH-04"},
			func(r *rulebook) {
				const kept = 8
				cut := func(text string) string { return text[:min(kept, len(text))] }
				r.cashoutsPass = func(m *merchant, pass string) bool { return cut(pass) == cut(m.credentials.Cashouts.APIPassphrase) }
			},
		},
		{
			"basic-instead-of-body", "takes key and passphrase of cashouts in HTTP Basic, and asks for none in the body",
			[]string{"CASH-AUTH-06"},
			func(r *rulebook) {
				letIn(r, func(c *call) *merchant {
					if c.cashout == nil || c.cashout.Login != "" || c.cashout.Pass != "" {
						return nil
					}
					return c.signedCashout(decodeBasic(c.header(d24.HeaderAuthorization)))
				})
			},
		},
		{
			"unsigned-cashout", "makes cashouts without Payload-Signature",
			[]string{"CASH-SEC-03", "CASH-SIG-01", "CASH-HDR-01"},
			func(r *rulebook) { takeUnsigned(r, func(c *call) bool { return c.creates(d24.PathCashout) }) },
		},
		{
			"unsigned-change", "wants a Payload-Signature only where a cashout is made",
			[]string{"CASH-HDR-01", "CASH-SEC-03", "CASH-SIG-01"},
			func(r *rulebook) { takeUnsigned(r, func(c *call) bool { return !c.creates(d24.PathCashout) }) },
		},
		{
			"cashouts-signature-prefix", "compares the first 32 digits of Payload-Signature",
			[]string{"CASH-SIG-02"},
			func(r *rulebook) {
				r.cashoutsSignature = func(m *merchant, c *call) bool {
					return strings.HasPrefix(c.header(d24.HeaderPayloadSignature), m.cashouts.Payload(c.body)[:comparedDigits])
				}
			},
		},
		{
			"cashouts-signature-reserialised", "verifies Payload-Signature over the JSON as it would write it itself",
			[]string{"CASH-SIG-03", "CASH-SIG-02"},
			func(r *rulebook) {
				r.cashoutsSignature = func(m *merchant, c *call) bool {
					return m.cashouts.VerifyPayload(c.header(d24.HeaderPayloadSignature), reserialised(c.body))
				}
			},
		},
		{
			"cashouts-signature-upper-case", "takes Payload-Signature in upper case",
			[]string{"CASH-SIG-04"},
			func(r *rulebook) {
				r.cashoutsSignature = func(m *merchant, c *call) bool {
					return m.cashouts.VerifyPayload(strings.ToLower(c.header(d24.HeaderPayloadSignature)), c.body)
				}
			},
		},
	}
}

// takeUnsigned accepts cashouts requests without Payload-Signature.
func takeUnsigned(r *rulebook, concerns func(c *call) bool) {
	letIn(r, func(c *call) *merchant {
		if c.header(d24.HeaderPayloadSignature) != "" || !concerns(c) {
			return nil
		}
		body, ok := parseCashout(c.body)
		if !ok {
			return nil
		}
		c.cashout = body
		return c.cashoutsMerchant(body.Login, body.Pass)
	})
}

// signedCashout is the merchant with these credentials, if the request is signed.
func (c *call) signedCashout(login, pass string) *merchant {
	m := c.cashoutsMerchant(login, pass)
	if m == nil || !c.env.rules.cashoutsSignature(m, c) {
		return nil
	}
	return m
}

// cashoutsMerchant is the merchant with these credentials.
func (c *call) cashoutsMerchant(login, pass string) *merchant {
	m := c.env.rules.cashoutsLogin(c.env, login)
	if m == nil || !c.env.rules.cashoutsPass(m, pass) {
		return nil
	}
	return m
}
