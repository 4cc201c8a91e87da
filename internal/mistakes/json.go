package mistakes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A node is a JSON value that remembers the order of its fields and the spelling of its
// numbers, which encoding/json forgets.
type node struct {
	open     byte // '{' or '['; 0 for a single value
	names    []string
	children []*node
	value    any // of a single value: string, json.Number, bool or nil
}

// parse reads a document.
func parse(text []byte) (*node, bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	n, err := read(d)
	if err != nil || d.More() {
		return nil, false
	}
	return n, true
}

func read(d *json.Decoder) (*node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	delimiter, ok := token.(json.Delim)
	if !ok {
		return &node{value: token}, nil
	}
	n := &node{open: delimiter.String()[0]}
	for d.More() {
		if n.open == '{' {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			n.names = append(n.names, fmt.Sprint(name))
		}
		child, err := read(d)
		if err != nil {
			return nil, err
		}
		n.children = append(n.children, child)
	}
	_, err = d.Token()
	return n, err
}

// without is the object without these fields.
func (n *node) without(names ...string) *node {
	out := &node{open: n.open, value: n.value}
	for i, child := range n.children {
		if n.open == '{' && slices.Contains(names, n.names[i]) {
			continue
		}
		out.children = append(out.children, child)
		if n.open == '{' {
			out.names = append(out.names, n.names[i])
		}
	}
	return out
}

// A style is one way to write JSON.
type style struct {
	sorted              bool
	colon, comma        string
	indent              string // with indent each part has a line of its own
	unicode, slash, web bool   // what is escaped: all but ASCII, the slash, <>&
	numbers             string
}

// The ways in which numbers are rewritten.
const (
	shortest = "shortest" // 10.50 becomes 10.5
	decimal  = "decimal"  // 100 becomes 100.0
	cents    = "cents"    // 10.5 becomes 10.50
	quotes   = "quotes"
)

// styles are all combinations that the JSON libraries of the usual languages come to.
func styles() []style {
	var list []style
	for _, numbers := range []string{"", shortest, decimal, cents, quotes} {
		for _, sorted := range []bool{false, true} {
			for _, layout := range []style{
				{colon: ":", comma: ","},
				{colon: ": ", comma: ", "},
				{colon: ": ", comma: ",", indent: "  "},
				{colon: ": ", comma: ",", indent: "    "},
				{colon: ": ", comma: ",", indent: "\t"},
			} {
				for _, escapes := range []style{{}, {unicode: true}, {slash: true}, {unicode: true, slash: true}, {web: true}} {
					layout.sorted, layout.numbers = sorted, numbers
					layout.unicode, layout.slash, layout.web = escapes.unicode, escapes.slash, escapes.web
					list = append(list, layout)
				}
			}
		}
	}
	return list
}

// ways are the respects in which the style differs from plain writing.
func (s style) ways() []way {
	var list []way
	for _, each := range []struct {
		applies bool
		way
	}{
		{s.sorted, way{"reordered-keys", "with its keys in another order"}},
		{s.indent != "", way{"pretty-printed", "pretty-printed"}},
		{s.indent == "" && s.comma != ",", way{"spaced", "with a space after each colon and comma"}},
		{s.unicode, way{"unicode-escapes", `with \u escapes for what is not ASCII`}},
		{s.slash, way{"escaped-slashes", `with slashes as \/`}},
		{s.web, way{"html-escapes", `with \u escapes for <, > and &`}},
		{s.numbers == quotes, way{"quoted-numbers", "with its numbers as strings"}},
		{s.numbers != "" && s.numbers != quotes, way{"numbers-rewritten", "with a number in another notation"}},
	} {
		if each.applies {
			list = append(list, each.way)
		}
	}
	return list
}

func (s style) write(n *node) []byte {
	var b strings.Builder
	s.append(&b, n, "\n")
	return []byte(b.String())
}

func (s style) append(b *strings.Builder, n *node, line string) {
	if n.open == 0 {
		b.WriteString(s.single(n.value))
		return
	}
	order := make([]int, len(n.children))
	for i := range order {
		order[i] = i
	}
	if s.sorted && n.open == '{' {
		slices.SortStableFunc(order, func(i, j int) int { return strings.Compare(n.names[i], n.names[j]) })
	}
	b.WriteByte(n.open)
	inner := line
	if s.indent != "" {
		inner += s.indent
	}
	for at, i := range order {
		if at > 0 {
			b.WriteString(s.comma)
		}
		if s.indent != "" {
			b.WriteString(inner)
		}
		if n.open == '{' {
			b.WriteString(s.quote(n.names[i]) + s.colon)
		}
		s.append(b, n.children[i], inner)
	}
	if s.indent != "" && len(order) > 0 {
		b.WriteString(line)
	}
	b.WriteByte(n.open + 2) // ] and } stand two places behind [ and {
}

func (s style) single(value any) string {
	switch v := value.(type) {
	case string:
		return s.quote(v)
	case json.Number:
		return s.number(v.String())
	case nil:
		return "null"
	}
	return fmt.Sprint(value)
}

func (s style) number(text string) string {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	switch s.numbers {
	case shortest:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case decimal:
		if !strings.ContainsAny(text, ".eE") {
			return text + ".0"
		}
	case cents:
		return strconv.FormatFloat(value, 'f', 2, 64)
	case quotes:
		return `"` + text + `"`
	}
	return text
}

// quote writes a string as the style does.
func (s style) quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '/' && s.slash:
			b.WriteString(`\/`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ', s.web && (r == '<' || r == '>' || r == '&'), s.unicode && r >= utf8.RuneSelf && r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		case s.unicode && r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
