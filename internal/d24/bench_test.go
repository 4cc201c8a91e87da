package d24_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/d24conform/d24conform/internal/bench"
	"github.com/d24conform/d24conform/internal/d24"
)

const (
	benchDate  = "2020-06-21T12:33:20Z"
	benchLogin = "login_FAKE"
	benchKey   = "sk-FAKE-0123456789abcdef"
)

// A way gets from a body to what stands in Authorization. It makes one goroutine's
// operation, with state of its own.
type way struct {
	name string
	op   func(body []byte) func()
}

// floor is plain SHA-256 over the same bytes: what everything is measured against.
// No HMAC can come down to 1, since it compresses one block more.
func floor(body []byte) func() {
	text := append([]byte(benchDate+benchLogin), body...)
	return func() {
		sum := sha256.Sum256(text)
		runtime.KeepAlive(sum)
	}
}

func ways() []way {
	key := d24.NewKey(benchKey)
	return []way{
		{"signer", func(body []byte) func() {
			signer, dst := key.Signer(), make([]byte, 0, lonely)
			return func() { signer.AppendDeposit(dst, benchDate, benchLogin, body) }
		}},
		{"pooled", func(body []byte) func() { // what a careful client does
			pool := sync.Pool{New: func() any { return hmac.New(sha256.New, []byte(benchKey)) }}
			head, dst := []byte(benchDate+benchLogin), make([]byte, 0, lonely)
			sum := make([]byte, 0, sha256.Size)
			return func() {
				mac := pool.Get().(hash.Hash)
				mac.Reset()
				mac.Write(head)
				mac.Write(body)
				hex.AppendEncode(dst, mac.Sum(sum))
				pool.Put(mac)
			}
		}},
		{"hmac.New", func(body []byte) func() { // what most clients do
			return func() {
				mac := hmac.New(sha256.New, []byte(benchKey))
				mac.Write([]byte(benchDate + benchLogin))
				mac.Write(body)
				_ = hex.EncodeToString(mac.Sum(nil))
			}
		}},
	}
}

// lonely is so large a buffer that no two goroutines' buffers share cache lines.
const lonely = 256

func sizes() []int { return []int{0, 256, 1 << 10, 4 << 10, 64 << 10} }

// BenchmarkSigning prints the table of the README: how many times the floor's time
// each way takes. A machine's speed wanders by a factor of two within minutes, so
// every round runs all ways one after the other and makes ratios of its own; what
// is printed is the median over the rounds. Two threads sign at once, and the
// speedups are how much more they do than one of them alone.
func BenchmarkSigning(b *testing.B) {
	for _, size := range sizes() {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("size=%d/threads=%d", size, threads), func(b *testing.B) {
				if runtime.GOMAXPROCS(0) < threads {
					b.Skipf("not run: %d threads need as many CPUs", threads)
				}
				compare(b, make([]byte, size), threads)
			})
		}
	}
}

// roundTime is how long the floor runs in one round: long enough for starting
// goroutines not to show, short enough for most rounds to be left alone by whatever
// else the machine does.
const roundTime = 250 * time.Microsecond

func compare(b *testing.B, body []byte, threads int) {
	b.Helper()
	list := append([]way{{"sha256", floor}}, ways()...)
	together, alone := make([]bench.Stopwatch, len(list)), make([]bench.Stopwatch, len(list))
	for i, w := range list {
		together[i], alone[i] = prepare(w.op, body, threads), prepare(w.op, body, 1)
	}
	times := together[0].Lasting(roundTime)
	ratios, speedups := make([][]float64, len(list)), make([][]float64, len(list))
	for b.Loop() {
		unit := together[0](times).Seconds()
		for i := range list {
			took := together[i](times).Seconds()
			ratios[i] = append(ratios[i], took/unit)
			if threads > 1 {
				speedups[i] = append(speedups[i], float64(threads)*alone[i](times).Seconds()/took)
			}
		}
	}
	b.ReportMetric(0, "ns/op") // a round's time says nothing
	for i, w := range list[1:] {
		b.ReportMetric(median(ratios[i+1]), w.name+"-x-sha256")
	}
	if threads == 1 {
		b.ReportMetric(testing.AllocsPerRun(100, ways()[0].op(body)), "signer-allocs")
		return
	}
	b.ReportMetric(median(speedups[0]), "sha256-speedup")
	b.ReportMetric(median(speedups[1]), "signer-speedup")
}

// prepare makes the stopwatch of an operation that several goroutines carry out at once,
// each with state of its own.
func prepare(newOp func([]byte) func(), body []byte, threads int) bench.Stopwatch {
	ops := make([]func(), threads)
	for i := range ops {
		ops[i] = newOp(body)
	}
	return bench.Together(ops...)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return bench.Median(values)
}

// BenchmarkDeposit has each way on its own, for comparing two commits by benchstat.
func BenchmarkDeposit(b *testing.B) {
	for _, size := range sizes() {
		for _, w := range append([]way{{"sha256", floor}}, ways()...) {
			b.Run(fmt.Sprintf("size=%d/way=%s", size, w.name), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(benchDate) + len(benchLogin) + size))
				b.RunParallel(func(pb *testing.PB) {
					op := w.op(make([]byte, size))
					for pb.Next() {
						op()
					}
				})
			})
		}
	}
}
