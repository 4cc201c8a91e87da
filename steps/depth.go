package steps

import "fmt"

// A Depth is how much of each rule's cover a run looks at.
type Depth string

// The depths.
const (
	Quick Depth = "quick" // one probe for each fault
	Full  Depth = "full"  // every operation, state, environment and form of a fault
)

// ParseDepth reads a depth's name.
func ParseDepth(name string) (Depth, error) {
	switch depth := Depth(name); depth {
	case Quick, Full:
		return depth, nil
	}
	return "", fmt.Errorf("depth %q is not quick or full", name)
}

// DefaultDepth is the depth of a run that names none: full where requests are cheap,
// which is on loopback, and where everything must be judged.
func DefaultDepth(loopback, goLive bool) Depth {
	if loopback || goLive {
		return Full
	}
	return Quick
}
