package target

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// Secrets are all that must not be written down, by their names: those that were given,
// and what other people's traffic shows in the places where credentials stand. They are
// for one goroutine at a time.
type Secrets struct {
	byName map[string]string
	names  map[string]string // by secret
}

// NewSecrets begins with the credentials that are known.
func NewSecrets(c d24.Credentials) *Secrets {
	s := &Secrets{byName: map[string]string{}, names: map[string]string{}}
	c.Named(func(name, value string) { s.byName[name], s.names[value] = value, name })
	return s
}

// Named are all of them so far.
func (s *Secrets) Named() map[string]string { return s.byName }

// Redactor puts their names in their places.
func (s *Secrets) Redactor() *exchange.Redactor { return exchange.NewRedactor(s.byName) }

// Search takes what looks like a credential in these exchanges.
func (s *Secrets) Search(exchanges []*exchange.Exchange) {
	for _, e := range exchanges {
		s.searchHeader(e.Request.Header)
		s.searchBody(e.Request.Body)
		if u, err := url.Parse(e.Request.URL); err == nil {
			s.searchFields(func(name string) string { return u.Query().Get(name) })
			if password, ok := u.User.Password(); ok {
				s.add(d24.EnvCashoutsAPIPassphrase, password)
			}
		}
		if e.Response != nil {
			s.searchHeader(e.Response.Header)
		}
	}
}

// The names of what is a secret of somebody, and no credential of the API.
const nameOfCookie, nameOfOther = "COOKIE", "AUTHORIZATION"

func (s *Secrets) searchHeader(h exchange.Header) {
	for _, field := range h {
		switch strings.ToLower(field.Name) {
		case "x-login":
			s.add(d24.EnvDepositsAPIKey, field.Value)
		case "cookie", "set-cookie":
			s.add(nameOfCookie, field.Value)
		case "authorization", "proxy-authorization":
			scheme, value, _ := strings.Cut(strings.TrimSpace(field.Value), " ")
			switch strings.ToLower(scheme) {
			case "bearer":
				s.add(d24.EnvReadOnlyKey, strings.TrimSpace(value))
			case "basic":
				s.searchBasic(value)
			default:
				// A digest is no secret: it is good for one request, and for five seconds.
				if value == "" {
					value = scheme
				}
				if !isDigest(value) {
					s.add(nameOfOther, value)
				}
			}
		}
	}
}

func isDigest(text string) bool {
	return len(text) == d24.DigestHexLen && strings.Trim(strings.ToLower(text), "0123456789abcdef") == ""
}

func (s *Secrets) searchBasic(value string) {
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	login, password, ok := strings.Cut(string(plain), ":")
	if err != nil || !ok {
		s.add(nameOfOther, value)
		return
	}
	s.add(d24.EnvCashoutsAPIKey, login)
	s.add(d24.EnvCashoutsAPIPassphrase, password)
	s.add(nameOfOther, strings.TrimSpace(value))
}

// credentialField is a credential in a JSON body, be it whole JSON or not.
var credentialField = regexp.MustCompile(`"(login|pass)"\s*:\s*("(?:[^"\\]|\\.)*")`)

// searchBody looks into JSON, and into forms, which a client may send by mistake.
func (s *Secrets) searchBody(body []byte) {
	for _, found := range credentialField.FindAllSubmatch(body, -1) {
		var value string
		if json.Unmarshal(found[2], &value) != nil {
			value = string(bytes.Trim(found[2], `"`))
		}
		s.searchFields(func(name string) string {
			if name == string(found[1]) {
				return value
			}
			return ""
		})
	}
	if form, err := url.ParseQuery(string(body)); err == nil {
		s.searchFields(form.Get)
	}
}

func (s *Secrets) searchFields(value func(name string) string) {
	s.add(d24.EnvCashoutsAPIKey, value("login"))
	s.add(d24.EnvCashoutsAPIPassphrase, value("pass"))
}

// add names a secret that has no name yet. The first in a place gets the name of the
// credential that belongs there, if that is not known, so that its owner can put it back.
func (s *Secrets) add(name, secret string) {
	if _, known := s.names[secret]; known || secret == "" || strings.HasPrefix(secret, "{{") || slices.Contains(d24.CredentialNames(), secret) {
		return
	}
	free := name
	for n := 2; s.byName[free] != ""; n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	s.byName[free], s.names[secret] = secret, free
}
