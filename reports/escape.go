package reports

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape returns s with every character that a reader cannot see, or that
// makes a terminal or a browser do something, written as \u{1b}: control
// characters (line breaks included), ANSI escapes, direction overrides,
// zero-width characters, blanks other than the space. A byte that is not UTF-8
// is written as \x{ff}. Letters of all scripts stay.
//
// The result is one line of printable, valid UTF-8, fit for XML, and escaping
// it again changes nothing. It is made for eyes: what a target sent exactly is
// in results.json.
func Escape(s string) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = s[i] >= ' ' && s[i] < 0x7f
	}
	if clean {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x{%02x}`, s[i])
		case visible(r):
			b.WriteString(s[i : i+size])
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
		i += size
	}
	return b.String()
}

// visible reports whether a character shows itself and nothing else.
func visible(r rune) bool {
	// IsPrint leaves out controls, formats (direction, zero width, tags),
	// surrogates, unassigned code points and all blanks but the space.
	return unicode.IsPrint(r) && !unicode.Is(&invisible, r)
}

// invisible holds what Unicode counts as a letter, mark or symbol although it
// shows nothing: fillers, joiners and variation selectors.
var invisible = unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x034f, Hi: 0x034f, Stride: 1}, // combining grapheme joiner
		{Lo: 0x115f, Hi: 0x1160, Stride: 1}, // Hangul fillers
		{Lo: 0x17b4, Hi: 0x17b5, Stride: 1}, // Khmer inherent vowels
		{Lo: 0x180b, Hi: 0x180f, Stride: 1}, // Mongolian selectors
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, // blank Braille pattern
		{Lo: 0x3164, Hi: 0x3164, Stride: 1}, // Hangul filler
		{Lo: 0xfe00, Hi: 0xfe0f, Stride: 1}, // variation selectors
		{Lo: 0xffa0, Hi: 0xffa0, Stride: 1}, // half-width Hangul filler
	},
	R32: []unicode.Range32{
		{Lo: 0xe0100, Hi: 0xe01ef, Stride: 1}, // more variation selectors
	},
}

// showInvalid writes bytes that are not UTF-8 as \x{ff} and leaves the rest:
// a JSON encoder would replace them all by one sign and lose them.
func showInvalid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x{%02x}`, s[i])
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}
