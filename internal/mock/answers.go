package mock

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// An answer is a status and a body. The headers are the same on every one.
type answer = store.Answer

// respond is a success.
func respond(status int, body any) answer {
	return answer{Status: status, Body: encode(body)}
}

// encode is JSON of one of our own types, all of which can be encoded.
func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("mock: answer cannot be encoded: %v", err)) //nolint:forbidigo // a defect of ours, answered 500 by answerSafely
	}
	return text
}

// refuse is a deposits refusal: flat, with a description (reading AMB-26).
func refuse(status int, code d24.Code, description string, details ...string) *answer {
	a := respond(status, d24.DepositError{Code: code, Description: description, Type: code.Type(), Details: details})
	return &a
}

// refuseCashout is a cashouts refusal, which says message where deposits say
// description.
func refuseCashout(status int, code d24.CashoutCode, message string) *answer {
	a := respond(status, d24.CashoutError{Code: code, Message: message})
	return &a
}

// refuseFor is a refusal in the shape of the product, for what both have in common.
func refuseFor(p product, status int, code d24.Code, cashoutCode d24.CashoutCode, text string) *answer {
	if p == cashouts {
		return refuseCashout(status, cashoutCode, text)
	}
	return refuse(status, code, text)
}

// Refusals of a deposits request before its caller is known.
func missingHeader(name string) *answer {
	return refuse(http.StatusBadRequest, d24.CodeMissingRequiredHeader, "Missing or invalid required header: "+name)
}

func invalidSignature() *answer {
	return refuse(http.StatusBadRequest, d24.CodeInvalidSignature, "Invalid signature")
}

func beanValidation(details ...string) *answer {
	return refuse(http.StatusBadRequest, d24.CodeBeanValidation, "Invalid request", details...)
}

func notFound(what string) *answer {
	return refuse(http.StatusNotFound, d24.CodeResourceNotFound, what+" not found")
}

// keyAlreadyUsed is only ever given under the readings that reject (AMB-05, AMB-08).
func keyAlreadyUsed(key string) *answer {
	return refuse(http.StatusBadRequest, d24.CodeIdempotencyKeyUsed, "Idempotency key already used: "+key)
}

// genericError is what an injected 500 says.
func genericError() answer {
	return *refuse(http.StatusInternalServerError, d24.CodeGeneric, "Generic error")
}

// The two answers that are meant for a method and a path rather than a request.
// No cashouts code is documented for either, so they use that of the deposits
// list for the method and that of an invalid parameter for the path.
func methodNotAllowed(p product, method string) *answer {
	return refuseFor(p, http.StatusMethodNotAllowed, d24.CodeMethodNotAllowed, d24.CashoutCode(d24.CodeMethodNotAllowed),
		"Method not allowed: "+method)
}

func unknownPath(p product) *answer {
	return refuseFor(p, http.StatusNotFound, d24.CodeResourceNotFound, d24.CashoutInvalidParameter, "Path not found")
}

func bodyTooLarge(p product) *answer {
	return refuseFor(p, http.StatusRequestEntityTooLarge, d24.CodeBeanValidation, d24.CashoutInvalidBody,
		fmt.Sprintf("Request body larger than %d bytes", maxBody))
}
