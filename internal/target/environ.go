package target

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/d24conform/d24conform/internal/d24"
)

// An Environ tells a command where the server is, who it is to it, and whose
// certificates to trust, in the words of as many languages as have some: a command in
// any of them gets along with the bundled mock without a change of its code.
type Environ struct {
	BaseURL     string
	CA          []byte // certificates to trust, PEM
	Credentials d24.Credentials
	Dir         string // where files for it go; has to stay until the command has ended
	Zone        string // the command's local time zone; empty = that of base
}

// Zones are the local time zones of clients that are judged: on a machine that lives in UTC
// nobody would see a date in local time. One is whole hours from it, and one is not.
func Zones() [2]string { return [2]string{"America/Sao_Paulo", "Asia/Kolkata"} }

// phpFile sets PHP's time zone, which is no matter of TZ, and other settings.
func phpFile(zone string, settings ...string) []byte {
	if zone != "" {
		settings = append(settings, "date.timezone="+iniValue(zone))
	}
	return []byte(strings.Join(settings, "\n") + "\n")
}

// loopbackHosts are what no proxy may stand in front of.
const loopbackHosts = "127.0.0.1,localhost,::1"

// Variables writes the files and returns base, an environment such as os.Environ, with
// the variables set. What base says of other credentials is left out.
func (e Environ) Variables(base []string) ([]string, error) {
	ca, java, php := filepath.Join(e.Dir, "ca.pem"), filepath.Join(e.Dir, "truststore.p12"), filepath.Join(e.Dir, "php")
	if err := e.write(ca, java, php); err != nil {
		return nil, fmt.Errorf("prepare the command's environment: %w", err)
	}
	set := map[string]string{
		d24.EnvBaseURL: e.BaseURL,
		d24.EnvCAFile:  ca,
		// OpenSSL and what is built on it, and Go; node; python's requests; curl.
		"SSL_CERT_FILE":       ca,
		"NODE_EXTRA_CA_CERTS": ca,
		"REQUESTS_CA_BUNDLE":  ca,
		"CURL_CA_BUNDLE":      ca,
		"NO_PROXY":            loopbackHosts,
		"no_proxy":            loopbackHosts, // curl reads this one first
	}
	if e.Zone != "" {
		set["TZ"] = e.Zone
	}
	e.Credentials.Named(func(name, value string) { set[name] = value })

	var variables []string
	extend := map[string]string{ // what these say already has to stay
		"JAVA_TOOL_OPTIONS": "",
		"PHP_INI_SCAN_DIR":  "", // an empty entry of the list is PHP's own folder
	}
	for _, variable := range base {
		name, value, _ := strings.Cut(variable, "=")
		if _, ours := extend[name]; ours {
			extend[name] = value
			continue
		}
		if _, ours := set[name]; !ours && !isCredential(name) {
			variables = append(variables, variable)
		}
	}
	set["JAVA_TOOL_OPTIONS"] = strings.TrimSpace(extend["JAVA_TOOL_OPTIONS"] + " " + javaOptions(java))
	set["PHP_INI_SCAN_DIR"] = extend["PHP_INI_SCAN_DIR"] + string(os.PathListSeparator) + php
	for name, value := range set {
		variables = append(variables, name+"="+value)
	}
	slices.Sort(variables)
	return variables, nil
}

// isCredential knows the variables that name other keys than those that are given; a
// …_FILE beside its variable would contradict it.
func isCredential(name string) bool {
	return slices.Contains(d24.CredentialNames(), strings.TrimSuffix(name, "_FILE"))
}

func (e Environ) write(ca, java, php string) error {
	store, err := trustStore(e.CA)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(php, 0o755); err != nil {
		return err
	}
	for path, data := range map[string][]byte{
		ca:                                   e.CA,
		java:                                 store,
		filepath.Join(php, "d24conform.ini"): phpFile(e.Zone, "curl.cainfo="+iniValue(ca), "openssl.cafile="+iniValue(ca)),
	} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func iniValue(path string) string { return `"` + path + `"` }

// javaOptions have Java trust the store. Its password is Java's own default and keeps no
// secret: certificates are public.
func javaOptions(store string) string {
	quoted := store
	if strings.ContainsAny(store, " \t") {
		quoted = `"` + store + `"` // the only quoting that the JVM knows here
	}
	return "-Djavax.net.ssl.trustStore=" + quoted + " -Djavax.net.ssl.trustStoreType=PKCS12 -Djavax.net.ssl.trustStorePassword=" + pkcs12.DefaultPassword
}

// trustStore puts certificates into a PKCS#12 file as Java wants it, with the attribute
// that says "trusted". The old cipher is the one that every Java since 8 reads.
func trustStore(certificates []byte) ([]byte, error) {
	var list []*x509.Certificate
	for block, rest := pem.Decode(bytes.TrimSpace(certificates)); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(list)+1, err)
		}
		list = append(list, certificate)
	}
	if len(list) == 0 {
		return nil, errors.New("there is no certificate in PEM to trust")
	}
	store, err := pkcs12.LegacyDES.EncodeTrustStore(list, pkcs12.DefaultPassword)
	if err != nil {
		return nil, fmt.Errorf("make a trust store: %w", err)
	}
	return store, nil
}
