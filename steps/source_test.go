package steps_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/features"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// judgedBySource judges a server by the rules of one source.
func judgedBySource(t *testing.T, server *target.Server, source rules.Source, tags string) (reports.Results, *rules.Ledger) {
	t.Helper()
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	manifest, err := steps.ReadManifest(features.Files)
	require.NoError(t, err)
	selection, err := steps.ParseTags(tags)
	require.NoError(t, err)
	require.NoError(t, server.Reach(t.Context()))
	suite := &steps.Suite{
		Server: server, Ledger: ledger, Features: features.Files, Manifest: manifest, Tags: selection, Source: source,
		Level: target.Sandbox, Orders: &merchant.Orders{Run: "test"}, Meta: reports.Meta{Started: time.Now()},
	}
	results, err := suite.Run(t.Context())
	require.NoError(t, err)
	return results, ledger
}

// A rule of another page is listed with the reason and has no scenarios, although some of
// its scenarios ran for the seed rules that they are tagged with too.
func TestBySeedsAloneOnlySeedRulesAreJudged(t *testing.T) {
	t.Parallel()
	results, ledger := judgedBySource(t, embedded(t), rules.Seed, "")
	assert.Equal(t, reports.SourceSeeds, results.Source)
	assert.Equal(t, "full", results.Depth)
	seeds, others := 0, 0
	for _, result := range results.Rules {
		rule, ok := ledger.Rule(result.ID)
		require.True(t, ok)
		if rule.Source == rules.Seed {
			seeds++
			assert.NotEmpty(t, result.Scenarios, result.ID)
			assert.Contains(t, []reports.Verdict{reports.Pass, reports.Observed}, result.Verdict, "%s: %s", result.ID, result.Reason)
			continue
		}
		others++
		assert.Empty(t, result.Scenarios, result.ID)
		assert.Equal(t, reports.NotTested, result.Verdict, result.ID)
		assert.Equal(t, "not selected by --source seeds: another page demands it", result.Reason, result.ID)
	}
	assert.NotZero(t, seeds)
	assert.NotZero(t, others)
}

// No seed page gives the code of a refusal, so a server whose codes are its own keeps the
// rules of the seeds.
func TestBySeedsAloneNoCodeOfAnotherPageIsJudged(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		source rules.Source
		want   reports.Verdict
	}{{"", reports.Fail}, {rules.Seed, reports.Pass}} {
		results, _ := judgedBySource(t, withOwnCodes(t), row.source, "@CASH-SIG-01 or @DEP-SIG-03")
		for _, id := range []string{"CASH-SIG-01", "DEP-SIG-03"} {
			rule, ok := results.Rule(id)
			require.True(t, ok)
			assert.Equal(t, row.want, rule.Verdict, "%s by source %q: %s", id, row.source, rule.Reason)
		}
	}
}

// withOwnCodes is the mock behind a gateway that answers with codes of its own instead of 102
// and 302.
func withOwnCodes(t *testing.T) *target.Server {
	t.Helper()
	m, err := mock.Start(mock.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, m.Close()) })
	upstream, err := url.Parse(m.BaseURL())
	require.NoError(t, err)
	gateway := httputil.NewSingleHostReverseProxy(upstream)
	gateway.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: m.Roots(), MinVersion: tls.VersionTLS12}}
	gateway.ModifyResponse = func(r *http.Response) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		for _, code := range []string{"102", "302"} {
			body = bytes.ReplaceAll(body, []byte(`"code":`+code+","), []byte(`"code":9`+code+","))
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return nil
	}
	api := httptest.NewTLSServer(gateway)
	t.Cleanup(api.Close)
	roots := x509.NewCertPool()
	roots.AddCert(api.Certificate())
	config := target.FromMock(m, nil)
	config.BaseURL, config.Roots, config.Second = api.URL, roots, nil
	server, err := target.NewServer(config)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	return server
}
