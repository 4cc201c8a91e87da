package bench

import (
	"context"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// An Ask has an adapter do an operation with these fields, and returns the signature that
// it answers with; none of an operation that it does not know.
type Ask func(ctx context.Context, op string, fields map[string]any) (signature string, err error)

const (
	// nothing is an operation that no adapter knows: what it costs is the protocol.
	nothing = "nothing"
	// calls of one signature stand in the middle of as many that do nothing, so that what
	// grows or shrinks meanwhile is in both.
	calls = 4
	// warmUp calls of a row come before the first that counts: what compiles while it runs
	// has compiled by then.
	warmUp = 500
)

// A question is one signature that an adapter is asked for.
type question struct {
	ask    Ask
	op     Op
	bytes  int
	fields map[string]any
	want   string
}

// through are the rows of the program at an adapter's other end.
func through(ctx context.Context, opts Options) ([]*probe, error) {
	var probes []*probe
	for _, op := range opts.Offers {
		for _, n := range sizes() {
			q := newQuestion(opts, op, n)
			for _, name := range []string{nothing, string(op)} {
				if _, err := q.times(ctx, name, min(warmUp, calls*opts.Rounds)); err != nil {
					return nil, err
				}
			}
			p := newProbe(ViaAdapter, op, n, 1, opts.Credentials)
			p.sign = q.round
			probes = append(probes, p)
		}
	}
	return probes, nil
}

func newQuestion(opts Options, op Op, n int) *question {
	body, c := bodyOf(n), opts.Credentials
	q := &question{ask: opts.Ask, op: op, bytes: n, fields: map[string]any{"body_text": body}}
	if op == SignCashout {
		q.want = d24.NewKey(c.Cashouts.APISignature).Payload([]byte(body))
		return q
	}
	q.fields["x_date"] = date
	q.want = d24.NewKey(c.Deposits.APISignature).Authorization(date, c.Deposits.APIKey, []byte(body))
	return q
}

// times asks so many times for the operation of that name, and checks every signature.
func (q *question) times(ctx context.Context, name string, times int) (time.Duration, error) {
	start := time.Now()
	for range times {
		got, err := q.ask(ctx, name, q.fields)
		if err != nil {
			return 0, err
		}
		if name != nothing && got != q.want {
			return 0, &WrongSignatureError{q.op, q.bytes, got == ""}
		}
	}
	return time.Since(start), nil
}

// round begins with a call that does not count: whoever was not asked for a while is slow
// to wake up.
func (q *question) round(ctx context.Context) (ns, protocol float64, err error) {
	var took [4]time.Duration
	for i, step := range []struct {
		name  string
		times int
	}{{nothing, 1}, {nothing, calls / 2}, {string(q.op), calls}, {nothing, calls / 2}} {
		if took[i], err = q.times(ctx, step.name, step.times); err != nil {
			return 0, 0, err
		}
	}
	without := took[1] + took[3]
	return float64(took[2]-without) / calls, float64(without) / calls, nil
}
