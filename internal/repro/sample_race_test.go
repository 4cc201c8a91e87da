//go:build race

package repro_test

import "slices"

// inSample is one mutant of each kind: under the race detector the suite takes five times
// as long, and most of what runs here are shells.
func inSample(name string) bool {
	return slices.Contains([]string{
		"plain-http-deposits", "signature-prefix", "window-7s", "check-then-insert-race", "one-database", "key-demanded",
	}, name)
}

// inClientSample is the same for clients.
func inClientSample(name string) bool {
	return slices.Contains([]string{"plain-http", "signs-before-reserialising", "stale-retry", "sends-latin-1"}, name)
}
