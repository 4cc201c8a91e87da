package reports

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/d24conform/d24conform/internal/rules"
)

func TestResultsDoNotDependOnTheOrderOfScenarios(t *testing.T) {
	t.Parallel()
	all := ledger(t).For(rules.RoleServer, rules.Products())
	var scenarios []Scenario
	for i := range 200 {
		s := Scenario{
			Name: "s", Feature: []string{"b.feature", "a.feature"}[i%2], Line: i % 7, Verdict: Verdicts()[i%3],
			Reason: strings.Repeat("r", 1+i%5), Exchanges: []int{i}, Rules: []string{all[i%len(all)].ID, all[(i*7)%len(all)].ID},
		}
		scenarios = append(scenarios, s)
	}
	run := func(seed uint64) Results {
		b := NewBuilder(ledger(t), rules.RoleServer, rules.Products(), meta())
		r := rand.New(rand.NewPCG(seed, 1))
		order := r.Perm(len(scenarios))
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Go(func() {
				for i := worker; i < len(order); i += 4 {
					if err := b.Add(scenarios[order[i]]); err != nil {
						t.Error(err)
					}
					if err := b.Reading("AMB-05", scenarios[order[i]].Reason); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		return b.Finish(started().Add(time.Second))
	}
	first := run(1)
	if first.Scenarios() == 0 || len(first.Rules) != len(all) {
		t.Fatalf("%d scenarios, %d rules", first.Scenarios(), len(first.Rules))
	}
	for i, r := range first.Rules {
		if r.ID != all[i].ID {
			t.Fatalf("rule %d is %s, the ledger has %s", i, r.ID, all[i].ID)
		}
	}
	if want := "r / rr / rrr / rrrr / rrrrr"; first.Readings[0].Observed != want {
		t.Errorf("reading %q, want %q", first.Readings[0].Observed, want)
	}
	for seed := range uint64(5) {
		if diff := cmp.Diff(first, run(seed+2)); diff != "" {
			t.Fatalf("another order, other results (-first +other):\n%s", diff)
		}
	}
}

func TestBuilderRefusesWhatTheLedgerDoesNotHave(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		s    Scenario
		want string
	}{
		{"an unknown rule", Scenario{Rules: []string{"DEP-DATE-33"}, Verdict: Pass}, `no rule "DEP-DATE-33"`},
		{"a rule of another role", Scenario{Rules: []string{"NOTIF-05"}, Verdict: Pass}, "does not bind a server"},
		{"a rule that cannot be judged", Scenario{Rules: []string{"ENV-07"}, Verdict: Pass}, "contract between people"},
		{"no rule", Scenario{Verdict: Pass}, "names no rule"},
		{"an unknown verdict", Scenario{Rules: []string{"DEP-DATE-03"}, Verdict: "ok"}, `unknown verdict "ok"`},
		{"not tested without a reason", Scenario{Rules: []string{"DEP-DATE-03"}, Verdict: NotTested}, "needs a reason"},
		{"inconclusive without a reason", Scenario{Rules: []string{"DEP-DATE-03"}, Verdict: Inconclusive}, "needs a reason"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := NewBuilder(ledger(t), rules.RoleServer, rules.Products(), meta())
			tt.s.Name, tt.s.Feature, tt.s.Line = "n", "f.feature", 3
			err := b.Add(tt.s)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "f.feature:3") {
				t.Errorf("error %v, want one with %q and the place", err, tt.want)
			}
		})
	}
	b := NewBuilder(ledger(t), rules.RoleServer, rules.Products(), meta())
	if err := b.Reading("AMB-99", "x"); err == nil || !strings.Contains(err.Error(), "AMB-99") {
		t.Errorf("an unknown ambiguity: %v", err)
	}
}

