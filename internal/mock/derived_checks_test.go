package mock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
)

// Each neglected check lets a request with that fault through where the mutant's name says,
// and nowhere else. The mock as it is refuses it everywhere.
func TestNeglectedChecks(t *testing.T) {
	t.Parallel()
	mutants := map[string]Mutant{"": {apply: func(*rulebook) {}}}
	for _, m := range Derived() {
		mutants[m.Name] = m
	}
	for _, op := range derivedOperations() {
		for _, each := range op.checks() {
			if op.brokenBy(each.name) == nil {
				continue
			}
			name := op.name + "/" + each.name
			for _, neglect := range []string{"", "left-out", "after-the-effect", "stored-all-the-same", "when-the-key-is-known", "in-the-first-environment", "in-the-second-environment", "with-a-trailing-slash"} {
				mutant := ""
				if neglect != "" {
					mutant = name + "/" + neglect
					if _, ok := mutants[mutant]; !ok {
						continue
					}
				}
				for _, second := range []bool{false, true} {
					for _, slash := range []bool{false, true} {
						for _, known := range []bool{false, true} {
							if known && !op.keyed() || known && neglect != "when-the-key-is-known" {
								continue
							}
							p := newProbe(t, mutants[mutant], op, second)
							done, answered := p.faulty(each.name, slash, known)
							where := fmt.Sprintf("%s, second environment %t, slash %t, known key %t", mutant, second, slash, known)
							let := neglect == "left-out" || neglect == "in-the-first-environment" && !second ||
								neglect == "in-the-second-environment" && second || neglect == "with-a-trailing-slash" && slash ||
								neglect == "when-the-key-is-known" && known
							assert.Equal(t, let, answered < 300, "%s: %s answered %d", name, where, answered)
							assert.Equal(t, op.changes() && !known && (let || neglect == "after-the-effect" || neglect == "stored-all-the-same"), done, "%s: %s had an effect", name, where)
						}
					}
				}
			}
		}
	}
}

// A probe sends one operation's requests to one environment of a mock that does not listen.
type probe struct {
	t       *testing.T
	op      derivedOperation
	env     *environment
	other   *environment
	admin   *Admin
	keys    d24.Credentials
	deposit string // COMPLETED, of 100
	cashout string
	serial  int

	unfounded bool // lookups are of a country that is none
}

func newProbe(t *testing.T, mutant Mutant, op derivedOperation, second bool) *probe {
	t.Helper()
	m, _, err := build(Options{}, mutant.apply)
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	p := &probe{t: t, op: op, env: m.first, other: m.second}
	if second {
		p.env, p.other = m.second, m.first
	}
	p.admin, p.keys = &Admin{env: p.env}, p.env.original.all[0].credentials
	return p
}

// faulty sends a request with the fault that a check looks for. It returns whether the
// request had an effect, and the status.
func (p *probe) faulty(checkName string, slash, knownKey bool) (done bool, status int) {
	d := draft{check: checkName, key: "key-1", slash: slash}
	p.prepare(checkName)
	p.serial = 1 // what was prepared has external_id ext-1
	if knownKey {
		require.Less(p.t, p.send(draft{key: "key-1"}), 300)
	}
	before := p.effects()
	status = p.send(d)
	return p.effects() != before, status
}

// prepare makes what the operation works on.
func (p *probe) prepare(checkName string) {
	switch p.op.name {
	case "refund", "deposit-status", "refund-status":
		deposit := *p
		deposit.op = operationNamed("deposit")
		a := deposit.answer(draft{key: "made"})
		require.Equal(p.t, http.StatusCreated, a.Code, a.Body)
		p.deposit = field(p.t, a, "deposit_id")
		if checkName != "completed" {
			require.NoError(p.t, p.admin.ApproveDeposit(p.deposit))
		}
	case "cashout-status", "cashout-hold", "cashout-cancel", "cashout":
		cashout := *p
		cashout.op = operationNamed("cashout")
		a := cashout.answer(draft{})
		require.Equal(p.t, http.StatusOK, a.Code, a.Body)
		p.cashout = field(p.t, a, "cashout_id")
		if checkName == "transition" {
			require.NoError(p.t, p.admin.RejectCashout(p.cashout))
		}
	}
	if p.op.name == "refund-status" {
		refund := *p
		refund.op = operationNamed("refund")
		a := refund.answer(draft{key: "made"})
		require.Equal(p.t, http.StatusOK, a.Code, a.Body)
		p.cashout = field(p.t, a, "refund_id")
	}
}

