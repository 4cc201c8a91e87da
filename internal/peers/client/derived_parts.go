package client

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// parts are all things that steps do to requests.
func parts() []part {
	return []part{
		datePart(), loginPart(), depositsTypePart(), cashoutsTypePart(), userAgentPart(), keyPart(),
		digestPart(), depositsTextPart(), controlPart(), cashoutsTextPart(), cashoutsLoginPart(), cashoutsPassPart(), textPart(), retryBodyPart(), lookupPart(),
	}
}

func datePart() part {
	const name = d24.HeaderDate
	missing := []string{"DEP-DATE-01", "DEP-HDR-01"}
	moved := func(by time.Duration) func(*draft) {
		return header(name, func(_ *draft, was string) string {
			date, err := d24.ParseDate(was)
			if err != nil {
				return was
			}
			return d24.FormatDate(date.Add(by))
		})
	}
	return part{"date", stepHead, dated, []way{
		{name: "missing", says: "leaves X-Date out", breaks: missing, do: leftOut(name)},
		{name: "empty", says: "sends an empty X-Date", breaks: missing, do: empty(name)},
		{name: "no-zone", says: "writes X-Date without its Z", breaks: []string{"DEP-HDR-04"}, do: cut(name, 1)},
		{name: "no-seconds", says: "writes X-Date to the minute", breaks: []string{"DEP-HDR-04"}, do: header(name, func(_ *draft, was string) string {
			return was[:min(len(was), len("2006-01-02T15:04"))] + "Z"
		})},
		{name: "lower-case", says: "writes X-Date in lower case", breaks: []string{"DEP-HDR-04"}, do: header(name, func(_ *draft, was string) string { return strings.ToLower(was) })},
		{name: "zone", says: "writes the time of another zone", breaks: []string{"DEP-DATE-02", "DEP-DATE-03"}, do: moved(5*time.Hour + 30*time.Minute)},
		{name: "stale", says: "dates a thousand seconds back", breaks: []string{"DEP-DATE-03"}, do: moved(-1000 * time.Second)},
		{name: "early", says: "dates a thousand seconds ahead", breaks: []string{"DEP-DATE-03"}, do: moved(1000 * time.Second)},
		{name: "twice", says: "sends X-Date twice", breaks: []string{"DEP-HDR-04"}, do: twice(name)},
	}, "stale"}
}

func loginPart() part {
	const name = d24.HeaderLogin
	missing, wrong := []string{"DEP-AUTH-06", "DEP-HDR-01"}, []string{"DEP-AUTH-06", "DEP-HDR-03"}
	return part{"login", stepHead, dated, []way{
		{name: "missing", says: "leaves X-Login out", breaks: missing, do: leftOut(name)},
		{name: "empty", says: "sends an empty X-Login", breaks: missing, do: empty(name)},
		{name: "cut", says: "sends X-Login without its last letter", breaks: wrong, do: cut(name, 1)},
		{name: "upper-case", says: "sends X-Login in upper case", breaks: wrong, do: header(name, func(_ *draft, was string) string { return strings.ToUpper(was) })},
		{name: "of-cashouts", says: "sends the cashouts API Key as X-Login", breaks: wrong, do: header(name, func(d *draft, _ string) string { return d.c.credentials.Cashouts.APIKey })},
		{
			name: "read-only", says: "sends the read-only key as X-Login", breaks: append([]string{"DEP-AUTH-03"}, wrong...), onCreation: []string{"DEP-AUTH-02"},
			do: header(name, func(d *draft, _ string) string { return d.c.credentials.Deposits.ReadOnlyKey }),
		},
		{name: "twice", says: "sends X-Login twice", breaks: wrong, do: twice(name)},
	}, "of-cashouts"}
}

func typeWays(missing, wrong []string) []way {
	const name = d24.HeaderContentType
	to := func(value string) func(d *draft) { return header(name, func(*draft, string) string { return value }) }
	return []way{
		{name: "missing", says: "leaves Content-Type out", breaks: missing, do: leftOut(name)},
		{name: "text", says: "sends its JSON as text/plain", breaks: wrong, do: to("text/plain")},
		{name: "form", says: "sends its JSON as a form", breaks: wrong, do: to(d24.ContentTypeForm)},
		{name: "cut", says: "sends its JSON as application/jso", breaks: wrong, do: cut(name, 1)},
	}
}

func depositsTypePart() part {
	return part{"type", stepHead, creations, typeWays([]string{"DEP-HDR-01", "DEP-HDR-05"}, []string{"DEP-HDR-05", "DEP-CT-02"}), "text"}
}

func cashoutsTypePart() part {
	return part{"payout-type", stepHead, payouts, typeWays([]string{"CASH-HDR-01", "CASH-HDR-02"}, []string{"CASH-HDR-02"}), "text"}
}

