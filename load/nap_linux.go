package load

import (
	"syscall"
	"time"
)

// nap sleeps in the kernel, which wakes us within some 60 µs. A signal may cut it short:
// then a request leaves some microseconds early.
func nap(d time.Duration) bool {
	ts := syscall.NsecToTimespec(d.Nanoseconds())
	_ = syscall.Nanosleep(&ts, nil) // see above
	return true
}
