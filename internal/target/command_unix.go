//go:build unix

package target

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// endWithChildren gives a command a process group of its own, and has the whole group
// killed when the command is: a panel's script may wait for a browser that hangs. It also
// keeps a Ctrl-C that is meant for us from the hooks that set the target back.
func endWithChildren(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}
