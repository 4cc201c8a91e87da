package steps

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/rules"
)

// A requestForm is how a request may be sent, where the documents make no difference to who
// may send it.
type requestForm int

const (
	asUsual requestForm = iota
	largeBody
	inChunks
	withVoucher // of a refund
)

// formsOf are the forms of a kind of request, the usual one apart.
func formsOf(kind string, hasBody bool) []requestForm {
	switch {
	case kind == "refund status":
		return []requestForm{withVoucher}
	case hasBody:
		return []requestForm{largeBody, inChunks}
	}
	return nil
}

// largeSize is what a large body has in white space: more than a buffer of 4 KiB.
const largeSize = 5 << 10

func (f requestForm) String() string {
	return [...]string{"", "a body of 5 KiB", "a body in chunks", "its voucher asked for"}[f]
}

// of is a request in the form.
func (f requestForm) of(r merchant.Request) merchant.Request {
	switch f {
	case largeBody:
		r.Body = merchant.Padded(r.Body, largeSize)
	case inChunks:
		r.Chunked = true
	case withVoucher:
		r.Path += "?voucher=true"
	case asUsual:
	}
	return r
}

var (
	stepFormed    = regexp.MustCompile(`^an? ([a-z ]+) request with (a body of more than (\d+) bytes|a body in chunks|an answer as gzip) and an idempotency key that the server accepts$`)
	stepElsewhere = regexp.MustCompile(`^it is sent again from another address that is whitelisted$`)
	stepNoInvoice = regexp.MustCompile(`^a deposit request without an invoice_id and with an idempotency key, where the target takes one$`)
	stepRetry     = regexp.MustCompile(`^it is sent again with (another User-Agent|more headers|a connection of its own|a body in chunks|an answer as gzip)$`)
)

func formSteps(w *world, sc vocabulary) {
	sc.Step(stepFormed, func(ctx context.Context, kind, form, size string) error {
		w.twin.kind = kind
		change, ok := w.inForm(form, size)
		if !ok {
			return &noted{"the target does not take a " + kind + " request with " + form}
		}
		source, err := w.source(ctx, kind)
		if err != nil {
			return err
		}
		return w.firstAccepted(ctx, kind, func() (merchant.Request, error) {
			r, err := source()
			r.IdempotencyKey = w.suite.Orders.NewKey()
			w.story.request = change(r)
			return w.story.request, err
		})
	})
	sc.Step(stepRetry, w.retry)
	sc.Step(stepElsewhere, func(ctx context.Context) error {
		err := w.whitelisted(ctx, string(rules.Deposits), "")
		if lacks, ok := errors.AsType[*missing](err); ok {
			return &noted{"not looked at: " + lacks.reason}
		}
		if err == nil {
			w.tell(ctx, w.twin.probe, w.story.request)
		}
		return err
	})
	sc.Step(stepNoInvoice, func(ctx context.Context) error {
		r := merchant.CreateDeposit(w.suite.Orders.Deposit(depositAmount))
		r.Body, r.IdempotencyKey = merchant.RemoveField(r.Body, "invoice_id"), w.suite.Orders.NewKey()
		w.story.request = r
		first := w.tell(ctx, w.server.Client(), r)
		if judge.Read(first).Kind == judge.Refusal && !judge.RefusesCaller(first) {
			return &noted{"the target takes no deposit without an invoice_id: " + judge.Describe(first)}
		}
		return held(asControl(judge.IsAccepted(first)))
	})
}

// inForm changes a request of the twin's kind in a way that makes no difference; false
// where the target takes none in that form.
func (w *world) inForm(form, size string) (change func(merchant.Request) merchant.Request, ok bool) {
	survey, kind := w.suite.survey, w.twin.kind
	switch form {
	case inChunks.String():
		return inChunks.of, slices.Contains(survey.forms[kind], inChunks)
	case asGzip:
		return packed, true
	}
	var bytes int
	if _, err := fmt.Sscan(size, &bytes); err != nil {
		return nil, false
	}
	return func(r merchant.Request) merchant.Request {
		r.Body = merchant.Padded(r.Body, bytes)
		return r
	}, survey.takes(bytes)
}

// asGzip is the form of a request whose answer the server may compress.
const asGzip = "an answer as gzip"

func packed(r merchant.Request) merchant.Request {
	r.Packed = true
	return r
}

// firstAccepted sends a request of a source as the first of the story, and as a twin's control.
func (w *world) firstAccepted(ctx context.Context, kind string, source source) error {
	if err := w.unlessIncomplete(kind, w.control(ctx, source)); err != nil {
		return err
	}
	w.story.answers = append(w.story.answers, w.twin.control)
	return nil
}

// retry sends the story's request again, as another program or by another way.
func (w *world) retry(ctx context.Context, how string) error {
	client, r := w.server.Client(), w.story.request
	var tampers []merchant.Tamper
	switch how {
	case "another User-Agent":
		tampers = append(tampers, merchant.WithHeader(d24.HeaderUserAgent, "shop/2.1 (retry)"))
	case "more headers":
		tampers = append(tampers, merchant.WithHeader("Accept", "application/json"), merchant.WithHeader("Accept-Language", "pt-BR"),
			merchant.WithHeader("X-Request-Id", w.suite.Orders.NewKey()))
	case "a connection of its own":
		var err error
		if client, err = client.From(func(*merchant.Options) {}); err != nil {
			return err
		}
		defer client.Close()
	case inChunks.String():
		if !slices.Contains(w.suite.survey.forms[w.twin.kind], inChunks) {
			return &noted{"the target does not take such a request with a body in chunks"}
		}
		r.Chunked = true
	case asGzip:
		r = packed(r)
	}
	w.tell(ctx, client, r, tampers...)
	return nil
}
