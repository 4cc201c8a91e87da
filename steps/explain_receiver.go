package steps

import (
	"context"
	"errors"

	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/repro"
	"github.com/d24conform/d24conform/reports"
)

// An episode is a scenario of a receiver that did not end well.
type episode struct {
	receiver *receiver
	step     string
	finding  judge.Finding
}

func (r *receiver) remember(err error) {
	if found, ok := asJudged(err); ok {
		r.suite.failures.keep(r.scenario, &episode{receiver: r, step: r.step, finding: found})
	}
}

// asJudged is what a step found, if its error is that.
func asJudged(err error) (judge.Finding, bool) {
	found, ok := errors.AsType[*judged](err)
	if !ok {
		return judge.Finding{}, false
	}
	return found.finding, true
}

// hardness is the same for all: the rule is judged once more.
func (e *episode) hardness() int { return easy }

// annotate has nothing to add: what was seen says how each notification was answered.
func (e *episode) annotate(*reports.ScenarioResult) {}

func (e *episode) script(_ context.Context, of repro.Fault, _ *reports.ScenarioResult) string {
	var again repro.Rerun
	if rerun := e.receiver.suite.Rerun; rerun != nil {
		again = rerun(of.Rule)
	}
	again.Fault = e.receiver.fault(of, e.step, e.finding)
	return again.Script()
}
