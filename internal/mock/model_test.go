package mock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// A model is what one environment owes to clients that retry, said again in as few
// words as possible: which of a request's answers is whose repetition, byte for byte,
// and how many objects there are. It knows nothing of the rulebook or the store.
type model struct {
	modelReadings
	limits IdempotencyLimits

	records []*record // in the order in which they were settled, and so forgotten
	byScope map[string]*record
	faults  []FaultKind // armed, the next first
	struck  int

	deposits, refunds, cashouts int
	invoices                    map[string]bool // by merchant and id
	refunded                    [2]d24.Amount   // of each merchant's paid deposit
	externals                   map[string]bool
	ids                         map[string]bool // of everything that was ever made
}

// modelReadings are the readings of what is open about keys.
type modelReadings struct {
	otherBodyIsRejected bool // AMB-04, AMB-05
	keysAreGlobal       bool // AMB-06
	secondIsRejected    bool // AMB-08
	refusalsUseKeysUp   bool // AMB-09
}

func (r modelReadings) chosen() map[string]string {
	chosen := map[string]string{}
	for _, each := range []struct {
		other    bool
		id, name string
	}{
		{r.otherBodyIsRejected, "AMB-05", "reject"},
		{r.keysAreGlobal, "AMB-06", "global"},
		{r.secondIsRejected, "AMB-08", "reject"},
		{r.refusalsUseKeysUp, "AMB-09", "store-all"},
	} {
		if each.other {
			chosen[each.id] = each.name
		}
	}
	return chosen
}

// An attempt is one request that creates something, or tries to.
type attempt struct {
	merchant int
	path     string
	key      string
	body     string // its name, see [bodyText]
	flaw     string // why its caller is not known, see [flaws]; empty when there is none
}

// content is what tells its body from another attempt's. Each merchant gives back a
// deposit of his own.
func (a attempt) content() string {
	if a.body == bodyRefund {
		return fmt.Sprint(a.body, " of ", a.merchant)
	}
	return a.body
}

// paidAmount is what the deposit is worth that each merchant can give back, and
// refundAmount what one refund takes of it: the third finds too little.
const (
	paidAmount   = d24.Amount(12_00)
	refundAmount = d24.Amount(5_00)
)

// The bodies that are sent, by name. None is right on both paths.
const (
	bodyHosted    = "hosted"
	bodyOneShot   = "one-shot"
	bodyInvoice   = "an invoice that can be used once"
	bodyRefund    = "a refund"
	bodyNothing   = "an amount of nothing"
	bodyMalformed = "malformed"
)

var modelBodies = []string{bodyHosted, bodyOneShot, bodyInvoice, bodyRefund, bodyNothing, bodyMalformed}

// bodyText is the body, for the merchant whose paid deposit has this id.
func bodyText(name, paid string) string {
	switch name {
	case bodyHosted:
		return `{"amount":1,"country":"BR","currency":"BRL"}`
	case bodyOneShot:
		return `{"amount":2,"country":"BR","currency":"BRL","payment_method":"IX","payer":{"id":"u","email":"a@b","first_name":"M","last_name":"S"}}`
	case bodyInvoice:
		return `{"invoice_id":"once","amount":1,"country":"BR","currency":"BRL"}`
	case bodyRefund:
		return fmt.Sprintf(`{"deposit_id":%s,"invoice_id":"paid","amount":%s,"bank_account":{}}`, paid, refundAmount)
	case bodyNothing:
		return `{"amount":0,"country":"BR","currency":"BRL"}`
	}
	return `{"amount":`
}

// An outcome is what a request has to be answered.
type outcome struct {
	status, code int
	ending       ending
	keyFree      bool    // nothing was done: no answer is kept
	filed        *record // whose answer it is, where it is anybody's
}

func refused(status int, code d24.Code) outcome { return outcome{status: status, code: int(code)} }

// flaws are what keeps a caller unknown.
var flaws = map[string]outcome{
	"no date":                       refused(http.StatusBadRequest, d24.CodeMissingRequiredHeader),
	"an old date":                   refused(http.StatusBadRequest, d24.CodeInvalidDateRange),
	"a signature of something else": refused(http.StatusBadRequest, d24.CodeInvalidSignature),
	"nobody's login":                refused(http.StatusUnauthorized, d24.CodeInvalidCredentials),
}

// A record is one answer that is kept. Its bytes are known once somebody has seen them.
type record struct {
	scope, body string
	at          time.Time // when its request arrived
	outcome     outcome
	answer      []byte
	half        []byte // what came of it before the connection broke
}

// send is what an attempt that arrives now has to be answered.
func (m *model) send(a attempt, now time.Time) outcome {
	flaw, flawed := flaws[a.flaw]
	switch {
	case flawed && (a.key == "" || !m.refusalsUseKeysUp):
		return flaw
	case a.key == "":
		return m.work(a)
	}
	if r := m.kept(a, now); r != nil {
		if m.otherBodyIsRejected && r.body != a.content() {
			return refused(http.StatusBadRequest, d24.CodeIdempotencyKeyUsed)
		}
		again := r.outcome
		again.filed = r
		return again
	}
	if flawed {
		return m.settle(a, now, flaw)
	}
	o := m.work(a)
	if o.keyFree {
		return o
	}
	return m.settle(a, now, o)
}

