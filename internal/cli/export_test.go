package cli

import (
	"context"
	"io"

	"github.com/d24conform/d24conform/internal/machine"
)

// MainOnOwnMachine is [Main] on a machine of which no host takes anything: what scripts
// expect must not follow from what the one that they run on shares.
func MainOnOwnMachine(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := newApp(args, stdin, stdout, stderr)
	a.cpu = func() machine.Ticks { return machine.Ticks{} }
	return int(a.run(ctx))
}
