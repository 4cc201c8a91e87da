//go:build unix

package cli

import (
	"os/exec"
	"syscall"
)

// own gives a child a process group of its own: Ctrl-C on a terminal goes to everybody
// in ours, and the mock is still needed then.
func own(child *exec.Cmd) { child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
