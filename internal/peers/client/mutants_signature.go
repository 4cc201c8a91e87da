package client

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// dateMutants tell another time than now in UTC.
func dateMutants() []Mutant {
	return []Mutant{
		{
			"undated", "sends and signs no X-Date",
			[]string{"DEP-DATE-01", "DEP-HDR-01"},
			func(h *habits) { h.date = func(time.Time) string { return "" } },
		},
		{
			// Of two looks at the clock the second is a second later once in a while; here
			// it always is.
			"date-taken-twice", "takes the time once for X-Date and once more for the signature",
			[]string{"DEP-SIG-01", "DEP-SIG-04"},
			func(h *habits) {
				h.signed = func(text signedText) signedText {
					if date, err := d24.ParseDate(text.date); err == nil {
						text.date = d24.FormatDate(date.Add(time.Second))
					}
					return text
				}
			},
		},
		{
			"date-with-milliseconds", "writes X-Date with milliseconds, as JavaScript does",
			[]string{"DEP-HDR-04"},
			func(h *habits) {
				h.date = func(now time.Time) string { return now.UTC().Format("2006-01-02T15:04:05.000Z") }
			},
		},
		{
			"date-with-offset", "writes +0000 in X-Date instead of Z",
			[]string{"DEP-HDR-04"},
			func(h *habits) {
				h.date = func(now time.Time) string { return now.UTC().Format("2006-01-02T15:04:05-0700") }
			},
		},
		{
			"local-time", "writes the time of São Paulo, and a Z behind it",
			[]string{"DEP-DATE-02", "DEP-DATE-03"},
			func(h *habits) {
				const behind = 3 * time.Hour
				h.date = func(now time.Time) string { return d24.FormatDate(now.Add(-behind)) }
			},
		},
		{
			"date-taken-once", "takes the time when it starts, and dates everything by that, retries too",
			[]string{"DEP-DATE-01", "DEP-DATE-03", "CLI-KEY-02"},
			func(h *habits) {
				date := h.date
				kept := ""
				h.date = func(now time.Time) string {
					if kept == "" {
						kept = date(now)
					}
					return kept
				}
			},
		},
		{
			"signed-too-early", "signs its requests, then lets them wait ten seconds in a queue",
			[]string{"DEP-DATE-03"},
			func(h *habits) {
				const waited = 10 * time.Second
				h.date = func(now time.Time) string { return d24.FormatDate(now.Add(-waited)) }
			},
		},
	}
}

// signatureMutants make a digest that is not the digest of what they send.
func signatureMutants() []Mutant {
	return []Mutant{
		{
			"signs-pretty-printed", "signs its JSON as a log would show it, and sends it compact",
			[]string{"DEP-SIG-01", "DEP-SIG-04", "CASH-SIG-02", "CASH-SIG-03"},
			func(h *habits) {
				signBody(h, func(body []byte) []byte {
					var pretty bytes.Buffer
					if json.Indent(&pretty, body, "", "  ") != nil {
						return body
					}
					return pretty.Bytes()
				})
			},
		},
		{
			"signs-before-reserialising", "signs its JSON, and has it written again, with a space behind every colon, by its HTTP library",
			[]string{"DEP-SIG-01", "DEP-SIG-04", "CASH-SIG-02", "CASH-SIG-03"},
			func(h *habits) {
				h.encode = func(body map[string]any) ([]byte, error) {
					text, err := encode(body)
					return spaced(text), err
				}
				signBody(h, func(body []byte) []byte {
					var compact bytes.Buffer
					if json.Compact(&compact, body) != nil {
						return body
					}
					return compact.Bytes()
				})
			},
		},
		{
			"signs-body-only", "leaves X-Date and X-Login out of the signature",
			[]string{"DEP-SIG-01", "DEP-SIG-04"},
			func(h *habits) {
				h.signed = func(text signedText) signedText { return signedText{body: text.body} }
			},
		},
		{
			"signs-before-credentials", "signs a cashout before it adds login and pass",
			[]string{"CASH-SIG-02", "CASH-SIG-03"},
			func(h *habits) {
				h.signed = func(text signedText) signedText {
					fields, err := decodeBody(text.body)
					if text.date != "" || err != nil {
						return text
					}
					delete(fields, "login")
					delete(fields, "pass")
					text.body, _ = encode(fields) // was decoded from JSON
					return text
				}
			},
		},
		{
			"deposits-signed-for-cashouts", "signs deposits with the API Signature of cashouts",
			[]string{"DEP-AUTH-02", "DEP-SIG-01"},
			func(h *habits) {
				h.depositsSecret = func(keys d24.Credentials) string { return keys.Cashouts.APISignature }
			},
		},
		{
			"cashouts-signed-with-passphrase", "signs cashouts with the API Passphrase",
			[]string{"CASH-AUTH-04", "CASH-SIG-02"},
			func(h *habits) {
				h.cashoutsSecret = func(keys d24.Credentials) string { return keys.Cashouts.APIPassphrase }
			},
		},
		{
			"upper-case-digest", "writes signatures in upper case",
			[]string{"DEP-HDR-02", "CASH-SIG-04"},
			func(h *habits) { h.spell = strings.ToUpper },
		},
		{
			"another-scheme", "calls the scheme of Authorization TUPAY, as a sibling of this API does",
			[]string{"DEP-HDR-02"},
			func(h *habits) {
				h.finish = func(op *operation, r *http.Request) {
					if op.caller == depositsCaller {
						r.Header.Set(d24.HeaderAuthorization, "TUPAY "+strings.TrimPrefix(r.Header.Get(d24.HeaderAuthorization), d24.Scheme))
					}
				}
			},
		},
	}
}

// signBody has another body signed than is sent.
func signBody(h *habits, change func(body []byte) []byte) {
	h.signed = func(text signedText) signedText {
		text.body = change(text.body)
		return text
	}
}

// spaced writes compact JSON with a space behind every colon and comma.
func spaced(text []byte) []byte {
	var out bytes.Buffer
	quoted, escaped := false, false
	for _, c := range text {
		out.WriteByte(c)
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ':' || c == ','):
			out.WriteByte(' ')
		}
	}
	return out.Bytes()
}

// textMutants know no UTF-8.
func textMutants() []Mutant {
	return []Mutant{
		{
			"signs-latin-1", "signs its text in Latin-1, and sends it in UTF-8",
			[]string{"NOTIF-04", "DEP-SIG-01", "DEP-SIG-04", "CASH-SIG-02", "CASH-SIG-03"},
			func(h *habits) { signBody(h, latin1) },
		},
		{
			"sends-latin-1", "writes names in Latin-1",
			[]string{"NOTIF-04", "DEP-CT-01"},
			func(h *habits) {
				h.encode = func(body map[string]any) ([]byte, error) {
					text, err := encode(body)
					return latin1(text), err
				}
			},
		},
	}
}

// latin1 is the text in ISO 8859-1. What that cannot hold becomes a question mark.
func latin1(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		if r > 0xff {
			r = '?'
		}
		out = append(out, byte(r))
	}
	return out
}
