package target

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// A Level is how much a run may do to its target. The third level of all, load, is
// that of the load command alone.
type Level string

// The levels.
const (
	Observe Level = "observe" // creates nothing
	Sandbox Level = "sandbox" // creates sandbox transactions
)

// ParseLevel reads a level's name.
func ParseLevel(name string) (Level, error) {
	switch level := Level(name); level {
	case Observe, Sandbox:
		return level, nil
	case "load":
		return "", errors.New("level load is that of the load command: a run is at level observe or sandbox")
	}
	return "", fmt.Errorf("level %q is not observe or sandbox", name)
}

// DefaultLevel is what a target is taken to allow when nobody said.
func DefaultLevel(loopback bool) Level {
	if loopback {
		return Sandbox
	}
	return Observe
}

// LooksLikeProduction says whether a host that is not on this machine has to be
// taken for production: its first label does not end in -stg. A configuration may
// say otherwise with environment: staging.
func LooksLikeProduction(baseURL string) bool {
	u, err := url.Parse(baseURL)
	if err != nil {
		return true
	}
	label, _, _ := strings.Cut(strings.ToLower(u.Hostname()), ".")
	return !strings.HasSuffix(label, "-stg")
}
