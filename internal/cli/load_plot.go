package cli

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/load"
	"github.com/d24conform/d24conform/reports"
)

// plotted is what load plot --json prints.
type plotted struct {
	File        string       `json:"file"`
	Runs        []plottedRun `json:"runs"`
	Differences []string     `json:"differences"`
}

type plottedRun struct {
	Name    string       `json:"name"`
	Results string       `json:"results"`
	Profile string       `json:"profile"`
	Verdict load.Overall `json:"verdict"`
}

func (a *app) loadPlotCommand() *cobra.Command {
	var (
		output string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "plot FILE… [flags]",
		Short: "Draw load runs over each other, in one page that needs no network",
		Example: indent(`
d24conform load plot reports/out/latest                  # plot.html
d24conform load plot before/ after/ -o difference.html
d24conform load plot main.json branch.json --json | jq .differences`),
		Long: fmt.Sprintf(`A FILE is the folder of a run or its results.json, under any name; %d at most. What else
differs between the runs, such as profile, target or machine, is said in the page and
here.`, load.MaxPlotted),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s needs a run: its folder or its results.json", subject(cmd)).withHint("%s reports/out/latest", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.plot(args, output, asJSON) },
	}
	cmd.Flags().StringVarP(&output, "output", "o", "plot.html", "`FILE` to write")
	addJSONFlag(cmd, &asJSON, "file, runs, differences")
	return cmd
}

func (a *app) plot(paths []string, output string, asJSON bool) error {
	runs, err := load.OpenRuns(paths)
	if err != nil {
		return usagef("%w", err)
	}
	var page bytes.Buffer
	if err := load.WritePlot(&page, runs); err != nil {
		return err
	}
	said := plotted{File: output, Differences: append([]string{}, load.Differences(runs)...)}
	there, absent := os.Stat(output)
	for _, run := range runs {
		said.Runs = append(said.Runs, plottedRun{run.Name, run.Path, run.Results.Profile, run.Results.Verdict})
		if of, err := os.Stat(run.Path); err == nil && absent == nil && os.SameFile(of, there) {
			return usagef("--output %s is one of the runs to draw", output)
		}
	}
	const readable = 0o644 // like every report
	if err := os.WriteFile(output, page.Bytes(), readable); err != nil {
		return usagef("the page cannot be written: %w", err)
	}
	if asJSON {
		return a.printJSON(said)
	}
	var text strings.Builder
	for _, run := range said.Runs {
		fmt.Fprintf(&text, "%s  %s\n", reports.Escape(string(run.Verdict)), run.Name)
	}
	for _, difference := range said.Differences {
		fmt.Fprintf(&text, "note: %s\n", difference)
	}
	return a.printf("%spage: %s\n", text.String(), output)
}
