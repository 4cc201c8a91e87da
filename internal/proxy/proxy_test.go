package proxy_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/proxy"
)

// between starts a server and a proxy before it, and returns a client of the proxy.
func between(t *testing.T, server http.HandlerFunc) (*proxy.Proxy, *http.Client) {
	t.Helper()
	upstream := httptest.NewTLSServer(server)
	t.Cleanup(upstream.Close)
	p, err := proxy.Start(proxy.Options{Upstream: upstream.URL, Roots: trusting(upstream.Certificate())})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	return p, clientOf(t, p)
}

func trusting(certificate *x509.Certificate) *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return roots
}

func clientOf(t testing.TB, p *proxy.Proxy) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(p.CertificatePEM()))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// settled are the exchanges once the proxy is closed, when all of them are over.
func settled(t *testing.T, p *proxy.Proxy) []*exchange.Exchange {
	t.Helper()
	require.NoError(t, p.Close())
	list, lost := p.Exchanges(0)
	assert.Zero(t, lost)
	return list
}

func TestWhatIsSentArrivesAsItIs(t *testing.T) {
	t.Parallel()
	var gzipped bytes.Buffer
	packer := gzip.NewWriter(&gzipped)
	_, err := packer.Write([]byte(`{"name":"José Ñuñez 李"}`))
	require.NoError(t, err)
	require.NoError(t, packer.Close())
	huge := bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)

	for name, body := range map[string][]byte{
		"text": []byte("{\"name\":\"José \\/ Ñuñez\"}\r\n"), "not UTF-8": {0xff, 0xfe, 0}, "gzip": gzipped.Bytes(), "10 MB": huge, "none": nil,
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, chunked %v", name, chunked), func(t *testing.T) {
				t.Parallel()
				var got *http.Request
				var arrived []byte
				p, client := between(t, func(w http.ResponseWriter, r *http.Request) {
					got = r
					arrived, _ = io.ReadAll(r.Body)
					w.Header().Set("Content-Encoding", "gzip") // of what comes back, nobody unpacks it
					w.Header()["Date"], w.Header()["Content-Type"] = nil, nil
					if !chunked {
						w.Header().Set("Content-Length", fmt.Sprint(len(arrived)))
					}
					w.Header().Set("Trailer", "X-Sum")
					w.WriteHeader(http.StatusPaymentRequired)
					_, _ = w.Write(arrived)
					w.Header().Set("X-Sum", fmt.Sprintf("%x", sha256.Sum256(arrived)))
				})
				var reader io.Reader = bytes.NewReader(body)
				if chunked {
					reader = io.MultiReader(reader)
				}
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL()+"/v3/de%2Fposits/?a=1;b&c=%zz", reader)
				require.NoError(t, err)
				r.Header = http.Header{
					"X-Date": {"2026-11-21T10:00:00Z"}, "X-Idempotency-Key": {"k"}, "User-Agent": {""},
					"X-Forwarded-For": {"10.0.0.1"}, "Content-Encoding": {"gzip"},
				}
				if chunked {
					r.Trailer = http.Header{"X-End": {"yes"}}
				}
				answer, err := client.Do(r)
				require.NoError(t, err)
				returned, err := io.ReadAll(answer.Body)
				require.NoError(t, err)
				require.NoError(t, answer.Body.Close())

				assert.Equal(t, "/v3/de%2Fposits/?a=1;b&c=%zz", got.RequestURI)
				assert.True(t, bytes.Equal(body, arrived), "the request's body")
				assert.True(t, bytes.Equal(body, returned), "the answer's body")
				for name := range got.Header {
					assert.Contains(t, []string{
						"X-Date", "X-Idempotency-Key", "X-Forwarded-For", "Content-Encoding", "Content-Length",
					}, name, "nobody sent that")
				}
				assert.Equal(t, []string{"10.0.0.1"}, got.Header["X-Forwarded-For"])
				assert.Equal(t, http.StatusPaymentRequired, answer.StatusCode)
				assert.NotContains(t, answer.Header, "Date")
				assert.NotContains(t, answer.Header, "Content-Type")
				if chunked {
					assert.Equal(t, "yes", got.Trailer.Get("X-End"))
					assert.Equal(t, fmt.Sprintf("%x", sha256.Sum256(body)), answer.Trailer.Get("X-Sum"))
				}

				kept := settled(t, p)
				require.Len(t, kept, 1)
				assert.Equal(t, len(body) > proxy.MaxBody, kept[0].Request.Truncated)
				assert.Equal(t, len(body) > proxy.MaxBody, kept[0].Response.Truncated)
				assert.True(t, bytes.Equal(body[:min(len(body), proxy.MaxBody)], kept[0].Request.Body))
				assert.True(t, bytes.Equal(body[:min(len(body), proxy.MaxBody)], kept[0].Response.Body))
				assert.Equal(t, p.URL()+"/v3/de%2Fposits/?a=1;b&c=%zz", kept[0].Request.URL)
				assert.Equal(t, "TLS 1.3", kept[0].TLS)
				assert.Nil(t, kept[0].Failure)
			})
		}
	}
}

