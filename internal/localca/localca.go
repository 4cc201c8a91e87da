// Package localca is a throw-away certificate authority: it lives in memory, its
// key is never written down, and what it vouches for is meant for tests.
//
// # Use
//
// [New] makes an [Authority]. [Authority.Issue] makes a server certificate from a
// [Leaf]; [Loopback] is the Leaf that a server on this machine needs. Clients
// trust [Authority.Pool], or the file that holds [Authority.CertificatePEM].
//
// # Bad certificates
//
// A client must refuse a certificate for another name, one that has run out and
// one from an unknown authority. Each differs from a good one in a single thing,
// so each is made by changing a single field of [Loopback]'s Leaf, or by issuing
// it from a second Authority that the client was never told about. The authority
// carries no name constraints for that reason: they would give a certificate for
// a wrong name a second fault.
package localca

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

const (
	// backdate tolerates a client whose clock is behind ours.
	backdate = 24 * time.Hour
	// lifetime outlives any run and stays under the 398 days that browsers and
	// macOS accept of a server certificate.
	lifetime = 365 * 24 * time.Hour
)

// An Authority signs certificates until it is forgotten. It is immutable and safe
// for concurrent use.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

// New makes an authority that is valid from a day before now for a year.
// ECDSA on P-256 is used because every TLS library knows it and a key takes some
// 20 µs to make, where RSA of 2048 bits takes 100 ms.
func New(now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make authority key: %w", err)
	}
	serial, err := serialNumber()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"d24conform"}, CommonName: "d24conform throw-away test authority"},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(lifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true, // it signs servers, never another authority
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make authority certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read back authority certificate: %w", err)
	}
	return &Authority{
		certificate: certificate,
		key:         key,
		pem:         pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
	}, nil
}

// CertificatePEM is the authority's certificate, for a client's trust store.
func (a *Authority) CertificatePEM() []byte {
	return bytes.Clone(a.pem)
}

// Pool is a pool of roots that trusts this authority and nothing else.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// A Leaf says what a server certificate is for.
type Leaf struct {
	Names               []string
	Addresses           []net.IP
	NotBefore, NotAfter time.Time
	ForClients          bool // to authenticate clients, and no servers
}

// Loopback is the Leaf of a server that listens on this machine, under every name
// that the machine has for itself, valid from a day before now for a year.
func Loopback(now time.Time) Leaf {
	return Leaf{
		Names:     []string{"localhost"},
		Addresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore: now.Add(-backdate),
		NotAfter:  now.Add(lifetime),
	}
}

// DER is the authority's own certificate.
func (a *Authority) DER() []byte { return a.certificate.Raw }

// Issue makes a server certificate with a key of its own. The chain it presents is
// the leaf alone: clients know the authority already.
func (a *Authority) Issue(leaf Leaf) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make server key: %w", err)
	}
	serial, err := serialNumber()
	if err != nil {
		return tls.Certificate{}, err
	}
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("encode server key: %w", err)
	}
	id := sha256.Sum256(public)
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"d24conform"}, CommonName: "d24conform mock"},
		DNSNames:     leaf.Names,
		IPAddresses:  leaf.Addresses,
		NotBefore:    leaf.NotBefore,
		NotAfter:     leaf.NotAfter,
		SubjectKeyId: id[:20],
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if leaf.ForClients {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make server certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read back server certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}, nil
}

// serialNumber is 127 random bits: positive in DER and never the same twice.
func serialNumber() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	return serial, nil
}
