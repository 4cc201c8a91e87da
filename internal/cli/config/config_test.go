package config_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/rules"
)

// everyKey is the documented file with all of its keys.
const everyKey = `# which servers we judge
targets:
  stg:
    base_url: https://api-stg.directa24.com/
    environment: staging
    plain_http_url: http://api-stg.directa24.com:8080
    ca_file: ./ca.pem
    products: [deposits, cashouts]
    env_prefix: STG_
    second_environment: {base_url: "https://[::1]:8445/two", env_prefix: PROD_LIKE_, hooks: {approve_deposit: [./panel.sh, two, "{deposit_id}"]}}
    timeout: 1m30s
    max_rps: 2.5
    unlisted_via: 10.0.0.7
    notifications: {listen: ":8443", public_url: https://hooks.example.com/d24}
    hooks:
      approve_deposit: ["./panel.sh", "approve", "{deposit_id}", '{"id":"{deposit_id}"}']
      respond_500_once: [./panel.sh, 500]
  gateway:
    base_url: https://127.0.0.1:9443
    unlisted_via: http://proxy.internal:3128
`

func TestLoadReadsEveryKey(t *testing.T) {
	t.Parallel()
	path := write(t, everyKey)
	got, err := config.Load(path, true)
	require.NoError(t, err)
	dir := filepath.Dir(path)
	want := &config.Config{Path: path, Targets: map[string]config.Target{
		"stg": {
			Name: "stg", BaseURL: "https://api-stg.directa24.com", PlainHTTPURL: "http://api-stg.directa24.com:8080",
			Environment: config.Staging, CAFile: filepath.Join(dir, "ca.pem"),
			Products: []rules.Product{rules.Deposits, rules.Cashouts}, EnvPrefix: "STG_",
			Second: &config.SecondEnvironment{
				BaseURL: "https://[::1]:8445/two", PlainHTTPURL: "http://[::1]/two", EnvPrefix: "PROD_LIKE_",
				Hooks: map[string][]string{"approve_deposit": {"./panel.sh", "two", "{deposit_id}"}},
			},
			Timeout: 90 * time.Second, MaxRPS: 2.5, UnlistedIP: netip.MustParseAddr("10.0.0.7"),
			Notifications: &config.Notifications{Listen: ":8443", PublicURL: "https://hooks.example.com/d24"},
			Hooks: map[string][]string{
				"approve_deposit":  {"./panel.sh", "approve", "{deposit_id}", `{"id":"{deposit_id}"}`},
				"respond_500_once": {"./panel.sh", "500"},
			},
			HookDir: dir,
		},
		"gateway": {
			Name: "gateway", BaseURL: "https://127.0.0.1:9443", PlainHTTPURL: "http://127.0.0.1",
			Timeout: config.DefaultTimeout, HookDir: dir, UnlistedProxy: "http://proxy.internal:3128",
		},
	}}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestMistakesAreToldWithTheirPlace(t *testing.T) {
	t.Parallel()
	const head = "targets:\n  stg:\n    base_url: https://a.example\n"
	for _, tt := range []struct{ name, text, want, hint string }{
		{"an unknown key", head + "    timeuot: 10s\n", `:4:5: unknown key "timeuot"`, "did you mean timeout?"},
		{"an unknown key at the top", "target:\n  stg: {}\n", `:1:1: unknown key "target"`, "did you mean targets?"},
		{"an unknown key far from all others", head + "    colour: red\n", `:4:5: unknown key "colour"`, "the keys are targets, base_url"},
		{"an unknown key in a block", head + "    notifications: {lisen: ':1'}\n", `:4:21: unknown key "lisen"`, "did you mean listen?"},
		{"the same key twice", head + "    base_url: https://b.example\n", `:4:5: key "base_url" stands here a second time`, ""},
		{"the same target twice", head + "  stg:\n    base_url: https://b.example\n", `:4:3: key "stg" stands here a second time`, ""},
		{"text instead of a list", head + "    products: deposits\n", `:4:15: expected a list`, ""},
		{"text instead of a number", head + "    max_rps: fast\n", `:4:14: expected a number`, ""},
		{"a list instead of a mapping", "targets: [a]\n", `:1:10: expected a mapping`, ""},
		{"not YAML", "targets: {\n", `:1:10: this is not YAML`, ""},
		{"a tab", "targets:\n\tstg: {}\n", `:2:1: this is not YAML`, ""},
		{"two documents", head + "---\ntargets: {}\n", `:4:1: the file holds 2 documents`, "keep what stands before the second ---"},
		{"no base_url", "targets:\n  stg:\n    timeout: 1s\n", `:2:3: base_url is missing`, "for example base_url: https://api-stg.directa24.com"},
		{"a base_url over plain HTTP", "targets:\n  stg:\n    base_url: http://a.example\n", `:3:5: base_url is not a URL that begins with https://`, ""},
		{"a base_url without a host", "targets:\n  stg:\n    base_url: https://:443\n", `:3:5: base_url is not a URL that begins with https://`, ""},
		{"a base_url with a query", "targets:\n  stg:\n    base_url: https://a.example?x=1\n", `:3:5: base_url has something behind its path`, ""},
		{"a plain_http_url over HTTPS", head + "    plain_http_url: https://a.example\n", `:4:5: plain_http_url is not a URL that begins with http://`, ""},
		{"an unknown environment", head + "    environment: live\n", `:4:5: there is no environment "live"`, "say staging or production"},
		{"an unknown product", head + "    products: [deposits, payouts]\n", `:4:26: there is no product "payouts"`, "the products are deposits and cashouts"},
		{"a prefix that no variable can have", head + "    env_prefix: STG-\n", `:4:5: env_prefix "STG-" cannot begin`, ""},
		{"a time-out without a unit", head + "    timeout: 10\n", `:4:5: timeout "10" is not a positive duration`, "write a number and a unit, such as 10s or 1m30s"},
		{"a time-out of nothing", head + "    timeout: 0s\n", `:4:5: timeout "0s" is not a positive duration`, "write a number"},
		{"a rate of nothing", head + "    max_rps: 0\n", `:4:5: max_rps is not a positive number`, ""},
		{"an unlisted_via that is no address", head + "    unlisted_via: elsewhere\n", `:4:5: unlisted_via "elsewhere" is neither an address`, "for example unlisted_via: 10.0.0.7"},
		{"an unlisted_via with a path", head + "    unlisted_via: http://proxy/x?y\n", `:4:5: unlisted_via "http://proxy/x?y" is neither`, "http://proxy.internal:3128"},
		{"an unlisted_via that is empty", head + "    unlisted_via: ''\n", `:4:5: unlisted_via "" is neither`, "for example"},
		{"a target with a blank in its name", "targets:\n  my stg: {base_url: https://a.example}\n", `:2:3: the target's name "my stg"`, ""},
		{"a second environment without a URL", head + "    second_environment: {env_prefix: X_}\n", `:4:5: base_url is missing`, "for example"},
		{"a second environment with the first's keys", head + "    second_environment: {base_url: https://b.example}\n", `:4:5: the second environment has the same env_prefix`, ""},
		{"an address to listen on without a port", head + "    notifications: {listen: here, public_url: https://b.example}\n", `:4:21: listen "here" is not an address and a port`, `for example listen: ":8443"`},
		{"a public_url of another scheme", head + "    notifications: {listen: ':1', public_url: ftp://b.example}\n", `:4:35: public_url is not a URL that begins with https:// or http://`, ""},
		{"an unknown hook", head + "    hooks: {aprove_deposit: [x]}\n", `:4:13: unknown hook "aprove_deposit"`, "the hooks are approve_deposit{deposit_id}, cancel_deposit{deposit_id}, expire_deposit{deposit_id}, deliver_refund{refund_id}, complete_refund{refund_id}, reject_refund{refund_id}, deliver_cashout{cashout_id}, complete_cashout{cashout_id}, reject_cashout{cashout_id}, cancel_cashout{cashout_id}, set_funds{amount}, respond_500_once, drop_after_commit_once, set_clock_offset{ms}, whitelist_add{product,ip}, whitelist_remove{product,ip}, count_deposits{invoice_id}"},
		{"an unknown hook of the second environment", head + "    second_environment:\n      base_url: https://b.example\n      env_prefix: B_\n      hooks: {aprove_deposit: [x]}\n", `:7:15: unknown hook "aprove_deposit"`, "the hooks are"},
		{"a hook without a program", head + "    hooks: {approve_deposit: []}\n", `:4:13: hook approve_deposit names no program`, "write a list"},
		{"a hook as one string", head + "    hooks: {approve_deposit: ./panel.sh approve}\n", `:4:30: expected a list`, ""},
		{"a placeholder of another hook", head + "    hooks:\n      approve_deposit: [x, --id, \"{cashout_id}\"]\n", `:5:34: hook approve_deposit has no placeholder {cashout_id}`, "it has {deposit_id}"},
		{"a placeholder where there is none", head + "    hooks: {respond_500_once: [x, '{ms}']}\n", `:4:35: hook respond_500_once has no placeholder {ms}`, "it takes no placeholders"},
		{"a placeholder as the program", head + "    hooks: {set_funds: ['{amount}']}\n", `:4:25: hook set_funds has the placeholder {amount} in the name of its program`, "placeholders stand in arguments only"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, tt.text)
			_, err := config.Load(path, true)
			var e *config.Error
			require.ErrorAs(t, err, &e)
			assert.Contains(t, strings.TrimPrefix(err.Error(), path), tt.want)
			assert.Contains(t, e.Hint, tt.hint)
			assert.NotContains(t, err.Error(), "\n", "an error is one sentence")
			assert.NotContains(t, err.Error(), "struct", "an error is not about Go")
		})
	}
}

