package mock

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// maxBody is how much of a body is read. The largest documented request has some
// 3 KB; 1 MiB leaves room for any base64 image.
const maxBody = 1 << 20

// A call is one request on its way through the API.
type call struct {
	env      *environment
	request  *http.Request
	now      time.Time // by the mock's clock, taken once the request has arrived whole
	endpoint *endpoint
	op       *operation
	id       string // in the path
	body     []byte
	date     time.Time // of X-Date
	caller   *merchant
	about    subject
	ticket   *store.Ticket // while this call does the work of a key
	cashout  *cashoutBody  // parsed early: a cashout's login stands in its body

	ending    ending              // what an injected fault does to the answer
	late      time.Duration       // how long an injected fault holds the answer back
	reword    func(answer) answer // what an injected fault makes of the answer on its way; nil = nothing
	extra     http.Header         // headers that it adds
	abandoned bool                // an injected fault stopped the call before its work: its key is free again

	pardoned *pardon // by a mutant
}

// An ending is how the connection ends.
type ending int

const (
	whole   ending = iota // the answer is sent
	dropped               // the connection is closed before its first byte
	halved                // … after half of its body
)

// header is the first value of a request header whose name is in canonical form.
func (c *call) header(name string) string {
	if values := c.request.Header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// commit has the call's effect, and files its answer under the call's key, at once.
func (c *call) commit(effect func(*store.Tx) answer) answer {
	rules := c.env.rules
	return c.env.state.Commit(c.ticket, c.now, rules.storeOutcome, func(tx *store.Tx) answer { return rules.outcome(c, effect(tx)) })
}

// serverName stands on every answer, so that nobody takes the mock for the real
// thing.
const serverName = "d24conform-mock"

// Header values that are the same on every answer. net/http only reads them.
type fixedHeaders struct{ server, contentType []string }

// ServeHTTP answers one request of the API.
func (e *environment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.underWay.Add(1)
	defer e.underWay.Done()
	started := e.clock.source()
	c := &call{env: e, request: r}
	body, err := readBody(w, r)
	if err != nil && !errors.Is(err, errTooLarge) {
		panic(http.ErrAbortHandler) // the client hung up half-way: there is nobody to answer, and nothing was asked
	}
	c.body, c.now = body, e.clock.now()

	a := e.answerSafely(c, err != nil)
	if c.late > 0 {
		// A client that gives up is not waited for: when it comes back, this is over. Nor
		// is it answered: between its goodbye in TLS and the end of its connection it
		// could still read, and would have hung up and been served at once.
		e.wait(c.late, r.Context().Done())
		if r.Context().Err() != nil {
			c.ending = dropped
		}
	}
	if c.reword != nil {
		a = c.reword(a)
	}
	a = e.rules.present(c, w.Header(), a)
	maps.Copy(w.Header(), c.extra)
	e.exchanges.add(newRecordedRequest(r, c.body, c.now), a, w.Header(), c.ending, e.clock.source().Sub(started))
	switch c.ending {
	case whole:
	case dropped:
		panic(http.ErrAbortHandler)
	case halved:
		w.WriteHeader(a.Status)
		w.Write(a.Body[:len(a.Body)/2])
		_ = http.NewResponseController(w).Flush() // the connection ends either way
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(a.Status)
	w.Write(a.Body) // an error means that the client has gone; what was done stays done
}

// answerSafely turns a defect of ours into a 500, so that one bad request takes
// nobody else down.
func (e *environment) answerSafely(c *call, tooLarge bool) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			e.log.Error("request failed", "environment", e.name, "panic", p, "stack", string(debug.Stack()))
			a = *refuseFor(productOf(c.request.URL.Path), http.StatusInternalServerError, d24.CodeGeneric, d24.CashoutCouldNotMake, "Generic error")
		}
	}()
	return e.answer(c, tooLarge)
}

// answer takes the request through the checks that need no caller, in the order
// path, method, size, address (reading AMB-45), and hands it on.
func (e *environment) answer(c *call, tooLarge bool) answer {
	path := c.request.URL.Path
	if c.endpoint, c.id = e.rules.route(e, path); c.endpoint == nil {
		return *unknownPath(productOf(path))
	}
	if c.op = c.endpoint.operation(c.request.Method); c.op == nil {
		return *methodNotAllowed(productOf(path), c.request.Method)
	}
	if tooLarge {
		return *bodyTooLarge(c.op.product)
	}
	if refusal := c.meets(c.op.arrival); refusal != nil {
		return *refusal
	}
	return e.rules.admit(c, e.rules.identify)
}

// withHeaders gives an answer the headers that every answer has.
func withHeaders(c *call, h http.Header, a answer) answer {
	h["Server"] = c.env.fixed.server
	h["Content-Type"] = c.env.fixed.contentType
	h["Date"] = c.env.clock.dateOf(c.now)
	h["Content-Length"] = []string{strconv.Itoa(len(a.Body))}
	if c.endpoint != nil && c.op == nil {
		h["Allow"] = []string{c.endpoint.allow()}
	}
	return a
}

var errTooLarge = errors.New("request body is too large")

// readBody reads the body whole before anything is decided, so that what is judged
// later is what was sent, whatever it was refused for.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > maxBody {
		return nil, errTooLarge
	}
	if r.ContentLength > 0 {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, errTooLarge
	}
	return body, err
}
