package exchange

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrSanitizedHAR says that whoever made a HAR file left the credentials out. Browsers
// do so unless they are asked for an export with sensitive data.
var ErrSanitizedHAR = errors.New("no request of this HAR file carries a header Authorization or Payload-Signature: " +
	"export it with sensitive data, or nothing about signatures can be told")

// The fields of HTTP Archive 1.2 that tell what was on the wire.
type (
	harFile struct {
		Log *struct {
			Creator struct {
				Name string `json:"name"`
			} `json:"creator"`
			Entries []harEntry `json:"entries"`
		} `json:"log"`
	}
	harEntry struct {
		Started  time.Time   `json:"startedDateTime"`
		Time     float64     `json:"time"` // milliseconds
		Request  harRequest  `json:"request"`
		Response harResponse `json:"response"`
		Server   string      `json:"serverIPAddress"`
		Cache    string      `json:"_fromCache"` // Chromium's: which cache answered
		Timings  struct {
			Connect float64 `json:"connect"` // -1 where it does not apply, TLS included
			TLS     float64 `json:"ssl"`
			Wait    float64 `json:"wait"`
		} `json:"timings"`
	}
	harRequest struct {
		Method   string     `json:"method"`
		URL      string     `json:"url"`
		Proto    string     `json:"httpVersion"`
		Header   []harField `json:"headers"`
		BodySize int64      `json:"bodySize"` // -1 = not known
		PostData *struct {
			Text     string `json:"text"`
			Encoding string `json:"encoding"` // base64, of tools that go beyond HAR 1.2
		} `json:"postData"`
	}
	harResponse struct {
		Status  int        `json:"status"` // 0 = no answer
		Proto   string     `json:"httpVersion"`
		Header  []harField `json:"headers"`
		Error   string     `json:"_error"` // Chromium's reason for having none
		Content struct {
			Size     int64  `json:"size"`
			Text     string `json:"text"`
			Encoding string `json:"encoding"`
		} `json:"content"`
	}
	harField struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
)

// webInspector is the name of DevTools in the files of Chromium and the browsers made of
// it. They are the only ones known to list requests that were never sent: those that
// a cache answered, and those that the browser did not let the page make.
const webInspector = "WebInspector"

// ReadHAR reads a HAR file. It holds a request's body as text: where that is not what
// was sent byte for byte, by the size that the file gives, the request is marked as
// [Request.Truncated]. Times are those of the program that recorded. Exchanges have the
// number of their entry; unsent is how many entries are none, since nothing of them was on
// the wire.
func ReadHAR(r io.Reader) (exchanges []*Exchange, unsent int, err error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, 0, fmt.Errorf("read HAR: %w", err)
	}
	var file harFile
	if err := json.Unmarshal(withoutBOM(data), &file); err != nil {
		return nil, 0, fmt.Errorf("read HAR: %w", err)
	}
	if file.Log == nil {
		return nil, 0, errors.New("read HAR: it has no log")
	}
	inspected := file.Log.Creator.Name == webInspector
	for i, entry := range file.Log.Entries {
		if inspected && !entry.isSent() {
			unsent++
			continue
		}
		if inspected {
			entry.Request.BodySize = -1 // it counts the text that it writes, whatever was sent
		}
		e, err := entry.exchange()
		if err != nil {
			return nil, 0, fmt.Errorf("read HAR: entry %d: %w", i+1, err)
		}
		e.Number = i + 1
		exchanges = append(exchanges, e)
	}
	if isSanitized(exchanges) {
		return nil, 0, ErrSanitizedHAR
	}
	return exchanges, unsent, nil
}

// isSanitized says whether credentials were left out: no request has an Authorization,
// and some must have had one. A client of cashouts needs none.
func isSanitized(exchanges []*Exchange) bool {
	has := func(name string) bool {
		return slices.ContainsFunc(exchanges, func(e *Exchange) bool { return e.Request.Header.Get(name) != "" })
	}
	return len(exchanges) > 0 && !has("Authorization") && (has("X-Login") || !has("Payload-Signature"))
}

// isSent says whether an entry of Chromium's was on the wire. Else its headers are what the
// page asked for, without those of the connection.
func (h harEntry) isSent() bool {
	return h.Cache == "" && slices.ContainsFunc(h.Request.Header, func(field harField) bool {
		return strings.EqualFold(field.Name, "Host") || field.Name == ":authority"
	})
}

func (h harEntry) exchange() (*Exchange, error) {
	e := &Exchange{
		Started: h.Started,
		Request: Request{Method: h.Request.Method, URL: h.Request.URL, Proto: h.Request.Proto, Header: harHeader(h.Request.Header)},
		Timing: Timing{
			Connect: millis(h.Timings.Connect), TLS: millis(h.Timings.TLS),
			FirstByte: millis(h.Timings.Wait), Total: millis(h.Time),
		},
		Peer: h.Server,
	}
	var err error
	if e.Request.Body, err = h.Request.body(); err != nil {
		return nil, fmt.Errorf("request body: %w", err)
	}
	e.Request.Truncated = !h.Request.isWhole(e.Request)
	if h.Response.Status == 0 {
		e.Failure = &Failure{Kind: FailureClosed, Text: "no answer was recorded"}
		if h.Response.Error != "" {
			e.Failure.Text += ": " + h.Response.Error
		}
		return e, nil
	}
	e.Response = &Response{Status: h.Response.Status, Proto: h.Response.Proto, Header: harHeader(h.Response.Header)}
	if e.Response.Body, err = harText(h.Response.Content.Text, h.Response.Content.Encoding); err != nil {
		return nil, fmt.Errorf("response body: %w", err)
	}
	// No text at all is an answer that the client got and the recording left out.
	e.Response.Truncated = len(e.Response.Body) > 0 && int64(len(e.Response.Body)) < h.Response.Content.Size
	return e, nil
}

func (r harRequest) body() ([]byte, error) {
	if r.PostData == nil {
		return nil, nil
	}
	return harText(r.PostData.Text, r.PostData.Encoding)
}

// isWhole says whether the body is what was sent. Bytes that were not UTF-8 became
// U+FFFD in most tools, and a length alone would not show that.
func (r harRequest) isWhole(sent Request) bool {
	size := r.BodySize
	if stated := sent.Header.Get("Content-Length"); stated != "" {
		if _, err := fmt.Sscan(stated, &size); err != nil {
			return false
		}
	}
	switch {
	case bytes.ContainsRune(sent.Body, utf8.RuneError):
		return false
	case size >= 0:
		return size == int64(len(sent.Body))
	}
	// A GET without a size has no body; of anything else we cannot know.
	return len(sent.Body) == 0 && (r.Method == http.MethodGet || r.Method == http.MethodDelete)
}

func harText(text, encoding string) ([]byte, error) {
	switch {
	case encoding == "base64":
		return base64.StdEncoding.DecodeString(text)
	case text == "":
		return nil, nil
	}
	return []byte(text), nil
}

// harHeader leaves out the fields that HTTP/2 has in the place of a request line.
func harHeader(fields []harField) Header {
	h := make(Header, 0, len(fields))
	for _, field := range fields {
		if !strings.HasPrefix(field.Name, ":") {
			h = append(h, Field(field))
		}
	}
	return h
}

// millis is a time of a HAR file, which is -1 where a part did not take place.
func millis(ms float64) time.Duration {
	if ms <= 0 {
		return 0
	}
	return time.Duration(ms * float64(time.Millisecond))
}
