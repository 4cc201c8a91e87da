package target

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/exchange"
)

// observing is an observed command that runs this test binary.
func observing(arguments ...string) (o *Observed, said *strings.Builder) {
	said = &strings.Builder{}
	return &Observed{
		Command: append([]string{os.Args[0], "hook"}, arguments...), Phases: DefaultPhases(), Timeout: time.Hour,
		Output: &bytes.Buffer{}, Log: &exchange.Log{}, Say: func(sentence string) { said.WriteString(sentence + "\n") },
	}, said
}

// unexercised is why a situation did not come about.
func unexercised(t *testing.T, source Source, s Situation) string {
	t.Helper()
	_, err := source.Exercise(t.Context(), s)
	var u *UnexercisedError
	require.ErrorAs(t, err, &u)
	return u.Reason
}

func TestAnObservedCommandRunsOnceForEachPhase(t *testing.T) {
	t.Parallel()
	o, said := observing("call")
	o.Phases = []Phase{PhasePlain, PhaseCertificate, PhaseTrouble}
	require.NoError(t, o.Run(t.Context()))

	traffic, err := o.Exercise(t.Context(), Situation{Does: AsksDeposit})
	require.NoError(t, err)
	require.Len(t, traffic.Operations, 1)
	assert.Equal(t, "plain", traffic.Operations[0][0].Label)
	assert.Equal(t, 1, traffic.Operations[0][0].Number, "its place in the log")

	traffic, err = o.Exercise(t.Context(), Situation{Does: AsksDeposit, Certificate: UnknownAuthority})
	require.NoError(t, err)
	assert.Empty(t, traffic.Operations, "its transport checks certificates")
	assert.Positive(t, traffic.Handshakes)

	assert.Equal(t, 2, o.Log.Len(), "nothing arrived where the authority is unknown")
	assert.Contains(t, said.String(), "phase plain: requests: 1; the command ended with exit status 0\n")
	assert.Contains(t, said.String(), "phase certificate: requests: 0; the command ended with exit status 3\n")
	assert.Contains(t, said.String(), "\nwhen it creates a deposit: in request 1 its answer is lost, in request 3 its connection breaks")
	assert.Contains(t, o.Written(), "--- phase plain\nstatus 400\n--- the command ended with exit status 0\n--- phase certificate\n")
}

func TestWhatACommandNeverDidIsSaid(t *testing.T) {
	t.Parallel()
	o, _ := observing("call")
	require.NoError(t, o.Run(t.Context()))
	for want, s := range map[string]Situation{
		"the command's traffic has no client that creates a deposit: have it do so":     {Does: CreatesDeposit, Certificate: UnknownAuthority},
		"the command's traffic has no client that works with cashouts: have it do so":   {Does: WorksWithCashouts},
		"it met no trouble: run it with --phases plain,certificate,trouble":             {Does: AsksDeposit, Trouble: LosesAnswer},
		"none met a certificate that has expired: each shows another":                   {Does: AsksDeposit, Certificate: Expired},
		"covers 0s of work with deposits: have the client work for more than 6s":        {Does: WorksOn},
		"the command's traffic has no client that creates a refund: have it do so":      {Does: CreatesRefund, Trouble: LosesAnswer},
		"what the client makes of an answer is told by an adapter only":                 {Does: AsksDeposit, Trouble: LargeIDs},
		`has no person named "Zoë": have the client ask for a deposit's status for one`: {Does: AsksDeposit, Name: "Zoë"},
	} {
		assert.Contains(t, unexercised(t, o, s), want)
	}

	o.Phases = []Phase{PhaseCertificate}
	require.NoError(t, o.Run(t.Context()))
	assert.Contains(t, unexercised(t, o, Situation{Does: AsksDeposit}), "--phases plain")
	_, err := o.Exercise(t.Context(), Situation{Does: CreatesDeposit, Certificate: UnknownAuthority})
	require.NoError(t, err, "nobody knows what it would have sent")
}

func TestACommandIsKilledWithItsChildren(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // which has no process groups: the command is killed alone
	}
	address, connected := caller(t)
	ctx, cancel := context.WithCancel(t.Context())
	o, _ := observing("wait", address)
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
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

func TestACommandThatNeverEndsIsKilledAndJudged(t *testing.T) {
	t.Parallel()
	address, _ := caller(t)
	o, said := observing("hang", address)
	o.Phases, o.Timeout = []Phase{PhasePlain}, time.Millisecond
	require.NoError(t, o.Run(t.Context()))
	assert.Contains(t, said.String(), "phase plain: requests: 0; the command was killed, since it had not ended after 1ms\n")
}

func TestACommandThatCannotBeRunIsAMistake(t *testing.T) {
	t.Parallel()
	o, _ := observing()
	o.Command = []string{"no-such-program-anywhere"}
	var broken *CommandError
	require.ErrorAs(t, o.Run(t.Context()), &broken)
	assert.Equal(t, "the program no-such-program-anywhere cannot be found", broken.Text)
}

func TestParsePhases(t *testing.T) {
	t.Parallel()
	phases, err := ParsePhases([]string{"trouble", " plain", "trouble"})
	require.NoError(t, err)
	assert.Equal(t, []Phase{PhaseTrouble, PhasePlain}, phases)
	_, err = ParsePhases([]string{"storm"})
	require.EqualError(t, err, `there is no phase "storm": they are plain, certificate, trouble, trouble-http1 and restart`)
}

func TestAPlanFollowsFromItsSeed(t *testing.T) {
	t.Parallel()
	once, again := plans(7), plans(7)
	assert.Equal(t, once, again)
	assert.NotEqual(t, plans(0), plans(7))
	assert.ElementsMatch(t, plans(0)[0].troubles, plans(7)[0].troubles)
	for _, p := range plans(0) {
		for i, fault := range p.faults() {
			assert.Equal(t, 2*i+1, fault.Nth, "the request after it succeeds")
		}
	}
}

// A command that goes on after the first certificate meets each of the bad ones, and the
// report knows which.
func TestEachConnectionShowsAnotherBadCertificate(t *testing.T) {
	t.Parallel()
	o, _ := observing("call", "careless", "6")
	require.NoError(t, o.Run(t.Context()))
	for _, certificate := range Certificates() {
		traffic, err := o.Exercise(t.Context(), Situation{Does: AsksDeposit, Certificate: certificate})
		require.NoError(t, err)
		assert.Len(t, traffic.Operations, 1, certificate)
		assert.Equal(t, 1, traffic.Handshakes, certificate)
		assert.NotEmpty(t, traffic.Control, certificate)
	}
}

// A command is killed before the answer to its first creation, and started again: what it
// did in each life is kept apart.
func TestACommandIsKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	o, said := observing("call", "create")
	o.Phases = []Phase{PhaseRestart}
	require.NoError(t, o.Run(t.Context()))
	traffic, err := o.Exercise(t.Context(), Situation{Does: CreatesDeposit, Trouble: Killed})
	require.NoError(t, err)
	lives := traffic.Lives()
	require.Len(t, lives, 2)
	assert.Nil(t, lives[0][0][0].Response)
	assert.Equal(t, 409, lives[1][0][0].Status(), "the first was carried out, and this one has another key")
	assert.Contains(t, said.String(), "phase restart: requests: 2; it was killed and started again; the command ended with exit status 3\n")
}
