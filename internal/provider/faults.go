package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// A Fault is one thing that is wrong, or unusual, with a notification. It is data, so that a
// script can make the same one: package repro hands the options to a shell.
type Fault struct {
	Says    string   // in the words of the features: "with the first digit of its signature changed"
	Options []string // name=value; see [Fault.Tampers]
}

// Keys are the secrets that a fault may sign with.
type Keys struct {
	Own     d24.Credentials // of the merchant whose receiver it is
	Foreign d24.Credentials // of another merchant
}

// Tampers returns what makes the fault. The options are:
//
//	digest     what is done to the right digits: first, middle, last (changed), cut, half,
//	           extended, doubled, upper, lower, none, made-up
//	signature  absent, empty; of a form its control
//	scheme     the word before the digits of Authorization, with its space
//	secret     whose secret signs: other-product, foreign, passphrase, deposits-key,
//	           read-only-key, cashouts-key, nobody
//	signs      the parts of the signed text, joined by +: date, login, body, another-date,
//	           another-login, another-body; of a form Be4, external_id, Bo7, cashout_id, another
//	date       X-Date after signing: absent, or so many seconds later
//	login      X-Login after signing: absent, foreign
//	body       the body after signing: spaced, newline, leading, field
//	signed     the body that is signed instead of the one that is sent: spaced
//	sent       the body that is signed and sent: spaced, large, json (of a form), or status and a word
//	age        seconds by which the X-Date is moved that is signed and sent
//	as         the X-Login that is signed and sent: foreign
//	external   the external_id of a form after signing: another, first, last, cut, extended
//	payload    Payload-Signature: absent, wrong
//	type       the Content-Type: json, or charset, which names UTF-8 behind the usual one
//
// It panics at an option that it does not know: faults are compiled in, and a test makes all.
func (f Fault) Tampers(keys Keys) []Tamper {
	var list []Tamper
	for _, option := range f.Options {
		name, value, _ := strings.Cut(option, "=")
		list = append(list, tamper(name, value, keys))
	}
	return list
}

func tamper(name, value string, keys Keys) Tamper {
	switch name {
	case "digest":
		return WithSignature(func(digest string) string { return edit(value, digest) })
	case "signature":
		if value == "absent" {
			return WithoutSignature()
		}
		return withEmptySignature()
	case "scheme":
		return WithScheme(value)
	case "secret":
		return withSecretOf(value, keys)
	case "signs":
		return signing(strings.Split(value, "+"), keys)
	case "date":
		if seconds, err := strconv.Atoi(value); err == nil {
			return DateAfterSigning(time.Duration(seconds) * time.Second)
		}
		return withoutHeader(d24.HeaderDate)
	case "login":
		if value == "absent" {
			return withoutHeader(d24.HeaderLogin)
		}
		return Tamper{After: func(d *Draft) { d.Header.Set(d24.HeaderLogin, keys.Foreign.Deposits.APIKey) }}
	case "body":
		return BodyAfterSigning(func(body []byte) []byte { return rewrite(value, body) })
	case "signed":
		return SigningOther(func(body []byte) []byte { return rewrite(value, body) })
	case "sent":
		return WithBody(func(body []byte) []byte { return rewrite(value, body) })
	case "age":
		seconds, _ := strconv.Atoi(value)
		return Dated(time.Duration(seconds) * time.Second)
	case "as":
		return WithLogin(keys.Foreign.Deposits.APIKey)
	case "external":
		return Tamper{At: func(d *Draft) {
			d.Form.ExternalID = edit(value, d.Form.ExternalID)
			d.Body = d.Form.Encode()
		}}
	case "type":
		if value == "json" {
			return Tamper{After: func(d *Draft) { d.Header.Set(d24.HeaderContentType, d24.ContentTypeJSON) }}
		}
		return Tamper{After: func(d *Draft) {
			d.Header.Set(d24.HeaderContentType, d.Header.Get(d24.HeaderContentType)+"; charset=utf-8")
		}}
	case "payload":
		if value == "absent" {
			return WithoutPayloadSignature()
		}
		return Tamper{After: func(d *Draft) {
			d.Header.Set(d24.HeaderPayloadSignature, edit("last", d.Header.Get(d24.HeaderPayloadSignature)))
		}}
	}
	panic(fmt.Sprintf("provider: there is no option %s=%s", name, value)) //nolint:forbidigo // faults are compiled in
}

