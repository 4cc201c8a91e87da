package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/d24conform/d24conform/internal/d24"
)

// Name is how the client introduces itself; a mutant adds its own name.
const Name = "d24conform-peer"

// A Program is a client that is told what to do line by line.
type Program struct {
	options Options
	kept    *journal
}

// New makes a program. It fails only on a mutant that does not exist.
func New(opts Options) (*Program, error) {
	if err := applyMutant(newHabits(), opts.Mutant); err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	kept, err := newJournal(opts.Journal)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return &Program{opts.withDefaults(), kept}, nil
}

// request is a line on stdin. What an operation does not need is absent.
type request struct {
	ID string `json:"id"`
	Op string `json:"op"`

	BaseURL     string `json:"base_url"`
	CAFile      string `json:"ca_file"`
	Credentials struct {
		Deposits struct {
			APIKey       string `json:"api_key"`
			APISignature string `json:"api_signature"`
			ReadOnlyKey  string `json:"read_only_key"`
		} `json:"deposits"`
		Cashouts struct {
			APIKey        string `json:"api_key"`
			APIPassphrase string `json:"api_passphrase"`
			APISignature  string `json:"api_signature"`
		} `json:"cashouts"`
	} `json:"credentials"`

	Body           json.RawMessage   `json:"body"`
	BodyText       string            `json:"body_text"`
	IdempotencyKey string            `json:"idempotency_key"`
	DepositID      d24.ID            `json:"deposit_id"`
	RefundID       d24.ID            `json:"refund_id"`
	Country        string            `json:"country"`
	Amount         json.Number       `json:"amount"` // reads a quoted one, too
	XDate          string            `json:"x_date"`
	Kind           string            `json:"kind"`
	Headers        map[string]string `json:"headers"`
}

// reply is a line on stdout.
type reply struct {
	ID               string   `json:"id"`
	Name             string   `json:"name,omitempty"`
	Version          string   `json:"version,omitempty"`
	Ops              []string `json:"ops,omitempty"`
	Status           int      `json:"status,omitempty"`
	Body             *string  `json:"body,omitempty"`
	Error            string   `json:"error,omitempty"`
	Unsupported      bool     `json:"unsupported,omitempty"`
	Authorization    string   `json:"authorization,omitempty"`
	PayloadSignature string   `json:"payload_signature,omitempty"`
	Accepted         *bool    `json:"accepted,omitempty"`
}

// Serve answers one request after the other until stdin ends, which is no error, or
// the context does. A read of stdin under way is not broken off by the context: who
// ends the context closes stdin as well.
func (p *Program) Serve(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	var c *client
	in, out := json.NewDecoder(stdin), json.NewEncoder(stdout)
	for ctx.Err() == nil {
		var r request
		if err := in.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		var answered reply
		if r.Op == "hello" {
			c, answered = p.hello(&r)
		} else {
			answered = c.answer(ctx, &r)
		}
		answered.ID = r.ID
		if answered.Error != "" {
			fmt.Fprintf(stderr, "%s: %s\n", r.Op, answered.Error)
		}
		if err := out.Encode(answered); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
	}
	return ctx.Err()
}

// hello begins afresh with other keys or another server.
func (p *Program) hello(r *request) (*client, reply) {
	h := newHabits()
	err := applyMutant(h, p.options.Mutant)
	if err != nil {
		return nil, reply{Error: err.Error()}
	}
	c, err := newClient(p.options, h, p.kept, r.BaseURL, r.CAFile, d24.Credentials{
		Deposits: d24.DepositsCredentials(r.Credentials.Deposits),
		Cashouts: d24.CashoutsCredentials(r.Credentials.Cashouts),
	})
	if err != nil {
		return nil, reply{Error: err.Error()}
	}
	answered := reply{Name: Name, Version: "1"}
	if p.options.Mutant != "" {
		answered.Name += " " + p.options.Mutant
	}
	for _, k := range kinds() {
		answered.Ops = append(answered.Ops, k.name)
	}
	answered.Ops = append(answered.Ops, "sign_deposit", "sign_cashout", "verify_notification")
	return c, answered
}

func (c *client) answer(ctx context.Context, r *request) reply {
	if c == nil {
		return reply{Error: "hello comes first"}
	}
	switch r.Op {
	case "sign_deposit":
		return reply{Authorization: c.authorization(signedText{r.XDate, c.credentials.Deposits.APIKey, []byte(r.BodyText)})}
	case "sign_cashout":
		return reply{PayloadSignature: c.payloadSignature([]byte(r.BodyText))}
	case "verify_notification":
		accepted := c.accepts(r.Kind, r.Headers, r.BodyText)
		return reply{Accepted: &accepted}
	}
	for _, k := range kinds() {
		if k.name != r.Op {
			continue
		}
		op, err := k.make(c, r)
		if err != nil {
			return reply{Error: err.Error()}
		}
		op.name = k.name
		a, err := c.perform(ctx, op)
		if err != nil {
			return reply{Error: err.Error()}
		}
		text := string(a.body)
		return reply{Status: a.status, Body: &text}
	}
	return reply{Unsupported: true}
}
