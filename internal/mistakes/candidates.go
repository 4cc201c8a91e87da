package mistakes

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // a mistake that clients make
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// A candidate is one mistake and what it would have come to.
type candidate struct {
	about      About
	name, what string
	sum        func() []byte
	text       []byte // that is signed with the right key; nil with another or by another function
}

// A try is told of each candidate until it says that it has seen enough.
type try func(candidate) bool

// candidates goes through the mistakes, the cheapest and most usual first.
func (r Request) candidates(enough try) {
	for _, topic := range []func(try) bool{r.keys, r.formulas, r.algorithms, r.dates, r.bodies} {
		if !topic(enough) {
			return
		}
	}
}

func mac(key string, text []byte) []byte { return macWith(sha256.New, key, text) }

func macWith(algorithm func() hash.Hash, key string, text []byte) []byte {
	h := hmac.New(algorithm, []byte(key))
	h.Write(text)
	return h.Sum(nil)
}

// signing is a candidate that signs another text with the right key.
func (r Request) signing(about About, name, what string, text []byte) candidate {
	return candidate{about, name, what, func() []byte { return mac(r.Key, text) }, text}
}

// keys tries other keys.
func (r Request) keys(next try) bool {
	keyed := func(name, what, key string) bool {
		return key == r.Key || next(candidate{about: Key, name: name, what: what, sum: func() []byte { return mac(key, r.rightText()) }})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Others)) {
		if r.Others[name] != "" && !keyed("wrong-key", "the "+name+" was used as the signing key", r.Others[name]) {
			return false
		}
	}
	decoded := func(decode func(string) ([]byte, error)) string {
		key, err := decode(r.Key)
		if err != nil {
			return r.Key
		}
		return string(key)
	}
	hashed := sha256.Sum256([]byte(r.Key))
	return keyed("empty-key", "an empty key was used", "") &&
		keyed("key-trailing-newline", "the key was read with the newline at the end of its file", r.Key+"\n") &&
		keyed("key-trailing-newline", "the key was read with the line break at the end of its file", r.Key+"\r\n") &&
		keyed("key-quoted", "the key was read with the quotes around it", `"`+r.Key+`"`) &&
		keyed("key-quoted", "the key was read with the quotes around it", "'"+r.Key+"'") &&
		keyed("key-trimmed", "spaces at the ends of the key were removed", strings.TrimSpace(r.Key)) &&
		keyed("key-latin-1", "the key was taken as Latin-1 instead of UTF-8", string(latin1([]byte(r.Key)))) &&
		keyed("key-decoded-from-hex", "a key that looks like hex was decoded first", decoded(hex.DecodeString)) &&
		keyed("key-decoded-from-base64", "a key that looks like base64 was decoded first", decoded(base64.StdEncoding.DecodeString)) &&
		keyed("key-cut-to-64", "a key longer than 64 bytes was cut instead of hashed", r.Key[:min(len(r.Key), sha256.BlockSize)]) &&
		keyed("key-always-hashed", "a key of at most 64 bytes was hashed first", string(hashed[:]))
}

// algorithms tries other functions.
func (r Request) algorithms(next try) bool {
	text := r.rightText()
	plain := func(parts ...[]byte) func() []byte {
		return func() []byte { sum := sha256.Sum256(bytes.Join(parts, nil)); return sum[:] }
	}
	key := []byte(r.Key)
	for _, c := range []candidate{
		{Algorithm, "sha-1", "HMAC-SHA-1 instead of HMAC-SHA-256", func() []byte { return macWith(sha1.New, r.Key, text) }, nil},
		{Algorithm, "sha-512", "HMAC-SHA-512 instead of HMAC-SHA-256", func() []byte { return macWith(sha512.New, r.Key, text) }, nil},
		{Algorithm, "md5", "HMAC-MD5 instead of HMAC-SHA-256", func() []byte { return macWith(md5.New, r.Key, text) }, nil},
		{Algorithm, "no-hmac", "plain SHA-256 of key and text instead of HMAC", plain(key, text), nil},
		{Algorithm, "no-hmac", "plain SHA-256 of text and key instead of HMAC", plain(text, key), nil},
		{Algorithm, "no-hmac", "plain SHA-256 of the text, without the key", plain(text), nil},
		{Algorithm, "swapped-key-message", "key and message changed places in the call of HMAC", func() []byte { return mac(string(text), key) }, nil},
	} {
		if !next(c) {
			return false
		}
	}
	return true
}

