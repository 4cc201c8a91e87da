package load

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// kept writes results as a run does, and returns where.
func kept(t *testing.T, r *Results, path ...string) string {
	t.Helper()
	file := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, os.WriteFile(file, []byte(render(t, WriteJSON, r)), 0o600))
	return file
}

func TestRunsAreNamedByWhereTheyAre(t *testing.T) {
	t.Parallel()
	base, r := t.TempDir(), anywhere(t)
	own := filepath.Dir(kept(t, r, base, "20261122T061854Z-load-r1", "results.json"))
	kept(t, r, base, "before", "results.json")
	file := kept(t, r, base, "branch\x1b.json")
	link := filepath.Join(base, "latest")
	require.NoError(t, os.Symlink(filepath.Base(own), link))
	runs, err := OpenRuns([]string{own, filepath.Join(base, "before"), file, link, link})
	require.NoError(t, err)
	var names []string
	for _, run := range runs {
		names = append(names, run.Name)
		assert.Equal(t, render(t, WriteJSON, r), render(t, WriteJSON, run.Results), "what was written is read")
	}
	assert.Equal(t, []string{"sample r1", "before", `branch\u{1b}`, "sample r1 (2)", "sample r1 (3)"}, names)
}

func TestWhatIsNoRunIsRefused(t *testing.T) {
	t.Parallel()
	base, r := t.TempDir(), anywhere(t)
	fine := kept(t, r, base, "fine.json")
	other := filepath.Join(base, "other.json")
	require.NoError(t, os.WriteFile(other, []byte(`{"schema":"d24conform/results/v1"}`), 0o600))
	short, hundred := anywhere(t), anywhere(t)
	short.Series.P99 = short.Series.P99[1:]
	hundred.Series.Percentiles[0] = 100
	for want, paths := range map[string][]string{
		"is no folder of a run: there is no results.json in it": {base},
		"the run cannot be read":                                {filepath.Join(base, "none.json")},
		"is no results.json of a load run":                      {fine, other},
		"short.json is damaged":                                 {kept(t, short, base, "short.json")},
		"hundred.json is damaged":                               {kept(t, hundred, base, "hundred.json")},
		"9 runs are more than the 8":                            {fine, fine, fine, fine, fine, fine, fine, fine, fine},
	} {
		_, err := OpenRuns(paths)
		assert.ErrorContains(t, err, want)
	}
}

func TestWhatDiffersBetweenRunsIsSaid(t *testing.T) {
	t.Parallel()
	a, b := anywhere(t), anywhere(t)
	a.Verdict, b.Verdict = RunPass, RunPass
	runs := []Plotted{{Name: "a", Results: a}, {Name: "b", Results: b}}
	b.Target.BaseURL = "https://127.0.0.1:2"
	assert.Empty(t, Differences(runs), "the bundled mock has another port each time")
	b.AsRun += "# changed\n"
	assert.Equal(t, []string{"profile differs: of one name, and with different content"}, Differences(runs))
	b.Generator.Threads, b.Seed, b.Target.BaseURL = 64, 7, "https://api-stg.example.com"
	b.Verdict, b.Partial, b.Series = RunInvalid, true, nil
	assert.Equal(t, []string{
		`target differs: te\u{1b}st on 127.0.0.1 or te\u{1b}st on api-stg.example.com`,
		"machine differs: 2 threads of plan9/mips or 64 threads of plan9/mips",
		"seed differs: 3364 or 7",
		"b is INVALID: its latencies are its generator's own",
		"b is a part: it was not sent to its end",
		"b has no points to draw: it was written by an earlier version",
	}, Differences(runs))
}

// two are runs of which the second is slower.
func two(t *testing.T) []Plotted {
	t.Helper()
	a, b := anywhere(t), anywhere(t)
	b.Series = plotted(t, record{seq: 0, took: 9 * ms}, record{seq: 70, scheduled: 1500 * ms, took: 60 * ms})
	for _, name := range []string{"p99", "mean"} {
		b.Numbers[name] *= 1.5
	}
	b.Seed = 8
	return []Plotted{{Name: "before", Results: a}, {Name: "after", Results: b}}
}

func TestRunsStandSideBySide(t *testing.T) {
	t.Parallel()
	runs := two(t)
	page := render(t, func(w io.Writer, _ *Results) error { return WritePlot(w, runs) }, nil)
	golden(t, "plot.html", page)
	assert.Contains(t, page, "&#43;50 %")
	assert.Equal(t, 1, strings.Count(page, "seed differs: 3364 or 8"))
	for i := range runs {
		runs[i].Results.Series = nil
	}
	page = render(t, func(w io.Writer, _ *Results) error { return WritePlot(w, runs) }, nil)
	assert.NotContains(t, page, "<script", "nothing is drawn of runs without points")
}

func TestABrowserShowsThePlot(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	runs := two(t)
	for _, name := range []string{"c", "d", "e", "f", "g", `<b>"a name that is longer than a phone is wide, and then some"</b>`} {
		runs = append(runs, Plotted{Name: name, Results: runs[len(runs)%2].Results})
	}
	b.show(t, render(t, func(w io.Writer, _ *Results) error { return WritePlot(w, runs) }, nil), 5)
}
