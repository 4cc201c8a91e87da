package target

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// An Op is something that a client can be asked to do, by its name in the adapter
// protocol.
type Op string

// The operations of the protocol.
const (
	OpCreateDeposit  Op = "create_deposit"
	OpDepositStatus  Op = "deposit_status"
	OpCreateRefund   Op = "create_refund"
	OpRefundStatus   Op = "refund_status"
	OpPaymentMethods Op = "payment_methods"
	OpExchangeRate   Op = "exchange_rate"
	OpBanks          Op = "banks"
	OpCreateCashout  Op = "create_cashout"
	OpCashoutStatus  Op = "cashout_status"
	OpUpdateCashout  Op = "update_cashout_status"
	OpCancelCashout  Op = "cancel_cashout"
)

// protocolVersion is the one that is spoken: one JSON object a line each way.
const protocolVersion = 1

const (
	// AnswerTimeout is how long one request may take an adapter.
	AnswerTimeout = 30 * time.Second
	// maxLine is the longest answer: more than any body of the mock, escaped.
	maxLine = 4 << 20
	// shown is how much of a line that is wrong stands in an error.
	shown = 120
)

// An AdapterError says in one sentence why a client cannot be driven any more. It judges
// no rule.
type AdapterError struct{ Text string }

func (e *AdapterError) Error() string { return e.Text }

// An Adapter speaks to a program that drives a client: it is told what to do, one thing
// at a time, and says what became of it. Once something went wrong it is not asked again.
type Adapter struct {
	Name, Version string // what it calls itself
	Ops           []Op   // what it says that it can do

	to     io.WriteCloser
	lines  chan line
	closed chan struct{}
	stop   func() error // ends the program, if it is one of ours; says how it ended
	kill   func()       // ends it without a word; nil = stop does
	atEnd  []func()
	after  func(time.Duration) <-chan time.Time
	limit  time.Duration // of one request
	serial int
	broken error
}

type line struct {
	text []byte
	err  error
}

// A Reply is what an adapter says of an operation.
type Reply struct {
	Status      int    // of the answer, as the client got it
	Body        string // the same
	GaveUp      string // why the client has no answer
	Unsupported bool
	Signature   string // of what it was to sign: the whole value of the header
	Accepted    *bool  // whether a notification is, where it was asked; nil = it does not say
}

// NewAdapter speaks to a program through its stdin and stdout. after is the clock; nil =
// time.After.
func NewAdapter(stdin io.WriteCloser, stdout io.Reader, after func(time.Duration) <-chan time.Time) *Adapter {
	if after == nil {
		after = time.After
	}
	a := &Adapter{
		to: stdin, lines: make(chan line), closed: make(chan struct{}), after: after, limit: AnswerTimeout,
		stop: func() error { return nil },
	}
	go a.read(bufio.NewReaderSize(stdout, 64<<10))
	return a
}

// read passes on line after line, until the last or until nobody listens any more.
func (a *Adapter) read(from *bufio.Reader) {
	for {
		text, err := readLine(from)
		select {
		case a.lines <- line{text, err}:
		case <-a.closed:
			return
		}
		if err != nil {
			return
		}
	}
}

var errLineTooLong = errors.New("line too long")

func readLine(from *bufio.Reader) ([]byte, error) {
	var text []byte
	for {
		part, err := from.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case len(text) > maxLine:
			return nil, errLineTooLong
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(strings.TrimSpace(string(text))) > 0:
			return text, nil // a last line without its end; the next read says that it was the last
		case err != nil:
			return nil, err
		}
		return text, nil
	}
}

// Hello tells the adapter where the server is and who it is, and learns what it can do.
func (a *Adapter) Hello(ctx context.Context, baseURL, caFile string, c d24.Credentials) error {
	answer, err := a.ask(ctx, "hello", map[string]any{
		"protocol": protocolVersion, "base_url": baseURL, "ca_file": caFile,
		"credentials": map[string]any{
			"deposits": map[string]string{"api_key": c.Deposits.APIKey, "api_signature": c.Deposits.APISignature, "read_only_key": c.Deposits.ReadOnlyKey},
			"cashouts": map[string]string{"api_key": c.Cashouts.APIKey, "api_passphrase": c.Cashouts.APIPassphrase, "api_signature": c.Cashouts.APISignature},
		},
	})
	if err != nil {
		return err
	}
	if answer.Error != nil {
		return a.fail("the adapter refuses hello: %s", clip(*answer.Error))
	}
	a.Name, a.Version, a.Ops = answer.Name, answer.Version, answer.Ops
	return nil
}

// Offers says whether the adapter listed the operation.
func (a *Adapter) Offers(op Op) bool { return slices.Contains(a.Ops, op) }

