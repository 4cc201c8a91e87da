package target

import (
	"errors"
	"strings"
)

// SplitCommand splits a command line into its words as a POSIX shell does: white space
// separates, '…' keeps everything, "…" everything but a backslash before ", \, $ and `,
// and a backslash keeps the character behind it. Nothing is expanded and no shell runs.
func SplitCommand(line string) ([]string, error) {
	var (
		words  []string
		word   strings.Builder
		inside bool // a word, be it an empty one in quotes
	)
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t', '\n', '\r':
			if inside {
				words = append(words, word.String())
				word.Reset()
				inside = false
			}
		case '\'':
			end := strings.IndexByte(line[i+1:], '\'')
			if end < 0 {
				return nil, errors.New("a ' is not closed")
			}
			word.WriteString(line[i+1 : i+1+end])
			i, inside = i+1+end, true
		case '"':
			inside = true
			for i++; ; i++ {
				if i >= len(line) {
					return nil, errors.New(`a " is not closed`)
				}
				if line[i] == '"' {
					break
				}
				if line[i] == '\\' && i+1 < len(line) && strings.IndexByte("\"\\$`", line[i+1]) >= 0 {
					i++
				}
				word.WriteByte(line[i])
			}
		case '\\':
			if i++; i >= len(line) {
				return nil, errors.New(`it ends in a \`)
			}
			word.WriteByte(line[i])
			inside = true
		default:
			word.WriteByte(c)
			inside = true
		}
	}
	if inside {
		words = append(words, word.String())
	}
	if len(words) == 0 {
		return nil, errors.New("it is empty")
	}
	return words, nil
}
