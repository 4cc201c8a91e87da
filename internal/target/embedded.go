package target

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
)

// EmbeddedName is what the bundled mock is called in a report.
const EmbeddedName = "embedded mock"

// SecondLoopback is another address of this machine to call from: 127.0.0.2, which no
// whitelist of the mock holds. It is zero where it cannot be called from: Linux answers
// on all of 127.0.0.0/8, elsewhere it may have to be configured.
func SecondLoopback() netip.Addr {
	ip := netip.AddrFrom4([4]byte{127, 0, 0, 2})
	if !canCallFrom(ip) {
		return netip.Addr{}
	}
	return ip
}

// Embed starts the bundled mock on random loopback ports and makes a Server of it
// that offers every hook. Close of the result stops the mock as well.
func Embed(opts mock.Options, log *exchange.Log) (*Server, func(), error) {
	m, err := mock.Start(opts)
	if err != nil {
		return nil, nil, fmt.Errorf("start the embedded mock: %w", err)
	}
	s, err := NewServer(FromMock(m, log))
	if err != nil {
		_ = m.Close()
		return nil, nil, err
	}
	return s, func() {
		s.Close()
		_ = m.Close()
	}, nil
}

// embeddedTimeout is for machines that are busy with other things: fifty connections at
// once took one more than 5 s under the race detector, and that is nobody's fault.
const embeddedTimeout = time.Minute

// FromMock describes a mock that runs in this process.
func FromMock(m *mock.Mock, log *exchange.Log) Config {
	return Config{
		Name: EmbeddedName, BaseURL: m.BaseURL(), PlainHTTPURL: m.PlainURL(), Credentials: m.Credentials(),
		Roots: m.Roots(), Hooks: mockHooks{admin: m.Admin(), clock: true}, UnlistedIP: SecondLoopback(), Log: log,
		Readings: rules.Readings(m.Readings()), Timeout: embeddedTimeout,
		Notifications: &Notifications{Settle: embeddedTimeout, Hasten: m.Admin().HastenNotification},
		Second: &Config{
			Name: "second environment", BaseURL: m.SecondURL(), Credentials: m.SecondCredentials(), Roots: m.Roots(), Timeout: embeddedTimeout,
			Hooks: mockHooks{admin: m.SecondAdmin()},
		},
	}
}

// canCallFrom says whether an address of this machine is configured: what cannot be
// called from cannot be tested, and its scenarios are not tested rather than unclear.
func canCallFrom(ip netip.Addr) bool {
	listener, err := net.Listen("tcp", netip.AddrPortFrom(ip, 0).String())
	if err != nil {
		return false
	}
	_ = listener.Close()
	return true
}

// mockHooks are the hooks of one environment of a mock in this process.
type mockHooks struct {
	admin *mock.Admin
	clock bool // both environments have one clock, which only the first one's hooks move
}

func (m mockHooks) Offers(h Hook) bool {
	return m.clock || h != SetClockOffset && h != FreezeClock
}

func (m mockHooks) Counts(_ context.Context, invoiceID string) (int, error) {
	return m.admin.CountDeposits(invoiceID), nil
}

func (m mockHooks) Call(_ context.Context, h Hook, arguments map[string]string) error {
	if !m.Offers(h) {
		return noSuchHook(h)
	}
	switch h {
	case ApproveDeposit:
		return m.admin.ApproveDeposit(arguments["deposit_id"])
	case CancelDeposit:
		return m.admin.CancelDeposit(arguments["deposit_id"])
	case ExpireDeposit:
		return m.admin.ExpireDeposit(arguments["deposit_id"])
	case DeliverCashout:
		return m.admin.DeliverCashout(arguments["cashout_id"])
	case CompleteCashout:
		return m.admin.CompleteCashout(arguments["cashout_id"])
	case RejectCashout:
		return m.admin.RejectCashout(arguments["cashout_id"])
	case CancelCashout:
		return m.admin.CancelCashout(arguments["cashout_id"])
	case SetFunds:
		amount, err := d24.ParseAmount(arguments["amount"])
		if err != nil {
			return err
		}
		return m.admin.SetFunds(amount)
	case Respond500Once:
		m.admin.Respond500Once()
	case DropAfterCommitOnce:
		m.admin.DropAfterCommitOnce()
	case SetClockOffset:
		ms, err := strconv.ParseInt(arguments["ms"], 10, 64)
		if err != nil {
			return fmt.Errorf("hook %s: %w", h, err)
		}
		m.admin.SetClockOffset(time.Duration(ms) * time.Millisecond)
	case FreezeClock:
		if arguments["at"] == "" {
			m.admin.UnfreezeClock()
			return nil
		}
		at, err := time.Parse(time.RFC3339Nano, arguments["at"])
		if err != nil {
			return fmt.Errorf("hook %s: %w", h, err)
		}
		m.admin.FreezeClock(at)
	case DeliverRefund:
		return m.admin.MoveRefund(arguments["refund_id"], d24.RefundDelivered)
	case CompleteRefund:
		return m.admin.SettleRefund(arguments["refund_id"], d24.RefundCompleted)
	case RejectRefund:
		return m.admin.SettleRefund(arguments["refund_id"], d24.RefundRejected)
	case WhitelistAdd:
		return m.admin.WhitelistAdd(arguments["product"], arguments["ip"])
	case WhitelistRemove:
		return m.admin.WhitelistRemove(arguments["product"], arguments["ip"])
	case CountDeposits:
		return fmt.Errorf("hook %s: it is asked, not called", h)
	default:
		return fmt.Errorf("hook %s: the mock has none", h)
	}
	return nil
}
