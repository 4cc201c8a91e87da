package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// stdinName is the file name that means stdin.
const stdinName = "-"

// bodyFlags say where the bytes to sign come from.
type bodyFlags struct {
	file  string
	empty bool
}

func (f *bodyFlags) add(cmd *cobra.Command, withEmpty bool) {
	cmd.Flags().StringVar(&f.file, "body-file", stdinName, "`FILE` with the body; - is stdin")
	if withEmpty {
		cmd.Flags().BoolVar(&f.empty, "empty", false, "sign the empty body of a GET, and read nothing")
	}
}

// check refuses flags that contradict each other.
func (f *bodyFlags) check() error {
	if f.empty && f.file != stdinName {
		return usagef("--empty and --body-file exclude each other")
	}
	return nil
}

// readBody reads the bytes to sign, exactly as they are, and warns of what people
// rarely mean.
func (a *app) readBody(ctx context.Context, flags bodyFlags) ([]byte, error) {
	if flags.empty {
		return nil, nil
	}
	body, err := a.readFileOrStdin(ctx, flags.file)
	if err != nil {
		return nil, err
	}
	for _, oddity := range oddities(body) {
		a.warnf("%s", oddity)
	}
	return body, nil
}

func (a *app) readFileOrStdin(ctx context.Context, name string) ([]byte, error) {
	if name != stdinName {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, usagef("the body cannot be read: %s", fileProblem(err))
		}
		return data, nil
	}
	if a.isTerminal(a.stdin) {
		fmt.Fprintln(a.stderr, "hint: reading the body from the terminal; Ctrl-D ends it, and --body-file FILE reads a file")
	}
	data, err := readAll(ctx, a.stdin)
	if err != nil && ctx.Err() == nil {
		return nil, usagef("the body cannot be read from stdin: %w", err)
	}
	return data, err
}

// fileProblem is file: what is wrong, without the name of the system call.
func fileProblem(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Path + ": " + path.Err.Error()
	}
	return err.Error()
}

// fileCause is what is wrong with a file that the sentence around it names already.
func fileCause(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err.Error()
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err.Error()
	}
	return err.Error()
}

// readAll reads to the end, or until ctx ends: a read of a terminal does not come
// back by itself when Ctrl-C is pressed, because that is our signal now. The
// goroutine that is left behind then ends with the process.
func readAll(ctx context.Context, r io.Reader) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := io.ReadAll(r)
		done <- result{data, err}
	}()
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("read: %w", ctx.Err())
	case r := <-done:
		return r.data, r.err
	}
}

// oddities says, a sentence each, what about a body makes signatures differ between
// two programs that both mean well.
func oddities(body []byte) []string {
	var found []string
	if len(body) == 0 {
		found = append(found, "the body is empty, and is signed as it is")
	}
	if bytes.HasPrefix(body, []byte("\ufeff")) {
		found = append(found, "the body begins with a byte order mark, which is signed and must be sent too")
	}
	if bytes.HasSuffix(body, []byte("\n")) {
		found = append(found, "the body ends with a line break, which is signed and must be sent too (curl --data-binary keeps it, --data drops it)")
	}
	if !utf8.Valid(body) {
		found = append(found, "the body is not UTF-8, and is signed byte for byte; the documents ask for UTF-8")
	}
	return found
}
