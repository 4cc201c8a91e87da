package mock

import (
	"crypto/tls"
	"net/http"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/exchange"
)

// Bounds of the record of what arrived: enough for any client's own test suite, and
// little beside the 50,000 idempotency records.
const (
	maxExchanges     = 4096
	maxExchangeBytes = 16 << 20
)

// A recorder keeps the newest exchanges as they were seen on the wire, for clients
// to be judged by later. A request costs it one small copy: the headers and bodies
// are kept as they are and listed when somebody asks.
type recorder struct {
	environment string
	mu          sync.Mutex
	arrived     int // since the start or the last reset, numbers the exchanges
	slots       []arrival
	first       int // the oldest slot once the ring is full
	bytes       int
}

// An arrival is one exchange, not yet unfolded.
type arrival struct {
	number  int
	request *recordedRequest
	status  int
	answer  []byte
	headers http.Header
	ending  ending
	took    time.Duration
}

type recordedRequest struct {
	scheme, host, uri, method, proto, peer, tls string
	header                                      http.Header
	body                                        []byte
	size                                        int // of everything here and of the answer
	now                                         time.Time
}

// newRecordedRequest takes what is worth keeping of a request. net/http makes a new
// header map for each and leaves it alone afterwards.
func newRecordedRequest(r *http.Request, body []byte, now time.Time) *recordedRequest {
	recorded := &recordedRequest{
		scheme: "http", host: r.Host, uri: r.RequestURI, method: r.Method, proto: r.Proto, peer: r.RemoteAddr,
		header: withTrailer(r), body: body, now: now,
	}
	if r.TLS != nil {
		recorded.scheme, recorded.tls = "https", tls.VersionName(r.TLS.Version)
	}
	return recorded
}

// TrailerPrefix stands before the name of a field that came behind the body.
const TrailerPrefix = "trailer "

// withTrailer is everything that a client says beside the body. net/http has read the
// trailer by then, since the body was read whole.
func withTrailer(r *http.Request) http.Header {
	if len(r.Trailer) == 0 {
		return r.Header
	}
	header := r.Header.Clone()
	for name, values := range r.Trailer {
		header[TrailerPrefix+name] = values
	}
	return header
}

// weigh is how many bytes the request holds on to.
func (r *recordedRequest) weigh() int {
	n := len(r.body) + len(r.uri)
	for name, values := range r.header {
		n += len(name)
		for _, value := range values {
			n += len(value)
		}
	}
	return n
}

// add enters an exchange before its answer is sent, so that whoever has the answer
// finds the exchange.
func (rec *recorder) add(r *recordedRequest, a answer, headers http.Header, how ending, took time.Duration) {
	r.size = r.weigh() + len(a.Body)
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.arrived++
	entry := arrival{number: rec.arrived, request: r, status: a.Status, answer: a.Body, headers: headers, ending: how, took: took}
	rec.bytes += r.size
	if len(rec.slots) < maxExchanges {
		rec.slots = append(rec.slots, entry)
	} else {
		rec.bytes -= rec.slots[rec.first].size()
		rec.slots[rec.first] = entry
		rec.first = (rec.first + 1) % maxExchanges
	}
	// Bodies of a mebibyte would fill the ring with 4 GB: the oldest go early.
	for i := 0; rec.bytes > maxExchangeBytes && i < len(rec.slots); i++ {
		oldest := &rec.slots[(rec.first+i)%len(rec.slots)]
		rec.bytes -= oldest.size()
		oldest.forget()
	}
}

func (a *arrival) size() int {
	if a.request == nil {
		return 0
	}
	return a.request.size
}

// forget empties the slot; it is not listed any more.
func (a *arrival) forget() { *a = arrival{} }

// list unfolds the exchanges, oldest first.
func (rec *recorder) list() []*exchange.Exchange { return rec.after(0) }

// last is the number of the newest exchange: how many arrived, whether they are still
// kept or not.
func (rec *recorder) last() int {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return rec.arrived
}

// after unfolds the exchanges with a larger number, oldest first.
func (rec *recorder) after(number int) []*exchange.Exchange {
	rec.mu.Lock()
	entries := make([]arrival, 0, min(len(rec.slots), rec.arrived-min(number, rec.arrived)))
	for i := range rec.slots {
		if entry := rec.slots[(rec.first+i)%len(rec.slots)]; entry.request != nil && entry.number > number {
			entries = append(entries, entry)
		}
	}
	rec.mu.Unlock()
	list := make([]*exchange.Exchange, len(entries))
	for i, entry := range entries {
		list[i] = entry.unfold(rec.environment)
	}
	return list
}

func (a *arrival) unfold(environment string) *exchange.Exchange {
	r := a.request
	e := &exchange.Exchange{
		Number:  a.number,
		Label:   environment,
		Started: r.now,
		Request: exchange.Request{
			Method: r.method, URL: r.scheme + "://" + r.host + r.uri, Proto: r.proto,
			Header: exchange.FromHTTP(r.header), Body: r.body,
		},
		Timing: exchange.Timing{FirstByte: a.took, Total: a.took},
		TLS:    r.tls,
		Peer:   r.peer,
	}
	if a.ending == dropped {
		e.Failure = &exchange.Failure{Kind: exchange.FailureClosed, Text: "the mock closed the connection without an answer"}
		return e
	}
	e.Response = &exchange.Response{Status: a.status, Proto: r.proto, Header: exchange.FromHTTP(a.headers), Body: a.answer}
	if a.ending == halved {
		e.Response.Body, e.Response.Truncated = a.answer[:len(a.answer)/2], true
	}
	return e
}

func (rec *recorder) reset() {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.arrived, rec.slots, rec.first, rec.bytes = 0, nil, 0, 0
}
