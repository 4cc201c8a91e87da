package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// sheet lays text out for a person: labels on the left, wrapped text beside them.
// It is written at once, by [app.printSheet].
type sheet struct {
	text  strings.Builder
	width int
	color bool
}

// The few ANSI styles in use.
const (
	styleBold   = "1"
	styleDim    = "2"
	styleRed    = "31"
	styleGreen  = "32"
	styleYellow = "33"
)

func (a *app) newSheet() *sheet {
	return &sheet{width: max(a.width(), 2*sheetIndent), color: a.color()}
}

func (a *app) printSheet(s *sheet) error { return a.printf("%s", s.text.String()) }

func (s *sheet) style(text string, codes ...string) string {
	if !s.color || text == "" {
		return text
	}
	return "\x1b[" + strings.Join(codes, ";") + "m" + text + "\x1b[0m"
}

func (s *sheet) printf(format string, args ...any) { fmt.Fprintf(&s.text, format, args...) }

// line writes one line as it is: what has to be copied is never broken.
func (s *sheet) line(indent int, text string) { s.printf("%*s%s\n", indent, "", text) }

// wrapped writes a text over as many lines as it needs, of which the first begins in
// column start. A word that is longer than a line stays whole.
func (s *sheet) wrapped(indent, start int, text string, styles ...string) {
	var line []string
	column := start
	flush := func() {
		words := strings.Join(line, " ")
		if len(styles) > 0 {
			words = s.style(words, styles...)
		}
		s.text.WriteString(words + "\n")
	}
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		if len(line) > 0 && column+n > s.width {
			flush()
			s.printf("%*s", indent, "")
			line, column = nil, indent
		}
		line = append(line, word)
		column += n + 1
	}
	flush()
}

const (
	sheetMargin = 2
	sheetIndent = 16 // a margin, the longest label and two blanks
)

// field writes a labelled text, if there is one. An empty label continues the one
// above.
func (s *sheet) field(label, text string, styles ...string) {
	if text == "" {
		return
	}
	s.label(label)
	s.wrapped(sheetIndent, sheetIndent, text, styles...)
}

func (s *sheet) label(label string) {
	s.printf("%*s%s", sheetMargin, "", s.style(fmt.Sprintf("%-*s", sheetIndent-sheetMargin, label), styleDim))
}

// plural counts things in words: 1 scenario, 2 scenarios.
func plural(n int, thing string) string { return counted(n, thing, thing+"s") }

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
