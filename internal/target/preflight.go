package target

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
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
	var answers []*exchange.Exchange
	for range clockRoundTrips {
		e := s.look(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		if e.Failure != nil {
			return s.unreachable(e)
		}
		s.loopback = isLoopback(e.Peer)
		if !s.loopback && s.MaxRPS == 0 {
			s.client.Limit.Set(politeRate)
		}
		answers = append(answers, e)
	}
	if !slices.ContainsFunc(answers, func(e *exchange.Exchange) bool { return judge.Read(e).JSON }) {
		return &EnvironmentError{
			Text: fmt.Sprintf("%s answers, but not like a D24 API: %s, %q", s.BaseURL,
				judge.Describe(answers[0]), answers[0].Response.Header.Get(d24.HeaderContentType)),
			Hint: "is the base URL right, without a path behind the host?",
		}
	}
	clock, ok := judge.EstimateClock(answers...)
	if !ok {
		clock, ok = s.searchClock(ctx)
	}
	if !ok {
		return &EnvironmentError{
			Text: fmt.Sprintf("%s sends no Date header and takes no X-Date within 15 minutes of this machine's clock", s.BaseURL),
			Hint: "set this machine's clock right, and check the credentials",
		}
	}
	s.clock = clock
	if s.Second != nil {
		if err := s.Second.Reach(ctx); err != nil {
			return fmt.Errorf("second environment: %w", err)
		}
	}
	return nil
}

// look asks for something that does not exist, so that nothing is created.
func (s *Server) look(ctx context.Context, tampers ...merchant.Tamper) *exchange.Exchange {
	r := s.client.CashoutStatus(unknownID, "")
	if s.Has(rules.Deposits) {
		r = merchant.DepositStatus(unknownID)
	}
	r.Label = "preflight"
	return s.client.Do(ctx, r, tampers...)
}

// How far, and in which steps, a clock without a Date header is searched: each step
// leaves an overlap of 2 s between the 5-second windows around two tries.
const (
	searchRange = 15 * time.Minute
	searchStep  = 8 * time.Second
)

// searchClock tries X-Dates further and further from our own clock until one is not
// refused for its date. Cashouts carry no date, so there is nothing to know there.
func (s *Server) searchClock(ctx context.Context) (judge.Clock, bool) {
	if !s.Has(rules.Deposits) {
		return judge.Clock{}, true
	}
	for distance := time.Duration(0); distance <= searchRange; distance += searchStep {
		for _, offset := range []time.Duration{distance, -distance} {
			e := s.look(ctx, merchant.Tamper{Before: func(d *merchant.Draft) { d.SetDate(d24.FormatDate(d.Now.Add(offset))) }})
			if e.Response == nil || ctx.Err() != nil {
				return judge.Clock{}, false
			}
			if a := judge.Read(e); a.Kind == judge.Accepted || e.Response.Status == 404 || a.Code == int(d24.CodeResourceNotFound) {
				return judge.Clock{Offset: offset, Error: searchStep / 2}, true
			}
		}
	}
	return judge.Clock{}, false
}

// Admit creates one object of each product to see that a request which is right is
// accepted at all: a target that refuses everything breaks no rule, it is not set up.
func (s *Server) Admit(ctx context.Context, orders *merchant.Orders) ([]*exchange.Exchange, error) {
	var created []*exchange.Exchange
	for _, product := range s.Products {
		r := s.client.CreateCashout(orders.Cashout(1000))
		if product == rules.Deposits {
			r = merchant.CreateDeposit(orders.Deposit(10000))
		}
		r.Label = "preflight"
		e := s.client.Do(ctx, r)
		for attempt := 1; attempt < 3 && judge.Read(e).Kind == judge.Busy && ctx.Err() == nil; attempt++ {
			e = s.client.Do(ctx, r)
		}
		if err := ctx.Err(); err != nil {
			return created, err
		}
		if e.Failure != nil {
			return created, s.unreachable(e)
		}
		if judge.Read(e).Kind != judge.Accepted {
			return created, &EnvironmentError{
				Text: fmt.Sprintf("%s refuses a %s request that is signed and dated right: %s", s.BaseURL, product, judge.Describe(e)),
				Hint: "check the credentials, this machine's address in the whitelist, its clock, and the account's funds",
			}
		}
		created = append(created, e)
	}
	return created, nil
}

func (s *Server) unreachable(e *exchange.Exchange) error {
	err := &EnvironmentError{Text: fmt.Sprintf("%s: %s", s.BaseURL, e.Failure.Text)}
	switch e.Failure.Kind {
	case exchange.FailureTimeout:
		err.Text = fmt.Sprintf("%s: no answer within %s", s.BaseURL, s.client.Timeout)
		err.Hint = "is the address right, and does a firewall let you through? --timeout waits longer"
	case exchange.FailureCertificate:
		err.Hint = "name the authority that signed it with D24_CA_FILE or ca_file"
	case exchange.FailureTLS:
		err.Hint = "is the port that of HTTPS?"
	case exchange.FailureRefused:
		err.Hint = "is the server running, and the port right?"
	case exchange.FailureUnreachable, exchange.FailureClosed, exchange.FailureMalformed, exchange.FailureCancelled:
		err.Hint = "is the base URL right?"
	}
	return err
}

// isLoopback decides on the address that was dialled, since a name can point anywhere.
func isLoopback(peer string) bool {
	host, _, err := net.SplitHostPort(peer)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
