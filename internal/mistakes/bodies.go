package mistakes

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const byteOrderMark = "\ufeff"

// otherBytes goes through what a body may have been when it was signed.
func otherBytes(body []byte, next func(about About, name, what string, body []byte) bool) bool {
	for _, v := range []struct {
		about      About
		name, what string
		body       []byte
	}{
		{Text, "trailing-newline", "a newline was signed after the body", append(bytes.Clone(body), '\n')},
		{Text, "trailing-newline", "a line break was signed after the body", append(bytes.Clone(body), "\r\n"...)},
		{Text, "trimmed", "white space at an end of the text was not signed", bytes.TrimSpace(body)},
		{Text, "line-endings", "CRLF was signed as LF", bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))},
		{Charset, "latin-1", "the body was signed as Latin-1 (ISO 8859-1) instead of UTF-8", latin1(body)},
		{Charset, "question-marks", "characters that the charset lacks were signed as question marks", questionMarks(body)},
		{Charset, "double-utf-8", "the body's UTF-8 bytes were taken for Latin-1 and encoded once more", doubled(body)},
		{Charset, "utf-16", "the body was signed as UTF-16 instead of UTF-8", wide(body, binary.LittleEndian)},
		{Charset, "utf-16", "the body was signed as UTF-16 instead of UTF-8", wide(body, binary.BigEndian)},
		{Charset, "cesu-8", "characters beyond U+FFFF were signed as two three-byte surrogates (CESU-8)", surrogates(body)},
		{Charset, "bom", "a UTF-8 byte order mark was signed before the body", append([]byte(byteOrderMark), body...)},
		{Charset, "bom-stripped", "the body's byte order mark was sent but not signed", bytes.TrimPrefix(body, []byte(byteOrderMark))},
		{Charset, "utf-8-signed-latin-1-sent", "the body was signed as UTF-8 and sent as Latin-1", doubled(body)},
	} {
		if !next(v.about, v.name, v.what, v.body) {
			return false
		}
	}
	tree, ok := parse(body)
	if !ok {
		return true
	}
	return rewritten(tree, nil, next) &&
		rewritten(tree.without("login", "pass"), []way{{"signed-before-credentials", "before login and pass were added to it"}}, next)
}

// A way is one respect in which JSON can be written differently.
type way struct{ name, what string }

// rewritten goes through the ways to write the same JSON. Those with the fewest
// differences from plain writing come first.
func rewritten(tree *node, already []way, next func(about About, name, what string, body []byte) bool) bool {
	for _, s := range styles() {
		ways := slices.Concat(already, s.ways())
		if len(ways) == 0 {
			ways = []way{{"compacted", "without its white space and superfluous escapes"}}
		}
		names, whats := make([]string, len(ways)), make([]string, len(ways))
		for i, w := range ways {
			names[i], whats[i] = w.name, w.what
		}
		if !next(Text, strings.Join(names, "+"), "the body was signed "+strings.Join(whats, " and "), s.write(tree)) {
			return false
		}
	}
	return true
}

// latin1 is the text in ISO 8859-1; what that lacks becomes a question mark.
func latin1(text []byte) []byte { return narrowed(text, 0xff) }

// questionMarks is the text in ASCII.
func questionMarks(text []byte) []byte { return narrowed(text, 0x7f) }

func narrowed(text []byte, last rune) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		if r > last {
			r = '?'
		}
		out = append(out, byte(r))
	}
	return out
}

// doubled takes the bytes for Latin-1 and encodes them in UTF-8.
func doubled(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, b := range text {
		out = utf8.AppendRune(out, rune(b))
	}
	return out
}

func wide(text []byte, order binary.AppendByteOrder) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(string(text))) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

// surrogates is the text in CESU-8: each half of a pair in three bytes.
func surrogates(text []byte) []byte {
	var out []byte
	for _, r := range string(text) {
		if r <= 0xffff {
			out = utf8.AppendRune(out, r)
			continue
		}
		high, low := utf16.EncodeRune(r)
		for _, half := range []rune{high, low} {
			// utf8 refuses to write halves: 1110xxxx 10xxxxxx 10xxxxxx by hand.
			out = append(out, byte(0xe0|half>>12), byte(0x80|half>>6&0x3f), byte(0x80|half&0x3f)) //nolint:gosec // at most 16 bits
		}
	}
	return out
}
