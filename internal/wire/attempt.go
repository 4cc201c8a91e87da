package wire

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"

	"github.com/d24conform/d24conform/internal/exchange"
)

// maxAnswer is how much of an answer is read. The largest documented one, a refund
// voucher in base64, stays well below.
const maxAnswer = 4 << 20

// An attempt takes a request to the server once.
type attempt struct {
	transport *http.Transport
	exchange  *exchange.Exchange     // what is sent, and where it is noted how that went
	sign      func() exchange.Header // makes the header, when the connection is up
	abandon   bool
	cancel    func() // ends the request's context
	watch     watch
}

// run sends the request, reads its answer and notes how that went.
func (a *attempt) run(ctx context.Context) (*exchange.Response, error) {
	var (
		request *http.Request
		header  = http.Header{}
		gone    bool
		failure error
	)
	trace := a.watch.trace(func(conn net.Conn) {
		fill(header, a.sign())
		if !a.abandon {
			return
		}
		failure = hangUp(request, conn)
		if failure != nil && a.watch.stale() {
			return // net/http will find the connection closed, and take another or tell us to
		}
		gone = true
		a.watch.finish(a.exchange)
		a.cancel()
	}, a.cancel)
	request, err := newRequest(httptrace.WithClientTrace(ctx, trace), a.exchange.Request, header)
	if err != nil {
		return nil, &notSentError{err}
	}
	response, err := a.transport.RoundTrip(request)
	if gone {
		if failure == nil {
			failure = context.Canceled
		}
		return nil, failure
	}
	var answer *exchange.Response
	if err == nil {
		answer, err = read(response)
	}
	a.watch.finish(a.exchange)
	return answer, a.watch.explain(err)
}

// newRequest makes a request that net/http does not send twice by itself: it needs
// GetBody for that. What has no body is left to the watch.
func newRequest(ctx context.Context, r exchange.Request, header http.Header) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	request.Header = header
	request.GetBody = nil
	if r.Header.Get(TransferEncoding) == Chunked {
		request.ContentLength = -1
	}
	return request, nil
}

// hangUp writes the request on a connection and closes that, all behind net/http's
// back: what it tells of a request that is written comes before the last bytes are.
func hangUp(request *http.Request, conn net.Conn) error {
	if s := socketOf(conn); s != nil {
		s.deaf.Store(true)
	}
	deadline, _ := request.Context().Deadline()
	err := conn.SetWriteDeadline(deadline)
	if err == nil {
		err = request.Write(conn)
	}
	_ = conn.Close() // a peer that was faster is as good
	return err
}

// read takes the answer whole, up to maxAnswer.
func read(response *http.Response) (*exchange.Response, error) {
	defer response.Body.Close()
	answer := &exchange.Response{Status: response.StatusCode, Proto: response.Proto, Header: exchange.FromHTTP(response.Header)}
	if response.StatusCode == http.StatusSwitchingProtocols {
		return answer, nil // what follows is no body, and no deadline would end it
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if answer.Body = body; len(body) > maxAnswer {
		answer.Body, answer.Truncated = body[:maxAnswer], true
	}
	return answer, nil
}

// userAgent is a header that net/http sends by itself.
const userAgent = "User-Agent"

// An exchange whose request has this header, when it is given to [Sender.Send], is sent in
// chunks, without the length of its body.
const (
	TransferEncoding = "Transfer-Encoding"
	Chunked          = "chunked"
)

// fill puts a header into net/http's. net/http adds a User-Agent of its
// own where it finds none under that very spelling, and sends none where it is empty.
func fill(header http.Header, fields exchange.Header) {
	clear(header)
	for _, field := range fields {
		name := field.Name
		if name == TransferEncoding { // net/http's own
			continue
		}
		if name == userAgent && field.Value == "" {
			name = "User-agent"
		}
		header[name] = append(header[name], field.Value)
	}
	if _, ok := header[userAgent]; !ok {
		header[userAgent] = []string{""}
	}
}
