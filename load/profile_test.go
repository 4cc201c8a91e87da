package load

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/strictyaml"
)

func TestEveryEmbeddedProfileIsReadAndMeansSomething(t *testing.T) {
	t.Parallel()
	names := Names()
	assert.Subset(t, names, []string{"smoke", "signing-hot-path", "idempotent-retries", "retry-storm", "mixed", "cashouts", "soak", "spike", "find-capacity"})
	for _, name := range names {
		p, err := Open(name)
		require.NoError(t, err, name)
		assert.Equal(t, name, p.Name)
		assert.NotEmpty(t, p.About, name)
		assert.True(t, len(p.Thresholds) > 0 || p.Find != nil, name)
		assert.NotEmpty(t, p.Valid, "%s: a run that could not keep its schedule is invalid by default", name)
		assert.Positive(t, NewSchedule(p.Stages, p.Burst).Total(), name)
	}
}

func TestAProfileSaysWhatItSays(t *testing.T) {
	t.Parallel()
	p, err := parseProfile("p.yaml", "p", []byte(`
about: "every\tthing: \"\u00f1\""
stages: [{ramp: 100, for: 2s}, {hold: 3s}, {rate: 50, for: 1m}]
connections: 4
burst: 2
operations: {create: 3, stale: 1, cashout: 1}
body_bytes: [256, 1024]
keys: {count: 10, attempts: 3, order: spread, window: 5}
retries: {times: 2, after: 10ms}
timeout: 1s
faults: [{kind: delay, share: 1.5%, delay: 20ms}]
funds: 12.5%
warm_up: 3
seed: 9
valid: [achieved >= 90%]
thresholds: [create.p99 < 50ms]
`))
	require.NoError(t, err)
	want := &Profile{
		Name: "p", About: "every\tthing: \"ñ\"",
		Stages:      []Stage{{0, 100, 2 * time.Second}, {100, 100, 3 * time.Second}, {50, 50, time.Minute}},
		Connections: 4, Burst: 2, Operations: [operations]int{Create: 3, Stale: 1, Cashout: 1}, BodyBytes: []int{256, 1024},
		Keys: Keys{Count: 10, Attempts: 3, Order: Spread, Window: 5}, Retries: Retries{2, 10 * time.Millisecond}, Timeout: time.Second,
		Faults: []Fault{{"delay", 0.015, 20 * time.Millisecond}}, Funds: 0.125, WarmUp: 3, Seed: 9,
		Valid:      []Threshold{{"achieved >= 90%", "achieved", ">=", 90, Percent}},
		Thresholds: []Threshold{{"create.p99 < 50ms", "create.p99", "<", 50, Milliseconds}},
	}
	assert.Equal(t, want, p)
	again, err := parseProfile("p.yaml", "p", []byte(p.YAML()))
	require.NoError(t, err)
	assert.Equal(t, want, again, "what a report says of a profile can be run")
}

func TestAProfileAsRunCanBeRunAgain(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		p, err := Open(name)
		require.NoError(t, err)
		p, err = p.With(Override{Rate: 70, Duration: 7 * time.Second, Connections: 3, Seed: 5, AbortEarly: true})
		require.NoError(t, err)
		assert.Equal(t, []string{"--rate 70", "--duration 7s", "--connections 3", "--seed 5", "--abort-early"}, p.Override.flags())
		again, err := parseProfile("again.yaml", name, []byte(p.YAML()))
		require.NoError(t, err, p.YAML())
		p.Override = Override{}
		assert.Equal(t, p, again, name)
	}
}

