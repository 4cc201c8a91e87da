package reports

import (
	"encoding/hex"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A Signature is both sides of a signature: what was signed, and what the request as it
// was sent adds up to. Make it with [NewSignature].
type Signature struct {
	Exchange int `json:"exchange"`
	Sides
	Near Sides `json:"near"` // the part in which the two differ, or begins what was signed
}

// Sides are the two texts, each in hexadecimal digits too. What was sent is empty where it
// is what was signed.
type Sides struct {
	Signed    string `json:"signed_text"`
	SignedHex string `json:"signed_hex"`
	Sent      string `json:"sent_text,omitempty"`
	SentHex   string `json:"sent_hex,omitempty"`
}

// nearBefore and nearAfter are how much is shown around the first byte that differs: as
// many hexadecimal digits as fit on a line of 100 columns.
const (
	nearBefore = 16
	nearAfter  = 24
)

// NewSignature takes the two texts with names in the place of secrets, which stay names
// among the digits.
func NewSignature(exchange int, signed, sent string) *Signature {
	if sent == signed {
		near := cut(signed, 0, nearBefore+nearAfter)
		return &Signature{Exchange: exchange, Sides: sides(signed, ""), Near: sides(near, "")}
	}
	at := 0
	for at < len(signed) && at < len(sent) && signed[at] == sent[at] {
		at++
	}
	from, to := at-nearBefore, at+nearAfter
	return &Signature{Exchange: exchange, Sides: sides(signed, sent), Near: sides(cut(signed, from, to), cut(sent, from, to))}
}

func sides(signed, sent string) Sides {
	return Sides{Signed: signed, SignedHex: hexAround(signed), Sent: sent, SentHex: hexAround(sent)}
}

// each applies f to every text.
func (s Sides) each(f func(string) string) Sides {
	return Sides{Signed: f(s.Signed), SignedHex: f(s.SignedHex), Sent: f(s.Sent), SentHex: f(s.SentHex)}
}

// rows are the texts with their labels.
func (s Sides) rows() [][2]string {
	return [][2]string{{"signed", s.Signed}, {"in hex", s.SignedHex}, {"as sent", s.Sent}, {"in hex", s.SentHex}}
}

// secretName is what stands in the place of a secret.
var secretName = regexp.MustCompile(`\{\{[A-Z0-9_]+[^{}]*\}\}`)

// cut is a part of a text, with neither a letter nor a name cut in two.
func cut(text string, from, to int) string {
	from, to = min(max(from, 0), len(text)), min(to, len(text))
	for _, at := range secretName.FindAllStringIndex(text, -1) {
		if at[0] < from && from < at[1] {
			from = at[0]
		}
		if at[0] < to && to < at[1] {
			to = at[1]
		}
	}
	for from > 0 && from < len(text) && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	return text[from:to]
}

// hexAround is a text in hexadecimal digits, but for the names of secrets.
func hexAround(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		at := secretName.FindStringIndex(text)
		if at == nil {
			at = []int{len(text), len(text)}
		}
		b.WriteString(hex.EncodeToString([]byte(text[:at[0]])) + text[at[0]:at[1]])
		text = text[at[1]:]
	}
	return b.String()
}
