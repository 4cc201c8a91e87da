package exchange

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"sync"
	"time"
	"unicode/utf8"
)

// A Log collects exchanges and numbers them from 1. It is safe for concurrent use.
// The zero Log is empty and ready.
type Log struct {
	mu      sync.Mutex
	entries []*Exchange
}

// Add numbers the exchange and appends it. The log keeps the pointer: the exchange
// must not be changed afterwards.
func (l *Log) Add(e *Exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
	e.Number = len(l.entries)
}

// All lists the exchanges so far, in order.
func (l *Log) All() []*Exchange {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*Exchange(nil), l.entries...)
}

// Len is how many exchanges there are so far.
func (l *Log) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries)
}

// line is the file form of an Exchange. Bodies and header values that are not UTF-8
// stand in base64; times are in whole microseconds.
type line struct {
	Number   int          `json:"n"`
	Scenario string       `json:"scenario,omitempty"`
	Label    string       `json:"label,omitempty"`
	Started  time.Time    `json:"started"`
	Request  requestLine  `json:"request"`
	Response *answerLine  `json:"response,omitempty"`
	Failure  *failureLine `json:"failure,omitempty"`
	Timing   timingLine   `json:"timing_us"`
	TLS      string       `json:"tls,omitempty"`
	Peer     string       `json:"peer,omitempty"`
}

type requestLine struct {
	Method     string      `json:"method"`
	URL        string      `json:"url"`
	Proto      string      `json:"proto,omitempty"`
	Header     []fieldLine `json:"header"`
	Body       string      `json:"body,omitempty"`
	BodyBase64 string      `json:"body_base64,omitempty"`
	Truncated  bool        `json:"truncated,omitempty"`
}

type answerLine struct {
	Status     int         `json:"status"`
	Proto      string      `json:"proto,omitempty"`
	Header     []fieldLine `json:"header"`
	Body       string      `json:"body,omitempty"`
	BodyBase64 string      `json:"body_base64,omitempty"`
	Truncated  bool        `json:"truncated,omitempty"`
}

type fieldLine struct {
	Name        string `json:"name"`
	Value       string `json:"value"`
	ValueBase64 string `json:"value_base64,omitempty"`
}

type failureLine struct {
	Kind FailureKind `json:"kind"`
	Text string      `json:"text"`
}

type timingLine struct {
	Connect   int64 `json:"connect,omitempty"`
	TLS       int64 `json:"tls,omitempty"`
	FirstByte int64 `json:"first_byte,omitempty"`
	Total     int64 `json:"total"`
}

// Write writes exchanges as JSON Lines, secrets replaced by their names.
func Write(w io.Writer, exchanges []*Exchange, redact *Redactor) error {
	buffered := bufio.NewWriter(w)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	for _, e := range exchanges {
		if err := encoder.Encode(toLine(redact.Exchange(e))); err != nil {
			return fmt.Errorf("write exchange %d: %w", e.Number, err)
		}
	}
	return buffered.Flush()
}

// Read reads what [Write] wrote. Unknown fields are ignored. An error says which
// exchange it is about, by its place in the file.
func Read(r io.Reader) ([]*Exchange, error) {
	var exchanges []*Exchange
	decoder := json.NewDecoder(r)
	for {
		var l line
		switch err := decoder.Decode(&l); err {
		case nil:
		case io.EOF:
			return exchanges, nil
		default:
			return nil, fmt.Errorf("read exchange %d: %w", len(exchanges)+1, err)
		}
		e, err := fromLine(l)
		if err != nil {
			return nil, fmt.Errorf("read exchange %d: %w", len(exchanges)+1, err)
		}
		exchanges = append(exchanges, e)
	}
}

func toLine(e *Exchange) line {
	l := line{
		Number: e.Number, Scenario: e.Scenario, Label: e.Label, Started: e.Started.UTC(),
		Request: requestLine{
			Method: e.Request.Method, URL: e.Request.URL, Proto: e.Request.Proto, Header: fieldLines(e.Request.Header),
			Truncated: e.Request.Truncated,
		},
		Timing: timingLine{
			Connect: e.Timing.Connect.Microseconds(), TLS: e.Timing.TLS.Microseconds(),
			FirstByte: e.Timing.FirstByte.Microseconds(), Total: e.Timing.Total.Microseconds(),
		},
		TLS: e.TLS, Peer: e.Peer,
	}
	l.Request.Body, l.Request.BodyBase64 = toText(e.Request.Body)
	if r := e.Response; r != nil {
		l.Response = &answerLine{Status: r.Status, Proto: r.Proto, Header: fieldLines(r.Header), Truncated: r.Truncated}
		l.Response.Body, l.Response.BodyBase64 = toText(r.Body)
	}
	if e.Failure != nil {
		l.Failure = &failureLine{Kind: e.Failure.Kind, Text: e.Failure.Text}
	}
	return l
}

func fromLine(l line) (*Exchange, error) {
	e := &Exchange{
		Number: l.Number, Scenario: l.Scenario, Label: l.Label, Started: l.Started,
		Request: Request{Method: l.Request.Method, URL: l.Request.URL, Proto: l.Request.Proto, Truncated: l.Request.Truncated},
		Timing: Timing{
			Connect: micros(l.Timing.Connect), TLS: micros(l.Timing.TLS),
			FirstByte: micros(l.Timing.FirstByte), Total: micros(l.Timing.Total),
		},
		TLS: l.TLS, Peer: l.Peer,
	}
	var err error
	if e.Request.Header, err = fields(l.Request.Header); err != nil {
		return nil, fmt.Errorf("request header: %w", err)
	}
	if e.Request.Body, err = fromText(l.Request.Body, l.Request.BodyBase64); err != nil {
		return nil, fmt.Errorf("request body: %w", err)
	}
	if r := l.Response; r != nil {
		e.Response = &Response{Status: r.Status, Proto: r.Proto, Truncated: r.Truncated}
		if e.Response.Header, err = fields(r.Header); err != nil {
			return nil, fmt.Errorf("response header: %w", err)
		}
		if e.Response.Body, err = fromText(r.Body, r.BodyBase64); err != nil {
			return nil, fmt.Errorf("response body: %w", err)
		}
	}
	if l.Failure != nil {
		e.Failure = &Failure{Kind: l.Failure.Kind, Text: l.Failure.Text}
	}
	return e, nil
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

func fieldLines(h Header) []fieldLine {
	lines := make([]fieldLine, len(h))
	for i, field := range h {
		lines[i].Name = field.Name
		lines[i].Value, lines[i].ValueBase64 = toText([]byte(field.Value))
	}
	return lines
}

func fields(lines []fieldLine) (Header, error) {
	var h Header
	for _, l := range lines {
		value, err := fromText(l.Value, l.ValueBase64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Name, err)
		}
		h = append(h, Field{Name: l.Name, Value: string(value)})
	}
	return h, nil
}

// toText is bytes as JSON can hold them: as they are where they are UTF-8.
func toText(b []byte) (text, encoded string) {
	if utf8.Valid(b) {
		return string(b), ""
	}
	return "", base64.StdEncoding.EncodeToString(b)
}

func fromText(text, encoded string) ([]byte, error) {
	if encoded != "" {
		return base64.StdEncoding.DecodeString(encoded)
	}
	if text == "" {
		return nil, nil
	}
	return []byte(text), nil
}

func sortFields(h Header) {
	sort.SliceStable(h, func(i, j int) bool { return h[i].Name < h[j].Name })
}
