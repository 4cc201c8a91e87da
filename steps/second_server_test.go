package steps_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/localca"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// secondServer is a server that somebody else might have written from the documents:
// see its README. It shares no line with our mock and no manner either.
type secondServer struct {
	BaseURL      string            `json:"base_url"`
	SecondURL    string            `json:"second_url"`
	PlainHTTPURL string            `json:"plain_http_url"`
	Keys         secondServerKeys  `json:"keys"`
	SecondKeys   secondServerKeys  `json:"second_keys"`
	Readings     map[string]string `json:"readings"`

	roots  *x509.CertPool
	panels [2]string // the folders in which hooks of each environment leave files
}

type secondServerKeys struct {
	Deposits struct {
		Login    string `json:"login"`
		Secret   string `json:"secret"`
		ReadOnly string `json:"readOnly"`
	} `json:"deposits"`
	Cashouts struct {
		Login  string `json:"login"`
		Pass   string `json:"pass"`
		Secret string `json:"secret"`
	} `json:"cashouts"`
}

func (k secondServerKeys) credentials() d24.Credentials {
	return d24.Credentials{
		Deposits: d24.DepositsCredentials{APIKey: k.Deposits.Login, APISignature: k.Deposits.Secret, ReadOnlyKey: k.Deposits.ReadOnly},
		Cashouts: d24.CashoutsCredentials{APIKey: k.Cashouts.Login, APIPassphrase: k.Cashouts.Pass, APISignature: k.Cashouts.Secret},
	}
}

// startSecondServer starts it under node. It ends with the test, when its standard
// input is closed.
func startSecondServer(t *testing.T, args ...string) secondServer {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("not run: node is not in PATH")
	}
	s := secondServer{panels: [2]string{t.TempDir(), t.TempDir()}}
	cert, key := s.certify(t)
	complaints, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	complained := func() string {
		text, err := os.ReadFile(complaints.Name())
		require.NoError(t, err)
		return string(text)
	}
	cmd := exec.Command(node, append([]string{
		filepath.Join("testdata", "second-server", "server.mjs"), "--cert", cert, "--key", key,
		"--panel", s.panels[0], "--second-panel", s.panels[1],
	}, args...)...)
	cmd.Stderr = complaints
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		assert.NoError(t, stdin.Close())
		assert.NoError(t, cmd.Wait())
		assert.NoError(t, complaints.Close())
		assert.Empty(t, complained(), "on its standard error")
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	require.NoError(t, err, complained())
	require.NoError(t, json.Unmarshal(line, &s))
	return s
}

// certify leaves a certificate for this machine in two files.
func (s *secondServer) certify(t *testing.T) (cert, key string) {
	t.Helper()
	authority, err := localca.New(time.Now())
	require.NoError(t, err)
	leaf, err := authority.Issue(localca.Loopback(time.Now()))
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	require.NoError(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: leaf.Certificate[0]},
		key:  {Type: "PRIVATE KEY", Bytes: private},
	} {
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	}
	s.roots = authority.Pool()
	return cert, key
}

// commands are what a merchant's engineer would write into d24conform.yaml, by environment.
func (s *secondServer) commands() []target.Hooks {
	return []target.Hooks{
		target.CommandHooks{Commands: panelCommands(s.panels[0])}, target.CommandHooks{Commands: panelCommands(s.panels[1])},
	}
}

// hooks do the same without a process for each: a run has hundreds of them.
func (s *secondServer) hooks() []target.Hooks {
	return []target.Hooks{panelFiles(s.panels[0]), panelFiles(s.panels[1])}
}

// panelFiles is a panel's folder, in which the commands of [panelCommands] are carried out.
type panelFiles string

func (p panelFiles) Offers(h target.Hook) bool { return len(panelCommands(string(p))[string(h)]) > 0 }

