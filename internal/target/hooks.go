package target

import (
	"context"
	"fmt"
	"slices"
	"strings"
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

	FreezeClock   Hook = "freeze_clock"   // stop the clock at a time; an empty time lets it go on
	DeliverRefund Hook = "deliver_refund" // what is documented of refunds changes only at the bank
)

// A HookSpec is a hook that a configuration may name, with its parameters in order.
type HookSpec struct {
	Name       Hook
	Parameters []string
}

// String is the hook as the documentation writes it: whitelist_add{product,ip}.
func (s HookSpec) String() string {
	if len(s.Parameters) == 0 {
		return string(s.Name)
	}
	return string(s.Name) + "{" + strings.Join(s.Parameters, ",") + "}"
}

// HookSpecs lists every hook that a configuration may name, in the order in which
// they are explained.
func HookSpecs() []HookSpec {
	return []HookSpec{
		{ApproveDeposit, []string{"deposit_id"}},
		{CancelDeposit, []string{"deposit_id"}},
		{DeliverCashout, []string{"cashout_id"}},
		{CompleteCashout, []string{"cashout_id"}},
		{RejectCashout, []string{"cashout_id"}},
		{SetFunds, []string{"amount"}},
		{Respond500Once, nil},
		{DropAfterCommitOnce, nil},
		{SetClockOffset, []string{"ms"}},
		{WhitelistAdd, []string{"product", "ip"}},
		{WhitelistRemove, []string{"product", "ip"}},
	}
}

// findSpec is the hook's entry in [HookSpecs].
func findSpec(h Hook) (HookSpec, bool) {
	specs := HookSpecs()
	i := slices.IndexFunc(specs, func(s HookSpec) bool { return s.Name == h })
	if i < 0 {
		return HookSpec{}, false
	}
	return specs[i], true
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
	case DeliverRefund:
		return "settle-refunds"
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
