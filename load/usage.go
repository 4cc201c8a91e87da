package load

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// usage is what a process has used.
type usage struct {
	cpu time.Duration
	rss int64 // at most so far
}

func (u usage) minus(other usage) usage { return usage{u.cpu - other.cpu, u.rss} }

// Generator is what the load cost its maker, for comparisons on one machine.
type Generator struct {
	CPUSeconds     float64 `json:"cpu_seconds"`
	CPUPerThousand float64 `json:"cpu_seconds_per_1000"` // attempts
	MaxRSSMB       float64 `json:"max_rss_mb"`
	Threads        int     `json:"threads"`
	System         string  `json:"system"`
	Machine        string  `json:"machine"` // its processor, where that is known
	Go             string  `json:"go"`
}

func generator(spent usage, stats *statistics) Generator {
	attempts := uint64(0)
	for _, c := range stats.classes {
		attempts += c.attempts
	}
	return Generator{
		CPUSeconds:     round(spent.cpu.Seconds(), Milliseconds),
		CPUPerThousand: round(1000*spent.cpu.Seconds()/float64(max(attempts, 1)), Milliseconds),
		MaxRSSMB:       round(float64(spent.rss)/(1<<20), PerSecond),
		Threads:        runtime.GOMAXPROCS(0), System: runtime.GOOS + "/" + runtime.GOARCH, Machine: processor(), Go: runtime.Version(),
	}
}

// machine names what the run was made on.
func (g Generator) machine() string {
	return strings.TrimSpace(fmt.Sprintf("%d threads of %s %s", g.Threads, g.System, g.Machine))
}

// processor is the model of the machine's processor, where a file says so: no name of the
// machine, which differs from one CI job to the next and is nobody's business.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // elsewhere there is none
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
