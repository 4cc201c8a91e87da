package cli

import (
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// parseDepth reads --depth. The empty depth is decided when it is known where the target
// is: [judgeFlags.depthFor].
func (f *judgeFlags) parseDepth() (steps.Depth, error) {
	if f.depth == "" {
		return "", nil
	}
	depth, err := steps.ParseDepth(f.depth)
	if err != nil {
		return "", usagef("--depth: %w", err)
	}
	return depth, nil
}

// depthFor is the depth that the flag says, or that the target's place allows.
func (f *judgeFlags) depthFor(loopback bool) steps.Depth {
	if f.depth != "" {
		return steps.Depth(f.depth)
	}
	return steps.DefaultDepth(loopback, f.requiresGoLive())
}

// parseSource reads --source; the empty source judges the rules of all pages.
func (f *judgeFlags) parseSource() (rules.Source, error) {
	switch f.source {
	case "", reports.SourceAll:
		return "", nil
	case reports.SourceSeeds:
		return rules.Seed, nil
	}
	return "", usagef("--source %q is not %s or %s", f.source, reports.SourceSeeds, reports.SourceAll)
}

// checkConcurrency refuses a --concurrency that was given and is no number of scenarios.
func checkConcurrency(n int, given bool) error {
	if given && n < 1 {
		return usagef("--concurrency %d is not a number of scenarios at once: it must be at least 1", n)
	}
	return nil
}