func field(t *testing.T, a *httptest.ResponseRecorder, name string) string {
	t.Helper()
	var body map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(a.Body.Bytes(), &body))
	return strings.Trim(string(body[name]), `"`)
}

// effects is everything that an operation could have changed.
func (p *probe) effects() string {
	text := fmt.Sprint(p.admin.DepositCount(), p.admin.RefundCount(), p.admin.CashoutCount(), p.admin.Funds())
	for _, c := range p.admin.Cashouts() {
		text += c.Status
	}
	return text
}

// A draft is a request with one fault, or with none.
type draft struct {
	check  string // what looks for the fault
	key    string
	slash  bool
	from   string                              // the caller's address; empty = one on the list
	age    time.Duration                       // of X-Date
	signed func(body string) string            // what is signed instead of the body
	fields map[string]any                      // of the body, instead of the usual ones
	value  map[string]func(ours string) string // of what the request shows, by the names of compared values
	keys   *d24.Credentials                    // instead of the environment's own
}

// shows is what the request shows instead of a value of ours.
func (d draft) shows(name, ours string) string {
	if change := d.value[name]; change != nil {
		return change(ours)
	}
	return ours
}

func (p *probe) send(d draft) int { return p.answer(d).Code }

func (p *probe) answer(d draft) *httptest.ResponseRecorder {
	p.serial++
	if d.keys != nil {
		own := p.keys
		p.keys = *d.keys
		defer func() { p.keys = own }()
	}
	body := p.body(d)
	if text := p.cashoutsBody(d); p.op.product == cashouts {
		body = text
	}
	path := strings.TrimSuffix(p.op.path, "/")
	switch p.op.name {
	case "deposit-status":
		path += "/" + p.deposit
	case "refund-status":
		path += "/" + p.cashout
	}
	target := path
	if d.slash {
		target += "/"
	}
	switch path {
	case d24.PathPaymentMethods, d24.PathExchangeRates, d24.PathBanks, d24.PathStates:
		target += "?country=BR"
		if p.unfounded {
			target = path
		}
	case d24.PathCryptoExchangeRates:
		target += "?currency=BRL&crypto=BTC&amount=1"
		if p.unfounded {
			target = path
		}
	}
	r := httptest.NewRequest(p.op.method, target, bytes.NewReader([]byte(body)))
	r.RemoteAddr = "127.0.0.1:1"
	if d.check == "address" {
		r.RemoteAddr = "127.0.0.2:1"
	}
	if d.from != "" {
		r.RemoteAddr = d.from + ":1"
	}
	r.Header.Set(d24.HeaderUserAgent, "probe")
	if body != "" {
		r.Header.Set(d24.HeaderContentType, d24.ContentTypeJSON)
	}
	switch p.op.kind() {
	case "signed":
		p.sign(r, d, body)
	case "read-only":
		r.Header.Set(d24.HeaderAuthorization, strings.TrimSpace(d24.BearerScheme+d.shows("read-only-key", p.keys.Deposits.ReadOnlyKey)))
		if d.check == "key" {
			r.Header.Set(d24.HeaderAuthorization, d24.BearerScheme+"nobody's")
		}
		if d.key == "used" {
			r.Header.Set(d24.HeaderIdempotencyKey, d.key)
		}
	case "cashouts":
		signature := d24.NewKey(p.keys.Cashouts.APISignature).Payload([]byte(d.signedText(body)))
		r.Header.Set(d24.HeaderPayloadSignature, d.shows("payload-signature", flip(signature, d.check == "signature")))
	}
	switch d.check {
	case "authorization":
		r.Header.Del(d24.HeaderAuthorization)
	case "control":
		r.Header.Del(d24.HeaderPayloadSignature)
	case "content-type-header":
		r.Header.Del(d24.HeaderContentType)
	case "content-type":
		r.Header.Set(d24.HeaderContentType, "text/plain")
	}
	w := httptest.NewRecorder()
	p.env.ServeHTTP(w, r)
	return w
}

