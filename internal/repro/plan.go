// Package repro turns what a failed scenario did into a shell script that does it again.
//
// # Why not the requests themselves
//
// A signature is good for five seconds and an idempotency key for once, so a request that
// is printed is dead before it is pasted. The script has the recipe of each request: its
// date as a distance from now, its ids and keys made anew, what to sign and under which
// key, the names of the secrets instead of their values, and ids of the target as they
// come.
//
// # From bytes to recipe
//
// A [Plan] holds the requests as they were sent, with the drafts they were made of. The
// recipe is found by looking: a value that is a credential, or one with its last character
// changed, is written as that; digits that are the signature of what was signed, or one of
// the usual mistakes with it, are written as the command that makes them. What cannot be
// explained so is an [ErrNoRecipe], never a stale value: the script then says why it
// proves nothing.
//
// # Of a client
//
// What a client sent is in exchanges.jsonl, byte for byte but for its secrets. A script of
// a [Recorded] fault looks there: it puts the secrets back, works out the signature with
// openssl, and judges the requests again, those of the run or those of a later one.
//
// # Of a receiver
//
// What a receiver does is judged by what it releases, and there is one judge of that: a
// [Rerun] has d24conform run the rule's scenarios once more.
//
// # What a script needs
//
// A POSIX shell with its utilities, openssl, and curl (7.68 or later) where it sends
// something. common.sh stands in the head of each, the others behind it, and they are
// written to be read.
package repro

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
)

// A Plan is what a scenario did up to the sentence that did not hold.
type Plan struct {
	Fault

	First                   Environment
	Second                  *Environment // nil without one
	Run                     string       // our ids begin with d24c-<Run>-
	ClockOffset, ClockError time.Duration
	Commands                map[string][]string // the target's hooks; nil = the mock's management API
	SecondCommands          map[string][]string // likewise those of its second environment
	Acts                    []Act
	Checks                  []Check
}

// A Fault is what a script is about.
type Fault struct {
	Rule, Says, Fix      string
	Scenario, Place      string
	Step, Expected, Seen string
	Impossible           string // why no script can show it; empty when one can
}

// An Environment is where requests go, and who we are there.
type Environment struct {
	BaseURL, PlainHTTPURL string
	Credentials           d24.Credentials
}

// An Act is a call or a hook.
type Act struct {
	Call *Call
	Hook *Hook
}

// A Call is one request as it was sent.
type Call struct {
	Exchange  *exchange.Exchange
	Part      string // control, probe, setup, retry …
	Draft     *merchant.Draft
	From      string         // address that it was sent from, or URL of a proxy; empty = as the system likes
	AtOnce    int            // calls with the same number were sent together; 0 = alone
	Abandoned bool           // hung up on as soon as it was written
	Moved     *time.Duration // how far its date is meant to be from the server's clock
}

// A Hook is something that the target was made to do.
type Hook struct {
	Name      string
	Arguments []string // in the order of the hook's parameters
	Second    bool     // the second environment's
	Undo      bool     // done at the end of the script, however it ends
}

// A Check is a sentence about the answers, by the name of its function in lib.sh.
type Check struct {
	Name  string
	Calls []*exchange.Exchange
	Words []string // codes, a status, an id of ours or of the target
	First bool     // the words stand before the calls
}

// RefersTo says whether an act needs the object that a call made: by the target's id for
// it, or by ours.
func (a Act) RefersTo(maker *Call, id string) bool {
	if a.Hook != nil {
		return slices.Contains(a.Hook.Arguments, id)
	}
	body := string(a.Call.Draft.Body)
	for _, found := range idFields.FindAllStringSubmatch(body, -1) {
		if found[1] == id {
			return true
		}
	}
	for _, found := range ownIDFields.FindAllStringSubmatch(string(maker.Draft.Body), -1) {
		if strings.Contains(body, `"`+found[1]+`"`) {
			return true
		}
	}
	return strings.HasSuffix(strings.TrimSuffix(a.Call.Draft.Path, "/"), "/"+id)
}

// The fields of a body that hold an id of the target, and one of ours.
var (
	idFields    = regexp.MustCompile(`"(?:deposit|refund|cashout)_id":\s*"?([^",}\s]+)`)
	ownIDFields = regexp.MustCompile(`"(?:invoice|external)_id":\s*"([^"]+)"`)
)
