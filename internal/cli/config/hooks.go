package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// hook is a thing that a target can be made to do by a command, with the
// placeholders that its arguments may hold.
type hook struct {
	name         string
	placeholders []string
}

// hooks are those that the harness calls.
func hooks() []hook {
	return []hook{
		{"approve_deposit", []string{"deposit_id"}},
		{"cancel_deposit", []string{"deposit_id"}},
		{"deliver_cashout", []string{"cashout_id"}},
		{"complete_cashout", []string{"cashout_id"}},
		{"reject_cashout", []string{"cashout_id"}},
		{"set_funds", []string{"amount"}},
		{"respond_500_once", nil},
		{"drop_after_commit_once", nil},
		{"set_clock_offset", []string{"ms"}},
		{"whitelist_add", []string{"product", "ip"}},
		{"whitelist_remove", []string{"product", "ip"}},
	}
}

// String is the hook with its placeholders: whitelist_add{product,ip}.
func (h hook) String() string {
	if len(h.placeholders) == 0 {
		return h.name
	}
	return h.name + "{" + strings.Join(h.placeholders, ",") + "}"
}

// findHook is the hook of that name, and the text that lists all hooks when there
// is none.
func findHook(name string) (found hook, known string, ok bool) {
	var all []string
	for _, h := range hooks() {
		if h.name == name {
			return h, "", true
		}
		all = append(all, h.String())
	}
	return hook{}, "the hooks are " + strings.Join(all, ", "), false
}

// braces finds {name} in an argument. Other braces, such as those of JSON, are
// text.
func braces() *regexp.Regexp { return regexp.MustCompile(`\{([A-Za-z0-9_]+)\}`) }

// checkArgument says what is wrong with an argument of the hook's command.
func (h hook) checkArgument(index int, argument string) (problem, hint string) {
	for _, match := range braces().FindAllStringSubmatch(argument, -1) {
		switch {
		case !slices.Contains(h.placeholders, match[1]) && len(h.placeholders) == 0:
			return fmt.Sprintf("hook %s has no placeholder %s", h.name, match[0]), "it takes no placeholders"
		case !slices.Contains(h.placeholders, match[1]):
			return fmt.Sprintf("hook %s has no placeholder %s", h.name, match[0]), "it has {" + strings.Join(h.placeholders, "}, {") + "}"
		case index == 0:
			// The value came from the target, which must not choose the program.
			return fmt.Sprintf("hook %s has the placeholder %s in the name of its program", h.name, match[0]), "placeholders stand in arguments only"
		}
	}
	return "", ""
}
