package d24_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/d24conform/d24conform/internal/d24"
)

const (
	benchDate  = "2020-06-21T12:33:20Z"
	benchLogin = "login_FAKE"
	benchKey   = "sk-FAKE-0123456789abcdef"
)

// BenchmarkDeposit compares, in one run and at each size, our signer with the two
// things that bound it: hmac.New for each request (what most clients do) and plain
// SHA-256 over the same bytes (the floor no HMAC can reach). Run it with
// -cpu 1,2 for one and two threads; `make bench-signing` prints the ratios.
func BenchmarkDeposit(b *testing.B) {
	for _, size := range []int{0, 256, 1 << 10, 4 << 10, 64 << 10} {
		body := make([]byte, size)
		text := append([]byte(benchDate+benchLogin), body...)
		b.Run(fmt.Sprintf("size=%d/way=sha256", size), func(b *testing.B) {
			run(b, len(text), func() func() {
				var sum [sha256.Size]byte
				return func() { sum = sha256.Sum256(text); _ = sum }
			})
		})
		b.Run(fmt.Sprintf("size=%d/way=signer", size), func(b *testing.B) {
			key := d24.NewKey(benchKey)
			run(b, len(text), func() func() {
				signer, dst := key.Signer(), make([]byte, 0, d24.DigestHexLen)
				return func() { signer.AppendDeposit(dst, benchDate, benchLogin, body) }
			})
		})
		b.Run(fmt.Sprintf("size=%d/way=hmac.New", size), func(b *testing.B) {
			run(b, len(text), func() func() {
				return func() {
					mac := hmac.New(sha256.New, []byte(benchKey))
					mac.Write([]byte(benchDate + benchLogin))
					mac.Write(body)
					_ = hex.EncodeToString(mac.Sum(nil))
				}
			})
		})
	}
}

// run measures one operation on as many goroutines as -cpu says, each with state
// of its own.
func run(b *testing.B, bytes int, newOp func() func()) {
	b.Helper()
	b.ReportAllocs()
	b.SetBytes(int64(bytes))
	b.RunParallel(func(pb *testing.PB) {
		op := newOp()
		for pb.Next() {
			op()
		}
	})
}