// MadeUp are digits that nobody computed.
const MadeUp = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// edit changes a digest, or an id, in one place.
func edit(how, text string) string {
	switch how {
	case "first":
		return flip(text, 0)
	case "middle":
		return flip(text, len(text)/2)
	case "last":
		return flip(text, len(text)-1)
	case "cut":
		return text[:len(text)-1]
	case "half":
		return text[:len(text)/2]
	case "extended":
		return text + "0"
	case "doubled":
		return text + text
	case "upper":
		return strings.ToUpper(text)
	case "lower":
		return strings.ToLower(text)
	case "none":
		return ""
	case "made-up":
		if strings.ToUpper(text) == text {
			return strings.ToUpper(MadeUp)
		}
		return MadeUp
	case "another":
		return "another"
	}
	panic(fmt.Sprintf("provider: nothing edits %q", how)) //nolint:forbidigo // as above
}

// flip changes one character into another digit.
func flip(text string, at int) string {
	other := "0"
	if text[at] == other[0] {
		other = "1"
	}
	return text[:at] + other + text[at+1:]
}

// largeSpace is the white space that makes a body large: more than a buffer of 4 KiB.
const largeSpace = 5 << 10

// rewrite changes a body.
func rewrite(how string, body []byte) []byte {
	word, status, says := strings.Cut(how, " ")
	switch {
	case says && word == "status": // of JSON and of a form
		if bytes.HasPrefix(body, []byte("{")) {
			return append(bytes.TrimSuffix(bytes.Clone(body), []byte("}")), `,"status":"`+status+`"}`...)
		}
		return append(bytes.Clone(body), "&status="+status+"&cashout_status=1"...)
	case how == "json":
		form, _ := url.ParseQuery(string(body)) // our own
		fields := map[string]string{}
		for name := range form {
			if name != "control" {
				fields[name] = form.Get(name)
			}
		}
		text, _ := json.Marshal(fields) //nolint:errchkjson // texts can be encoded
		return text
	case how == "spaced":
		return bytes.ReplaceAll(body, []byte(":"), []byte(" : "))
	case how == "large":
		return append(bytes.Clone(body), bytes.Repeat([]byte(" "), largeSpace)...)
	case how == "newline":
		return append(bytes.Clone(body), '\n')
	case how == "leading":
		return append([]byte(" "), body...)
	case how == "field":
		return append(bytes.TrimSuffix(bytes.Clone(body), []byte("}")), `,"added":1}`...)
	}
	panic(fmt.Sprintf("provider: nothing rewrites a body %q", how)) //nolint:forbidigo // as above
}

func withoutHeader(name string) Tamper {
	return Tamper{After: func(d *Draft) { d.Header.Delete(name) }}
}

// withEmptySignature leaves the field and takes its value away.
func withEmptySignature() Tamper {
	return Tamper{
		At: func(d *Draft) {
			d.Body = bytes.Replace(d.Body, []byte("&control="+d.Form.Control), []byte("&control="), 1)
		},
		After: func(d *Draft) {
			if d.Kind == d24.CashoutNotification {
				d.Header.Delete(d24.HeaderPayloadSignature)
			} else {
				d.Header.Set(d24.HeaderAuthorization, "")
			}
		},
	}
}

// withSecretOf makes Authorization, or control alone, with another secret.
func withSecretOf(whose string, keys Keys) Tamper {
	return Tamper{Before: func(d *Draft) {
		isForm := d.Kind == d24.CashoutNotification
		product := func(c d24.Credentials, cashouts bool) string {
			if cashouts {
				return c.Cashouts.APISignature
			}
			return c.Deposits.APISignature
		}
		secret := map[string]string{
			"other-product": product(keys.Own, !isForm), "foreign": product(keys.Foreign, isForm),
			"passphrase": keys.Own.Cashouts.APIPassphrase, "deposits-key": keys.Own.Deposits.APIKey,
			"read-only-key": keys.Own.Deposits.ReadOnlyKey, "cashouts-key": keys.Own.Cashouts.APIKey,
		}[whose]
		if isForm {
			d.Control = &secret
		} else {
			d.Secret = secret
		}
	}}
}

// signing signs a text of other parts, with the right secret.
func signing(parts []string, keys Keys) Tamper {
	return Tamper{Before: func(d *Draft) {
		d.Text = func() []byte {
			var text []byte
			for _, part := range parts {
				text = append(text, d.part(part, keys)...)
			}
			return text
		}
	}}
}

func (d *Draft) part(name string, keys Keys) string {
	switch name {
	case "date":
		return d.Date
	case "another-date":
		return d24.FormatDate(d.Now.Add(time.Minute))
	case "login":
		return d.Login
	case "another-login":
		return keys.Foreign.Deposits.APIKey
	case "body":
		return string(d.Body)
	case "another-body":
		return string(d24.EncodeNotification(d.Kind, "1"))
	case "external_id":
		return d.Form.ExternalID
	case "cashout_id":
		return string(d.Form.CashoutID)
	}
	return name // Be4, Bo7, another
}
