package mock

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// comparedDigits is how much a comparison looks at that stops half-way.
const comparedDigits = d24.DigestHexLen / 2

// signatureMutants take wrong signatures of deposits requests.
func signatureMutants() []Mutant {
	return []Mutant{
		{
			"signature-with-cashouts-key", "takes signatures made with the API signature of cashouts",
			[]string{"DEP-SIG-01"},
			func(r *rulebook) {
				alsoSigned(r, func(m *merchant, c *call) string {
					return m.cashouts.Authorization(c.header(d24.HeaderDate), c.header(d24.HeaderLogin), c.body)
				})
			},
		},
		{
			"signature-prefix", "compares the first 32 digits of a signature",
			[]string{"DEP-SIG-02", "DEP-SIG-03"},
			func(r *rulebook) { r.depositsSignature = samePrefix },
		},
		{
			"status-signature-prefix", "compares the first 32 digits of a signature on GET",
			[]string{"DEP-SIG-03", "DEP-SIG-02"},
			func(r *rulebook) {
				verify := r.depositsSignature
				r.depositsSignature = func(m *merchant, c *call) bool {
					return verify(m, c) || c.op.method == http.MethodGet && samePrefix(m, c)
				}
			},
		},
		{
			"signature-of-body", "takes a signature over the body alone, without X-Date and X-Login",
			[]string{"DEP-SIG-02"},
			func(r *rulebook) {
				alsoSigned(r, func(m *merchant, c *call) string { return m.deposits.Authorization("", "", c.body) })
			},
		},
		{
			"date-not-signed", "takes a signature that leaves X-Date out",
			[]string{"DEP-SIG-02"},
			func(r *rulebook) {
				alsoSigned(r, func(m *merchant, c *call) string {
					return m.deposits.Authorization("", c.header(d24.HeaderLogin), c.body)
				})
			},
		},
		{
			"body-not-signed", "takes a signature that leaves the body out",
			[]string{"DEP-SIG-02"},
			func(r *rulebook) {
				alsoSigned(r, func(m *merchant, c *call) string {
					return m.deposits.Authorization(c.header(d24.HeaderDate), c.header(d24.HeaderLogin), nil)
				})
			},
		},
		{
			"signature-of-any-second", "takes a signature for any second of the window, whatever X-Date says",
			[]string{"DEP-SIG-02", "DEP-SIG-04"},
			func(r *rulebook) {
				verify := r.depositsSignature
				r.depositsSignature = func(m *merchant, c *call) bool {
					return verify(m, c) || signedInWindow(m, c)
				}
			},
		},
		{
			"signature-reserialised", "verifies a signature over the JSON as it would write it itself",
			[]string{"DEP-SIG-04"},
			func(r *rulebook) {
				alsoSigned(r, func(m *merchant, c *call) string {
					return m.deposits.Authorization(c.header(d24.HeaderDate), c.header(d24.HeaderLogin), reserialised(c.body))
				})
			},
		},
	}
}

// alsoSigned takes another Authorization than the right one, beside it: a server that
// took nothing but a wrong one would have no merchants.
func alsoSigned(r *rulebook, wrong func(m *merchant, c *call) string) {
	verify := r.depositsSignature
	r.depositsSignature = func(m *merchant, c *call) bool {
		return verify(m, c) || c.header(d24.HeaderAuthorization) == wrong(m, c)
	}
}

func samePrefix(m *merchant, c *call) bool {
	want := m.deposits.Authorization(c.header(d24.HeaderDate), c.header(d24.HeaderLogin), c.body)
	return strings.HasPrefix(c.header(d24.HeaderAuthorization), want[:len(d24.Scheme)+comparedDigits])
}

func signedInWindow(m *merchant, c *call) bool {
	for date := c.now.Add(-d24.Window); !date.After(c.now.Add(d24.Window)); date = date.Add(time.Second) {
		if m.deposits.VerifyAuthorization(c.header(d24.HeaderAuthorization), d24.FormatDate(date), c.header(d24.HeaderLogin), c.body) {
			return true
		}
	}
	return false
}

// reserialised is a body without the white space that nobody would write: what a
// server signs that has parsed it and encoded it again.
func reserialised(body []byte) []byte {
	var compact bytes.Buffer
	if json.Compact(&compact, body) != nil {
		return body
	}
	return compact.Bytes()
}

// dateMutants read the window wrongly.
func dateMutants() []Mutant {
	return []Mutant{
		{
			"window-7s", "takes dates up to 7 seconds from its clock",
			[]string{"DEP-DATE-03"},
			func(r *rulebook) {
				const wide = 7 * time.Second
				r.dateFresh = func(now, date time.Time) bool { return now.Sub(date).Abs() <= wide }
			},
		},
		{
			"past-only", "refuses dates that are too old, and takes any that is to come",
			[]string{"DEP-DATE-02", "DEP-DATE-03"},
			func(r *rulebook) { r.dateFresh = func(now, date time.Time) bool { return now.Sub(date) <= d24.Window } },
		},
		{
			"local-time", "takes dates in the time of São Paulo",
			[]string{"DEP-DATE-02"},
			func(r *rulebook) {
				const behind = 3 * time.Hour
				fresh := r.dateFresh
				r.dateFresh = func(now, date time.Time) bool { return fresh(now, date) || fresh(now, date.Add(behind)) }
			},
		},
	}
}
