package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
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

// ownValue is what our own values look like: amounts, addresses, and invoice_ids, which
// may have 128 characters.
var ownValue = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,128}$`)

// fromTarget says whether a parameter's value was chosen by the target.
func fromTarget(parameter string) bool {
	return parameter == "deposit_id" || parameter == "refund_id" || parameter == "cashout_id"
}

// Offers says whether there is a command for the hook.
func (c CommandHooks) Offers(h Hook) bool {
	_, known := findSpec(h)
	return known && len(c.Commands[string(h)]) > 0
}

// Call runs the hook's command. Exit status 0 is done; anything else, or more than
// 30 s, is an error. A command that takes too long is killed, with its children.
func (c CommandHooks) Call(ctx context.Context, h Hook, arguments map[string]string) error {
	return c.run(ctx, h, arguments, c.Stderr)
}

// Counts runs the command of count_deposits, which prints an integer and nothing else.
func (c CommandHooks) Counts(ctx context.Context, invoiceID string) (int, error) {
	printed := limitedBuffer{limit: longestCount}
	if err := c.run(ctx, CountDeposits, map[string]string{"invoice_id": invoiceID}, &printed); err != nil {
		return 0, err
	}
	text := strings.TrimSpace(printed.text.String())
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("hook %s: it printed %q, which is not a number of deposits", CountDeposits, text)
	}
	return n, nil
}

// longestCount is how many bytes of a count are read: more than any integer has, and
// enough to show what was printed instead.
const longestCount = 200

// limitedBuffer keeps the first bytes of what is written, and takes all of it.
type limitedBuffer struct {
	text  bytes.Buffer
	limit int
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	b.text.Write(p[:min(len(p), b.limit-b.text.Len())])
	return len(p), nil
}

// run runs the hook's command; stdout takes what it prints.
func (c CommandHooks) run(ctx context.Context, h Hook, arguments map[string]string, stdout io.Writer) error {
	if !c.Offers(h) {
		return noSuchHook(h)
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
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.Dir, stdout, c.Stderr
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
		switch {
		case fromTarget(name) && !safeValue.MatchString(value):
			return nil, fmt.Errorf("%s came from the target as %q, which does not match %s", name, value, safeValue)
		case !ownValue.MatchString(value):
			return nil, fmt.Errorf("%s is %q, which does not match %s", name, value, ownValue)
		}
		placeholder := "{" + name + "}"
		for i := range command[1:] {
			argument := &command[i+1]
			if fromTarget(name) && value[0] == '-' && strings.HasPrefix(*argument, placeholder) {
				return nil, fmt.Errorf("%s came from the target as %q, which a program takes for an option", name, value)
			}
			*argument = strings.ReplaceAll(*argument, placeholder, value)
		}
	}
	return command, nil
}
