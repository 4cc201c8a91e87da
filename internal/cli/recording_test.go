//go:build unix

package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/reports"
)

var keep = flag.Bool("keep-recordings", false, "write what Chromium records in this run into testdata/recording")

// A recording is what a program of testdata/recording did in a page of Chromium, and what
// is to be told of that. What neither holds nor is violated is not tested.
type recording struct {
	name     string
	lost     bool // the answer to the first creation
	products string
	code     ExitCode
	left     []string            // what is said of entries that are not judged
	holds    []string            // rules
	violated map[string][]string // rules, and the invoices of the requests that it is shown by
	reasons  map[string]string   // why rules are not tested: patterns
}

// byteForByte is why signatures are not tested over bodies that are not there.
const byteForByte = "whose body was recorded byte for byte"

func recordings() []recording {
	return []recording{
		{
			name: "right", lost: true, left: []string{"they are no calls of the API"},
			holds: []string{
				"CASH-AUTH-01", "CASH-AUTH-02", "CASH-AUTH-03", "CASH-AUTH-04", "CASH-AUTH-06", "CASH-HDR-01", "CASH-HDR-02", "CASH-HDR-03",
				"CASH-SIG-01", "CASH-SIG-02", "CASH-SIG-03", "CASH-SIG-04", "DEP-AUTH-01", "DEP-AUTH-02", "DEP-AUTH-03", "DEP-AUTH-06",
				"DEP-HDR-01", "DEP-HDR-02", "DEP-HDR-03", "DEP-HDR-04", "DEP-HDR-05", "DEP-SIG-01", "DEP-SIG-04", "DEP-DATE-02",
				"DEP-IDEM-03", "DEP-IDEM-06", "DEP-IDEM-09", "DEP-CT-01", "DEP-CT-02", "NOTIF-04", "CLI-KEY-01", "CLI-SECRET-01",
			},
			reasons: map[string]string{
				"CASH-SEC-01": "it met no such trouble", "DEP-SEC-01": "it met no such trouble", "DEP-DATE-03": "have the client work for more than 6s",
				"CLI-TLS-01": "cannot show what a client does about certificates", "CLI-KEY-02": "^[1-9][0-9]* of [0-9]+ scenarios held; not tested: it met no such trouble: ",
			},
		},
		{
			name: "wrong", lost: true, products: "deposits", code: ExitViolation, left: []string{"they are no calls of the API"},
			holds: []string{
				"DEP-AUTH-01", "DEP-AUTH-02", "DEP-AUTH-06", "DEP-HDR-01", "DEP-HDR-02", "DEP-HDR-03", "DEP-HDR-04", "DEP-HDR-05",
				"DEP-DATE-02", "DEP-IDEM-03", "DEP-IDEM-06", "DEP-CT-01", "DEP-CT-02", "CLI-KEY-01", "CLI-SECRET-01",
			},
			violated: map[string][]string{"DEP-SIG-01": {"reserialised"}, "DEP-SIG-04": {"reserialised"}, "CLI-KEY-02": {"lost"}},
			reasons:  map[string]string{"DEP-IDEM-09": "missing: a GET or a DELETE"},
		},
		{
			name: "lookup", products: "deposits", left: []string{"they are no calls of the API"},
			holds:   []string{"DEP-AUTH-01", "DEP-IDEM-09", "CLI-SECRET-01"},
			reasons: map[string]string{"DEP-SIG-01": "missing: a deposits request with Authorization"},
		},
		{
			name: "spoilt", products: "deposits", left: []string{"they are no calls of the API", "the browser did not send them: 2"},
			holds: []string{
				"DEP-AUTH-01", "DEP-AUTH-02", "DEP-HDR-01", "DEP-HDR-02", "DEP-HDR-04", "DEP-DATE-02",
				"DEP-IDEM-03", "DEP-IDEM-06", "CLI-KEY-01", "CLI-SECRET-01",
			},
			reasons: map[string]string{
				"DEP-SIG-01": byteForByte, "DEP-SIG-04": byteForByte, "DEP-HDR-03": byteForByte, "DEP-HDR-05": byteForByte,
				"DEP-CT-01": byteForByte, "DEP-CT-02": byteForByte, "DEP-AUTH-06": byteForByte,
			},
		},
	}
}

// TestRecordingsOfChromium judges those that are kept in the tree.
func TestRecordingsOfChromium(t *testing.T) {
	t.Parallel()
	for _, r := range recordings() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.judge(t, inRecording(r.name+".har"), mock.DefaultCredentials())
		})
	}
}

