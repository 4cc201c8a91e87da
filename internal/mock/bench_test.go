package mock

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/localca"
)

const benchBody = `{"amount":100.50,"country":"BR","currency":"BRL","payment_method":"IX",` +
	`"payer":{"id":"u1","document":"12345678909","email":"maria@example.com","first_name":"Maria","last_name":"Silva",` +
	`"address":{"street":"Rua A 1","city":"São Paulo","state":"SP","zip_code":"01000-000"}},"client_ip":"192.0.2.1",` +
	`"notification_url":"https://merchant.example/notify","success_url":"https://merchant.example/ok"}`

func benchMock(b *testing.B) *Mock {
	b.Helper()
	m, err := Start(Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = m.Close() })
	return m
}

// benchRequest is a signed creation; its date lies in a frozen clock's second.
func benchRequest(m *Mock, url string) *http.Request { return benchRequestOf(m, url, benchBody) }

func benchRequestOf(m *Mock, url, body string) *http.Request {
	date := d24.FormatDate(m.clock.now())
	keys := m.Credentials().Deposits
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url+d24.PathDeposits, bytes.NewReader([]byte(body)))
	if err != nil {
		panic(err)
	}
	r.GetBody = nil
	r.Header = http.Header{
		d24.HeaderContentType:   {d24.ContentTypeJSON},
		d24.HeaderLogin:         {keys.APIKey},
		d24.HeaderDate:          {date},
		d24.HeaderAuthorization: {d24.NewKey(keys.APISignature).Authorization(date, keys.APIKey, []byte(body))},
	}
	r.RemoteAddr = "127.0.0.1:1"
	r.RequestURI = d24.PathDeposits
	return r
}

// discard is a ResponseWriter that keeps nothing.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// BenchmarkHandler is a request's way through the mock without net/http and TLS.
func BenchmarkHandler(b *testing.B) {
	for _, test := range []struct {
		name string
		key  func(i int) string
	}{
		{"create", func(i int) string { return fmt.Sprintf("6ba7b810-9dad-11d1-80b4-%012d", i) }},
		{"replay", func(int) string { return "6ba7b810-9dad-11d1-80b4-00c04fd430c8" }},
		{"create-unkeyed", func(int) string { return "" }},
	} {
		b.Run(test.name, func(b *testing.B) {
			m := benchMock(b)
			m.Admin().FreezeClock(time.Now())
			r := benchRequest(m, m.BaseURL())
			body := bytes.NewReader([]byte(benchBody))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if key := test.key(i); key != "" {
					r.Header[d24.HeaderIdempotencyKey] = []string{key}
				}
				body.Reset([]byte(benchBody))
				r.Body = io.NopCloser(body)
				w := discard{header: make(http.Header, 8)}
				if m.first.ServeHTTP(&w, r); w.status != http.StatusCreated {
					b.Fatal(w.status)
				}
			}
		})
	}
}

// BenchmarkLoopback compares, over real TLS on 16 connections, a keyed creation
// with a bare net/http handler that reads the body and gives an answer of the same
// size: the difference is what the mock costs.
func BenchmarkLoopback(b *testing.B) {
	m := benchMock(b)
	m.Admin().FreezeClock(time.Now())
	w := httptest.NewRecorder()
	m.first.ServeHTTP(w, benchRequest(m, m.BaseURL()))
	bare, bareURL := bareServer(b, m, w.Body.Bytes())
	_ = bare
	for _, test := range []struct{ name, url string }{{"mock", m.BaseURL()}, {"bare", bareURL}} {
		b.Run(test.name, func(b *testing.B) {
			client := &http.Client{Transport: &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: m.Roots()}, MaxConnsPerHost: 16, MaxIdleConnsPerHost: 16,
			}}
			defer client.CloseIdleConnections()
			b.ReportAllocs()
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				template := benchRequest(m, test.url)
				for pb.Next() {
					r := template.Clone(context.Background())
					r.RequestURI = ""
					r.Body = io.NopCloser(bytes.NewReader([]byte(benchBody)))
					response, err := client.Do(r)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, response.Body)
					response.Body.Close()
					if response.StatusCode != http.StatusCreated {
						b.Error(response.Status)
						return
					}
				}
			})
		})
	}
}

func bareServer(b *testing.B, m *Mock, answer []byte) (*http.Server, string) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	certificate, err := m.authority.Issue(localca.Loopback(time.Now()))
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{
		ErrorLog:  log.New(io.Discard, "", 0), // a connection that the benchmark ends is no news
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", d24.ContentTypeJSON)
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write(answer)
		}),
	}
	go func() { _ = server.ServeTLS(l, "", "") }()
	b.Cleanup(func() { _ = server.Close() })
	return server, "https://" + l.Addr().String()
}

// BenchmarkStart is the time to the first answer, certificates made.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		m, err := Start(Options{})
		if err != nil {
			b.Fatal(err)
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: m.Roots()}}}
		response, err := client.Get(m.BaseURL() + d24.PathBanks)
		if err != nil {
			b.Fatal(err)
		}
		response.Body.Close()
		b.StopTimer()
		client.CloseIdleConnections()
		_ = m.Close()
		b.StartTimer()
	}
}
