package reports

import (
	"testing"
	"time"
)

func TestAWindowInWords(t *testing.T) {
	t.Parallel()
	between := func(least, most int) *WindowEdge { // milliseconds
		return NewWindowEdge(time.Duration(least)*time.Millisecond, time.Duration(most)*time.Millisecond)
	}
	for _, tt := range []struct {
		name         string
		past, future *WindowEdge
		want         string
	}{
		{"whole seconds", between(4000, 6000), between(4000, 6000), "from 5 s old to 5 s ahead (± 1 s)"},
		{"a clock that is known well", between(4270, 5330), between(4660, 5740), "from 4.8 s old to 5.2 s ahead (± 0.54 s)"},
		{"rounding never hides the truth", between(6041, 8041), between(6000, 8000), "from 7 s old to 7 s ahead (± 1.05 s)"},
		{"an end that is found less exactly", between(5500, 6500), between(30000, 34000), "from 6 s old (± 0.5 s) to 32 s ahead (± 2 s)"},
		{"no end", between(4000, 6000), NewOpenWindowEdge(899470 * time.Millisecond), "from 5 s old (± 1 s) to at least 899.4 s ahead"},
		{"no end on either side", NewOpenWindowEdge(900 * time.Second), NewOpenWindowEdge(900 * time.Second), "from at least 900 s old to at least 900 s ahead"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := window(Target{WindowPast: tt.past, WindowFuture: tt.future}); got != "the target accepts dates "+tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
