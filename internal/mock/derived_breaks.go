package mock

import (
	"net/http"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// brokenBy are the rules that an operation breaks without one of its checks: the table
// from checks to rules, and the only place where it stands. A check that no rule demands
// has a reason instead, see [Equivalents].
//
// A check that is made after the effect, in one environment only, or not with a trailing
// slash breaks the same rules, and see [derivedOperation.brokenWhen].
func (op derivedOperation) brokenBy(checkName string) []string {
	if op.name == "states" {
		return nil
	}
	rules := map[string]map[string][]string{
		"signed": {
			"address":             {"DEP-SEC-04", "DEP-IP-01", "PANEL-08", "ENV-12"},
			"authorization":       {"DEP-SEC-03", "DEP-HDR-01", "DEP-HDR-02"},
			"login-header":        {"DEP-HDR-01", "DEP-HDR-03"},
			"date-header":         {"DEP-HDR-01", "DEP-DATE-01"},
			"date-form":           {"DEP-HDR-04", "DEP-DATE-01", "DEP-HDR-01"},
			"content-type-header": {"DEP-HDR-01", "DEP-HDR-05"},
			"content-type":        {"DEP-CT-02", "DEP-HDR-01", "DEP-HDR-05"},
			"login":               {"DEP-AUTH-06", "ENV-11"},
			"date-fresh":          {"DEP-DATE-02", "DEP-DATE-03"},
			"signature":           {"DEP-AUTH-01", "DEP-SIG-01", "DEP-SIG-02", "DEP-SIG-03", "DEP-SIG-04", "DEP-SEC-03", "DEP-HDR-01", "DEP-HDR-02", "ENV-11"},
			"completed":           {"DEP-REF-01"},
			"amount":              {"DEP-REF-02"},
		},
		"read-only": {
			"address":       {"DEP-SEC-04", "DEP-IP-01", "PANEL-08", "ENV-12"},
			"authorization": {"DEP-SEC-03"},
			"key":           {"DEP-SEC-03", "DEP-AUTH-03", "ENV-11"},
		},
		"cashouts": {
			"address":     {"CASH-SEC-04", "CASH-IP-01", "PANEL-07", "ENV-12"},
			"control":     {"CASH-SEC-03", "CASH-SIG-01", "CASH-HDR-01"},
			"login-sent":  {"CASH-AUTH-06"},
			"login":       append(foreignCashoutsCredentials(), "CASH-AUTH-06", "ENV-11"),
			"pass-sent":   {"CASH-AUTH-06"},
			"pass":        append(foreignCashoutsCredentials(), "CASH-AUTH-06", "ENV-11"),
			"signature":   append(foreignCashoutsCredentials(), "CASH-SIG-02", "CASH-SIG-03", "CASH-SIG-04", "ENV-11"),
			"external-id": {"CASH-EXT-01"},
			"funds":       {"CASH-BAL-01"},
			"transition":  {"CASH-STAT-02"},
		},
	}
	broken := slices.Clone(rules[op.kind()][checkName])
	switch {
	case checkName == "signature" && op.keyed():
		broken = append(broken, "DEP-AUTH-02")
	case op.name == "cashout-cancel" && checkName == "transition":
		broken = []string{"CASH-STAT-01"}
	case op.method == http.MethodGet && (checkName == "content-type" || checkName == "content-type-header"):
		return nil // no body, no type
	}
	return broken
}

// brokenWhen are the rules that an operation breaks which neglects one of its checks in a
// way: besides its own, those of the money that moves all the same.
func (op derivedOperation) brokenWhen(checkName, way string) []string {
	broken := op.brokenBy(checkName)
	everywhere := way == "left-out" || way == "in-the-first-environment"
	switch {
	case op.name == "cashout" && way == "after-the-effect" && !slices.Contains(op.businessNames(), checkName):
		return append(broken, "CASH-BAL-01") // refused cashouts take from the balance
	case op.name == "cashout" && checkName == "funds" && everywhere:
		return append(broken, "CASH-EXT-01", "ENV-09", "PANEL-09") // what was refused is accepted, and named
	case op.name == "cashout" && checkName == "funds" && way == "in-the-second-environment":
		return append(broken, "ENV-09")
	case op.name == "cashout-cancel" && checkName == "transition" && (everywhere || way == "after-the-effect"):
		return append(broken, "CASH-BAL-01", "CASH-STAT-02")
	case op.name == "refund" && checkName == "completed" && way == "after-the-effect":
		return append(broken, "DEP-IDEM-04")
	case op.name == "refund" && checkName == "amount" && way == "in-the-second-environment":
		return append(broken, "ENV-09", "ENV-10")
	case op.name == "refund" && checkName == "amount" && everywhere:
		return append(broken, brokenWithoutRefundSum()...)
	}
	return broken
}

// brokenWithoutRefundSum are the rules, besides its own, that a server breaks whose sum of
// refunds is wrong: what can still be refunded tells whether a refund was made twice, too
// early or in the other environment.
func brokenWithoutRefundSum() []string {
	return []string{
		"DEP-IDEM-01", "DEP-IDEM-02", "DEP-IDEM-04", "DEP-IDEM-05", "DEP-IDEM-07", "DEP-REF-01", "ENV-09", "ENV-10",
	}
}

func (op derivedOperation) businessNames() []string {
	names := make([]string, len(op.business))
	for i, each := range op.business {
		names[i] = each.name
	}
	return names
}

// foreignCashoutsCredentials are the rules that one sentence each says of the three
// credentials of cashouts, and that share their scenarios.
func foreignCashoutsCredentials() []string {
	return []string{"CASH-AUTH-01", "CASH-AUTH-02", "CASH-AUTH-03", "CASH-AUTH-04"}
}

// brokenByPlainHTTP are the rules that an operation breaks over plain HTTP.
func (op derivedOperation) brokenByPlainHTTP() []string {
	if op.product == cashouts {
		return []string{"CASH-SEC-01", "CASH-SEC-02"}
	}
	return []string{"DEP-SEC-01", "DEP-SEC-02"}
}

// brokenByForgottenKey are the rules that an operation breaks which does again what it has
// done under a key.
func (op derivedOperation) brokenByForgottenKey() []string {
	if op.name == "refund" {
		return []string{"DEP-IDEM-01", "DEP-IDEM-07"}
	}
	return []string{"DEP-IDEM-01"}
}

// brokenByConfusedKeys are the rules that an operation breaks which takes two keys for one.
func (op derivedOperation) brokenByConfusedKeys() []string {
	if op.name == "refund" {
		return []string{"DEP-IDEM-07"}
	}
	return []string{"DEP-IDEM-03"}
}

// brokenByMove are the rules that an operation breaks which moves a cashout out of a status
// that it does not leave.
func brokenByMove(op derivedOperation, from d24.CashoutStatus, how string) []string {
	broken := op.brokenBy("transition")
	if op.name != "cashout-cancel" || how == "said-to-be-done" {
		return broken
	}
	switch {
	case from != d24.CashoutCancelled: // its amount comes back, and it can be held no more
		return append(broken, "CASH-BAL-01", "CASH-STAT-02")
	case how == "refused-and-done": // only the money tells
		return []string{"CASH-BAL-01"}
	}
	return append(broken, "CASH-BAL-01")
}

// brokenByEarlyRefund are the rules that a refund of a deposit breaks that is not completed.
func brokenByEarlyRefund(status d24.DepositStatus, how string) []string {
	if status == d24.DepositPending && how == "refused-and-done" {
		return []string{"DEP-REF-01", "DEP-IDEM-04"}
	}
	return []string{"DEP-REF-01"}
}

// brokenByShownDeposit are the rules that a server breaks which shows a status as another.
func brokenByShownDeposit(is d24.DepositStatus) []string {
	if is == d24.DepositCompleted {
		return []string{"PANEL-02", "DEP-IDEM-08"}
	}
	return []string{"PANEL-02"}
}

func brokenByShownCashout(is d24.CashoutStatus) []string {
	if is == d24.CashoutCancelled {
		return []string{"PANEL-02", "CASH-STAT-01", "CASH-STAT-02", "DEP-IDEM-08"}
	}
	return []string{"PANEL-02", "CASH-EXT-01", "CASH-STAT-01", "CASH-STAT-02"}
}

// brokenByLapse are the rules that an operation breaks which forgets its keys in a way.
// What is forgotten after a time, or after many others, shows at the end of a run.
func (op derivedOperation) brokenByLapse(lapse string) []string {
	if lapse != "once-only" {
		return []string{"DEP-IDEM-05"}
	}
	return op.brokenByEveryRetry()
}

// brokenByEveryRetry are the rules that an operation breaks which does again on a retry what
// it did.
func (op derivedOperation) brokenByEveryRetry() []string {
	return append(op.brokenByForgottenKey(), "DEP-IDEM-02", "DEP-IDEM-04", "DEP-IDEM-05")
}

// MayBreak are the rules that a mutant breaks or not: other requests that come between two
// of a scenario decide whether it has forgotten by then, and which connection they take.
func MayBreak(mutant string) []string {
	switch name, lapse, _ := strings.Cut(mutant, "/"); {
	case mutant == "payload-signature/compared/first-8-characters": // the digits decide
		return []string{"CASH-SIG-04"}
	case strings.HasSuffix(lapse, "with-the-connection"), // who gets which connection is chance
		strings.HasSuffix(name, "-keys") && strings.HasPrefix(lapse, "only-the-last"), name == "refunds" && strings.HasSuffix(lapse, "-more"):
		return []string{"DEP-IDEM-01", "DEP-IDEM-02", "DEP-IDEM-03", "DEP-IDEM-04", "DEP-IDEM-05", "DEP-IDEM-07", "DEP-REF-01"}
	case mutant == "refund-key/compared/longer":
		return []string{"DEP-REF-02"}
	case strings.Contains(name, "-stored-") && strings.HasPrefix(lapse, "only-the-last"):
		return []string{"DEP-IDEM-04", "DEP-IDEM-05"}
	}
	return nil
}

// brokenByForgotten4xx are the rules that a server breaks which forgets in a way that it
// refused.
func brokenByForgotten4xx(lapse string) []string {
	if lapse == "once-only" || lapse == "not-stored" {
		return []string{"DEP-IDEM-04", "DEP-IDEM-05"}
	}
	return []string{"DEP-IDEM-05"}
}

// brokenByDatedKey are the rules that an operation breaks which takes a retry of another
// second for another request.
func (op derivedOperation) brokenByDatedKey() []string {
	if op.name == "refund" {
		return []string{"DEP-IDEM-01", "DEP-IDEM-02", "DEP-IDEM-05", "DEP-IDEM-07"}
	}
	return []string{"DEP-IDEM-01", "DEP-IDEM-02", "DEP-IDEM-03", "DEP-IDEM-05"}
}

// brokenByNarrowKey are the rules that an operation breaks which does not know a key again in
// another form of the request.
func (op derivedOperation) brokenByNarrowKey(form string) []string {
	switch {
	case op.name == "deposit" && form == "with-a-trailing-slash":
		return []string{"DEP-IDEM-01", "DEP-IDEM-05"}
	case op.name == "deposit" && form == "in-the-second-environment":
		return []string{"DEP-IDEM-01", "DEP-IDEM-02", "DEP-IDEM-05"}
	}
	return []string{"DEP-IDEM-01"}
}

// brokenByShortKey are the rules that an operation breaks which keeps so many characters of a
// key.
func (op derivedOperation) brokenByShortKey(kept int) []string {
	if op.name == "deposit" && kept < 36 { // a UUID has 36
		return []string{"DEP-IDEM-03", "DEP-IDEM-05"}
	}
	return op.brokenByConfusedKeys()
}

// brokenByRepeatedEffect are the rules that an operation breaks which does on every retry
// what it did, and repeats its first answer.
func (op derivedOperation) brokenByRepeatedEffect() []string {
	if op.name == "deposit" {
		return append(op.brokenByEveryRetry(), "DEP-IDEM-03")
	}
	return op.brokenByEveryRetry()
}

// brokenByComparedCredential are the rules that a careless comparison of login or pass breaks.
func brokenByComparedCredential(comparison string) []string {
	switch comparison {
	case "first-64-characters":
		return nil
	case "empty":
		return []string{"CASH-AUTH-06"}
	}
	return foreignCashoutsCredentials()
}

// brokenByComparedKey are the rules that a careless comparison of an idempotency key breaks.
func (op derivedOperation) brokenByComparedKey(comparison string) []string {
	switch comparison {
	case "trimmed", "empty":
		return nil
	case "first-8-characters", "first-half", "last-character-ignored":
		if op.name == "deposit" {
			return append(op.brokenByConfusedKeys(), "DEP-IDEM-05")
		}
	}
	return op.brokenByConfusedKeys()
}

// brokenByComparedAddress are the rules that a careless comparison of addresses breaks.
func (p product) brokenByComparedAddress(comparison string) []string {
	broken := []string{"DEP-SEC-04", "DEP-IP-01", "PANEL-08", "ENV-12"}
	if p == cashouts {
		broken = []string{"CASH-SEC-04", "CASH-IP-01", "PANEL-07", "ENV-12"}
	}
	switch comparison {
	case "first-8-characters", "first-half", "last-character-ignored":
		return broken
	case "longer":
		return broken[:2] // of two addresses of a run, one may begin with the other
	}
	return nil
}
