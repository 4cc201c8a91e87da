//go:build !race

package repro_test

// inSample: without the race detector every mutant is taken.
func inSample(string) bool { return true }

// inClientSample is the same for clients.
func inClientSample(string) bool { return true }
