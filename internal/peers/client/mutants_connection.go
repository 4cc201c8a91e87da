package client

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"time"
)

// connectionMutants talk to whom they should not.
func connectionMutants() []Mutant {
	return []Mutant{
		{
			"plain-http", "calls its base URL without TLS, so that it verifies nothing",
			[]string{"DEP-SEC-01", "CASH-SEC-01", "CLI-TLS-01"},
			func(h *habits) {
				h.base = func(base string) string { return "http://" + strings.TrimPrefix(base, "https://") }
			},
		},
		{
			"redirect-followed", "follows a redirect, to http:// as well, and sends everything once more",
			[]string{"DEP-SEC-01", "CASH-SEC-01"},
			func(h *habits) {
				h.redirect = func(answer *http.Response) string {
					to, err := answer.Location()
					if err != nil || answer.StatusCode/100 != 3 {
						return ""
					}
					return to.String()
				}
			},
		},
		{
			"certificate-unchecked", "has switched the verification of certificates off",
			[]string{"CLI-TLS-01"},
			func(h *habits) {
				h.secure[""] = func(config *tls.Config, _ string) { config.InsecureSkipVerify = true }
			},
		},
		{
			"host-name-unchecked", "verifies who issued a certificate, and not for which name",
			[]string{"CLI-TLS-01"},
			func(h *habits) {
				h.secure[""] = verifying(withoutName)
			},
		},
		{
			"expired-certificate", "takes a certificate that has run out",
			[]string{"CLI-TLS-01"},
			func(h *habits) {
				h.secure[""] = verifying(withoutDates)
			},
		},
	}
}

// withoutName and withoutDates leave a part of the verification out.
func withoutName(options *x509.VerifyOptions, _ *x509.Certificate) { options.DNSName = "" }

func withoutDates(options *x509.VerifyOptions, leaf *x509.Certificate) {
	options.CurrentTime = leaf.NotAfter.Add(-time.Second)
}

// withoutBeginning leaves out from when the certificate is valid.
func withoutBeginning(options *x509.VerifyOptions, leaf *x509.Certificate) {
	if time.Now().Before(leaf.NotBefore) {
		options.CurrentTime = leaf.NotBefore.Add(time.Second)
	}
}

// anyUsage leaves out what the certificate is for.
func anyUsage(options *x509.VerifyOptions, _ *x509.Certificate) {
	options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
}

// withRootsFromPeer trusts the authorities that the server sends along, too.
func withRootsFromPeer(options *x509.VerifyOptions, leaf *x509.Certificate) {
	if _, err := leaf.Verify(*options); err != nil {
		options.Roots = options.Intermediates
	}
}

// verifying replaces crypto/tls's verification with another.
func verifying(change func(options *x509.VerifyOptions, leaf *x509.Certificate)) func(config *tls.Config, host string) {
	return func(config *tls.Config, host string) {
		roots := config.RootCAs
		config.InsecureSkipVerify = true
		config.VerifyConnection = func(state tls.ConnectionState) error {
			leaf, issuers := state.PeerCertificates[0], x509.NewCertPool()
			for _, issuer := range state.PeerCertificates[1:] {
				issuers.AddCert(issuer)
			}
			options := x509.VerifyOptions{Roots: roots, Intermediates: issuers, DNSName: host}
			change(&options, leaf)
			_, err := leaf.Verify(options)
			return err
		}
	}
}
