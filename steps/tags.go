package steps

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	tagexpressions "github.com/cucumber/tag-expressions/go/v7"
)

// A Selection chooses scenarios by their tags.
type Selection struct {
	expression tagexpressions.Evaluatable
	text       string
}

// tagWord is a word of a tag expression. The parser would take ~@tag and @a,@b of
// older dialects for tags that nothing carries.
var tagWord = regexp.MustCompile(`^(@[^\s()@,~&|!]+|and|or|not)$`)

// All says whether it selects everything.
func (s Selection) All() bool { return s.text == "" }

// ParseTags reads a tag expression in Cucumber's language: @a and not (@b or @c).
// The empty expression selects everything.
func ParseTags(text string) (Selection, error) {
	for word := range strings.FieldsSeq(strings.NewReplacer("(", " ", ")", " ").Replace(text)) {
		if !tagWord.MatchString(word) {
			return Selection{}, fmt.Errorf("tag expression %q: %q is neither a tag such as @DEP-DATE-03 nor and, or, not", text, word)
		}
	}
	expression, err := parseExpression(text)
	if err != nil {
		return Selection{}, fmt.Errorf("tag expression %q: %w", text, err)
	}
	return Selection{expression: expression, text: text}, nil
}

// parseExpression turns the parser's panic into an error: v7.0.0 runs off its stack
// where an operand is missing at the end, as in "@a and".
func parseExpression(text string) (expression tagexpressions.Evaluatable, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("something is missing at its end")
		}
	}()
	expression, err = tagexpressions.Parse(text)
	if err != nil {
		// The parser repeats the expression and the dialect's rules over several lines.
		lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
		err = errors.New(lines[len(lines)-1])
	}
	return expression, err
}

// ErrNothingSelected says that no scenario is left after tags and products: such a run
// would be green without having looked at anything.
var ErrNothingSelected = errors.New("no scenario is selected")

// selects says whether a scenario is chosen.
func (s Selection) selects(scenario Scenario) bool {
	return s.expression == nil || s.expression.Evaluate(scenario.Tags)
}
