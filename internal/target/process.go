package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"time"
)

// quitTimeout is how long a program may take to end when its stdin was closed.
const quitTimeout = 5 * time.Second

// StartAdapter runs a command as an adapter: an argument list, never a shell. The last of
// what it writes on stderr is kept. It ends with [Adapter.Close], and whatever it started
// ends with it. limit is how long one request may take it. It lives in the time zone;
// empty = ours.
func StartAdapter(command []string, limit time.Duration, zone string) (*Adapter, fmt.Stringer, error) {
	words := newTail(maxOutput)
	ctx, kill := context.WithCancel(context.Background()) // it ends when it is told to, by [Adapter.Close]
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stderr = words
	endWithChildren(cmd)
	cmd.WaitDelay = hookOutputDelay
	if zone != "" {
		cmd.Env = append(os.Environ(), "TZ="+zone)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		kill()
		return nil, nil, fmt.Errorf("start the adapter: %w", err)
	}
	// Not StdoutPipe, which Wait closes under the reader.
	out, in := io.Pipe()
	cmd.Stdout = in
	if err := cmd.Start(); err != nil {
		kill()
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("the program %s cannot be found", command[0])
		}
		return nil, nil, fmt.Errorf("the program %s cannot be run: %w", command[0], err)
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		_ = in.Close()
		ended <- err
	}()
	a := NewAdapter(stdin, out, nil)
	a.limit, a.kill = limit, kill
	a.stop = sync.OnceValue(func() error {
		defer func() {
			kill()
			_ = cmd.Cancel() // what it leaves behind
		}()
		_ = stdin.Close()
		_ = out.Close() // nobody reads any more: what it still writes must not keep it
		select {
		case err := <-ended:
			return err
		case <-a.after(quitTimeout):
			kill()
			return fmt.Errorf("killed, since it had not ended %s after its stdin was closed: %w", quitTimeout, <-ended)
		}
	})
	return a, words, nil
}
