package repro

import (
	"fmt"
	"strings"
)

// A Rerun is a fault that only the judge who found it can find again: the script has d24conform
// judge the rule once more.
type Rerun struct {
	Fault

	Command []string          // d24conform's arguments; a word "$NAME" is that variable's value
	Needs   map[string]string // the variables, with what they are
}

// Script is the script.
func (r *Rerun) Script() string {
	var b strings.Builder
	b.WriteString(r.about())
	b.WriteString("#\n# It exits as d24conform does: with 0 when the rule holds, with 1 while it is violated, and with\n" +
		"# 2, 3 or 4 when that cannot be told. D24CONFORM names the program where it is not in PATH.\nset -eu\n\n")
	for _, word := range r.Command {
		if name, ok := strings.CutPrefix(word, "$"); ok {
			fmt.Fprintf(&b, ": \"${%s:?%s}\"\n", name, r.Needs[name])
		}
	}
	b.WriteString("exec \"${D24CONFORM:-d24conform}\"")
	for _, word := range r.Command {
		if strings.HasPrefix(word, "$") {
			b.WriteString(" \"" + word + "\"")
		} else {
			b.WriteString(" " + Words([]string{word}))
		}
	}
	b.WriteString("\n")
	return b.String()
}
