package judge

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// IsModernTLS judges the connection of an exchange: TLS 1.2 is the oldest version
// that is not withdrawn (RFC 8996). A recording need not tell the version, and without
// a connection there is none.
func IsModernTLS(e *exchange.Exchange) Finding {
	const expected = "a connection of TLS 1.2 or later"
	switch e.TLS {
	case tls.VersionName(tls.VersionTLS12), tls.VersionName(tls.VersionTLS13):
		return holds(e)
	case "":
		if e.Response != nil && strings.HasPrefix(strings.ToLower(e.Request.URL), "http:") {
			return broken(expected, "an answer over plain HTTP", e)
		}
		if e.Response == nil {
			return unclear(expected, Describe(e), e)
		}
		return unclear(expected, "a connection of which the version is not known", e)
	}
	return broken(expected, "a connection of "+shorten(e.TLS), e)
}

// IsJSON judges that an answer is JSON and says so. What a busy server, or the
// gateway before it, says is not looked at.
func IsJSON(e *exchange.Exchange) Finding {
	if Read(e).Kind == Busy {
		return unclear(jsonAnswer, Describe(e), e)
	}
	return IsJSONError(e)
}

// IsJSONError judges the form of an answer as [IsJSON] does, and also of an error 500 that
// was asked for.
func IsJSONError(e *exchange.Exchange) Finding {
	if e.Response == nil {
		return unclear(jsonAnswer, Describe(e), e)
	}
	if fault := jsonFault(e.Response.Body); fault != "" {
		return broken(jsonAnswer, fmt.Sprintf("%d %s", e.Response.Status, fault), e)
	}
	kind := e.Response.Header.Get(d24.HeaderContentType)
	media, _, err := mime.ParseMediaType(kind)
	if (err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter)) || media != d24.ContentTypeJSON {
		return broken(jsonAnswer, fmt.Sprintf("Content-Type: %q", shorten(kind)), e)
	}
	return holds(e)
}

// jsonAnswer is the form of every answer of deposits.
const jsonAnswer = "a JSON body with Content-Type: application/json"

// jsonFault is why a body is not JSON between systems as RFC 8259 wants it; empty
// when it is.
func jsonFault(body []byte) string {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return "without a body"
	case bytes.HasPrefix(body, []byte(byteOrderMark)):
		return "with a byte order mark before its body"
	case !json.Valid(body):
		return "with a body that is not JSON"
	case !utf8.Valid(body):
		return "with a body that is not UTF-8"
	}
	return ""
}

// IsServerError judges that a fault which was asked for took place.
func IsServerError(e *exchange.Exchange) Finding {
	if e.Status() != http.StatusInternalServerError {
		return unclear("an error 500, as the hook was asked for", Describe(e), e)
	}
	return holds(e)
}

// IsLost judges that an answer was lost, as was asked for.
func IsLost(e *exchange.Exchange) Finding {
	if e.Failure == nil || e.Failure.Kind != exchange.FailureClosed {
		return unclear("a connection closed before the answer, as the hook was asked for", Describe(e), e)
	}
	return holds(e)
}

// requestField is one top-level field of a request's body, as text.
func requestField(e *exchange.Exchange, name string) string {
	var f fields
	if json.Unmarshal(e.Request.Body, &f) != nil {
		return ""
	}
	return f.text(name)
}