// TestChromiumIsRecordedAndJudged makes them anew, with the Chromium that is here.
func TestChromiumIsRecordedAndJudged(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser is started")
	}
	server, err := mock.Start(mock.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	browser := startChromium(t, server)
	for _, r := range recordings() {
		if r.lost {
			_, err := server.Admin().AddFault(mock.Fault{Kind: mock.FaultDropAfterCommit, Method: "POST", Path: d24.PathDeposits})
			require.NoError(t, err)
		}
		text := r.record(t, browser, server)
		file := filepath.Join(t.TempDir(), r.name+".har")
		if *keep {
			file = inRecording(r.name + ".har")
		}
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.judge(t, file, server.Credentials())
		})
	}
}

func inRecording(name string) string { return filepath.Join("testdata", "recording", name) }

// record has a page run the program, with DevTools open, and returns what these save.
func (r recording) record(t *testing.T, browser *chromium, server *mock.Mock) string {
	t.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(inRecording(name))
		require.NoError(t, err)
		return string(text)
	}
	given, err := json.Marshal(named(server.Credentials()))
	require.NoError(t, err)
	target, page := browser.open("about:blank")
	tools := browser.devTools(target)
	browser.evaluate(tools, read("devtools.js")+"watching()")
	browser.visit(page, server.BaseURL()+"/")
	browser.evaluate(page, fmt.Sprintf("(async () => {\nconst keys = %s, elsewhere = %q;\n%s%s})()",
		given, server.SecondURL(), read("client.js"), read(r.name+".js")))
	return browser.evaluate(tools, "saved()")
}

// named are credentials by the names of their variables.
func named(c d24.Credentials) map[string]string {
	keys := map[string]string{}
	c.Named(func(name, value string) { keys[name] = value })
	return keys
}

// judge runs the program over a recording, and compares.
func (r recording) judge(t *testing.T, file string, credentials d24.Credentials) {
	t.Helper()
	keys := named(credentials)
	args := []string{"run", "client", "--recording", file, "--json", "--out", t.TempDir()}
	if r.products != "" {
		args = append(args, "--products", r.products)
	}
	a, stdout, stderr := testApp(keys, bytes.NewReader(nil), args...)
	require.Equal(t, r.code, a.run(t.Context()), stderr.String())
	for _, key := range keys {
		assert.NotContains(t, stdout.String()+stderr.String(), key)
	}
	for _, sentence := range r.left {
		assert.Contains(t, stderr.String(), "left out, since "+sentence)
	}
	assert.Equal(t, len(r.left), strings.Count(stderr.String(), "left out"), stderr.String())

	var results reports.Results
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &results))
	var holds []string
	for _, rule := range results.Rules {
		invoices, violated := r.violated[rule.ID]
		switch {
		case violated:
			assert.Equal(t, reports.Fail, rule.Verdict, rule.ID)
			r.shownBy(t, file, rule, invoices)
		case rule.Verdict == reports.Pass:
			holds = append(holds, rule.ID)
		case rule.Verdict == reports.Observed:
		default:
			assert.Equal(t, reports.NotTested, rule.Verdict, "%s: %s", rule.ID, rule.Reason)
			assert.NotEmpty(t, rule.Reason, rule.ID)
			assert.Regexp(t, r.reasons[rule.ID], rule.Reason, rule.ID)
		}
	}
	assert.ElementsMatch(t, r.holds, holds)
	for id := range r.reasons {
		assert.NotContains(t, holds, id)
	}
}

// shownBy wants that a violation names the entries of the file that are about an invoice.
func (recording) shownBy(t *testing.T, file string, rule reports.RuleResult, invoices []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var har struct {
		Log struct {
			Entries []struct {
				Request struct {
					PostData struct {
						Text string `json:"text"`
					} `json:"postData"`
				} `json:"request"`
			} `json:"entries"`
		} `json:"log"`
	}
	require.NoError(t, json.Unmarshal(text, &har))
	var want []string
	for i, entry := range har.Log.Entries {
		about := func(invoice string) bool {
			return strings.Contains(entry.Request.PostData.Text, fmt.Sprintf(`"invoice_id":%q`, invoice))
		}
		if slices.ContainsFunc(invoices, about) {
			want = append(want, strconv.Itoa(i+1))
		}
	}
	require.NotEmpty(t, want)
	for _, scenario := range rule.Scenarios {
		if scenario.Verdict == reports.Fail {
			assert.Regexp(t, "; entr(y|ies) "+strings.Join(want, ", ")+" of the recording$", scenario.Seen, rule.ID)
		}
	}
}
