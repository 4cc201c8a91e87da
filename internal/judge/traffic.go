package judge

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/mistakes"
)

// A Server judges what a server answered to traffic that nobody made up for it. Only what
// such traffic proves by itself is told: that it accepted what it must not, or that two
// answers contradict each other. A refusal proves nothing without the same request
// accepted, and is [Unseen].
type Server struct{ Credentials d24.Credentials }

// A Passage is one sentence about a server whose traffic passes by.
type Passage struct {
	Says  string
	Rules []string // ids of the rules that it judges
	Judge func(s Server, exchanges []*exchange.Exchange) Finding
}

// Together are the sentences that can be broken by requests of which each is in order.
func Together() []Sentence {
	return []Sentence{
		Client.StaysOnHTTPS, Client.DatesEach, Client.KeysForOneOperation, Client.KeysAreRandom, Client.RetriesSafely,
	}
}

// Passages are all that can be told of a server in passing.
func Passages() []Passage {
	return []Passage{
		{"a deposits request without Authorization is not accepted", []string{"DEP-SEC-03"}, Server.DeclinesUnsigned},
		{"a deposits request with a wrong signature is not accepted", []string{"DEP-SIG-03"}, Server.DeclinesWrongSignature},
		{"a deposits request with an old or an early date is not accepted", []string{"DEP-DATE-03"}, Server.DeclinesStale},
		{"a retry of a deposit creates no second one", []string{"DEP-IDEM-01", "DEP-IDEM-02"}, Server.CreatesDepositOnce},
		{"a retry of a refund creates no second one", []string{"DEP-IDEM-01"}, Server.CreatesRefundOnce},
		{"a retry with the same key and body is answered as the first time", []string{"DEP-IDEM-04", "DEP-IDEM-05"}, Server.RepeatsAnswers},
		{"answers of deposits are JSON", []string{"DEP-CT-01"}, Server.AnswersJSON},
		{"a cashouts request without Payload-Signature is not accepted", []string{"CASH-SEC-03", "CASH-SIG-01"}, Server.DeclinesUnsignedCashout},
		{"a cashouts request with a wrong Payload-Signature is not accepted", []string{"CASH-SIG-02"}, Server.DeclinesWrongPayloadSignature},
		{"an external_id is not accepted twice", []string{"CASH-EXT-01"}, Server.TakesExternalIDOnce},
	}
}

// Unpacked are exchanges with the answers that came as gzip as they were before that.
func Unpacked(exchanges []*exchange.Exchange) []*exchange.Exchange {
	list := slices.Clone(exchanges)
	for i, e := range list {
		if !isPacked(e) {
			continue
		}
		if body, err := gunzip(e.Response.Body); err == nil {
			answer, unpacked := *e.Response, *e
			answer.Body, unpacked.Response = body, &answer
			list[i] = &unpacked
		}
	}
	return list
}

// isPacked says whether an answer's body cannot be read as it is. Browsers' recordings
// unpack the body and keep the header that says how it was packed.
func isPacked(e *exchange.Exchange) bool {
	return e.Response != nil && len(e.Response.Body) > 0 && e.Response.Header.Get("Content-Encoding") != "" && !json.Valid(e.Response.Body)
}

// maxUnpacked is as much as the proxy keeps of an answer that is not packed.
const maxUnpacked = 1 << 20

func gunzip(body []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	unpacked, err := io.ReadAll(io.LimitReader(reader, maxUnpacked+1))
	if len(unpacked) > maxUnpacked {
		return nil, fmt.Errorf("more than %d bytes", maxUnpacked)
	}
	return unpacked, err
}

// declines judges that no request with a fault was accepted.
func declines(exchanges []*exchange.Exchange, faulty pick, what string, fault check) Finding {
	var met []*exchange.Exchange
	for _, e := range exchanges {
		if !faulty(e) {
			continue
		}
		if text := fault(e); text != "" {
			if Read(e).Kind == Accepted {
				return broken("refused", Describe(e)+", to "+name(e)+": "+text, e)
			}
			met = append(met, e)
		}
	}
	if len(met) == 0 {
		return unseen(what)
	}
	return unseen(fmt.Sprintf("%s that was accepted: %d were not, which proves nothing without the same request accepted where it is right", what, len(met)))
}

