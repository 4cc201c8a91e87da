package load

import (
	"flag"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden holds what a page says against a file. Style, scripts and licence are those of
// every page; the machine of the test is no part of it.
func golden(t *testing.T, name, page string) {
	t.Helper()
	got := regexp.MustCompile(`(?s)(<head>|<script>|<details>).*?(</head>|</script>|</details>)`).ReplaceAllString(page, "$1…$2")
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// anywhere is the sample as if run on a machine that everybody has.
func anywhere(t *testing.T) *Results {
	t.Helper()
	r := sample(t)
	r.Tool = Tool{Version: "1.2.3"}
	r.Generator = Generator{CPUSeconds: 1, CPUPerThousand: 500, MaxRSSMB: 30, Threads: 2, System: "plan9/mips", Go: "go1.0"}
	return r
}

func TestTheReportSaysWhatTheResultsSay(t *testing.T) {
	t.Parallel()
	r := anywhere(t)
	page := render(t, WriteHTML, r)
	golden(t, "report.html", page)
	assert.Less(t, len(page), 400<<10)
	assert.NotContains(t, page, "\x1b")
	text := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, ""))
	for _, threshold := range r.Thresholds {
		assert.Contains(t, text, threshold.Text+threshold.value(), "the printed number")
	}
	for _, class := range []string{"", "create.", "refund."} {
		for _, column := range latencyColumns() {
			assert.Contains(t, text, r.number(class+column))
		}
	}
}

func TestTheReportGivesReasons(t *testing.T) {
	t.Parallel()
	r := anywhere(t)
	var got []string
	for _, reason := range r.reasons() {
		got = append(got, reason.Tone.Sign()+" "+reason.Name+": "+reason.Text)
	}
	assert.Equal(t, []string{
		"✗ one-object-per-key: 1 deposits of keys that had one already",
		"? achieved >= 99%: measured 50%; the generator could not keep its schedule: these latencies are its own",
		"✗ errors < 1%: measured 50%",
		"? cashout.p99 < 1s: no such request was made",
	}, got)
	for _, c := range []struct {
		verdict Overall
		partial bool
		want    string
	}{
		{RunPass, false, "✓ PASS"}, {RunFail, false, "✗ FAIL"}, {RunInvalid, false, "? INVALID"}, {RunInconclusive, true, "? INCONCLUSIVE ? PARTIAL"},
	} {
		r.Verdict, r.Partial, r.Stopped = c.verdict, c.partial, Interrupted
		var marks []string
		for _, m := range r.marks() {
			marks = append(marks, m.Tone.Sign()+" "+m.Word)
		}
		assert.Equal(t, c.want, strings.Join(marks, " "))
	}
	reasons := r.reasons()
	assert.Contains(t, reasons[len(reasons)-1].Text, "Not sent to the end: "+Interrupted+". What follows is of 2 of 4 requests.")
}

// What was written before there were charts is shown without.
func TestAReportWithoutSeriesHasNoCharts(t *testing.T) {
	t.Parallel()
	r := anywhere(t)
	r.Series, r.AsRun = nil, ""
	page := render(t, WriteHTML, r)
	assert.NotContains(t, page, "<script")
	assert.Contains(t, page, "one-object-per-key")
}

// A million requests make no larger page than a thousand.
func TestTheReportOfALongRunIsSmall(t *testing.T) {
	t.Parallel()
	r := anywhere(t)
	p := &plotter{step: 100 * time.Millisecond, outcomes: map[string][]int{}}
	for i := range uint32(60_000) {
		p.take(header{}, &record{
			seq: i, status: uint16(200 + i%20), scheduled: time.Duration(i) * ms, late: time.Duration(i*7919%9973) * 7 * time.Microsecond, took: time.Duration(i*104729%99991) * time.Microsecond,
		})
	}
	quantiles := r.Series.Quantiles
	r.Series = p.series(NewSchedule([]Stage{{1000, 1000, time.Minute}}, 1))
	require.Len(t, r.Series.Sent, 2*maxSteps)
	r.Series.Percentiles, r.Series.Quantiles = percentiles(), quantiles
	assert.Less(t, len(render(t, WriteHTML, r)), 400<<10)
}
