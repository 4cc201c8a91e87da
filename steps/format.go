package steps

import (
	"io"

	"github.com/cucumber/godog"
	"github.com/cucumber/godog/formatters"
	messages "github.com/cucumber/messages/go/v21"
)

// quietFormat is the name of a formatter that prints nothing: our results are kept
// in a model of our own and written once, at the end.
const quietFormat = "d24conform-quiet"

func init() { //nolint:gochecknoinits // godog finds formatters by name in a registry of its own
	godog.Format(quietFormat, "prints nothing", func(string, io.Writer) formatters.Formatter { return quiet{} })
}

type quiet struct{}

func (quiet) TestRunStarted()                                                                  {}
func (quiet) Feature(*messages.GherkinDocument, string, []byte)                                {}
func (quiet) Pickle(*messages.Pickle)                                                          {}
func (quiet) Defined(*messages.Pickle, *messages.PickleStep, *formatters.StepDefinition)       {}
func (quiet) Failed(*messages.Pickle, *messages.PickleStep, *formatters.StepDefinition, error) {}
func (quiet) Passed(*messages.Pickle, *messages.PickleStep, *formatters.StepDefinition)        {}
func (quiet) Skipped(*messages.Pickle, *messages.PickleStep, *formatters.StepDefinition)       {}
func (quiet) Undefined(*messages.Pickle, *messages.PickleStep, *formatters.StepDefinition)     {}
func (quiet) Pending(*messages.Pickle, *messages.PickleStep, *formatters.StepDefinition)       {}
func (quiet) Ambiguous(*messages.Pickle, *messages.PickleStep, *formatters.StepDefinition, error) {
}
func (quiet) Summary() {}