// DeclinesUnsigned judges that nothing is accepted without Authorization.
func (Server) DeclinesUnsigned(exchanges []*exchange.Exchange) Finding {
	return declines(exchanges, isDeposits, "a deposits request without Authorization", lacking(d24.HeaderAuthorization))
}

// DeclinesUnsignedCashout judges that no cashout is accepted without Payload-Signature.
func (Server) DeclinesUnsignedCashout(exchanges []*exchange.Exchange) Finding {
	return declines(exchanges, isCashout, "a cashouts request without Payload-Signature", lacking(d24.HeaderPayloadSignature))
}

// DeclinesWrongSignature judges that no deposits request is accepted whose signature is
// not over its bytes. How a right digest is written is open (AMB-18, AMB-19).
func (s Server) DeclinesWrongSignature(exchanges []*exchange.Exchange) Finding {
	if f, lacks := lacksAny(s.Credentials, []string{d24.EnvDepositsAPIKey, d24.EnvDepositsAPISignature}); lacks {
		return f
	}
	ours := func(e *exchange.Exchange) bool {
		return e.Request.Header.Get(d24.HeaderLogin) == s.Credentials.Deposits.APIKey
	}
	return declines(exchanges, both(isDepositSigned, ours), "a deposits request with a wrong signature", s.wrongSignature)
}

// DeclinesWrongPayloadSignature judges the same of cashouts.
func (s Server) DeclinesWrongPayloadSignature(exchanges []*exchange.Exchange) Finding {
	if f, lacks := lacksAny(s.Credentials, []string{d24.EnvCashoutsAPIKey, d24.EnvCashoutsAPISignature}); lacks {
		return f
	}
	ours := func(e *exchange.Exchange) bool {
		login, _ := bodyCredentials(e)
		return login == s.Credentials.Cashouts.APIKey
	}
	return declines(exchanges, both(isCashoutSigned, ours), "a cashouts request with a wrong Payload-Signature", s.wrongSignature)
}

// wrongSignature looks for the mistake only where it matters, since that takes its time.
func (s Server) wrongSignature(e *exchange.Exchange) string {
	right := d24.NewKey(s.Credentials.Deposits.APISignature).VerifyAuthorization(
		e.Request.Header.Get(d24.HeaderAuthorization), e.Request.Header.Get(d24.HeaderDate), e.Request.Header.Get(d24.HeaderLogin), e.Request.Body)
	if isCashout(e) {
		right = d24.NewKey(s.Credentials.Cashouts.APISignature).VerifyPayload(e.Request.Header.Get(d24.HeaderPayloadSignature), e.Request.Body)
	}
	switch {
	case right:
		return ""
	case Read(e).Kind != Accepted:
		return "the signature is wrong"
	}
	if d := (Client{Credentials: s.Credentials}).diagnose(e); d.About != mistakes.Nothing {
		return told(d)
	}
	return ""
}

// DeclinesStale judges that no request is accepted whose date is out of the window by
// every reading (AMB-14). The server's clock is read from the answer's own Date, which
// was written between the request and the answer, and is cut to a second.
func (Server) DeclinesStale(exchanges []*exchange.Exchange) Finding {
	return declines(exchanges, isSigned, "a deposits request with a date out of the window", func(e *exchange.Exchange) string {
		now, told := dateOf(e)
		date, err := d24.ParseDate(e.Request.Header.Get(d24.HeaderDate))
		if !told || err != nil {
			return ""
		}
		old, early := now.Add(-e.Timing.Total).Sub(date), date.Sub(now.Add(time.Second))
		switch {
		case old >= SurelyStale:
			return fmt.Sprintf("X-Date is at least %s older than the answer's Date", old.Round(time.Second))
		case early >= SurelyStale:
			return fmt.Sprintf("X-Date is at least %s ahead of the answer's Date", early.Round(time.Second))
		}
		return ""
	})
}

// CreatesDepositOnce judges that one key never makes two deposits, whatever body comes
// with it (AMB-04, AMB-05).
func (s Server) CreatesDepositOnce(exchanges []*exchange.Exchange) Finding {
	return s.createsOnce(exchanges, d24.PathDeposits, "a deposit")
}

