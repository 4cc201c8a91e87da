// Command notrun reads the output of go test -json, shows it as go test would, and
// lists by name every test that did not run. A test that cannot run here, because a
// tool is not installed, says so with
//
//	t.Skip("not run: openssl is not installed")
//
// and would otherwise look like one that passed. With -strict such a test fails the
// build.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// marker begins the message of a skip that is about the machine.
const marker = "not run: "

// event is one line of go test -json (go doc test2json).
type event struct {
	Action  string `json:"Action"`
	Package string `json:"Package"`
	Test    string `json:"Test"` // empty for the package as a whole
	Output  string `json:"Output"`
}

// test names a test; of a package as a whole it has no name.
type test struct{ pkg, name string }

// summary is what the events add up to.
type summary struct {
	output  map[test]*strings.Builder
	passed  int
	failed  int // tests
	broken  int // packages that failed, some of them without a test that did
	skipped int
	notRun  []string
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("notrun", flag.ContinueOnError)
	flags.SetOutput(stderr)
	strict := flags.Bool("strict", false, "end with 1 when a test was not run")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	s := summary{output: map[test]*strings.Builder{}}
	lines := bufio.NewReader(stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.add(line, stdout)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Fprintf(stderr, "notrun: read: %v\n", err)
			return 2
		}
	}
	return s.finish(stdout, *strict)
}

// add takes one line. Lines that are no events are shown as they are.
func (s *summary) add(line []byte, out io.Writer) {
	var e event
	if json.Unmarshal(line, &e) != nil || e.Action == "" {
		fmt.Fprintf(out, "%s", line)
		return
	}
	id := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(out, e.Output)
	case "output":
		s.keep(id, e.Output, out)
	case "pass", "fail", "skip":
		s.end(id, e.Action, out)
	}
}

// keep holds what a test prints until it is known to have failed, and shows what a
// package says: its verdict and its time.
func (s *summary) keep(id test, text string, out io.Writer) {
	switch {
	case strings.HasPrefix(text, "=== "), text == "PASS\n", text == "FAIL\n":
		// How go test reports its progress; the line of the package says it again.
	case id.name == "":
		fmt.Fprint(out, text)
	default:
		if s.output[id] == nil {
			s.output[id] = new(strings.Builder)
		}
		s.output[id].WriteString(text)
	}
}

// end counts a test that is over.
func (s *summary) end(id test, action string, out io.Writer) {
	text := ""
	if b := s.output[id]; b != nil {
		text = b.String()
		delete(s.output, id)
	}
	switch {
	case id.name == "" && action == "fail":
		s.broken++
	case id.name == "":
		// A package that passed, or has no tests.
	case action == "fail":
		fmt.Fprint(out, text)
		s.failed++
	case action == "pass":
		s.passed++
	default:
		s.skipped++
		if _, reason, ok := strings.Cut(text, marker); ok {
			reason, _, _ = strings.Cut(reason, "\n")
			s.notRun = append(s.notRun, fmt.Sprintf("%s.%s: %s", id.pkg, id.name, reason))
		}
	}
}

// finish lists what did not run and adds up. A test that began and never ended (a
// crash, a time-out) is one that did not pass; go test blames its package, and what
// the test had printed is shown here.
func (s *summary) finish(out io.Writer, strict bool) int {
	for id, text := range s.output {
		fmt.Fprintf(out, "%sUNFINISHED %s.%s\n", text, id.pkg, id.name)
	}
	slices.Sort(s.notRun)
	for _, line := range s.notRun {
		fmt.Fprintf(out, "NOT RUN %s\n", line)
	}
	fmt.Fprintf(out, "%d passed, %d failed in %d packages, %d skipped, %d of them not run\n",
		s.passed, s.failed+len(s.output), s.broken, s.skipped, len(s.notRun))
	switch {
	case s.passed+s.skipped+s.failed+s.broken == 0:
		fmt.Fprintln(out, "no test ran at all")
		return 1
	case s.failed+s.broken+len(s.output) > 0:
		return 1
	case strict && len(s.notRun) > 0:
		fmt.Fprintln(out, "a test that was not run fails this build (-strict); make tools installs what is missing")
		return 1
	}
	return 0
}
