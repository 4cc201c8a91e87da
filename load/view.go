package load

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/d24conform/d24conform/reports"
)

// A View is how a run stands, on a terminal: some lines that are written over each time.
type View struct {
	w     io.Writer
	lines int // that stand there
}

// NewView writes to a terminal.
func NewView(w io.Writer) *View { return &View{w: w} }

// Show puts the snapshot in the place of the one before.
func (v *View) Show(s Snapshot) {
	var b bytes.Buffer
	v.up(&b)
	// A line that is longer than the terminal is wide is cut there: wrapped, it would be two,
	// and the next picture would begin one line too low.
	b.WriteString("\x1b[?7l")
	lines := s.lines()
	for _, line := range lines {
		fmt.Fprintf(&b, "%s\x1b[K\n", line)
	}
	b.WriteString("\x1b[?7h")
	v.lines = len(lines)
	_, _ = v.w.Write(b.Bytes()) // at once, so that nobody sees half of it; a view that is lost is no loss
}

// Clear leaves nothing behind.
func (v *View) Clear() {
	var b bytes.Buffer
	v.up(&b)
	v.lines = 0
	_, _ = v.w.Write(b.Bytes())
}

// up goes to the first line, and takes away what stands from there on.
func (v *View) up(b *bytes.Buffer) {
	if v.lines > 0 {
		fmt.Fprintf(b, "\x1b[%dA\r\x1b[J", v.lines)
	}
}

// shownClasses are the errors that there is room for.
const shownClasses = 5

// lines are the snapshot for people, at most 80 columns wide but for a class of errors.
func (s Snapshot) lines() []string {
	const width = 30
	done := 0
	if length := s.Elapsed + s.Left; length > 0 {
		done = int(width * s.Elapsed / length)
	}
	lines := []string{
		fmt.Sprintf("  %s%s  %s, %s left", strings.Repeat("█", done), strings.Repeat("░", width-done), seconds(s.Elapsed), seconds(s.Left)),
		fmt.Sprintf("  rate     asked %s/s   sent %s/s   late p99 %s", whole(s.Asked), whole(s.Sent), millis(s.Late)),
		fmt.Sprintf("  latency  p50 %s   p95 %s   p99 %s", millis(s.P50), millis(s.P95), millis(s.P99)),
		fmt.Sprintf("  money    %s duplicates   %s different   %s replays", thousands(s.Duplicates), thousands(s.Different), thousands(s.Replays)),
		fmt.Sprintf("  answers  %s requests   %s lost   %s errors", thousands(s.Hits), thousands(s.Lost), thousands(s.Errors)),
	}
	for i, class := range s.Classes {
		if i == shownClasses {
			lines = append(lines, fmt.Sprintf("    … and %s more classes", thousands(len(s.Classes)-i)))
			break
		}
		lines = append(lines, fmt.Sprintf("    %s  %s", thousands(class.Count), reports.Escape(class.Class)))
	}
	return lines
}

// String is the snapshot in one line.
func (s Snapshot) String() string {
	broken := ""
	if s.Broken > 0 {
		broken = fmt.Sprintf("  %s keys BROKEN", thousands(s.Broken))
	}
	return fmt.Sprintf("%3.0f s  asked %s/s  sent %s/s  p50 %s  p95 %s  p99 %s  late p99 %s  %s errors  %s answers lost%s  %.0f s left",
		s.Elapsed.Seconds(), whole(s.Asked), whole(s.Sent), millis(s.P50), millis(s.P95), millis(s.P99), millis(s.Late),
		thousands(s.Errors), thousands(s.Lost), broken, s.Left.Seconds())
}

func whole(value float64) string { return trim(round(value, Count)) }

func seconds(d time.Duration) string { return d.Round(time.Second).String() }

func millis(d time.Duration) string {
	return trim(round(float64(d)/float64(time.Millisecond), PerSecond)) + " ms"
}