func TestAClientThatHangsUpIsKept(t *testing.T) {
	t.Parallel()
	arrived, gone := make(chan struct{}), make(chan struct{})
	p, client := between(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done() // the proxy hangs up too
		close(gone)
	})
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL(), strings.NewReader("{}"))
	require.NoError(t, err)
	go func() { <-arrived; cancel() }()
	_, err = client.Do(r)
	require.ErrorIs(t, err, context.Canceled)
	<-gone
	kept := settled(t, p)
	require.Len(t, kept, 1)
	require.NotNil(t, kept[0].Failure)
	assert.Equal(t, exchange.FailureCancelled, kept[0].Failure.Kind)
	assert.Equal(t, "{}", string(kept[0].Request.Body))
}

// TestAServerThatHangsUp closes before and within its answer. Nothing is sent twice.
func TestAServerThatHangsUp(t *testing.T) {
	t.Parallel()
	for _, within := range []bool{false, true} {
		for _, body := range []string{"{}", ""} {
			t.Run(fmt.Sprintf("within its answer %v, body %q", within, body), func(t *testing.T) {
				t.Parallel()
				var arrivals atomic.Int32
				p, client := between(t, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					if arrivals.Add(1) == 1 {
						return // so that the connection has been used
					}
					if within {
						w.Header().Set("Content-Length", "100")
						_, _ = io.WriteString(w, `{"deposit_id":`)
						_ = http.NewResponseController(w).Flush()
					}
					panic(http.ErrAbortHandler)
				})
				for i := range 2 {
					r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL(), strings.NewReader(body))
					require.NoError(t, err)
					r.Header.Set("X-Idempotency-Key", "k")
					answer, err := client.Do(r)
					if err != nil {
						continue
					}
					_, err = io.ReadAll(answer.Body)
					assert.Equal(t, within && i == 1, err != nil, "an answer cut short is cut short for the client")
					require.NoError(t, answer.Body.Close())
				}
				assert.EqualValues(t, 2, arrivals.Load(), "two requests are two arrivals")
				kept := settled(t, p)
				require.Len(t, kept, 2)
				if within {
					assert.True(t, kept[1].Response.Truncated)
					assert.JSONEq(t, `"{\"deposit_id\":"`, fmt.Sprintf("%q", kept[1].Response.Body))
				} else {
					require.NotNil(t, kept[1].Failure)
					assert.Equal(t, exchange.FailureClosed, kept[1].Failure.Kind)
				}
			})
		}
	}
}

func TestAServerThatIsDown(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	p, err := proxy.Start(proxy.Options{Upstream: "https://" + listener.Addr().String()})
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL(), nil)
	require.NoError(t, err)
	answer, err := clientOf(t, p).Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadGateway, answer.StatusCode)
	assert.Equal(t, "d24conform proxy: no answer from "+listener.Addr().String()+" (refused)\n", string(text))
	kept := settled(t, p)
	require.Len(t, kept, 1)
	assert.Equal(t, exchange.FailureRefused, kept[0].Failure.Kind)
}

// TestItIsNobodysWayOut asks it for other hosts, by hand, since http.Client would not.
func TestItIsNobodysWayOut(t *testing.T) {
	t.Parallel()
	p, _ := between(t, func(http.ResponseWriter, *http.Request) { t.Error("it was forwarded") })
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(p.CertificatePEM()))
	for _, line := range []string{"CONNECT example.org:443 HTTP/1.1", "GET http://example.org/ HTTP/1.1"} {
		dialer := &tls.Dialer{Config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
		conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(p.URL(), "https://"))
		require.NoError(t, err)
		_, err = io.WriteString(conn, line+"\r\nHost: example.org\r\nConnection: close\r\n\r\n")
		require.NoError(t, err)
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		assert.Contains(t, string(answer), "HTTP/1.1 400", line)
		require.NoError(t, conn.Close())
	}
	assert.Empty(t, settled(t, p))

	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "nonsense"} {
		_, err := proxy.Start(proxy.Options{Upstream: "https://example.org", Addr: addr})
		require.ErrorContains(t, err, "not an address of this machine alone", addr)
	}
	for _, upstream := range []string{"", "example.org", "ftp://example.org", "https://", "https://user:pass@example.org"} {
		_, err := proxy.Start(proxy.Options{Upstream: upstream})
		require.ErrorContains(t, err, "not of the form https://host", upstream)
		assert.NotContains(t, fmt.Sprint(err), "pass")
	}
}
