package proxy

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
)

// A keeping is one exchange while it is forwarded. The request's body is read by
// net/http's own goroutine, which may outlive the answer, so there is a lock.
type keeping struct {
	mu       sync.Mutex
	exchange *exchange.Exchange
	begun    time.Time
	asked    body
	told     body
}

// A body is what was kept of a stream.
type body struct {
	kept  []byte
	total int64
	whole bool // it was read to its end
}

type keepingKey struct{}

func keepingOf(ctx context.Context) *keeping {
	k, _ := ctx.Value(keepingKey{}).(*keeping)
	return k
}

func (k *keeping) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, keepingKey{}, k)
}

// newKeeping begins with the request's head, and listens to its body.
func newKeeping(r *http.Request, upstream *url.URL) *keeping {
	header := exchange.FromHTTP(r.Header)
	header = append(exchange.Header{{Name: "Host", Value: r.Host}}, header...)
	k := &keeping{begun: time.Now(), exchange: &exchange.Exchange{
		Label:   "proxy",
		Request: exchange.Request{Method: r.Method, URL: "https://" + r.Host + r.RequestURI, Proto: r.Proto, Header: header},
		Peer:    upstream.Host,
	}}
	k.exchange.Started = k.begun
	if r.TLS != nil {
		k.exchange.TLS = tls.VersionName(r.TLS.Version)
	}
	k.asked.whole = r.Body == nil || r.Body == http.NoBody
	if !k.asked.whole {
		r.Body = &tap{ReadCloser: r.Body, keeping: k, to: &k.asked}
	}
	return k
}

// answer takes an answer's head, and listens to its body.
func (k *keeping) answer(r *http.Response) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.exchange.Timing.FirstByte = time.Since(k.begun)
	k.exchange.Response = &exchange.Response{Status: r.StatusCode, Proto: r.Proto, Header: exchange.FromHTTP(r.Header)}
	if r.StatusCode == http.StatusSwitchingProtocols {
		k.told.whole = true // what follows is no body
		return
	}
	r.Body = &tap{ReadCloser: r.Body, keeping: k, to: &k.told}
}

func (k *keeping) failed(why *exchange.Failure) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.exchange.Failure = why
}

// finish is the exchange as it stands when the handler is done. Gone is why the
// client's request has ended, if it has.
func (k *keeping) finish(gone error) *exchange.Exchange {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := *k.exchange
	e.Timing.Total = time.Since(k.begun)
	e.Request.Body, e.Request.Truncated = k.asked.kept, !k.asked.isComplete()
	switch {
	case e.Response == nil && gone != nil:
		e.Failure = &exchange.Failure{Kind: exchange.FailureCancelled, Text: "the client hung up before there was an answer"}
	case e.Response != nil:
		e.Failure = nil
		answer := *e.Response
		answer.Body, answer.Truncated = k.told.kept, !k.told.isComplete()
		e.Response = &answer
	}
	return &e
}

func (b *body) isComplete() bool { return b.whole && b.total == int64(len(b.kept)) }

// A tap keeps what is read through it.
type tap struct {
	io.ReadCloser

	keeping *keeping
	to      *body
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.keeping.mu.Lock()
	defer t.keeping.mu.Unlock()
	if room := MaxBody - len(t.to.kept); room > 0 {
		t.to.kept = append(t.to.kept, p[:min(n, room)]...)
	}
	t.to.total += int64(n)
	t.to.whole = t.to.whole || err == io.EOF
	return n, err
}

// keep enters an exchange that is over.
func (p *Proxy) keep(e *exchange.Exchange) {
	size := int64(len(e.Request.Body))
	if e.Response != nil {
		size += int64(len(e.Response.Body))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept+size > MaxKept {
		p.lost++
		return
	}
	p.kept += size
	e.Number = len(p.log) + 1
	p.log = append(p.log, e)
}
