//go:build unix

package load

import (
	"runtime"
	"syscall"
	"time"
)

// usageNow is what the process has used of the machine until now.
func usageNow() usage {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return usage{}
	}
	unit := int64(1 << 10) // kilobytes, but for one system
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return usage{
		cpu: time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		rss: int64(r.Maxrss) * unit, //nolint:unconvert // 32 bits on some systems
	}
}
