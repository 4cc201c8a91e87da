package localca_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/localca"
)

func TestClientVerdicts(t *testing.T) {
	now := time.Now()
	ours, err := localca.New(now)
	require.NoError(t, err)
	stranger, err := localca.New(now)
	require.NoError(t, err)

	unnamed := localca.Loopback(now)
	unnamed.Names, unnamed.Addresses = []string{"another.example"}, nil
	expired := localca.Loopback(now)
	expired.NotAfter = now.Add(-time.Minute)

	for _, test := range []struct {
		name  string
		from  *localca.Authority
		leaf  localca.Leaf
		wants func(error) bool
	}{
		{"a good certificate is accepted", ours, localca.Loopback(now), func(err error) bool { return err == nil }},
		{"a certificate for another name is refused for its name", ours, unnamed, func(err error) bool {
			var hostname x509.HostnameError
			return errors.As(err, &hostname)
		}},
		{"a certificate that has run out is refused for its date", ours, expired, func(err error) bool {
			var invalid x509.CertificateInvalidError
			return errors.As(err, &invalid) && invalid.Reason == x509.Expired
		}},
		{"a certificate of an unknown authority is refused for its authority", stranger, localca.Loopback(now), func(err error) bool {
			var unknown x509.UnknownAuthorityError
			return errors.As(err, &unknown)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			certificate, err := test.from.Issue(test.leaf)
			require.NoError(t, err)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
			server.Config.ErrorLog = nil
			server.StartTLS()
			defer server.Close()

			connection, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{RootCAs: ours.Pool()})
			if err == nil {
				connection.Close()
			}
			assert.True(t, test.wants(err), "%v", err)
		})
	}
}

func TestLoopbackNames(t *testing.T) {
	authority, err := localca.New(time.Now())
	require.NoError(t, err)
	certificate, err := authority.Issue(localca.Loopback(time.Now()))
	require.NoError(t, err)
	for _, name := range []string{"localhost", net.IPv4(127, 0, 0, 1).String(), net.IPv6loopback.String()} {
		_, err := certificate.Leaf.Verify(x509.VerifyOptions{Roots: authority.Pool(), DNSName: name})
		assert.NoError(t, err, name)
	}
}

func TestCertificatePEMIsACopy(t *testing.T) {
	authority, err := localca.New(time.Now())
	require.NoError(t, err)
	clear(authority.CertificatePEM())
	assert.True(t, x509.NewCertPool().AppendCertsFromPEM(authority.CertificatePEM()))
}
