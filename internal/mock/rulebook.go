package mock

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/netip"
	"time"
	"unicode/utf8"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// A rulebook is every decision that the mock takes, one function each. Handlers
// read as the documented normal path and ask the rulebook; a reading of an
// ambiguity replaces entries of it before the mock starts (see readings.go), and
// so does a mutant (see mutants.go). Nothing replaces them afterwards.
type rulebook struct {
	// The way in.
	plain       func(e *environment, api string) http.Handler         // what the plain-HTTP listener does
	route       func(e *environment, path string) (*endpoint, string) // what stands under a path, and the id in it
	peer        func(r *http.Request) netip.Addr                      // whose address the whitelist is asked about
	whitelisted func(c *call, address netip.Addr) bool                // may this address call
	present     func(c *call, header http.Header, a answer) answer    // the answer as it is sent

	// Who calls.
	checks   func(op *operation)   // changes the checks of an operation; nothing, as documented
	identify func(c *call) *answer // makes those of the caller

	// Deposits.
	contentType       func(c *call) bool                           // is Content-Type as it must be
	noAuthorization   func() *answer                               // the refusal of a request without one
	parseDate         func(text string) (time.Time, error)         // X-Date
	dateFresh         func(now, date time.Time) bool               // is it inside the window
	depositsLogin     func(e *environment, login string) *merchant // X-Login
	readKey           func(e *environment, key string) *merchant   // Bearer
	depositsSignature func(m *merchant, c *call) bool              // Authorization against date, login and body

	// Cashouts.
	userAgent         func(r *http.Request) bool                   // is User-Agent as it must be
	controlSent       func(c *call) bool                           // is there one Payload-Signature
	cashoutsLogin     func(e *environment, login string) *merchant // login of the body
	cashoutsPass      func(m *merchant, pass string) bool          // pass of the body
	cashoutsBasic     func(r *http.Request, m *merchant) bool      // the same in a Basic header
	cashoutsSignature func(m *merchant, c *call) bool              // Payload-Signature against the body

	// Idempotency.
	admit        func(c *call, identify func(*call) *answer) answer // the order of caller and key
	key          func(c *call) (string, bool)                       // the key of this request, if it takes one
	keyScope     func(c *call, key string) string                   // within what a key is unique
	fingerprint  func(body []byte) string                           // what is kept of a request to know it again
	sameRequest  func(stored, current string) bool                  // is this the request that was answered
	claim        func(c *call, scope, fingerprint string) store.Claim
	whileBusy    func(c *call, key string, done <-chan struct{}) *answer // a second request while the first is under way
	storeOutcome func(a answer) bool                                     // is this answer kept under its key
	replay       func(c *call, stored answer) answer                     // what a repeated request gets
	outcome      func(c *call, a answer) answer                          // what an effect is answered with

	// Deposits.
	createdStatus     int                                                  // of a deposit creation
	wireID            func(id int64) json.RawMessage                       // a deposit or refund id
	visibleDeposit    func(c *call, tx *store.Tx, id int64) *store.Deposit // one of the caller's own
	visibleRefund     func(c *call, tx *store.Tx, id int64) *store.Refund
	invoiceUsed       func(tx *store.Tx, m *merchant, invoiceID string) bool
	ageDeposit        func(d *store.Deposit, now time.Time)    // what time alone does to it
	shownStatus       func(d *store.Deposit) d24.DepositStatus // what the status endpoint says
	depositTransition func(from, to d24.DepositStatus) bool
	fillsBalance      func(e *environment, d *store.Deposit) bool // on approval
	refundable        func(c *call, d *store.Deposit, amount d24.Amount) bool
	refundOf          func(d *store.Deposit) bool // may it be refunded at all
	refundTransition  func(from, to d24.RefundStatus) bool

	// Cashouts.
	makeCashout       func(c *call, cashout *store.Cashout) answer // id, balance and effect in one step
	externalIDUsed    func(c *call, tx *store.Tx, externalID string) bool
	enoughFunds       func(c *call, balance, amount d24.Amount) bool
	findCashout       func(c *call, tx *store.Tx) *store.Cashout // the caller's own that the request names
	cashoutTransition func(from, to d24.CashoutStatus) bool
	shownCashout      func(d24.CashoutStatus) d24.CashoutStatus // what the status endpoint says
	cashoutUpdate     func(word string) (to d24.CashoutStatus, ok bool)
	setCashout        func(tx *store.Tx, cashout *store.Cashout, to d24.CashoutStatus) // and what follows for the balance

	// Notifications.
	signNotification        func(m *merchant, made, now time.Time, body []byte, h http.Header) // of deposits and refunds
	signCashoutNotification func(m *merchant, body []byte, h http.Header)
	notificationControl     func(m *merchant, c *store.Cashout) string
	notificationTaken       func(kind d24.NotificationKind, status int) bool // does this answer end the repeats
	notificationRepeats     int                                              // after the first attempt
	notificationGap         func(repeat int) time.Duration                   // before a repeat, from 1

	bases   func(second bool) store.Bases    // first ids of an environment
	connect func(first, second *environment) // what the environments share: nothing (ENV-09)
}

