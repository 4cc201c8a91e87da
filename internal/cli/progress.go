package cli

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// progress counts scenarios on a terminal, in one line that is written over.
type progress struct {
	mu          sync.Mutex
	out         io.Writer // nil: nobody watches
	ran, failed int
	all         int
}

func (a *app) newProgress(all int) *progress {
	p := &progress{all: all}
	if a.isTerminal(a.stderr) {
		p.out = a.stderr
	}
	return p
}

func (p *progress) ended(_ steps.Scenario, verdict reports.Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ran++
	if verdict == reports.Fail {
		p.failed++
	}
	if p.out != nil {
		fmt.Fprintf(p.out, "\r%d of %d scenarios, %d violated", p.ran, p.all, p.failed)
	}
}

// done clears the line.
func (p *progress) done() {
	if p.out != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// color says whether stdout is a terminal that a person reads in colour
// (no-color.org).
func (a *app) color() bool {
	value, set := a.env("NO_COLOR")
	return a.isTerminal(a.stdout) && (!set || value == "")
}

// plainWidth is how wide a report is where nobody's terminal says otherwise.
const plainWidth = 100

// width is how wide the terminal is.
func (a *app) width() int {
	file, ok := a.stdout.(*os.File)
	if !ok {
		return plainWidth
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil || columns <= 0 {
		return plainWidth
	}
	return min(columns, 2*plainWidth)
}
