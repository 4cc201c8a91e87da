package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const tries = 3 // of one operation, the first included

// Keys are a merchant's credentials.
type Keys struct {
	Deposits struct {
		Key       string `json:"api_key"`
		Signature string `json:"api_signature"`
		ReadOnly  string `json:"read_only_key"`
	} `json:"deposits"`
	Cashouts struct {
		Key        string `json:"api_key"`
		Passphrase string `json:"api_passphrase"`
		Signature  string `json:"api_signature"`
	} `json:"cashouts"`
}

// A Client calls one server with one merchant's keys.
type Client struct {
	base string
	keys Keys
	http *http.Client
	wait time.Duration // for one attempt, answer included
}

// NewClient trusts the authority in caFile instead of the system's, if there is one.
func NewClient(base, caFile string, keys Keys, timeout time.Duration) (*Client, error) {
	if !strings.HasPrefix(base, "https://") {
		return nil, errors.New("base_url is not https")
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(pem)
	}
	return &Client{base, keys, &http.Client{
		// On an idle connection that broke, net/http would repeat a GET with its old signature.
		Transport:     &http.Transport{TLSClientConfig: config, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, timeout}, nil
}

// An Answer is what the server said.
type Answer struct {
	Status int
	Body   string
	header http.Header
}

// A signer makes the headers of one attempt.
type signer func(header http.Header, date string, body []byte)

// send sends the same request until it is answered: same key, same body, a date and a
// signature of its own for each attempt.
func (c *Client) send(method, path string, body []byte, sign signer, repeatable bool) (*Answer, error) {
	var skew time.Duration // of the server's clock
	for n, redated := 1, false; ; n++ {
		answer, err := c.attempt(method, path, body, sign, time.Now().Add(skew))
		pause := 50 * time.Millisecond << n
		switch {
		case n == tries:
			return answer, err
		case err != nil:
			if !repeatable {
				return nil, err // it may have been done all the same: ask for the status
			}
		case answer.Status == http.StatusTooManyRequests:
			pause = time.Second
			if seconds, err := strconv.Atoi(answer.header.Get("Retry-After")); err == nil {
				pause = min(time.Duration(seconds)*time.Second, 5*time.Second)
			}
		case answer.code() == 103 && !redated: // our clock is wrong: go by theirs
			redated, pause = true, 0
			if date, err := http.ParseTime(answer.header.Get("Date")); err == nil {
				skew = time.Until(date)
			}
		case answer.Status < 500 || !repeatable:
			return answer, nil
		}
		time.Sleep(pause)
	}
}

func (c *Client) attempt(method, path string, body []byte, sign signer, now time.Time) (*Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.wait)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.GetBody = nil // else net/http sends a request with a key again by itself
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "example-go/1")
	sign(r.Header, now.UTC().Format("2006-01-02T15:04:05Z"), body)
	response, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return &Answer{response.StatusCode, string(text), response.Header}, err
}

// code is the error code; 0 when the body is none of JSON, a gateway's web page, say.
func (a *Answer) code() (code int) {
	var refusal struct {
		Code int `json:"code"`
	}
	if json.Unmarshal([]byte(a.Body), &refusal) == nil {
		code = refusal.Code
	}
	return code
}

func digest(key string, parts ...string) string {
	mac := hmac.New(sha256.New, []byte(key))
	for _, part := range parts {
		mac.Write([]byte(part))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

func (c *Client) authorization(date, body string) string {
	return "D24 " + digest(c.keys.Deposits.Signature, date, c.keys.Deposits.Key, body)
}

// signed dates and signs a call of the deposits API, under a key where it creates.
func (c *Client) signed(key string) signer {
	return func(header http.Header, date string, body []byte) {
		header.Set("X-Date", date)
		header.Set("X-Login", c.keys.Deposits.Key)
		header.Set("Authorization", c.authorization(date, string(body)))
		if key != "" {
			header.Set("X-Idempotency-Key", key)
		}
	}
}

func (c *Client) create(path string, r *Request) (*Answer, error) {
	body, err := encode(r.Body)
	if err != nil {
		return nil, err
	}
	key := r.IdempotencyKey
	if key == "" {
		key = newKey()
	}
	return c.send("POST", path, body, c.signed(key), true)
}

func (c *Client) status(path string, id json.Number) (*Answer, error) {
	return c.send("GET", path+"/"+url.PathEscape(id.String()), nil, c.signed(""), true)
}

func (c *Client) lookup(path string, r *Request) (*Answer, error) {
	query := url.Values{"country": {r.Country}}
	if r.Amount != "" {
		query.Set("amount", r.Amount.String())
	}
	return c.send("GET", path+"?"+query.Encode(), nil, func(header http.Header, _ string, _ []byte) {
		header.Set("Authorization", "Bearer "+c.keys.Deposits.ReadOnly)
	}, true)
}

// cashout adds the credentials to the body before it is signed. A cashout has no
// idempotency key: one whose answer is lost is not sent again.
func (c *Client) cashout(method, path string, r *Request, repeatable bool) (*Answer, error) {
	r.Body["login"], r.Body["pass"] = c.keys.Cashouts.Key, c.keys.Cashouts.Passphrase
	body, err := encode(r.Body)
	if err != nil {
		return nil, err
	}
	return c.send(method, path, body, func(header http.Header, _ string, body []byte) {
		header.Set("Payload-Signature", digest(c.keys.Cashouts.Signature, string(body)))
	}, repeatable)
}

func (c *Client) verify(r *Request) bool {
	header := http.Header{}
	for name, value := range r.Headers {
		header.Set(name, value)
	}
	if strings.HasPrefix(r.Kind, "cashout") {
		form, err := url.ParseQuery(r.BodyText)
		want := strings.ToUpper(digest(c.keys.Cashouts.Signature, "Be4", form.Get("external_id"), "Bo7"))
		return err == nil && hmac.Equal([]byte(want), []byte(form.Get("control")))
	}
	want := "D24 " + digest(c.keys.Deposits.Signature, header.Get("X-Date"), header.Get("X-Login"), r.BodyText)
	return hmac.Equal([]byte(want), []byte(header.Get("Authorization")))
}

// encode writes the bytes, in UTF-8, that are signed and sent.
func encode(body map[string]any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(body)
	return bytes.TrimSpace(out.Bytes()), err
}

// newKey is a version 4 UUID.
func newKey() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
