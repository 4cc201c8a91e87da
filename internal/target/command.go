package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

// CommandHooks are hooks that run commands: argument lists, never a shell.
type CommandHooks struct {
	Commands map[string][]string // {name} inside an argument is replaced, never in the program's name
	Dir      string              // where they run; empty = the working directory
	Stderr   io.Writer           // where their output goes; nil = nowhere

	timeout, outputDelay time.Duration // 0 = hookTimeout, hookOutputDelay
}

const (
	// hookTimeout is how long a hook's command may take.
	hookTimeout = 30 * time.Second
	// hookOutputDelay is how long we go on reading what a command writes that has
	// ended: a grandchild that keeps the output open must not keep us.
	hookOutputDelay = time.Second
)

// safeValue is what a value may look like that came from the target and is about to
// become part of a command line.
var safeValue = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// ownValue is what our own values, amounts and addresses, look like.
var ownValue = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,64}$`)

// Offers says whether there is a command for the hook.
func (c CommandHooks) Offers(h Hook) bool {
	_, known := findSpec(h)
	return known && len(c.Commands[string(h)]) > 0
}

// Call runs the hook's command. Exit status 0 is done; anything else, or more than
// 30 s, is an error. A command that takes too long is killed, with its children.
func (c CommandHooks) Call(ctx context.Context, h Hook, arguments map[string]string) error {
	if !c.Offers(h) {
		return fmt.Errorf("hook %s: the target has none", h)
	}
	command, err := c.command(h, arguments)
	if err != nil {
		return fmt.Errorf("hook %s: not run: %w", h, err)
	}
	timeout := c.timeout
	if timeout == 0 {
		timeout = hookTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(limited, command[0], command[1:]...)
	endWithChildren(cmd)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.Dir, c.Stderr, c.Stderr
	if cmd.WaitDelay = c.outputDelay; cmd.WaitDelay == 0 {
		cmd.WaitDelay = hookOutputDelay
	}
	err = cmd.Run()
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // it ended with status 0, whoever still holds its output
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("hook %s: %s was stopped: %w", h, command[0], ctx.Err())
	case limited.Err() != nil:
		return fmt.Errorf("hook %s: %s took more than %s", h, command[0], timeout)
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("hook %s: the program %s cannot be found: %w", h, command[0], err)
	}
	return fmt.Errorf("hook %s: %s: %w", h, command[0], err)
}

// command is the hook's argument list with its values in place.
func (c CommandHooks) command(h Hook, arguments map[string]string) ([]string, error) {
	command := slices.Clone(c.Commands[string(h)])
	spec, _ := findSpec(h)
	for _, name := range spec.Parameters {
		value, given := arguments[name]
		if !given {
			return nil, fmt.Errorf("there is no %s", name)
		}
		fromTarget := strings.HasSuffix(name, "_id")
		switch {
		case fromTarget && !safeValue.MatchString(value):
			return nil, fmt.Errorf("%s came from the target as %q, which does not match %s", name, value, safeValue)
		case !ownValue.MatchString(value):
			return nil, fmt.Errorf("%s is %q, which does not match %s", name, value, ownValue)
		}
		placeholder := "{" + name + "}"
		for i := range command[1:] {
			argument := &command[i+1]
			if fromTarget && value[0] == '-' && strings.HasPrefix(*argument, placeholder) {
				return nil, fmt.Errorf("%s came from the target as %q, which a program takes for an option", name, value)
			}
			*argument = strings.ReplaceAll(*argument, placeholder, value)
		}
	}
	return command, nil
}
