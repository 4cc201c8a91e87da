package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// caller says which credentials a request carries.
type caller int

const (
	depositsCaller caller = iota // dated and signed: X-Login, X-Date, Authorization: D24
	readOnlyCaller               // Authorization: Bearer
	cashoutsCaller               // login and pass in the body, Payload-Signature
)

// An operation is one thing that a merchant wants, however many attempts it takes.
type operation struct {
	name   string
	caller caller
	method string
	path   string // with its query
	body   []byte // as every attempt sends it; nil = none
	key    string // X-Idempotency-Key; empty = none
	reads  bool   // may be sent again without one: it changes nothing

	entry    string // in the journal
	tries    int    // so far
	unknown  bool   // it was answered 401
	timedOut bool   // the last of them

	skew    time.Duration // the server's clock minus ours, once it has refused a date
	redated bool
}

// kinds of operation, in the order of the protocol's list.
type kind struct {
	name string
	make func(c *client, r *request) (*operation, error)
}

func kinds() []kind {
	return []kind{
		{"create_deposit", creation(d24.PathDeposits)},
		{"deposit_status", func(c *client, r *request) (*operation, error) { return c.status(d24.PathDeposits, r.DepositID) }},
		{"create_refund", creation(d24.PathRefunds)},
		{"refund_status", func(c *client, r *request) (*operation, error) { return c.status(d24.PathRefunds, r.RefundID) }},
		{"payment_methods", lookup(d24.PathPaymentMethods)},
		{"exchange_rate", lookup(d24.PathExchangeRates)},
		{"banks", lookup(d24.PathBanks)},
		{"create_cashout", cashout(http.MethodPost, d24.PathCashout)},
		{"cashout_status", cashout(http.MethodPost, d24.PathCashoutStatus)},
		{"update_cashout_status", cashout(http.MethodPut, d24.PathCashoutStatus)},
		{"cancel_cashout", cashout(http.MethodDelete, d24.PathCashoutCancel)},
	}
}

// creation makes a deposit or a refund, under a key of its own.
func creation(path string) func(*client, *request) (*operation, error) {
	return func(c *client, r *request) (*operation, error) {
		fields, err := decodeBody(r.Body)
		if err != nil {
			return nil, err
		}
		op := &operation{method: http.MethodPost, path: path, key: r.IdempotencyKey}
		if op.body, err = c.habits.encode(fields); err != nil {
			return nil, err
		}
		op.entry = order(op)
		if op.key == "" {
			op.key = c.journal.keys[op.entry]
		}
		if op.key == "" {
			if op.key, err = c.habits.newKey(c, op); err != nil {
				return nil, err
			}
		}
		return op, c.journal.keep(op)
	}
}

// status asks where a deposit or a refund stands.
func (c *client) status(path string, id d24.ID) (*operation, error) {
	if id == "" {
		return nil, errors.New("the id is missing")
	}
	return &operation{method: http.MethodGet, path: path + "/" + url.PathEscape(c.habits.id(id)), reads: true}, nil
}

// lookup asks for reference data of a country.
func lookup(path string) func(*client, *request) (*operation, error) {
	return func(_ *client, r *request) (*operation, error) {
		query := url.Values{}
		if r.Country != "" {
			query.Set("country", r.Country)
		}
		if r.Amount != "" {
			query.Set("amount", r.Amount.String())
		}
		return &operation{caller: readOnlyCaller, method: http.MethodGet, path: path + "?" + query.Encode(), reads: true}, nil
	}
}

// cashout makes an operation of the cashouts API. Its credentials become part of the
// body, before that is signed.
func cashout(method, path string) func(*client, *request) (*operation, error) {
	return func(c *client, r *request) (*operation, error) {
		fields, err := decodeBody(r.Body)
		if err != nil {
			return nil, err
		}
		addCredentials(c, r.Op, fields)
		body, err := c.habits.encode(fields)
		reads := method == http.MethodPost && path == d24.PathCashoutStatus
		return &operation{caller: cashoutsCaller, method: method, path: path, body: body, reads: reads}, err
	}
}

func addCredentials(c *client, operation string, fields map[string]any) {
	login, pass := c.habits.login(c.credentials, operation)
	for name, value := range map[string]string{"login": login, "pass": pass} {
		if value != "" {
			fields[name] = value
		}
	}
}

// decodeBody reads the body's value without loss: a number keeps its digits.
func decodeBody(body json.RawMessage) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var fields map[string]any
	if err := d.Decode(&fields); err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	if fields == nil {
		return nil, errors.New("read body: null is no object")
	}
	return fields, nil
}
