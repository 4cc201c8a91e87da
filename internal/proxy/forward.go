package proxy

import (
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"sync"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/wire"
)

// quiet takes what net/http would write into the process's log: hung up clients and
// failed handshakes, some with header values in them.
var quiet = log.New(io.Discard, "", 0)

// handler forwards every request and keeps it.
func (p *Proxy) handler() http.Handler {
	reverse := &httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		Transport:      roundTripper(p.roundTrip),
		ModifyResponse: answered,
		ErrorHandler:   p.failedUpstream,
		FlushInterval:  -1, // a streamed answer arrives as it comes
		BufferPool:     &buffers{},
		ErrorLog:       quiet,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect || r.URL.IsAbs() {
			w.Header().Set("Server", serverName)
			http.Error(w, "d24conform proxy: send it to this address as to the server itself", http.StatusBadRequest)
			return
		}
		// Without an entry of that name net/http adds one of its own.
		w.Header()["Date"], w.Header()["Content-Type"] = nil, nil
		k := newKeeping(r, p.upstream)
		defer func() { p.keep(k.finish(r.Context().Err())) }() // when the handler aborts, too
		reverse.ServeHTTP(w, r.WithContext(k.in(r.Context())))
	})
}

const serverName = "d24conform-proxy"

// rewrite takes back what ReverseProxy changes beyond the address.
func (p *Proxy) rewrite(r *httputil.ProxyRequest) {
	r.SetURL(p.upstream)
	r.Out.URL.RawQuery = r.In.URL.RawQuery
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, ok := r.In.Header[name]; ok {
			r.Out.Header[name] = values
		}
	}
	r.Out.Trailer = r.In.Trailer // the same map: it is filled when the body ends
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// roundTrip keeps net/http from sending anything but a GET twice: it takes a request
// without a body for repeatable when it carries an idempotency key under its canonical
// name. With a body it would need GetBody.
func (p *Proxy) roundTrip(r *http.Request) (*http.Response, error) {
	r.GetBody = nil
	if r.Body == nil || r.Body == http.NoBody {
		if key, ok := r.Header[d24.HeaderIdempotencyKey]; ok {
			delete(r.Header, d24.HeaderIdempotencyKey)
			r.Header["x-idempotency-key"] = key
		}
	}
	return p.transport.RoundTrip(r)
}

// answered begins to keep an answer.
func answered(r *http.Response) error {
	keepingOf(r.Request.Context()).answer(r)
	return nil
}

// failedUpstream tells the client that there is no answer, in words that nobody takes
// for the server's.
func (p *Proxy) failedUpstream(w http.ResponseWriter, r *http.Request, err error) {
	failure := wire.Failure(err)
	keepingOf(r.Context()).failed(failure)
	w.Header().Set("Server", serverName)
	http.Error(w, "d24conform proxy: no answer from "+p.upstream.Host+" ("+string(failure.Kind)+")", http.StatusBadGateway)
}

// buffers lends what bodies are copied with.
type buffers struct{ pool sync.Pool }

// bufferSize is what io.Copy uses.
const bufferSize = 32 << 10

func (b *buffers) Get() []byte {
	if buffer, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return buffer[:]
	}
	return new([bufferSize]byte)[:]
}

func (b *buffers) Put(buffer []byte) { b.pool.Put((*[bufferSize]byte)(buffer)) }
