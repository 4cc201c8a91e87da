//go:build unix

package target_test

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/target"
)

// TestNoProcessIsLeftBehind starts an adapter that starts a program of its own, and ends
// without it. The pipe ends when the last of them is gone.
func TestNoProcessIsLeftBehind(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	script := `exec 3> "` + pipe + `"; sleep 1000 & echo "busy" >&2; read line; echo '{"id":"1","name":"sh","ops":[]}'; read line; exit 3`
	a, words, err := target.StartAdapter([]string{"sh", "-c", script}, time.Minute, "")
	require.NoError(t, err)
	defer a.Close()
	held, err := os.Open(pipe)
	require.NoError(t, err)
	defer held.Close()
	require.NoError(t, a.Hello(t.Context(), "https://127.0.0.1:1", "ca.pem", d24.Credentials{}))
	_, err = a.Do(t.Context(), target.OpBanks, nil)
	require.EqualError(t, err, "the adapter ended (exit status 3) while it was asked for banks")
	assert.Equal(t, "busy\n", words.String())
	_, err = io.ReadAll(held)
	require.NoError(t, err)
}
