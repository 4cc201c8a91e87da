package peertest

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/localca"
	"github.com/d24conform/d24conform/internal/mock"
)

// Serve runs a server with a certificate from the authority, and counts what arrives.
func Serve(t testing.TB, authority *localca.Authority, leaf localca.Leaf, handler http.HandlerFunc) (baseURL string, arrived *atomic.Int64) {
	t.Helper()
	certificate, err := authority.Issue(leaf)
	require.NoError(t, err)
	arrived = new(atomic.Int64)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived.Add(1)
		// What a client has sent must be read, or closing may reset its connection.
		_, _ = io.Copy(io.Discard, r.Body)
		handler(w, r)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes fail on purpose
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, arrived
}

// Authority is an authority and the file that a client trusts it by.
func Authority(t testing.TB) (authority *localca.Authority, caFile string) {
	t.Helper()
	authority, err := localca.New(time.Now())
	require.NoError(t, err)
	return authority, CAFile(t, authority.CertificatePEM())
}

// Good is what a certificate of a server on this machine has to say.
func Good() localca.Leaf { return localca.Loopback(time.Now()) }

// A Stranger is a server that a client must not talk to.
type Stranger struct {
	URL     string
	Arrived *atomic.Int64
}

// Strangers are servers by what is wrong with their certificates, for a client that
// trusts the authority.
func Strangers(t testing.TB, trusted *localca.Authority) map[string]Stranger {
	t.Helper()
	unknown, _ := Authority(t)
	otherName, expired := Good(), Good()
	otherName.Names, otherName.Addresses = []string{"api.example.com"}, []net.IP{net.IPv4(192, 0, 2, 1)}
	expired.NotAfter = expired.NotBefore.Add(time.Hour)
	list := map[string]Stranger{}
	for _, c := range []struct {
		name      string
		authority *localca.Authority
		leaf      localca.Leaf
	}{
		{"an unknown authority", unknown, Good()},
		{"another name", trusted, otherName},
		{"an expired certificate", trusted, expired},
	} {
		base, arrived := Serve(t, c.authority, c.leaf, func(http.ResponseWriter, *http.Request) {})
		list[c.name] = Stranger{base, arrived}
	}
	return list
}

func (s *suite) strangers() {
	trusted, ca := Authority(s.t)
	for name, stranger := range Strangers(s.t, trusted) {
		s.Hello(stranger.URL, ca, s.mock.Credentials())
		assert.NotEmpty(s.t, s.Call("create_deposit", Fields{"body": Deposit("secret", "Maria")}).Error, name)
		assert.NotEmpty(s.t, s.Call("create_cashout", Fields{"body": Cashout("secret", "Maria")}).Error, name)
		assert.Zero(s.t, stranger.Arrived.Load(), name)
	}
}

func (s *suite) redirects() {
	var leaked atomic.Int64
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked.Add(1) }))
	s.t.Cleanup(plain.Close)
	authority, ca := Authority(s.t)
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		base, _ := Serve(s.t, authority, Good(), func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, plain.URL, status)
		})
		s.Hello(base, ca, s.mock.Credentials())
		s.must(status, "create_deposit", Fields{"body": Deposit("moved", "Maria")})
		s.must(status, "deposit_status", Fields{"deposit_id": "1"})
	}
	assert.Zero(s.t, leaked.Load())
}

func (s *suite) noJSON() {
	authority, ca := Authority(s.t)
	status := http.StatusBadRequest
	page := "<html>Zürich \xff</html>"
	base, arrived := Serve(s.t, authority, Good(), func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		w.Write([]byte(page))
	})
	s.Hello(base, ca, s.mock.Credentials())
	r := s.must(status, "create_deposit", Fields{"body": Deposit("html", "Maria")})
	assert.Contains(s.t, r.Body, "<html>Zürich")
	// JSON, but not an object.
	page = "[103]"
	s.must(status, "create_deposit", Fields{"body": Deposit("list", "Maria")})
	page = ""
	s.must(status, "create_deposit", Fields{"body": Deposit("empty", "Maria")})
	assert.EqualValues(s.t, 3, arrived.Load())
	status = http.StatusBadGateway
	s.must(status, "deposit_status", Fields{"deposit_id": "1"})
	assert.EqualValues(s.t, 6, arrived.Load(), "three attempts")
}

func (s *suite) told() {
	authority, ca := Authority(s.t)
	refused := 0
	base, arrived := Serve(s.t, authority, Good(), func(w http.ResponseWriter, _ *http.Request) {
		if refused++; refused%2 == 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	s.Hello(base, ca, s.mock.Credentials())
	s.must(http.StatusOK, "create_deposit", Fields{"body": Deposit("busy", "Maria")})
	s.must(http.StatusOK, "create_cashout", Fields{"body": Cashout("busy", "Maria")})
	assert.EqualValues(s.t, 4, arrived.Load())
}

// RunImpatient tries a client whose timeout is a fraction of a second: of a server
// that takes requests and never answers it has to tell.
func RunImpatient(t testing.TB, p *Peer) {
	t.Helper()
	authority, ca := Authority(t)
	over := make(chan struct{})
	base, arrived := Serve(t, authority, Good(), func(http.ResponseWriter, *http.Request) { <-over })
	t.Cleanup(func() { close(over) }) // before the server closes, which waits for its handlers
	p.Hello(base, ca, mock.DefaultCredentials())
	assert.NotEmpty(t, p.Call("create_deposit", Fields{"body": Deposit("slow", "Maria")}).Error)
	assert.LessOrEqual(t, arrived.Load(), int64(3))
}
