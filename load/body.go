package load

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
)

// Amounts of everything that a run makes.
const (
	depositAmount d24.Amount = 100_00
	refundAmount  d24.Amount = 1
	cashoutAmount d24.Amount = 1_00
)

// poolSize deposits are made and approved before the run, for refunds to draw on: enough
// for 160,000 of them.
const poolSize = 16

// poolKeys are where the numbers of their keys begin, out of every plan's way.
const poolKeys = 1<<32 - 1 - poolSize

// A source makes the requests of a run. It is shared by all connections and never
// changes once the run has begun, but for what was learnt of deposits.
type source struct {
	run      string // part of every id
	plan     *plan
	secret   [2]uint64 // what idempotency keys are made of
	deposits map[int]template
	cashout  template
	refunds  []template // one for each deposit of the pool
	client   *merchant.Client
	known    ring
}

// A template is a body with a gap for the id.
type template struct{ before, after []byte }

func (t template) append(b []byte, id []byte) []byte {
	b = append(b, t.before...)
	b = append(b, id...)
	return append(b, t.after...)
}

// gap is where a template is cut.
const gap = "0123456789-gap"

func cut(body []byte) template {
	before, after, _ := bytes.Cut(body, []byte(gap))
	return template{before, after}
}

func newSource(p *Profile, run string, secret [2]uint64, client *merchant.Client) *source {
	s := &source{run: run, plan: newPlan(p), secret: secret, client: client, deposits: map[int]template{}}
	for _, size := range p.BodyBytes {
		s.deposits[size] = cut(depositOf(size))
	}
	orders := &merchant.Orders{Run: run}
	cashout := orders.Cashout(cashoutAmount)
	cashout.ExternalID = gap
	s.cashout = cut(client.CreateCashout(cashout).Body)
	return s
}

// depositOf is a deposit whose body has that many bytes, the id's taken for the gap's:
// a complete one where there is room for it, else one with what a one-shot deposit
// needs, else one that goes on in the checkout.
func depositOf(size int) []byte {
	deposit := (&merchant.Orders{}).Deposit(depositAmount)
	deposit.InvoiceID, deposit.Description, deposit.NotificationURL = gap, "load", "" // nobody would receive any
	for _, shorter := range []func(){
		func() {},
		func() {
			deposit.BackURL, deposit.SuccessURL, deposit.ErrorURL = "", "", ""
			deposit.Payer.Address, deposit.Payer.Phone, deposit.Payer.BirthDate = nil, "", ""
		},
		func() { deposit.Payer, deposit.PaymentMethod = nil, "" },
	} {
		shorter()
		if missing := size - len(merchant.CreateDeposit(deposit).Body); missing >= 0 {
			deposit.Description += strings.Repeat("-", missing)
			break
		}
	}
	return merchant.CreateDeposit(deposit).Body
}

// refundsFrom has refunds draw on these deposits.
func (s *source) refundsFrom(pool []pooled) {
	for _, deposit := range pool {
		amount := refundAmount
		r := merchant.CreateRefund(deposit.id, deposit.invoice, &amount)
		// A refund has no id of ours: its key alone makes it the same one.
		s.refunds = append(s.refunds, template{before: r.Body})
	}
}

// A pooled deposit is one that refunds draw on.
type pooled struct{ id, invoice string }

// id appends our id of an object: invoice_id or external_id.
func (s *source) id(b []byte, of space, key uint32) []byte {
	b = append(b, "d24c-"...)
	b = append(b, s.run...)
	b = append(b, '-', "drcs"[of])
	return strconv.AppendUint(b, uint64(key), 10)
}

// idempotencyKey appends a key in the form of a UUID of version 4. It follows from 128
// bits that no other run has, so that it is repeated when the operation is, and nobody
// guesses it.
func (s *source) idempotencyKey(b []byte, of space, key uint32) []byte {
	n := uint64(of)<<32 | uint64(key)
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], mix(s.secret[0]^mix(n)))
	binary.BigEndian.PutUint64(id[8:], mix(s.secret[1]^mix(n+1)))
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	const digits = "0123456789abcdef"
	for i, c := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}

// fill makes what a task sends, but for date and signature. The buffers of out are used
// again.
func (s *source) fill(out *outgoing, t task, buffer []byte) []byte {
	buffer = buffer[:0]
	out.method, out.body, out.key = http.MethodPost, nil, out.key[:0]
	of := t.op.space()
	switch t.op {
	case Create, Retry, Stale:
		var id [64]byte
		out.path = d24.PathDeposits
		buffer = s.deposits[s.plan.size(t.key)].append(buffer, s.id(id[:0], of, t.key))
		out.key = s.idempotencyKey(out.key, of, t.key)
	case Refund:
		out.path = d24.PathRefunds
		buffer = s.refunds[int(t.key)%len(s.refunds)].append(buffer, nil)
		out.key = s.idempotencyKey(out.key, of, t.key)
	case Cashout:
		var id [64]byte
		out.path = d24.PathCashout
		buffer = s.cashout.append(buffer, s.id(id[:0], of, t.key))
	case Status, operations:
		out.method, out.path = http.MethodGet, d24.PathDeposits+"/"+s.known.get(t.key)
	}
	if len(buffer) > 0 {
		out.body = buffer
	}
	return buffer
}

// ask is the question what became of a cashout: cashouts have no idempotency keys.
func (s *source) ask(out *outgoing, key uint32) {
	request := s.client.CashoutStatus("", string(s.id(nil, cashouts, key)))
	out.method, out.path, out.body, out.key = request.Method, request.Path, request.Body, out.key[:0]
}

// runs need a run id that fits into ids, and no other letters than theirs.
func checkRun(run string) error {
	if len(run) == 0 || len(run) > 32 || strings.Trim(run, "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
		return fmt.Errorf("run id %q is not made of up to 32 letters and digits", run)
	}
	return nil
}
