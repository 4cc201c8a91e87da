package mock

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// request is the attempt as it is sent.
func (c *clients) request(p *place, a attempt) *http.Request {
	r := c.signed(p, a.merchant, http.MethodPost, a.path, bodyText(a.body, p.paid[a.merchant]))
	if a.key != "" {
		r.Header.Set(d24.HeaderIdempotencyKey, a.key)
	}
	switch a.flaw {
	case "no date":
		r.Header.Del(d24.HeaderDate)
	case "an old date":
		r.Header.Set(d24.HeaderDate, d24.FormatDate(c.now.Add(-time.Minute)))
	case "a signature of something else":
		r.Header.Set(d24.HeaderDate, d24.FormatDate(c.now.Add(time.Second)))
	case "nobody's login":
		r.Header.Set(d24.HeaderLogin, "nobody")
	}
	return r
}

// signed is a request of a merchant, dated now.
func (c *clients) signed(p *place, merchant int, method, path, body string) *http.Request {
	keys, date := p.merchants[merchant].Deposits, d24.FormatDate(c.now)
	r := c.post(path, body)
	r.Method = method
	r.Header.Set(d24.HeaderLogin, keys.APIKey)
	r.Header.Set(d24.HeaderDate, date)
	r.Header.Set(d24.HeaderAuthorization, d24.NewKey(keys.APISignature).Authorization(date, keys.APIKey, []byte(body)))
	return r
}

func (c *clients) post(path, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set(d24.HeaderContentType, d24.ContentTypeJSON)
	return r
}

// serve is the whole way through the mock, without the network.
func (p *place) serve(r *http.Request) (got answered) {
	w := httptest.NewRecorder()
	defer func() {
		if problem := recover(); problem != nil && problem != http.ErrAbortHandler { //nolint:errorlint // the value itself is thrown
			panic(problem)
		} else if problem != nil {
			got.broken = true
		}
		got.status = w.Code
		got.body, _ = io.ReadAll(w.Body)
	}()
	p.env.ServeHTTP(w, r)
	return got
}
