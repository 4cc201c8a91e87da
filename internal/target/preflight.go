package target

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/rules"
)

// An EnvironmentError says that a run cannot begin: the target cannot be reached, is
// not what it should be, or refuses a request that is right. It judges no rule.
type EnvironmentError struct {
	Text string // one sentence
	Hint string // what to do next; may be empty
}

func (e *EnvironmentError) Error() string { return e.Text }

// fail is an EnvironmentError about this server, without secrets, since a server may
// say what it was sent.
func (s *Server) fail(hint, format string, parts ...any) error {
	return &EnvironmentError{Text: s.BaseURL + s.redactor.String(fmt.Sprintf(format, parts...)), Hint: hint}
}

// clockRoundTrips is over how many answers the clock is estimated. On loopback they
// fall into the same second and leave the error at half a second, which is enough.
const clockRoundTrips = 5

// politeRate is how many requests a second a target that is not on this machine gets
// unless its configuration says otherwise.
const politeRate = 5

// unknownID is a deposit that no merchant has: asking for it creates nothing, and
// the answer still shows whether we were let in.
const unknownID = "100000000"

// Reach connects, estimates the clock and sees whether what answers is such an API.
// It creates nothing. Its errors are EnvironmentErrors, or the context's.
func (s *Server) Reach(ctx context.Context) error {
	promised := OnThisMachine(ctx, s.BaseURL)
	var answers []*exchange.Exchange
	for range clockRoundTrips {
		e, err := s.look(ctx)
		if err != nil {
			return err
		}
		if s.meet(e.Peer); promised && !s.loopback {
			return s.fail("write an address in the place of the host", " is this machine by its name, and then answers from %s", e.Peer)
		}
		answers = append(answers, e)
	}
	s.latency = median(answers)
	if !slices.ContainsFunc(answers, func(e *exchange.Exchange) bool { return judge.Read(e).JSON }) {
		return s.fail("is the base URL right, without a path behind the host?", " answers, but not like a D24 API: %s, Content-Type %q",
			judge.Describe(answers[0]), answers[0].Response.Header.Get(d24.HeaderContentType))
	}
	if err := s.readClock(ctx, answers); err != nil {
		return err
	}
	if s.Second != nil {
		return second(s.Second.Reach(ctx))
	}
	return nil
}

// median is the middle of the times that the answers took.
func median(answers []*exchange.Exchange) time.Duration {
	times := make([]time.Duration, len(answers))
	for i, e := range answers {
		times[i] = e.Timing.Total
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// second says that an error is the second environment's.
func second(err error) error {
	var environment *EnvironmentError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &environment):
		return &EnvironmentError{Text: "second environment: " + environment.Text, Hint: environment.Hint}
	}
	return fmt.Errorf("second environment: %w", err)
}

// look asks for something that does not exist, so that nothing is created.
func (s *Server) look(ctx context.Context, tampers ...merchant.Tamper) (*exchange.Exchange, error) {
	e := s.ask(ctx, func() merchant.Request {
		if s.Has(rules.Deposits) {
			return merchant.DepositStatus(unknownID)
		}
		return s.client.CashoutStatus(unknownID, "")
	}, tampers...)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if e.Failure != nil {
		return nil, s.unreachable(*e.Failure)
	}
	return e, nil
}

// Admit creates one object of each product to see that a request which is right is
// accepted at all: a target that refuses everything breaks no rule, it is not set up.
func (s *Server) Admit(ctx context.Context, orders *merchant.Orders) ([]*exchange.Exchange, error) {
	var created []*exchange.Exchange
	for _, product := range s.Products {
		e := s.ask(ctx, func() merchant.Request {
			if product == rules.Deposits {
				return merchant.CreateDeposit(orders.Deposit(admitDeposit))
			}
			return s.client.CreateCashout(orders.Cashout(admitCashout))
		})
		if err := ctx.Err(); err != nil {
			return created, err
		}
		switch answer := judge.Read(e); {
		case e.Failure != nil:
			return created, s.unreachable(*e.Failure)
		case answer.Kind == judge.Accepted:
			created = append(created, e)
		case answer.Kind == judge.Busy:
			return created, s.fail("is it in order? Try again when it is",
				" does not take a %s request that is signed and dated right: %s", product, judge.Describe(e))
		case product == rules.Cashouts && answer.Code == int(d24.CashoutInsufficientFunds):
			return created, s.fail("fill the account: create a deposit on it and approve that",
				" has no funds for a cashout of %s: %s", admitCashout, judge.Describe(e))
		default:
			return created, s.fail("check the credentials, this machine's address in the whitelist, its clock, and the account's funds",
				" refuses a %s request that is signed and dated right: %s", product, judge.Describe(e))
		}
	}
	return created, nil
}

