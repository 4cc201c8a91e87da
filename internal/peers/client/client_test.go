package client

import (
	"cmp"
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/peers/peertest"
)

// start runs a program over pipes until the test ends. An attempt of its ends in time only
// where opts say so: machines are busy.
func start(t testing.TB, opts Options) *peertest.Peer {
	t.Helper()
	opts.Timeout = cmp.Or(opts.Timeout, time.Minute)
	program, err := New(opts)
	require.NoError(t, err)
	return serve(t, program)
}

// serve starts a program, perhaps not for the first time.
func serve(t testing.TB, program *Program) *peertest.Peer {
	t.Helper()
	requests, stdin := io.Pipe()
	stdout, answers := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- program.Serve(context.Background(), requests, answers, io.Discard)
		answers.Close()
	}()
	t.Cleanup(func() {
		stdin.Close()
		assert.NoError(t, <-ended)
	})
	return peertest.New(t, stdin, stdout)
}

func noSleep(context.Context, time.Duration) error { return nil }

func TestConforming(t *testing.T) {
	t.Parallel()
	peertest.Run(t, start(t, Options{Sleep: noSleep}))
}

func TestGivesUpWaiting(t *testing.T) {
	t.Parallel()
	peertest.RunImpatient(t, start(t, Options{Sleep: noSleep, Timeout: time.Millisecond}))
}