func (p panelFiles) Call(_ context.Context, h target.Hook, arguments map[string]string) error {
	var words []string
	for _, word := range panelCommands(string(p))[string(h)] {
		for name, value := range arguments {
			word = strings.ReplaceAll(word, "{"+name+"}", value)
		}
		words = append(words, word)
	}
	switch strings.Join(words[:len(words)-1], " ") {
	case "touch":
		return os.WriteFile(words[1], nil, 0o600)
	case "rm -f":
		return os.RemoveAll(words[2])
	case "ln -sfn " + arguments["amount"]:
		link := filepath.Join(string(p), ".link") // the server reads none of this name
		return errors.Join(os.RemoveAll(link), os.Symlink(arguments["amount"], link), os.Rename(link, words[3]))
	}
	return fmt.Errorf("hook %s: %q is not carried out here", h, words)
}

func (p panelFiles) Counts(_ context.Context, invoiceID string) (int, error) {
	text, err := os.ReadFile(filepath.Join(string(p), "counts", invoiceID))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// panelCommands leave files in a panel's folder.
func panelCommands(panel string) map[string][]string {
	file := func(name string) string { return filepath.Join(panel, name) }
	touch := func(name string) []string { return []string{"touch", file(name)} }
	return map[string][]string{
		"approve_deposit":        touch("approve-{deposit_id}"),
		"cancel_deposit":         touch("cancel-{deposit_id}"),
		"expire_deposit":         touch("expire-{deposit_id}"),
		"deliver_refund":         touch("refundsent-{refund_id}"),
		"complete_refund":        touch("refundpaid-{refund_id}"),
		"reject_refund":          touch("refundrejected-{refund_id}"),
		"deliver_cashout":        touch("deliver-{cashout_id}"),
		"complete_cashout":       touch("complete-{cashout_id}"),
		"reject_cashout":         touch("reject-{cashout_id}"),
		"cancel_cashout":         touch("recall-{cashout_id}"),
		"count_deposits":         {"sh", "-c", `cat "$1" 2> /dev/null || echo 0`, "sh", file("counts/{invoice_id}")},
		"set_funds":              {"ln", "-sfn", "{amount}", file("funds")},
		"respond_500_once":       touch("fail"),
		"drop_after_commit_once": touch("drop"),
		"whitelist_add":          touch("allowed-{product}-{ip}"),
		"whitelist_remove":       {"rm", "-f", file("allowed-{product}-{ip}")},
	}
}

// elsewhere is an address of this machine that is in no whitelist.
const elsewhere = "127.0.0.2"

// turns keeps the runs from slowing each other down so far that dates grow old on
// their way.
var turns = make(chan struct{}, 2)

// judged is the suite's opinion of the server.
func (s *secondServer) judged(t *testing.T, hooks []target.Hooks, depth steps.Depth) reports.Results {
	t.Helper()
	return s.judgedBy(t, hooks, "", depth)
}

// judgedBy is the opinion of the selected scenarios.
func (s *secondServer) judgedBy(t *testing.T, hooks []target.Hooks, tags string, depth steps.Depth) reports.Results {
	t.Helper()
	turns <- struct{}{}
	defer func() { <-turns }()
	listener, err := net.Listen("tcp", net.JoinHostPort(elsewhere, "0"))
	if err != nil {
		t.Skipf("not run: this machine has no address %s to call from", elsewhere)
	}
	require.NoError(t, listener.Close())
	config := target.Config{
		Name: "second server", BaseURL: s.BaseURL, PlainHTTPURL: s.PlainHTTPURL, Credentials: s.Keys.credentials(),
		Roots: s.roots, Timeout: time.Minute, UnlistedIP: netip.MustParseAddr(elsewhere),
		Notifications: &target.Notifications{Settle: time.Minute},
		Second: &target.Config{
			Name: "second environment", BaseURL: s.SecondURL, Credentials: s.SecondKeys.credentials(),
			Roots: s.roots, Timeout: time.Minute,
		},
	}
	if hooks != nil {
		config.Hooks, config.Second.Hooks = hooks[0], hooks[1]
	}
	server, err := target.NewServer(config)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	return judgeServerAt(t, server, tags, depth)
}

// depthHere is the depth at which a correct server has to pass: full where there is time.
func depthHere() steps.Depth {
	if raceEnabled {
		return steps.Quick
	}
	return steps.Full
}

// ruled are the rules with a verdict, as the results list them.
func ruled(results reports.Results, verdict reports.Verdict) []string {
	ids := []string{}
	for _, rule := range results.Rules {
		if rule.Verdict == verdict {
			ids = append(ids, rule.ID)
		}
	}
	return ids
}

// blamed wants these rules violated and none of the others, and nothing in doubt.
func blamed(t *testing.T, results reports.Results, failed ...string) {
	t.Helper()
	doubted := len(failed) == 0 && results.Verdict == reports.RunInconclusive
	if assert.ElementsMatch(t, failed, ruled(results, reports.Fail)) && assert.Empty(t, ruled(results, reports.Inconclusive)) && assert.False(t, doubted) {
		return
	}
	var report bytes.Buffer
	require.NoError(t, reports.WriteTerminal(&report, results, reports.Terminal{Width: 160}))
	t.Log(report.String())
}

// secondServerSets are the three sets of readings, each with a clock of its own, and a
// fourth that asks for what the others do not.
var secondServerSets = map[string][]string{
	"lax":    {"--set", "lax", "--clock-ms=180000"},
	"strict": {"--set", "strict"},
	"mixed":  {"--set", "mixed", "--clock-ms=-37000"}, // and it sends no Date
	"basic": {
		"--set", "lax", "--reading", "AMB-02=basic-required",
		"--reading", "wall=true", "--reading", "states=false", "--reading", "bothIds=true",
	},
}

// TestAServerThatIsRightIsNotBlamedForBeingDifferent judges a conforming server that
// is as unlike our mock as the documents let it be, four times over.
func TestAServerThatIsRightIsNotBlamedForBeingDifferent(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("another server is judged by the whole suite")
	}
	for name, args := range secondServerSets {
		if raceEnabled && name != "lax" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startSecondServer(t, args...)
			hooks := server.hooks()
			if name == "lax" {
				hooks = server.commands()
			}
			results := server.judged(t, hooks, depthHere())
			blamed(t, results)
			// Of a server that wants both ids of a cashout (AMB-43) nobody can find out that
			// it has none with an external id.
			untested, verdict := []string{}, reports.RunPass
			if name == "basic" {
				untested, verdict = []string{"ENV-10", "CASH-BAL-01"}, reports.RunPartial
			}
			assert.Equal(t, verdict, results.Verdict)
			assert.Equal(t, untested, ruled(results, reports.NotTested))

			for _, reading := range results.Readings {
				if reading.ID == "AMB-43" { // a manner of the server, and no entry of its register
					assert.Equal(t, "both", reading.Observed)
					continue
				}
				assert.Equal(t, server.Readings[reading.ID], reading.Observed, reading.ID)
				delete(server.Readings, reading.ID)
			}
			// Which refusals use up a key, and how a clock is rounded, cannot be seen from
			// outside. The rest is looked at where the target offers the hooks.
			unseen := []string{"AMB-07", "AMB-09", "AMB-14", "AMB-40", "AMB-48", "AMB-49"}
			assert.Subset(t, unseen, slices.Collect(maps.Keys(server.Readings)), "not reported")
		})
	}
}

