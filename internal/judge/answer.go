package judge

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// Kind is what an answer amounts to.
type Kind int

// Kinds of answer. See the package comment.
const (
	Accepted Kind = iota
	Refusal
	Busy
	Odd
)

// An Answer is what can be read from an exchange's answer, whatever the spelling:
// numbers or strings, flat or nested errors, 200 or 201 (readings AMB-26 to AMB-29).
type Answer struct {
	Kind        Kind
	JSON        bool   // the body is JSON
	HasCode     bool   // it has an error code
	Code        int    // that code
	ErrorText   string // its message or description
	ObjectField string // deposit_id, refund_id or cashout_id of what was created
	ObjectID    string
	Status      string // the object's status, as text

	// wrong says that the body calls itself an error by more than a message, which
	// an answer to a request that was right may have too.
	wrong bool
	// names says that the body names the object that was asked about.
	names bool
	// filled says that the body is a list, or an object with something in it.
	filled bool
}

// isError says whether the body is an error.
func (a Answer) isError() bool { return a.wrong || a.ErrorText != "" }

// Read reads an exchange's answer.
func Read(e *exchange.Exchange) Answer {
	if e.Response == nil {
		return Answer{Kind: Busy}
	}
	a := parse(e)
	a.Kind = kindOf(e, a)
	return a
}

func kindOf(e *exchange.Exchange, a Answer) Kind {
	switch status := e.Response.Status; {
	case e.Response.Truncated, status >= 500,
		status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests:
		return Busy
	case status >= 200 && status < 300 && !a.wrong && a.isAskedFor(e):
		return Accepted
	case status >= 400 && a.isError() && a.ObjectID == "":
		return Refusal
	}
	return Odd
}

// isAskedFor says whether the body of a 2xx is what the request is for. A message
// beside it is a field like any other that the documents do not know.
func (a Answer) isAskedFor(e *exchange.Exchange) bool {
	switch purpose, _ := purposeOf(e); purpose {
	case creation:
		return a.ObjectID != ""
	case question:
		return a.Status != "" && (a.ErrorText == "" || a.names)
	case listing:
		return a.filled && a.ErrorText == ""
	}
	return false
}

// purpose is what a request is for.
type purpose int

const (
	creation purpose = iota // makes an object, whose id is the answer
	question                // asks about an object or changes it; the answer is its status
	listing                 // asks for a list or a rate
)

// purposeOf is what a request is for, and the field of its object's id. An endpoint
// that the documents do not name is taken by its method.
func purposeOf(e *exchange.Exchange) (purpose, string) {
	path := strings.TrimSuffix(pathOf(e), "/")
	switch path {
	case d24.PathCashoutStatus, d24.PathCashoutCancel:
		return question, fieldCashout
	}
	for _, prefix := range []string{d24.PathPaymentMethods, d24.PathExchangeRates, d24.PathBanks, d24.PathStates} {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return listing, ""
		}
	}
	purpose := question
	if e.Request.Method == http.MethodPost {
		purpose = creation
	}
	switch {
	case path == d24.PathRefunds || strings.HasPrefix(path, d24.PathRefunds+"/"):
		return purpose, fieldRefund
	case path == d24.PathCashout || strings.HasPrefix(path, d24.PathCashout+"/"):
		return purpose, fieldCashout
	}
	return purpose, fieldDeposit
}

// The fields in which the products name their objects.
const (
	fieldDeposit = "deposit_id"
	fieldRefund  = "refund_id"
	fieldCashout = "cashout_id"
)

// pathOf is the path of the request, whatever prefix the base URL has.
func pathOf(e *exchange.Exchange) string {
	path, _, _ := strings.Cut(e.Request.URL, "?")
	if i := strings.LastIndex(path, "/v3/"); i >= 0 {
		return path[i:]
	}
	return path
}

// isCashouts says whether the request is one of the cashouts product, whose codes
// are numbered apart.
func isCashouts(e *exchange.Exchange) bool {
	_, field := purposeOf(e)
	return field == fieldCashout
}

// RefusesCaller says whether an answer is a refusal of who calls, or when, and so tells
// nothing about the operation: a key that was revoked, a date that grew old.
func RefusesCaller(e *exchange.Exchange) bool { return refusesCaller(e, Read(e)) }

func refusesCaller(e *exchange.Exchange, a Answer) bool {
	switch {
	case a.Kind != Refusal:
		return false
	case !a.HasCode:
		return e.Response.Status == http.StatusUnauthorized || e.Response.Status == http.StatusForbidden
	}
	return isCallerCode(a.Code, isCashouts(e))
}

