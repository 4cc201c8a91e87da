package target

import (
	"bytes"
	"context"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/vectors"
)

// Operations that send nothing: what a client makes of texts that it is given.
const (
	OpSignDeposit        Op = "sign_deposit"
	OpSignCashout        Op = "sign_cashout"
	OpVerifyNotification Op = "verify_notification"
)

// ByAdapter says whether an activity is one that only an adapter can be asked for. What
// such a one does not offer is no gap: the same rules are judged over what is sent.
func (a Activity) ByAdapter() bool {
	switch a { //nolint:exhaustive // the others are seen from outside as well
	case SignsDeposits, SignsCashouts, VerifiesDeposits, VerifiesCashouts:
		return true
	}
	return false
}

// sign has the client sign the texts of the golden vectors with the keys that it has. What
// it answers is judged like requests with these signatures, which were never sent.
func (d *Driven) sign(ctx context.Context, op Op) (t Traffic, err error) {
	if !d.Adapter.Offers(op) {
		return t, nil
	}
	set, err := vectors.Load()
	if err != nil {
		return t, err
	}
	kind := map[Op]string{OpSignDeposit: vectors.KindDepositRequest, OpSignCashout: vectors.KindCashoutRequest}[op]
	given := map[string]bool{}
	for _, c := range set.Signatures {
		if c.Kind != kind || !c.Accepted() || c.Reading != "" || c.BodyBase64 != nil || given[c.BodyText] {
			continue // bytes that are no text, and what differs by its key alone
		}
		given[c.BodyText] = true
		fields := map[string]any{"body_text": c.BodyText}
		if op == OpSignDeposit {
			fields["x_date"] = c.XDate
		}
		reply, err := d.Adapter.Do(ctx, op, fields)
		if err != nil {
			return t, err
		}
		if reply.Unsupported {
			return Traffic{}, nil
		}
		o := judge.Operation{d.asSent(op, c, reply.Signature)}
		t.Operations, t.Replies, t.Asked = append(t.Operations, o), append(t.Replies, reply), append(t.Asked, Asked{lineOf(op, fields), o})
	}
	return t, nil
}

// asSent is the request that a signature would have gone with; it is in no log.
func (d *Driven) asSent(op Op, c vectors.SignatureCase, signature string) *exchange.Exchange {
	e := &exchange.Exchange{Label: string(op), Request: exchange.Request{Method: string(op), Body: []byte(c.BodyText)}}
	e.Request.URL = "https://vectors" + d24.PathCashout + "/" + c.ID
	e.Request.Header.Set(d24.HeaderPayloadSignature, signature)
	if op == OpSignDeposit {
		e.Request.URL = "https://vectors" + d24.PathDeposits + "/" + c.ID
		e.Request.Header = exchange.Header{
			{Name: d24.HeaderDate, Value: c.XDate},
			{Name: d24.HeaderLogin, Value: d.Mock.Credentials().Deposits.APIKey},
			{Name: d24.HeaderAuthorization, Value: signature},
		}
	}
	return e
}

// verify has the client look at notifications: right ones, and some with one fault.
func (d *Driven) verify(ctx context.Context, does Activity) (t Traffic, err error) {
	if !d.Adapter.Offers(OpVerifyNotification) {
		return t, nil
	}
	list := d.deposits()
	if does == VerifiesCashouts {
		list = d.forms()
	}
	for _, n := range list {
		reply, err := d.Adapter.Do(ctx, OpVerifyNotification, map[string]any{"kind": n.kind, "headers": n.headers, "body_text": n.body})
		if err != nil {
			return t, err
		}
		if reply.Unsupported || reply.Accepted == nil {
			return Traffic{}, nil
		}
		t.Beliefs = append(t.Beliefs, judge.Belief{Says: n.says, Right: n.right, Accepted: *reply.Accepted})
	}
	return t, nil
}

// A notice is a notification as an adapter is told of it.
type notice struct {
	says, kind, body string
	right            bool
	headers          map[string]string
}

// deposits are notifications of deposits and refunds.
func (d *Driven) deposits() []notice {
	c := d.Mock.Credentials()
	date, later := d24.FormatDate(d.Now()), d24.FormatDate(d.Now().Add(2*time.Second))
	body := d24.EncodeNotification(d24.DepositNotification, "300000001")
	other := d24.EncodeNotification(d24.DepositNotification, "300000002")
	refund := d24.EncodeNotification(d24.RefundNotification, "170001")
	spaced := bytes.ReplaceAll(body, []byte(":"), []byte(" : "))
	key, foreign := d24.NewKey(c.Deposits.APISignature), d24.NewKey(c.Cashouts.APISignature)
	signed := func(by *d24.Key, over []byte) string { return by.Authorization(date, c.Deposits.APIKey, over) }
	right := signed(key, body)
	notify := func(says string, ok bool, kind d24.NotificationKind, date, authorization string, body []byte) notice {
		n := notice{says: says, right: ok, kind: string(kind), body: string(body), headers: map[string]string{
			d24.HeaderContentType: d24.ContentTypeJSON, d24.HeaderDate: date, d24.HeaderLogin: c.Deposits.APIKey,
		}}
		if authorization != "" {
			n.headers[d24.HeaderAuthorization] = authorization
		}
		return n
	}
	const deposit = d24.DepositNotification
	return []notice{
		notify("one of a deposit", true, deposit, date, right, body),
		notify("one of a refund", true, d24.RefundNotification, date, signed(key, refund), refund),
		notify("one with white space that is signed", true, deposit, date, signed(key, spaced), spaced),
		notify("one without a signature", false, deposit, date, "", body),
		notify("one with the last digit of its signature changed", false, deposit, date, lastDigit(right), body),
		notify("one signed with the other product's key", false, deposit, date, signed(foreign, body), body),
		notify("one with its date changed after it was signed", false, deposit, later, right, body),
		notify("one with white space added after it was signed", false, deposit, date, right, spaced),
		notify("one with another's id in the place of the one that was signed", false, deposit, date, right, other),
	}
}

// forms are notifications of cashouts.
func (d *Driven) forms() []notice {
	c := d.Mock.Credentials()
	key, foreign := d24.NewKey(c.Cashouts.APISignature), d24.NewKey(c.Deposits.APISignature)
	const external = "d24c-verify-1"
	notify := func(says string, ok bool, control, id string) notice {
		form := d24.CashoutForm{Date: d.Now().UTC().Format(d24.CashoutDateLayout), ExternalID: id, Control: control, CashoutID: "8400001"}
		body := form.Encode()
		return notice{says: says, right: ok, kind: string(d24.CashoutNotification), body: string(body), headers: map[string]string{
			d24.HeaderContentType: d24.ContentTypeForm, d24.HeaderPayloadSignature: key.Payload(body),
		}}
	}
	return []notice{
		notify("one of a cashout", true, key.Control(external), external),
		notify("one without control", false, "", external),
		notify("one with the last digit of its control changed", false, lastDigit(key.Control(external)), external),
		notify("one with a control made with the other product's key", false, foreign.Control(external), external),
		notify("one with another external_id", false, key.Control(external), "another"),
	}
}

// lastDigit is the digits with the last one changed.
func lastDigit(digits string) string { return merchant.FlipDigit(digits, len(digits)-1) }
