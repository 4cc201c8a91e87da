package judge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/mistakes"
)

// IsAuthenticated judges that every deposits request shows who sends it.
func (Client) IsAuthenticated(operations []Operation) Finding {
	return each(operations, "a deposits request", isDeposits, "Authorization on every request", lacking(d24.HeaderAuthorization))
}

// CreatesSigned judges that what creates something is signed, and with nothing less.
func (c Client) CreatesSigned(operations []Operation) Finding {
	return c.known(each(operations, "a request that creates a deposit or a refund", isCreation, "every POST is signed with the API Signature of deposits", func(e *exchange.Exchange) string {
		value := e.Request.Header.Get(d24.HeaderAuthorization)
		scheme, _, _ := strings.Cut(value, " ")
		switch {
		case strings.TrimSpace(value) == "":
			return "without Authorization"
		case strings.EqualFold(scheme, "Bearer"), strings.EqualFold(scheme, "Basic"):
			return "Authorization is " + scheme + ", not a signature"
		case c.isReadOnlyKey(e.Request.Header.Get(d24.HeaderLogin)):
			return "X-Login is the read-only key"
		}
		return c.faultOf(mistakes.Key)(e)
	}))
}

func (c Client) isReadOnlyKey(text string) bool {
	return text != "" && text == c.Credentials.Deposits.ReadOnlyKey
}

// LooksUpWithReadOnlyKey judges how a lookup shows who asks. The documents name three ways
// (AMB-03), and any of them is right: Bearer and HTTP Basic with the read-only key, or the
// signature and headers of any other request.
func (c Client) LooksUpWithReadOnlyKey(operations []Operation) Finding {
	const expected = "the read-only key as Bearer or HTTP Basic, or a D24 signature"
	return each(operations, "a lookup with Authorization", both(both(isLookup, isWhole), has(d24.HeaderAuthorization)), expected, func(e *exchange.Exchange) string {
		value := e.Request.Header.Get(d24.HeaderAuthorization)
		scheme, _, _ := strings.Cut(value, " ")
		login, _, basic := basicOf(e)
		switch key, bearer := strings.CutPrefix(value, d24.BearerScheme); {
		case bearer && !c.isReadOnlyKey(key):
			return "Bearer, and another key"
		case basic && !c.isReadOnlyKey(login):
			return "Basic, and another key"
		case bearer, basic, strings.HasPrefix(value, d24.Scheme):
			return ""
		}
		return "Authorization begins with " + quote(scheme)
	})
}

// basicOf are user name and password of HTTP Basic, if it is that.
func basicOf(e *exchange.Exchange) (login, password string, ok bool) {
	return (&http.Request{Header: http.Header{d24.HeaderAuthorization: {e.Request.Header.Get(d24.HeaderAuthorization)}}}).BasicAuth()
}

// SendsLogin judges that the API Key is there, in X-Login.
func (c Client) SendsLogin(operations []Operation) Finding {
	return c.login(operations, isSigned)
}

// SendsRightLogin judges what is in X-Login, where there is one.
func (c Client) SendsRightLogin(operations []Operation) Finding {
	return c.login(operations, both(isSigned, has(d24.HeaderLogin)))
}

func (c Client) login(operations []Operation, picked pick) Finding {
	return each(operations, "a signed deposits request", both(picked, isWhole), "X-Login with the deposits API Key", func(e *exchange.Exchange) string {
		switch login := e.Request.Header.Get(d24.HeaderLogin); {
		case repeated(e, d24.HeaderLogin):
			return "X-Login comes twice"
		case login == c.Credentials.Deposits.APIKey, isLookup(e) && c.isReadOnlyKey(login):
			return ""
		case login == "":
			return "without X-Login"
		case c.isReadOnlyKey(login):
			return "X-Login is the read-only key"
		case login == c.Credentials.Cashouts.APIKey:
			return "X-Login is the cashouts API Key"
		}
		return "X-Login is not the deposits API Key"
	})
}

// SendsDepositsHeaders judges that the mandatory headers are there.
func (Client) SendsDepositsHeaders(operations []Operation) Finding {
	return each(operations, "a signed deposits request", isSigned, "Authorization, X-Login, X-Date, and Content-Type beside a body",
		lacking(d24.HeaderAuthorization, d24.HeaderLogin, d24.HeaderDate, d24.HeaderContentType))
}

var authorizationForm = regexp.MustCompile(`^D24 [0-9a-f]{64}$`)