func isCallerCode(code int, cashouts bool) bool {
	if cashouts {
		return slices.Contains([]d24.CashoutCode{
			d24.CashoutInvalidControl, d24.CashoutInvalidCredentials, d24.CashoutUnregisteredIP, d24.CashoutContactSupport,
		}, d24.CashoutCode(code))
	}
	return slices.Contains([]d24.Code{
		d24.CodeInvalidCredentials, d24.CodeMissingRequiredHeader, d24.CodeInvalidSignature, d24.CodeInvalidDateRange, d24.CodeInvalidIP,
	}, d24.Code(code))
}

// byteOrderMark is what some servers put before JSON. RFC 8259 forbids writing it and
// lets readers pass over it.
const byteOrderMark = "\ufeff"

// bodyOf is the answer's body without what may stand around JSON.
func bodyOf(e *exchange.Exchange) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(e.Response.Body, []byte(byteOrderMark)))
}

// A fields is a JSON object. Names are compared with their case, as JSON does, and of
// a name that stands twice the last counts, as in most parsers.
type fields map[string]json.RawMessage

// fieldsOf is the answer's object; nil when it is none.
func fieldsOf(e *exchange.Exchange) fields {
	var f fields
	if e.Response == nil || json.Unmarshal(bodyOf(e), &f) != nil {
		return nil
	}
	return f
}

// text is a field that is a string, a number or a boolean, as text; empty for
// anything else.
func (f fields) text(name string) string {
	raw := f[name]
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return ""
		}
		return strings.TrimSpace(text)
	case '{', '[', 'n':
		return ""
	}
	return string(raw)
}

// id is a field that is an id: any number or string but 0.
func (f fields) id(name string) string {
	if id := f.text(name); id != "0" {
		return id
	}
	return ""
}

func parse(e *exchange.Exchange) Answer {
	body := bodyOf(e)
	a := Answer{JSON: json.Valid(bytes.TrimSpace(e.Response.Body))}
	f := fieldsOf(e)
	a.filled = len(f) > 0 || (len(body) > 0 && body[0] == '[' && json.Valid(body))
	if f == nil {
		return a
	}
	readError(f, &a)
	switch raw := f["error"]; {
	case len(raw) == 0 || string(raw) == "null" || string(raw) == "false":
	case raw[0] == '{':
		var nested fields
		if json.Unmarshal(raw, &nested) == nil && len(nested) > 0 {
			readError(nested, &a)
			a.wrong = true
		}
	default:
		if a.ErrorText == "" {
			a.ErrorText = f.text("error")
		}
		a.wrong = true
	}

	purpose, field := purposeOf(e)
	if id := f.id(field); id != "" && purpose == creation {
		a.ObjectField, a.ObjectID = field, id
	}
	a.Status = f.text("status")
	if status := f.text("cashout_status"); status != "" && field == fieldCashout {
		a.Status, a.names = status, true
	}
	for _, name := range []string{fieldDeposit, fieldRefund, fieldCashout, "invoice_id", "merchant_invoice_id"} {
		a.names = a.names || f.id(name) != ""
	}
	return a
}

// readError reads one of the documented envelopes. Code 0 says that nothing is wrong.
func readError(f fields, a *Answer) {
	code := f.text("code")
	if n, ok := parseCode(code); ok && n != 0 && !a.HasCode {
		a.Code, a.HasCode = n, true
	}
	a.wrong = a.wrong || (code != "" && code != "0")
	for _, name := range []string{"description", "message"} {
		if a.ErrorText == "" {
			a.ErrorText = f.text(name)
		}
	}
	if a.ErrorText == "" && code != "" {
		a.ErrorText = f.text("type")
	}
}

// parseCode reads a code: a whole number in any spelling, or the word that stands for
// it, since the nested envelope has its codes as strings.
func parseCode(text string) (int, bool) {
	if n, err := strconv.Atoi(text); err == nil {
		return n, true
	}
	if x, err := strconv.ParseFloat(text, 64); err == nil && x == math.Trunc(x) && math.Abs(x) < math.MaxInt32 {
		return int(x), true
	}
	for code := d24.Code(firstCode); code <= lastCode; code++ {
		if word := code.Type(); word != "" && word == text {
			return int(code), true
		}
	}
	return 0, false
}

// Deposits codes have three digits.
const (
	firstCode = 100
	lastCode  = 999
)