func userAgentPart() part {
	missing := []string{"CASH-HDR-01", "CASH-HDR-03"}
	return part{"agent", stepHead, payouts, []way{
		{name: "missing", says: "leaves User-Agent out", breaks: missing, do: leftOut(d24.HeaderUserAgent)},
		{name: "blank", says: "sends a blank User-Agent", breaks: missing, do: empty(d24.HeaderUserAgent)},
	}, "missing"}
}

func keyPart() part {
	const name = d24.HeaderIdempotencyKey
	return part{"key", stepHead, creations, []way{
		{name: "missing", says: "sends no key", breaks: []string{"DEP-IDEM-03"}, onRetry: []string{"CLI-KEY-02"}, do: leftOut(name)},
		{name: "short", says: "cuts its keys to eight digits", breaks: []string{"DEP-IDEM-06"}, do: header(name, func(_ *draft, was string) string { return was[:min(8, len(was))] })},
		{name: "tried", says: "says in the key which attempt it is", breaks: []string{"CLI-KEY-02"}, do: header(name, func(d *draft, was string) string {
			return was + "-" + strings.Repeat("i", d.op.tries)
		})},
		{name: "constant", says: "has one key for all", breaks: []string{"CLI-KEY-01"}, do: header(name, func(*draft, string) string { return "3f0c9d4e-6a52-4a1b-9d3c-8f7e6b5a4c3d" })},
	}, "missing"}
}

func digestPart() part {
	const name = d24.HeaderAuthorization
	missing := []string{"DEP-AUTH-01", "DEP-HDR-01", "DEP-HDR-02"}
	scheme := func(word string) func(d *draft) {
		return header(name, func(_ *draft, was string) string { return word + strings.TrimPrefix(was, d24.Scheme) })
	}
	return part{"digest", stepSeal, dated, []way{
		{name: "missing", says: "leaves Authorization out", breaks: missing, onCreation: []string{"DEP-AUTH-02"}, do: leftOut(name)},
		{name: "empty", says: "sends an empty Authorization", breaks: missing, onCreation: []string{"DEP-AUTH-02"}, do: empty(name)},
		{name: "half", says: "sends half of the digest", breaks: []string{"DEP-HDR-02", "DEP-SIG-01", "DEP-SIG-04"}, do: cut(name, 32)},
		{name: "upper-case", says: "writes the digest in upper case", breaks: []string{"DEP-HDR-02"}, do: header(name, func(_ *draft, was string) string {
			return d24.Scheme + strings.ToUpper(strings.TrimPrefix(was, d24.Scheme))
		})},
		{name: "lower-scheme", says: "writes d24", breaks: []string{"DEP-HDR-02"}, do: scheme("d24 ")},
		{name: "two-spaces", says: "writes two spaces behind D24", breaks: []string{"DEP-HDR-02"}, do: scheme("D24  ")},
		{name: "no-scheme", says: "leaves the word D24 out", breaks: []string{"DEP-HDR-02"}, do: scheme("")},
		{name: "twice", says: "sends Authorization twice", breaks: []string{"DEP-HDR-02"}, do: twice(name)},
	}, "upper-case"}
}

// depositsTextPart is what is signed, and with what.
func depositsTextPart() part {
	text := []string{"DEP-SIG-01", "DEP-SIG-04"}
	key := func(says string, secret func(d24.Credentials) string, name string) way {
		return way{name: name, says: says, breaks: []string{"DEP-SIG-01"}, onCreation: []string{"DEP-AUTH-02"}, do: signedWith(secret)}
	}
	return part{"signed", stepSign, dated, []way{
		{name: "no-date", says: "signs without the date", breaks: text, onlyRetry: []string{"CLI-KEY-02"}, do: func(d *draft) { d.signed.date = "" }},
		{name: "no-login", says: "signs without the login", breaks: text, do: func(d *draft) { d.signed.login = "" }},
		{name: "no-body", ofBody: true, says: "signs without the body", breaks: text, do: func(d *draft) { d.signed.body = nil }},
		{name: "first-512", ofBody: true, says: "signs the first 512 bytes", breaks: text, do: firstBytes(512)},
		{name: "first-4k", ofBody: true, says: "signs the first 4 KiB", breaks: text, do: firstBytes(4 << 10)},
		{name: "first-48k", ofBody: true, says: "signs the first 48 KiB", breaks: text, do: firstBytes(48 << 10)},
		{name: "previous-body", says: "signs the body of the request before", breaks: text, do: func(d *draft) {
			if d.c.last != nil {
				d.signed.body = d.c.last.body
			}
		}},
		{name: "slashes", ofBody: true, says: "signs its slashes escaped", breaks: text, do: func(d *draft) { d.signed.body = bytes.ReplaceAll(d.signed.body, []byte("/"), []byte(`\/`)) }},
		{name: "latin-1", ofBody: true, says: "signs its letters in Latin-1", breaks: append([]string{"NOTIF-04"}, text...), do: func(d *draft) { d.signed.body = latin1(d.signed.body) }},
		key("signs with the cashouts API Signature", func(c d24.Credentials) string { return c.Cashouts.APISignature }, "cashouts-key"),
		key("signs with its API Key", func(c d24.Credentials) string { return c.Deposits.APIKey }, "login-key"),
	}, "no-date"}
}

