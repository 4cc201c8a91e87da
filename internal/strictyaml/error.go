package strictyaml

import (
	"fmt"
	"strings"
)

// An Error is a mistake in what a person wrote, told to the person who can mend it.
type Error struct {
	File         string // empty when no file is to blame
	Line, Column int    // 0 when no place in the file is to blame
	Message      string // one sentence, lower case, without a full stop
	Hint         string // what to do about it; may be empty
	Err          error  // the cause; may be nil
}

// Error is file:line:column: message, as far as these are known.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
		}
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	return b.String()
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// WithHint adds what to do about it.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}
