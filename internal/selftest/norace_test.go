//go:build !race

package selftest

// RaceEnabled says whether the race detector is in this binary.
const RaceEnabled = false
