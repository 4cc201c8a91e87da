//go:build !race

package repro_test

// inSample: without the race detector every mutant is taken.
func inSample(string) bool { return true }
