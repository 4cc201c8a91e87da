package receiver

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// A journal is a file to which lines are added and never changed. What stands there has
// happened, whatever becomes of the process.
type journal struct {
	file     *os.File
	done     map[string]bool // keys that nothing is released under any more
	released map[string]int  // how often something was
}

// openJournal reads a journal; remembers says whether what it says counts.
func openJournal(path string, remembers bool) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j := &journal{file: file, done: make(map[string]bool), released: make(map[string]int)}
	data, err := os.ReadFile(path)
	if err == nil {
		whole := bytes.LastIndexByte(data, '\n') + 1 // a line that broke off was never answered for
		err = file.Truncate(int64(whole))
		for line := range strings.Lines(string(data[:whole])) {
			j.read(strings.TrimSuffix(line, "\n"), remembers)
		}
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return j, nil
}

// read takes in a line: a word, a key, and of a release what was released.
func (j *journal) read(line string, remembers bool) {
	word, rest, _ := strings.Cut(line, "\t")
	key, object, _ := strings.Cut(rest, "\t")
	switch word {
	case "released":
		j.released[object]++
		j.done[key] = remembers
	case "seen":
		j.done[key] = true
	case "unseen":
		delete(j.done, key)
	}
}

// release enters that an object was released under a key.
func (j *journal) release(key, object string) error {
	return j.write("released\t" + key + "\t" + object)
}

// write adds a line, and returns when it is on the disk.
func (j *journal) write(line string) error {
	if _, err := j.file.WriteString(line + "\n"); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	j.read(line, true)
	return nil
}

func (j *journal) close() error { return j.file.Close() }
