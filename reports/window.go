package reports

import (
	"fmt"
	"math"
	"time"
)

// tenth is what is told of an edge: more would be noise.
const tenth = time.Second / 10

// NewWindowEdge is the end of a window that lies somewhere between two times. The error
// covers both, whatever rounding does, in hundredths of a second.
func NewWindowEdge(least, most time.Duration) *WindowEdge {
	middle := ((least + most) / 2).Round(tenth)
	off := max(most-middle, middle-least)
	return &WindowEdge{Seconds: middle.Seconds(), Error: (off + tenth/10 - 1).Truncate(tenth / 10).Seconds()}
}

// NewOpenWindowEdge is the end of a window that was not found within so much time.
func NewOpenWindowEdge(least time.Duration) *WindowEdge {
	return &WindowEdge{Seconds: least.Truncate(tenth).Seconds(), Open: true}
}

// window says which dates the target takes.
func window(t Target) string {
	past, future := *t.WindowPast, *t.WindowFuture
	behind := past.within()
	if !past.Open && !future.Open && math.Abs(past.Error-future.Error) < tenth.Seconds() {
		future.Error = max(past.Error, future.Error)
		behind = "" // one word for both
	}
	return fmt.Sprintf("the target accepts dates from %s old%s to %s ahead%s", past, behind, future, future.within())
}

func (e WindowEdge) String() string {
	if e.Open {
		return fmt.Sprintf("at least %v s", e.Seconds)
	}
	return fmt.Sprintf("%v s", e.Seconds)
}

// within is how sure that is. An end that was not found needs no such word.
func (e WindowEdge) within() string {
	if e.Open {
		return ""
	}
	return fmt.Sprintf(" (± %v s)", e.Error)
}