// newRulebook is the documented behaviour, and where the documents are silent the
// default reading.
func newRulebook() *rulebook {
	return &rulebook{
		plain:       plainError,
		peer:        tcpPeer,
		route:       func(e *environment, path string) (*endpoint, string) { return e.routes.find(path) },
		whitelisted: func(c *call, address netip.Addr) bool { return c.env.whitelist.contains(c.op.product, address) },
		present:     withHeaders,

		checks:   func(*operation) {},
		identify: whoCalls,

		contentType:     jsonOnBodies,
		noAuthorization: func() *answer { return missingHeader(d24.HeaderAuthorization) },
		parseDate:       d24.ParseDate,
		dateFresh:       d24.InWindow,
		depositsLogin: func(e *environment, login string) *merchant {
			return e.directory.Load().byLogin[login]
		},
		readKey: func(e *environment, key string) *merchant { return e.directory.Load().byReadKey[key] },
		depositsSignature: func(m *merchant, c *call) bool {
			return utf8.Valid(c.body) &&
				m.deposits.VerifyAuthorization(c.header(d24.HeaderAuthorization), c.header(d24.HeaderDate), c.header(d24.HeaderLogin), c.body)
		},

		userAgent: func(r *http.Request) bool { return r.Header.Get(d24.HeaderUserAgent) != "" },
		controlSent: func(c *call) bool {
			return c.header(d24.HeaderPayloadSignature) != "" && !repeated(c.request, d24.HeaderPayloadSignature)
		},
		cashoutsLogin: func(e *environment, login string) *merchant { return e.directory.Load().byCashout[login] },
		cashoutsPass: func(m *merchant, pass string) bool {
			return subtle.ConstantTimeCompare([]byte(m.credentials.Cashouts.APIPassphrase), []byte(pass)) == 1
		},
		cashoutsBasic: func(*http.Request, *merchant) bool { return true },
		cashoutsSignature: func(m *merchant, c *call) bool {
			return utf8.Valid(c.body) && m.cashouts.VerifyPayload(c.header(d24.HeaderPayloadSignature), c.body)
		},

		admit:       callerFirst,
		key:         keyOfPost,
		keyScope:    scopeByCallerAndPath,
		fingerprint: func([]byte) string { return "" },
		sameRequest: func(_, _ string) bool { return true },
		claim: func(c *call, scope, fingerprint string) store.Claim {
			return c.env.state.Claim(scope, fingerprint, c.now)
		},
		whileBusy:    waitForFirst,
		storeOutcome: func(answer) bool { return true },
		replay:       func(_ *call, stored answer) answer { return stored },
		outcome:      func(_ *call, a answer) answer { return a },

		createdStatus:     http.StatusCreated,
		wireID:            numericID,
		visibleDeposit:    ownDeposit,
		visibleRefund:     ownRefund,
		invoiceUsed:       func(tx *store.Tx, m *merchant, id string) bool { return tx.DepositByInvoice(m.number, id) != nil },
		ageDeposit:        ageDeposit,
		shownStatus:       func(d *store.Deposit) d24.DepositStatus { return d.Status },
		depositTransition: depositTransition,
		fillsBalance:      func(_ *environment, d *store.Deposit) bool { return !d.Test },
		refundOf:          func(d *store.Deposit) bool { return d.Status == d24.DepositCompleted },
		refundable:        func(_ *call, d *store.Deposit, amount d24.Amount) bool { return amount <= d.Amount-d.Refunded },
		refundTransition:  refundTransition,

		externalIDUsed:    func(c *call, tx *store.Tx, id string) bool { return tx.ExternalIDUsed(c.caller.number, id) },
		makeCashout:       makeCashout,
		enoughFunds:       func(_ *call, balance, amount d24.Amount) bool { return amount <= balance },
		findCashout:       ownCashout,
		cashoutTransition: cashoutTransition,
		shownCashout:      func(status d24.CashoutStatus) d24.CashoutStatus { return status },
		cashoutUpdate:     updatedTo,
		setCashout:        setCashout,

		signNotification:        signNotification,
		signCashoutNotification: signCashoutForm,
		notificationTaken:       stopsAt,
		notificationRepeats:     4,
		notificationControl:     controlOf,
		notificationGap:         documentedGap,

		bases:   smallBases,
		connect: func(_, _ *environment) {},
	}
}

// tcpPeer is the address at the other end of the connection. No header can change
// it (reading AMB-46).
func tcpPeer(r *http.Request) netip.Addr {
	address, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return address.Addr()
}
