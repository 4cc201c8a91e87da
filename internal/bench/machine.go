package bench

import (
	"os"
	"runtime"
	"strings"
)

// ThisMachine is where this program runs.
func ThisMachine() Machine {
	return Machine{System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), CPU: cpu(), Threads: runtime.GOMAXPROCS(0)}
}

// cpu is the model's name where the system has it in a file.
func cpu() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