func controlPart() part {
	const name = d24.HeaderPayloadSignature
	missing := []string{"CASH-AUTH-01", "CASH-HDR-01", "CASH-SIG-01"}
	return part{"control", stepSeal, payouts, []way{
		{name: "missing", says: "leaves Payload-Signature out", breaks: missing, do: leftOut(name)},
		{name: "empty", says: "sends an empty Payload-Signature", breaks: missing, do: empty(name)},
		{name: "half", says: "sends half of Payload-Signature", breaks: []string{"CASH-SIG-02", "CASH-SIG-03", "CASH-SIG-04"}, do: cut(name, 32)},
		{name: "upper-case", says: "writes Payload-Signature in upper case", breaks: []string{"CASH-SIG-04"}, do: header(name, func(_ *draft, was string) string { return strings.ToUpper(was) })},
		{name: "scheme", says: "writes D24 before Payload-Signature", breaks: []string{"CASH-SIG-04"}, do: header(name, func(_ *draft, was string) string { return d24.Scheme + was })},
		{name: "twice", says: "sends Payload-Signature twice", breaks: []string{"CASH-SIG-04"}, do: twice(name)},
	}, "upper-case"}
}

func cashoutsTextPart() part {
	text := []string{"CASH-SIG-02", "CASH-SIG-03"}
	key := []string{"CASH-AUTH-04", "CASH-SIG-02"}
	return part{"payload", stepSign, payouts, []way{
		{name: "no-body", says: "signs an empty text", breaks: text, do: func(d *draft) { d.signed.body = nil }},
		{name: "first-32", says: "signs the first 32 bytes", breaks: text, do: firstBytes(32)},
		{name: "previous-body", says: "signs the body of the request before", breaks: text, do: func(d *draft) {
			if d.c.last != nil {
				d.signed.body = d.c.last.body
			}
		}},
		{name: "passphrase-key", says: "signs with the API Passphrase", breaks: key, do: signedWith(func(c d24.Credentials) string { return c.Cashouts.APIPassphrase })},
		{name: "deposits-key", says: "signs with the deposits API Signature", breaks: key, do: signedWith(func(c d24.Credentials) string { return c.Deposits.APISignature })},
	}, "no-body"}
}

// inBody is a way that changes a top-level field of the body; nil leaves it out.
func inBody(name string, value func(d *draft, was string) any) func(d *draft) {
	return func(d *draft) {
		fields, err := decodeBody(d.body)
		if err != nil {
			return
		}
		was, _ := fields[name].(string)
		if is := value(d, was); is == nil {
			delete(fields, name)
		} else {
			fields[name] = is
		}
		if text, err := encode(fields); err == nil {
			d.body = text
		}
	}
}

func credentialWays(name string, wrong string, other func(d24.Credentials) string) []way {
	missing := []string{"CASH-AUTH-01", "CASH-AUTH-06"}
	return []way{
		{name: "missing", says: "leaves " + name + " out", breaks: missing, do: inBody(name, func(*draft, string) any { return nil })},
		{name: "empty", says: "sends an empty " + name, breaks: missing, do: inBody(name, func(*draft, string) any { return "" })},
		{name: "cut", says: "sends " + name + " without its last letter", breaks: []string{wrong}, do: inBody(name, func(_ *draft, was string) any { return was[:max(0, len(was)-1)] })},
		{name: "upper-case", says: "sends " + name + " in upper case", breaks: []string{wrong}, do: inBody(name, func(_ *draft, was string) any { return strings.ToUpper(was) })},
		{name: "another", says: "sends another credential as " + name, breaks: []string{wrong}, do: inBody(name, func(d *draft, _ string) any { return other(d.c.credentials) })},
	}
}

func cashoutsLoginPart() part {
	return part{"user", stepBody, payouts, credentialWays("login", "CASH-AUTH-02", func(c d24.Credentials) string { return c.Deposits.APIKey }), "another"}
}

func cashoutsPassPart() part {
	return part{"pass", stepBody, payouts, credentialWays("pass", "CASH-AUTH-03", func(c d24.Credentials) string { return c.Cashouts.APIKey }), "another"}
}

