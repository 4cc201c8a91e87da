package judge

import (
	"bytes"
	"encoding/json"
	"net/http"
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
	HasCode     bool   // it has a code
	Code        int    // that code
	ErrorText   string // its message or description
	ObjectField string // deposit_id, refund_id or cashout_id of what was created
	ObjectID    string
	Status      string // the object's status, as text
}

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
	hasObject := a.ObjectID != "" || (a.Status != "" && !a.HasCode)
	isError := a.JSON && (a.HasCode || a.ErrorText != "")
	switch status := e.Response.Status; {
	case e.Response.Truncated, status >= 500,
		status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests:
		return Busy
	case status >= 200 && status < 300 && !isError && (hasObject || (a.JSON && readOnly(e))):
		return Accepted
	case status >= 400 && isError && a.ObjectID == "":
		return Refusal
	}
	return Odd
}

// readOnly says whether the exchange asks one of the endpoints that answer with a
// list or a rate instead of an object with an id.
func readOnly(e *exchange.Exchange) bool {
	path := pathOf(e)
	for _, prefix := range []string{d24.PathPaymentMethods, d24.PathExchangeRates, d24.PathBanks, d24.PathStates} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// pathOf is the path of the request, whatever prefix the base URL has.
func pathOf(e *exchange.Exchange) string {
	path, _, _ := strings.Cut(e.Request.URL, "?")
	if i := strings.Index(path, "/v3/"); i >= 0 {
		return path[i:]
	}
	return path
}

// body is every field that tells something, in any of the documented envelopes.
type body struct {
	Code        looseText  `json:"code"`
	Description looseText  `json:"description"`
	Message     looseText  `json:"message"`
	Type        looseText  `json:"type"`
	RawError    looseError `json:"error"`
	DepositID   looseText  `json:"deposit_id"`
	RefundID    looseText  `json:"refund_id"`
	CashoutID   looseText  `json:"cashout_id"`
	Status      looseText  `json:"status"`
	Cashout     looseText  `json:"cashout_status"`
}

func parse(e *exchange.Exchange) Answer {
	text := bytes.TrimSpace(e.Response.Body)
	a := Answer{JSON: json.Valid(text)}
	if !a.JSON || text[0] != '{' {
		return a
	}
	var b body
	if err := json.Unmarshal(text, &b); err != nil {
		return a
	}
	a.readError(b.Code, b.Description, b.Message, b.Type)
	if nested := b.RawError.body; nested != nil {
		a.readError(nested.Code, nested.Description, nested.Message, nested.Type)
	} else if a.ErrorText == "" {
		a.ErrorText = b.RawError.text
	}
	creates := e.Request.Method == http.MethodPost && !strings.HasPrefix(pathOf(e), d24.PathCashoutStatus)
	for _, id := range []struct {
		field string
		value looseText
	}{{"refund_id", b.RefundID}, {"cashout_id", b.CashoutID}, {"deposit_id", b.DepositID}} {
		if creates && id.value != "" && a.ObjectID == "" {
			a.ObjectField, a.ObjectID = id.field, string(id.value)
		}
	}
	if a.Status = string(b.Status); a.Status == "" {
		a.Status = string(b.Cashout)
	}
	return a
}

func (a *Answer) readError(code, description, message, kind looseText) {
	if n, err := strconv.Atoi(string(code)); err == nil && !a.HasCode {
		a.Code, a.HasCode = n, true
	}
	for _, text := range []looseText{description, message} {
		if a.ErrorText == "" {
			a.ErrorText = string(text)
		}
	}
	if a.ErrorText == "" && a.HasCode {
		a.ErrorText = string(kind)
	}
}

// looseText reads a JSON string, number or boolean as text, and anything else as none.
type looseText string

func (t *looseText) UnmarshalJSON(data []byte) error {
	switch {
	case data[0] == '"':
		return json.Unmarshal(data, (*string)(t))
	case data[0] == '{' || data[0] == '[' || bytes.Equal(data, []byte("null")):
	default:
		*t = looseText(data)
	}
	return nil
}

// looseError reads "error" as the nested envelope of the newer pages or as text.
type looseError struct {
	body *body
	text string
}

func (t *looseError) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '{':
		t.body = &body{}
		return json.Unmarshal(data, t.body)
	case '"':
		return json.Unmarshal(data, &t.text)
	}
	return nil
}

// decode reads a JSON body, whatever stands around it.
func decode(text []byte, into any) error {
	return json.Unmarshal(bytes.TrimSpace(text), into)
}
