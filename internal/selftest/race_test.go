//go:build race

package selftest

// RaceEnabled: under the race detector a run takes five times as long, and every mutant
// goes through the same lines of ours.
const RaceEnabled = true