// WritesAuthorization judges the form of Authorization.
func (Client) WritesAuthorization(operations []Operation) Finding {
	return each(operations, "a signed deposits request", isSigned, "Authorization: D24, one space, 64 lower-case hexadecimal digits", func(e *exchange.Exchange) string {
		value, sent := e.Request.Header.Lookup(d24.HeaderAuthorization)
		switch {
		case repeated(e, d24.HeaderAuthorization):
			return "Authorization comes twice"
		case authorizationForm.MatchString(value):
			return ""
		case !sent:
			return "without Authorization"
		case strings.HasPrefix(value, d24.BearerScheme):
			return "Authorization: Bearer and a key"
		}
		return "Authorization: " + quote(value)
	})
}

// SendsJSONType judges that a body is declared as JSON. A parameter behind it is
// observed elsewhere (AMB-21).
func (Client) SendsJSONType(operations []Operation) Finding {
	return each(operations, "a deposits request with a body", both(isDeposits, hasBody), "Content-Type: application/json", wrongType)
}

// SendsNoOtherType judges what Content-Type says, where there is one.
func (Client) SendsNoOtherType(operations []Operation) Finding {
	typed := both(both(isDeposits, hasBody), has(d24.HeaderContentType))
	return each(operations, "a deposits request with a body and Content-Type", typed, "Content-Type: application/json", wrongType)
}

func wrongType(e *exchange.Exchange) string {
	value, sent := e.Request.Header.Lookup(d24.HeaderContentType)
	media, _, err := mime.ParseMediaType(value)
	switch {
	case !sent:
		return "without Content-Type"
	case err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter), media != d24.ContentTypeJSON:
		return "Content-Type: " + quote(value)
	}
	return ""
}

// SendsBareJSONType judges that Content-Type has no parameters, which the strict reading
// of AMB-21 would refuse.
func (Client) SendsBareJSONType(operations []Operation) Finding {
	return each(operations, "a request with a body", both(anything, hasBody), "Content-Type: application/json, with nothing behind it", func(e *exchange.Exchange) string {
		if value := e.Request.Header.Get(d24.HeaderContentType); value != d24.ContentTypeJSON {
			return "Content-Type: " + quote(value)
		}
		return ""
	})
}

// SendsJSON judges that every body is one JSON document.
func (Client) SendsJSON(operations []Operation) Finding {
	return each(operations, "a request with a body", both(anything, hasBody), "one JSON document in UTF-8", func(e *exchange.Exchange) string {
		switch {
		case !utf8.Valid(e.Request.Body):
			return "the body is not UTF-8"
		case bytes.HasPrefix(e.Request.Body, []byte(byteOrderMark)):
			return "a byte order mark stands before the JSON"
		case !json.Valid(e.Request.Body):
			return "the body is not JSON: " + quote(string(e.Request.Body))
		}
		return ""
	})
}

// SendsUTF8 judges the letters: sent in UTF-8, and signed in it.
func (c Client) SendsUTF8(operations []Operation) Finding {
	return c.known(each(operations, "a request with a body", both(anything, hasBody), "UTF-8, sent and signed", func(e *exchange.Exchange) string {
		switch {
		case bytes.HasPrefix(e.Request.Body, []byte(byteOrderMark)):
			return "a byte order mark stands before the text"
		case !utf8.Valid(e.Request.Body):
			return "the body is not UTF-8"
		}
		return c.charsetFault(e)
	}))
}

// Says judges that a text arrived as it was given: a name is part of an operation.
func (Client) Says(operations []Operation, text string) Finding {
	return each(operations, "a request with a body", both(anything, hasBody), "the text as it was given: "+quote(text), func(e *exchange.Exchange) string {
		var body any
		if json.Unmarshal(e.Request.Body, &body) != nil {
			return "the body is not JSON"
		}
		if !says(body, text) {
			return "it is not in the body"
		}
		return ""
	})
}

func says(value any, text string) bool {
	switch v := value.(type) {
	case string:
		return v == text
	case []any:
		return slices.ContainsFunc(v, func(each any) bool { return says(each, text) })
	case map[string]any:
		for _, each := range v {
			if says(each, text) {
				return true
			}
		}
	}
	return false
}

// WritesDate judges the form of X-Date.
func (Client) WritesDate(operations []Operation) Finding {
	return each(operations, "a request with X-Date", both(isSigned, has(d24.HeaderDate)), "X-Date such as 2020-06-21T12:33:20Z", func(e *exchange.Exchange) string {
		value := e.Request.Header.Get(d24.HeaderDate)
		if repeated(e, d24.HeaderDate) {
			return "X-Date comes twice"
		}
		if _, err := d24.ParseDate(value); err == nil {
			return ""
		}
		return "X-Date: " + quote(value)
	})
}

