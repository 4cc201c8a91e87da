package load

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"testing"
	"time"

	"github.com/joshdk/go-junit"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// sample is a run in which everything occurs.
func sample(t *testing.T) *Results {
	t.Helper()
	var stats statistics
	begun := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return begun.Add(time.Duration(ms) * time.Millisecond) }
	in := incoming{outcome: answered, wrote: at(1), first: at(3)}
	stats.attempt(Create, judgement{}, &in, &record{}, begun, at(1), at(4))
	stats.attempt(Refund, judgement{marks: markError, class: "503"}, &in, &record{marks: markError}, begun, at(1), at(9))
	stats.hits = 2
	stats.late.add(2 * time.Millisecond)
	stats.classes[Create].due.add(6 * time.Millisecond)
	stats.classes[Refund].due.add(11 * time.Millisecond)
	p, err := parseProfile("p.yaml", "sample", []byte(`
stages: [{rate: 2, for: 2s}]
operations: {create: 1, refund: 1}
thresholds: [errors < 1%, cashout.p99 < 1s]
`))
	require.NoError(t, err)
	f := &Findings{Attempts: 2, Answered: 2, Keys: [spaces]int{deposits: 1}, Made: [spaces]int{deposits: 2}, Duplicates: [spaces]int{deposits: 1}}
	e := &engine{Options: Options{Profile: p, Target: Target{Name: "te\x1bst", BaseURL: "https://127.0.0.1:1"}, Run: "r1"}, schedule: NewSchedule(p.Stages, 1)}
	e.due.Store(e.schedule.Total())
	r := e.results(&stats, f, 2*time.Second, 1, 0)
	require.NoError(t, e.ask(t.Context(), r, f))
	r.Series = plotted(t, record{seq: 0, op: Create, status: 201, took: 6 * ms}, record{seq: 1, op: Refund, outcome: lost, marks: markError, scheduled: time.Second, took: 11 * ms})
	r.Started, r.Generator = begun, generator(usage{cpu: time.Second, rss: 30 << 20}, 0, &stats)
	r.conclude(p.Valid, p.Thresholds, nil)
	return r
}

// searched is a sample that looked for its rate, in rounds, and was compared.
func searched(t *testing.T) *Results {
	t.Helper()
	r, before := sample(t), sample(t)
	rate, worse := 945.0, 11.0
	step := Step{Kind: "confirm", Rate: rate, Seconds: 20, Held: true, Numbers: map[string]float64{"p99": 11, "achieved": 99.5}, Cores: 0.4}
	broke := step
	broke.Kind, broke.Held, broke.Why = "climb", false, "p99 < 50ms was 60 ms"
	r.Find = &Found{Capacity: &rate, Says: "945/s held", Steps: []Step{broke, step}}
	for range MinRounds {
		before.Rounds = append(before.Rounds, Round{"r1", r.Started, map[string]float64{"p99": worse / 2, "achieved": 99}, 0})
		r.Rounds = append(r.Rounds, Round{"r2", r.Started, map[string]float64{"p99": worse, "achieved": 99}, 0})
	}
	before.Verdict, r.Verdict = RunPass, RunPass
	r.compare(before)
	require.Empty(t, r.Comparison.Against)
	r.concludeComparison()
	require.Equal(t, RunFail, r.Verdict)
	return r
}

func TestASearchItsRoundsAndAComparisonAreSaidEverywhere(t *testing.T) {
	t.Parallel()
	r := searched(t)
	terminal := render(t, func(w io.Writer, r *Results) error { return WriteTerminal(w, r, "") }, r)
	for _, line := range []string{
		"  climb    945/s for 20 s  did not hold: p99 < 50ms was 60 ms",
		"  confirm  945/s for 20 s  held: p99 11 ms, sent 99.5%",
		"  p99  11 ms to 11 ms",
		"COMPARED WITH r1 of 2026-11-20 12:00 UTC",
		"  ✗ p99       5.5 ms → 11 ms  worse                       rounds 5.5 ms…5.5 ms, now 11 ms…11 ms, p = 0.0080",
	} {
		assert.Contains(t, terminal, line+"\n")
	}
	markdown := render(t, WriteMarkdown, r)
	assert.Contains(t, markdown, "- p99: 5.5 ms → 11 ms, worse (rounds")
	assert.Contains(t, markdown, "- confirm  945/s for 20 s  held")
	assert.Contains(t, render(t, WriteJUnit, r), "LOAD-COMPARISON-p99")
	r.Comparison.Against = []string{"its seed was 2"}
	assert.Contains(t, render(t, WriteMarkdown, r), "- not comparable: its seed was 2\n")
}

// What a threshold was held against is what is printed, everywhere: a share of one in a
// million is not 0%.
func TestThresholdsAreHeldAgainstWhatIsPrinted(t *testing.T) {
	t.Parallel()
	r := sample(t)
	for name, value := range map[string]float64{"errors": 0.0001, "achieved": 99.9996, "p99": 49.9999, "create.p99": 49.9994, "rate": 899.96} {
		unit, _ := unitOf(name)
		r.Numbers[name] = round(value, unit)
	}
	var thresholds []Threshold
	for _, text := range []string{"errors == 0%", "achieved >= 100%", "p99 < 50ms", "create.p99 < 50ms", "rate >= 900/s"} {
		threshold, err := ParseThreshold(text)
		require.NoError(t, err)
		thresholds = append(thresholds, threshold)
	}
	r.conclude(nil, thresholds, nil)
	terminal := render(t, func(w io.Writer, r *Results) error { return WriteTerminal(w, r, "") }, r)
	markdown, junitXML := render(t, WriteMarkdown, r), render(t, WriteJUnit, r)
	for i, want := range []struct {
		verdict Verdict
		value   string
	}{{Broken, "0.001%"}, {Broken, "99.999%"}, {Broken, "50 ms"}, {Holds, "49.999 ms"}, {Holds, "900/s"}} {
		judged := r.Thresholds[i]
		assert.Equal(t, want.verdict, judged.Verdict, judged.Text)
		assert.InDelta(t, r.Numbers[thresholds[i].Metric], *judged.Value, 0)
		assert.Regexp(t, sign(want.verdict)+" "+regexp.QuoteMeta(judged.Text)+" +"+regexp.QuoteMeta(want.value), terminal)
		assert.Contains(t, markdown, "| `"+judged.Text+"` | "+want.value)
		if want.verdict == Broken {
			assert.Contains(t, junitXML, "<![CDATA["+want.value+"]]>")
		}
	}
	assert.Contains(t, terminal, "sent 99.999% of what was due, 900/s")
}

