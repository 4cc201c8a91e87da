// Package machine says what a figure was measured on: the processor, and how much of it
// the machine's host gave to others meanwhile.
package machine

import (
	"os"
	"strconv"
	"strings"
)

// Processor is the model's name, where the system has it in a file; otherwise empty. It
// is no name of the machine, which differs from one CI job to the next and is nobody's
// business.
func Processor() string { return processor(read("/proc/cpuinfo")) }

func processor(info string) string {
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Ticks is the time of all CPUs since the machine started.
type Ticks struct {
	stolen, all uint64
}

// Now is the time until now; nothing where the system does not say.
func Now() Ticks { return ticks(read("/proc/stat")) }

// ticks reads the line of all CPUs: user, nice, system, idle, iowait, irq, softirq and
// steal, in hundredths of a second. What follows is part of user already.
func ticks(stat string) (t Ticks) {
	const steal = 8
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) <= steal || fields[0] != "cpu" {
		return Ticks{}
	}
	for i, field := range fields[1 : steal+1] {
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return Ticks{}
		}
		t.all += n
		if i+1 == steal {
			t.stolen = n
		}
	}
	return t
}

// Stolen is the share of the CPUs since an earlier moment that this machine wanted and
// its host gave to others, in percent. It is 0 on a machine of its own and where the
// system does not say.
func (t Ticks) Stolen(since Ticks) float64 {
	if t.all <= since.all || t.stolen < since.stolen {
		return 0
	}
	return 100 * float64(t.stolen-since.stolen) / float64(t.all-since.all)
}

func read(path string) string {
	text, _ := os.ReadFile(path) // only some systems have it
	return string(text)
}
