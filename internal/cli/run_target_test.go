package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/target"
)

func TestTheSecondEnvironmentHasHooksOfItsOwn(t *testing.T) {
	t.Parallel()
	env := merchantOfTheTestServer()
	for name, value := range merchantOfTheTestServer() {
		env["TWO_"+name] = value + "-2"
	}
	a, _, _ := testApp(env, strings.NewReader(""))
	cfg, err := a.targetConfig(config.Target{
		BaseURL: "https://127.0.0.1:1", Timeout: config.DefaultTimeout, HookDir: "here",
		Hooks: map[string][]string{"approve_deposit": {"x"}},
		Second: &config.SecondEnvironment{
			BaseURL: "https://127.0.0.1:2", EnvPrefix: "TWO_", Hooks: map[string][]string{"cancel_deposit": {"y"}},
		},
	}, runFlags{})
	require.NoError(t, err)
	assert.True(t, cfg.Hooks.Offers(target.ApproveDeposit))
	assert.False(t, cfg.Hooks.Offers(target.CancelDeposit))
	assert.True(t, cfg.Second.Hooks.Offers(target.CancelDeposit))
	assert.False(t, cfg.Second.Hooks.Offers(target.ApproveDeposit))
	second, ok := cfg.Second.Hooks.(target.CommandHooks)
	require.True(t, ok)
	assert.Equal(t, "here", second.Dir)
}
