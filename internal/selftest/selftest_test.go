package selftest_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/selftest"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/steps"
)

// TestAHandfulOfMutants runs one of each kind; make selftest runs them all.
func TestAHandfulOfMutants(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("mutants are judged by the whole suite")
	}
	needsSecondLoopback(t)
	names := []string{
		"window-7s", "fresh-body-on-500", "check-then-insert-race", "negative-balance-race", "plain-http-refused-too-late", "one-database",
	}
	if selftest.RaceEnabled {
		names = names[2:4]
	}
	mutants, err := selftest.Choose(names, rules.RoleServer)
	require.NoError(t, err)
	report, err := selftest.Run(t.Context(), selftest.Options{Mutants: mutants})
	require.NoError(t, err)

	var matrix bytes.Buffer
	require.NoError(t, report.Write(&matrix))
	assert.Equal(t, selftest.Counts{Exactly: len(names)}, report.Counts, "%s", &matrix)
	for i, got := range report.Mutants {
		assert.Equal(t, names[i], got.Mutant, "rows stand in the order that was asked for")
		assert.Equal(t, got.Breaks, got.Failed)
		require.NotEmpty(t, got.Kills)
		for _, kill := range got.Kills {
			assert.NotEmpty(t, kill.Step)
			assert.NotEmpty(t, kill.Seen)
		}
	}
	assert.Contains(t, matrix.String(), fmt.Sprintf("%[1]d mutants: %[1]d killed exactly, 0 with extras, 0 survived, 0 INVALID", len(names)))
}

// TestOddNotifiers runs servers that break no rule, and the server as it is once more: no
// two runs of it report anything else.
func TestOddNotifiers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("mutants are judged by the whole suite")
	}
	names := []string{"repeat-date-kept", "notification-after-2xx", "notification-never-repeated", "repeats-every-5-minutes"}
	mutants, err := selftest.Choose(names, rules.RoleServer)
	require.NoError(t, err)
	tags, err := steps.ParseTags("@NOTIF-01 or @NOTIF-06 or @DEP-SIG-04")
	require.NoError(t, err)
	report, err := selftest.Run(t.Context(), selftest.Options{Tags: tags, Mutants: append(mutants, selftest.Mutant{Role: rules.RoleServer})})
	require.NoError(t, err)
	var matrix bytes.Buffer
	require.NoError(t, report.Write(&matrix))
	assert.Equal(t, selftest.Counts{Reported: len(names), Survived: 1}, report.Counts, "%s", &matrix)
	seen := map[string]string{}
	for _, got := range report.Mutants {
		for _, kill := range got.Kills {
			seen[got.Mutant] += kill.Seen + "; "
		}
	}
	for name, text := range map[string]string{
		"repeat-date-kept": "delivery 2 of 2: X-Date 5m0s from when it came", "notification-after-2xx": "repeats after 5, 25, 125, 625 minutes",
		"notification-never-repeated": "no repeat", "repeats-every-5-minutes": "repeats after 5, 5, 5, 5 minutes",
	} {
		assert.Contains(t, seen[name], text)
	}
}

// TestAHandfulOfClients runs one mutant of each kind against the client's scenarios, and
// the client as it is once more: no two runs of it report anything else.
func TestAHandfulOfClients(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("mutants are judged by the whole suite")
	}
	names := []string{
		"plain-http", "certificate-unchecked", "secret-in-url", "content-type-missing", "date-taken-once", "signs-latin-1", "stale-retry",
	}
	mutants, err := selftest.Choose(append(names, "ids-of-32-bits", "never-gives-up"), rules.RoleClient)
	require.NoError(t, err)
	report, err := selftest.Run(t.Context(), selftest.Options{Mutants: append(mutants, selftest.Mutant{Role: rules.RoleClient})})
	require.NoError(t, err)

	var matrix bytes.Buffer
	require.NoError(t, report.Write(&matrix))
	assert.Equal(t, selftest.Counts{Exactly: len(names), Reported: 2, Survived: 1}, report.Counts, "%s", &matrix)
	for _, got := range report.Mutants {
		assert.Equal(t, got.Breaks, got.Failed)
		assert.Equal(t, rules.RoleClient, got.Role)
	}
	assert.Equal(t, "the report does not tell it from the reference client as it is", report.Mutants[len(names)+2].Reason)
	assert.Contains(t, matrix.String(), "client: 10 mutants: 7 killed exactly, 0 with extras, 1 survived, 0 INVALID, 2 reported only")
}

// A role that the tags leave nothing of is left out.
func TestTagsChooseTheRoles(t *testing.T) {
	t.Parallel()
	tags, err := steps.ParseTags("@DEP-IDEM-09 and @client")
	require.NoError(t, err)
	report, err := selftest.Run(t.Context(), selftest.Options{Tags: tags})
	require.NoError(t, err)
	require.Len(t, report.Mutants, 1)
	assert.Equal(t, "key-on-get", report.Mutants[0].Mutant)
	assert.Equal(t, []selftest.Tally{{
		Role: rules.RoleClient, Conforming: selftest.Control{Scenarios: 1, Calls: 10}, Counts: selftest.Counts{Exactly: 1},
	}}, report.Roles)
}

