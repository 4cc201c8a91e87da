package reports

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/d24conform/d24conform/internal/rules"
)

func create(t *testing.T, base, random string) *Dir {
	t.Helper()
	at := time.Date(2026, 11, 22, 0, 59, 59, 0, time.FixedZone("CET", 3600))
	d, err := Create(base, at, rules.RoleServer, random)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestDirIsNamedByTimeRoleAndChance(t *testing.T) {
	t.Parallel()
	base := filepath.Join(t.TempDir(), "reports", "out")
	d := create(t, base, "k3x9")
	if want := filepath.Join(base, "20261121T235959Z-server-k3x9"); d.Path() != want {
		t.Errorf("path %s, want %s", d.Path(), want)
	}
	if _, err := Create(base, started(), rules.RoleServer, "k3x9"); err == nil || !strings.Contains(err.Error(), "--out") {
		t.Errorf("two runs share a directory: %v", err)
	}
	for _, random := range []string{"../x", "a b", "a/b"} {
		if _, err := Create(base, started(), rules.RoleServer, random); err == nil {
			t.Errorf("%q was taken into a path", random)
		}
	}
	if _, err := Create(filepath.Join(d.Path(), "file"), started(), "server", "x"); err != nil {
		t.Errorf("base is made when it is missing: %v", err)
	}
}

func TestFilesAreWholeOrAbsent(t *testing.T) {
	t.Parallel()
	d := create(t, t.TempDir(), "a")
	if err := d.WriteFile("results.json", text("one")); err != nil {
		t.Fatal(err)
	}
	err := d.WriteFile("results.json", func(w io.Writer) error {
		return errors.Join(text("half")(w), errors.New("boom"))
	})
	if err == nil || !strings.Contains(err.Error(), "boom") || !strings.Contains(err.Error(), filepath.Join(d.Path(), "results.json")) {
		t.Errorf("error %v", err)
	}
	if got, err := os.ReadFile(filepath.Join(d.Path(), "results.json")); err != nil || string(got) != "one" {
		t.Errorf("after a failed write: %q, %v", got, err)
	}
	if err := d.WriteFile("results.json", text("two")); err != nil {
		t.Errorf("a second write: %v", err)
	}
	if err := d.WriteFile("repro/DEP-DATE-03.sh", text("#!/bin/sh\n")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(d.Path(), "repro", "DEP-DATE-03.sh"))
	if err != nil || info.Mode()&0o100 == 0 {
		t.Errorf("a reproduction cannot be run: %v, %v", info, err)
	}
	for _, name := range []string{"../x", "/x", ""} {
		if err := d.WriteFile(name, text("x")); err == nil {
			t.Errorf("%q was written", name)
		}
	}
	left, err := filepath.Glob(filepath.Join(d.Path(), "*.part"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestLatestLeadsToTheNewestFinishedRun(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	for _, random := range []string{"a", "b"} {
		d := create(t, base, random)
		if err := d.WriteFile("results.json", text(random)); err != nil {
			t.Fatal(err)
		}
		if err := d.Publish(); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(base, "latest", "results.json")); err != nil || string(got) != random {
			t.Errorf("latest has %q, %v; want %q", got, err, random)
		}
	}
	if to, err := os.Readlink(filepath.Join(base, "latest")); err != nil || filepath.IsAbs(to) {
		t.Errorf("latest leads to %s, %v; want a relative path", to, err)
	}
	unfinished := create(t, base, "c")
	if to, _ := os.Readlink(filepath.Join(base, "latest")); to == filepath.Base(unfinished.Path()) {
		t.Error("latest leads to an unfinished run")
	}
}

func TestLatestIsNeverMissingWhileItIsReplaced(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	if err := create(t, base, "first").Publish(); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := os.Stat(filepath.Join(base, "latest")); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	var writers sync.WaitGroup
	for _, random := range []string{"a", "b", "c", "d"} {
		writers.Go(func() {
			d, err := Create(base, started(), rules.RoleServer, random)
			if err != nil {
				t.Error(err)
				return
			}
			for range 500 {
				if err := d.Publish(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	wg.Wait()
}

func TestPublishDoesNotRemoveAFolderOfThatName(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	if err := os.MkdirAll(filepath.Join(base, "latest", "mine"), 0o755); err != nil {
		t.Fatal(err)
	}
	d := create(t, base, "a")
	if err := d.Publish(); err == nil || !strings.Contains(err.Error(), d.Path()) {
		t.Errorf("error %v, want one that says where the report is", err)
	}
	if _, err := os.Stat(filepath.Join(base, "latest", "mine")); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(base, ".latest*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