// AdmitToObserve is [Server.Admit] for a run that may create nothing. It asks what can be
// asked without that: a target of which no call gets past who calls, and when, refuses
// everything.
func (s *Server) AdmitToObserve(ctx context.Context) error {
	var last *exchange.Exchange
	for _, r := range s.questions() {
		e := s.ask(ctx, func() merchant.Request { return r })
		if err := ctx.Err(); err != nil {
			return err
		}
		if e.Failure != nil {
			return s.unreachable(*e.Failure)
		}
		if judge.Read(e).Kind != judge.Busy && !shutsOut(e) {
			return nil
		}
		last = e
	}
	if judge.Read(last).Kind == judge.Busy {
		return s.fail("is it in order? Try again when it is", " answers none of our questions: %s", judge.Describe(last))
	}
	return s.fail("check the credentials, this machine's address in the whitelist, and its clock",
		" refuses every question that is signed and dated right: %s", judge.Describe(last))
}

// shutsOut says whether an answer is about who calls. What a gateway in front of the API
// says has no code of ours, or that of the other product.
func shutsOut(e *exchange.Exchange) bool {
	return judge.RefusesCaller(e) || e.Status() == http.StatusUnauthorized || e.Status() == http.StatusForbidden
}

// questions are what each of the credentials may ask without creating anything.
func (s *Server) questions() []merchant.Request {
	var list []merchant.Request
	if s.Has(rules.Deposits) {
		list = append(list, merchant.DepositStatus(unknownID))
		if s.Credentials.Deposits.ReadOnlyKey != "" {
			list = append(list, merchant.ReadOnly(d24.PathPaymentMethods, url.Values{"country": {merchant.Country}}))
		}
	}
	if s.Has(rules.Cashouts) {
		list = append(list, s.client.CashoutStatus(unknownID, ""))
	}
	return list
}

// What Admit asks for: small, and above the least amounts of the documents' examples.
const (
	admitDeposit d24.Amount = 100_00
	admitCashout d24.Amount = 10_00
)

// attempts is how often a request is sent in all that meets a busy server.
const attempts = 3

// ask sends a request, and a fresh one where the server is busy: under the ids of the
// first it might be refused as a duplicate. Who asks for patience (429) gets it.
func (s *Server) ask(ctx context.Context, request func() merchant.Request, tampers ...merchant.Tamper) *exchange.Exchange {
	for attempt := 1; ; attempt++ {
		r := request()
		r.Label = "preflight"
		e := s.client.Do(ctx, r, tampers...)
		if e.Response == nil || judge.Read(e).Kind != judge.Busy || attempt == attempts {
			return e
		}
		if e.Status() == http.StatusTooManyRequests && s.sleep(ctx, RetryAfter(e)) != nil {
			return e
		}
	}
}

// How long a 429 is waited out.
const (
	defaultWait = 2 * time.Second
	longestWait = time.Minute
)

// RetryAfter is how long an answer asks to be left alone: its Retry-After in seconds, at
// most a minute, and two seconds where it says nothing that can be read.
func RetryAfter(e *exchange.Exchange) time.Duration {
	seconds, err := strconv.Atoi(strings.TrimSpace(e.Response.Header.Get("Retry-After")))
	if err != nil || seconds < 0 {
		return defaultWait
	}
	return min(time.Duration(seconds)*time.Second, longestWait)
}

// Sleep waits, or returns the context's error as soon as that ends.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (s *Server) unreachable(f exchange.Failure) error {
	switch f.Kind {
	case exchange.FailureTimeout:
		return s.fail("is the address right, and does a firewall let you through? --timeout waits longer", ": no answer within %s", s.client.Timeout)
	case exchange.FailureCertificate:
		return s.fail("name the authority that signed it with D24_CA_FILE or ca_file", ": %s", f.Text)
	case exchange.FailureTLS:
		return s.fail("is the port that of HTTPS?", ": %s", f.Text)
	case exchange.FailureRefused:
		return s.fail("is the server running, and the port right?", ": %s", f.Text)
	case exchange.FailureUnreachable, exchange.FailureClosed, exchange.FailureMalformed, exchange.FailureCancelled:
	}
	return s.fail("is the base URL right?", ": %s", f.Text)
}
