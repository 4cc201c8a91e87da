package steps_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/peers/client"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// TestTheReferenceClientKeepsEveryRule judges a correct client: it must not be blamed.
// Selftest judges those with a defect.
func TestTheReferenceClientKeepsEveryRule(t *testing.T) {
	t.Parallel()
	results, _ := judgeClient(t, "", func(string, map[string]any) {})
	assert.Equal(t, reports.RunPass, results.Verdict, "%s", terminal(t, results))
}

const signing = "@DEP-SIG-01 or @DEP-SIG-04 or @CASH-SIG-02 or @CASH-SIG-03"

// What sends nothing adds to rules that are judged over what is sent, and is no gap.
func TestAnAdapterNeedNotSignOnItsOwn(t *testing.T) {
	t.Parallel()
	results, _ := judgeClient(t, signing, func(op string, reply map[string]any) {
		if op == "hello" {
			reply["ops"] = slices.DeleteFunc(reply["ops"].([]any), func(op any) bool {
				return slices.Contains([]any{"sign_deposit", "sign_cashout", "verify_notification"}, op)
			})
		}
	})
	for _, id := range []string{"DEP-SIG-01", "DEP-SIG-04", "CASH-SIG-02", "CASH-SIG-03"} {
		rule, ok := results.Rule(id)
		require.True(t, ok)
		assert.Equal(t, reports.Pass, rule.Verdict, "%s: %s", id, rule.Reason)
	}
}

// Signatures that are asked for are held against the vectors' texts, and the mistake has
// its name; so are the notifications that are believed.
func TestWhatAnAdapterSignsAndBelievesIsJudged(t *testing.T) {
	t.Parallel()
	keys := mock.DefaultCredentials()
	body := ""
	results, scripts := judgeClient(t, signing, func(op string, reply map[string]any) {
		switch op {
		case "sign_deposit": // over nothing but the date of another time
			reply["authorization"] = d24.NewKey(keys.Deposits.APISignature).Authorization("2026-11-22T03:04:05Z", "", nil)
		case "sign_cashout":
			reply["payload_signature"] = d24.NewKey(keys.Cashouts.APIPassphrase).Payload([]byte(body))
		case "verify_notification":
			reply["accepted"] = true
		}
	}, func(request map[string]any) { body, _ = request["body_text"].(string) })
	seen := func(id, scenario string) string {
		rule, ok := results.Rule(id)
		require.True(t, ok)
		for _, s := range rule.Scenarios {
			if s.Name == scenario {
				return string(s.Verdict) + ": " + s.Seen
			}
		}
		return ""
	}
	assert.Regexp(t, `^fail: sign_deposit /v3/deposits/deposits/.*no usual mistake makes it; (\d+) of (\d+) such requests are wrong$`, seen("DEP-SIG-01", "what it is given to sign"))
	assert.Contains(t, seen("CASH-SIG-02", "the digest of what it is given to sign"), "D24_CASHOUTS_API_PASSPHRASE was used as the signing key")
	assert.Equal(t, "pass: ", seen("CASH-SIG-03", "the text under what it is given to sign"), "the key is another rule's affair")
	believed := seen("DEP-SIG-04", "notifications that were changed on their way")
	assert.Contains(t, believed, "fail: one without a signature is accepted; ")
	assert.Contains(t, believed, "one with white space added after it was signed is accepted")
	assert.NotContains(t, believed, "refused")
	assert.Contains(t, seen("CASH-SIG-03", "which notifications of cashouts it accepts, AMB-32"), "observed: one without control is accepted")
	assert.Contains(t, scripts["repro/DEP-SIG-01.sh"], "CANNOT TELL: nothing of it was sent")
	assert.Contains(t, scripts["repro/DEP-SIG-01.sh"], `the adapter was told {"body_text":`)
}

// judgeClient judges the reference client, whose answers are edited; hear is told what it
// is asked.
func judgeClient(t *testing.T, tags string, edit func(op string, reply map[string]any), hear ...func(request map[string]any)) (reports.Results, map[string]string) {
	t.Helper()
	clock := target.NewPastime(time.Now())
	program, err := client.New(client.Options{Timeout: 2 * time.Minute, Now: clock.Now, Sleep: clock.Sleep})
	require.NoError(t, err)
	edited := func(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
		in, out := json.NewDecoder(stdin), json.NewEncoder(stdout)
		asks, asked := io.Pipe()
		told, tells := io.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- program.Serve(ctx, asks, tells, stderr) }()
		answers, requests := json.NewDecoder(told), json.NewEncoder(asked)
		in.UseNumber()
		for {
			var request, reply map[string]any
			if in.Decode(&request) != nil {
				_ = asked.Close()
				return <-ended
			}
			for _, each := range hear {
				each(request)
			}
			if err := errors.Join(requests.Encode(request), answers.Decode(&reply)); err != nil {
				return err
			}
			edit(request["op"].(string), reply)
			if err := out.Encode(reply); err != nil {
				return err
			}
		}
	}
	driven, stop, err := target.EmbedClient(t.Context(), edited, clock, mock.Options{}, &merchant.Orders{Run: "test"}, &exchange.Log{})
	require.NoError(t, err)
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	manifest, err := steps.ReadManifest(features.Files)
	require.NoError(t, err)
	selection, err := steps.ParseTags(tags)
	require.NoError(t, err)
	suite := &steps.Suite{
		Client: driven, Ledger: ledger, Features: features.Files, Manifest: manifest, Tags: selection, Meta: reports.Meta{Started: time.Now()},
	}
	results, err := suite.Run(t.Context())
	require.NoError(t, err)
	require.NoError(t, stop())
	return results, suite.Scripts()
}

func terminal(t *testing.T, results reports.Results) string {
	t.Helper()
	var report bytes.Buffer
	require.NoError(t, reports.WriteTerminal(&report, results, reports.Terminal{Width: 160}))
	return report.String()
}