// textPart is what becomes of letters before they are signed.
func textPart() part {
	read := []string{"NOTIF-04"}
	each := func(change func(text string) string) func(d *draft) {
		return func(d *draft) {
			fields, err := decodeBody(d.body)
			if err != nil {
				return
			}
			if text, err := encode(changed(fields, change).(map[string]any)); err == nil {
				d.body = text
			}
		}
	}
	return part{"text", stepBody, []string{"create_deposit", "create_refund", "create_cashout"}, []way{
		{name: "composed", says: "composes its letters", breaks: read, do: each(composer().Replace)},
		{name: "decomposed", says: "decomposes its letters", breaks: read, do: each(decomposer().Replace)},
		{name: "ascii", says: "writes a question mark for letters beyond ASCII", breaks: read, onlyRetry: []string{"CLI-KEY-02"}, do: each(func(text string) string {
			return strings.Map(func(r rune) rune {
				if r > 0x7f {
					return '?'
				}
				return r
			}, text)
		})},
		{name: "no-emoji", says: "leaves out what is beyond the first plane", breaks: read, do: each(func(text string) string {
			return strings.Map(func(r rune) rune {
				if r > 0xffff {
					return -1
				}
				return r
			}, text)
		})},
		{name: "escaped", says: "writes &lt; for <", breaks: read, do: each(strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace)},
		{name: "no-quotes", says: "leaves quotes out", breaks: read, do: each(func(text string) string { return strings.ReplaceAll(text, `"`, "") })},
		{name: "no-backslash", says: "leaves backslashes out", breaks: read, do: each(func(text string) string { return strings.ReplaceAll(text, `\`, "") })},
	}, "ascii"}
}

// composer and decomposer know the letters of the names that clients are tried with.
func composer() *strings.Replacer {
	return strings.NewReplacer("e\u0301", "\u00e9", "n\u0303", "\u00f1")
}

func decomposer() *strings.Replacer {
	return strings.NewReplacer("\u00e9", "e\u0301", "\u00f1", "n\u0303", "\u00e3", "a\u0303")
}

// changed is a value of JSON with every text changed.
func changed(value any, change func(text string) string) any {
	switch v := value.(type) {
	case string:
		return change(v)
	case map[string]any:
		for name, each := range v {
			v[name] = changed(each, change)
		}
	case []any:
		for i, each := range v {
			v[i] = changed(each, change)
		}
	}
	return value
}

// retryBodyPart is a body that is not what it was. The first attempt is as it has to be.
func retryBodyPart() part {
	again := func(do func(d *draft)) func(d *draft) {
		return func(d *draft) {
			if d.op.tries > 1 {
				do(d)
			}
		}
	}
	return part{"retry", stepBody, creations, []way{
		{name: "indented", says: "writes the JSON of a retry in another way", breaks: []string{"CLI-KEY-02"}, do: again(func(d *draft) {
			var pretty bytes.Buffer
			if json.Indent(&pretty, d.body, "", " ") == nil {
				d.body = pretty.Bytes()
			}
		})},
		{name: "field", says: "says in the body which attempt it is", breaks: []string{"CLI-KEY-02"}, do: again(inBody("attempt", func(*draft, string) any { return "again" }))},
		{name: "amount", says: "asks for another amount in a retry", breaks: []string{"CLI-KEY-02"}, do: again(inBody("amount", func(*draft, string) any { return json.Number("9.99") }))},
	}, ""}
}

func lookupPart() part {
	const name = d24.HeaderAuthorization
	to := func(value func(c d24.Credentials) string) func(d *draft) {
		return header(name, func(d *draft, _ string) string { return value(d.c.credentials) })
	}
	wrong := []string{"DEP-AUTH-03"}
	return part{"lookup", stepSeal, lookups, []way{
		{name: "missing", says: "leaves Authorization out", breaks: []string{"DEP-AUTH-01"}, do: leftOut(name)},
		{name: "empty", says: "sends an empty Authorization", breaks: []string{"DEP-AUTH-01"}, do: empty(name)},
		{name: "cut", says: "sends the read-only key without its last letter", breaks: wrong, do: cut(name, 1)},
		{name: "upper-case", says: "sends the read-only key in upper case", breaks: wrong, do: to(func(c d24.Credentials) string { return d24.BearerScheme + strings.ToUpper(c.Deposits.ReadOnlyKey) })},
		{name: "cashouts-key", says: "sends the cashouts API Key as Bearer", breaks: wrong, do: to(func(c d24.Credentials) string { return d24.BearerScheme + c.Cashouts.APIKey })},
		{name: "bare", says: "sends the read-only key without a scheme", breaks: wrong, do: to(func(c d24.Credentials) string { return c.Deposits.ReadOnlyKey })},
	}, "cut"}
}
