package target

import (
	"context"
	"errors"
	"slices"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
)

// A Client is a client under test: what it was given, and where its requests come from.
type Client struct {
	Name        string
	BaseURL     string // of the server that it talks to
	Products    []rules.Product
	Credentials d24.Credentials
	Source      Source
	Arrival     judge.Arrival // of its requests; nil = they were recorded by the server
}

// ClientReadings are how a mock reads the documents for clients: as laxly as a server may. A
// client that is right in another documented way is served too.
func ClientReadings() map[string]string { return map[string]string{"AMB-03": "hmac-also"} }

// A Source is where the requests of a client come from. One that drives the client has
// it do things; one that has only seen it looks for what it did.
type Source interface {
	// Exercise returns what the client sent in a situation. An [UnexercisedError] says
	// that the situation did not come about, an [AdapterError] that no other will.
	Exercise(ctx context.Context, s Situation) (Traffic, error)
}

// An Agenda is a [Source] that wants to know beforehand what a run is about: all of these
// situations together are the work with a product.
type Agenda interface{ Expect(situations []Situation) }

// An UnexercisedError says why there is nothing to judge, and what would change that.
type UnexercisedError struct{ Reason string }

func (e *UnexercisedError) Error() string { return e.Reason }

func isUnexercised(err error) bool {
	_, ok := errors.AsType[*UnexercisedError](err)
	return ok
}

// A Traffic is what a client sent in one situation.
type Traffic struct {
	Operations []judge.Operation
	Handshakes int               // connections that were begun, with or without a request
	Control    []judge.Operation // the same over a certificate that is good
	Replies    []Reply           // what the client says came of each operation; none from traffic alone
	Asked      []Asked           // what it was told to do, and what arrived of it; the same
	Starts     []int             // where among the operations the client was started again
	Made       []judge.Count     // how much the server made of how many orders

	Beliefs []judge.Belief // of notifications that it was asked about
}

// Lives are the operations of each start of the client.
func (t *Traffic) Lives() [][]judge.Operation {
	var lives [][]judge.Operation
	begun := 0
	for _, at := range append(slices.Clone(t.Starts), len(t.Operations)) {
		if at > begun {
			lives = append(lives, t.Operations[begun:at])
		}
		begun = at
	}
	if len(lives) == 0 {
		lives = append(lives, nil)
	}
	return lives
}

// An Asked is what an adapter was told, as a line without its id, and what the client sent
// then.
type Asked struct {
	Line string
	Sent judge.Operation
}

// A Situation is what a client does, and what befalls it meanwhile.
type Situation struct {
	Does        Activity
	Name        string // of the payer or the beneficiary, and of where they live; empty = any
	Text        string // of every field of free text; empty = any
	KiB         int    // about how large the body is; 0 = as large as an order is
	HTTP1       bool   // the server speaks HTTP/1.1 only
	Trouble     Trouble
	Certificate Certificate // that the server shows; empty = the good one
}

// IsVariant says whether the situation is one that only a client that is driven can be
// brought into. Where it never came about, the same rules are judged over what did.
func (s Situation) IsVariant() bool {
	return s.KiB > 0 || s.Text != "" || s.HTTP1 || s.Trouble == Killed || s.Trouble == KeyInUse || s.Trouble == Unauthorized || s.Trouble == Forbidden ||
		s.Certificate == NotYetValid || s.Certificate == UnknownChain || s.Certificate == NotForServers
}

// A Certificate is what is wrong with a certificate, in the words of the features.
type Certificate string

// Certificates that no client may accept.
const (
	UnknownAuthority Certificate = "comes from an unknown authority"
	WrongName        Certificate = "is for another name"
	Expired          Certificate = "has expired"
	NotYetValid      Certificate = "is not valid yet"
	NotForServers    Certificate = "is for clients"
	UnknownChain     Certificate = "comes with an unknown authority's own"
)

// Certificates lists them all.
func Certificates() []Certificate {
	return []Certificate{UnknownAuthority, WrongName, Expired, NotYetValid, UnknownChain, NotForServers}
}

// shown is the certificate as the mock has it.
func (c Certificate) shown() mock.Certificate {
	return map[Certificate]mock.Certificate{
		UnknownAuthority: mock.UnknownAuthority, WrongName: mock.WrongName, Expired: mock.ExpiredCertificate, NotYetValid: mock.NotYetValid,
		UnknownChain: mock.UnknownChain, NotForServers: mock.NotForServers,
	}[c]
}

// An Activity is what a client does, in the words of the features.
type Activity string

// Activities. The first three are all that a client does with a product or both, in every
// situation that the run is about.
const (
	WorksWithDeposits Activity = "works with deposits"
	WorksWithCashouts Activity = "works with cashouts"
	Works             Activity = "works"
	WorksOn           Activity = "is still at work after 6 seconds"

	SignsDeposits    Activity = "signs deposits that it is given"
	SignsCashouts    Activity = "signs cashouts that it is given"
	VerifiesDeposits Activity = "verifies notifications of deposits and refunds"
	VerifiesCashouts Activity = "verifies notifications of cashouts"

	CreatesDeposit Activity = "creates a deposit"
	AsksDeposit    Activity = "asks for a deposit's status"
	CreatesRefund  Activity = "creates a refund"
	AsksRefund     Activity = "asks for a refund's status"
	LooksUp        Activity = "looks up payment methods"
	LooksUpRates   Activity = "looks up exchange rates"
	LooksUpBanks   Activity = "looks up banks"
	CreatesCashout Activity = "creates a cashout"
	AsksCashout    Activity = "asks for a cashout's status"
	HoldsCashout   Activity = "puts a cashout on hold"
	CancelsCashout Activity = "cancels a cashout"
)

