package repro_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// Every script shows the defect that it is about, and its absence.
func TestScriptsOfEveryMutant(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a script for each rule of each mutant")
	}
	needsPrograms(t)
	turns := make(chan struct{}, scriptsAtOnce)
	var harmless sync.Map // what was run against the mock as it is
	for _, m := range mock.Mutants() {
		if len(m.Breaks) == 0 || !inSample(m.Name) {
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			turns <- struct{}{}
			defer func() { <-turns }()
			bad, good := startMock(t, m.Name), startMock(t, "")
			results, scripts := judgeMock(t, bad, m.Breaks)
			ran := map[string]bool{} // against the mutant
			for _, id := range m.Breaks {
				rule, ok := results.Rule(id)
				require.True(t, ok, id)
				require.Equal(t, reports.Fail, rule.Verdict, id)
				script := scripts["repro/"+id+".sh"]
				require.NotEmpty(t, script, id)
				does := deeds(script, id)
				if ran[does] { // a scenario of several rules has one story
					continue
				}
				ran[does] = true
				output, code := runScript(t, "sh", script, environment(t, bad))
				if slices.Contains(byItself, m.Name) {
					assert.Equal(t, 3, code, "%s: %s", id, output)
					assert.Regexp(t, `^CANNOT TELL: the server sends it by itself, .* exchanges\.jsonl, lines? \d+`, output, id)
					continue
				}
				if atTheEnd.MatchString(output) {
					assert.Equal(t, 3, code, "%s: %s", id, output)
					continue
				}
				assert.Equal(t, 1, code, "%s against the mutant:\n%s\n%s", id, output, tail(script))
				if _, known := harmless.LoadOrStore(does, true); known {
					continue
				}
				output, code = runScript(t, "sh", script, environment(t, good))
				assert.Equal(t, 0, code, "%s against the mock as it is:\n%s\n%s", id, output, tail(script))
			}
		})
	}
}

// deeds are what a script of a rule does, without what it says: its comments, the rule, and
// what it knows of the clock. Two scripts of the same deeds are one.
func deeds(script, id string) string {
	if _, own, found := strings.Cut(script, "\nneed "); found {
		script = own
	}
	return beside.ReplaceAllString(strings.ReplaceAll(script, id, ""), "")
}

var beside = regexp.MustCompile(`(?m)^#.*$|^clock_offset_ms=.*$|^right '.*'$`)

// byItself are the mutants that do wrong what nobody has asked them for.
var byItself = []string{
	"notification-unsigned", "notification-with-cashouts-key", "notification-reserialised", "repeat-signature-kept",
	"control-of-cashout-id", "control-lower-case", "control-with-deposits-key", "form-signed-without-control",
}

// atTheEnd is what a script says of a fault that only the end of a run shows.
var atTheEnd = regexp.MustCompile(`^CANNOT TELL: it is about what the run made at its beginning, .* exchanges\.jsonl, lines? \d+`)

// scriptsAtOnce keeps two processors busy; more would make each slower.
const scriptsAtOnce = 2

// tail is the part of a script that is its own.
func tail(script string) string {
	_, own, _ := strings.Cut(script, "\nneed ")
	return "need " + own
}

func needsPrograms(t *testing.T) {
	t.Helper()
	for _, program := range []string{"curl", "openssl", "awk", "od"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("not run: there is no " + program)
		}
	}
	if !target.SecondLoopback().IsValid() {
		t.Skip("not run: 127.0.0.2 cannot be called from")
	}
}

// A running mock with the file of its authority.
type running struct {
	*mock.Mock

	caFile string
}

func startMock(t *testing.T, mutant string) running {
	t.Helper()
	return startMockFor(t, mutant, d24.Credentials{})
}

// startMockFor is a mock that knows a merchant by these credentials; empty ones are its own.
func startMockFor(t *testing.T, mutant string, credentials d24.Credentials) running {
	t.Helper()
	m, err := mock.Start(mock.Options{Mutant: mutant, Credentials: credentials})
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, m.CertificatePEM(), 0o600))
	return running{m, file}
}

// Ledger and features are read once for all tests. No suite changes either.
var readLedger = sync.OnceValues(func() (*rules.Ledger, error) { return rules.Load(rules.Latest) })

var readFeatures = sync.OnceValues(func() (*steps.Manifest, error) { return steps.ReadManifest(features.Files) })

func ledgerAndManifest(t *testing.T) (*rules.Ledger, *steps.Manifest) {
	t.Helper()
	ledger, err := readLedger()
	require.NoError(t, err)
	manifest, err := readFeatures()
	require.NoError(t, err)
	return ledger, manifest
}

// judgeMock runs the scenarios of some rules.
func judgeMock(t *testing.T, m running, ids []string) (reports.Results, map[string]string) {
	t.Helper()
	ledger, manifest := ledgerAndManifest(t)
	tags, err := steps.ParseTags("@" + strings.Join(ids, " or @"))
	require.NoError(t, err)
	server, err := target.NewServer(target.FromMock(m.Mock, &exchange.Log{}))
	require.NoError(t, err)
	t.Cleanup(server.Close)
	require.NoError(t, server.Reach(t.Context()))
	suite := &steps.Suite{
		Server: server, Ledger: ledger, Features: features.Files, Manifest: manifest, Tags: tags, Level: target.Sandbox,
		Orders: &merchant.Orders{Run: "repro"}, Meta: reports.Meta{Started: time.Now()}, Smaller: 24,
	}
	results, err := suite.Run(t.Context())
	require.NoError(t, err)
	return results, suite.Scripts()
}

// environment is what a person exports who has the keys.
func environment(t *testing.T, m running) []string {
	t.Helper()
	list := []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir(),
		"D24_BASE_URL=" + m.BaseURL(), "D24_PLAIN_HTTP_URL=" + m.PlainURL(), "D24_MANAGE_URL=" + m.ManageURL(),
		"SECOND_D24_BASE_URL=" + m.SecondURL(), "D24_CA_FILE=" + m.caFile,
	}
	add := func(prefix string, c d24.Credentials) {
		c.Named(func(name, value string) { list = append(list, prefix+name+"="+value) })
	}
	add("", m.Credentials())
	add("SECOND_", m.SecondCredentials())
	return list
}

// runScript runs a script with a shell and returns what it said, and its exit code.
func runScript(t *testing.T, shell, script string, environment []string) (output string, code int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "repro.sh")
	require.NoError(t, os.WriteFile(file, []byte(script), 0o600))
	return run(t, shell, environment, file)
}

// run runs a script that is a file.
func run(t *testing.T, shell string, environment []string, arguments ...string) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	words := append(strings.Fields(shell), arguments...)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = environment
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(fmt.Errorf("run %s: %w", shell, err))
	}
	return out.String(), cmd.ProcessState.ExitCode()
}
