package reports

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

//go:embed results.schema.json
var schema []byte

// Schema returns the JSON Schema of results.json (draft 2020-12).
func Schema() []byte { return bytes.Clone(schema) }

// WriteJSON writes results.json: one indented JSON document. Texts are exact,
// except that a byte that is not UTF-8 becomes \x{ff}; characters that cannot
// be seen are written in JSON's own escapes, so that the file can be shown on
// a terminal and still gives the exact text to a program.
func WriteJSON(w io.Writer, r Results) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // the file is read by people too, and never by a browser
	enc.SetIndent("", "  ")
	if err := enc.Encode(r.Map(showInvalid)); err != nil {
		return fmt.Errorf("write results as JSON: %w", err)
	}
	if _, err := w.Write(escapeJSON(buf.Bytes())); err != nil {
		return fmt.Errorf("write results as JSON: %w", err)
	}
	return nil
}

// escapeJSON replaces invisible characters of a JSON document by \uXXXX. They
// can stand in strings only, so this changes no value. Line breaks of the
// document itself stay.
func escapeJSON(doc []byte) []byte {
	out := make([]byte, 0, len(doc))
	for len(doc) > 0 {
		c, size := utf8.DecodeRune(doc)
		switch {
		case c == '\n' || visible(c):
			out = append(out, doc[:size]...)
		case c > 0xffff:
			hi, lo := utf16.EncodeRune(c)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, c)
		}
		doc = doc[size:]
	}
	return out
}