// TestWithoutHooksNothingIsBlamed judges it as a black box that cannot be made to do
// anything.
func TestWithoutHooksNothingIsBlamed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("another server is judged by the whole suite")
	}
	for name, args := range secondServerSets {
		if raceEnabled && name != "strict" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startSecondServer(t, args...)
			results := server.judged(t, nil, steps.Quick)
			blamed(t, results)
			assert.Equal(t, reports.RunPartial, results.Verdict)
		})
	}
}

// TestASlowServerIsNotBlamed has retries meet their first requests in flight, and waits
// or asks again, as the server reads AMB-08.
func TestASlowServerIsNotBlamed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("another server is judged by the whole suite")
	}
	for _, set := range []string{"lax", "strict"} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			server := startSecondServer(t, append([]string{"--reading", "slowness=250"}, secondServerSets[set]...)...)
			results := server.judgedBy(t, server.hooks(), "@DEP-IDEM-02 or @DEP-REF-02", steps.Full)
			blamed(t, results)
			for _, id := range []string{"DEP-IDEM-02", "DEP-REF-02"} {
				rule, _ := results.Rule(id)
				assert.Equal(t, reports.Pass, rule.Verdict, rule.Reason)
			}
			for _, reading := range results.Readings {
				assert.Equal(t, server.Readings[reading.ID], reading.Observed, reading.ID)
			}
		})
	}
}

