package client

import (
	"encoding/json"
	"fmt"
	"os"
)

// A journal is what outlives a start of the program: the keys of creations that got no
// answer yet, by what is created. A merchant keeps it beside the orders.
type journal struct {
	path   string // of its file; empty = it lives as long as the program
	starts int
	keys   map[string]string
}

// newJournal reads the journal that is there.
func newJournal(path string) (*journal, error) {
	j := &journal{path: path, keys: map[string]string{}}
	if path == "" {
		return j, nil
	}
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return j, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &j.keys)
	}
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return j, nil
}

// order is a creation in the journal.
func order(op *operation) string { return op.path + "\n" + string(op.body) }

// keep enters the key of a creation before it is sent.
func (j *journal) keep(op *operation) error {
	if op.key == "" || j.keys[op.entry] == op.key {
		return nil
	}
	j.keys[op.entry] = op.key
	return j.save()
}

// close strikes out a creation that was answered: the same once more is another.
func (j *journal) close(op *operation) error {
	if _, open := j.keys[op.entry]; !open {
		return nil
	}
	delete(j.keys, op.entry)
	return j.save()
}

func (j *journal) save() error {
	if j.path == "" {
		return nil
	}
	text, err := json.Marshal(j.keys)
	if err == nil {
		err = os.WriteFile(j.path, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}
