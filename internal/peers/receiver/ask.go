package receiver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/d24conform/d24conform/internal/d24"
)

// A statusAnswer is what the status endpoint says.
type statusAnswer struct {
	word string // in the words of deposits, of cashouts as well
	body []byte
}

// A failure is a way in which a status call fails, as a receiver can tell them apart.
type failure string

const (
	unanswered   failure = "unanswered"   // no whole answer: the connection broke, or none came in time
	unknown      failure = "unknown"      // 404, of cashouts 412
	unauthorized failure = "unauthorized" // 401
	tooMany      failure = "too-many"     // 429
	serverError  failure = "server-error" // 5xx
	emptyBody    failure = "empty-body"   // 200
	notJSON      failure = "not-json"     // 200 with something else, such as a page
	cutJSON      failure = "cut-json"     // 200 with JSON that ends too early
	noStatus     failure = "no-status"    // 200 with JSON that has no status
)

// failures are all of them.
func failures() []failure {
	return []failure{unanswered, unknown, unauthorized, tooMany, serverError, emptyBody, notJSON, cutJSON, noStatus}
}

// A callError is the error of a status call.
type callError struct {
	failure failure
	err     error
}

func (e *callError) Error() string { return fmt.Sprintf("status call: %s: %v", e.failure, e.err) }

// due asks the status endpoint whether there is something to release, to book or to mark.
func due(r *Receiver, ctx context.Context, n *notification) (bool, error) { //nolint:revive // the receiver comes first in every rule
	if skips := r.rules.skips[status]; skips != nil && skips(r, n) {
		return true, nil
	}
	answer, err := r.ask(ctx, n)
	if failed, ok := errors.AsType[*callError](err); ok {
		due, taken := r.rules.failed(n, failed.failure)
		if due || taken {
			return due, nil
		}
	}
	return err == nil && r.rules.completed[n.kind](answer), err
}

// ask asks for the status of what a notification names. Of a cashout both ids are given:
// control covers external_id alone, and a cashout_id that belongs to another is not found.
func (r *Receiver) ask(ctx context.Context, n *notification) (statusAnswer, error) {
	if n.kind == d24.CashoutNotification {
		body, err := json.Marshal(d24.CashoutReference{ //nolint:gosec // the documents want the passphrase in the body
			Login: r.Credentials.Cashouts.APIKey, Pass: r.Credentials.Cashouts.APIPassphrase, CashoutID: n.id, ExternalID: n.form.ExternalID,
		})
		if err != nil {
			return statusAnswer{}, err
		}
		return r.call(ctx, http.MethodPost, d24.PathCashoutStatus, body, http.Header{d24.HeaderPayloadSignature: {r.cashouts.Payload(body)}})
	}
	path := map[d24.NotificationKind]string{d24.DepositNotification: d24.PathDeposits, d24.RefundNotification: d24.PathRefunds}[n.kind]
	when, caller := d24.FormatDate(r.Now()), r.Credentials.Deposits.APIKey
	return r.call(ctx, http.MethodGet, path+"/"+string(n.id), nil, http.Header{
		d24.HeaderDate: {when}, d24.HeaderLogin: {caller}, d24.HeaderAuthorization: {r.deposits.Authorization(when, caller, nil)},
	})
}

func (r *Receiver) call(ctx context.Context, method, path string, body []byte, header http.Header) (statusAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, r.StatusTimeout)
	defer cancel()
	//nolint:gosec // the provider's address is configured; of a notification only its id gets into the path, and that was signed
	request, err := http.NewRequestWithContext(ctx, method, r.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return statusAnswer{}, err
	}
	request.Header = header
	header.Set(d24.HeaderContentType, d24.ContentTypeJSON)
	header.Set(d24.HeaderUserAgent, "receiver/1")
	response, err := r.transport.RoundTrip(request)
	if err != nil {
		return statusAnswer{}, &callError{unanswered, err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxStatus))
	if err != nil {
		return statusAnswer{}, &callError{unanswered, err}
	}
	if response.StatusCode != http.StatusOK {
		return statusAnswer{}, &callError{failureOf(response.StatusCode), errors.New(response.Status)}
	}
	return readStatus(text)
}

func failureOf(code int) failure {
	switch code {
	case http.StatusNotFound, http.StatusPreconditionFailed: // of deposits and refunds, of cashouts
		return unknown
	case http.StatusUnauthorized:
		return unauthorized
	case http.StatusTooManyRequests:
		return tooMany
	}
	return serverError
}

// readStatus reads an answer. One without a status is a failure, and no status.
func readStatus(text []byte) (statusAnswer, error) {
	var answer struct {
		Status  string             `json:"status"`
		Cashout *d24.CashoutStatus `json:"cashout_status"`
	}
	err := json.Unmarshal(text, &answer)
	trimmed := bytes.TrimSpace(text)
	switch {
	case len(trimmed) == 0:
		return statusAnswer{}, &callError{emptyBody, errors.New("no body")}
	case err != nil && trimmed[0] != '{':
		return statusAnswer{}, &callError{notJSON, err}
	case err != nil:
		return statusAnswer{}, &callError{cutJSON, err}
	case answer.Cashout != nil:
		return statusAnswer{cashoutWord(*answer.Cashout), text}, nil
	case answer.Status == "":
		return statusAnswer{}, &callError{noStatus, errors.New("no status")}
	}
	return statusAnswer{answer.Status, text}, nil
}

// cashoutWords are the statuses of cashouts in the words of deposits, by their numbers.
func cashoutWords() []string {
	return []string{"PENDING", "COMPLETED", "CANCELLED", "REJECTED", "DELIVERED", "ON_HOLD"}
}

func cashoutWord(s d24.CashoutStatus) string {
	words := cashoutWords()
	if int(s) < 0 || int(s) >= len(words) {
		return fmt.Sprint(int(s))
	}
	return words[s]
}
