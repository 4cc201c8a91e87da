package load

import (
	"runtime"
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
		Threads:        runtime.GOMAXPROCS(0), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
	}
}
