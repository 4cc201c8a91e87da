package load

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/machine"
)

// usage is what a process has used.
type usage struct {
	cpu time.Duration
	rss int64 // at most so far
}

func (u usage) minus(other usage) usage { return usage{u.cpu - other.cpu, u.rss} }

// stolenShare is how many percent of the machine's CPU its host may give to others before a
// run says so. With 2.5 % of it a program was called slower than itself; with up to 39 % for
// some seconds the p99 at 8,000/s was 405 ms, and 11 ms at another time.
const stolenShare = 1

// Generator is what the load cost its maker, for comparisons on one machine.
type Generator struct {
	CPUSeconds     float64 `json:"cpu_seconds"`
	CPUPerThousand float64 `json:"cpu_seconds_per_1000"` // attempts
	MaxRSSMB       float64 `json:"max_rss_mb"`
	Stolen         float64 `json:"stolen_pct"` // of the machine's CPU, by its host while requests were sent; 0 where that is not known
	Threads        int     `json:"threads"`
	System         string  `json:"system"`
	Machine        string  `json:"machine"` // its processor, where that is known
	Go             string  `json:"go"`
}

func generator(spent usage, stolen float64, stats *statistics) Generator {
	attempts := uint64(0)
	for _, c := range stats.classes {
		attempts += c.attempts
	}
	return Generator{
		CPUSeconds:     round(spent.cpu.Seconds(), Milliseconds),
		CPUPerThousand: round(1000*spent.cpu.Seconds()/float64(max(attempts, 1)), Milliseconds),
		MaxRSSMB:       round(float64(spent.rss)/(1<<20), PerSecond),
		Stolen:         round(stolen, Percent),
		Threads:        runtime.GOMAXPROCS(0), System: runtime.GOOS + "/" + runtime.GOARCH, Machine: machine.Processor(), Go: runtime.Version(),
	}
}

// machine names what the run was made on.
func (g Generator) machine() string {
	return strings.TrimSpace(fmt.Sprintf("%d threads of %s %s", g.Threads, g.System, g.Machine))
}
