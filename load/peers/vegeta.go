package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/d24conform/d24conform/internal/d24"
)

// A signer makes the n-th creation, as vegeta's library would have it made.
type signer struct {
	secret      []byte
	login, url  string
	front, back string
}

func newSigner(baseURL, login, secret, body string) (*signer, error) {
	front, back, ok := strings.Cut(body, "{id}")
	if !ok || login == "" || secret == "" {
		return nil, errors.New("PEER_BODY or the keys are missing")
	}
	return &signer{secret: []byte(secret), login: login, url: baseURL + d24.PathDeposits, front: front, back: back}, nil
}

func (s *signer) target(n int64, now time.Time, t *vegeta.Target) {
	body := fmt.Sprintf("%s%d%s", s.front, n, s.back)
	date := d24.FormatDate(now)
	mac := hmac.New(sha256.New, s.secret) // the standard library's, as anybody would
	mac.Write([]byte(date + s.login + body))
	t.Method, t.URL, t.Body = http.MethodPost, s.url, []byte(body)
	t.Header = http.Header{
		d24.HeaderContentType:    {d24.ContentTypeJSON},
		d24.HeaderDate:           {date},
		d24.HeaderLogin:          {s.login},
		d24.HeaderIdempotencyKey: {fmt.Sprintf("00000000-0000-4000-8000-%012d", n)},
		d24.HeaderAuthorization:  {d24.Scheme + hex.EncodeToString(mac.Sum(nil))},
	}
}

// attack is vegeta's library as its documentation shows it: its own client and pool of
// connections, and requests that a Targeter signs. Only the number of workers is given,
// without which it may not be asked for all there is.
func attack(connections uint64, duration time.Duration) error {
	s, err := newSigner(os.Getenv(d24.EnvBaseURL), os.Getenv(d24.EnvDepositsAPIKey), os.Getenv(d24.EnvDepositsAPISignature), os.Getenv("PEER_BODY"))
	if err != nil {
		return err
	}
	authority, err := os.ReadFile(os.Getenv(d24.EnvCAFile)) //nolint:gosec // whoever started us named it
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	attacker := vegeta.NewAttacker(
		vegeta.TLSConfig(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}), vegeta.HTTP2(false),
		vegeta.Workers(connections), vegeta.MaxWorkers(connections),
	)
	var n atomic.Int64 // its workers ask for targets at once
	targeter := func(t *vegeta.Target) error {
		s.target(n.Add(1), time.Now(), t)
		return nil
	}
	for result := range attacker.Attack(targeter, vegeta.Rate{}, duration, "") {
		if result.Code != http.StatusCreated {
			err = fmt.Errorf("it was answered with %d %s", result.Code, result.Error)
		}
	}
	return err
}

// writeTargets writes so many creations for vegeta's own program, dated with the server's
// clock, which is held.
func writeTargets(path string, m *server, count int) (err error) {
	s, err := newSigner(m.ready.BaseURL, login, secret, template())
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	encoder := json.NewEncoder(file)
	for n := range count {
		var t vegeta.Target
		s.target(int64(n), m.held, &t)
		if err := encoder.Encode(&t); err != nil {
			return err
		}
	}
	return nil
}
