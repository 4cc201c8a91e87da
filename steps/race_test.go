//go:build race

package steps_test

// raceEnabled: under the race detector a run takes five times as long, and a second server
// in another process shows nothing more of ours.
const raceEnabled = true
