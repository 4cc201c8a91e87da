package steps

import (
	"fmt"
	"slices"
	"strings"
)

// everyWord begins a cell of an outline's examples that stands for a named set.
const everyWord = "every "

// expand writes out the rows of outlines that name sets: a row with the cell "every signed
// deposits request" becomes a row for each request of that set, and one with two such
// cells a row for each pair. Cells with another text stay as they are. It returns the text
// and, for each of its lines, what it comes from. It fails on a set that there is none of.
func expand(text string, sets map[string][]string) (expanded string, origin []written, err error) {
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
		rows := []expandedRow{{text: line}}
		if inExamples && isRow && strings.Contains(trimmed, "| "+everyWord) {
			if rows, err = expandRow(trimmed, sets); err != nil {
				return "", nil, fmt.Errorf("line %d: %w", i+1, err)
			}
		}
		for _, row := range rows {
			out = append(out, row.text)
			origin = append(origin, written{i + 1, row.isPair()})
		}
	}
	return strings.Join(out, "\n"), origin, nil
}

// written is what a line of an expanded text comes from.
type written struct {
	line int  // from 1
	pair bool // it is a row that has no value for the first time, and pairs two of them
}

// An expandedRow is one of the rows that an outline's row stands for.
type expandedRow struct {
	text string
	at   []int // of each named set, which value
	of   []int // of how many
}

// isPair says that the row is not among those in which each value of each set comes at least
// once: as many as the largest set has values.
func (r expandedRow) isPair() bool {
	if len(r.of) == 0 {
		return false
	}
	nth := r.at[slices.Index(r.of, slices.Max(r.of))]
	for i, at := range r.at {
		if at != nth%r.of[i] {
			return true
		}
	}
	return false
}

// expandRow is the product of the row's sets.
func expandRow(row string, sets map[string][]string) ([]expandedRow, error) {
	rows := []expandedRow{{}}
	for cell := range strings.SplitSeq(strings.Trim(row, "|"), "|") {
		values := []string{strings.TrimSpace(cell)}
		name, isSet := strings.CutPrefix(values[0], everyWord)
		if isSet {
			if values, isSet = sets[name]; !isSet {
				return nil, fmt.Errorf("there is no set %q: ranges.json has none", name)
			}
		}
		var next []expandedRow
		for _, begun := range rows {
			for i, value := range values {
				row := expandedRow{begun.text + "| " + value + " ", slices.Clone(begun.at), slices.Clone(begun.of)}
				if isSet {
					row.at, row.of = append(row.at, i), append(row.of, len(values))
				}
				next = append(next, row)
			}
		}
		rows = next
	}
	for i := range rows {
		rows[i].text += "|"
	}
	return rows, nil
}
