package exchange

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A Redactor replaces secrets by their names: {{D24_READ_ONLY_KEY}}. A peer may echo
// a secret in other forms than it was sent in, so each is looked for as it is, without
// its last character, in hexadecimal, percent-encoded, escaped for JSON and in base64
// alone or inside a longer text; the name says which: {{D24_READ_ONLY_KEY:hex}}. A nil
// Redactor changes nothing.
type Redactor struct {
	replacer *strings.Replacer
}

// minSecretLen keeps a credential of one or two characters from shredding every
// text it occurs in by chance.
const minSecretLen = 3

// minCutLen is from which length on a secret without its last character is still
// looked for.
const minCutLen = 8

// NewRedactor makes a redactor of named secrets. Where one secret contains another
// the longer one is replaced first.
func NewRedactor(secrets map[string]string) *Redactor {
	type pair struct{ form, name string }
	var pairs []pair
	for name, secret := range secrets {
		if len(secret) < minSecretLen {
			continue
		}
		seen := map[string]bool{}
		for _, form := range forms(secret) {
			if form.text != "" && !seen[form.text] {
				seen[form.text] = true
				pairs = append(pairs, pair{form.text, "{{" + name + form.suffix + "}}"})
			}
		}
	}
	sort.Slice(pairs, func(i, j int) bool {
		if len(pairs[i].form) != len(pairs[j].form) {
			return len(pairs[i].form) > len(pairs[j].form)
		}
		return pairs[i].form+pairs[i].name < pairs[j].form+pairs[j].name
	})
	list := make([]string, 0, 2*len(pairs))
	for _, p := range pairs {
		list = append(list, p.form, p.name)
	}
	// strings.Replacer compares old strings in argument order at each position, so
	// the longest form of the earliest match wins.
	return &Redactor{replacer: strings.NewReplacer(list...)}
}

// A form is one spelling of a secret, and what its name says of it behind a colon.
type form struct{ text, suffix string }

// forms are the spellings of a secret that are looked for.
func forms(secret string) []form {
	list := spellings(secret, "")
	if len(secret) >= minCutLen {
		// Probes send a credential with its last character changed.
		list = append(list, spellings(secret[:len(secret)-1], ":but-last")...)
	}
	return list
}

func spellings(secret, suffix string) []form {
	list := []form{
		{secret, ""},
		{url.QueryEscape(secret), ":url"},
		{url.PathEscape(secret), ":path"},
		{hex.EncodeToString([]byte(secret)), ":hex"},
		{strings.ToUpper(hex.EncodeToString([]byte(secret))), ":HEX"},
		{base64.RawStdEncoding.EncodeToString([]byte(secret)), ":base64"},
		{base64.RawURLEncoding.EncodeToString([]byte(secret)), ":base64url"},
	}
	list = append(list, quoted(secret)...)
	for at := range 3 {
		list = append(list,
			form{within(base64.RawStdEncoding, secret, at), fmt.Sprintf(":base64+%d", at)},
			form{within(base64.RawURLEncoding, secret, at), fmt.Sprintf(":base64url+%d", at)})
	}
	for i := range list {
		list[i].suffix = suffix + list[i].suffix
	}
	return list
}

// quoted are the ways in which the JSON libraries of the languages that merchants
// use write a string: Go escapes <, > and &, Python and PHP escape what is not ASCII,
// PHP the slash too, and others none of these.
func quoted(secret string) []form {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(secret); err != nil {
		return nil // a string can always be encoded
	}
	text := strings.TrimSuffix(plain.String(), "\n")
	text = text[1 : len(text)-1]
	var html, ascii strings.Builder
	for _, r := range text {
		switch {
		case r == '<' || r == '>' || r == '&':
			fmt.Fprintf(&html, `\u%04x`, r)
			ascii.WriteRune(r)
		case r >= utf8.RuneSelf:
			html.WriteRune(r)
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&ascii, `\u%04x`, unit)
			}
		default:
			html.WriteRune(r)
			ascii.WriteRune(r)
		}
	}
	return []form{
		{text, ":json"},
		{html.String(), ":json-html"},
		{ascii.String(), ":json-ascii"},
		{strings.ReplaceAll(ascii.String(), "/", `\/`), ":json-php"},
		{strings.ReplaceAll(text, "/", `\/`), ":json-slash"},
	}
}

// within is what the base64 of a longer text, such as the login and password of HTTP
// Basic, has in common wherever the secret begins at a byte that is at (0, 1 or 2)
// more than a multiple of three. Digits that hold bits of its neighbours as well are
// left out; of the secret they tell less than a character at each end. It is empty
// where so little is left that it could stand anywhere by chance.
func within(encoding *base64.Encoding, secret string, at int) string {
	const bitsPerDigit = 6
	encoded := encoding.EncodeToString(append(make([]byte, at), secret...))
	begin, end := (8*at+bitsPerDigit-1)/bitsPerDigit, 8*(at+len(secret))/bitsPerDigit
	if end-begin < minCutLen {
		return ""
	}
	return encoded[begin:end]
}

// String is the text without its secrets.
func (r *Redactor) String(text string) string {
	if r == nil {
		return text
	}
	return r.replacer.Replace(text)
}

// Exchange is a copy of e without its secrets; the original keeps them.
func (r *Redactor) Exchange(e *Exchange) *Exchange {
	if r == nil {
		return e
	}
	c := *e
	c.Request.URL = r.String(e.Request.URL)
	c.Request.Header = r.header(e.Request.Header)
	c.Request.Body = []byte(r.String(string(e.Request.Body)))
	if e.Response != nil {
		answer := *e.Response
		answer.Header = r.header(answer.Header)
		answer.Body = []byte(r.String(string(answer.Body)))
		c.Response = &answer
	}
	if e.Failure != nil {
		c.Failure = &Failure{Kind: e.Failure.Kind, Text: r.String(e.Failure.Text)}
	}
	return &c
}

func (r *Redactor) header(h Header) Header {
	c := make(Header, len(h))
	for i, field := range h {
		c[i] = Field{Name: r.String(field.Name), Value: r.String(field.Value)}
	}
	return c
}
