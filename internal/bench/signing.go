package bench

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// Options are what a run measures.
type Options struct {
	Rounds      int
	Rate        float64 // requests a second that the sentence is about
	Credentials d24.Credentials
	Adapter     string  // what it calls itself
	Ask         Ask     // of an adapter; nil = none
	Offers      []Op    // what the adapter signs
	Machine     Machine // where this is
}

// date is that of the documents' example. Every signature is over the same one.
const date = "2020-06-21T12:33:20Z"

// usual is the size of the bodies that the sentence is about: a deposit with its payer.
const usual = 1 << 10

// sizes of bodies: nothing, as in a GET; small, usual and large requests; and one that
// shows what is left when the fixed costs are not.
func sizes() []int { return []int{0, 256, usual, 4 << 10, 64 << 10} }

// roundTime is how long one row takes in one round: long enough for starting goroutines
// not to show, short enough for most rounds to be left alone by whatever else the machine
// does.
const roundTime = 250 * time.Microsecond

// A probe is a row as it is being measured.
type probe struct {
	row    Row
	sha256 Stopwatch
	times  int // of SHA-256 in one round, and of signatures in process
	// sign is one round of signatures, in nanoseconds for each, and what the protocol took
	// beside it.
	sign  func(ctx context.Context) (ns, protocol float64, err error)
	bytes int // that are signed
	ns    []float64
	cost  []float64
	ratio []float64
}

// Run measures. It returns early with ctx's error when ctx ends.
func Run(ctx context.Context, opts Options) (*Results, error) {
	started := time.Now()
	r := &Results{
		Schema: Schema, Machine: opts.Machine, Started: started.UTC(), Rounds: opts.Rounds, Adapter: opts.Adapter,
		Rows: []Row{}, Rate: opts.Rate, Says: []string{}, Notes: []string{},
	}
	probes := inProcess(opts)
	if runtime.GOMAXPROCS(0) < 2 {
		r.Notes = append(r.Notes, "rows of two threads need as many CPUs, and were left out")
	}
	if opts.Ask != nil {
		more, err := through(ctx, opts)
		if err != nil {
			return nil, err
		}
		probes = append(probes, more...)
	}
	for range opts.Rounds {
		for _, p := range probes {
			if err := p.round(ctx); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range probes {
		r.Rows = append(r.Rows, p.result())
	}
	r.say()
	r.DurationMS = time.Since(started).Milliseconds()
	return r, nil
}

// round is one measurement of SHA-256 and one of the signature, one behind the other.
func (p *probe) round(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	unit := float64(p.sha256(p.times)) / float64(p.times)
	ns, cost, err := p.sign(ctx)
	if err != nil {
		return err
	}
	p.ns, p.cost, p.ratio = append(p.ns, ns), append(p.cost, cost), append(p.ratio, ns/unit)
	return nil
}

func (p *probe) result() Row {
	row := p.row
	row.NS, row.SHA256 = IntervalOf(p.ns).rounded(), IntervalOf(p.ratio).rounded()
	if row.NS.Median > 0 {
		row.MBPerS = rounded(float64(row.Threads*p.bytes) / row.NS.Median * 1e3) // bytes a nanosecond are GB a second
	}
	if row.Via == ViaAdapter {
		cost := IntervalOf(p.cost).rounded().Median
		row.Cost = &cost
	}
	return row
}

// bodyOf is a text of that many bytes that looks like JSON.
func bodyOf(n int) string {
	const part = `{"amount":100.00,"country":"BR","name":"José"}`
	text := strings.Repeat(part, n/len(part)+1)[:n]
	return strings.ToValidUTF8(text, "-") // an é that is cut in two
}

// signed is the text under the signature.
func signed(op Op, login, body string) []byte {
	if op == SignDeposit {
		return []byte(date + login + body)
	}
	return []byte(body)
}

func sha256Of(text []byte) func() {
	return func() {
		sum := sha256.Sum256(text)
		runtime.KeepAlive(sum)
	}
}

// inProcess are the rows of our own signer.
func inProcess(opts Options) []*probe {
	var probes []*probe
	for _, op := range Ops() {
		for _, n := range sizes() {
			for threads := 1; threads <= min(2, runtime.GOMAXPROCS(0)); threads++ {
				p := newProbe(InProcess, op, n, threads, opts.Credentials)
				sign := make([]func(), threads)
				for i := range sign {
					sign[i] = signer(op, opts.Credentials, bodyOf(n))
				}
				watch := Together(sign...)
				allocs := allocations(sign[0])
				p.row.Allocs = &allocs
				p.sign = func(context.Context) (float64, float64, error) {
					return float64(watch(p.times)) / float64(p.times), 0, nil
				}
				probes = append(probes, p)
			}
		}
	}
	return probes
}

func newProbe(via Way, op Op, n, threads int, credentials d24.Credentials) *probe {
	p := &probe{row: Row{Via: via, Op: op, Bytes: n, Threads: threads}}
	floor := make([]func(), threads)
	for i := range floor {
		text := signed(op, credentials.Deposits.APIKey, bodyOf(n))
		floor[i], p.bytes = sha256Of(text), len(text)
	}
	p.sha256 = Together(floor...)
	p.times = p.sha256.Lasting(roundTime)
	return p
}

// lonely is so large a buffer that no two goroutines' buffers share cache lines.
const lonely = 256

// signer is one goroutine's signature, with state of its own.
func signer(op Op, c d24.Credentials, body string) func() {
	text, dst := []byte(body), make([]byte, 0, lonely)
	if op == SignCashout {
		s := d24.NewKey(c.Cashouts.APISignature).Signer()
		return func() { s.AppendPayload(dst, text) }
	}
	s := d24.NewKey(c.Deposits.APISignature).Signer()
	login := c.Deposits.APIKey
	return func() { s.AppendDeposit(dst, date, login, text) }
}

// allocations is how many an operation makes. What other goroutines make meanwhile counts
// as well, so that it is the least of a few tries.
func allocations(op func()) float64 {
	const tries, times = 5, 100
	op() // what is made once and kept
	least := 0.0
	for i := range tries {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range times {
			op()
		}
		runtime.ReadMemStats(&after)
		if n := float64((after.Mallocs - before.Mallocs) / times); i == 0 || n < least {
			least = n
		}
	}
	return least
}

// A WrongSignatureError is a program's answer that no server would accept. What it
// answered is not shown: it may be anything, a key included.
type WrongSignatureError struct {
	Op    Op
	Bytes int
	None  bool // it gave no signature at all
}

func (e *WrongSignatureError) Error() string {
	what := "a wrong signature"
	if e.None {
		what = "no signature"
	}
	return fmt.Sprintf("the adapter answered %s over a body of %s with %s", e.Op, size(e.Bytes), what)
}