// TestADefectOfTheSecondServerIsFoundAlone puts single defects into the second server:
// the suite finds them in a server that it was not written beside, and nothing else.
func TestADefectOfTheSecondServerIsFoundAlone(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("another server is judged by the whole suite")
	}
	for _, tt := range []struct {
		set, mutant string
		failed      []string
	}{
		{"lax", "window-7s", []string{"DEP-DATE-03"}},
		{"strict", "fresh-body-on-500", []string{"DEP-IDEM-05"}},
		{"mixed", "external-id-reused-after-reject", []string{"CASH-EXT-01"}},
		{"lax", "balance-race", []string{"CASH-BAL-01"}}, // each cashout that takes the last is held up
		{"mixed", "keys-across-environments", []string{"ENV-09"}},
		{"strict", "notices-unsigned", []string{"NOTIF-01"}},
		{"lax", "notices-signed-compact", []string{"DEP-SIG-04"}},
		{"strict", "forwarded-for-trusted", []string{"CASH-SEC-04", "CASH-IP-01", "DEP-SEC-04", "DEP-IP-01"}},
	} {
		t.Run(tt.mutant, func(t *testing.T) {
			t.Parallel()
			server := startSecondServer(t, append([]string{"--mutant", tt.mutant}, secondServerSets[tt.set]...)...)
			tags := ""
			if tt.mutant == "balance-race" || raceEnabled {
				tags = "@" + strings.Join(tt.failed, " or @")
			}
			results := server.judgedBy(t, server.hooks(), tags, steps.Quick)
			blamed(t, results, tt.failed...)
			assert.Equal(t, reports.RunFail, results.Verdict)
		})
	}
}

// TestWhatNoPageForbidsIsNotBlamed has the second server do what other correct servers do:
// few variations at a time, of requests that are not alike, and most of them at once.
func TestWhatNoPageForbidsIsNotBlamed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("another server is judged by the whole suite")
	}
	for _, tt := range []struct {
		name, set string
		readings  []string
	}{
		{
			"no emoji, < or & in a name, and 409 with a code of its own for a key in flight", "lax",
			[]string{"AMB-48=letters-only", "AMB-08=conflict", "slowness=50"},
		},
		{"what is given up comes back later, and no Authorization is 401 with 100", "strict", []string{"AMB-49=later", "AMB-22=100"}},
		{
			"a cancelled external id is free again, UUIDs are compared without case, and lookups take nothing but Basic", "mixed",
			[]string{"AMB-40=until-cancelled", "AMB-07=any-case", "AMB-03=basic"},
		},
		{"lookups take nothing but the D24 headers", "strict", []string{"AMB-03=d24-headers"}},
		{"all at once", "strict", []string{
			"AMB-48=letters-only", "AMB-49=later", "AMB-08=conflict", "AMB-07=any-case", "AMB-40=until-cancelled", "AMB-22=100", "AMB-03=basic",
		}},
	} {
		all := tt.name == "all at once"
		if raceEnabled && !all {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			args := slices.Clone(secondServerSets[tt.set])
			for _, reading := range tt.readings {
				args = append(args, "--reading", reading)
			}
			server := startSecondServer(t, args...)
			depth := steps.Quick
			if all {
				depth = depthHere()
			}
			results := server.judged(t, server.hooks(), depth)
			blamed(t, results)
			assert.Contains(t, []reports.Overall{reports.RunPass, reports.RunPartial}, results.Verdict)
		})
	}
}
