//go:build !linux

package load

import "time"

// nap is left to vegeta.
func nap(time.Duration) bool { return false }