// What nothing spoke against is the reading only until something does, whichever of two
// scenarios ends first.
func TestAPresumptionGivesWayToProof(t *testing.T) {
	t.Parallel()
	const id = "AMB-08"
	presume := func(b *Builder) error { return b.Presume(id, "wait") }
	prove := func(b *Builder) error { return b.Reading(id, "reject") }
	for name, tt := range map[string]struct {
		seen []func(*Builder) error
		want string
	}{
		"nothing else":  {[]func(*Builder) error{presume, presume}, "wait"},
		"proof after":   {[]func(*Builder) error{presume, prove}, "reject"},
		"proof before":  {[]func(*Builder) error{prove, presume}, "reject"},
		"proof between": {[]func(*Builder) error{presume, prove, presume}, "reject"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := NewBuilder(ledger(t), rules.RoleServer, rules.Products(), meta())
			for _, see := range tt.seen {
				if err := see(b); err != nil {
					t.Fatal(err)
				}
			}
			got := b.Finish(started()).Readings
			if len(got) != 1 || got[0].ID != id || got[0].Observed != tt.want {
				t.Errorf("readings %+v, want %s read as %s", got, id, tt.want)
			}
		})
	}
	b := NewBuilder(ledger(t), rules.RoleServer, rules.Products(), meta())
	if err := b.Presume("AMB-99", "x"); err == nil || !strings.Contains(err.Error(), "AMB-99") {
		t.Errorf("an unknown ambiguity: %v", err)
	}
}

func TestRulesOfOtherProductsArePassedOver(t *testing.T) {
	t.Parallel()
	b := NewBuilder(ledger(t), rules.RoleServer, []rules.Product{rules.Deposits}, meta())
	add(t, b, Scenario{Name: "n", Rules: []string{"CASH-IP-01", "DEP-IP-01"}, Verdict: Pass})
	r := b.Finish(started())
	if _, ok := r.Rule("CASH-IP-01"); ok {
		t.Error("a cashouts rule is in a run of deposits")
	}
	if rule, ok := r.Rule("DEP-IP-01"); !ok || rule.Verdict != Pass {
		t.Errorf("DEP-IP-01 is %q", rule.Verdict)
	}
	if r.Counts.Pass != 1 || r.Verdict != RunPartial {
		t.Errorf("%d rules pass, the run is %s", r.Counts.Pass, r.Verdict)
	}
}

func TestBuilderJudgesByTheObligationOfTheRole(t *testing.T) {
	t.Parallel()
	b := NewBuilder(ledger(t), rules.RoleClient, rules.Products(), meta())
	add(t, b, Scenario{Name: "n", Rules: []string{"DEP-IDEM-03", "CLI-KEY-02", "DEP-HDR-06"}, Verdict: Fail, Reason: "no key"})
	r := b.Finish(started())
	for id, want := range map[string]Verdict{"DEP-IDEM-03": Warn, "CLI-KEY-02": Fail, "DEP-HDR-06": Observed} {
		rule, _ := r.Rule(id)
		if rule.Verdict != want || rule.Scenarios[0].Verdict != want {
			t.Errorf("%s is %s, its scenario %s, want %s", id, rule.Verdict, rule.Scenarios[0].Verdict, want)
		}
		if (rule.Fix != "") != (want != Observed) {
			t.Errorf("%s (%s) has the fix %q", id, want, rule.Fix)
		}
	}
}

func TestRulesWithoutAScenarioAreNeverGreen(t *testing.T) {
	t.Parallel()
	m := meta()
	m.NoScenario = "not selected by --tags @x"
	b := NewBuilder(ledger(t), rules.RoleServer, rules.Products(), m)
	for _, rule := range b.Finish(started()).Rules {
		if rule.Verdict != NotTested || rule.Reason != m.NoScenario || rule.Scenarios == nil {
			t.Fatalf("%s: %s %q %v", rule.ID, rule.Verdict, rule.Reason, rule.Scenarios)
		}
	}
	b.Interrupt()
	r := b.Finish(started())
	if !r.Interrupted || r.Verdict != RunPartial || !strings.Contains(r.Rules[0].Reason, "interrupted") {
		t.Errorf("interrupted: %v %s %q", r.Interrupted, r.Verdict, r.Rules[0].Reason)
	}
}

func TestClockIsAbsentUntilItIsEstimated(t *testing.T) {
	t.Parallel()
	b := NewBuilder(ledger(t), rules.RoleServer, rules.Products(), meta())
	if r := b.Finish(started()); r.Target.ClockOffsetMS != nil {
		t.Error("a clock that nobody estimated has an offset")
	}
	b.Clock(0, 1500*time.Microsecond)
	r := b.Finish(started())
	if r.Target.ClockOffsetMS == nil || *r.Target.ClockOffsetMS != 0 || *r.Target.ClockErrorMS != 2 {
		t.Errorf("offset %v, error %v; want 0 and 2 (an error is rounded up)", r.Target.ClockOffsetMS, r.Target.ClockErrorMS)
	}
}