func TestAnchorsAreFollowed(t *testing.T) {
	t.Parallel()
	const text = `targets:
  stg: &stg
    base_url: https://stg.example
    timeout: 3s
  again: *stg
  other:
    <<: *stg
    env_prefix: OTHER_
`
	c, err := config.Load(write(t, text), true)
	require.NoError(t, err)
	assert.Equal(t, "https://stg.example", c.Targets["again"].BaseURL)
	assert.Equal(t, "https://stg.example", c.Targets["other"].BaseURL)
	assert.Equal(t, "OTHER_", c.Targets["other"].EnvPrefix)
	assert.Equal(t, 3*time.Second, c.Targets["other"].Timeout)

	// What was merged in and is said again is refused rather than decided by order.
	_, err = config.Load(write(t, text+"    timeout: 4s\n"), true)
	require.ErrorContains(t, err, `:9:5: key "timeout" stands here a second time`)
}

func TestAURLWithAPasswordIsNotRepeated(t *testing.T) {
	t.Parallel()
	_, err := config.Load(write(t, "targets: {stg: {base_url: 'https://me:hunter2@a.example'}}"), true)
	require.ErrorContains(t, err, "base_url holds a user name or a password")
	assert.NotContains(t, err.Error(), "hunter2")
}

func TestAnEmptyFileNamesNoTargets(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"nothing": "", "a comment": "# later\n", "a key without a value": "targets:\n", "a null": "~\n", "a document that is marked": "# later\n---\ntargets: {}\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := config.Load(write(t, text), true)
			require.NoError(t, err)
			assert.Empty(t, c.Targets)
		})
	}
}

