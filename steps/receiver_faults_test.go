package steps

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/provider"
)

// unusual are the options of notifications that are valid all the same.
var unusual = regexp.MustCompile(`^(sent=|payload=absent)`)

// Every fault makes a notification that does not verify, of each kind that it is about, and
// every fault that a feature names is there.
func TestEachFaultIsOne(t *testing.T) {
	t.Parallel()
	own, foreign := testCredentials("own"), testCredentials("foreign")
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var verdict error
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Content-Type") == d24.ContentTypeForm {
			_, verdict = d24.NewKey(own.Cashouts.APISignature).VerifyCashoutNotification(r.Header.Get, body)
		} else {
			verdict = d24.NewKey(own.Deposits.APISignature).VerifyNotification(r.Header.Get, body, own.Deposits.APIKey, now)
		}
	}))
	defer server.Close()
	p := provider.New(provider.Options{Credentials: own, Now: func() time.Time { return now }})
	defer p.Close()
	used := faultsInFeatures(t)
	for _, fault := range receiverFaults() {
		kinds := used[fault.Says]
		require.NotEmpty(t, kinds, "no feature names %q", fault.Says)
		for kind := range kinds {
			n := provider.Notification{Kind: kind, ID: "300000001"}
			if kind == d24.CashoutNotification {
				n.ExternalID = "order-17"
			}
			e := p.Deliver(t.Context(), server.URL, n, fault.Tampers(provider.Keys{Own: own, Foreign: foreign})...)
			require.Nil(t, e.Failure, fault.Says)
			assert.Equal(t, unusual.MatchString(fault.Options[0]), verdict == nil, "%s of a %s: %v", fault.Says, kind, verdict)
		}
		delete(used, fault.Says)
	}
	assert.Empty(t, used, "features name faults that there are not")
}

// faultsInFeatures are the faults of the features, and of which kinds of objects they are.
func faultsInFeatures(t *testing.T) map[string]map[d24.NotificationKind]bool {
	t.Helper()
	used := map[string]map[d24.NotificationKind]bool{}
	row, with := regexp.MustCompile(`^\| ((?:with|without|of another|as JSON)\b.+?) +\|$`), regexp.MustCompile(`notified (with(?:out)? .+)$`)
	require.NoError(t, fs.WalkDir(features.Files, "receiver", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		kinds := []d24.NotificationKind{d24.CashoutNotification}
		if strings.Contains(path, "deposits") {
			kinds = []d24.NotificationKind{d24.DepositNotification, d24.RefundNotification}
		}
		text, err := fs.ReadFile(features.Files, path)
		for line := range strings.Lines(string(text)) {
			match := row.FindStringSubmatch(strings.TrimSpace(line))
			if match == nil {
				match = with.FindStringSubmatch(strings.TrimSpace(line))
			}
			if match == nil {
				continue
			}
			if used[match[1]] == nil {
				used[match[1]] = map[d24.NotificationKind]bool{}
			}
			for _, kind := range kinds {
				used[match[1]][kind] = true
			}
		}
		return err
	}))
	return used
}

func testCredentials(of string) d24.Credentials {
	return d24.Credentials{
		Deposits: d24.DepositsCredentials{APIKey: of + "-login", APISignature: of + "-deposits", ReadOnlyKey: of + "-reader"},
		Cashouts: d24.CashoutsCredentials{APIKey: of + "-cash", APIPassphrase: of + "-pass", APISignature: of + "-cashouts"},
	}
}
