package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/mock"
)

// The file of this test allows a nanosecond for a request, and --timeout says what its
// default says.
func TestATimeoutThatIsGivenWins(t *testing.T) {
	t.Parallel()
	m, err := mock.Start(mock.Options{})
	require.NoError(t, err)
	defer m.Close()
	dir := t.TempDir()
	ca, config := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "targets.yaml")
	require.NoError(t, os.WriteFile(ca, m.CertificatePEM(), 0o600))
	require.NoError(t, os.WriteFile(config, []byte("targets:\n  here:\n    base_url: "+m.BaseURL()+"\n    ca_file: ca.pem\n    timeout: 1ns\n"), 0o600))
	env := map[string]string{}
	m.Credentials().Named(func(name, value string) { env[name] = value })
	args := []string{"run", "server", "--target", "here", "--config", config, "--out", dir, "--tags", "@DEP-SIG-03"}

	o := run(t.Context(), t, dir, env, args...)
	assert.Equal(t, ExitUnreachable, o.code, o.stdout+o.stderr)
	o = run(t.Context(), t, dir, env, append(args, "--timeout", "10s")...)
	assert.Equal(t, ExitOK, o.code, o.stdout+o.stderr)
}