// flip changes the last digit.
func flip(signature string, wrong bool) string {
	if !wrong {
		return signature
	}
	last := byte('0')
	if signature[len(signature)-1] == '0' {
		last = '1'
	}
	return signature[:len(signature)-1] + string(last)
}

func (p *probe) sign(r *http.Request, d draft, body string) {
	login, date := d.shows("x-login", p.keys.Deposits.APIKey), d24.FormatDate(p.admin.Now().Add(-d.age))
	switch d.check {
	case "login":
		login += "x"
	case "login-header":
		login = ""
	case "date-header":
		date = ""
	case "date-form":
		date = strings.Replace(date, "T", " ", 1)
	case "date-fresh":
		date = d24.FormatDate(p.admin.Now().Add(-time.Hour))
	}
	if login != "" || d.value["x-login"] != nil {
		r.Header.Set(d24.HeaderLogin, login)
	}
	if date != "" {
		r.Header.Set(d24.HeaderDate, date)
	}
	if p.op.keyed() || p.op.method == http.MethodGet {
		if d.key != "" {
			r.Header.Set(d24.HeaderIdempotencyKey, d.key)
		}
	}
	digest := flip(d24.NewKey(p.keys.Deposits.APISignature).Deposit(date, login, []byte(d.signedText(body))), d.check == "signature")
	r.Header.Set(d24.HeaderAuthorization, strings.TrimSpace(d24.Scheme+d.shows("deposits-signature", digest)))
}

// signedText is what is signed.
func (d draft) signedText(body string) string {
	if d.signed != nil {
		return d.signed(body)
	}
	return body
}

// body is that of a deposits request.
func (p *probe) body(d draft) string {
	switch p.op.name {
	case "deposit":
		return d.with(map[string]any{"amount": 100, "country": "BR", "currency": "BRL", "invoice_id": "inv", "payment_method": "IX"})
	case "refund":
		amount := 10
		if d.check == "amount" {
			amount = 101
		}
		return d.with(map[string]any{"deposit_id": p.deposit, "invoice_id": "inv", "amount": amount, "bank_account": map[string]any{}})
	}
	return ""
}

// cashoutsBody is that of a cashouts request.
func (p *probe) cashoutsBody(d draft) string {
	keys := p.keys.Cashouts
	fields := map[string]any{
		"login": d.shows("cashouts-login", keys.APIKey), "pass": d.shows("cashouts-pass", keys.APIPassphrase), "external_id": "ext-1",
	}
	switch p.op.name {
	case "cashout":
		maps.Copy(fields, map[string]any{
			"external_id": fmt.Sprint("ext-", p.serial), "country": "BR", "currency": "BRL", "amount": 10, "document_id": "1", "beneficiary_name": "M",
			"notification_url": "https://merchant.example/n",
		})
	case "cashout-status", "cashout-cancel", "cashout-hold":
		fields["cashout_id"], fields["status"] = p.cashout, "ON_HOLD"
	}
	switch d.check {
	case "login":
		fields["login"] = keys.APIKey + "x"
	case "pass":
		fields["pass"] = keys.APIPassphrase + "x"
	case "login-sent":
		delete(fields, "login")
	case "pass-sent":
		delete(fields, "pass")
	case "external-id":
		fields["external_id"] = "ext-1"
	case "funds":
		fields["amount"] = 100_000_000
	}
	return d.with(fields)
}

// with is a body with these fields and those that the draft replaces; nil = left out.
func (d draft) with(fields map[string]any) string {
	for name, value := range d.fields {
		if fields[name] = value; value == nil {
			delete(fields, name)
		}
	}
	return string(encode(fields))
}