// scope is within what the attempt's key counts.
func (m *model) scope(a attempt) string {
	who := fmt.Sprint(a.merchant)
	if a.flaw == "nobody's login" {
		who = a.flaw
	}
	if m.keysAreGlobal {
		return who + " " + a.key
	}
	return who + " " + a.path + " " + a.key
}

// kept is the record under the attempt's key, as long as it lives.
func (m *model) kept(a attempt, now time.Time) *record {
	r := m.byScope[m.scope(a)]
	if r == nil || now.Sub(r.at) > m.limits.Lifetime {
		return nil
	}
	return r
}

// settle keeps an outcome under the attempt's key, and lets the oldest go.
func (m *model) settle(a attempt, now time.Time, o outcome) outcome {
	kept := o
	kept.ending = whole // a connection breaks once
	r := &record{scope: m.scope(a), body: a.content(), at: now, outcome: kept}
	m.records, m.byScope[r.scope] = append(m.records, r), r
	for len(m.records) > m.limits.Records || now.Sub(m.records[0].at) > m.limits.Lifetime {
		if oldest := m.records[0]; m.byScope[oldest.scope] == oldest {
			delete(m.byScope, oldest.scope)
		}
		m.records = m.records[1:]
	}
	o.filed = r
	return o
}

// work is what comes of an attempt of a known caller, under the fault that is armed.
func (m *model) work(a attempt) outcome {
	if len(m.faults) == 0 {
		return m.effect(a)
	}
	fault := m.faults[0]
	m.faults = m.faults[1:]
	m.struck++
	switch fault {
	case FaultRespond500:
		return refused(http.StatusInternalServerError, d24.CodeGeneric)
	case FaultDropBefore:
		return outcome{ending: dropped, keyFree: true}
	}
	o := m.effect(a)
	if fault == FaultDropAfterCommit {
		o.ending = dropped
	} else {
		o.ending = halved
	}
	return o
}

// effect makes what the attempt asks for.
func (m *model) effect(a attempt) outcome {
	if a.path == d24.PathRefunds {
		switch {
		case a.body != bodyRefund:
			return refused(http.StatusBadRequest, d24.CodeBeanValidation)
		case m.refunded[a.merchant]+refundAmount > paidAmount:
			return refused(http.StatusBadRequest, d24.CodeInvalidAmountToRefund)
		}
		m.refunded[a.merchant] += refundAmount
		m.refunds++
		return outcome{status: http.StatusOK}
	}
	switch a.body {
	case bodyRefund, bodyNothing, bodyMalformed:
		return refused(http.StatusBadRequest, d24.CodeBeanValidation)
	case bodyInvoice:
		used := fmt.Sprint(a.merchant)
		if m.invoices[used] {
			return refused(http.StatusConflict, d24.CodeInvoiceAlreadyUsed)
		}
		m.invoices[used] = true
	}
	m.deposits++
	return outcome{status: http.StatusCreated}
}

// differs says how an answer is not what it had to be; empty when it is.
func (m *model) differs(want outcome, got answered) string {
	switch want.ending {
	case dropped:
		if !got.broken || len(got.body) > 0 {
			return "the connection was to break before the answer"
		}
		return ""
	case halved:
		if !got.broken || got.status != want.status {
			return fmt.Sprintf("the connection was to break in the middle of a %d", want.status)
		}
		if want.filed != nil {
			want.filed.half = got.body
		}
		return ""
	}
	var fields struct {
		Code      int    `json:"code"`
		DepositID *int64 `json:"deposit_id"`
		RefundID  *int64 `json:"refund_id"`
	}
	if got.broken || json.Unmarshal(got.body, &fields) != nil {
		return "an answer in JSON was to come"
	}
	if got.status != want.status || fields.Code != want.code {
		return fmt.Sprintf("%d with code %d was to come", want.status, want.code)
	}
	r := want.filed
	switch {
	case r != nil && r.answer != nil:
		if !bytes.Equal(r.answer, got.body) {
			return fmt.Sprintf("the stored answer was to come, which is %s", r.answer)
		}
		return ""
	case r != nil:
		r.answer = got.body
		if r.half != nil && !bytes.Equal(r.half, got.body[:len(got.body)/2]) {
			return fmt.Sprintf("the answer was to come that began with %s", r.half)
		}
	}
	for kind, id := range map[string]*int64{"deposit": fields.DepositID, "refund": fields.RefundID} {
		if id == nil {
			continue
		}
		name := fmt.Sprint(kind, " ", *id)
		if m.ids[name] {
			return "a new object was to be made, and this " + name + " is there already"
		}
		m.ids[name] = true
	}
	return ""
}

// answered is what came of a request.
type answered struct {
	status int
	body   []byte
	broken bool // the connection was closed instead of an answer, or in the middle of it
}

func (a answered) String() string {
	return fmt.Sprintf("%d %s (broken off: %t)", a.status, a.body, a.broken)
}

// forget is what a reset does. Ids go on where they were.
func (m *model) forget() {
	*m = model{
		modelReadings: m.modelReadings, limits: m.limits, byScope: map[string]*record{},
		invoices: map[string]bool{}, externals: map[string]bool{}, ids: m.ids,
	}
}

// depositIDs are those that a client knows.
func (m *model) depositIDs() []string {
	var list []string
	for name := range m.ids {
		var id string
		if n, _ := fmt.Sscanf(name, "deposit %s", &id); n == 1 {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return list
}
