package reports

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"

	"github.com/d24conform/d24conform/internal/rules"
)

// Reports are read by others than who ran them: a CI agent that uploads, a
// colleague on the same machine. Secrets are not in them.
const (
	dirMode    fs.FileMode = 0o755
	fileMode   fs.FileMode = 0o644
	scriptMode fs.FileMode = 0o755
)

// latestLink is the name of the link to the newest finished run.
const latestLink = "latest"

// Dir is the directory of one run. Its methods may be called by many
// goroutines, each with a file name of its own.
type Dir struct {
	base string
	name string
}

// Create makes <base>/<UTC time>-<role>-<random>/ for a run. random tells runs
// of the same second apart: a few letters and digits.
func Create(base string, started time.Time, role rules.Role, random string) (*Dir, error) {
	name := fmt.Sprintf("%s-%s-%s", started.UTC().Format("20060102T150405Z"), role, random)
	if !regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(name) {
		return nil, fmt.Errorf("create report directory: %q is no name for a directory", name)
	}
	if err := os.MkdirAll(base, dirMode); err != nil {
		return nil, fmt.Errorf("create report directory: %w; choose another place with --out", err)
	}
	d := &Dir{base: base, name: name}
	// Not MkdirAll: two runs must never write into one directory.
	if err := os.Mkdir(d.Path(), dirMode); err != nil {
		return nil, fmt.Errorf("create report directory: %w; choose another place with --out", err)
	}
	return d, nil
}

// Path returns the directory of the run, under base as it was given.
func (d *Dir) Path() string { return filepath.Join(d.base, d.name) }

// WriteFile writes one file of the run. It is there whole or not at all: it is
// written under another name, flushed to the disk, and renamed. A name such as
// repro/DEP-DATE-03.sh makes its directory.
func (d *Dir) WriteFile(name string, write func(io.Writer) error) (err error) {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("write report file %q: the name leads out of the report directory", name)
	}
	path := filepath.Join(d.Path(), filepath.FromSlash(name))
	defer func() {
		if err != nil {
			err = fmt.Errorf("write report file %s: %w; is the disk full, or the directory gone?", path, err)
		}
	}()
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return err
	}
	mode := fileMode
	if filepath.Ext(name) == ".sh" {
		mode = scriptMode
	}
	temp := path + ".part"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeIfThere(temp))
		}
	}()
	if err := errors.Join(fill(f, write), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func fill(f *os.File, write func(io.Writer) error) error {
	if err := write(f); err != nil {
		return err
	}
	return f.Sync()
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncDir makes a rename last through a power cut. Windows has no such call.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Publish points <base>/latest at this run. The link is replaced in one step,
// so that it always leads to a finished run. Call it after the last file.
func (d *Dir) Publish() error {
	link := filepath.Join(d.base, latestLink)
	temp := filepath.Join(d.base, "."+latestLink+"-"+d.name)
	// The target is relative, so that the folder can be moved or packed.
	if err := os.Symlink(d.name, temp); err != nil {
		return fmt.Errorf("publish report: %w; the report itself is complete in %s", err, d.Path())
	}
	if err := os.Rename(temp, link); err != nil {
		return fmt.Errorf("publish report: %w; the report itself is complete in %s; remove %s if it is not a link",
			errors.Join(err, removeIfThere(temp)), d.Path(), link)
	}
	return nil
}
