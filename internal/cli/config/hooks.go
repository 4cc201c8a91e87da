package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/target"
)

// findHook is the hook of that name, and the text that lists all hooks when there
// is none.
func findHook(name string) (found target.HookSpec, known string, ok bool) {
	var all []string
	for _, h := range target.HookSpecs() {
		if string(h.Name) == name {
			return h, "", true
		}
		all = append(all, h.String())
	}
	return target.HookSpec{}, "the hooks are " + strings.Join(all, ", "), false
}

// braces finds {name} in an argument. Other braces, such as those of JSON, are
// text.
func braces() *regexp.Regexp { return regexp.MustCompile(`\{([A-Za-z0-9_]+)\}`) }

// checkArgument says what is wrong with an argument of the hook's command.
func checkArgument(h target.HookSpec, index int, argument string) (problem, hint string) {
	for _, match := range braces().FindAllStringSubmatch(argument, -1) {
		switch {
		case !slices.Contains(h.Parameters, match[1]) && len(h.Parameters) == 0:
			return fmt.Sprintf("hook %s has no placeholder %s", h.Name, match[0]), "it takes no placeholders"
		case !slices.Contains(h.Parameters, match[1]):
			return fmt.Sprintf("hook %s has no placeholder %s", h.Name, match[0]), "it has {" + strings.Join(h.Parameters, "}, {") + "}"
		case index == 0:
			// The value came from the target, which must not choose the program.
			return fmt.Sprintf("hook %s has the placeholder %s in the name of its program", h.Name, match[0]), "placeholders stand in arguments only"
		}
	}
	return "", ""
}