// formulas tries other ways to put the right parts together.
func (r Request) formulas(next try) bool {
	type formula struct{ name, what, text string }
	d, l, b := r.Date, r.Login, string(r.Body)
	list := []formula{{"no-body", "the body was left out", d + l}}
	if r.Cashouts {
		list = append(list, formula{"no-body", "the body was left out", ""})
		d, l = "", ""
		list = append(list, formula{"deposit-formula", "X-Date and X-Login were signed as well, as deposits are", r.Date + r.Login + b})
	} else {
		list = append(list,
			formula{"body-only", "the body alone was signed, as cashouts are", b},
			formula{"no-date", "X-Date was left out", l + b},
			formula{"no-login", "X-Login was left out", d + b},
			formula{"swapped-order", "X-Login was signed before X-Date", l + d + b},
			formula{"body-first", "the body was signed before X-Date and X-Login", b + d + l},
			formula{"login-case-changed", "X-Login was signed in lower case but sent as it is", d + strings.ToLower(l) + b},
			formula{"login-case-changed", "X-Login was signed in upper case but sent as it is", d + strings.ToUpper(l) + b})
		for _, separator := range []string{"\n", "\r\n", " ", "|", ":", ",", ".", "&", "-", "_"} {
			list = append(list, formula{"separators", fmt.Sprintf("the parts were joined by %q", separator), strings.Join([]string{d, l, b}, separator)})
		}
	}
	target := r.Path
	if r.Query != "" {
		target += "?" + r.Query
		list = append(list, formula{"query-signed", "the query was signed as well", d + l + r.Query})
	}
	for _, path := range []string{r.Method + r.Path, r.Method + target, r.Path, target} {
		list = append(list,
			formula{"path-signed", "method and path were signed as well", d + l + path + b},
			formula{"path-signed", "method and path were signed as well", path + d + l + b},
			formula{"path-signed", "method and path were signed as well", d + l + b + path})
	}
	if key := r.Idempotency; key != "" {
		list = append(list,
			formula{"idempotency-key-signed", "X-Idempotency-Key was signed as well", d + l + key + b},
			formula{"idempotency-key-signed", "X-Idempotency-Key was signed as well", d + l + b + key})
	}
	if len(b) == 0 {
		list = append(list,
			formula{"empty-object", "an empty body was signed as {}", d + l + "{}"},
			formula{"empty-object", "an empty body was signed as []", d + l + "[]"},
			formula{"null-body", "an empty body was signed as null", d + l + "null"},
			formula{"null-body", "an empty body was signed as undefined", d + l + "undefined"},
			formula{"null-body", "an empty body was signed as None", d + l + "None"},
			formula{"null-body", `an empty body was signed as ""`, d + l + `""`})
	}
	for _, f := range list {
		if !next(r.signing(Text, f.name, f.what, []byte(f.text))) {
			return false
		}
	}
	return true
}

// Bounds of the dates that are tried.
const (
	nearestSeconds = 10             // the clock was read twice, or once for all attempts
	furthestZone   = 14 * time.Hour // Kiribati
	zoneStep       = 15 * time.Minute
)

// dates tries other dates than the one that was sent.
func (r Request) dates(next try) bool {
	date, err := d24.ParseDateLoosely(r.Date)
	if r.Cashouts || err != nil {
		return true
	}
	dated := func(name, what, text string) bool {
		return text == r.Date || next(r.signing(Date, name, what, r.text(text, r.Login, r.Body)))
	}
	const twice = "the clock was read twice: X-Date says %s and %s was signed"
	for i := 1; i <= nearestSeconds; i++ {
		for _, second := range []int{i, -i} {
			other := d24.FormatDate(date.Add(time.Duration(second) * time.Second))
			if !dated("another-second", fmt.Sprintf(twice, r.Date, other), other) {
				return false
			}
		}
	}
	utc := date.UTC()
	if !dated("offset", "the signed date ends in +0000 instead of Z", utc.Format("2006-01-02T15:04:05+0000")) ||
		!dated("offset", "the signed date ends in +00:00 instead of Z", utc.Format("2006-01-02T15:04:05+00:00")) ||
		!dated("no-zone", "the signed date has no Z", utc.Format("2006-01-02T15:04:05")) ||
		!dated("no-fraction", "the fraction of X-Date was not signed", d24.FormatDate(date)) ||
		!dated("epoch-seconds", "seconds since 1970 were signed instead of X-Date", fmt.Sprint(date.Unix())) {
		return false
	}
	for ms := range 1000 {
		if !dated("milliseconds", "the signed date has milliseconds, X-Date has none", utc.Format("2006-01-02T15:04:05")+fmt.Sprintf(".%03dZ", ms)) {
			return false
		}
	}
	for zone := -furthestZone; zone <= furthestZone; zone += zoneStep {
		local := utc.Add(zone)
		if !dated("local-time", fmt.Sprintf("the signed date is local time, %s from UTC", zone), d24.FormatDate(local)) ||
			!dated("offset", "the signed date has an offset", utc.In(time.FixedZone("", int(zone.Seconds()))).Format("2006-01-02T15:04:05-07:00")) {
			return false
		}
	}
	return true
}

// bodies tries other bytes than those that were sent.
func (r Request) bodies(next try) bool {
	return otherBytes(r.Body, func(about About, name, what string, body []byte) bool {
		return bytes.Equal(body, r.Body) || next(r.signing(about, name, what, r.text(r.Date, r.Login, body)))
	})
}
