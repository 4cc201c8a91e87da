package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/rules"
)

func TestResolveCredentials(t *testing.T) {
	t.Parallel()
	got, err := config.ResolveCredentials("STG_", lookup(map[string]string{
		"STG_D24_DEPOSITS_API_KEY":            "key-FAKE",
		"STG_D24_DEPOSITS_API_SIGNATURE_FILE": secretFile(t, "signature-FAKE\n"),
		"STG_D24_READ_ONLY_KEY_FILE":          secretFile(t, "read-only-FAKE\r\n"),
		"STG_D24_CASHOUTS_API_KEY_FILE":       secretFile(t, " blanks are part of it "),
		"STG_D24_CASHOUTS_API_PASSPHRASE":     "",
		"D24_CASHOUTS_API_SIGNATURE":          "of-another-target-FAKE",
	}))
	require.NoError(t, err)
	assert.Equal(t, d24.DepositsCredentials{
		APIKey: "key-FAKE", APISignature: "signature-FAKE", ReadOnlyKey: "read-only-FAKE",
	}, got.Deposits)
	assert.Equal(t, d24.CashoutsCredentials{APIKey: " blanks are part of it "}, got.Cashouts)
}

func TestResolveCredentialsRefuses(t *testing.T) {
	t.Parallel()
	const name = "D24_CASHOUTS_API_SIGNATURE"
	absent := filepath.Join(t.TempDir(), "absent")
	empty := secretFile(t, "\n")
	for _, tt := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"a variable and its file", map[string]string{name: "secret-FAKE", name + "_FILE": absent}, name + " and " + name + "_FILE are both set"},
		{"a file that is not there", map[string]string{name + "_FILE": absent}, "the file that " + name + "_FILE names cannot be read: " + absent + ": no such file or directory"},
		{"an empty file", map[string]string{name + "_FILE": empty}, "the file that " + name + "_FILE names is empty: " + empty},
		{"a file of two lines", map[string]string{name + "_FILE": secretFile(t, "secret-FAKE\nother\n")}, name + " contains a line break or another control character"},
		{"a line break in a variable", map[string]string{name: "secret-FAKE\n"}, name + " contains a line break or another control character"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.ResolveCredentials("", lookup(tt.env))
			var e *config.Error
			require.ErrorAs(t, err, &e)
			require.EqualError(t, err, tt.want)
			assert.NotContains(t, err.Error()+e.Hint, "secret-FAKE")
		})
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	deposits := d24.DepositsCredentials{APIKey: "a", APISignature: "b"}
	cashouts := d24.CashoutsCredentials{APIKey: "a", APIPassphrase: "b", APISignature: "c"}
	for _, tt := range []struct {
		name     string
		declared []rules.Product
		have     d24.Credentials
		want     []rules.Product
		problem  string
	}{
		{"both products have their keys", nil, d24.Credentials{Deposits: deposits, Cashouts: cashouts}, rules.Products(), ""},
		{"one product has its keys", nil, d24.Credentials{Cashouts: cashouts}, []rules.Product{rules.Cashouts}, ""},
		{"one of two is declared", []rules.Product{rules.Deposits}, d24.Credentials{Deposits: deposits, Cashouts: cashouts}, []rules.Product{rules.Deposits}, ""},
		{"declared the other way round", []rules.Product{rules.Cashouts, rules.Deposits}, d24.Credentials{Deposits: deposits, Cashouts: cashouts}, rules.Products(), ""},
		{"no keys", nil, d24.Credentials{}, nil, "no credentials are set: neither X_D24_DEPOSITS_API_KEY nor X_D24_CASHOUTS_API_KEY"},
		{"a read-only key alone is no product", nil, d24.Credentials{Deposits: d24.DepositsCredentials{ReadOnlyKey: "a"}}, nil, "no credentials are set: neither X_D24_DEPOSITS_API_KEY nor X_D24_CASHOUTS_API_KEY"},
		{"half of a product's keys", nil, d24.Credentials{Cashouts: d24.CashoutsCredentials{APIKey: "a"}}, nil, "credentials are missing: X_D24_CASHOUTS_API_PASSPHRASE, X_D24_CASHOUTS_API_SIGNATURE"},
		{"a declared product without keys", rules.Products(), d24.Credentials{Cashouts: cashouts}, nil, "credentials are missing: X_D24_DEPOSITS_API_KEY, X_D24_DEPOSITS_API_SIGNATURE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := config.Require(tt.declared, "X_", tt.have)
			if tt.problem != "" {
				require.EqualError(t, err, tt.problem)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestParseProducts(t *testing.T) {
	t.Parallel()
	got, err := config.ParseProducts([]string{"cashouts", " deposits", "cashouts"})
	require.NoError(t, err)
	assert.Equal(t, []rules.Product{rules.Cashouts, rules.Deposits}, got)

	_, err = config.ParseProducts([]string{"Deposits"})
	require.EqualError(t, err, `there is no product "Deposits"`)
}

func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
