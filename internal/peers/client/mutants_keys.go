package client

import (
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/d24conform/d24conform/internal/d24"
)

// keyMutants go wrong with idempotency keys, and when they send something again.
//
// Two of them break no sentence of the documents, so no rule of the ledger: an id cut
// to 32 bits and a client that never gives up are bad sense, at most observed.
func keyMutants() []Mutant {
	return []Mutant{
		{
			"no-key", "creates without a key, and never sends a creation again",
			[]string{"DEP-IDEM-03"},
			func(h *habits) { h.newKey = func(*client, *operation) (string, error) { return "", nil } },
		},
		{
			"creates-blindly", "has no keys, and creates once more when the answer is lost",
			[]string{"DEP-IDEM-03", "CLI-KEY-02"},
			func(h *habits) {
				h.newKey = func(_ *client, op *operation) (string, error) {
					op.reads = true // so it believes
					return "", nil
				}
			},
		},
		{
			"counter-key", "counts its keys: 1, 2, 3, from 1 whenever it is started",
			[]string{"DEP-IDEM-06", "CLI-KEY-01"},
			func(h *habits) {
				count := 0
				h.newKey = func(*client, *operation) (string, error) {
					count++
					return strconv.Itoa(count), nil
				}
			},
		},
		{
			"one-key-for-all", "makes one key when it starts, and uses it for everything",
			[]string{"CLI-KEY-01", "DEP-IDEM-02"},
			func(h *habits) {
				newKey := h.newKey
				kept := ""
				h.newKey = func(c *client, op *operation) (key string, err error) {
					if kept == "" {
						kept, err = newKey(c, op)
					}
					return kept, err
				}
			},
		},
		{
			"keys-not-kept", "keeps the keys of its orders in memory, and loses them when it is started again",
			[]string{"DEP-IDEM-02"},
			func(h *habits) { h.journal = func(*journal) *journal { return &journal{keys: map[string]string{}} } },
		},
		{
			"refund-under-deposit-key", "sends a refund under the key of the last deposit",
			[]string{"CLI-KEY-01"},
			func(h *habits) {
				newKey := h.newKey
				last := ""
				h.newKey = func(c *client, op *operation) (string, error) {
					if op.path == d24.PathRefunds && last != "" {
						return last, nil
					}
					key, err := newKey(c, op)
					last = key
					return key, err
				}
			},
		},
		{
			"key-on-get", "sends a key with every request, GET too",
			[]string{"DEP-IDEM-09"},
			func(h *habits) {
				h.finish = func(op *operation, r *http.Request) {
					if op.method == http.MethodGet {
						r.Header.Set(d24.HeaderIdempotencyKey, uuid.NewString())
					}
				}
			},
		},
		{
			"new-key-on-retry", "makes a new key for every attempt",
			[]string{"CLI-KEY-02"},
			func(h *habits) {
				newKey := h.newKey
				h.retry = func(c *client, op *operation) (err error) {
					if op.key != "" {
						op.key, err = newKey(c, op)
					}
					return err
				}
			},
		},
		{
			"new-body-on-retry", "says in the body of a deposit or refund which attempt it is",
			[]string{"CLI-KEY-02"},
			func(h *habits) {
				h.retry = func(_ *client, op *operation) error {
					if op.key == "" {
						return nil
					}
					fields, err := decodeBody(op.body)
					if err != nil {
						return err
					}
					fields["attempt"] = "sent again"
					op.body, err = encode(fields)
					return err
				}
			},
		},
		{
			"stale-retry", "sends the same date and signature again",
			[]string{"CLI-KEY-02", "DEP-DATE-01", "DEP-DATE-03"},
			func(h *habits) {
				headers := h.headers
				var of *operation
				var made http.Header
				h.headers = func(c *client, d *draft) http.Header {
					if of != d.op {
						of, made = d.op, headers(c, d)
					}
					return made
				}
			},
		},
		{
			"ids-of-32-bits", "keeps ids in 32 bits",
			nil,
			func(h *habits) {
				h.id = func(id d24.ID) string {
					number, err := strconv.ParseInt(string(id), 10, 64)
					if err != nil {
						return string(id)
					}
					return strconv.FormatInt(int64(int32(number)), 10) //nolint:gosec // the defect
				}
			},
		},
		{
			"never-gives-up", "sends what is answered 500 again and again, without a pause",
			nil,
			func(h *habits) {
				// Far beyond any patience, and over soon enough for a suite.
				const stubborn = 100
				again := h.again
				h.again = func(c *client, op *operation, tries int, a *answer, err error) (time.Duration, bool) {
					if err == nil && a.status >= http.StatusInternalServerError && op.key != "" {
						return 0, tries < stubborn
					}
					return again(c, op, tries, a, err)
				}
			},
		},
	}
}
