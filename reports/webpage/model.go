package webpage

// A Page is what is to be shown, from top to bottom.
type Page struct {
	Title    string // of the window
	Kind     string // of page, in small letters above all
	Marks    []Mark // the verdict, and what restricts it
	Heading  string // the verdict in words
	Reasons  []Said // why it is so
	Facts    []Fact // the few numbers that are looked for first
	Sections []Section
	Foot     []string
}

// A Tone is how good a word is. It chooses colour and sign.
type Tone string

// Tones.
const (
	Plain Tone = ""
	Good  Tone = "good"
	Bad   Tone = "bad"
	Doubt Tone = "doubt"
	Faint Tone = "faint" // counts neither way
)

// Sign stands before what has the tone, for who sees no colour.
func (t Tone) Sign() string {
	return map[Tone]string{Good: "✓", Bad: "✗", Doubt: "?", Faint: "–"}[t]
}

// A Mark is a word with its tone.
type Mark struct {
	Tone Tone
	Word string
}

// Said is a sentence about something that has a name.
type Said struct {
	Tone Tone
	Name string // may be empty
	Text string
}

// A Fact is one number.
type Fact struct{ Name, Value, Unit string }

// A Section has a heading of its own, and its parts in a row.
type Section struct {
	Heading string
	Lead    string // may be empty
	Parts   []Part
}

// A Part is one of these; the others are nil or empty.
type Part struct {
	Table  *Table
	Chart  *Chart
	Strips []Strip
	Text   string // as it is, in letters of one width
}

// A Table has a name for each of its rows in the first column.
type Table struct {
	Caption string
	Columns []Column
	Rows    [][]Cell
}

// A Column of numbers is aligned to the right.
type Column struct {
	Name   string
	Number bool
}

// A Cell is a text, and one of the others if they are set.
type Cell struct {
	Text string
	Tone Tone
	Code bool    // in letters of one width
	Note string  // in small letters after it
	Bar  float64 // of 1, drawn before the text; 0 = none
}

// A Chart is lines over one axis.
type Chart struct {
	Title string `json:"-"`
	About string `json:"-"` // what is to be seen in it: for who does not see it, and below it
	Axis  Axis   `json:"axis"`
	Unit  string `json:"unit"` // of the values
	Lines []Line `json:"lines"`
}

// An Axis is what a chart is drawn over.
type Axis string

// Axes.
const (
	Seconds    Axis = "seconds"    // since the beginning
	Percentile Axis = "percentile" // 90 to 99 is as wide as 99 to 99.9
)

// A Line is a row of points. What is null is not drawn.
type Line struct {
	Name string     `json:"-"`
	X    []float64  `json:"x"`
	Y    []*float64 `json:"y"`
	// Style is which of the colours and dashes it has, counted from 0.
	Style int `json:"style"`
	// Step holds a value until the next one.
	Step bool `json:"step,omitempty"`
}

// A Strip is how often something happened over time, as a row of small bars. Each has a
// scale of its own: three errors among a million answers are seen.
type Strip struct {
	Name   string
	Tone   Tone
	Counts []int
	Total  string
	Peak   string // what the highest bar stands for
}
