package target

import (
	"context"
	"errors"

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

// A Source is where the requests of a client come from. One that drives the client has
// it do things; one that has only seen it looks for what it did.
type Source interface {
	// Exercise returns what the client sent in a situation. An [UnexercisedError] says
	// that the situation did not come about, an [AdapterError] that no other will.
	Exercise(ctx context.Context, s Situation) (Traffic, error)
}

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
	Handshakes int     // connections that were begun, with or without a request
	Replies    []Reply // what the client says came of each operation; none from traffic alone
	Asked      []Asked // what it was told to do, and what arrived of it; the same

	Beliefs []judge.Belief // of notifications that it was asked about
}

// An Asked is a line that an adapter got, but for its id, and what the client sent then.
type Asked struct {
	Line string
	Sent judge.Operation
}

// A Situation is what a client does, and what befalls it meanwhile.
type Situation struct {
	Does        Activity
	Name        string // of the payer or the beneficiary; empty = any
	Trouble     Trouble
	Certificate Certificate // that the server shows; empty = the good one
}

// A Certificate is what is wrong with a certificate, in the words of the features.
type Certificate string

// Certificates that no client may accept.
const (
	UnknownAuthority Certificate = "comes from an unknown authority"
	WrongName        Certificate = "is for another name"
	Expired          Certificate = "has expired"
)

// Certificates lists them all.
func Certificates() []Certificate { return []Certificate{UnknownAuthority, WrongName, Expired} }

// An Activity is what a client does, in the words of the features.
type Activity string

// Activities. The first three are all that a client can do with a product or both; what
// they have once come to is what they come to every time.
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
	LooksUp        Activity = "looks up payment methods"
	CreatesCashout Activity = "creates a cashout"
	AsksCashout    Activity = "asks for a cashout's status"
)

// Activities lists them all.
func Activities() []Activity {
	return []Activity{
		WorksWithDeposits, WorksWithCashouts, Works, WorksOn,
		SignsDeposits, SignsCashouts, VerifiesDeposits, VerifiesCashouts,
		CreatesDeposit, AsksDeposit, CreatesRefund, LooksUp, CreatesCashout, AsksCashout,
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

	Redirected301 Trouble = "it is redirected (301) to plain HTTP"
	Redirected302 Trouble = "it is redirected (302) to plain HTTP"
	Redirected307 Trouble = "it is redirected (307) to plain HTTP"
	Redirected308 Trouble = "it is redirected (308) to plain HTTP"
	RefusedDate   Trouble = "it is refused because of its date"
	StoredError   Trouble = "it is answered 500"
	TooMany       Trouble = "it is answered 429"
	GatewayPage   Trouble = "it is answered with a page of HTML"
	PlainOK       Trouble = "it is answered 200"
	UnknownFields Trouble = "its answer has fields that nobody knows"
	SlowAnswer    Trouble = "its answer takes 10 seconds"
	LargeIDs      Trouble = "ids are beyond 32 bits"
)

// Troubles lists them all.
func Troubles() []Trouble {
	return []Trouble{
		LosesAnswer, LosesHalf, LosesConnection, Redirected301, Redirected302, Redirected307, Redirected308,
		RefusedDate, StoredError, TooMany, GatewayPage, PlainOK, UnknownFields, SlowAnswer, LargeIDs,
	}
}

const (
	// lostAfter is when a lost answer is lost: a retry that is made then cannot have the
	// date of the first attempt by chance, since dates count whole seconds.
	lostAfter = 1100
	// slowFor is longer than the documents' own window, and than a client should wait.
	slowFor = 10_000
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
	case LargeIDs:
	}
	return nil
}
