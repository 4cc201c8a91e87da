package steps

import (
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/reports"
)

// passing is where sentences about passing traffic stand, in the place of a feature file.
const passing = "internal/judge/traffic.go"

// JudgeTraffic judges a server by what it answered to others. What such traffic does not
// prove is not tested.
func JudgeTraffic(ledger *rules.Ledger, products []rules.Product, meta reports.Meta, c d24.Credentials, exchanges []*exchange.Exchange) (reports.Results, error) {
	meta.NoScenario = "passing traffic cannot show it: d24conform run server can"
	builder := reports.NewBuilder(ledger, rules.RoleServer, products, meta)
	traffic := judge.Unpacked(exchanges)
	for _, p := range judge.Passages() {
		f := p.Judge(judge.Server{Credentials: c}, traffic)
		s := reports.Scenario{
			Name: p.Says, Feature: passing, Rules: p.Rules, Verdict: reports.Pass, Exchanges: numbers(f.Exchanges),
		}
		switch f.Outcome {
		case judge.Broken:
			s.Verdict, s.Expected, s.Seen = reports.Fail, f.Expected, f.Seen
		case judge.Unseen, judge.Unclear:
			s.Verdict, s.Reason = reports.NotTested, "missing: "+f.Expected
		case judge.Holds:
		}
		if err := builder.Add(s); err != nil {
			return reports.Results{}, err
		}
	}
	return builder.Finish(time.Now()), nil
}
