package client

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// derivedSecrets put each credential into each place of a request, in each spelling.
func derivedSecrets() []Mutant {
	type secret struct {
		name   string
		of     func(d24.Credentials) string
		breaks func(operation string) []string
	}
	rule := func(id string) func(string) []string { return func(string) []string { return []string{id} } }
	secrets := []secret{
		{"signature", func(c d24.Credentials) string { return c.Deposits.APISignature }, rule("CLI-SECRET-01")},
		{"payout-signature", func(c d24.Credentials) string { return c.Cashouts.APISignature }, rule("CLI-SECRET-01")},
		{"passphrase", func(c d24.Credentials) string { return c.Cashouts.APIPassphrase }, rule("CASH-AUTH-06")},
		{"read-only-key", func(c d24.Credentials) string { return c.Deposits.ReadOnlyKey }, rule("DEP-AUTH-03")},
	}
	spellings := []struct {
		name  string
		spell func(text string) string
	}{
		{"plain", func(text string) string { return text }},
		{"base64", func(text string) string { return base64.StdEncoding.EncodeToString([]byte("key=" + text)) }},
		{"hex", func(text string) string { return hex.EncodeToString([]byte(text)) }},
		{"url", url.QueryEscape},
	}
	places := []struct {
		name string
		put  func(d *draft, text string)
		body bool
	}{
		{"header", func(d *draft, text string) { d.header.Set("X-Debug", text) }, false},
		{"agent", func(d *draft, text string) { d.header.Set(d24.HeaderUserAgent, userAgent+" ("+text+")") }, false},
		{"cookie", func(d *draft, text string) { d.header.Set("Cookie", "session="+text) }, false},
		{"query", func(d *draft, text string) { d.query.Set("k", text) }, false},
		{"body", func(d *draft, text string) {
			inBody("metadata", func(*draft, string) any { return map[string]any{"auth": text} })(d)
		}, true},
		{"trailer", func(d *draft, text string) { d.trailer.Set("X-Checksum", text) }, true},
	}
	var list []Mutant
	for i, s := range secrets {
		for j, place := range places {
			spelling := spellings[(i+j)%len(spellings)] // each secret and each place meets several
			for _, operation := range []string{"create_deposit", "refund_status", "create_refund", "create_cashout", "cashout_status"} {
				if place.body && operation == "refund_status" {
					continue // a GET has no body
				}
				list = append(list, secretMutant(s.name, place.name, spelling.name, operation, s.breaks(operation), func(d *draft) {
					place.put(d, spelling.spell(s.of(d.c.credentials)))
				}))
			}
		}
	}
	for _, operation := range slices.Concat(dated, lookups, payouts) {
		list = append(list, triesSecrets(operation))
	}
	return list
}

// triesSecrets takes a 401 for interchanged credentials, and tries the next one.
func triesSecrets(name string) Mutant {
	return Mutant{
		"signature-after-401-" + strings.ReplaceAll(name, "_", "-"),
		"sends an API Signature in a header when " + name + " was answered 401",
		[]string{"CLI-SECRET-01"},
		func(h *habits) {
			usual := h.again
			h.again = func(c *client, op *operation, tries int, a *answer, err error) (time.Duration, bool) {
				if op.name == name && err == nil && a.status == http.StatusUnauthorized && tries < maxTries {
					op.unknown = true
					return 0, true
				}
				return usual(c, op, tries, a, err)
			}
			h.changes = append(h.changes, change{stepHead, func(d *draft) bool { return d.op.unknown }, func(d *draft) {
				d.header.Set("X-Api-Key", d.c.credentials.Deposits.APISignature)
			}})
		},
	}
}

func secretMutant(secret, place, spelling, operation string, breaks []string, put func(d *draft)) Mutant {
	return Mutant{
		strings.Join([]string{secret, "in", place, spelling, strings.ReplaceAll(operation, "_", "-")}, "-"),
		"sends its " + strings.ReplaceAll(secret, "-", " ") + " in the " + place + " of " + operation + " (" + spelling + ")", slices.Clone(breaks),
		func(h *habits) {
			behind := stepHead
			if place == "body" {
				behind = stepBody
			}
			h.changes = append(h.changes, change{behind, func(d *draft) bool { return d.op.name == operation }, put})
		},
	}
}