// A set that is wrong is noticed in both directions, and a mutant that is none as well.
func TestWrongSetsAreNoticed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("mutants are judged by the whole suite")
	}
	needsSecondLoopback(t)
	tags, err := steps.ParseTags("@DEP-DATE-02 or @DEP-DATE-03 or @DEP-IDEM-05")
	require.NoError(t, err)
	mutants, err := selftest.Choose([]string{"past-only", "window-7s", "window-7s", "window-7s"})
	require.NoError(t, err)
	mutants[0].Breaks = []string{"DEP-DATE-03"}
	mutants[1].Breaks = []string{"DEP-DATE-02", "DEP-DATE-03"}
	mutants[2].Breaks = []string{"DEP-IDEM-05"}
	mutants[3].Name = "no-such"
	report, err := selftest.Run(t.Context(), selftest.Options{Mutants: mutants, Tags: tags})
	require.NoError(t, err)
	require.Len(t, report.Mutants, 4)
	assert.Equal(t, selftest.Counts{Extras: 1, Survived: 1, Invalid: 2}, report.Counts)
	for i, reason := range []string{
		"DEP-DATE-02 failed too", "DEP-DATE-02 did not fail", "it failed for another rule: DEP-DATE-03",
		`it did not start: start the embedded mock: start mock: there is no mutant "no-such"`,
	} {
		assert.Equal(t, reason, report.Mutants[i].Reason)
	}
	var matrix strings.Builder
	require.NoError(t, report.Write(&matrix))
	for _, line := range []string{"  + past-only ", "  - window-7s ", "  ! window-7s ", "  ! no-such "} {
		assert.Contains(t, matrix.String(), line)
	}
}

func TestTagsChooseTheMutants(t *testing.T) {
	t.Parallel()
	tags, err := steps.ParseTags("@DEP-HDR-06")
	require.NoError(t, err)
	report, err := selftest.Run(t.Context(), selftest.Options{Tags: tags})
	require.NoError(t, err)
	require.Len(t, report.Mutants, 1)
	assert.Equal(t, "key-demanded", report.Mutants[0].Mutant)
	assert.Equal(t, selftest.Exactly, report.Mutants[0].Verdict)
	assert.NotEmpty(t, report.Mutants[0].Kills)
}

func TestNothingSelectedIsAnError(t *testing.T) {
	t.Parallel()
	tags, err := steps.ParseTags("@no-such")
	require.NoError(t, err)
	_, err = selftest.Run(t.Context(), selftest.Options{Tags: tags})
	require.ErrorIs(t, err, steps.ErrNothingSelected)
}

func TestAnInterruptedRunHasNoReport(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("mutants are judged by the whole suite")
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := selftest.Run(ctx, selftest.Options{
		Mutants: selftest.Mutants()[:4], Parallel: 1, Progress: func(selftest.Result) { cancel() },
	})
	require.ErrorIs(t, err, context.Canceled)
}

func TestMutantsAreChosenByName(t *testing.T) {
	t.Parallel()
	got, err := selftest.Choose([]string{"window-7s", " past-only"})
	require.NoError(t, err)
	assert.Equal(t, []string{"window-7s", "past-only"}, names(got))

	_, err = selftest.Choose([]string{"window-7s", "no-such"})
	var unknown *selftest.UnknownMutantError
	require.ErrorAs(t, err, &unknown)
	assert.Equal(t, "no-such", unknown.Name)
	assert.EqualError(t, err, `there is no mutant "no-such"`)
}

// needsSecondLoopback skips where the whitelist scenarios have nowhere to call from: the
// mock cannot get a clean run there.
func needsSecondLoopback(t *testing.T) {
	t.Helper()
	if !target.SecondLoopback().IsValid() {
		t.Skip("not run: 127.0.0.2 cannot be called from")
	}
}

func names(mutants []selftest.Mutant) []string {
	return slices.Collect(func(yield func(string) bool) {
		for _, m := range mutants {
			if !yield(m.Name) {
				return
			}
		}
	})
}

// TestAHandfulOfReceivers runs one mutant of each kind against the receiver's scenarios.
func TestAHandfulOfReceivers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("mutants are judged by the whole suite")
	}
	names := []string{"status-unasked", "seen-before-released", "check-then-insert-race", "forgets-at-restart", "repeat-kills"}
	mutants, err := selftest.Choose(names, rules.RoleReceiver)
	require.NoError(t, err)
	report, err := selftest.Run(t.Context(), selftest.Options{Mutants: mutants})
	require.NoError(t, err)

	var matrix bytes.Buffer
	require.NoError(t, report.Write(&matrix))
	assert.Equal(t, selftest.Counts{Exactly: len(names)}, report.Counts, "%s", &matrix)
}

// A sample follows from its seed, has mutants of every role, and of servers derived ones too.
func TestASampleFollowsFromItsSeed(t *testing.T) {
	t.Parallel()
	first := selftest.Sample(7)
	assert.Equal(t, first, selftest.Sample(7))
	assert.NotEqual(t, first, selftest.Sample(8))
	assert.Less(t, len(first), 60, "it has to end within 30 s")
	assert.Equal(t, selftest.Sample(7, rules.RoleServer), slices.DeleteFunc(slices.Clone(first), func(m selftest.Mutant) bool { return m.Role != rules.RoleServer }))
	derived := names(selftest.All())[len(names(selftest.Mutants(rules.RoleServer))):]
	assert.True(t, slices.ContainsFunc(names(first), func(name string) bool {
		return strings.Contains(name, "/") && slices.Contains(derived, name)
	}))
}

// A * in a name stands for any characters, those between two slashes and others.
func TestAPatternChoosesMutants(t *testing.T) {
	t.Parallel()
	got, err := selftest.Choose([]string{"deposit/*/left-out", "window-7s"})
	require.NoError(t, err)
	assert.Equal(t, "deposit/address/left-out", got[0].Name)
	assert.Equal(t, "window-7s", got[len(got)-1].Name)
	for _, m := range got[:len(got)-1] {
		assert.Regexp(t, `^deposit/[a-z-]+/left-out$`, m.Name)
	}
	_, err = selftest.Choose([]string{"deposit/*/left-outs"})
	require.Error(t, err)
}
