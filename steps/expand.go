package steps

import (
	"fmt"
	"strings"
)

// everyWord begins a cell of an outline's examples that stands for a named set.
const everyWord = "every "

// expand writes out the rows of outlines that name sets: a row with the cell "every signed
// deposits request" becomes a row for each request of that set, and one with two such
// cells a row for each pair. Cells with another text stay as they are. It returns the text
// and, for each of its lines, the line that it comes from (from 1). It fails on a set that
// there is none of.
func expand(text string, sets map[string][]string) (expanded string, origin []int, err error) {
	var out []string
	inExamples := false
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		isRow := strings.HasPrefix(trimmed, "|")
		switch {
		case strings.HasPrefix(trimmed, "Examples"):
			inExamples = true
		case inExamples && !isRow && trimmed != "":
			inExamples = false
		}
		rows := []string{line}
		if inExamples && isRow && strings.Contains(trimmed, "| "+everyWord) {
			if rows, err = expandRow(trimmed, sets); err != nil {
				return "", nil, fmt.Errorf("line %d: %w", i+1, err)
			}
		}
		for _, row := range rows {
			out = append(out, row)
			origin = append(origin, i+1)
		}
	}
	return strings.Join(out, "\n"), origin, nil
}

// expandRow is the product of the row's sets.
func expandRow(row string, sets map[string][]string) ([]string, error) {
	rows := []string{""}
	for cell := range strings.SplitSeq(strings.Trim(row, "|"), "|") {
		values := []string{strings.TrimSpace(cell)}
		if name, ok := strings.CutPrefix(values[0], everyWord); ok {
			if values, ok = sets[name]; !ok {
				return nil, fmt.Errorf("there is no set %q: ranges.json has none", name)
			}
		}
		var next []string
		for _, begun := range rows {
			for _, value := range values {
				next = append(next, begun+"| "+value+" ")
			}
		}
		rows = next
	}
	for i := range rows {
		rows[i] += "|"
	}
	return rows, nil
}