// dateForms are the ways in which clients write a date with all its parts; what has no
// zone is taken as UTC, which is what it has to be.
var dateForms = []string{"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04:05Z0700", time.RFC1123, time.RFC1123Z}

// xDateOf reads X-Date, however it is written.
func xDateOf(e *exchange.Exchange) (time.Time, bool) {
	value := e.Request.Header.Get(d24.HeaderDate)
	if date, err := d24.ParseDateLoosely(value); err == nil {
		return date, true
	}
	for _, form := range dateForms {
		if date, err := time.Parse(form, value); err == nil {
			return date, true
		}
	}
	return time.Time{}, false
}

// isDated says whether a request has a date that can be read.
func isDated(e *exchange.Exchange) bool {
	_, ok := xDateOf(e)
	return ok && isSigned(e)
}

// zones lie at whole quarters of an hour from UTC, and journeys take less than this.
const (
	quarter    = 15 * time.Minute
	nearAZone  = time.Minute
	widestZone = 14 * time.Hour
)

// DatesInUTC judges that X-Date is not somebody's local time, be it with an offset or
// with a Z that it does not deserve.
func (Client) DatesInUTC(operations []Operation) Finding {
	return each(operations, "a request with X-Date", isDated, "X-Date in UTC", func(e *exchange.Exchange) string {
		date, _ := xDateOf(e)
		if _, offset := date.Zone(); offset != 0 {
			return "X-Date: " + quote(e.Request.Header.Get(d24.HeaderDate)) + " has an offset"
		}
		away := date.Sub(e.Started)
		zone := away.Round(quarter)
		if zone != 0 && zone.Abs() <= widestZone && (away-zone).Abs() < nearAZone {
			return fmt.Sprintf("X-Date: %s is %s from UTC, as the time of a zone is", e.Request.Header.Get(d24.HeaderDate), zone)
		}
		return ""
	})
}

// DatesFresh judges that X-Date is within five seconds of its arrival. Where that is not
// known well enough to tell, it does not.
func (c Client) DatesFresh(operations []Operation) Finding {
	certain := func(e *exchange.Exchange) bool {
		early, late := c.ages(e)
		return isDated(e) && (early >= -d24.Window && late <= d24.Window || early > d24.Window || late < -d24.Window)
	}
	return each(operations, "a request with X-Date whose age can be told", certain, "X-Date at most 5 seconds from the time of arrival", func(e *exchange.Exchange) string {
		early, late := c.ages(e)
		if early >= -d24.Window && late <= d24.Window {
			return ""
		}
		const form = "2006-01-02T15:04:05.000Z"
		from, to := c.arrival(e)
		text := fmt.Sprintf("X-Date: %s, arrived at %s", quote(e.Request.Header.Get(d24.HeaderDate)), from.UTC().Format(form))
		if !from.Equal(to) {
			text += " at the earliest, and at " + to.UTC().Format(form) + " at the latest"
		}
		return text
	})
}

// ages bound how old a request's date was when it arrived; negative ages are in the future.
func (c Client) ages(e *exchange.Exchange) (least, most time.Duration) {
	date, _ := xDateOf(e)
	from, to := c.arrival(e)
	return from.Sub(date), to.Sub(date)
}

// DatesEach judges that X-Date is there, and tells when this very request was made.
func (Client) DatesEach(operations []Operation) Finding {
	if f := each(operations, "a signed deposits request", isSigned, "X-Date on every request", lacking(d24.HeaderDate)); f.Outcome != Holds {
		return f
	}
	dated := slices.DeleteFunc(slices.Concat(operations...), func(e *exchange.Exchange) bool { return !isDated(e) })
	for i, e := range dated {
		for _, earlier := range dated[:i] {
			if reusesDate(earlier, e) {
				return broken("a date of its own for each request",
					fmt.Sprintf("%s has the X-Date of a request that came %s before", name(e), e.Started.Sub(earlier.Started).Round(time.Millisecond)), earlier, e)
			}
		}
	}
	return holds(dated...)
}

// reusesDate says whether two requests have one date though they are further apart than
// any request may be old.
func reusesDate(earlier, later *exchange.Exchange) bool {
	return earlier.Request.Header.Get(d24.HeaderDate) == later.Request.Header.Get(d24.HeaderDate) &&
		later.Started.Sub(earlier.Started) > d24.Window
}
