package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/reports/webpage"
)

// MaxPlotted is how many runs can be told apart in one chart.
const MaxPlotted = 8

// A Plotted run is one of several in a page.
type Plotted struct {
	Name    string
	Path    string // of its results.json
	Results *Results
}

// OpenRuns reads runs to plot: folders of runs, or results.json files of any name.
func OpenRuns(paths []string) ([]Plotted, error) {
	if len(paths) > MaxPlotted {
		return nil, fmt.Errorf("%d runs are more than the %d that can be told apart in a chart", len(paths), MaxPlotted)
	}
	runs := make([]Plotted, 0, len(paths))
	for _, path := range paths {
		run, err := openRun(path)
		if err != nil {
			return nil, err
		}
		same := 1
		for _, other := range runs {
			if other.Name == run.Name || strings.HasPrefix(other.Name, run.Name+" (") {
				same++
			}
		}
		if same > 1 {
			run.Name += fmt.Sprintf(" (%d)", same)
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// runFolder is the name that a run gives its folder.
var runFolder = regexp.MustCompile(`^\d{8}T\d{6}Z-load-[0-9a-z]+$`)

func openRun(path string) (Plotted, error) {
	file := path
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		file = filepath.Join(path, "results.json")
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && file != path {
		return Plotted{}, fmt.Errorf("%s is no folder of a run: there is no results.json in it", path)
	}
	if err != nil {
		return Plotted{}, fmt.Errorf("the run cannot be read: %w", err)
	}
	r := &Results{}
	if err := json.Unmarshal(data, r); err != nil || r.Schema != Schema {
		return Plotted{}, fmt.Errorf("%s is no results.json of a load run: it does not say that it is %s", file, Schema)
	}
	if s := r.Series; s != nil && !s.whole() {
		return Plotted{}, fmt.Errorf("%s is damaged: its series cannot be drawn", file)
	}
	// latest is a link, and what it leads to has the better name.
	if led, err := filepath.EvalSymlinks(file); err == nil {
		file = led
	}
	name := strings.TrimSuffix(filepath.Base(file), ".json")
	if name == "results" {
		folder, err := filepath.Abs(filepath.Dir(file))
		if err != nil {
			return Plotted{}, fmt.Errorf("the run cannot be named: %w", err)
		}
		name = filepath.Base(folder)
		if runFolder.MatchString(name) {
			name = r.Profile + " " + r.Run
		}
	}
	return Plotted{Name: reports.Escape(name), Path: file, Results: r}, nil
}

// whole says whether charts can be drawn of it, whoever wrote it.
func (s *Series) whole() bool {
	steps := len(s.Asked)
	for _, list := range [][]*float64{s.P50, s.P95, s.P99, s.Max, s.Late} {
		if len(list) != steps {
			return false
		}
	}
	for _, list := range s.Quantiles {
		if len(list) > len(s.Percentiles) {
			return false
		}
	}
	all := func(percent float64) bool { return percent >= 100 }
	return len(s.Sent) == steps && s.StepMS > 0 && !slices.ContainsFunc(s.Percentiles, all)
}

// Differences are what else differs between runs, beside what is compared: it may be
// the reason for whatever the charts show.
func Differences(runs []Plotted) []string {
	var list []string
	for _, of := range []struct {
		what string
		in   func(*Results) string
	}{
		{"profile", func(r *Results) string { return r.Profile }},
		{"target", func(r *Results) string { return r.Target.Name + " on " + hostOf(r.Target.BaseURL) }},
		{"machine", func(r *Results) string { return r.Generator.machine() }},
		{"version", func(r *Results) string { return strings.TrimSpace(r.Tool.Version + " " + r.Tool.Revision) }},
		{"Go", func(r *Results) string { return r.Generator.Go }},
		{"protocol", func(r *Results) string { return r.Protocol }},
		{"number of connections", func(r *Results) string { return fmt.Sprint(r.Connections) }},
		{"seed", func(r *Results) string { return fmt.Sprint(r.Seed) }},
		{"highest rate", func(r *Results) string { return trim(r.Schedule.PeakRate) + "/s" }},
		{"length", func(r *Results) string { return trim(r.Schedule.Seconds) + " s" }},
	} {
		var values []string
		for _, run := range runs {
			if v := of.in(run.Results); !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		if len(values) > 1 {
			list = append(list, fmt.Sprintf("%s differs: %s", of.what, reports.Escape(strings.Join(values, " or "))))
		}
	}
	asRun := runs[0].Results.AsRun
	if len(list) == 0 && slices.ContainsFunc(runs, func(run Plotted) bool { return run.Results.AsRun != asRun }) {
		list = append(list, "profile differs: of one name, and with different content")
	}
	return append(list, doubts(runs)...)
}

// doubts are the runs that are not what they should be.
func doubts(runs []Plotted) []string {
	var list []string
	for _, run := range runs {
		if run.Results.Verdict == RunInvalid {
			list = append(list, run.Name+" is INVALID: its latencies are its generator's own")
		}
		if run.Results.Partial {
			list = append(list, run.Name+" is a part: it was not sent to its end")
		}
		if of := run.Results.ofWhich(); of != "" && run.Results.Series != nil {
			list = append(list, run.Name+" was more than one run: its charts are of the last alone")
		}
		if run.Results.Series == nil {
			list = append(list, run.Name+" has no points to draw: it was written by an earlier version")
		}
	}
	return list
}

// hostOf leaves out the port: the bundled mock has another one each time.
func hostOf(baseURL string) string {
	if u, err := url.Parse(baseURL); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return baseURL
}

// WritePlot writes the runs into one page, over each other.
func WritePlot(w io.Writer, runs []Plotted) error {
	p := &webpage.Page{
		Title: "load plot: " + plural(len(runs), "run"), Kind: "d24conform load plot",
		Heading: plural(len(runs), "run") + " side by side",
		Foot:    []string{"What stands beside a number is its change from the first run. One run each proves no difference: what the machine did meanwhile is in it too."},
	}
	for _, difference := range Differences(runs) {
		p.Reasons = append(p.Reasons, webpage.Said{Tone: webpage.Doubt, Text: difference})
	}
	if len(p.Reasons) == 0 && len(runs) > 1 {
		p.Reasons = []webpage.Said{{Tone: webpage.Good, Text: "Profile, target, machine and version are the same."}}
	}
	over := func(title, about, unit string, step bool, points func(*Series) []*float64) webpage.Part {
		c := &webpage.Chart{Title: title, About: about, Axis: webpage.Seconds, Unit: unit}
		for i, run := range runs {
			if s := run.Results.Series; s != nil {
				l := s.overTime(run.Name, points(s))
				l.Style, l.Step = i, step
				c.Lines = append(c.Lines, l)
			}
		}
		return webpage.Part{Chart: c}
	}
	percentile := &webpage.Chart{Title: "Latency by percentile", About: "How long all but the slowest share of requests took, at most, from when they were due.", Axis: webpage.Percentile, Unit: string(Milliseconds)}
	for i, run := range runs {
		if s := run.Results.Series; s != nil {
			percentile.Lines = append(percentile.Lines, s.byPercentile(all, run.Name, i))
		}
	}
	p.Sections = []webpage.Section{{Heading: "Numbers", Parts: []webpage.Part{{Table: numbersOf(runs)}}}}
	if len(percentile.Lines) > 0 {
		p.Sections = append(p.Sections, webpage.Section{Heading: "Charts", Parts: []webpage.Part{
			{Chart: percentile},
			over("p50 over time", "Of the requests that were due in the same moment.", string(Milliseconds), false, func(s *Series) []*float64 { return s.P50 }),
			over("p99 over time", "Of the requests that were due in the same moment.", string(Milliseconds), false, func(s *Series) []*float64 { return s.P99 }),
			over("Requests a second", "Those whose sending began.", string(PerSecond), true, func(s *Series) []*float64 { return known(s.Sent) }),
			over("Lateness, p99", "From when a request was due to the beginning of its sending.", string(Milliseconds), false, func(s *Series) []*float64 { return s.Late }),
		}})
	}
	return webpage.Write(w, p)
}

// numbersOf has a column for each run.
func numbersOf(runs []Plotted) *webpage.Table {
	t := &webpage.Table{Caption: "Runs by their numbers, as each run printed them", Columns: columns("number")}
	verdicts := []webpage.Cell{{Text: "verdict"}}
	for i, run := range runs {
		t.Columns = append(t.Columns, webpage.Column{Name: run.Name, Number: true})
		mark := run.Results.marks()[0]
		verdicts = append(verdicts, against(i, same, webpage.Cell{Text: mark.Word, Tone: mark.Tone}))
	}
	t.Rows = append(t.Rows, verdicts)
	for _, name := range append(latencyColumns(), "mean", "rate", "achieved", "late.p99", "sign.p99", "first.p99", "errors", "attempts", "retries", "duplicates", "different", "lost") {
		unit, _ := unitOf(name)
		label := strings.TrimSpace(name + " " + string(unit))
		row := []webpage.Cell{{Text: label}}
		for i, run := range runs {
			row = append(row, against(i, change(unit, runs[0].Results.Numbers[name], run.Results.Numbers[name]), webpage.Cell{Text: run.Results.number(name)}))
		}
		t.Rows = append(t.Rows, row)
	}
	for _, of := range []struct {
		name  string
		value func(Generator) float64
	}{
		{"generator's CPU, s for 1,000", func(g Generator) float64 { return g.CPUPerThousand }},
		{"generator's memory, MB", func(g Generator) float64 { return g.MaxRSSMB }},
	} {
		row := []webpage.Cell{{Text: of.name}}
		for i, run := range runs {
			first, own := of.value(runs[0].Results.Generator), of.value(run.Results.Generator)
			row = append(row, against(i, change(Milliseconds, first, own), webpage.Cell{Text: trim(own)}))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// against is a cell with its change from the first run, which has none from itself.
func against(run int, change string, c webpage.Cell) webpage.Cell {
	if run > 0 {
		c.Note = change
	}
	return c
}

// same is no change, which takes its room: numbers stand below each other.
const same = " "

// change is how far a time or a rate moved; shares and counts speak for themselves.
func change(unit Unit, from, to float64) string {
	if from <= 0 || from == to || unit == Percent || unit == Count {
		return same
	}
	if to >= 2*from {
		return fmt.Sprintf("×%.1f", to/from)
	}
	return fmt.Sprintf("%+.0f %%", 100*(to/from-1))
}
