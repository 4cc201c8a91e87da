package mock

import (
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// callerFirst finds out who calls before it looks at the key: a refusal of an
// unknown caller is not a result of anybody's, and a stored "stale date" would
// answer every retry for ever (reading AMB-09).
func callerFirst(c *call, identify func(*call) *answer) answer {
	if refusal := identify(c); refusal != nil {
		return *refusal
	}
	return c.once(func() answer { return c.work() })
}

// keyFirst stores refusals of the caller too (AMB-09 store-all).
func keyFirst(c *call, identify func(*call) *answer) answer {
	return c.once(func() answer {
		if refusal := identify(c); refusal != nil {
			return *refusal
		}
		return c.work()
	})
}

// once does the work of a key one single time, and repeats its answer to everyone
// else who shows the key.
func (c *call) once(work func() answer) answer {
	rules := c.env.rules
	key, keyed := rules.key(c)
	if !keyed {
		return work()
	}
	scope, fingerprint := rules.keyScope(c, key), rules.fingerprint(c.body)
	for {
		claim := rules.claim(c, scope, fingerprint)
		switch claim.Standing {
		case store.Mine:
			return c.own(claim.Ticket, work)
		case store.Busy:
			if refusal := rules.whileBusy(c, key, claim.Done); refusal != nil {
				return *refusal
			}
			if c.ending == dropped {
				return answer{}
			}
		case store.Stored:
			if !rules.sameRequest(claim.Fingerprint, fingerprint) {
				return *keyAlreadyUsed(key)
			}
			return rules.replay(c, claim.Answer)
		}
	}
}

// own does the work as the holder of the ticket. The client's hanging up does not
// end it: nothing below looks at the request's context, so the answer is there
// when the client asks again.
func (c *call) own(ticket *store.Ticket, work func() answer) (a answer) {
	c.ticket = ticket
	defer func() {
		if p := recover(); p != nil { // a defect of ours must not leave the key taken for ever
			c.env.state.Settle(ticket, genericError(), c.now)
			panic(p) //nolint:forbidigo // goes on to answerSafely
		}
	}()
	a = work()
	if c.abandoned || !c.env.rules.storeOutcome(a) {
		c.env.state.Abandon(ticket) // no effect if the work has committed
	} else {
		c.env.state.Settle(ticket, a, c.now) // likewise
	}
	return a
}

// keyOfPost is the key of a deposits or refunds POST. On other methods, and on
// cashouts, keys have no effect (DEP-IDEM-08, reading AMB-13).
func keyOfPost(c *call) (key string, keyed bool) {
	if c.op.product != deposits || c.op.method != http.MethodPost {
		return "", false
	}
	key = c.header(d24.HeaderIdempotencyKey)
	return key, key != ""
}

// scopeByCallerAndPath: a key counts for one X-Login, one method and one path of an
// environment (reading AMB-06). Logins and paths have no newline in them: HTTP
// allows none in a header.
func scopeByCallerAndPath(c *call, key string) string {
	return c.login() + "\n" + c.op.method + " " + c.endpoint.path + "\n" + key
}

// scopeByCaller: a key counts on all paths (AMB-06 global).
func scopeByCaller(c *call, key string) string {
	return c.login() + "\n" + key
}

// login is the caller's API Key, or the one that is claimed while nobody has
// checked it.
func (c *call) login() string {
	if c.caller != nil {
		return c.caller.credentials.Deposits.APIKey
	}
	return c.header(d24.HeaderLogin)
}

// digestOfBody knows a request again by its body (AMB-05 reject).
func digestOfBody(body []byte) string {
	sum := sha256.Sum256(body)
	return string(sum[:])
}

// waitForFirst waits until the first request under the key is over; then its
// answer is there, or the work is free again (reading AMB-08). A client that stops
// waiting is let go: it has had no effect.
func waitForFirst(c *call, _ string, done <-chan struct{}) *answer {
	select {
	case <-done:
	case <-c.request.Context().Done():
		c.ending = dropped
	}
	return nil
}

// rejectSecond does not wait (AMB-08 reject).
func rejectSecond(_ *call, key string, _ <-chan struct{}) *answer { return keyAlreadyUsed(key) }

// work does what the operation does, under whatever fault was scripted for it.
func (c *call) work() answer {
	fault := c.env.faults.match(c)
	if fault == nil {
		return c.op.run(c)
	}
	c.env.log.Info("fault injected", "environment", c.env.name, "fault", fault.ID, "kind", fault.Kind)
	delay := time.Duration(fault.DelayMS) * time.Millisecond
	switch fault.Kind {
	case FaultRespond500:
		return genericError()
	case FaultDropBefore:
		c.ending, c.late, c.abandoned = dropped, delay, true
		return answer{}
	case FaultRefuseDate, FaultRefuseCaller, FaultKeyInUse, FaultRespond429, FaultHTMLError, FaultRedirectPlain, FaultAnswer:
		if delay > 0 {
			c.env.wait(delay, nil)
		}
		c.abandoned = true
		return c.withoutEffect(fault)
	case FaultDropAfterCommit:
		c.ending, c.late = dropped, delay
	case FaultHalfBody:
		c.ending, c.late = halved, delay
	case FaultDelay:
		c.env.wait(delay, nil)
	case FaultDelayAnswer:
		c.late = delay
	case FaultAnswer200:
		c.reword = func(a answer) answer {
			if a.Status == http.StatusCreated {
				a.Status = http.StatusOK
			}
			return a
		}
	case FaultExtraFields:
		c.reword = withUnknownFields
	case FaultDuplicateNotification: // strikes no request
	}
	return c.op.run(c)
}
