// Command go is a client of the D24 payment APIs on Go's standard library alone.
// It reads one JSON object a line and writes one a line:
//
//	go build -o adapter ./cmd/adapters/go
//	d24conform run client --adapter ./adapter
//
// client.go is the client, this file what it is asked.
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"
)

// A Request is a line on stdin. Numbers keep their digits: ids are longer than 32 bits,
// and amounts are money.
type Request struct {
	ID             string            `json:"id"`
	Op             string            `json:"op"`
	BaseURL        string            `json:"base_url"`
	CAFile         string            `json:"ca_file"`
	Credentials    Keys              `json:"credentials"`
	Body           map[string]any    `json:"body"`
	BodyText       string            `json:"body_text"`
	IdempotencyKey string            `json:"idempotency_key"`
	DepositID      json.Number       `json:"deposit_id"`
	RefundID       json.Number       `json:"refund_id"`
	Country        string            `json:"country"`
	Amount         json.Number       `json:"amount"`
	XDate          string            `json:"x_date"`
	Kind           string            `json:"kind"`
	Headers        map[string]string `json:"headers"`
}

func main() {
	timeout, err := time.ParseDuration(os.Getenv("D24_TIMEOUT") + "s")
	if err != nil {
		timeout = 5 * time.Second
	}
	var client *Client
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	in.UseNumber()
	for {
		var r Request
		if err := in.Decode(&r); err != nil {
			return // stdin is closed
		}
		var answer map[string]any
		switch {
		case r.Op == "hello":
			ops := slices.AppendSeq([]string{"sign_deposit", "sign_cashout", "verify_notification"}, maps.Keys(operations))
			answer = map[string]any{"name": "example-go", "version": "1", "ops": ops}
			if client, err = NewClient(r.BaseURL, r.CAFile, r.Credentials, timeout); err != nil {
				answer = map[string]any{"error": err.Error()}
			}
		case client == nil:
			answer = map[string]any{"error": "hello comes first"}
		default:
			answer = client.perform(&r)
		}
		answer["id"] = r.ID
		if err := out.Encode(answer); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
	}
}

// An Operation does what a request asks for.
type Operation func(c *Client, r *Request) (*Answer, error)

var operations = map[string]Operation{
	"create_deposit":        func(c *Client, r *Request) (*Answer, error) { return c.create("/v3/deposits", r) },
	"deposit_status":        func(c *Client, r *Request) (*Answer, error) { return c.status("/v3/deposits", r.DepositID) },
	"create_refund":         func(c *Client, r *Request) (*Answer, error) { return c.create("/v3/refunds", r) },
	"refund_status":         func(c *Client, r *Request) (*Answer, error) { return c.status("/v3/refunds", r.RefundID) },
	"payment_methods":       func(c *Client, r *Request) (*Answer, error) { return c.lookup("/v3/payment_methods", r) },
	"exchange_rate":         func(c *Client, r *Request) (*Answer, error) { return c.lookup("/v3/exchange_rates", r) },
	"banks":                 func(c *Client, r *Request) (*Answer, error) { return c.lookup("/v3/banks", r) },
	"create_cashout":        func(c *Client, r *Request) (*Answer, error) { return c.cashout("POST", "/v3/cashout", r, false) },
	"cashout_status":        func(c *Client, r *Request) (*Answer, error) { return c.cashout("POST", "/v3/cashout/status", r, true) },
	"update_cashout_status": func(c *Client, r *Request) (*Answer, error) { return c.cashout("PUT", "/v3/cashout/status", r, false) },
	"cancel_cashout": func(c *Client, r *Request) (*Answer, error) {
		return c.cashout("DELETE", "/v3/cashout/cancel", r, false)
	},
}

func (c *Client) perform(r *Request) map[string]any {
	switch r.Op {
	case "sign_deposit":
		return map[string]any{"authorization": c.authorization(r.XDate, r.BodyText)}
	case "sign_cashout":
		return map[string]any{"payload_signature": digest(c.keys.Cashouts.Signature, r.BodyText)}
	case "verify_notification":
		return map[string]any{"accepted": c.verify(r)}
	}
	run, ok := operations[r.Op]
	if !ok {
		return map[string]any{"unsupported": true}
	}
	answer, err := run(c, r)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return map[string]any{"status": answer.Status, "body": answer.Body}
}
