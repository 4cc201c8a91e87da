package exchange

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"sort"
	"strings"
)

// A Redactor replaces secrets by their names: {{D24_READ_ONLY_KEY}}. It knows each
// secret as it is, in base64, in hex, percent-encoded and escaped for JSON, since
// a peer may echo it in any of these. A nil Redactor changes nothing.
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
			if !seen[form.text] {
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

type form struct{ text, suffix string }

// forms are the spellings of a secret that are looked for.
func forms(secret string) []form {
	quoted, _ := json.Marshal(secret)
	list := []form{
		{secret, ""},
		{strings.Trim(string(quoted), `"`), ":json"},
		{url.QueryEscape(secret), ":url"},
		{base64.StdEncoding.EncodeToString([]byte(secret)), ":base64"},
		{base64.RawURLEncoding.EncodeToString([]byte(secret)), ":base64url"},
		{hex.EncodeToString([]byte(secret)), ":hex"},
		{strings.ToUpper(hex.EncodeToString([]byte(secret))), ":HEX"},
	}
	if len(secret) >= minCutLen {
		// Probes send a credential with its last character changed.
		list = append(list, form{secret[:len(secret)-1], ":but-last"})
	}
	return list
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
