package target

import (
	"context"
	"errors"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/rules"
)

// Where an estimate of the clock can come from.
const (
	fromDate   = "its Date header"
	fromSearch = "a search for the X-Date that it takes"
	fromNobody = "nowhere: it sends no Date header, and cashouts carry no date"
)

// readClock estimates the clock from the Date headers of some answers, and searches it
// where they do not tell or tell something that the server itself does not keep to.
func (s *Server) readClock(ctx context.Context, answers []*exchange.Exchange) error {
	clock, ok := judge.EstimateClock(answers...)
	s.clock, s.clockSource = clock, fromDate
	problem := "sends no Date header that tells its time"
	switch {
	case !s.Has(rules.Deposits):
		if !ok {
			s.clockSource = fromNobody
		}
		return nil
	case ok:
		e, err := s.look(ctx)
		if err != nil {
			return err
		}
		if judge.Read(e).Code != int(d24.CodeInvalidDateRange) {
			return nil
		}
		problem = "refuses an X-Date of the time in its own Date header"
	}
	s.clock, s.clockSource = judge.Clock{}, fromSearch
	clock, err := s.searchClock(ctx)
	if errors.Is(err, errNoDate) {
		return s.fail("set this machine's clock right, and check the credentials",
			" %s, and takes no other within %.0f minutes of this machine's clock", problem, searchRange.Minutes())
	}
	s.clock = clock
	return err
}

// How far, and in which steps, a clock is searched: each step leaves an overlap of 2 s
// between the 5-second windows around two tries.
const (
	searchRange = 15 * time.Minute
	searchStep  = 8 * time.Second
)

// searchEdge is how far around a date that was taken the others are searched: the
// window is 10 s wide, and some servers' is wider than it should be.
const searchEdge = 20 * time.Second

// dateCut is how much X-Date may be behind the time that was meant, since it has whole
// seconds only.
const dateCut = time.Second

// errNoDate says that no date within the range was taken.
var errNoDate = errors.New("no date was taken")

// searchClock tries X-Dates further and further from our own clock until one is taken,
// and then a second at a time to both ends of what is taken: the server's clock is in
// the middle.
func (s *Server) searchClock(ctx context.Context) (judge.Clock, error) {
	for distance := time.Duration(0); distance <= searchRange; distance += searchStep {
		for _, offset := range []time.Duration{distance, -distance} {
			taken, journey, err := s.takes(ctx, offset)
			if err != nil {
				return judge.Clock{}, err
			}
			if taken {
				return s.centre(ctx, offset, journey)
			}
		}
	}
	return judge.Clock{}, errNoDate
}

// centre finds the middle of the dates that are taken around one that was.
func (s *Server) centre(ctx context.Context, offset, journey time.Duration) (judge.Clock, error) {
	var ends [2]time.Duration
	open := time.Duration(0)
	for i, step := range []time.Duration{-time.Second, time.Second} {
		end := offset
		for {
			taken, took, err := s.takes(ctx, end+step)
			if err != nil {
				return judge.Clock{}, err
			}
			journey = max(journey, took)
			if !taken {
				break
			}
			end += step
			if (end - offset).Abs() >= searchEdge {
				open += searchEdge // no end in sight: all that is known is that it is beyond
				break
			}
		}
		ends[i] = end
	}
	return judge.Clock{
		Offset: (ends[0]+ends[1])/2 - dateCut/2,
		Error:  time.Second + journey + open/2,
	}, nil
}

// takes says whether a request dated so far from our own clock is not refused for its
// date, and how long it was under way.
func (s *Server) takes(ctx context.Context, offset time.Duration) (taken bool, journey time.Duration, err error) {
	e, err := s.look(ctx, datedBy(offset))
	if err != nil {
		return false, 0, err
	}
	if isStranger(e) {
		return false, 0, s.fail("check the credentials, and this machine's address in the whitelist",
			" sends no usable Date header, and refuses a request that is signed right: %s", judge.Describe(e))
	}
	return isTaken(e), e.Timing.Total, nil
}