// Activities lists them all.
func Activities() []Activity {
	return []Activity{
		WorksWithDeposits, WorksWithCashouts, Works, WorksOn,
		SignsDeposits, SignsCashouts, VerifiesDeposits, VerifiesCashouts,
		CreatesDeposit, AsksDeposit, CreatesRefund, AsksRefund, LooksUp, LooksUpRates, LooksUpBanks,
		CreatesCashout, AsksCashout, HoldsCashout, CancelsCashout,
	}
}

// A Trouble is what happens to one request, in the words of the features.
type Trouble string

// Troubles. Those of the first group leave the client in doubt of what became of its
// request; the others tell it something that it has to understand.
const (
	LosesAnswer     Trouble = "its answer is lost"
	LosesHalf       Trouble = "half of its answer is lost"
	LosesConnection Trouble = "its connection breaks before it is carried out"
	TimesOut        Trouble = "its answer takes longer than it waits"
	KeyInUse        Trouble = "its connection breaks, and the retry is told that the key is in use"
	Killed          Trouble = "it is killed before its answer and started again"

	Redirected301 Trouble = "it is redirected (301) to plain HTTP"
	Redirected302 Trouble = "it is redirected (302) to plain HTTP"
	Redirected307 Trouble = "it is redirected (307) to plain HTTP"
	Redirected308 Trouble = "it is redirected (308) to plain HTTP"
	RefusedDate   Trouble = "it is refused because of its date"
	Unauthorized  Trouble = "it is answered 401"
	Forbidden     Trouble = "it is answered 403"
	StoredError   Trouble = "it is answered 500"
	TooMany       Trouble = "it is answered 429"
	GatewayPage   Trouble = "it is answered with a page of HTML"
	PlainOK       Trouble = "it is answered 200"
	UnknownFields Trouble = "its answer has fields that nobody knows"
	SlowAnswer    Trouble = "its answer takes 10 seconds"
	LargeIDs      Trouble = "ids go on from 3000000001"
	HugeIDs       Trouble = "ids go on from 9007199254740993"
)

// Troubles lists them all.
func Troubles() []Trouble {
	return []Trouble{
		LosesAnswer, LosesHalf, LosesConnection, TimesOut, KeyInUse, Killed, Redirected301, Redirected302, Redirected307, Redirected308,
		RefusedDate, Unauthorized, Forbidden, StoredError, TooMany, GatewayPage, PlainOK, UnknownFields, SlowAnswer, LargeIDs, HugeIDs,
	}
}

// ids are from where ids go on; 0 where the trouble is another.
func (t Trouble) ids() int64 {
	switch t { //nolint:exhaustive // the others leave them alone
	case LargeIDs:
		return 3_000_000_001 // the documents' own example; more than an int of 32 bits holds
	case HugeIDs:
		return 1<<53 + 1 // the first that a float of 64 bits does not hold
	}
	return 0
}

const (
	// lostAfter is when a lost answer is lost: a retry that is made then cannot have the
	// date of the first attempt by chance, since dates count whole seconds.
	lostAfter = 1100
	// slowFor is longer than the documents' own window, and than a client should wait.
	slowFor = 10_000
	// tooSlow is when an answer is lost that a client should not have waited for. It leaves
	// two retries time within the 30 s of an operation.
	tooSlow = 12_000
)

// faults are how the mock brings the trouble about.
func (t Trouble) faults() []mock.Fault {
	switch t {
	case LosesAnswer:
		return []mock.Fault{{Kind: mock.FaultDropAfterCommit, DelayMS: lostAfter}}
	case LosesHalf:
		return []mock.Fault{{Kind: mock.FaultHalfBody, DelayMS: lostAfter}}
	case LosesConnection:
		return []mock.Fault{{Kind: mock.FaultDropBefore, DelayMS: lostAfter}}
	case TimesOut:
		return []mock.Fault{{Kind: mock.FaultDropAfterCommit, DelayMS: tooSlow}}
	case KeyInUse:
		return []mock.Fault{{Kind: mock.FaultDropBefore, DelayMS: lostAfter}, {Kind: mock.FaultKeyInUse}}
	case Redirected301:
		return []mock.Fault{{Kind: mock.FaultRedirectPlain, Status: 301}}
	case Redirected302:
		return []mock.Fault{{Kind: mock.FaultRedirectPlain, Status: 302}}
	case Redirected307:
		return []mock.Fault{{Kind: mock.FaultRedirectPlain, Status: 307}}
	case Redirected308:
		return []mock.Fault{{Kind: mock.FaultRedirectPlain, Status: 308}}
	case RefusedDate:
		return []mock.Fault{{Kind: mock.FaultRefuseDate}}
	case Unauthorized:
		return []mock.Fault{{Kind: mock.FaultRefuseCaller, Status: 401}}
	case Forbidden:
		return []mock.Fault{{Kind: mock.FaultRefuseCaller, Status: 403}}
	case StoredError:
		return []mock.Fault{{Kind: mock.FaultRespond500}}
	case TooMany:
		return []mock.Fault{{Kind: mock.FaultRespond429}}
	case GatewayPage:
		return []mock.Fault{{Kind: mock.FaultHTMLError}}
	case PlainOK:
		return []mock.Fault{{Kind: mock.FaultAnswer200}}
	case UnknownFields:
		return []mock.Fault{{Kind: mock.FaultExtraFields}}
	case SlowAnswer:
		return []mock.Fault{{Kind: mock.FaultDelayAnswer, DelayMS: slowFor}}
	case LargeIDs, HugeIDs, Killed:
	}
	return nil
}
