package target

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

// Recorded is a client of which nothing is known but what it sent: a [Source] that makes
// nothing happen, and finds what did.
type Recorded struct {
	operations []judge.Operation
	place      string
	untroubled string // what to say of trouble that did not come about
}

// EntryLabel stands before the number in the label of what came from a recording: its
// place there, by which whoever made that finds it again.
const EntryLabel = "entry "

// OnlyAdaptersTell is why nobody knows what a client makes of an answer.
const OnlyAdaptersTell = "what the client makes of an answer is told by an adapter only"

// NewRecorded sorts exchanges into what the client set out to do. place is what they are,
// in a sentence: "the recording".
func NewRecorded(place string, exchanges []*exchange.Exchange) *Recorded {
	return &Recorded{
		operations: judge.Operations(judge.Unpacked(exchanges)),
		place:      place,
		untroubled: "it met no such trouble: run client -- CMD brings it about, with --phases plain,trouble",
	}
}

// Exercise finds a situation among what the client did.
func (r *Recorded) Exercise(_ context.Context, s Situation) (Traffic, error) {
	if s.Certificate != "" {
		return Traffic{}, &UnexercisedError{r.place + " cannot show what a client does about certificates: have it driven by run client -- CMD or --adapter"}
	}
	found := slices.DeleteFunc(slices.Clone(r.operations), func(o judge.Operation) bool { return !does(s.Does, o) })
	switch {
	case len(found) == 0:
		return Traffic{}, &UnexercisedError{fmt.Sprintf("%s has no client that %s: have it do so", r.place, unnamed(s.Does))}
	case s.Does == WorksOn:
		if worked := span(found); worked <= longEnough {
			return Traffic{}, &UnexercisedError{fmt.Sprintf("%s covers %s of work with deposits: have the client work for more than %s", r.place, worked.Round(100*time.Millisecond), longEnough)}
		}
	case s.Name != "":
		if found = saying(found, s.Name); len(found) == 0 {
			return Traffic{}, &UnexercisedError{fmt.Sprintf("%s has no person named %q: have the client %s for one", r.place, s.Name, infinitive(s.Does))}
		}
	case s.Text != "":
		if found = saying(found, s.Text); len(found) == 0 {
			return Traffic{}, &UnexercisedError{fmt.Sprintf("%s has no text that says %q: have the client %s with one", r.place, s.Text, infinitive(s.Does))}
		}
	case s.KiB > 0:
		found = slices.DeleteFunc(found, func(o judge.Operation) bool { return len(o[0].Request.Body) < s.KiB<<10 })
		if len(found) == 0 {
			return Traffic{}, &UnexercisedError{fmt.Sprintf("%s has no body of %d KiB: have the client %s with one", r.place, s.KiB, infinitive(s.Does))}
		}
	}
	if s.HTTP1 {
		if found = slices.DeleteFunc(found, func(o judge.Operation) bool { return !overHTTP1([]judge.Operation{o}) }); len(found) == 0 {
			return Traffic{}, &UnexercisedError{fmt.Sprintf("%s has nothing over HTTP/1.1: run client -- CMD with --phases trouble-http1", r.place)}
		}
	}
	switch {
	case s.Trouble == Killed:
		return Traffic{}, &UnexercisedError{r.place + " does not show where the client was killed: run client -- CMD with --phases restart"}
	case s.Trouble != "":
		if slices.Contains([]Trouble{PlainOK, UnknownFields, LargeIDs, HugeIDs}, s.Trouble) {
			return Traffic{}, &UnexercisedError{OnlyAdaptersTell}
		}
		found = slices.DeleteFunc(found, func(o judge.Operation) bool { return !slices.ContainsFunc(o, s.Trouble.befell) })
		if len(found) == 0 {
			return Traffic{}, &UnexercisedError{r.untroubled}
		}
	}
	return Traffic{Operations: found}, nil
}

// saying are the operations that have a text.
func saying(operations []judge.Operation, text string) []judge.Operation {
	return slices.DeleteFunc(operations, func(o judge.Operation) bool {
		return judge.Client{}.Says([]judge.Operation{o}, text).Outcome != judge.Holds
	})
}

// unnamed is an activity of which it is enough that it took place at all.
func unnamed(does Activity) Activity {
	if does == WorksOn {
		return WorksWithDeposits
	}
	return does
}

