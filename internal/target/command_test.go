package target

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hooksOf are hooks of which one runs this test binary as its command.
func hooksOf(h Hook, arguments ...string) CommandHooks {
	return CommandHooks{Commands: map[string][]string{string(h): append([]string{os.Args[0], "hook"}, arguments...)}}
}

func TestCommandHooksRunArgumentsAndNoShell(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		hook      Hook
		command   []string
		arguments map[string]string
		want      []string
	}{
		{
			"an argument of several words stays one", ApproveDeposit,
			[]string{"a b; rm -rf $HOME `id` && c | d > e *"},
			map[string]string{"deposit_id": "7"},
			[]string{"a b; rm -rf $HOME `id` && c | d > e *"},
		},
		{
			"a name is replaced inside arguments, as often as it stands there", ApproveDeposit,
			[]string{"{deposit_id}", `{"id": {deposit_id}, "x": "{deposit_id}"}`},
			map[string]string{"deposit_id": "300000025"},
			[]string{"300000025", `{"id": 300000025, "x": "300000025"}`},
		},
		{
			"other braces stay", ApproveDeposit,
			[]string{"{cashout_id} {} {Deposit_Id}"},
			map[string]string{"deposit_id": "7", "cashout_id": "8"},
			[]string{"{cashout_id} {} {Deposit_Id}"},
		},
		{
			"two parameters", WhitelistAdd,
			[]string{"{product}={ip}"},
			map[string]string{"product": "deposits", "ip": "2001:db8::1"},
			[]string{"deposits=2001:db8::1"},
		},
		{"an amount", SetFunds, []string{"{amount}"}, map[string]string{"amount": "100.01"}, []string{"100.01"}},
		{"a clock that is slow", SetClockOffset, []string{"{ms}"}, map[string]string{"ms": "-180000"}, []string{"-180000"}},
		{"an id inside an option may begin with a minus", DeliverCashout, []string{"--id={cashout_id}"}, map[string]string{"cashout_id": "-7"}, []string{"--id=-7"}},
		{"no parameters", Respond500Once, []string{"x"}, nil, []string{"x"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			hooks := hooksOf(row.hook, append([]string{"say"}, row.command...)...)
			hooks.Stderr = &out
			require.NoError(t, hooks.Call(t.Context(), row.hook, row.arguments))
			var got []string
			require.NoError(t, json.Unmarshal(out.Bytes(), &got), "%q", out.String())
			assert.Equal(t, row.want, got)
		})
	}
}

func TestCommandHooksDoNotRun(t *testing.T) {
	t.Parallel()
	long := string(bytes.Repeat([]byte("7"), 65))
	for _, row := range []struct {
		name      string
		hook      Hook
		command   []string
		arguments map[string]string
		want      string
	}{
		{
			"a value from the target with a shell's characters", ApproveDeposit,
			[]string{"{deposit_id}"},
			map[string]string{"deposit_id": "7; rm -rf /"},
			`hook approve_deposit: not run: deposit_id came from the target as "7; rm -rf /", which does not match ^[A-Za-z0-9_-]{1,64}$`,
		},
		{
			"one with a line break at its end", ApproveDeposit,
			[]string{"{deposit_id}"},
			map[string]string{"deposit_id": "7\n"},
			`hook approve_deposit: not run: deposit_id came from the target as "7\n", which does not match ^[A-Za-z0-9_-]{1,64}$`,
		},
		{
			"one with a dot", DeliverCashout,
			[]string{"{cashout_id}"},
			map[string]string{"cashout_id": "../x"},
			`hook deliver_cashout: not run: cashout_id came from the target as "../x", which does not match ^[A-Za-z0-9_-]{1,64}$`,
		},
		{
			"an empty one", ApproveDeposit,
			[]string{"x"},
			map[string]string{"deposit_id": ""},
			`hook approve_deposit: not run: deposit_id came from the target as "", which does not match ^[A-Za-z0-9_-]{1,64}$`,
		},
		{
			"one of 65 characters", ApproveDeposit,
			[]string{"x"},
			map[string]string{"deposit_id": long},
			`hook approve_deposit: not run: deposit_id came from the target as "` + long + `", which does not match ^[A-Za-z0-9_-]{1,64}$`,
		},
		{
			"one that a program would take for an option", ApproveDeposit,
			[]string{"{deposit_id}"},
			map[string]string{"deposit_id": "--all"},
			`hook approve_deposit: not run: deposit_id came from the target as "--all", which a program takes for an option`,
		},
		{
			"a value of ours that is none", WhitelistAdd,
			[]string{"{ip}"},
			map[string]string{"product": "deposits", "ip": "127.0.0.1 x"},
			`hook whitelist_add: not run: ip is "127.0.0.1 x", which does not match ^[A-Za-z0-9_.:-]{1,128}$`,
		},
		{"a value that is not there", ApproveDeposit, []string{"{deposit_id}"}, nil, `hook approve_deposit: not run: there is no deposit_id`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			hooks := hooksOf(row.hook, append([]string{"say"}, row.command...)...)
			hooks.Stderr = &out
			require.EqualError(t, hooks.Call(t.Context(), row.hook, row.arguments), row.want)
			assert.Empty(t, out.String(), "it did not run")
		})
	}
}

