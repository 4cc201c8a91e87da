package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
)

// keyed prepares a request with an idempotency key, and sends it as the first of the
// story, and as a twin's control, if the sentence says that it is accepted.
func (w *world) keyed(ctx context.Context, kind, amount, key, accepted string) error {
	source, err := w.keyedSource(ctx, kind, amount)
	if err != nil {
		return err
	}
	newKey, err := w.keyMaker(key)
	if err != nil {
		return err
	}
	w.twin.kind = kind
	w.twin.source = func() (merchant.Request, error) {
		r, err := source()
		r.IdempotencyKey = newKey()
		w.story.request = r
		return r, err
	}
	if accepted == "" {
		_, err := w.twin.source()
		return err
	}
	return w.unlessUnusual(key, w.firstAccepted(ctx, kind, w.twin.source))
}

// unlessUnusual says nothing about a server that refuses a key that few programs would
// send: the documents name no limit of a key, and no letters (AMB-07).
func (w *world) unlessUnusual(key string, err error) error {
	e := w.twin.control
	usual := slices.Contains([]string{"an idempotency key", "a version 4 UUID", "32 hex digits", "22 letters of base64", "a key of 36 characters"},
		strings.TrimSuffix(key, keySuffix))
	switch read := judge.Read(e); {
	case usual:
	case read.Kind == judge.Refusal && !judge.RefusesCaller(e):
		return &noted{"the target does not take such a key: " + judge.Describe(e)}
	case read.Kind == judge.Odd && len(w.story.request.IdempotencyKey) == 1:
		return &noted{"the target may know a key of one character from an earlier run: " + judge.Describe(e)}
	}
	return err
}

const keySuffix = " as its idempotency key"

// keyMaker makes new keys of one of the kinds that merchants use.
func (w *world) keyMaker(kind string) (func() string, error) {
	kind = strings.TrimSuffix(kind, keySuffix)
	uuid := w.suite.Orders.NewKey
	hex := func() string { return strings.ReplaceAll(uuid(), "-", "") }
	switch kind {
	case "an idempotency key", "a version 4 UUID":
		return uuid, nil
	case "32 hex digits":
		return hex, nil
	case "22 letters of base64", "a key of 22 letters":
		return func() string { return "Kq" + strings.NewReplacer("0", "Q", "1", "z", "2", "_").Replace(hex())[:20] }, nil
	case "a key with punctuation":
		return func() string { return "order#" + hex() + "!$%&'*+.^_|~:/@=?(),;[]{}<>" }, nil
	case "a key with a space in it":
		return func() string { return "order " + hex() }, nil
	case "a key of 1 character":
		return w.suite.Orders.NewLetterKey, nil
	}
	var length int
	if _, err := fmt.Sscanf(kind, "a key of %d character", &length); err != nil || length < 1 {
		return nil, fmt.Errorf("there is no kind %q of an idempotency key", kind)
	}
	return func() string {
		text := hex()
		return strings.Repeat(text, length/len(text)+1)[:length]
	}, nil
}

func (w *world) keyedSource(ctx context.Context, kind, amount string) (source, error) {
	if amount == "" {
		return w.source(ctx, kind)
	}
	cents, err := parseAmount(amount)
	if err != nil || kind != "refund" || w.story.deposit.id == "" {
		return nil, fmt.Errorf("only a refund of a deposit has an amount here: %w", err)
	}
	r := merchant.CreateRefund(w.story.deposit.id, w.story.deposit.invoice, &cents)
	return func() (merchant.Request, error) { return r, nil }, nil
}

// otherKey sends another operation under a key that looks much like the first.
func (w *world) otherKey(ctx context.Context, difference string) error {
	first := w.story.request
	r, err := w.twin.source()
	if err != nil {
		return err
	}
	key := first.IdempotencyKey
	switch difference {
	case "its last character":
		r.IdempotencyKey = merchant.FlipDigit(key, len(key)-1)
	case "its first character":
		r.IdempotencyKey = merchant.FlipDigit(key, 0)
	case "its letter case":
		r.IdempotencyKey = merchant.OtherCase(key)
	case "its length":
		r.IdempotencyKey = key + "0"
	case "lacking its last character":
		r.IdempotencyKey = key[:len(key)-1]
	default:
		var at int
		if _, err := fmt.Sscanf(difference, "character %d", &at); err != nil {
			return fmt.Errorf("in the feature file: %w", err)
		}
		r.IdempotencyKey = merchant.FlipDigit(key, at-1)
	}
	w.tell(ctx, w.server.Client(), r)
	return nil
}

// sameKey asks for something else under the key of the story's request.
func (w *world) sameKey(ctx context.Context, kind string) error {
	source, err := w.source(ctx, kind)
	if err != nil {
		return err
	}
	r, err := source()
	r.IdempotencyKey = w.story.request.IdempotencyKey
	if err == nil {
		w.tell(ctx, w.server.Client(), r)
	}
	return err
}