func TestMistakesInProfilesAreToldWithTheirPlace(t *testing.T) {
	t.Parallel()
	const stages = "stages: [{rate: 10, for: 1s}]\n"
	for text, want := range map[string]string{
		"":                                      "p.yaml: a profile has stages (such as stages: [{ramp: 500, for: 5s}, {hold: 30s}])",
		"stages: [{rate: 10}]":                  "p.yaml:1:10: a stage says for how long ()",
		"stages: [{hold: 1s}]":                  "p.yaml:1:11: there is no rate to hold ()",
		"stages: [{rate: 0, for: 1s}]":          "p.yaml:1:11: rate is not from 0.1 to 200000 requests a second ()",
		"stages: [{rate: 1, ramp: 2, for: 1s}]": "p.yaml:1:10: a stage has one of rate, ramp and hold ()",
		"stages: [{rate: 10, for: soon}]":       `p.yaml:1:21: "soon" is not a positive duration (write a number and a unit, such as 10s or 1m30s)`,
		"stages: [{rate: 10, for: 1s}, {hold: 1s, for: 1s}]": "p.yaml:1:42: hold says how long already ()",
		stages + "conections: 3":                             `p.yaml:2:1: unknown key "conections" (did you mean connections?)`,
		stages + "connections: 0":                            "p.yaml:2:1: connections is not from 1 to 1000 ()",
		stages + "operations: {pay: 1}":                      `p.yaml:2:14: unknown operation "pay" (the operations are create, retry, status, refund, cashout, stale)`,
		stages + "operations: {create: 0}":                   "p.yaml:2:1: no operation has any weight ()",
		stages + "operations: {status: 1}":                   "p.yaml:2:1: retry and status are about deposits, and nothing creates one ()",
		stages + "body_bytes: [512, 10]":                     "p.yaml:2:19: a body is from 160 to 65536 bytes ()",
		stages + "keys: {order: random}":                     `p.yaml:2:8: there is no order "random" (say concurrent, spread or both)`,
		stages + "faults: [{kind: flood, share: 1%}]":        `p.yaml:2:11: there is no fault "flood" (the faults are respond-500, drop-before, drop-after-commit, half-body, delay, delay-answer)`,
		stages + "faults: [{kind: delay, share: 1%}]":        "p.yaml:2:10: delay belongs to delay and delay-answer ()",
		stages + "faults: [{kind: half-body, share: 0.3}]":   "p.yaml:2:28: a share is above 0% and at most 50% (such as share: 1%)",
		stages + "thresholds: [p99 < 50]":                    `p.yaml:2:14: p99 is compared with a duration such as 50ms, not with "50" (` + thresholdHint + ")",
		stages + "thresholds: [achieved >= 9%, p98 < 1ms]":   `p.yaml:2:30: there is no metric "p98" (` + thresholdHint + ")",
		"stages: [{rate: 200000, for: 9h}]":                  "p.yaml:1:1: 6480000000 requests are more than the journal can number ()",
		stages + "funds: 50":                                 "p.yaml:2:1: funds are a share of what all cashouts cost together (such as funds: 50%)",
		stages + "funds: 50%":                                "p.yaml:2:1: funds are for cashouts, and there are none ()",
		stages + "retries: {times: 99}":                      "p.yaml:2:11: times is not from 0 to 20 ()",
		stages + "find: {from: 5, until: [p99 < 1s]}":        "p.yaml:1:1: a profile has stages, or finds its rate itself ()",
		"find: {until: [p99 < 1s]}":                          "p.yaml:1:1: from is the rate to begin with, from 0.1 to 200000 requests a second (such as from: 500)",
		"find: {from: 5, factor: 1, until: [p99 < 1s]}":      "p.yaml:1:17: a factor is above 1 and at most 10 ()",
		"find: {from: 5, most: 4, until: [p99 < 1s]}":        "p.yaml:1:17: most is not from the rate to begin with to 200000 requests a second ()",
		"find: {from: 5, within: 0.1, until: [p99 < 1s]}":    "p.yaml:1:17: within is from 1% to 100% (such as within: 10%)",
		"find: {from: 5, for: soon, until: [p99 < 1s]}":      `p.yaml:1:17: "soon" is not a positive duration (write a number and a unit, such as 10s or 1m30s)`,
		"find: {from: 5}":                                    "p.yaml:1:1: nothing says until when the rate is to rise (such as until: [p99 < 50ms, achieved >= 99%])",
		"find: {from: 5, until: [p9 < 1s]}":                  `p.yaml:1:25: there is no metric "p9" (` + thresholdHint + ")",
		"find: {from: 5, until: [capacity > 1/s]}":           "p.yaml:1:25: capacity is what is to be found ()",
		"find: {from: 5, unti: [p99 < 1s]}":                  `p.yaml:1:17: unknown key "unti" (did you mean until?)`,
		stages + "valid: achieved":                           "p.yaml:2:8: expected a list, found text ()",
	} {
		_, err := parseProfile("p.yaml", "p", []byte(text))
		var told *strictyaml.Error
		require.ErrorAs(t, err, &told, text)
		assert.Equal(t, want, told.Error()+" ("+told.Hint+")", text)
	}
}

func TestTheCommandLineChangesAProfileInProportion(t *testing.T) {
	t.Parallel()
	p := &Profile{Stages: []Stage{{0, 100, time.Second}, {100, 50, 3 * time.Second}}, Connections: 4, Seed: 1}
	changed, err := p.With(Override{Rate: 200, Duration: 8 * time.Second, Connections: 9, Seed: 2})
	require.NoError(t, err)
	assert.Equal(t, []Stage{{0, 200, 2 * time.Second}, {200, 100, 6 * time.Second}}, changed.Stages)
	assert.Equal(t, 9, changed.Connections)
	assert.Equal(t, uint64(2), changed.Seed)
	assert.Equal(t, []Stage{{0, 100, time.Second}, {100, 50, 3 * time.Second}}, p.Stages, "the profile itself stays as it is")
	_, err = p.With(Override{Connections: 2000})
	assert.ErrorContains(t, err, "2000 connections are more than 1000")
}

func TestProfilesAndGatesOfOnesOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.yaml")
	require.NoError(t, os.WriteFile(file, []byte("stages: [{rate: 1, for: 1s}]\n"), 0o600))
	p, err := Open(file)
	require.NoError(t, err)
	assert.Equal(t, "mine", p.Name)
	_, err = Open(filepath.Join(dir, "other.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open("smok")
	var unknown *UnknownProfileError
	require.ErrorAs(t, err, &unknown)

	gate := filepath.Join(dir, "gate.yaml")
	require.NoError(t, os.WriteFile(gate, []byte("thresholds: [p99 < 1ms]\n"), 0o600))
	list, err := OpenGate(gate)
	require.NoError(t, err)
	assert.Len(t, list, 1)
	require.NoError(t, os.WriteFile(gate, []byte("thresholds: []\n"), 0o600))
	_, err = OpenGate(gate)
	assert.ErrorContains(t, err, "the gate has no thresholds")
}
