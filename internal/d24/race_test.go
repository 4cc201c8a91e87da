//go:build race

package d24_test

const raceEnabled = true
