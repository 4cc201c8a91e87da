package merchant

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // a mistake that clients make, made on purpose
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// StringToSign is the text under the signature.
func (s Signing) StringToSign() []byte {
	return slices.Concat([]byte(s.Date), []byte(s.Login), s.Body)
}

// SHA1Digest is the signature that HMAC-SHA1 would give.
func SHA1Digest(_ string, s Signing) string {
	mac := hmac.New(sha1.New, []byte(s.Secret))
	mac.Write(s.StringToSign())
	return hex.EncodeToString(mac.Sum(nil))
}

// UnkeyedDigest is the SHA-256 of the text without any key.
func UnkeyedDigest(_ string, s Signing) string {
	sum := sha256.Sum256(s.StringToSign())
	return hex.EncodeToString(sum[:])
}

// Base64Digest is the right digest in base64 instead of hexadecimal digits.
func Base64Digest(digest string, _ Signing) string {
	sum, err := hex.DecodeString(digest)
	if err != nil {
		return digest
	}
	return base64.StdEncoding.EncodeToString(sum)
}

// FlipDigit changes one hexadecimal digit.
func FlipDigit(digest string, at int) string {
	if at < 0 || at >= len(digest) {
		return digest
	}
	other := byte('0')
	if digest[at] == other {
		other = '1'
	}
	return digest[:at] + string(other) + digest[at+1:]
}

// ChangeLast is a credential that is ours but for its last character.
func ChangeLast(text string) string {
	if text == "" {
		return "x"
	}
	last := byte('x')
	if text[len(text)-1] == last {
		last = 'y'
	}
	return text[:len(text)-1] + string(last)
}

// Pretty is the same JSON with white space between its parts.
func Pretty(body []byte) []byte {
	var out bytes.Buffer
	if json.Indent(&out, body, "", "  ") != nil {
		return body
	}
	return out.Bytes()
}

// Replace changes the first of several texts that the body contains.
func Replace(body []byte, pairs ...string) []byte {
	for i := 0; i+1 < len(pairs); i += 2 {
		if bytes.Contains(body, []byte(pairs[i])) {
			return bytes.Replace(body, []byte(pairs[i]), []byte(pairs[i+1]), 1)
		}
	}
	return body
}

// Rename gives the payer or the beneficiary of a request another first name.
func Rename(body []byte, name string) []byte {
	old, quoted := `"`+firstName+`"`, string(encode(name))
	return Replace(body, `"first_name":`+old, `"first_name":`+quoted, `"beneficiary_name":`+old, `"beneficiary_name":`+quoted)
}

// ChangeLastField changes the last letter or digit of the body.
func ChangeLastField(body []byte) []byte {
	changed := bytes.Clone(body)
	for i := len(changed) - 1; i >= 0; i-- {
		switch c := changed[i]; {
		case c >= 'a' && c < 'z', c >= 'A' && c < 'Z', c >= '0' && c < '9':
			changed[i]++
			return changed
		case c == 'z', c == 'Z', c == '9':
			changed[i]--
			return changed
		}
	}
	return changed
}

// EscapeUnicode spells every letter beyond ASCII as \uXXXX: the same JSON value in
// other bytes.
func EscapeUnicode(body []byte) []byte {
	var out strings.Builder
	for _, r := range string(body) {
		switch {
		case r < utf8.RuneSelf:
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return []byte(out.String())
}

// Latin1 is the text in ISO 8859-1. What that cannot hold becomes a question mark.
func Latin1(body []byte) []byte {
	out := make([]byte, 0, len(body))
	for _, r := range string(body) {
		if r > 0xff {
			r = '?'
		}
		out = append(out, byte(r))
	}
	return out
}

// A Spelling changes a text: how somebody may get a credential or a key wrong.
type Spelling struct {
	Name   string
	Change func(string) string
}

// Spellings are the forms in which a text can be nearly right.
func Spellings() []Spelling {
	replace := func(text string, at int) string {
		if at >= len(text) {
			return text
		}
		other := byte('x')
		if text[at] == other {
			other = 'y'
		}
		return text[:at] + string(other) + text[at+1:]
	}
	return []Spelling{
		{"its last character changed", ChangeLast}, // first, since a script can make it
		{"its first character changed", func(s string) string { return replace(s, 0) }},
		{"a character in the middle changed", func(s string) string { return replace(s, len(s)/2) }},
		{"cut by one character", func(s string) string { return s[:max(len(s)-1, 0)] }},
		{"cut in half", func(s string) string { return s[:len(s)/2] }},
		{"its first character missing", func(s string) string { return s[min(1, len(s)):] }},
		{"a character too many", func(s string) string { return s + "x" }},
		{"written twice", func(s string) string { return s + s }},
		{"in the other case", OtherCase},
	}
}

// OtherCase has upper-case letters in lower case and the other way round.
func OtherCase(text string) string {
	if upper := strings.ToUpper(text); upper != text {
		return upper
	}
	return strings.ToLower(text)
}
