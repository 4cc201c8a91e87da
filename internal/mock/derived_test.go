package mock

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/rules"
)

// Every derived mutant has a name of its own that can be typed, says what is wrong, breaks
// rules that a server is judged by, and changes the rulebook.
func TestDerivedMutants(t *testing.T) {
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	names := map[string]bool{}
	for _, m := range slices.Concat(Mutants(), Derived()) {
		assert.False(t, names[m.Name], "%s is there twice", m.Name)
		names[m.Name] = true
	}
	before := newRulebook()
	for _, m := range Derived() {
		assert.Regexp(t, `^[a-z0-9-]+/[a-zA-Z0-9-]+(/[a-zA-Z0-9-]+)?$`, m.Name)
		assert.Regexp(t, `^[a-z].*[^. ]$`, m.Says, m.Name)
		assert.NotContains(t, m.Says, "%", m.Name)
		assert.NotContains(t, m.Says, "although ,", m.Name)
		require.NotEmpty(t, m.Breaks, m.Name)
		assert.Len(t, slices.Compact(slices.Sorted(slices.Values(m.Breaks))), len(m.Breaks), "%s breaks a rule twice", m.Name)
		for _, id := range m.Breaks {
			rule, ok := ledger.Rule(id)
			require.True(t, ok, "%s breaks %s, which is no rule", m.Name, id)
			assert.Equal(t, rules.Judged, rule.Judgement(rules.RoleServer), "%s breaks %s", m.Name, id)
		}
		changed := newRulebook()
		m.apply(changed)
		assert.False(t, sameRules(before, changed), "%s changes nothing", m.Name)
	}
	assert.Greater(t, len(names), 800)
}

// Every check of every operation has mutants, or a reason for having none.
func TestEveryCheckHasMutantsOrAReason(t *testing.T) {
	reasons := map[string]string{}
	for _, e := range Equivalents() {
		assert.NotEmpty(t, e.Reason, e.Name)
		reasons[e.Name] = e.Reason
	}
	for _, op := range derivedOperations() {
		assert.NotEmpty(t, op.does, op.name)
		for _, each := range op.checks() {
			prefix := op.name + "/" + each.name + "/"
			derived := slices.ContainsFunc(Derived(), func(m Mutant) bool { return strings.HasPrefix(m.Name, prefix) })
			_, explained := reasons[prefix+"*"]
			assert.NotEqual(t, derived, explained, prefix)
		}
	}
}

// A mutant that changes an operation's checks has to find one by its name: a check that
// was renamed would leave a mutant behind that does nothing.
func TestMutantsFindTheirChecks(t *testing.T) {
	code := func(f func(*call) *answer) uintptr { return reflect.ValueOf(f).Pointer() }
	documented := newRoutes(func(*operation) {})
	for _, m := range slices.Concat(Mutants(), Derived()) {
		changed, before := newRulebook(), newRulebook()
		m.apply(changed)
		if reflect.ValueOf(changed.checks).Pointer() == reflect.ValueOf(before.checks).Pointer() {
			continue
		}
		differs := false
		for path, e := range newRoutes(changed.checks) {
			for i, op := range e.operations {
				as := documented[path].operations[i]
				differs = differs || reflect.ValueOf(op.run).Pointer() != reflect.ValueOf(as.run).Pointer()
				for j, each := range slices.Concat(op.arrival, op.caller, op.business) {
					differs = differs || code(each.refuse) != code(slices.Concat(as.arrival, as.caller, as.business)[j].refuse)
				}
			}
		}
		assert.True(t, differs, "%s changes no check", m.Name)
	}
}