func TestCommandHooksOffer(t *testing.T) {
	t.Parallel()
	hooks := CommandHooks{Commands: map[string][]string{"approve_deposit": {"x"}, "cancel_deposit": {}, "freeze_clock": {"x"}}}
	assert.True(t, hooks.Offers(ApproveDeposit))
	assert.False(t, hooks.Offers(CancelDeposit), "an empty command is none")
	assert.False(t, hooks.Offers(SetFunds), "no command is none")
	assert.False(t, hooks.Offers(FreezeClock), "what only our mock can do is not offered by a command")
	require.EqualError(t, hooks.Call(t.Context(), CancelDeposit, nil), "hook cancel_deposit: the target has none")
	require.EqualError(t, hooks.Call(t.Context(), FreezeClock, nil), "hook freeze_clock: the target has none")
}

func TestCommandHooksCount(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		printed string
		want    int
		problem string
	}{
		{"0", 0, ""},
		{"2", 2, ""},
		{" 2 \n", 2, ""},
		{"", 0, `hook count_deposits: it printed "", which is not a number of deposits`},
		{"two", 0, `hook count_deposits: it printed "two", which is not a number of deposits`},
		{"-1", 0, `hook count_deposits: it printed "-1", which is not a number of deposits`},
		{"1\n2", 0, `hook count_deposits: it printed "1\n2", which is not a number of deposits`},
	} {
		t.Run(row.printed, func(t *testing.T) {
			t.Parallel()
			n, err := hooksOf(CountDeposits, "count", row.printed, "{invoice_id}").Counts(t.Context(), "d24c-1")
			if row.problem != "" {
				require.EqualError(t, err, row.problem)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, row.want, n)
		})
	}
	_, err := hooksOf(CountDeposits, "exit", "3").Counts(t.Context(), "d24c-1")
	require.ErrorContains(t, err, "exit status 3")
	_, err = hooksOf(CountDeposits, "count", "1").Counts(t.Context(), "d24c 1")
	require.ErrorContains(t, err, `not run: invoice_id is "d24c 1"`)
	_, err = CommandHooks{}.Counts(t.Context(), "d24c-1")
	require.EqualError(t, err, "hook count_deposits: the target has none")
}

