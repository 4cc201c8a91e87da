package receiver

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// A journal is a file to which lines are added and never changed. What stands there has
// happened, whatever becomes of the process.
type journal struct {
	file     *os.File
	done     map[string]entry // keys that nothing is released under any more
	released map[string]int   // how often something was
	entries  map[string]int   // how many there are of each kind
	reading  bool             // what a former process has written
}

// An entry is one release.
type entry struct {
	key    string
	kind   string // the first word of the key
	number int    // of this kind, from 1
	at     time.Time
	former bool // entered before the process started
}

// openJournal reads a journal.
func openJournal(path string) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j := &journal{file: file, done: make(map[string]entry), released: make(map[string]int), entries: make(map[string]int), reading: true}
	data, err := os.ReadFile(path)
	if err == nil {
		whole := bytes.LastIndexByte(data, '\n') + 1 // a line that broke off was never answered for
		err = file.Truncate(int64(whole))
		for line := range strings.Lines(string(data[:whole])) {
			j.read(strings.TrimSuffix(line, "\n"))
		}
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("read journal: %w", err)
	}
	j.reading = false
	return j, nil
}

// read takes in a line: a word, a key, and of a release what was released, and when.
func (j *journal) read(line string) {
	fields := append(strings.Split(line, "\t"), "", "", "")
	key, object := fields[1], fields[2]
	kind, _, _ := strings.Cut(key, " ")
	seconds, _ := strconv.ParseInt(fields[3], 10, 64)
	switch fields[0] {
	case "released":
		j.released[object]++
		j.entries[kind]++
		j.done[key] = entry{key, kind, j.entries[kind], time.Unix(seconds, 0), j.reading}
	case "seen":
		j.done[key] = entry{key, kind, j.entries[kind], time.Unix(seconds, 0), j.reading}
	case "unseen":
		delete(j.done, key)
	}
}

// release enters that an object was released under a key.
func (j *journal) release(key, object string, now time.Time) error {
	return j.write(fmt.Sprintf("released\t%s\t%s\t%d", key, object, now.Unix()))
}

// write adds a line, and returns when it is on the disk.
func (j *journal) write(line string) error {
	if _, err := j.file.WriteString(line + "\n"); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	j.read(line)
	return nil
}

func (j *journal) close() error { return j.file.Close() }