func render(t *testing.T, write func(io.Writer, *Results) error, r *Results) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, write(&b, r))
	return b.String()
}

func TestResultsKeepTheirSchema(t *testing.T) {
	t.Parallel()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(ResultsSchema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("results.schema.json", doc))
	schema, err := c.Compile("results.schema.json")
	require.NoError(t, err)
	text := render(t, WriteJSON, sample(t))
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(v))

	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(render(t, WriteJSON, searched(t)))))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(whole))

	v.(map[string]any)["verdict"] = "FAST"
	require.Error(t, schema.Validate(v))
	var keys map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &keys))
	require.Contains(t, keys, "series")
	delete(keys, "series") // what was written before there were any is read too
	assert.ElementsMatch(t, doc.(map[string]any)["required"], mapKeys(keys), "a key that the schema does not require")
}

func mapKeys(m map[string]any) []any {
	var keys []any
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}

// What is printed is what thresholds are held against: the names that results have are
// those that the language knows.
func TestEveryNumberCanBeAThreshold(t *testing.T) {
	t.Parallel()
	r := sample(t)
	for name, value := range r.Numbers {
		unit, ok := unitOf(name)
		assert.True(t, ok, name)
		assert.InDelta(t, round(value, unit), value, 0, "%s is rounded as it is printed", name)
	}
	for name, want := range map[string]float64{
		"achieved": 50, "rate": 1, "attempts": 2, "errors": 50, "create.errors": 0, "refund.errors": 100, "create.p99": 6, "duplicates": 1,
		"create.send.max": 4, "create.first.mean": 2, "late.p50": 2, "sign.p50": 1,
	} {
		assert.InEpsilon(t, want+1, r.Numbers[name]+1, 0.01, name)
	}
}

func TestTheSummaryShowsWhatWasJudged(t *testing.T) {
	t.Parallel()
	r := sample(t)
	text := render(t, func(w io.Writer, r *Results) error { return WriteTerminal(w, r, "out/1") }, r)
	for _, want := range []string{
		"✗ one-object-per-key ", "1 deposits of keys that had one already", "- balance ",
		"✗ achieved >= 99%", "50%  the generator could not keep its schedule",
		"✗ errors < 1% ", "? cashout.p99 < 1s", "no such request was made",
		"error  1  refund 503", "FAIL  1 duplicate, 0 different answers in 0 retries of 1 key\nreport: out/1\n", `te\u{1b}st`,
	} {
		assert.Contains(t, text, want)
	}
	markdown := render(t, WriteMarkdown, r)
	assert.Contains(t, markdown, "| broken | one-object-per-key | 1 deposits of keys that had one already |")
	assert.Contains(t, markdown, "| broken | `errors < 1%` | 50% |")
	assert.NotContains(t, markdown, "\x1b")
}

func TestJUnitHasACaseForEachInvariantAndThreshold(t *testing.T) {
	t.Parallel()
	r := sample(t)
	suites, err := junit.Ingest([]byte(render(t, WriteJUnit, r)))
	require.NoError(t, err)
	status := map[string]junit.Status{}
	for _, suite := range suites {
		for _, test := range suite.Tests {
			status[test.Name] = test.Status
		}
	}
	assert.Len(t, status, len(r.Invariants)+len(r.Thresholds))
	assert.Equal(t, junit.StatusFailed, status["one-object-per-key"])
	assert.Equal(t, junit.StatusSkipped, status["balance"])
	assert.Equal(t, junit.StatusFailed, status["errors < 1%"])
	assert.Equal(t, junit.StatusError, status["achieved >= 99%"], "a slow generator is no failure of the server")
	assert.Equal(t, junit.StatusError, status["cashout.p99 < 1s"])
}

func TestVegetaReadsTheAttempts(t *testing.T) {
	t.Parallel()
	path := journalOf(
		t,
		record{seq: 0, op: Create, status: 201, marks: markAccepted | markResult, scheduled: 0, late: time.Millisecond, took: 4 * time.Millisecond},
		record{seq: 1, op: Create, outcome: lost, scheduled: time.Second},
		record{key: 1, op: Create, status: 201, marks: markResolve | markAccepted},
	)
	var b bytes.Buffer
	require.NoError(t, WriteVegeta(&b, path, "https://127.0.0.1:1"))
	decode := vegeta.DecoderFor(&b)
	require.NotNil(t, decode)
	var first, second vegeta.Result
	require.NoError(t, decode(&first))
	require.NoError(t, decode(&second))
	assert.Equal(t, 5*time.Millisecond, first.Latency, "from when it was due")
	assert.Equal(t, uint16(201), first.Code)
	assert.Empty(t, first.Error)
	assert.Equal(t, "lost", second.Error)
	assert.Equal(t, time.Second, second.Timestamp.Sub(first.Timestamp))
	require.ErrorIs(t, decode(&first), io.EOF, "questions after the run are no load")
}
