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

// The hooks. The last one exists only where the target is our mock.
const (
	ApproveDeposit      Hook = "approve_deposit"
	CancelDeposit       Hook = "cancel_deposit"
	ExpireDeposit       Hook = "expire_deposit"
	DeliverRefund       Hook = "deliver_refund"
	CompleteRefund      Hook = "complete_refund"
	RejectRefund        Hook = "reject_refund"
	DeliverCashout      Hook = "deliver_cashout"
	CompleteCashout     Hook = "complete_cashout"
	RejectCashout       Hook = "reject_cashout"
	CancelCashout       Hook = "cancel_cashout"   // the panel's cancel, not the merchant's
	SetFunds            Hook = "set_funds"        // the balance is exactly this
	Respond500Once      Hook = "respond_500_once" // the next authenticated POST, without effect, and stored
	DropAfterCommitOnce Hook = "drop_after_commit_once"
	SetClockOffset      Hook = "set_clock_offset" // target minus true time, absolute
	WhitelistAdd        Hook = "whitelist_add"
	WhitelistRemove     Hook = "whitelist_remove"
	CountDeposits       Hook = "count_deposits" // asked through [Hooks.Counts], never called

	FreezeClock Hook = "freeze_clock" // stop the clock at a time; an empty time lets it go on
)

// A HookSpec is a hook that a configuration may name, with its parameters in order.
type HookSpec struct {
	Name       Hook
	Parameters []string
	Does       string // what is true once it has run
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
		{ApproveDeposit, []string{"deposit_id"}, "the customer pays: the deposit is COMPLETED"},
		{CancelDeposit, []string{"deposit_id"}, "the panel cancels the deposit"},
		{ExpireDeposit, []string{"deposit_id"}, "the deposit's time runs out: it is EXPIRED"},
		{DeliverRefund, []string{"refund_id"}, "the refund goes to the bank: it is DELIVERED"},
		{CompleteRefund, []string{"refund_id"}, "the bank pays the refund: it is COMPLETED"},
		{RejectRefund, []string{"refund_id"}, "the bank rejects the refund: it is REJECTED"},
		{DeliverCashout, []string{"cashout_id"}, "the cashout goes to the bank: it is Delivered"},
		{CompleteCashout, []string{"cashout_id"}, "the bank pays the cashout: it is Completed"},
		{RejectCashout, []string{"cashout_id"}, "the bank rejects the cashout: it is Rejected"},
		{CancelCashout, []string{"cashout_id"}, "the panel cancels the cashout"},
		{SetFunds, []string{"amount"}, "the balance is exactly this amount"},
		{Respond500Once, nil, "the next authenticated POST to deposits or refunds is answered 500 without effect, and the answer is stored"},
		{DropAfterCommitOnce, nil, "the next authenticated POST to deposits or refunds is carried out, and its connection closes without an answer"},
		{SetClockOffset, []string{"ms"}, "the target's clock is this far from the true time"},
		{WhitelistAdd, []string{"product", "ip"}, "the address is in the whitelist of deposits or cashouts"},
		{WhitelistRemove, []string{"product", "ip"}, "the address is not in that whitelist"},
		{CountDeposits, []string{"invoice_id"}, "prints how many deposits have the invoice_id, an integer on stdout"},
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
	case ExpireDeposit:
		return "expire"
	case DeliverCashout, CompleteCashout, RejectCashout:
		return "settle-cashouts"
	case CancelCashout:
		return "cancel-cashouts"
	case SetFunds:
		return "set-funds"
	case Respond500Once, DropAfterCommitOnce:
		return "inject-fault"
	case SetClockOffset, FreezeClock:
		return "set-clock"
	case DeliverRefund, CompleteRefund, RejectRefund:
		return "settle-refunds"
	case WhitelistAdd, WhitelistRemove:
		return "whitelist"
	case CountDeposits:
		return "count-deposits"
	}
	return string(h)
}

// Hooks are what one environment of a target offers.
type Hooks interface {
	Offers(h Hook) bool
	// Call does it. arguments are by parameter name. [CountDeposits] is not called.
	Call(ctx context.Context, h Hook, arguments map[string]string) error
	// Counts returns how many deposits of the environment have the invoice_id: whether a
	// refused creation had an effect. It needs [CountDeposits].
	Counts(ctx context.Context, invoiceID string) (int, error)
}

type noHooks struct{}

func (noHooks) Offers(Hook) bool { return false }

func (noHooks) Call(_ context.Context, h Hook, _ map[string]string) error { return noSuchHook(h) }

func (noHooks) Counts(context.Context, string) (int, error) { return 0, noSuchHook(CountDeposits) }

func noSuchHook(h Hook) error { return fmt.Errorf("hook %s: the target has none", h) }
