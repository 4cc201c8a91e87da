package mock

import (
	"net/http"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// A check is one condition on a request. Each operation lists its checks in the order in
// which they are made, so that a mutant can change one of them by its name.
type check struct {
	name   string
	refuse func(c *call) *answer // nil when the condition holds
}

// meets makes the checks in their order and returns the first refusal.
func (c *call) meets(checks []check) *answer {
	for i := range checks {
		if refusal := checks[i].refuse(c); refusal != nil {
			return refusal
		}
	}
	return nil
}

// A subject is what a business check looks at. It is set inside the store's critical
// section, and means nothing outside of it.
type subject struct {
	tx      *store.Tx
	invoice string         // of the deposit that is made
	deposit *store.Deposit // that is refunded
	amount  d24.Amount     // of the refund
	cashout *store.Cashout // that is made or moved
	to      d24.CashoutStatus
}

// arrivalChecks are made of every request, before anybody asks who calls.
func arrivalChecks() []check {
	return []check{{"address", fromListedAddress}}
}

// signedChecks find out who sent a deposits request: headers there and well-formed, then
// login, date and signature (reading AMB-45).
func signedChecks() []check {
	return []check{
		{"authorization", authorizationSent},
		{"authorization-form", authorizationForm},
		{"login-header", loginSent},
		{"date-header", dateSent},
		{"date-form", dateForm},
		{"content-type-header", contentTypeSent},
		{"content-type", contentTypeRight},
		{"key-blank", keyNotBlank},
		{"login", loginKnown},
		{"date-fresh", dateFresh},
		{"signature", signatureRight},
	}
}

// readOnlyChecks find out who sent a read-only request.
func readOnlyChecks() []check {
	return []check{
		{"authorization", authorizationOnce},
		{"content-type", contentTypeRight},
		{"key", readOnlyKeyKnown},
	}
}

// cashoutChecks find out who sent a cashouts request. Its login stands in the body, so
// the body is parsed before the signature over it can be checked; what else is wrong
// with the body is said only to a known caller.
func cashoutChecks() []check {
	return []check{
		{"content-type", cashoutContentType},
		{"user-agent", userAgentSent},
		{"control", controlSent},
		{"body", cashoutParsed},
		{"login-sent", cashoutsLoginSent},
		{"login", cashoutsLoginKnown},
		{"pass-sent", cashoutsPassSent},
		{"pass", cashoutsPassRight},
		{"basic", cashoutsBasicRight},
		{"signature", controlRight},
	}
}

func fromListedAddress(c *call) *answer {
	if rules := c.env.rules; rules.whitelisted(c, rules.peer(c.request)) {
		return nil
	}
	return refuseFor(c.op.product, http.StatusUnauthorized, d24.CodeInvalidIP, d24.CashoutUnregisteredIP, "Unregistered IP address")
}

func authorizationSent(c *call) *answer {
	if c.header(d24.HeaderAuthorization) == "" {
		return c.env.rules.noAuthorization()
	}
	return nil
}

func authorizationForm(c *call) *answer {
	if values := c.request.Header[d24.HeaderAuthorization]; len(values) > 1 || schemeIs(values[0], "Basic") {
		return missingHeader(d24.HeaderAuthorization)
	}
	return nil
}

func loginSent(c *call) *answer {
	if values := c.request.Header[d24.HeaderLogin]; len(values) != 1 || values[0] == "" {
		return missingHeader(d24.HeaderLogin)
	}
	return nil
}

func dateSent(c *call) *answer {
	if !c.sends(d24.HeaderDate) {
		return missingHeader(d24.HeaderDate)
	}
	return nil
}

func dateForm(c *call) *answer {
	values := c.request.Header[d24.HeaderDate]
	if len(values) == 1 {
		date, err := c.env.rules.parseDate(values[0])
		if err == nil {
			c.date = date
			return nil
		}
	}
	return missingHeader(d24.HeaderDate)
}

func contentTypeSent(c *call) *answer {
	if len(c.body) > 0 && !c.sends(d24.HeaderContentType) {
		return missingHeader(d24.HeaderContentType)
	}
	return nil
}

func contentTypeRight(c *call) *answer {
	if !c.env.rules.contentType(c) {
		return missingHeader(d24.HeaderContentType)
	}
	return nil
}

// keyNotBlank looks at the key of a POST: it is there once and is no white space, or it
// is not there at all.
func keyNotBlank(c *call) *answer {
	key, sent := c.request.Header[d24.HeaderIdempotencyKey]
	switch {
	case !sent || c.request.Method != http.MethodPost:
		return nil
	case len(key) > 1:
		return missingHeader(d24.HeaderIdempotencyKey)
	case strings.TrimSpace(key[0]) == "":
		return refuse(http.StatusBadRequest, d24.CodeEmptyHeaderValue, "Empty value of header: "+d24.HeaderIdempotencyKey)
	}
	return nil
}

func loginKnown(c *call) *answer {
	if c.caller = c.env.rules.depositsLogin(c.env, c.header(d24.HeaderLogin)); c.caller == nil {
		return unknownLogin()
	}
	return nil
}

func dateFresh(c *call) *answer {
	if !c.env.rules.dateFresh(c.now, c.date) {
		return refuse(http.StatusBadRequest, d24.CodeInvalidDateRange, "X-Date is out of the valid range")
	}
	return nil
}

func signatureRight(c *call) *answer {
	if !c.env.rules.depositsSignature(c.caller, c) {
		return invalidSignature()
	}
	return nil
}

func authorizationOnce(c *call) *answer {
	if c.header(d24.HeaderAuthorization) == "" || repeated(c.request, d24.HeaderAuthorization) {
		return missingHeader(d24.HeaderAuthorization)
	}
	return nil
}

// readOnlyKeyKnown takes the read-only key and nothing else. Its refusal has no type, as
// in the example of the currency exchange page.
func readOnlyKeyKnown(c *call) *answer {
	if key, bearer := strings.CutPrefix(c.header(d24.HeaderAuthorization), d24.BearerScheme); bearer {
		c.caller = c.env.rules.readKey(c.env, key)
	}
	if c.caller == nil {
		a := respond(http.StatusUnauthorized, d24.DepositError{Code: d24.CodeInvalidCredentials, Description: "Invalid credentials"})
		return &a
	}
	return nil
}

func cashoutContentType(c *call) *answer {
	if !c.env.rules.contentType(c) {
		return invalid(d24.CashoutInvalidParameter, "Content-Type: Invalid or missing Content-Type")
	}
	return nil
}

func userAgentSent(c *call) *answer {
	if !c.env.rules.userAgent(c.request) {
		return invalid(d24.CashoutInvalidParameter, "User-Agent: Invalid or missing User-Agent")
	}
	return nil
}

func controlSent(c *call) *answer {
	if !c.env.rules.controlSent(c) {
		return invalidControl()
	}
	return nil
}

func cashoutParsed(c *call) *answer {
	body, ok := parseCashout(c.body)
	if !ok {
		return refuseCashout(http.StatusBadRequest, d24.CashoutInvalidBody, "Invalid request body")
	}
	c.cashout = body
	return nil
}

// cashoutsLoginSent and cashoutsPassSent refuse a body without the field; one whose field
// is empty goes on to be compared.
func cashoutsLoginSent(c *call) *answer {
	if c.cashout.Login == "" && !hasField(c.body, "login") {
		return unknownCashoutsCaller()
	}
	return nil
}

func cashoutsLoginKnown(c *call) *answer {
	if c.caller = c.env.rules.cashoutsLogin(c.env, c.cashout.Login); c.caller == nil {
		return unknownCashoutsCaller()
	}
	return nil
}

func cashoutsPassSent(c *call) *answer {
	if c.cashout.Pass == "" && !hasField(c.body, "pass") {
		return unknownCashoutsCaller()
	}
	return nil
}

func cashoutsPassRight(c *call) *answer {
	if !c.env.rules.cashoutsPass(c.caller, c.cashout.Pass) {
		return unknownCashoutsCaller()
	}
	return nil
}

func cashoutsBasicRight(c *call) *answer {
	if !c.env.rules.cashoutsBasic(c.request, c.caller) {
		return unknownCashoutsCaller()
	}
	return nil
}

func controlRight(c *call) *answer {
	if !c.env.rules.cashoutsSignature(c.caller, c) {
		return invalidControl()
	}
	return nil
}

// invoiceUnused is the business check of a deposit.
func invoiceUnused(c *call) *answer {
	if id := c.about.invoice; id != "" && c.env.rules.invoiceUsed(c.about.tx, c.caller, id) {
		return refuse(http.StatusConflict, d24.CodeInvoiceAlreadyUsed, "Invoice already used: "+id)
	}
	return nil
}

// The business checks of a refund.
func depositCompleted(c *call) *answer {
	if !c.env.rules.refundOf(c.about.deposit) {
		return invalidRefund("the deposit is not COMPLETED")
	}
	return nil
}

func refundLeft(c *call) *answer {
	if c.about.amount <= 0 || !c.env.rules.refundable(c, c.about.deposit, c.about.amount) {
		return invalidRefund("Amount to refund not valid")
	}
	return nil
}

// The business checks of a cashout.
func externalIDUnused(c *call) *answer {
	if c.env.rules.externalIDUsed(c, c.about.tx, c.about.cashout.ExternalID) {
		return externalIDTaken()
	}
	return nil
}

func fundsEnough(c *call) *answer {
	if !c.env.rules.enoughFunds(c, c.about.tx.Balance(c.caller.number), c.about.cashout.Amount) {
		return insufficientFunds()
	}
	return nil
}

// transitionAllowed is the business check of a change of a cashout's status.
func transitionAllowed(refusal func() *answer) func(c *call) *answer {
	return func(c *call) *answer {
		if c.env.rules.cashoutTransition(c.about.cashout.Status, c.about.to) {
			return nil
		}
		return refusal()
	}
}
