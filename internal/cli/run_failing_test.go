package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
)

// What helps with a failure is about requests and signatures, and tells no secret.
func TestAFailingRunLeavesScriptsAndNoSecret(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs the whole suite")
	}
	credentials := d24.Credentials{
		Deposits: d24.DepositsCredentials{APIKey: "canary/login+1/deposits", APISignature: `canary/"secret"\2/deposits`, ReadOnlyKey: "canary/bearer+3/deposits"},
		Cashouts: d24.CashoutsCredentials{APIKey: `canary/"login"\4/cashouts`, APIPassphrase: `canary/<pass>&é"5"/cashouts`, APISignature: "canary/secret+6/cashouts"},
	}
	for mutant, scripts := range map[string][]string{
		"signature-reserialised":                         {"DEP-SIG-04.sh"},
		"any-read-only-key":                              {"DEP-AUTH-03.sh"},
		"read-only-key/compared/first-character-ignored": {"DEP-AUTH-03.sh"},
		"passphrase-unchecked":                           {"CASH-AUTH-01.sh", "CASH-AUTH-02.sh", "CASH-AUTH-03.sh", "CASH-AUTH-04.sh", "CASH-AUTH-06.sh"},
	} {
		t.Run(mutant, func(t *testing.T) {
			t.Parallel()
			m, err := mock.Start(mock.Options{Mutant: mutant, Credentials: credentials})
			require.NoError(t, err)
			defer m.Close()
			out := t.TempDir()
			ca := filepath.Join(t.TempDir(), "ca.pem")
			require.NoError(t, os.WriteFile(ca, m.CertificatePEM(), 0o600))
			env := map[string]string{"D24_BASE_URL": m.BaseURL(), "D24_CA_FILE": ca}
			credentials.Named(func(name, value string) { env[name] = value })
			o := run(t.Context(), t, out, env, "run", "server", "--out", out, "--tags", "@DEP-SIG-04 or @DEP-AUTH-03 or @CASH-AUTH-01 or @CASH-AUTH-06")
			require.Equal(t, ExitViolation, o.code, o.stdout+o.stderr)

			found := []string{}
			texts := map[string]string{"stdout": o.stdout, "stderr": o.stderr}
			require.NoError(t, filepath.WalkDir(out, func(path string, entry fs.DirEntry, err error) error {
				if err != nil || !entry.Type().IsRegular() {
					return err
				}
				if filepath.Ext(path) == ".sh" {
					found = append(found, entry.Name())
					info, err := entry.Info()
					require.NoError(t, err)
					assert.Equal(t, fs.FileMode(0o755), info.Mode().Perm())
				}
				data, err := os.ReadFile(path)
				texts[entry.Name()] = string(data)
				return err
			}))
			assert.ElementsMatch(t, scripts, found)
			for _, name := range scripts {
				assert.Contains(t, o.stdout, "reproduce  repro/"+name)
				assert.Contains(t, texts["summary.md"], "repro/"+name)
				assert.Contains(t, texts["junit.xml"], "repro/"+name)
			}
			holdNoCanary(t, texts)
		})
	}
}
