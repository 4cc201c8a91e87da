package judge

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"github.com/d24conform/d24conform/internal/exchange"
)

// Shows is how an answer reads an ambiguity of the documents, by the name that the
// register has for it. It is empty where the answer does not tell.
func Shows(id string, e *exchange.Exchange) string {
	a := Read(e)
	switch id {
	case "AMB-22":
		if a.Kind == Refusal && a.HasCode {
			return strconv.Itoa(a.Code)
		}
	case "AMB-24":
		return failureOf(e)
	case "AMB-26":
		return envelopeOf(e)
	case "AMB-27":
		if a.Kind == Accepted {
			return strconv.Itoa(e.Response.Status)
		}
	case "AMB-29":
		if a.ObjectID != "" {
			return formOfID(fieldsOf(e)[a.ObjectField])
		}
	case "AMB-42":
		switch {
		case a.Kind == Accepted:
			return "on-hold-open"
		case a.Kind == Refusal && !refusesCaller(e, a):
			return "pending-only" // the cancel endpoint's own words, which the mock does not read so
		}
	}
	return ""
}

// failureOf is the way in which a call over plain HTTP failed.
func failureOf(e *exchange.Exchange) string {
	switch {
	case e.Response == nil:
		if e.Failure != nil && (e.Failure.Kind == exchange.FailureClosed || e.Failure.Kind == exchange.FailureRefused) {
			return "refuse"
		}
		return ""
	case e.Response.Status >= http.StatusMultipleChoices && e.Response.Status < http.StatusBadRequest:
		return "redirect"
	}
	return "error"
}

// envelopeOf is the form of an error body.
func envelopeOf(e *exchange.Exchange) string {
	f := fieldsOf(e)
	var nested fields
	switch {
	case json.Unmarshal(f["error"], &nested) == nil && len(nested) > 0:
		return "nested"
	case f.text("code") != "":
		return "flat"
	}
	return ""
}

// formOfID tells an id that is text from a number, and a number that a client's 32-bit
// integer holds from one that it does not.
func formOfID(raw json.RawMessage) string {
	if len(raw) > 0 && raw[0] == '"' {
		return "string-ids"
	}
	if n, err := strconv.ParseFloat(string(raw), 64); err == nil && n > math.MaxInt32 {
		return "large-ids"
	}
	return "small-ids"
}
