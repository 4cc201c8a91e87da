package cli

import (
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/reports"
)

// conditions are what a run's exit code depends on beside its verdicts.
type conditions struct {
	waivers  []reports.Waiver
	required []string // ids of rules that must have been judged
}

// goLive requires everything that can be judged.
const goLive = "go-live"

// requiresGoLive says whether everything must be judged.
func (f *judgeFlags) requiresGoLive() bool {
	return slices.ContainsFunc(f.require, func(word string) bool { return strings.TrimSpace(word) == goLive })
}

// conditions reads --waivers and --require. A run by one source can require its rules only.
func (f *judgeFlags) conditions(ledger *rules.Ledger, role rules.Role, source rules.Source) (c conditions, err error) {
	if f.waivers != "" {
		if c.waivers, err = config.LoadWaivers(f.waivers, ledger); err != nil {
			return c, err
		}
	}
	products, err := config.ParseProducts(f.products)
	if err != nil {
		return c, err
	}
	if len(products) == 0 {
		products = rules.Products()
	}
	for _, word := range f.require {
		word = strings.TrimSpace(word)
		rule, ok := ledger.Rule(word)
		switch judgement := rule.Judgement(role); {
		case word == goLive:
			c.required = append(c.required, slices.DeleteFunc(judgedFor(ledger, role, products), func(id string) bool {
				return !isOf(ledger, id, source)
			})...)
		case !ok:
			return c, usagef("--require: %s has no rule %q", ledger.Version, word).
				withHint("d24conform rules list names the rules; %s requires all of them", goLive)
		case judgement != rules.Judged:
			return c, usagef("--require: %s is not judged for a %s", word, role)
		case !isOf(ledger, word, source):
			return c, usagef("--require: %s is a rule of another page, which --source %s leaves out", word, f.source)
		default:
			c.required = append(c.required, word)
		}
	}
	slices.Sort(c.required)
	c.required = slices.Compact(c.required)
	return c, nil
}

// isOf says whether a rule is one of the source; every rule is one of the empty source.
func isOf(ledger *rules.Ledger, id string, source rules.Source) bool {
	rule, _ := ledger.Rule(id)
	return source == "" || rule.Source == source
}

// conclude turns the results and the conditions into the exit code, and says what the
// report does not: which rules should have been judged, and which waivers can go.
func (a *app) conclude(results reports.Results, c conditions, unneeded []string, strict bool) error {
	codes := []ExitCode{ExitCode(results.ExitCode(strict))}
	if missing := results.Missing(c.required); len(missing) > 0 {
		a.sayf("required and not judged: %s", strings.Join(missing, ", "))
		codes = append(codes, ExitInconclusive)
	}
	if len(unneeded) > 0 {
		a.sayf("no longer needed, since the rules hold: the waivers of %s", strings.Join(unneeded, ", "))
		codes = append(codes, ExitStaleWaiver)
	}
	if results.Interrupted {
		a.sayf("interrupted: what was not reached is not tested")
		codes = append(codes, ExitInterrupted)
	}
	if code := WorstExit(codes...); code != ExitOK {
		return &failure{code: code}
	}
	return nil
}