func TestAnAbsentFileMattersOnlyWhenItWasNamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.yaml")
	c, err := config.Load(path, false)
	require.NoError(t, err)
	assert.Empty(t, c.Path)

	_, err = config.Load(path, true)
	require.EqualError(t, err, path+": the configuration file cannot be read: no such file or directory")

	_, err = config.Load(filepath.Dir(path), false)
	require.ErrorContains(t, err, "is a directory", "a file that is there and cannot be read is never passed over")
}

func TestSelect(t *testing.T) {
	t.Parallel()
	const file = `targets:
  stg: {base_url: "https://stg.example", ca_file: file.pem, env_prefix: STG_}
  two: {base_url: "https://two.example", second_environment: {base_url: "https://b.example", env_prefix: B_}}
`
	path := write(t, file)
	fromFile := filepath.Join(filepath.Dir(path), "file.pem")
	c, err := config.Load(path, true)
	require.NoError(t, err)
	for _, tt := range []struct {
		name, flag string
		env        map[string]string
		base, ca   string
		embedded   bool
	}{
		{name: "nothing said: the embedded mock", embedded: true},
		{name: "an empty variable says nothing", env: map[string]string{"D24_BASE_URL": ""}, embedded: true},
		{name: "the environment", env: map[string]string{"D24_BASE_URL": "https://env.example/", "D24_CA_FILE": "env.pem"}, base: "https://env.example", ca: "env.pem"},
		{name: "a name wins over the environment", flag: "stg", env: map[string]string{"D24_BASE_URL": "https://env.example"}, base: "https://stg.example", ca: fromFile},
		{name: "a URL wins over the environment", flag: "https://flag.example", env: map[string]string{"D24_BASE_URL": "https://env.example"}, base: "https://flag.example"},
		{name: "a variable wins over the file", flag: "stg", env: map[string]string{"STG_D24_CA_FILE": "env.pem"}, base: "https://stg.example", ca: "env.pem"},
		{name: "a variable without the target's prefix is another's", flag: "stg", env: map[string]string{"D24_CA_FILE": "env.pem"}, base: "https://stg.example", ca: fromFile},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			target, ok, err := c.Select(tt.flag, lookup(tt.env))
			require.NoError(t, err)
			assert.Equal(t, !tt.embedded, ok)
			assert.Equal(t, tt.base, target.BaseURL)
			assert.Equal(t, tt.ca, target.CAFile)
		})
	}
	t.Run("the second environment has variables of its own", func(t *testing.T) {
		t.Parallel()
		target, _, err := c.Select("two", lookup(map[string]string{"B_D24_CA_FILE": "b.pem"}))
		require.NoError(t, err)
		assert.Equal(t, "b.pem", target.Second.CAFile)
		assert.Empty(t, target.CAFile)
		assert.Empty(t, c.Targets["two"].Second.CAFile, "selecting must not change the configuration")
	})
}

