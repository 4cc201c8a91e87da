package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Hook is something that a target can be made to do from outside its API. A hook
// changes the target for everybody.
type Hook string

// The hooks. Those in the second group exist only where the target is our mock.
const (
	ApproveDeposit      Hook = "approve_deposit"
	CancelDeposit       Hook = "cancel_deposit"
	DeliverCashout      Hook = "deliver_cashout"
	CompleteCashout     Hook = "complete_cashout"
	RejectCashout       Hook = "reject_cashout"
	SetFunds            Hook = "set_funds"        // the balance is exactly this
	Respond500Once      Hook = "respond_500_once" // the next authenticated POST, without effect, and stored
	DropAfterCommitOnce Hook = "drop_after_commit_once"
	SetClockOffset      Hook = "set_clock_offset" // target minus true time, absolute
	WhitelistAdd        Hook = "whitelist_add"
	WhitelistRemove     Hook = "whitelist_remove"

	FreezeClock Hook = "freeze_clock" // stop the clock at a time; an empty time lets it go on
)

// Parameters are the arguments of each hook that a configuration may name, in order.
func Parameters() map[Hook][]string {
	return map[Hook][]string{
		ApproveDeposit: {"deposit_id"}, CancelDeposit: {"deposit_id"},
		DeliverCashout: {"cashout_id"}, CompleteCashout: {"cashout_id"}, RejectCashout: {"cashout_id"},
		SetFunds: {"amount"}, Respond500Once: nil, DropAfterCommitOnce: nil, SetClockOffset: {"ms"},
		WhitelistAdd: {"product", "ip"}, WhitelistRemove: {"product", "ip"},
	}
}

// Capability is what a target offers by having the hook, in the words of a report.
func (h Hook) Capability() string {
	switch h {
	case ApproveDeposit:
		return "approve"
	case CancelDeposit:
		return "cancel"
	case DeliverCashout, CompleteCashout, RejectCashout:
		return "settle-cashouts"
	case SetFunds:
		return "set-funds"
	case Respond500Once, DropAfterCommitOnce:
		return "inject-fault"
	case SetClockOffset, FreezeClock:
		return "set-clock"
	case WhitelistAdd, WhitelistRemove:
		return "whitelist"
	}
	return string(h)
}

// Hooks are what one target offers.
type Hooks interface {
	Offers(h Hook) bool
	// Call does it. arguments are by parameter name.
	Call(ctx context.Context, h Hook, arguments map[string]string) error
}

type noHooks struct{}

func (noHooks) Offers(Hook) bool { return false }
func (noHooks) Call(_ context.Context, h Hook, _ map[string]string) error {
	return fmt.Errorf("hook %s: the target has none", h)
}

// CommandHooks are hooks that run commands: argument lists, never a shell.
type CommandHooks struct {
	Commands map[string][]string // {name} inside an argument is replaced
	Dir      string              // where they run; empty = the working directory
	Stderr   io.Writer           // where their output goes; nil = nowhere
}

// hookTimeout is how long a hook's command may take.
const hookTimeout = 30 * time.Second

// safeValue is what a value may look like that came from the target and is about to
// become part of a command line.
var safeValue = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// ownValue is what our own values, amounts and addresses, look like.
var ownValue = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,64}$`)

// Offers says whether there is a command for the hook.
func (c CommandHooks) Offers(h Hook) bool {
	return len(c.Commands[string(h)]) > 0
}

// Call runs the hook's command. Exit status 0 is done; anything else, or more than
// 30 s, is an error.
func (c CommandHooks) Call(ctx context.Context, h Hook, arguments map[string]string) error {
	command, ok := c.Commands[string(h)]
	if !ok {
		return fmt.Errorf("hook %s: the target has none", h)
	}
	command = slices.Clone(command)
	for name, value := range arguments {
		allowed := ownValue
		if strings.HasSuffix(name, "_id") {
			allowed = safeValue
		}
		if !allowed.MatchString(value) {
			return fmt.Errorf("hook %s: not run, since %s came from the target as %q, which does not match %s", h, name, value, allowed)
		}
		for i := range command {
			command[i] = strings.ReplaceAll(command[i], "{"+name+"}", value)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.Dir, c.Stderr, c.Stderr
	cmd.WaitDelay = time.Second // a grandchild that keeps the output open must not keep us
	err := cmd.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("hook %s: %s took more than %s", h, command[0], hookTimeout)
	case err != nil:
		return fmt.Errorf("hook %s: %s: %w", h, command[0], err)
	}
	return nil
}
