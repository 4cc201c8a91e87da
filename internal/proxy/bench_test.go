package proxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/proxy"
)

// BenchmarkForward sends 512 B through a bare httputil.ReverseProxy and through ours,
// TLS on both sides, in turns. cpu-us/op is the CPU time of everything: the client, the
// proxy and the server.
func BenchmarkForward(b *testing.B) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"deposit_id":300000001}`)
	}))
	defer server.Close()
	roots := trusting(server.Certificate())

	bare := httptest.NewTLSServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "https", strings.TrimPrefix(server.URL, "https://")
		},
		Transport: server.Client().Transport,
	})
	defer bare.Close()
	ours, err := proxy.Start(proxy.Options{Upstream: server.URL, Roots: roots})
	require.NoError(b, err)
	defer ours.Close()

	for _, each := range []struct {
		name, url string
		client    *http.Client
	}{{"bare", bare.URL, bare.Client()}, {"ours", ours.URL(), clientOf(b, ours)}} {
		b.Run(each.name, func(b *testing.B) {
			before := cpuTime(b)
			for b.Loop() {
				r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, each.url+"/v3/deposits", strings.NewReader(strings.Repeat("x", 512)))
				require.NoError(b, err)
				answer, err := each.client.Do(r)
				require.NoError(b, err)
				_, err = io.Copy(io.Discard, answer.Body)
				require.NoError(b, err)
				require.NoError(b, answer.Body.Close())
			}
			b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu-us/op")
		})
	}
}

// cpuTime is what this process has used so far.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
