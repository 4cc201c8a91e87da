package mock

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/d24conform/d24conform/internal/d24"
)

// retryAfter is what a 429 asks for, in seconds: the least that the header can say
// beside nothing at all.
const retryAfter = 1

// gatewayPage is what stands in front of many an API says when that is away. It is
// neither JSON nor an error of the documents.
const gatewayPage = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>\n"

// withoutEffect is the answer of a fault that keeps the operation from being carried out.
func (c *call) withoutEffect(fault *Fault) answer {
	c.extra = http.Header{}
	switch fault.Kind {
	case FaultRefuseDate:
		return *refuse(http.StatusBadRequest, d24.CodeInvalidDateRange, "X-Date is out of the valid range")
	case FaultKeyInUse:
		return *keyAlreadyUsed(c.header(d24.HeaderIdempotencyKey))
	case FaultRefuseCaller: // a 401 has to say how the caller may authenticate, and a client must not take that as advice
		c.extra.Set("WWW-Authenticate", `Basic realm="API"`)
		return *refuseFor(c.op.product, cmp.Or(fault.Status, http.StatusUnauthorized), d24.CodeInvalidCredentials, d24.CashoutInvalidCredentials, "Invalid credentials")
	case FaultRespond429:
		c.extra.Set("Retry-After", strconv.Itoa(retryAfter))
		return *refuseFor(c.op.product, http.StatusTooManyRequests, d24.CodeVelocityCheck, d24.CashoutCouldNotMake, "Too many attempts")
	case FaultHTMLError:
		c.extra.Set("Content-Type", "text/html")
		return answer{Status: http.StatusBadGateway, Body: []byte(gatewayPage)}
	case FaultAnswer:
		if fault.Type != "" {
			c.extra.Set("Content-Type", fault.Type)
		}
		return answer{Status: fault.Status, Body: []byte(fault.Body)}
	case FaultRedirectPlain:
		status := fault.Status
		if status == 0 {
			status = http.StatusTemporaryRedirect
		}
		c.extra.Set("Location", c.env.plainURL+c.request.URL.RequestURI())
		return answer{Status: status}
	default: // the others are not without effect
		return genericError()
	}
}

// withUnknownFields adds fields to an object that no page names, of the kinds that break
// readers which expect none.
func withUnknownFields(a answer) answer {
	var object map[string]json.RawMessage
	if json.Unmarshal(a.Body, &object) != nil || object == nil {
		return a
	}
	object["added_later"] = json.RawMessage(`{"nested":[1,{"deep":null}],"text":"ação"}`)
	object["links"] = json.RawMessage(`[]`)
	object["version"] = json.RawMessage(`3.5`)
	return answer{Status: a.Status, Body: encode(object)}
}

// A tally counts what is under way.
type tally struct {
	mu   sync.Mutex
	n    int
	zero chan struct{} // closed when n is 0 again; nil when nobody waits
}

func (t *tally) Add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n += n
	if t.n == 0 && t.zero != nil {
		close(t.zero)
		t.zero = nil
	}
}

func (t *tally) Done() { t.Add(-1) }

// wait waits until nothing is under way.
func (t *tally) wait(ctx context.Context) error {
	t.mu.Lock()
	if t.n == 0 {
		t.mu.Unlock()
		return nil
	}
	if t.zero == nil {
		t.zero = make(chan struct{})
	}
	zero := t.zero
	t.mu.Unlock()
	select {
	case <-zero:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