// Do has the client do something. fields are those of the operation. An error means that
// the adapter cannot be asked any more.
func (a *Adapter) Do(ctx context.Context, op Op, fields map[string]any) (Reply, error) {
	answer, err := a.ask(ctx, string(op), fields)
	if err != nil {
		return Reply{}, err
	}
	r := Reply{Status: answer.Status, Unsupported: answer.Unsupported, Signature: cmp.Or(answer.Authorization, answer.PayloadSignature), Accepted: answer.Accepted}
	if answer.Error != nil {
		r.GaveUp = *answer.Error
		if r.GaveUp == "" {
			r.GaveUp = "an error that it does not name"
		}
	}
	if json.Unmarshal(answer.Body, &r.Body) != nil {
		r.Body = string(answer.Body) // not a string, but what it says all the same
	}
	return r, nil
}

// answer is any line of the adapter's. Fields that nobody knows are ignored.
type answer struct {
	ID          *string         `json:"id"`
	Name        string          `json:"name"`
	Version     string          `json:"version"`
	Ops         []Op            `json:"ops"`
	Status      int             `json:"status"`
	Body        json.RawMessage `json:"body"`
	Error       *string         `json:"error"`
	Unsupported bool            `json:"unsupported"`

	Authorization    string `json:"authorization"`     // of sign_deposit
	PayloadSignature string `json:"payload_signature"` // of sign_cashout
	Accepted         *bool  `json:"accepted"`          // of verify_notification
}

// ask sends one request and waits for its answer.
func (a *Adapter) ask(ctx context.Context, op string, fields map[string]any) (answer, error) {
	if a.broken != nil {
		return answer{}, a.broken
	}
	a.serial++
	id := strconv.Itoa(a.serial)
	request := map[string]any{"id": id, "op": op}
	maps.Copy(request, fields)
	text, err := json.Marshal(request)
	if err != nil {
		return answer{}, fmt.Errorf("ask the adapter for %s: %w", op, err)
	}
	late := a.after(a.limit)
	written := make(chan error, 1)
	go func() {
		_, err := a.to.Write(append(text, '\n'))
		written <- err
	}()
	for {
		select {
		case err := <-written:
			if err != nil {
				return answer{}, a.ended(op)
			}
			written = nil
		case got := <-a.lines:
			return a.understand(op, id, got)
		case <-late:
			return answer{}, a.fail("the adapter did not answer %s within %s", op, a.limit)
		case <-ctx.Done():
			a.broken = ctx.Err() // whatever it answers now would be out of turn
			return answer{}, ctx.Err()
		}
	}
}

// understand reads the answer to a request.
func (a *Adapter) understand(op, id string, got line) (answer, error) {
	switch {
	case errors.Is(got.err, errLineTooLong):
		return answer{}, a.fail("the adapter answered %s with a line of more than %d MiB", op, maxLine>>20)
	case got.err != nil:
		return answer{}, a.ended(op)
	}
	var read answer
	if err := json.Unmarshal(got.text, &read); err != nil {
		if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) && kind.Field != "" {
			return answer{}, a.fail("the adapter answered %s with a %s in the field %s: %s", op, kind.Value, kind.Field, clip(string(got.text)))
		}
		return answer{}, a.fail("the adapter wrote a line on stdout that is no JSON object, where the answer to %s was due (logs belong on stderr): %s",
			op, clip(string(got.text)))
	}
	switch {
	case read.ID == nil:
		return answer{}, a.fail("the adapter answered %s without an id: %s", op, clip(string(got.text)))
	case *read.ID != id:
		return answer{}, a.fail("the adapter answered out of turn: request %s (%s) with the id %s", id, op, clip(*read.ID))
	}
	return read, nil
}

// ended says that the program is gone, and how it went.
func (a *Adapter) ended(op string) error {
	how := ""
	if err := a.stop(); err != nil {
		how = " (" + err.Error() + ")"
	}
	return a.fail("the adapter ended%s while it was asked for %s", how, op)
}

func (a *Adapter) fail(format string, parts ...any) error {
	a.broken = &AdapterError{fmt.Sprintf(format, parts...)}
	return a.broken
}

// Broken is why the adapter cannot be asked any more; nil while it can.
func (a *Adapter) Broken() error { return a.broken }

// Title is what the adapter calls itself.
func (a *Adapter) Title() string {
	name := strings.TrimSpace(a.Name + " " + a.Version)
	if name == "" {
		return "a client without a name"
	}
	return name
}

// AtEnd has something done when the adapter is closed.
func (a *Adapter) AtEnd(do func()) { a.atEnd = append(a.atEnd, do) }

// Kill ends the adapter as a power cut does, and waits for its end.
func (a *Adapter) Kill() {
	if a.kill != nil {
		a.kill()
	}
	a.Close()
}

// Close tells the adapter that it is over, by closing its stdin, and waits for its end.
func (a *Adapter) Close() {
	if a.broken == nil {
		a.broken = &AdapterError{"the adapter was closed"}
	}
	select {
	case <-a.closed:
		return
	default:
		close(a.closed)
	}
	_ = a.to.Close()
	_ = a.stop()
	for _, do := range a.atEnd {
		do()
	}
}

// clip is what a program wrote, as a part of a sentence.
func clip(text string) string {
	text = strings.TrimSpace(text)
	if runes := []rune(text); len(runes) > shown {
		text = string(runes[:shown]) + "…"
	}
	return strconv.Quote(text)
}
