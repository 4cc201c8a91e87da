package bench

import (
	"runtime"

	"github.com/d24conform/d24conform/internal/machine"
)

// ThisMachine is where this program runs.
func ThisMachine() Machine {
	return Machine{System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), CPU: machine.Processor(), Threads: runtime.GOMAXPROCS(0)}
}
