package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/cli/config"
)

// The example in the help is a file that the program takes.
func TestTheExplainedConfigurationIsOne(t *testing.T) {
	t.Parallel()
	_, block, found := strings.Cut(configHelp, "\n\n")
	require.True(t, found)
	block, _, found = strings.Cut(block, "\n\n")
	require.True(t, found)
	file := filepath.Join(t.TempDir(), "d24conform.yaml")
	require.NoError(t, os.WriteFile(file, []byte(block), 0o600))
	c, err := config.Load(file, true)
	require.NoError(t, err)
	stg, err := c.Target("stg")
	require.NoError(t, err)
	assert.Equal(t, "10.0.0.7", stg.UnlistedIP.String())
	assert.NotEmpty(t, stg.Second.Hooks)
}
