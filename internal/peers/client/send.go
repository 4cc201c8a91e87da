package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

const (
	// maxTries is how often an operation is sent at most, whatever goes wrong.
	maxTries = 3
	// firstPause doubles with each attempt: time for a broken connection to come back.
	firstPause = 200 * time.Millisecond
	// maxPause bounds what a 429 may ask for; see Options.Timeout for the sum.
	maxPause = 5 * time.Second
	// standardPause is for a 429 that does not say how long.
	standardPause = time.Second
	// maxAnswer is far above the largest documented answer, a voucher in base64.
	maxAnswer = 4 << 20
)

// An answer is what the server said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// perform sends the operation, again if it must be, and returns the last answer.
func (c *client) perform(ctx context.Context, op *operation) (*answer, error) {
	for tries := 1; ; tries++ {
		op.tries = tries
		a, err := c.attempt(ctx, op)
		if err == nil {
			err = c.journal.close(op)
		}
		pause, again := c.habits.again(c, op, tries, a, err)
		if !again || c.Sleep(ctx, pause) != nil {
			return a, err
		}
		if err := c.habits.retry(c, op); err != nil {
			return nil, err
		}
	}
}

// again decides whether an operation is sent once more, and after how long.
func again(c *client, op *operation, tries int, a *answer, err error) (time.Duration, bool) {
	harmless := op.reads || op.key != ""
	pause := firstPause << (tries - 1)
	switch {
	case tries >= maxTries:
		return 0, false
	case err != nil:
		var untrusted *tls.CertificateVerificationError
		return pause, harmless && !errors.As(err, &untrusted)
	case a.status == http.StatusTooManyRequests:
		return a.retryAfter(), true
	case a.status >= http.StatusInternalServerError:
		return pause, harmless
	case a.code() == d24.CodeInvalidDateRange && op.caller == depositsCaller && !op.redated:
		op.redated = true
		if date, err := http.ParseTime(a.header.Get("Date")); err == nil {
			op.skew = date.Sub(c.Now())
		}
		return 0, true
	}
	return 0, false
}

// errTimeout is what a caller is told when no answer came in time.
var errTimeout = errors.New("timeout")

// attempt sends the operation once. It returns an error when no whole answer came, or one
// that came after everybody has stopped waiting for it.
func (c *client) attempt(ctx context.Context, op *operation) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	begun := c.Now()
	d := c.draft(op)
	a, to, err := c.exchange(ctx, d, c.base+op.path)
	if err == nil && to != "" {
		a, _, err = c.exchange(ctx, d, to)
	}
	op.timedOut = errors.Is(err, context.DeadlineExceeded) || c.Now().Sub(begun) > defaultTimeout
	if op.timedOut {
		return nil, errTimeout
	}
	return a, err
}

func (c *client) exchange(ctx context.Context, d *draft, url string) (a *answer, redirect string, err error) {
	r, err := http.NewRequestWithContext(ctx, d.op.method, url, bytes.NewReader(d.body))
	if err != nil {
		return nil, "", fmt.Errorf("make request: %w", err)
	}
	r.GetBody = nil // net/http would silently send a keyed POST again
	r.Header = d.header.Clone()
	if _, set := r.Header[d24.HeaderUserAgent]; !set {
		r.Header[d24.HeaderUserAgent] = nil // else net/http sets its own
	}
	if len(d.trailer) > 0 {
		r.Trailer, r.ContentLength = d.trailer.Clone(), -1 // behind a body of which nobody knows the length
	}
	for name, values := range d.query {
		addToQuery(r, name, values[0])
	}
	c.habits.finish(d.op, r)
	// The transport itself follows no redirect.
	response, err := c.transport(d.op).RoundTrip(r)
	if err != nil {
		return nil, "", fmt.Errorf("send request: %w", err)
	}
	defer response.Body.Close()
	c.proto = response.Proto
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, "", fmt.Errorf("read answer: %w", err)
	}
	return &answer{response.StatusCode, response.Header, body}, c.habits.redirect(response), nil
}

// code is the error code in the body; 0 when there is none, as in the web page of
// some gateway.
func (a *answer) code() d24.Code {
	var refusal d24.DepositError
	if json.Unmarshal(a.body, &refusal) != nil {
		return 0
	}
	return refusal.Code
}

// retryAfter is how long a 429 asks to wait, within bounds.
func (a *answer) retryAfter() time.Duration {
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return standardPause
	}
	return min(time.Duration(seconds)*time.Second, maxPause)
}