// An invoice_id has up to 128 characters and is ours, so that it is no longer checked as
// what a target might have chosen.
func TestALongInvoiceIDIsCounted(t *testing.T) {
	t.Parallel()
	n, err := hooksOf(CountDeposits, "count", "1", "{invoice_id}").Counts(t.Context(), strings.Repeat("7", 128))
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

// The target must not choose the program, however the configuration is written.
func TestCommandHooksReplaceNothingInTheProgram(t *testing.T) {
	t.Parallel()
	hooks := CommandHooks{Commands: map[string][]string{"approve_deposit": {"{deposit_id}"}}}
	assert.ErrorContains(t, hooks.Call(t.Context(), ApproveDeposit, map[string]string{"deposit_id": "id"}),
		"hook approve_deposit: the program {deposit_id} cannot be found")
}

func TestCommandHooksThatFail(t *testing.T) {
	t.Parallel()
	t.Run("an exit status other than 0", func(t *testing.T) {
		t.Parallel()
		err := hooksOf(Respond500Once, "exit", "3").Call(t.Context(), Respond500Once, nil)
		assert.EqualError(t, err, "hook respond_500_once: "+os.Args[0]+": exit status 3")
	})
	t.Run("a program that is not on the path", func(t *testing.T) {
		t.Parallel()
		hooks := CommandHooks{Commands: map[string][]string{"respond_500_once": {"d24conform-no-such-program"}}}
		assert.ErrorContains(t, hooks.Call(t.Context(), Respond500Once, nil),
			"hook respond_500_once: the program d24conform-no-such-program cannot be found")
	})
	t.Run("a file that is not there", func(t *testing.T) {
		t.Parallel()
		hooks := CommandHooks{Commands: map[string][]string{"respond_500_once": {"./panel.sh"}}, Dir: t.TempDir()}
		assert.ErrorContains(t, hooks.Call(t.Context(), Respond500Once, nil),
			"hook respond_500_once: the program ./panel.sh cannot be found")
	})
}

func TestCommandHooksRunInTheirFolder(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	var out bytes.Buffer
	hooks := hooksOf(Respond500Once, "where")
	hooks.Dir, hooks.Stderr = dir, &out
	require.NoError(t, hooks.Call(t.Context(), Respond500Once, nil))
	assert.Equal(t, dir, out.String())
}

// caller is what a hook's command connects to when it hangs.
func caller(t *testing.T) (address string, connected <-chan net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c, done := make(chan net.Conn, 1), make(chan struct{})
	var conn net.Conn // held on to: one that nobody knows any more is closed by the collector, and what hangs on it ends
	go func() {
		defer close(done)
		defer close(c)
		if conn, err = l.Accept(); err == nil {
			c <- conn
		}
	}()
	t.Cleanup(func() {
		l.Close()
		if <-done; conn != nil {
			conn.Close()
		}
	})
	return l.Addr().String(), c
}

func TestCommandHooksEndInTime(t *testing.T) {
	t.Parallel()
	address, _ := caller(t)
	hooks := hooksOf(Respond500Once, "hang", address)
	hooks.timeout = 20 * time.Millisecond
	require.EqualError(t, hooks.Call(t.Context(), Respond500Once, nil), "hook respond_500_once: "+os.Args[0]+" took more than 20ms")
	assert.Equal(t, 30*time.Second, hookTimeout, "as the documentation promises")
}

func TestCommandHooksEndWithTheRun(t *testing.T) {
	t.Parallel()
	address, connected := caller(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-connected // it runs
		cancel()
	}()
	err := hooksOf(Respond500Once, "hang", address).Call(ctx, Respond500Once, nil)
	require.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "was stopped")
}

// What hangs is often not the script but what it started.
func TestCommandHooksEndWithTheirChildren(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // which has no process groups: the command is killed alone
	}
	address, connected := caller(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- hooksOf(Respond500Once, "wait", address).Call(ctx, Respond500Once, nil) }()
	child := <-connected
	require.NotNil(t, child, "the grandchild runs")
	defer child.Close()
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.NoError(t, child.SetReadDeadline(time.Now().Add(time.Minute)), "so that a failure does not hang")
	_, err := child.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the grandchild has ended, and its connection with it")
}

// A panel's script may leave a browser or a daemon behind that holds its output.
func TestCommandHooksDoNotWaitForGrandchildren(t *testing.T) {
	t.Parallel()
	address, connected := caller(t)
	var out bytes.Buffer
	hooks := hooksOf(Respond500Once, "leave", address)
	hooks.Stderr, hooks.outputDelay = &out, time.Millisecond
	require.NoError(t, hooks.Call(t.Context(), Respond500Once, nil), "status 0 is done")
	grandchild := <-connected
	require.NotNil(t, grandchild, "it was still there")
	grandchild.Close()
}