func TestSelectRefuses(t *testing.T) {
	t.Parallel()
	path := write(t, "targets: {stg: {base_url: 'https://stg.example'}, gateway: {base_url: 'https://g.example'}}")
	loaded, err := config.Load(path, true)
	require.NoError(t, err)
	for _, tt := range []struct {
		name       string
		c          *config.Config
		flag       string
		env        map[string]string
		want, hint string
	}{
		{"a mistyped target", loaded, "stgg", nil, path + `: there is no target "stgg"`, "did you mean stg?"},
		{"an unknown target", loaded, "production", nil, path + `: there is no target "production"`, "the file names gateway, stg"},
		{"a target without a file", &config.Config{}, "stg", nil, `there is no target "stg", since there is no d24conform.yaml here`, "give a URL that begins with https://, or a file with --config"},
		{"plain HTTP on the flag", loaded, "http://a.example", nil, "--target is not a URL that begins with https://", ""},
		{"plain HTTP in the environment", loaded, "", map[string]string{"D24_BASE_URL": "http://a.example"}, "D24_BASE_URL is not a URL that begins with https://", ""},
		{"no scheme in the environment", loaded, "", map[string]string{"D24_BASE_URL": "a.example:8443"}, "D24_BASE_URL is not a URL that begins with https://", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := tt.c.Select(tt.flag, lookup(tt.env))
			var e *config.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tt.want, err.Error())
			assert.Equal(t, tt.hint, e.Hint)
		})
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "d24conform.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func lookup(env map[string]string) config.Lookup {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}
