package cli

import (
	"regexp"
	"strings"

	"github.com/spf13/cobra"

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

// ruleID is the form of a rule's id.
var ruleID = regexp.MustCompile(`^[A-Z]+(-[A-Z]+)*-[0-9]+$`)

// takeArguments keeps the rules that are named as arguments, and returns the command behind --.
func (f *judgeFlags) takeArguments(cmd *cobra.Command, args []string) (command []string, err error) {
	if at := cmd.ArgsLenAtDash(); at >= 0 {
		args, command = args[:at], args[at:]
	}
	for _, word := range args {
		if !ruleID.MatchString(word) {
			return nil, usagef("%q is no rule such as DEP-IDEM-02", word).withHint("%s", behindDashes(cmd.Name()))
		}
	}
	f.ids = args
	return command, nil
}

// behindDashes says where a command of somebody's own stands, for roles that have one.
func behindDashes(role string) string {
	const hint = "d24conform rules list names the rules"
	if role == string(rules.RoleServer) {
		return hint
	}
	return hint + "; a command of yours stands behind --: d24conform run " + role + " … -- npm test"
}

// selection is what --tags and the rules that are named select together.
func (f *judgeFlags) selection(ledger *rules.Ledger, role rules.Role) (steps.Selection, error) {
	tags := make([]string, len(f.ids))
	for i, id := range f.ids {
		if _, ok := ledger.Rule(id); !ok {
			return steps.Selection{}, usagef("%s has no rule %q", ledger.Version, id).withHint("%s", behindDashes(string(role)))
		}
		tags[i] = "@" + id
	}
	selection, err := steps.ParseTags(f.tags)
	if err != nil {
		return selection, usagef("--tags: %w", err).withHint("write it as in Cucumber: @a and not (@b or @c)")
	}
	if len(tags) == 0 {
		return selection, nil
	}
	expression := strings.Join(tags, " or ")
	if f.tags != "" {
		expression = "(" + f.tags + ") and (" + expression + ")"
	}
	return steps.ParseTags(expression)
}

// checkConcurrency refuses a --concurrency that was given and is no number of scenarios.
func checkConcurrency(n int, given bool) error {
	if given && n < 1 {
		return usagef("--concurrency %d is not a number of scenarios at once: it must be at least 1", n)
	}
	return nil
}