// CreatesRefundOnce judges the same of refunds.
func (s Server) CreatesRefundOnce(exchanges []*exchange.Exchange) Finding {
	return s.createsOnce(exchanges, d24.PathRefunds, "a refund")
}

func (Server) createsOnce(exchanges []*exchange.Exchange, endpoint, what string) Finding {
	var retried []*exchange.Exchange
	first := map[string]*exchange.Exchange{}
	for _, e := range exchanges {
		id := Read(e).ObjectID
		if !isCreation(e) || path(e) != endpoint || keyOf(e) == "" || id == "" {
			continue
		}
		before := first[scope(e)]
		switch {
		case before == nil:
			first[scope(e)] = e
		case Read(before).ObjectID != id:
			return broken("one key, one object", Describe(before)+", and "+Describe(e)+" under the same key", before, e)
		default:
			retried = append(retried, before, e)
		}
	}
	if len(retried) == 0 {
		return unseen("a retry with the key of " + what + " that was made")
	}
	return holds(retried...)
}

// scope is where a key means the same thing (AMB-06): for one merchant, at one endpoint.
func scope(e *exchange.Exchange) string {
	return e.Request.Header.Get(d24.HeaderLogin) + " " + path(e) + " " + keyOf(e)
}

// RepeatsAnswers judges that a retry gets the answer that was stored, status and body.
// One that meets the first request in flight may be told otherwise (AMB-08).
func (Server) RepeatsAnswers(exchanges []*exchange.Exchange) Finding {
	var repeated []*exchange.Exchange
	stored := map[string]*exchange.Exchange{}
	inTurn := slices.Clone(exchanges)
	slices.SortStableFunc(inTurn, func(a, b *exchange.Exchange) int { return a.Started.Compare(b.Started) })
	for _, e := range inTurn {
		if !isCreation(e) || keyOf(e) == "" || !isWhole(e) || isPacked(e) {
			continue
		}
		first := stored[scope(e)]
		switch {
		case first == nil && Read(e).JSON && !isTransient(e) && !isKeyInUse(e) && !RefusesCaller(e):
			stored[scope(e)] = e
			continue
		case first == nil || !bytes.Equal(first.Request.Body, e.Request.Body) || e.Started.Before(first.Ended()):
			continue
		}
		switch f := Replays(first, e); f.Outcome {
		case Broken:
			return f
		case Holds:
			repeated = append(repeated, first, e)
		case Unclear, Unseen:
		}
	}
	if len(repeated) == 0 {
		return unseen("a retry with the key and the body of a request that was answered")
	}
	return holds(repeated...)
}

// AnswersJSON judges that answers of deposits are JSON. Redirects have no body to speak of.
func (Server) AnswersJSON(exchanges []*exchange.Exchange) Finding {
	var fine []*exchange.Exchange
	for _, e := range exchanges {
		if !isDeposits(e) || redirection(e) != "" || isPacked(e) || e.Response == nil {
			continue
		}
		switch f := IsJSON(e); f.Outcome {
		case Broken:
			return f
		case Holds:
			fine = append(fine, e)
		case Unclear, Unseen:
		}
	}
	if len(fine) == 0 {
		return unseen("an answer of deposits that can be read")
	}
	return holds(fine...)
}

// TakesExternalIDOnce judges that a merchant's external_id makes one cashout. It is
// unique for ever, and a second use is never a replay (AMB-40).
func (Server) TakesExternalIDOnce(exchanges []*exchange.Exchange) Finding {
	taken := map[string]*exchange.Exchange{}
	for _, e := range exchanges {
		id := requestField(e, "external_id")
		if path(e) != d24.PathCashout || id == "" || Read(e).Kind != Accepted {
			continue
		}
		login, _ := bodyCredentials(e)
		before := taken[login+" "+id]
		if before != nil {
			return broken("refused: the external_id is used", Describe(e)+", after "+Describe(before), before, e)
		}
		taken[login+" "+id] = e
	}
	return unseen("an external_id that was accepted twice: one that is refused proves nothing without the same cashout accepted with another")
}