// infinitive is an activity after "have the client".
func infinitive(does Activity) string {
	verb, rest, _ := strings.Cut(string(does), " ")
	return strings.TrimSuffix(verb, "s") + " " + rest
}

// does says whether an operation is part of an activity.
func does(a Activity, o judge.Operation) bool {
	path, method := judge.PathOf(o[0]), o[0].Request.Method
	deposits, refunds := under(path, d24.PathDeposits), under(path, d24.PathRefunds)
	lookup := under(path, d24.PathPaymentMethods) || under(path, d24.PathExchangeRates) || under(path, d24.PathBanks) || under(path, d24.PathStates)
	switch a {
	case Works:
		return true
	case WorksWithDeposits:
		return deposits || refunds || lookup
	case WorksOn:
		return deposits || refunds
	case WorksWithCashouts:
		return under(path, d24.PathCashout)
	case CreatesDeposit:
		return method == http.MethodPost && path == d24.PathDeposits
	case AsksDeposit:
		return method == http.MethodGet && deposits
	case CreatesRefund:
		return method == http.MethodPost && path == d24.PathRefunds
	case AsksRefund:
		return method == http.MethodGet && refunds
	case LooksUp:
		return method == http.MethodGet && under(path, d24.PathPaymentMethods)
	case LooksUpRates:
		return method == http.MethodGet && under(path, d24.PathExchangeRates)
	case LooksUpBanks:
		return method == http.MethodGet && under(path, d24.PathBanks)
	case CreatesCashout:
		return method == http.MethodPost && path == d24.PathCashout
	case AsksCashout:
		return method == http.MethodPost && path == d24.PathCashoutStatus
	case HoldsCashout:
		return method == http.MethodPut && path == d24.PathCashoutStatus
	case CancelsCashout:
		return method == http.MethodDelete && path == d24.PathCashoutCancel
	case SignsDeposits, SignsCashouts, VerifiesDeposits, VerifiesCashouts: // on its own, and nobody sees it
	}
	return false
}

func under(path, endpoint string) bool {
	return path == endpoint || strings.HasPrefix(path, endpoint+"/")
}

// span is how long lies between the first request and the last.
func span(operations []judge.Operation) time.Duration {
	all := slices.Concat(operations...)
	byStart := func(a, b *exchange.Exchange) int { return a.Started.Compare(b.Started) }
	return slices.MaxFunc(all, byStart).Started.Sub(slices.MinFunc(all, byStart).Started)
}

// patience is the least time after which a lost answer looks like one that was not waited
// for: more than lostAfter, and less than most clients wait.
const patience = 2 * time.Second

// befell says whether a request met the trouble, as far as can be seen. From outside, a
// request that was not carried out looks like one whose answer was lost.
func (t Trouble) befell(e *exchange.Exchange) bool {
	switch t {
	case LosesAnswer, LosesConnection:
		return e.Response == nil
	case TimesOut:
		return e.Response == nil && e.Timing.Total >= patience
	case LosesHalf:
		return e.Response != nil && e.Response.Truncated
	case Redirected301:
		return sentToPlain(e, http.StatusMovedPermanently)
	case Redirected302:
		return sentToPlain(e, http.StatusFound)
	case Redirected307:
		return sentToPlain(e, http.StatusTemporaryRedirect)
	case Redirected308:
		return sentToPlain(e, http.StatusPermanentRedirect)
	case RefusedDate:
		return judge.IsDateRefused(e)
	case Unauthorized:
		return e.Status() == http.StatusUnauthorized
	case Forbidden:
		return e.Status() == http.StatusForbidden
	case StoredError:
		return e.Status() == http.StatusInternalServerError
	case TooMany:
		return e.Status() == http.StatusTooManyRequests
	case GatewayPage:
		return e.Status() >= http.StatusInternalServerError && strings.HasPrefix(strings.ToLower(e.Response.Header.Get(d24.HeaderContentType)), "text/html")
	case SlowAnswer:
		return e.Timing.Total >= slowFor*time.Millisecond
	case PlainOK, UnknownFields, LargeIDs, HugeIDs, Killed, KeyInUse:
	}
	return false
}

func sentToPlain(e *exchange.Exchange, status int) bool {
	return e.Status() == status && strings.HasPrefix(strings.ToLower(e.Response.Header.Get("Location")), "http:")
}
