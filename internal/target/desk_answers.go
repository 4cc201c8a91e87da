package target

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/provider"
)

// never is how long a status call that is never answered is held: longer than receivers
// wait, and than --timeout waits for a receiver. The connection then breaks off.
const never = 20 * time.Second

// statusAnswers are the ways in which a status call can go wrong, or be answered oddly, in
// the words of the features. ID stands for the id that was asked for, STATUS for the status.
func statusAnswers(kind d24.NotificationKind) map[string]mock.Fault {
	said := `{"deposit_id":ID,"status":"STATUS"`
	failure := `{"code":500,"description":"Generic error","type":"GENERIC_ERROR"}`
	unknown, credentials := answered(http.StatusNotFound, `{"code":208,"description":"Deposit not found","type":"RESOURCE_NOT_FOUND"}`),
		answered(http.StatusUnauthorized, `{"code":100,"description":"Invalid credentials","type":"INVALID_CREDENTIALS"}`)
	elsewhere := `{"deposit_id":ID,"user_id":"COMPLETED","status":"STATUS","payer":{"first_name":"COMPLETED"},"completed_payment_method_code":"BB"}`
	another := `{"deposit_id":1,"status":"COMPLETED"}`
	switch kind {
	case d24.CashoutNotification:
		said = `{"cashout_status_description":"STATUS"`
		failure = `{"code":537,"message":"Could not make the cashout"}`
		unknown, credentials = answered(http.StatusPreconditionFailed, `{"code":509,"message":"Cashout not found with this ID"}`),
			answered(http.StatusUnauthorized, `{"code":401,"message":"Invalid credentials"}`)
		elsewhere = `{"cashout_status":0,"cashout_status_description":"Pending","comments":"Completed","bank":[{"name":"Completed","code":"1"}]}`
	case d24.RefundNotification:
		said = `{"deposit_id":1,"status":"STATUS"`
	case d24.DepositNotification:
	}
	page := "<html><head><title>Sign in</title></head><body>status: COMPLETED</body></html>"
	return map[string]mock.Fault{
		"500":                                   answered(http.StatusInternalServerError, failure),
		"503 without a body":                    answered(http.StatusServiceUnavailable, ""),
		"404":                                   unknown,
		"401":                                   credentials,
		"429":                                   answered(http.StatusTooManyRequests, `{"code":203,"description":"Too many attempts","type":"VELOCITY_CHECK"}`),
		"502 with an HTML page":                 {Kind: mock.FaultAnswer, Status: http.StatusBadGateway, Type: "text/html", Body: page},
		"200 with an HTML page":                 {Kind: mock.FaultAnswer, Status: http.StatusOK, Type: "text/html", Body: page},
		"200 without a body":                    answered(http.StatusOK, ""),
		"200 with JSON that is cut":             answered(http.StatusOK, said),
		"200 with an error":                     answered(http.StatusOK, failure),
		"200 with an empty object":              answered(http.StatusOK, "{}"),
		"half of it, and the connection breaks": {Kind: mock.FaultHalfBody},
		"the connection breaks":                 {Kind: mock.FaultDropBefore},
		"none in time":                          {Kind: mock.FaultDropBefore, DelayMS: never.Milliseconds()},
		"COMPLETED in other fields":             answered(http.StatusOK, elsewhere),
		"200 about another one":                 answered(http.StatusOK, another),
	}
}

func answered(status int, body string) mock.Fault {
	return mock.Fault{Kind: mock.FaultAnswer, Status: status, Body: body}
}

// AnswerMore has all status calls about one object answered with fields that nobody knows.
func (d *Desk) AnswerMore(n provider.Notification) error {
	const always = 1000
	_, err := d.Admin().AddFault(statusCallsOf(n.Kind, mock.Fault{Kind: mock.FaultExtraFields, Object: n.ID, Times: always}))
	return err
}

// AnswerStatus has the next status calls about one object go wrong in a way that
// [statusAnswers] names.
func (d *Desk) AnswerStatus(n provider.Notification, status, way string, times int) error {
	fault, ok := statusAnswers(n.Kind)[way]
	if !ok {
		return fmt.Errorf("no status call is answered %q", way)
	}
	fault = statusCallsOf(n.Kind, fault)
	fault.Times, fault.Object = times, n.ID
	fault.Body = strings.NewReplacer("ID", n.ID, "STATUS", status).Replace(fault.Body)
	_, err := d.Admin().AddFault(fault)
	return err
}
