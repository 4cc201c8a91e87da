package cli_test

import (
	"bytes"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/cli"
)

func TestAPortThatIsTakenEndsTheCommandLineAndNothingElse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	var stdout, stderr bytes.Buffer
	address := taken.Addr().String()
	code := cli.Main(t.Context(), []string{"load", "smoke", "--prometheus", address, "--out", t.TempDir()}, nil, &stdout, &stderr)
	assert.Equal(t, int(cli.ExitUsage), code)
	assert.Equal(t, "d24conform: --prometheus "+address+": somebody listens there already\n", stderr.String())
	assert.Empty(t, stdout.String())
}
